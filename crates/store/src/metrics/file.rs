//! A sealed, immutable file with rows of one protocol, sorted by series and time.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use coral_engine::StoredDelta;
use coral_trace::UnixNanos;
use coral_trace::red::Protocol;
use parquet::file::metadata::KeyValue;
use serde::{Deserialize, Serialize};

use super::batch::write_rows;
use super::file_reader::footer;
use super::order;
use super::record::damaged;
use crate::clock::Received;
use crate::disk;
use crate::error::StoreError;

/// A sealed file of metrics.
pub(crate) struct MetricFile {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) extent: MetricFileExtent,
    /// When the newest row was received.
    pub(super) received: Received,
    is_retired: AtomicBool,
    is_settled: AtomicBool,
}

/// What a file covers. Stored as JSON in the Parquet footer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct MetricFileExtent {
    /// The number of a [`coral_trace::red::Protocol`].
    pub(crate) protocol: u8,
    /// Receipt of the first row.
    pub(crate) first_receipt: u64,
    /// Receipt of the last row. Rows of other protocols in the same seal may have later receipts.
    pub(crate) last_row: u64,
    /// All rows of the protocol up to this receipt are in files.
    pub(crate) last_receipt: u64,
    /// The time of the earliest point; `last_time` is the latest, `last_received` the latest
    /// receipt. All are nanoseconds since the Unix epoch.
    pub(crate) first_time: u64,
    pub(crate) last_time: u64,
    pub(crate) last_received: u64,
    pub(crate) rows: u64,
    /// Whether the rows are in the order of [`order::sort`]. Files of earlier versions are not
    /// sorted, and do not say so.
    #[serde(default)]
    pub(crate) sorted: bool,
    /// The length in nanoseconds of the windows in which rows of a series are summed; 0 if none
    /// are.
    #[serde(default)]
    pub(crate) resolution: u64,
    /// The bounds of the histograms, if all rows have the same.
    #[serde(default)]
    pub(crate) bounds: Option<Vec<u64>>,
    /// Names of the files whose rows are in this file. Those that still exist are obsolete.
    #[serde(default)]
    pub(crate) replaces: Vec<String>,
}

/// The key of the extent in the Parquet footer.
const EXTENT_KEY: &str = "coral.metrics";

impl MetricFileExtent {
    /// The entry of the Parquet footer.
    pub(super) fn entry(&self) -> KeyValue {
        let json = serde_json::to_string(self).expect("an extent has a JSON form");
        KeyValue::new(EXTENT_KEY.to_owned(), json)
    }
}

impl MetricFile {
    /// Sorts `rows`, of one protocol and in order of receipt, writes them to `dir`, and syncs them.
    /// All rows of the protocol up to `last_receipt` are in files then.
    pub(super) fn write(
        dir: &Path,
        mut rows: Vec<&StoredDelta>,
        last_receipt: u64,
        received: Option<Received>,
    ) -> Result<Option<Self>, StoreError> {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(None) };
        let (first, last) = (*first, *last);
        let protocol = first.delta.series.protocol;
        let times = || rows.iter().map(|row| row.delta.time.0);
        let extent = MetricFileExtent {
            protocol: protocol as u8,
            first_receipt: first.receipt,
            last_row: last.receipt,
            last_receipt,
            first_time: times().min().unwrap_or_default(),
            last_time: times().max().unwrap_or_default(),
            last_received: rows.iter().map(|row| row.received.0).max().unwrap_or_default(),
            rows: rows.len() as u64,
            sorted: true,
            resolution: 0,
            bounds: common_bounds(&rows),
            replaces: Vec::new(),
        };
        order::sort(&mut rows);
        let path = dir.join(format!("{}-{:012}.parquet", protocol.as_str(), first.receipt));
        let aside = path.with_extension("tmp");
        write_rows(&aside, rows.iter().copied(), Some(&extent)).inspect_err(|_| {
            // A partial file is useless, and takes space on a disk that may be full.
            let _ = disk::remove(&aside);
        })?;
        let mut file = Self::publish(&aside, path)?;
        file.received = received.unwrap_or(file.received);
        Ok(Some(file))
    }

    /// Renames the file `aside`, which is complete, to `path`.
    pub(super) fn publish(aside: &Path, path: PathBuf) -> Result<Self, StoreError> {
        disk::rename(aside, &path).map_err(StoreError::directory(&path))?;
        disk::sync_directory_of(&path).map_err(StoreError::directory(&path))?;
        Self::open(path)
    }

    fn open(path: PathBuf) -> Result<Self, StoreError> {
        let (_, footer) = footer(&path, &[], &[])?;
        let footer = footer.metadata().file_metadata().key_value_metadata();
        let json = footer.into_iter().flatten().find(|pair| pair.key == EXTENT_KEY);
        let json = json.and_then(|pair| pair.value.as_deref()).unwrap_or_default();
        let extent: MetricFileExtent =
            serde_json::from_str(json).map_err(|error| damaged("footer", error))?;
        if extent.protocol > 2 {
            return Err(damaged("protocol", extent.protocol));
        }
        let bytes = std::fs::metadata(&path).map_err(StoreError::directory(&path))?.len();
        let received = Received::before_opening(UnixNanos(extent.last_received));
        let (is_retired, is_settled) = (AtomicBool::new(false), AtomicBool::new(false));
        Ok(Self { path, bytes, extent, received, is_retired, is_settled })
    }

    /// The protocol of the rows.
    pub(super) fn protocol(&self) -> Option<Protocol> {
        let all = [Protocol::Http, Protocol::Grpc, Protocol::Sql];
        all.into_iter().find(|protocol| *protocol as u8 == self.extent.protocol)
    }

    /// The file's name.
    pub(super) fn name(&self) -> String {
        self.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into())
    }

    /// Removes the file from disk when the last reader drops it.
    pub(super) fn retire(&self) {
        self.is_retired.store(true, Ordering::Relaxed);
    }

    /// Whether the files that this one replaces are gone. Before that, this file must not be
    /// replaced: after a crash nothing would say that those files are obsolete.
    pub(super) fn is_settled(&self) -> bool {
        let is_settled = self.is_settled.load(Ordering::Relaxed)
            || self.extent.replaces.iter().all(|name| {
                // A file that was set aside can be restored under its name.
                let path = self.path.with_file_name(name);
                let is_gone = |path: &Path| path.try_exists().is_ok_and(|is_there| !is_there);
                is_gone(&path) && is_gone(&path.with_extension("damaged"))
            });
        self.is_settled.store(is_settled, Ordering::Relaxed);
        is_settled
    }
}

