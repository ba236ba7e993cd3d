//! Keeping data as long as was asked for, and no longer.

use std::time::Duration;

use coral_trace::UnixNanos;
use coral_trace::red::Protocol;

use crate::error::EngineError;

/// Lets go of old data. Every call blocks; a colony calls each every second or so.
///
/// Reads and writes go on meanwhile. Data goes a segment or a partition at a time, so that some of it is kept
/// longer than asked for; it MUST NOT be kept shorter, unless it takes more bytes than it may.
pub trait Retention: Send + Sync {
    /// Does what is due for spans: moves them to where they are kept, and lets go of old ones.
    ///
    /// `now` is the wall clock. An engine MUST NOT delete everything because a clock jumped ahead: it measures
    /// ages by a clock that cannot, or believes `now` only where rows that came since confirm it.
    ///
    /// # Errors
    /// [`EngineError`]: what was done until then stays, and what was not is due again.
    fn maintain(&self, keep: SpanRetention, now: UnixNanos)
    -> Result<SpanMaintenance, EngineError>;

    /// Likewise for metrics.
    ///
    /// # Errors
    /// As [`maintain`](Self::maintain).
    fn maintain_metrics(
        &self,
        keep: MetricRetention,
        now: UnixNanos,
    ) -> Result<MetricMaintenance, EngineError>;
}

/// How long and how much is kept of spans.
#[derive(Clone, Copy, Debug)]
pub struct SpanRetention {
    /// Spans received longer ago than this go.
    pub age: Duration,
    /// When the engine stores more than this many bytes, the oldest spans go.
    pub bytes: u64,
}

/// What one round of maintenance did to spans.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SpanMaintenance {
    /// Spans moved from memory to where they are kept.
    pub sealed: u64,
    /// Spans that went because they were older than [`SpanRetention::age`].
    pub expired: u64,
    /// Spans that went because of [`SpanRetention::bytes`]: they were kept shorter than was asked for.
    pub evicted: u64,
}

/// How long and how much is kept of metrics.
#[derive(Clone, Copy, Debug)]
pub struct MetricRetention {
    /// Rows of HTTP received longer ago than this go.
    pub http: Duration,
    /// Likewise of gRPC.
    pub grpc: Duration,
    /// Likewise of SQL.
    pub sql: Duration,
    /// When metrics take more than this many bytes, the oldest rows go.
    pub bytes: u64,
}

/// What one round of maintenance did to rows of metrics.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MetricMaintenance {
    /// Rows moved from memory to where they are kept.
    pub sealed: u64,
    /// Rows that went because of their age.
    pub expired: u64,
    /// Rows that went because of [`MetricRetention::bytes`].
    pub evicted: u64,
}

impl MetricRetention {
    /// Every row for `age`.
    pub const fn all(age: Duration, bytes: u64) -> Self {
        Self { http: age, grpc: age, sql: age, bytes }
    }

    /// How long rows of `protocol` are kept.
    pub const fn age(&self, protocol: Protocol) -> Duration {
        match protocol {
            Protocol::Http => self.http,
            Protocol::Grpc => self.grpc,
            Protocol::Sql => self.sql,
        }
    }

    /// How long rows are kept of the protocol whose rows are kept for the shortest time.
    pub fn shortest(&self) -> Duration {
        self.http.min(self.grpc).min(self.sql)
    }
}
