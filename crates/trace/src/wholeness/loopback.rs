//! Which service answers at a loopback address.

use super::callee::{Callee, Directory};
use super::calls;
use super::links::{Answer, Spans};
use crate::dependency::PeerHints;
use crate::span::Span;

/// A loopback address, and the service that answers there on the host of the caller.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct LoopbackService {
    /// The service that calls the address.
    pub caller: String,
    /// The address, as service maps name it: `127.0.0.1:18082`.
    pub address: String,
    /// The service that answers.
    pub service: String,
}

/// The services at the loopback addresses that client spans without an answer in their trace name:
/// sorted, each once. A service is known by the port that its server spans name on the same host, by
/// calls from the same host that are answered, or by calls at which its server spans of the same
/// operation started.
///
/// Each item of `traces` is the spans of one trace. Time: O(n log n) in the number of spans.
pub fn loopback_services(traces: &[Vec<&Span>]) -> Vec<LoopbackService> {
    let spans = Spans::collect(traces);
    let clients = calls::clients(&spans);
    let known = Directory::learn(&spans, &clients, &calls::unclaimed(&spans));
    let mut found: Vec<LoopbackService> = clients
        .iter()
        .filter(|client| {
            client.request.is_loopback() && spans.list[client.span].answer == Answer::None
        })
        .filter_map(|client| {
            let Callee { service, is_behind_proxy } = known.callee(&spans, client)?;
            let seen = &spans.list[client.span];
            let address = PeerHints::from_attributes(&seen.span.attributes).address()?;
            (!is_behind_proxy && service != seen.service).then(|| LoopbackService {
                caller: spans.services.name(seen.service).to_owned(),
                address,
                service: spans.services.name(service).to_owned(),
            })
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}
