//! A sealed, immutable file with rows of one protocol, sorted by series and time.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use coral_engine::{Budget, BudgetError, DeltaQuery, StoredDelta};
use coral_trace::red::Protocol;
use coral_trace::{TimeRange, UnixNanos};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::file::metadata::{ColumnChunkMask, KeyValue, PageIndexPolicy};
use serde::{Deserialize, Serialize};

use super::batch::write_rows;
use super::columns::{Decoder, columns_for};
use super::order;
use super::record::damaged;
use super::schema::{BATCH_ROWS, SCHEMA, column};
use super::selection::candidates;
use crate::clock::Received;
use crate::disk;
use crate::error::StoreError;
use crate::parquet_source::ParquetSource;

/// A sealed file of metrics.
pub(crate) struct MetricFile {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) extent: MetricFileExtent,
    /// When the newest row was received.
    pub(super) received: Received,
}

/// Why a file could not be read to its end.
#[derive(Debug)]
pub(super) enum ReadError {
    Store(StoreError),
    Budget(BudgetError),
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
}

/// The key of the extent in the Parquet footer.
const EXTENT_KEY: &str = "coral.metrics";

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
        };
        order::sort(&mut rows);
        let json = serde_json::to_string(&extent).expect("an extent has a JSON form");
        let footer = vec![KeyValue::new(EXTENT_KEY.to_owned(), json)];
        let path = dir.join(format!("{}-{:012}.parquet", protocol.as_str(), first.receipt));
        let aside = path.with_extension("tmp");
        write_rows(&aside, rows.iter().copied(), footer).inspect_err(|_| {
            // A partial file is useless, and takes space on a disk that may be full.
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

    /// Calls `visit` with the rows that `wanted` selects, some at a time. Reads only the columns and
    /// pages that may have them, and counts the rows of these pages in `budget`.
    pub(super) fn deltas(
        &self,
        wanted: &DeltaQuery,
        budget: &Budget,
        mut visit: impl FnMut(Vec<StoredDelta>),
    ) -> Result<(), ReadError> {
        budget.check()?;
        let columns = columns_for(wanted);
        let (source, footer) = self.footer(&[column::SERVICE, column::TIME], &columns)?;
        let mut decoder = Decoder::new(wanted);
        for (group, selection, rows) in source.reading(|| Ok(candidates(&footer, wanted)))? {
            budget.count_rows(rows as u64)?;
            let reader = Reader::new_with_metadata(source.clone(), footer.clone());
            let mask = ProjectionMask::roots(reader.parquet_schema(), columns.iter().copied());
            let reader = reader.with_row_groups(vec![group]).with_row_selection(selection);
            let reader = reader.with_projection(mask).with_batch_size(BATCH_ROWS);
            let mut batches = source.reading(|| reader.build())?;
            while let Some(batch) = source.reading(|| Ok(batches.next().transpose()?))? {
                budget.check()?;
                budget.count_bytes(batch.get_array_memory_size() as u64)?;
                decoder.add(&batch)?;
                visit(decoder.take());
            }
        }
        visit(decoder.finish()?);
        Ok(())
    }

    /// Of the rows with a receipt above `after`, the `limit` rows with the lowest receipts, in no
    /// particular order. Decodes the receipts of the file, and the other columns of these rows.
    pub(super) fn rows_after(
        &self,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StoredDelta>, StoreError> {
        let Some(protocol) = self.protocol() else { return Ok(Vec::new()) };
        let all: Vec<usize> = (0..SCHEMA.fields().len()).collect();
        let (source, footer) = self.footer(&[], &all)?;
        let reader = Reader::new_with_metadata(source.clone(), footer.clone());
        let receipts = ProjectionMask::roots(reader.parquet_schema(), [column::RECEIPT]);
        let mut batches = source.reading(|| reader.with_projection(receipts).build())?;
        let (mut found, mut rows) = (Vec::new(), 0);
        while let Some(batch) = source.reading(|| Ok(batches.next().transpose()?))? {
            let receipts = batch.column(0).as_primitive_opt::<UInt64Type>();
            let receipts = receipts.ok_or_else(|| damaged("receipt", "values of another type"))?;
            let numbered = receipts.values().iter().zip(rows..);
            found.extend(
                numbered.filter(|(receipt, _)| **receipt > after).map(|(r, row)| (*r, row)),
            );
            rows += batch.num_rows();
        }
        if found.len() > limit {
            found.select_nth_unstable(limit);
            found.truncate(limit);
        }
        let mut places: Vec<usize> = found.into_iter().map(|(_, row)| row).collect();
        places.sort_unstable();
        let ranges = places.into_iter().map(|row| row..row + 1);
        let selection = RowSelection::from_consecutive_ranges(ranges, rows);
        let reader = Reader::new_with_metadata(source.clone(), footer);
        let reader = reader.with_row_selection(selection).with_batch_size(BATCH_ROWS);
        let mut batches = source.reading(|| reader.build())?;
        let all = DeltaQuery::all(protocol, TimeRange::ALL);
        let mut decoder = Decoder::new(&all);
        while let Some(batch) = source.reading(|| Ok(batches.next().transpose()?))? {
            decoder.add(&batch)?;
        }
        decoder.finish()
    }

    /// The footer, with the statistics of pages of the columns `bounded`, and with the places of
    /// pages of the columns `located`.
    fn footer(
        &self,
        bounded: &[usize],
        located: &[usize],
    ) -> Result<(ParquetSource, ArrowReaderMetadata), StoreError> {
        let located = located.iter().chain(bounded).copied();
        let options = ArrowReaderOptions::new()
            .with_page_index_policy(PageIndexPolicy::Optional)
            .with_column_index_mask(ColumnChunkMask::columns(bounded.iter().copied()))
            .with_offset_index_mask(ColumnChunkMask::columns(located));
        let source = ParquetSource::open(&self.path)?;
        let footer = source.reading(|| ArrowReaderMetadata::load(&source, options))?;
        Ok((source, footer))
    }

    /// The protocol of the rows.
    pub(super) fn protocol(&self) -> Option<Protocol> {
        let all = [Protocol::Http, Protocol::Grpc, Protocol::Sql];
        all.into_iter().find(|protocol| *protocol as u8 == self.extent.protocol)
    }

    /// Removes the file. Readers that have opened it can still read it.
    pub(super) fn remove(&self) {
        if let Err(error) = disk::remove(&self.path) {
            tracing::warn!(%error, file = %self.path.display(), "could not remove an expired file");
        }
    }
}

impl From<StoreError> for ReadError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<BudgetError> for ReadError {
    fn from(error: BudgetError) -> Self {
        Self::Budget(error)
    }
}

type Reader = ParquetRecordBatchReaderBuilder<ParquetSource>;

fn reader(path: &Path) -> Result<(ParquetSource, Reader), StoreError> {
    let source = ParquetSource::open(path)?;
    let reader = source.reading(|| Reader::try_new(source.clone()))?;
    Ok((source, reader))
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
    files.sort_by_key(|file| file.extent.first_receipt);
    Ok(files)
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
