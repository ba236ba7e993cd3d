//! Reads all spans of an agent.

use std::collections::HashMap;
use std::time::Duration;

use crate::Failure;
use crate::ask::agent::{AgentRpc, Page, PageSpan};
use crate::traffic::Traffic;
use crate::traffic::encode::service_name;

/// All spans of an agent that were read so far, and the receipt after which to continue.
#[derive(Default)]
pub struct StoredSpans {
    /// The `service.name` of each span, by trace id and span id.
    spans: HashMap<(u128, u64), String>,
    receipt: u64,
}

/// How often a failed request to the agent is repeated. Injected faults make requests fail.
const MAX_TRIES: u32 = 500;

impl StoredSpans {
    /// Reads all spans that follow those already read.
    ///
    /// # Errors
    /// A span that is stored twice, or an agent that does not answer.
    pub async fn read_on(&mut self, agent: &mut AgentRpc) -> Result<(), Failure> {
        loop {
            let page = self.page(agent).await?;
            for PageSpan { trace, span, service, .. } in page.spans {
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

    /// How many spans were read.
    pub fn len(&self) -> u64 {
        self.spans.len() as u64
    }

    /// Checks that each span of export `number` was read, with the right service.
    ///
    /// # Errors
    /// The error names a span that was not read, or was read with another service.
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