impl Drop for MetricFile {
    fn drop(&mut self) {
        if self.is_retired.load(Ordering::Relaxed)
            && let Err(error) = disk::remove(&self.path)
        {
            tracing::warn!(%error, file = %self.path.display(), "could not remove a file of metrics");
        }
    }
}

/// The bounds of the histograms of `rows`, if all are the same.
fn common_bounds(rows: &[&StoredDelta]) -> Option<Vec<u64>> {
    let first = rows.first()?.delta.histogram.bounds();
    let is_same = |row: &&StoredDelta| row.delta.histogram.bounds() == first;
    rows.iter().all(is_same).then(|| first.to_vec())
}

/// Loads all files under `dir`, by first receipt. Partial files are removed. Unreadable files are
/// set aside with a log entry, so that everything else stays readable.
pub(super) fn load(dir: &Path) -> Result<Vec<Arc<MetricFile>>, StoreError> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(StoreError::directory(dir))? {
        let path = entry.map_err(StoreError::directory(dir))?.path();
        match path.extension().and_then(|kind| kind.to_str()) {
            Some("parquet") => match MetricFile::open(path.clone()) {
                Ok(file) => files.push(Arc::new(file)),
                Err(error) if error.is_damage() => put_aside(&path, &error),
                // The error does not indicate damage, so the file stays.
                Err(error) => return Err(error),
            },
            Some("tmp") => {
                tracing::info!(file = %path.display(), "removing a partial file after a crash");
                if let Err(error) = disk::remove(&path) {
                    tracing::warn!(%error, file = %path.display(), "could not remove a partial file after a crash");
                }
            }
            _ => {}
        }
    }
    remove_replaced(&mut files);
    files.sort_by_key(|file| file.extent.first_receipt);
    Ok(files)
}

/// Removes the files whose rows are in a merged file: a crash came before their removal.
fn remove_replaced(files: &mut Vec<Arc<MetricFile>>) {
    let replaced: HashSet<String> =
        files.iter().flat_map(|file| file.extent.replaces.iter().cloned()).collect();
    files.retain(|file| {
        let is_replaced = replaced.contains(&file.name());
        if is_replaced {
            file.retire();
        }
        !is_replaced
    });
}

/// Renames the damaged file at `path` back, if all of it can be read.
pub(crate) fn restore(path: &Path) -> Result<(), StoreError> {
    MetricFile::open(path.to_owned())?.rows_after(0, usize::MAX)?;
    let name = path.with_extension("parquet");
    if name.exists() {
        let exists = std::io::ErrorKind::AlreadyExists;
        return Err(StoreError::directory(&name)(exists.into()));
    }
    disk::rename(path, &name).map_err(StoreError::directory(path))?;
    disk::sync_directory_of(&name).map_err(StoreError::directory(path))
}

/// Renames an unreadable file to `*.damaged`, for inspection or repair.
pub(super) fn put_aside(path: &Path, error: &StoreError) {
    let error = crate::error::chain(error);
    tracing::error!(file = %path.display(), error, "a damaged metric file was set aside");
    if let Err(error) = disk::rename(path, &path.with_extension("damaged")) {
        tracing::warn!(%error, file = %path.display(), "could not set a damaged file aside");
    }
}
