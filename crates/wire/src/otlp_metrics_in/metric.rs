//! Names and units of RED metrics.

use coral_trace::red::{Protocol, Side};

/// A duration histogram that Coral stores.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RedMetric {
    pub protocol: Protocol,
    pub side: Side,
}

/// All names of the histograms in Beyla 1.0 to 3.33.
///
/// Source: docs/beyla.md.
const NAMES: [(&str, Protocol, Side); 7] = [
    ("http.server.request.duration", Protocol::Http, Side::Server),
    ("http.client.request.duration", Protocol::Http, Side::Client),
    // Since Beyla 3.23.
    ("rpc.server.call.duration", Protocol::Grpc, Side::Server),
    ("rpc.client.call.duration", Protocol::Grpc, Side::Client),
    // Before Beyla 3.23.
    ("rpc.server.duration", Protocol::Grpc, Side::Server),
    ("rpc.client.duration", Protocol::Grpc, Side::Client),
    ("db.client.operation.duration", Protocol::Sql, Side::Client),
];

impl RedMetric {
    /// The RED metric called `name`, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        let found = NAMES.iter().find(|(known, ..)| *known == name);
        found.map(|(_, protocol, side)| Self { protocol: *protocol, side: *side })
    }
}

/// The length of `unit`, a UCUM code, in nanoseconds; `None` if it is not `s`, `ms`, `us` or `ns`.
pub(crate) fn nanos_in(unit: &str) -> Option<f64> {
    match unit {
        "s" => Some(1e9),
        "ms" => Some(1e6),
        "us" => Some(1e3),
        "ns" => Some(1.0),
        _ => None,
    }
}
