//! Counters and gauges in the Prometheus text format.

mod format;

use std::collections::BTreeMap;
use std::fmt::Write as _;

pub use self::format::{Format, open_metrics};

/// Values of counters and gauges, by name, such as `coral.agent.spans.received`.
pub type Counters = BTreeMap<String, u64>;

/// Endings of the names of gauges. All other names are counters.
const GAUGES: [&str; 14] = [
    "store.spans",
    "store.bytes",
    "store.segments",
    "receipts.last",
    "receipts.first",
    "agents",
    "beyla.detaching",
    "metrics.rows",
    "metrics.bytes",
    "metrics.series",
    "queries.running",
    "queries.waiting",
    "export.behind.receipts",
    "export.behind.seconds",
];

/// Part of the names of gauges that exist once for each state: 1 for the current state, 0 for the
/// others.
const STATE: &str = ".state.";

/// The response to `GET /metrics`. The counter `coral.agent.spans.received` becomes
/// `coral_agent_spans_received_total`.
///
/// Source: Prometheus text exposition format 0.0.4; OpenTelemetry's Prometheus naming rules.
pub fn prometheus(counters: &Counters) -> String {
    let mut text = String::new();
    for (name, value) in counters {
        let gauge = GAUGES.iter().any(|suffix| name.ends_with(suffix)) || name.contains(STATE);
        let (kind, total) = if gauge { ("gauge", "") } else { ("counter", "_total") };
        let name = name.replace(['.', '-'], "_");
        let _ = writeln!(text, "# TYPE {name}{total} {kind}\n{name}{total} {value}");
    }
    text
}

/// Size and extent of the spans in a store, with names of `role`. `store.damaged` is a counter, the
/// others are gauges.
pub fn store_gauges(role: &str, extent: &coral_engine::Extent) -> [(String, u64); 6] {
    [
        ("store.spans", extent.spans),
        ("store.bytes", extent.bytes),
        ("store.segments", extent.segments),
        ("store.damaged", extent.damaged),
        ("receipts.last", extent.last_receipt),
        ("receipts.first", extent.first_receipt),
    ]
    .map(|(name, value)| (format!("coral.{role}.{name}"), value))
}

/// Size and extent of the metrics in a store, as gauges with names of `role`. Two values are
/// counters: damaged rows, and points that exceeded the limit of series.
pub fn metric_gauges(role: &str, extent: &coral_engine::MetricExtent) -> [(String, u64); 5] {
    [
        ("metrics.rows", extent.rows),
        ("metrics.bytes", extent.bytes),
        ("metrics.series", extent.series),
        ("metric_points.overflown", extent.overflown),
        ("metrics.damaged", extent.damaged),
    ]
    .map(|(name, value)| (format!("coral.{role}.{name}"), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_end_in_total_and_gauges_do_not() {
        let counters = [("coral.agent.spans.received", 3), ("coral.agent.store.bytes", 9)];
        let counters = counters.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
        assert_eq!(
            prometheus(&counters),
            "# TYPE coral_agent_spans_received_total counter\n\
             coral_agent_spans_received_total 3\n\
             # TYPE coral_agent_store_bytes gauge\n\
             coral_agent_store_bytes 9\n"
        );
    }
}
