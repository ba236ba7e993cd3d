//! Keeps stored data within its limits of age and size, for agent and colony.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use coral_engine::{
    EngineError, MetricMaintenance, MetricRetention, Retention, SpanMaintenance, SpanRetention,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::clock;
use coral_trace::chain;

/// Task that seals hot rows and deletes expired data.
pub struct Retain {
    /// The engine whose data is kept within limits.
    pub engine: Arc<dyn Retention>,
    /// The age limit of the engine's spans, and the size limit of all its data, metrics included.
    pub keep: SpanRetention,
    /// The limits of the engine's metrics.
    pub metrics: MetricRetention,
    /// Whether segments and files of metrics are merged, and old rows of metrics summed. A store whose
    /// metrics are polled by receipt, that of an agent, MUST keep its rows as they are.
    pub merge: bool,
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
    /// By how many rows of metrics there are less, because old rows were summed.
    pub metrics_rolled_up: AtomicU64,
    /// Exemplars of metrics that were not kept when old rows were summed.
    pub exemplars_left_out: AtomicU64,
    /// Segments that were merged into larger ones.
    pub segments_merged: AtomicU64,
    /// Number of failed rounds of maintenance.
    pub failures: AtomicU64,
}

/// What a merge needs of [`Retain`].
struct Merging {
    keep: SpanRetention,
    metrics: MetricRetention,
    counters: Arc<RetainCounters>,
}

/// Rounds that failed one after the other. A disk that is full, or a server that is down, fails several
/// rounds a second, of which one a minute is logged.
#[derive(Default)]
struct Failing {
    rounds: u64,
    logged: Option<Instant>,
}

impl Failing {
    fn note(&mut self, error: &EngineError) {
        self.rounds += 1;
        if self.logged.is_none_or(|at| at.elapsed() >= LOG_INTERVAL) {
            self.logged = Some(Instant::now());
            let (error, rounds) = (chain(error), self.rounds);
            tracing::warn!(error, rounds, "could not seal or expire; will try again");
        }
    }
}

/// Divisor of `storage.max_size`: metrics may take a quarter of that size.
pub const METRICS_SHARE: u64 = 4;

/// Interval of maintenance. A retention of less than four intervals shortens the interval to a
/// quarter of the retention.
const EVERY: Duration = Duration::from_millis(200);
/// How often rounds that fail are logged.
const LOG_INTERVAL: Duration = Duration::from_secs(60);
/// Interval at which the engine is asked to merge; the engine makes longer pauses.
const MERGE_INTERVAL: Duration = Duration::from_secs(1);

impl Retain {
    /// Runs until `stop`, and finishes a round and a merge that have begun.
    pub async fn run(self, stop: CancellationToken) {
        tokio::join!(self.maintain(&stop), self.merge(&stop));
    }

    async fn maintain(&self, stop: &CancellationToken) {
        let metrics = self.metrics.http.min(self.metrics.grpc).min(self.metrics.sql);
        let every = EVERY.min(self.keep.age.min(metrics) / 4).max(Duration::from_millis(10));
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut failing = None;
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            self.round(&mut failing).await;
        }
    }

    /// Merges metrics and segments, beside the other maintenance, because a merge takes seconds.
    async fn merge(&self, stop: &CancellationToken) {
        let metrics = self.merging(stop, "metrics", |engine, retain| {
            let done = engine.merge_metrics(retain.metrics)?;
            let counters = &retain.counters;
            counters.metrics_rolled_up.fetch_add(done.rolled_up, Ordering::Relaxed);
            counters.exemplars_left_out.fetch_add(done.exemplars_left_out, Ordering::Relaxed);
            Ok(())
        });
        let segments = self.merging(stop, "segments", |engine, retain| {
            let merged = engine.merge_segments(retain.keep)?;
            retain.counters.segments_merged.fetch_add(merged, Ordering::Relaxed);
            Ok(())
        });
        tokio::join!(metrics, segments);
    }

    /// Calls `merge` again and again until `stop`. `what` is merged.
    async fn merging(
        &self,
        stop: &CancellationToken,
        what: &'static str,
        merge: fn(&dyn Retention, &Merging) -> Result<(), EngineError>,
    ) {
        let mut ticks = tokio::time::interval(MERGE_INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while self.merge && stop.run_until_cancelled(ticks.tick()).await.is_some() {
            let (engine, counters) = (self.engine.clone(), self.counters.clone());
            let limits = Merging { keep: self.keep, metrics: self.metrics, counters };
            match tokio::task::spawn_blocking(move || merge(&*engine, &limits)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    self.counters.failures.fetch_add(1, Ordering::Relaxed);
                    tracing::warn!(error = %chain(&error), what, "could not merge stored data; will try again");
                }
                Err(panic) => tracing::error!(%panic, what, "a merge of stored data panicked"),
            }
        }
    }

    async fn round(&self, failing: &mut Option<Failing>) {
        let (engine, keep, keep_metrics) = (self.engine.clone(), self.keep, self.metrics);
        let round = tokio::task::spawn_blocking(move || {
            let now = clock::now();
            // Both run, even if one of them fails.
            let metrics = engine.maintain_metrics(keep_metrics, now);
            engine.maintain(keep, now).and_then(|spans| Ok((spans, metrics?)))
        });
        match round.await {
            Ok(Ok((spans, metrics))) => {
                self.count(spans);
                self.count_metrics(metrics);
                if let Some(Failing { rounds, .. }) = failing.take() {
                    tracing::info!(rounds, "sealing and expiring succeed again");
                }
            }
            Ok(Err(error)) => {
                self.counters.failures.fetch_add(1, Ordering::Relaxed);
                failing.get_or_insert_default().note(&error);
            }
            Err(panic) => tracing::error!(%panic, "maintenance of stored data panicked"),
        }
    }

    fn count_metrics(&self, done: MetricMaintenance) {
        self.counters.metrics_expired.fetch_add(done.expired, Ordering::Relaxed);
        self.counters.metrics_evicted.fetch_add(done.evicted, Ordering::Relaxed);
        if done.evicted > 0 {
            let n_rows = done.evicted;
            tracing::warn!(n_rows, "the size cap evicted metrics before their retention ended");
        }
    }

    fn count(&self, done: SpanMaintenance) {
        self.counters.expired.fetch_add(done.expired, Ordering::Relaxed);
        self.counters.evicted.fetch_add(done.evicted, Ordering::Relaxed);
        if done.evicted > 0 {
            let n_spans = done.evicted;
            tracing::warn!(n_spans, "the size cap evicted spans before their retention ended");
        }
        if done != SpanMaintenance::default() {
            tracing::debug!(done.sealed, done.expired, done.evicted, "maintained stored data");
        }
    }
}

impl RetainCounters {
    /// Names and values of the counters of `role`, which is `agent` or `colony`.
    pub fn snapshot(&self, role: &str) -> [(String, u64); 8] {
        [
            ("expired", &self.expired),
            ("evicted", &self.evicted),
            ("metrics.expired", &self.metrics_expired),
            ("metrics.evicted", &self.metrics_evicted),
            ("metrics.rolled_up", &self.metrics_rolled_up),
            ("metrics.exemplars_left_out", &self.exemplars_left_out),
            ("segments.merged", &self.segments_merged),
            ("maintenance.failures", &self.failures),
        ]
        .map(|(name, count)| {
            let prefix = if name.contains('.') { "" } else { "spans." };
            (format!("coral.{role}.{prefix}{name}"), count.load(Ordering::Relaxed))
        })
    }
}
