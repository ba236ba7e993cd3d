//! Retention: how long data is kept.

use std::time::Duration;

use coral_trace::UnixNanos;
use coral_trace::red::Protocol;

use crate::error::EngineError;

/// Removes old data. Every call blocks. Agents and colonies make each call several times per
/// second.
///
/// Reads and writes continue meanwhile. Data is removed by whole segments or partitions, so some
/// rows are kept longer than the retention. Data MUST NOT be removed earlier, unless the size limit
/// is exceeded.
pub trait Retention: Send + Sync {
    /// Does the maintenance that is due for spans: seals rows, and removes old spans and old
    /// records of the coverage timeline.
    ///
    /// `now` is the wall clock. An engine MUST NOT delete everything because a clock jumped ahead.
    /// Therefore it measures ages with a monotonic clock, or uses `now` only if newer rows confirm
    /// it.
    ///
    /// # Errors
    /// [`EngineError`]: what was done before the error stays done, and the next call does the rest.
    fn maintain(&self, keep: SpanRetention, now: UnixNanos)
    -> Result<SpanMaintenance, EngineError>;

    /// Does the maintenance that is due for metrics: seals rows, and removes old rows.
    ///
    /// # Errors
    /// As [`maintain`](Self::maintain).
    fn maintain_metrics(
        &self,
        keep: MetricRetention,
        now: UnixNanos,
    ) -> Result<MetricMaintenance, EngineError>;

    /// Does a piece of what makes stored metrics smaller and quicker to read, if a piece is due:
    /// merges small files, and sums rows of one series that were received more than a day ago in
    /// windows of a minute, and after more than a week in windows of an hour. An engine may do
    /// nothing. Its work takes at most a quarter of one core.
    ///
    /// MUST NOT be called for a store whose metrics are polled by receipt: a sum has only the
    /// receipt of its last row, so a poller would count some rows twice.
    ///
    /// # Errors
    /// [`EngineError`]: no row was lost, and a later call tries again.
    fn merge_metrics(&self, _keep: MetricRetention) -> Result<MetricMerge, EngineError> {
        Ok(MetricMerge::default())
    }

    /// Does a piece of what makes stored spans cheaper to look at, if a piece is due: merges small
    /// neighbouring segments into one. Returns how many segments became one. An engine may do nothing.
    /// Its work takes at most a quarter of one core.
    ///
    /// # Errors
    /// [`EngineError`]: no span was lost, and a later call begins again.
    fn merge_segments(&self, _keep: SpanRetention) -> Result<u64, EngineError> {
        Ok(0)
    }

    /// The servers on which the engine stores; empty if it stores on this host. Takes a few seconds at
    /// most.
    fn shards(&self) -> Vec<ShardStatus> {
        Vec::new()
    }
}

/// A server on which an engine stores.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ShardStatus {
    /// The URL of the server.
    pub url: String,
    /// The version that the server states; empty if it did not answer.
    pub version: String,
    /// Stored rows of spans, repeats included.
    pub spans: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// Files of spans that a question may have to look at.
    pub parts: u64,
    /// Bytes that are free on the server's disk; `None` if the server does not say.
    pub free_bytes: Option<u64>,
    /// Why the server did not answer; `None` if it did.
    pub failure: Option<String>,
}

/// Retention of spans.
#[derive(Clone, Copy, Debug)]
pub struct SpanRetention {
    /// Spans that were received longer ago than this are removed.
    pub age: Duration,
    /// When the engine stores more bytes than this, the oldest spans are removed.
    pub bytes: u64,
}

/// What one call of [`Retention::maintain`] did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SpanMaintenance {
    /// Spans that were sealed: moved from memory to their final place.
    pub sealed: u64,
    /// Spans removed because they were older than [`SpanRetention::age`].
    pub expired: u64,
    /// Spans removed before the end of their retention, because of [`SpanRetention::bytes`].
    pub evicted: u64,
}

/// Retention of metrics.
#[derive(Clone, Copy, Debug)]
pub struct MetricRetention {
    /// HTTP rows that were received longer ago than this are removed.
    pub http: Duration,
    /// gRPC rows that were received longer ago than this are removed.
    pub grpc: Duration,
    /// SQL rows that were received longer ago than this are removed.
    pub sql: Duration,
    /// When the stored metrics take more bytes than this, the oldest rows are removed.
    pub bytes: u64,
}

/// What one call of [`Retention::maintain_metrics`] did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MetricMaintenance {
    /// Rows that were sealed: moved from memory to their final place.
    pub sealed: u64,
    /// Rows removed because they were older than the retention of their protocol.
    pub expired: u64,
    /// Rows removed before the end of their retention, because of [`MetricRetention::bytes`].
    pub evicted: u64,
}

/// What one call of [`Retention::merge_metrics`] did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MetricMerge {
    /// Rows that were moved to a larger file, or to a sum.
    pub merged: u64,
    /// By how many rows there are less, because rows were summed.
    pub rolled_up: u64,
    /// Exemplars that were not kept, because a sum had too many.
    pub exemplars_left_out: u64,
}

impl MetricRetention {
    /// A retention of `age` for all protocols.
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

    /// The shortest retention of all protocols.
    pub fn shortest(&self) -> Duration {
        self.http.min(self.grpc).min(self.sql)
    }
}
