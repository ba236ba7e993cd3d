//! What an agent holds, span by span.

use std::collections::HashMap;
use std::time::Duration;

use crate::Failure;
use crate::ask::agent::{AgentRpc, Page};
use crate::traffic::Traffic;
use crate::traffic::encode::service_name;

/// Every span that was seen so far, and where to go on.
#[derive(Default)]
pub struct Seen {
    /// Trace and span, with the service that it came back with.
    spans: HashMap<(u128, u64), String>,
    receipt: u64,
}

/// An agent whose files fail now and then is asked so often before that is a failure.
const MAX_TRIES: u32 = 500;

impl Seen {
    /// Reads what came since the last time, up to the end.
    ///
    /// # Errors
    /// A span that is there twice, or an agent that does not answer.
    pub async fn read_on(&mut self, agent: &mut AgentRpc) -> Result<(), Failure> {
        loop {
            let page = self.page(agent).await?;
            for (trace, span, service) in page.spans {
                if self.spans.insert((trace, span), service).is_some() {
                    return Err(
                        format!("span {span:016x} of trace {trace:032x} is there twice").into()
                    );
                }
            }
            self.receipt = page.next;
            if !page.more {
                return Ok(());
            }
        }
    }

    async fn page(&self, agent: &mut AgentRpc) -> Result<Page, Failure> {
        let mut tries = 0;
        loop {
            match agent.page_after(self.receipt).await {
                Err(_) if tries < MAX_TRIES => {
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// How many spans were seen.
    pub fn len(&self) -> u64 {
        self.spans.len() as u64
    }

    /// Whether each span of export `number` was seen, with its own service.
    ///
    /// # Errors
    /// Names one that was not.
    pub fn check(&self, traffic: &Traffic, number: u64) -> Result<(), Failure> {
        for (trace, hop) in traffic.hops_of_export(number) {
            for index in traffic.hop_spans(hop) {
                let span = traffic.span(&trace, index);
                let (trace_id, id) = (trace.id, span.id);
                let expected = service_name(traffic.service(&trace, hop));
                match self.spans.get(&(trace_id, id)) {
                    Some(service) if *service == expected => {}
                    Some(service) => {
                        return Err(format!(
                            "span {id:016x} of trace {trace_id:032x} came back as {service}'s, not {expected}'s"
                        )
                        .into());
                    }
                    None => {
                        return Err(format!(
                            "acknowledged and gone: span {id:016x} of trace {trace_id:032x}, export {number}"
                        )
                        .into());
                    }
                }
            }
        }
        Ok(())
    }
}
