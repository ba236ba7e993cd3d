//! Opens a store, and keeps it within its age and its size. Agent and colony do both alike.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use coral_store::{Keep, Maintained, Resources, Store, StoreConfig, StoreError};
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::config::StorageConfig;
use crate::errors::chain;

/// Seals and expires until it is stopped.
pub struct Retain {
    /// The store to keep within limits.
    pub store: Store,
    /// The limits.
    pub keep: Keep,
    /// Counts what went.
    pub counters: Arc<RetainCounters>,
}

/// What went, since the process started.
#[derive(Debug, Default)]
pub struct RetainCounters {
    /// Spans that were older than the retention.
    pub expired: AtomicU64,
    /// Spans that went early because of the size cap.
    pub evicted: AtomicU64,
    /// Rounds that failed.
    pub failures: AtomicU64,
}

/// How often a store is looked at, unless its retention is so short that this would be late.
const EVERY: Duration = Duration::from_millis(200);

impl Retain {
    /// Runs until `stop`; a round that has begun is finished first.
    pub async fn run(self, stop: CancellationToken) {
        let every = EVERY.min(self.keep.age / 4).max(Duration::from_millis(10));
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            self.round().await;
        }
    }

    async fn round(&self) {
        let (store, keep) = (self.store.clone(), self.keep);
        let round = tokio::task::spawn_blocking(move || store.maintain(keep, clock::now())).await;
        match round {
            Ok(Ok(done)) => self.count(done),
            Ok(Err(error)) => {
                self.counters.failures.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(error = %chain(&error), "could not seal or expire; will try again");
            }
            Err(panic) => tracing::error!(%panic, "maintenance of the store panicked"),
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

/// Opens the store in `dir`, or makes it, on a thread that may block.
///
/// # Errors
/// [`StoreError`], among others when another process has it.
pub async fn open_store(dir: PathBuf, limits: StorageConfig) -> Result<Store, StoreError> {
    let StorageConfig { memory_limit, threads, segment_rows, max_size: _ } = limits;
    let resources = Resources { memory_limit, threads };
    let config = StoreConfig { dir, resources, segment_rows };
    let opened = tokio::task::spawn_blocking(move || Store::open(config)).await;
    opened.expect("opening a store does not panic")
}

impl RetainCounters {
    /// Names and values for `role` (`agent` or `colony`).
    pub fn snapshot(&self, role: &str) -> [(String, u64); 3] {
        [
            ("expired", &self.expired),
            ("evicted", &self.evicted),
            ("maintenance.failures", &self.failures),
        ]
        .map(|(name, count)| {
            let prefix = if name.contains('.') { "" } else { "spans." };
            (format!("coral.{role}.{prefix}{name}"), count.load(Ordering::Relaxed))
        })
    }
}
