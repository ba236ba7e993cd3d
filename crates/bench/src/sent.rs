//! What became of a load.

use serde::Serialize;

use crate::Failure;
use crate::latency::{Latencies, Percentiles};
use crate::table::Table;
use crate::traffic::Traffic;
use crate::units::grouped;

/// What became of a load.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Sent {
    /// Spans that were acknowledged, each once.
    pub spans: u64,
    /// Spans that were rejected within an acknowledged export.
    pub rejected: u64,
    /// Spans whose export was refused for good.
    pub refused: u64,
    /// Exports that were acknowledged.
    pub exports: u64,
    /// How often an export was sent again.
    pub retries: u64,
    /// The last reason for a retry or a refusal.
    pub last_reason: Option<String>,
    /// Bytes of protobuf that were acknowledged.
    pub wire_bytes: u64,
    /// From the first export to the last acknowledgement.
    pub seconds: f64,
    /// CPU seconds of this process meanwhile: what generating and sending took.
    pub generator_cpu_seconds: f64,
    /// From the first attempt to the acknowledgement, waits between attempts included.
    pub acknowledged_after: Percentiles,
    /// What `acknowledged_after` sums up.
    #[serde(skip)]
    pub latencies: Latencies,
}

impl Sent {
    /// Adds what another of those that send at the same time did.
    pub fn add(&mut self, other: Self) {
        self.spans += other.spans;
        self.rejected += other.rejected;
        self.refused += other.refused;
        self.exports += other.exports;
        self.retries += other.retries;
        self.wire_bytes += other.wire_bytes;
        self.last_reason = other.last_reason.or(self.last_reason.take());
        self.latencies.extend(other.latencies);
    }

    /// Acknowledged spans a second.
    pub fn rate(&self) -> f64 {
        self.spans as f64 / self.seconds
    }

    /// What was measured, for people.
    pub fn table(&self) -> Table {
        let each = |total: f64| total / self.spans.max(1) as f64;
        let mut table = Table::new(&["load", "measured"]);
        table.row(&["spans acknowledged", &grouped(self.spans)]);
        table.row(&["spans a second", &grouped(self.rate() as u64)]);
        table.row(&["wire bytes a span", &format!("{:.0}", each(self.wire_bytes as f64))]);
        table.row(&["acknowledged after", &self.acknowledged_after.to_string()]);
        let generator = each(self.generator_cpu_seconds * 1e6);
        table.row(&["generator's own CPU", &format!("{generator:.2} µs/span")]);
        table.row(&["retries", &grouped(self.retries)]);
        table.row(&["spans rejected or refused", &grouped(self.rejected + self.refused)]);
        table
    }

    /// Whether every span of `traffic` was acknowledged.
    ///
    /// # Errors
    /// Says how many were not, and why.
    pub fn complete(&self, traffic: &Traffic) -> Result<(), Failure> {
        if self.spans == traffic.total_spans() {
            return Ok(());
        }
        let reason = self.last_reason.as_deref().unwrap_or("no reason was given");
        let (spans, total) = (self.spans, traffic.total_spans());
        Err(format!("{spans} of {total} spans were acknowledged: {reason}").into())
    }
}
