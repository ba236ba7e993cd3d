//! Opens a store, and keeps it within its limits of age and size, for agent and colony.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use coral_store::{
    Keep, Maintained, MetricKeep, MetricsMaintained, Store, StoreConfig, StoreError,
};
use tokio_util::sync::CancellationToken;

use crate::clock;
use coral_trace::chain;

/// Task that seals hot rows and deletes expired data.
pub struct Retain {
    /// The store to keep within limits.
    pub store: Store,
    /// The limits of its spans, and of the store as a whole.
    pub keep: Keep,
    /// The limits of its metrics.
    pub metrics: MetricKeep,
    /// Counts of deleted rows.
    pub counters: Arc<RetainCounters>,
}

/// Counts of deleted rows since the start of the process.
#[derive(Debug, Default)]
pub struct RetainCounters {
    /// Spans that were deleted at the end of their retention.
    pub expired: AtomicU64,
    /// Spans that were deleted earlier, because of `storage.max_size`.
    pub evicted: AtomicU64,
    /// Rows of metrics that were deleted at the end of their retention.
    pub metrics_expired: AtomicU64,
    /// Rows of metrics that were deleted earlier, because of `storage.max_size`.
    pub metrics_evicted: AtomicU64,
    /// Failed rounds of maintenance.
    pub failures: AtomicU64,
}

/// Metrics may take a quarter of `storage.max_size`: one part of this number.
pub const METRICS_SHARE: u64 = 4;

/// Interval of maintenance. A retention of less than four intervals shortens the interval.
const EVERY: Duration = Duration::from_millis(200);

impl Retain {
    /// Runs until `stop`, and finishes a round that has begun.
    pub async fn run(self, stop: CancellationToken) {
        let metrics = self.metrics.http.min(self.metrics.grpc).min(self.metrics.sql);
        let every = EVERY.min(self.keep.age.min(metrics) / 4).max(Duration::from_millis(10));
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            self.round().await;
        }
    }

    async fn round(&self) {
        let (store, keep, keep_metrics) = (self.store.clone(), self.keep, self.metrics);
        let round = tokio::task::spawn_blocking(move || {
            let now = clock::now();
            // Both run, even if one of them fails.
            let metrics = store.maintain_metrics(keep_metrics, now);
            store.maintain(keep, now).and_then(|spans| Ok((spans, metrics?)))
        });
        match round.await {
            Ok(Ok((spans, metrics))) => {
                self.count(spans);
                self.count_metrics(metrics);
            }
            Ok(Err(error)) => {
                self.counters.failures.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(error = %chain(&error), "could not seal or expire; will try again");
            }
            Err(panic) => tracing::error!(%panic, "maintenance of the store panicked"),
        }
    }

    fn count_metrics(&self, done: MetricsMaintained) {
        self.counters.metrics_expired.fetch_add(done.expired, Ordering::Relaxed);
        self.counters.metrics_evicted.fetch_add(done.evicted, Ordering::Relaxed);
        if done.evicted > 0 {
            let n_rows = done.evicted;
            tracing::warn!(n_rows, "the size cap evicted metrics before their retention ended");
        }
    }

    fn count(&self, done: Maintained) {
        self.counters.expired.fetch_add(done.expired, Ordering::Relaxed);
        self.counters.evicted.fetch_add(done.evicted, Ordering::Relaxed);
        if done.evicted > 0 {
            let n_spans = done.evicted;
            tracing::warn!(n_spans, "the size cap evicted spans before their retention ended");
        }
        if done != Maintained::default() {
            tracing::debug!(done.sealed, done.expired, done.evicted, "maintained the store");
        }
    }
}

/// Opens the store in `dir`, or creates it, on a thread that may block.
///
/// # Errors
/// [`StoreError`], for example when another process uses the store.
pub async fn open_store(dir: PathBuf, segment_rows: u64) -> Result<Store, StoreError> {
    let config = StoreConfig { dir, segment_rows };
    let opened = tokio::task::spawn_blocking(move || Store::open(config)).await;
    opened.expect("opening a store does not panic")
}

impl RetainCounters {
    /// Names and values of the counters of `role`, which is `agent` or `colony`.
    pub fn snapshot(&self, role: &str) -> [(String, u64); 5] {
        [
            ("expired", &self.expired),
            ("evicted", &self.evicted),
            ("metrics.expired", &self.metrics_expired),
            ("metrics.evicted", &self.metrics_evicted),
            ("maintenance.failures", &self.failures),
        ]
        .map(|(name, count)| {
            let prefix = if name.contains('.') { "" } else { "spans." };
            (format!("coral.{role}.{prefix}{name}"), count.load(Ordering::Relaxed))
        })
    }
}
