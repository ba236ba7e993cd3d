//! RED metrics: rows of requests that were counted once, in a log and files of their own.
//!
//! A [`coral_trace::red::Delta`] is a row. Rows get receipts in commit order, of their own sequence: HTTP,
//! gRPC and SQL share it. The newest are in memory and in `metrics/log`; sealed ones in `metrics/files`, one
//! set of files a protocol, since each has its own retention. What exporters said so far is in the log
//! too, so that after a restart nothing is counted twice.

mod append;
mod batch;
mod checkpoint;
mod file;
mod live;
mod maintain;
mod query;
mod record;
mod series;
mod writer;

pub use append::AppendedPoints;
pub use checkpoint::MetricCheckpoint;
pub use maintain::{MetricKeep, MetricsMaintained};
pub use query::{MetricExtent, MetricPage, StoredDelta};

pub(crate) use batch::write_rows;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use self::live::LiveMetrics;
use self::writer::MetricWriter;
use crate::error::StoreError;

/// The metrics of one store.
pub(crate) struct Metrics {
    pub(crate) live: LiveMetrics,
    writer: Mutex<MetricWriter>,
    /// Held by whoever seals and expires: one at a time.
    maintenance: Mutex<()>,
}

impl Metrics {
    /// Opens the metrics of the store in `dir`, which nobody else has.
    pub(crate) fn open(dir: &Path) -> Result<Self, StoreError> {
        let (logs, files) = (log_dir(dir), file_dir(dir));
        for dir in [&logs, &files] {
            std::fs::create_dir_all(dir).map_err(StoreError::directory(dir))?;
        }
        let files = file::load(&files)?;
        let (writer, live) = MetricWriter::resume(&logs, files)?;
        Ok(Self { live, writer: Mutex::new(writer), maintenance: Mutex::default() })
    }

    pub(crate) fn writer(&self) -> MutexGuard<'_, MetricWriter> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where logs are.
pub(crate) fn log_dir(dir: &Path) -> PathBuf {
    dir.join("metrics/log")
}

/// Where sealed files are.
pub(crate) fn file_dir(dir: &Path) -> PathBuf {
    dir.join("metrics/files")
}
