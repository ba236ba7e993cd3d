//! Retention: how long data is kept.

use std::time::Duration;

use coral_trace::UnixNanos;
use coral_trace::red::Protocol;

use crate::error::EngineError;

/// Removes old data. Every call blocks; a colony makes each call about once per second.
///
/// Reads and writes continue meanwhile. Data is removed a segment or a partition at a time, so some
/// is kept longer than the retention. Data MUST NOT be removed earlier, unless the size limit is
/// exceeded.
pub trait Retention: Send + Sync {
    /// Does the maintenance that is due for spans: seals rows, and removes old ones.
    ///
    /// `now` is the wall clock. An engine MUST NOT delete everything because a clock jumped ahead:
    /// it measures ages with a monotonic clock, or uses `now` only if newer rows confirm it.
    ///
    /// # Errors
    /// [`EngineError`]: what was done before stays, and the rest is done by the next call.
    fn maintain(&self, keep: SpanRetention, now: UnixNanos)
    -> Result<SpanMaintenance, EngineError>;

    /// Does the maintenance that is due for metrics.
    ///
    /// # Errors
    /// As [`maintain`](Self::maintain).
    fn maintain_metrics(
        &self,
        keep: MetricRetention,
        now: UnixNanos,
    ) -> Result<MetricMaintenance, EngineError>;
}

/// Retention of spans.
#[derive(Clone, Copy, Debug)]
pub struct SpanRetention {
    /// Spans that were received longer ago than this are removed.
    pub age: Duration,
    /// When the engine stores more bytes than this, the oldest spans are removed.
    pub bytes: u64,
}

/// What one round of maintenance did to spans.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SpanMaintenance {
    /// Spans moved from memory to their final place.
    pub sealed: u64,
    /// Spans removed because they were older than [`SpanRetention::age`].
    pub expired: u64,
    /// Spans removed because of [`SpanRetention::bytes`], earlier than their retention.
    pub evicted: u64,
}

/// Retention of metrics.
#[derive(Clone, Copy, Debug)]
pub struct MetricRetention {
    /// HTTP rows that were received longer ago than this are removed.
    pub http: Duration,
    /// The same for gRPC.
    pub grpc: Duration,
    /// The same for SQL.
    pub sql: Duration,
    /// When metrics use more bytes than this, the oldest rows are removed.
    pub bytes: u64,
}

/// What one round of maintenance did to metrics.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MetricMaintenance {
    /// Rows moved from memory to their final place.
    pub sealed: u64,
    /// Rows removed because of their age.
    pub expired: u64,
    /// Rows removed because of [`MetricRetention::bytes`].
    pub evicted: u64,
}

impl MetricRetention {
    /// The same age for all protocols.
    pub const fn all(age: Duration, bytes: u64) -> Self {
        Self { http: age, grpc: age, sql: age, bytes }
    }

    /// The retention of `protocol`.
    pub const fn age(&self, protocol: Protocol) -> Duration {
        match protocol {
            Protocol::Http => self.http,
            Protocol::Grpc => self.grpc,
            Protocol::Sql => self.sql,
        }
    }

    /// The shortest retention of all protocols.
    pub fn shortest(&self) -> Duration {
        self.http.min(self.grpc).min(self.sql)
    }
}
