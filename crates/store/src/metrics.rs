//! Storage of RED metrics, in a log and files of their own.
//!
//! A row is a [`coral_trace::red::Delta`]: requests of one series, counted once. Rows get receipts
//! in commit order, from one sequence for HTTP, gRPC and SQL. The newest rows are in memory and in
//! `metrics/log`; sealed rows are in `metrics/files`, in separate files per protocol, because each
//! protocol has its own retention. The log also holds the last counters of each exporter, so that
//! nothing is counted twice after a restart.

mod append;
mod batch;
mod columns;
mod decoder;
mod file;
mod file_reader;
mod live;
mod maintain;
mod merge;
mod order;
mod query;
mod record;
mod resume;
mod schema;
mod selection;
mod series;
mod sum;
mod writer;

pub use append::AppendedPoints;
pub use query::MetricPage;

#[cfg(test)]
pub(crate) use batch::batch as batch_of;
pub(crate) use batch::write_rows;
pub(crate) use file::restore;
pub(crate) use live::LiveMetrics;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

use self::merge::Merges;
use self::writer::MetricWriter;
use crate::clock::{Ages, Uptime};
use crate::error::StoreError;
use crate::keep::backoff::Backoff;
use crate::layout::{create_dir, metric_file_dir, metric_log_dir};

/// The metrics of one store.
pub(crate) struct Metrics {
    /// The store's directory.
    dir: PathBuf,
    pub(crate) live: LiveMetrics,
    writer: Mutex<MetricWriter>,
    /// Locked during sealing and expiry, so that only one of them runs at a time.
    maintenance: Mutex<Backoff>,
    /// Locked during a merge. Locked before `maintenance`.
    merges: Mutex<Merges>,
}

impl Metrics {
    /// Opens the metrics of the store in `dir`. The caller holds the store's lock.
    pub(crate) fn open(dir: &Path, uptime: Uptime) -> Result<Self, StoreError> {
        let (logs, files) = (metric_log_dir(dir), metric_file_dir(dir));
        for dir in [&logs, &files] {
            create_dir(dir).map_err(StoreError::directory(dir))?;
        }
        let files = file::load(&files)?;
        let (writer, state) = resume::resume(&logs, files)?;
        let live = LiveMetrics::new(state, Ages::new(uptime));
        let dir = dir.to_owned();
        let metrics = Self {
            dir,
            live,
            writer: Mutex::new(writer),
            maintenance: Mutex::default(),
            merges: Mutex::default(),
        };
        metrics.publish(&metrics.writer());
        Ok(metrics)
    }

    /// Publishes counts of the writer to readers, which must not wait for the writer.
    fn publish(&self, writer: &MetricWriter) {
        self.live.series.store(writer.counters.series_count() as u64, Ordering::Relaxed);
        self.live.overflown.store(writer.limit.overflown(), Ordering::Relaxed);
    }

    pub(crate) fn writer(&self) -> MutexGuard<'_, MetricWriter> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
