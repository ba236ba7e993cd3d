//! One sealed, immutable file: the rows of one protocol between two seals.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use coral_engine::StoredDelta;
use coral_trace::UnixNanos;
use coral_trace::red::Protocol;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::KeyValue;
use serde::{Deserialize, Serialize};

use super::batch::{self, BATCH_ROWS, write_rows};
use super::record::damaged;
use crate::clock::Received;
use crate::disk;
use crate::error::StoreError;
use crate::parquet_source::ParquetSource;

/// A file of metrics.
pub(crate) struct MetricFile {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) extent: MetricFileExtent,
    /// When its newest row was received.
    pub(super) received: Received,
}

/// What a file covers; its footer has it as JSON.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct MetricFileExtent {
    /// The number of a [`coral_trace::red::Protocol`].
    pub(crate) protocol: u8,
    /// Of its first row.
    pub(crate) first_receipt: u64,
    /// Of its last row; rows of the same seal with other protocols may come after it.
    pub(crate) last_row: u64,
    /// Up to this one every row of its protocol is in a file.
    pub(crate) last_receipt: u64,
    /// Points' times, nanoseconds since the epoch.
    pub(crate) first_time: u64,
    pub(crate) last_time: u64,
    pub(crate) last_received: u64,
    pub(crate) rows: u64,
}

/// The key of the footer that holds the extent.
const EXTENT_KEY: &str = "coral.metrics";

impl MetricFile {
    /// Writes `rows`, of one protocol and in order of receipt, to `dir`; with them, every row of the protocol
    /// up to `last_receipt` is in a file. When this returns they are on disk for good.
    pub(super) fn write(
        dir: &Path,
        rows: &[&StoredDelta],
        last_receipt: u64,
        received: Option<Received>,
    ) -> Result<Option<Self>, StoreError> {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(None) };
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
        };
        let json = serde_json::to_string(&extent).expect("an extent has a JSON form");
        let footer = vec![KeyValue::new(EXTENT_KEY.to_owned(), json)];
        let path = dir.join(format!("{}-{:012}.parquet", protocol.as_str(), first.receipt));
        let aside = path.with_extension("tmp");
        write_rows(&aside, rows.iter().copied(), footer).inspect_err(|_| {
            // Half a file is of no use, and takes room on a disk that may be full.
            let _ = disk::remove(&aside);
        })?;
        disk::rename(&aside, &path).map_err(StoreError::directory(&path))?;
        disk::sync_directory_of(&path).map_err(StoreError::directory(dir))?;
        let mut file = Self::open(path)?;
        file.received = received.unwrap_or(file.received);
        Ok(Some(file))
    }

    fn open(path: PathBuf) -> Result<Self, StoreError> {
        let (_, reader) = reader(&path)?;
        let footer = reader.metadata().file_metadata().key_value_metadata();
        let json = footer.into_iter().flatten().find(|pair| pair.key == EXTENT_KEY);
        let json = json.and_then(|pair| pair.value.as_deref()).unwrap_or_default();
        let extent: MetricFileExtent =
            serde_json::from_str(json).map_err(|error| damaged("footer", error))?;
        if extent.protocol > 2 {
            return Err(damaged("protocol", extent.protocol));
        }
        let bytes = std::fs::metadata(&path).map_err(StoreError::directory(&path))?.len();
        let received = Received::before_opening(UnixNanos(extent.last_received));
        Ok(Self { path, bytes, extent, received })
    }

    /// Shows its rows to `visit`, batch by batch, until that returns false.
    pub(super) fn read(
        &self,
        mut visit: impl FnMut(Vec<StoredDelta>) -> bool,
    ) -> Result<(), StoreError> {
        let (source, reader) = reader(&self.path)?;
        let mut batches = source.reading(|| reader.with_batch_size(BATCH_ROWS).build())?;
        while let Some(batch) = source.reading(|| Ok(batches.next().transpose()?))? {
            if !visit(batch::read(&batch)?) {
                break;
            }
        }
        Ok(())
    }

    /// Whose rows it has.
    pub(super) fn protocol(&self) -> Option<Protocol> {
        let all = [Protocol::Http, Protocol::Grpc, Protocol::Sql];
        all.into_iter().find(|protocol| *protocol as u8 == self.extent.protocol)
    }

    /// Unlinks it; who reads it goes on.
    pub(super) fn remove(&self) {
        if let Err(error) = disk::remove(&self.path) {
            tracing::warn!(%error, file = %self.path.display(), "could not remove an expired file");
        }
    }
}

type Reader = ParquetRecordBatchReaderBuilder<ParquetSource>;

fn reader(path: &Path) -> Result<(ParquetSource, Reader), StoreError> {
    let source = ParquetSource::open(path)?;
    let reader = source.reading(|| Reader::try_new(source.clone()))?;
    Ok((source, reader))
}

/// Every file under `dir`, by first receipt. What a crash left half written is removed; what cannot be read
/// is put aside, loudly: everything else stays readable.
pub(super) fn load(dir: &Path) -> Result<Vec<Arc<MetricFile>>, StoreError> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(StoreError::directory(dir))? {
        let path = entry.map_err(StoreError::directory(dir))?.path();
        match path.extension().and_then(|kind| kind.to_str()) {
            Some("parquet") => match MetricFile::open(path.clone()) {
                Ok(file) => files.push(Arc::new(file)),
                Err(error) if error.is_damage() => put_aside(&path, &error),
                // Nothing says that the file is damaged: it stays as it is.
                Err(error) => return Err(error),
            },
            Some("tmp") => {
                tracing::info!(file = %path.display(), "removing what a crash left");
                if let Err(error) = disk::remove(&path) {
                    tracing::warn!(%error, file = %path.display(), "could not remove what a crash left");
                }
            }
            _ => {}
        }
    }
    files.sort_by_key(|file| file.extent.first_receipt);
    Ok(files)
}

/// Gives the damaged file at `path` its name back, if it can be read from its beginning to its end.
pub(crate) fn restore(path: &Path) -> Result<(), StoreError> {
    MetricFile::open(path.to_owned())?.read(|_| true)?;
    let name = path.with_extension("parquet");
    if name.exists() {
        let exists = std::io::ErrorKind::AlreadyExists;
        return Err(StoreError::directory(&name)(exists.into()));
    }
    disk::rename(path, &name).map_err(StoreError::directory(path))?;
    disk::sync_directory_of(&name).map_err(StoreError::directory(path))
}

/// Renames a file that cannot be read, for a person to look at.
pub(super) fn put_aside(path: &Path, error: &StoreError) {
    let error = crate::error::chain(error);
    tracing::error!(file = %path.display(), error, "a file of metrics cannot be read; it is put aside");
    if let Err(error) = disk::rename(path, &path.with_extension("damaged")) {
        tracing::warn!(%error, file = %path.display(), "could not put a damaged file aside");
    }
}
