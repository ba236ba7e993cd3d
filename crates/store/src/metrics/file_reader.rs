//! Reads a metric file: by query, by receipt, or whole.

use std::path::Path;
use std::vec;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use coral_engine::{Budget, BudgetError, DeltaQuery, StoredDelta};
use coral_trace::TimeRange;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::file::metadata::{ColumnChunkMask, PageIndexPolicy};

use super::decoder::{Decoder, columns_for};
use super::file::MetricFile;
use super::order;
use super::record::damaged;
use super::schema::{BATCH_ROWS, CODED_SCHEMA, SCHEMA, column};
use super::selection::candidates;
use crate::error::StoreError;
use crate::parquet_source::ParquetSource;

/// Why a file could not be read to its end.
#[derive(Debug)]
pub(super) enum ReadError {
    Store(StoreError),
    Budget(BudgetError),
}

/// The rows of one file, in the order of a sorted file.
pub(super) struct FileRows {
    decoded: vec::IntoIter<StoredDelta>,
    /// `None` after the last batch.
    rest: Option<(ParquetSource, ParquetRecordBatchReader, Decoder)>,
}

type Reader = ParquetRecordBatchReaderBuilder<ParquetSource>;

impl MetricFile {
    /// Calls `visit` with the rows that `wanted` selects, some at a time. Reads only the columns and
    /// pages that may have them, and counts the rows of these pages in `budget`.
    pub(super) fn deltas(
        &self,
        wanted: &DeltaQuery,
        budget: &Budget,
        mut visit: impl FnMut(Vec<StoredDelta>) -> Result<(), BudgetError>,
    ) -> Result<(), ReadError> {
        budget.check()?;
        let bounds = self.extent.bounds.as_deref();
        let columns = columns_for(wanted, bounds.is_some());
        let (source, footer) = footer(&self.path, &[column::SERVICE, column::TIME], &columns)?;
        let mut decoder = Decoder::new(wanted, bounds);
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
                visit(decoder.take())?;
            }
        }
        Ok(visit(decoder.finish()?)?)
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
        let (source, footer) = footer(&self.path, &[], &all)?;
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
        let mut decoder = Decoder::new(&all, None);
        while let Some(batch) = source.reading(|| Ok(batches.next().transpose()?))? {
            decoder.add(&batch)?;
        }
        decoder.finish()
    }

    /// All rows, in the order of a sorted file. Of a sorted file, one batch is in memory; the rows
    /// of another file are sorted in memory.
    pub(super) fn rows(&self) -> Result<FileRows, StoreError> {
        if !self.extent.sorted {
            let rows = self.rows_after(0, usize::MAX)?;
            let mut sorted: Vec<&StoredDelta> = rows.iter().collect();
            order::sort(&mut sorted);
            let decoded: Vec<StoredDelta> = sorted.into_iter().cloned().collect();
            return Ok(FileRows { decoded: decoded.into_iter(), rest: None });
        }
        let protocol = self.protocol().ok_or_else(|| damaged("protocol", self.extent.protocol))?;
        let (source, footer) = footer(&self.path, &[], &[])?;
        let reader = Reader::new_with_metadata(source.clone(), footer);
        let batches = source.reading(|| reader.with_batch_size(BATCH_ROWS).build())?;
        let decoder = Decoder::new(&DeltaQuery::all(protocol, TimeRange::ALL), None);
        Ok(FileRows { decoded: Vec::new().into_iter(), rest: Some((source, batches, decoder)) })
    }
}

impl FileRows {
    /// The next row; `None` after the last one.
    pub(super) fn next_row(&mut self) -> Result<Option<StoredDelta>, StoreError> {
        loop {
            if let Some(row) = self.decoded.next() {
                return Ok(Some(row));
            }
            let Some((source, batches, decoder)) = &mut self.rest else { return Ok(None) };
            let batch = source.reading(|| Ok(batches.next().transpose()?))?;
            if let Some(batch) = batch {
                decoder.add(&batch)?;
                self.decoded = decoder.take().into_iter();
            } else if let Some((_, _, decoder)) = self.rest.take() {
                self.decoded = decoder.finish()?.into_iter();
            }
        }
    }
}

/// The footer of the file at `path`, with the statistics of pages of the columns `bounded`, and with
/// the places of pages of these columns and of the columns `located`.
pub(super) fn footer(
    path: &Path,
    bounded: &[usize],
    located: &[usize],
) -> Result<(ParquetSource, ArrowReaderMetadata), StoreError> {
    let located: Vec<usize> = located.iter().chain(bounded).copied().collect();
    let mut options = ArrowReaderOptions::new().with_schema(CODED_SCHEMA.clone());
    if !located.is_empty() {
        options = options
            .with_page_index_policy(PageIndexPolicy::Optional)
            .with_column_index_mask(ColumnChunkMask::columns(bounded.iter().copied()))
            .with_offset_index_mask(ColumnChunkMask::columns(located));
    }
    let source = ParquetSource::open(path)?;
    let footer = source.reading(|| ArrowReaderMetadata::load(&source, options))?;
    Ok((source, footer))
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
