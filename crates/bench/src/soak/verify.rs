//! What an agent holds, span by span.

use std::collections::HashSet;

use crate::Failure;
use crate::ask::agent::AgentRpc;
use crate::traffic::Traffic;

/// Every span that was seen so far, and where to go on.
#[derive(Default)]
pub struct Seen {
    spans: HashSet<(u128, u64)>,
    receipt: u64,
}

impl Seen {
    /// Reads what came since the last time, up to the end.
    ///
    /// # Errors
    /// A span that is there twice, or an agent that does not answer.
    pub async fn read_on(&mut self, agent: &mut AgentRpc) -> Result<(), Failure> {
        loop {
            let page = agent.page_after(self.receipt).await?;
            for (trace, span) in page.spans {
                if !self.spans.insert((trace, span)) {
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

    /// How many spans were seen.
    pub fn len(&self) -> u64 {
        self.spans.len() as u64
    }

    /// Whether each span of export `number` was seen.
    ///
    /// # Errors
    /// Names one that was not.
    pub fn check(&self, traffic: &Traffic, number: u64) -> Result<(), Failure> {
        for (trace, hop) in traffic.hops_of_export(number) {
            for index in traffic.hop_spans(hop) {
                let span = traffic.span(&trace, index);
                if !self.spans.contains(&(trace.id, span.id)) {
                    let (trace, span) = (trace.id, span.id);
                    return Err(format!(
                        "acknowledged and gone: span {span:016x} of trace {trace:032x}, export {number}"
                    )
                    .into());
                }
            }
        }
        Ok(())
    }
}
