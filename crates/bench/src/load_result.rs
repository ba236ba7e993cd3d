//! The result of a load.

use serde::Serialize;

use crate::Failure;
use crate::latency::{Latencies, Percentiles};
use crate::table::Table;
use crate::traffic::Traffic;
use crate::units::grouped;

/// The result of a load.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LoadResult {
    /// How many spans were acknowledged, each counted once.
    pub spans: u64,
    /// How many spans were rejected in acknowledged exports.
    pub rejected: u64,
    /// How many spans were in exports that were refused permanently.
    pub refused: u64,
    /// How many exports were acknowledged.
    pub exports: u64,
    /// How often an export was sent again.
    pub retries: u64,
    /// The reason for the last retry or refusal.
    pub last_reason: Option<String>,
    /// Bytes of protobuf in acknowledged exports.
    pub wire_bytes: u64,
    /// Seconds from the first export to the last acknowledgement.
    pub seconds: f64,
    /// CPU seconds of this process in that time, for generating and sending.
    pub generator_cpu_seconds: f64,
    /// Percentiles of the time from the first attempt to the acknowledgement, including waits
    /// between attempts.
    pub acknowledged_after: Percentiles,
    /// The times from which `acknowledged_after` is computed.
    #[serde(skip)]
    pub latencies: Latencies,
}

impl LoadResult {
    /// Adds the result of another sender that ran at the same time.
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

    /// Acknowledged spans per second.
    pub fn rate(&self) -> f64 {
        self.spans as f64 / self.seconds
    }

    /// The result as a table.
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

    /// Checks that every span of `traffic` was acknowledged.
    ///
    /// # Errors
    /// The error has the number of acknowledged spans, and the reason of the last retry or refusal.
    pub fn complete(&self, traffic: &Traffic) -> Result<(), Failure> {
        if self.spans == traffic.total_spans() {
            return Ok(());
        }
        let reason = self.last_reason.as_deref().unwrap_or("no reason was given");
        let (spans, total) = (self.spans, traffic.total_spans());
        Err(format!("{spans} of {total} spans were acknowledged: {reason}").into())
    }
}
