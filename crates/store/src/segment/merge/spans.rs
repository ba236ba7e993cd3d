//! Writes the spans file of a merged segment: copies the column chunks of the inputs, all but the column
//! with the row of a span's trace.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::UInt32Type;
use coral_engine::Budget;
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::Int32Type;
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    PageIndexPolicy, ParquetMetaData, ParquetMetaDataOptions, ParquetMetaDataReader,
};
use parquet::file::writer::SerializedFileWriter;

use super::rows::MergedRows;
use crate::disk::{self, Target};
use crate::error::StoreError;
use crate::parquet_source::ParquetSource;
use crate::row::damaged;
use crate::segment::Segment;
use crate::segment::write::{TRACE_ROW, spans_properties};

/// The spans file, and how far it is written.
pub(super) struct SpansCopy {
    path: PathBuf,
    writer: Option<SerializedFileWriter<Target>>,
    /// The input that is copied next, and its next row group.
    input: usize,
    group: usize,
    source: Option<Source>,
}

/// The spans file of an input.
struct Source {
    file: ParquetSource,
    metadata: ParquetMetaData,
}

/// The number of row groups of all spans files; `None` if their columns differ.
///
/// # Errors
/// [`StoreError::SegmentUnreadable`] when an input is damaged.
pub(super) fn row_groups_of_all(inputs: &[Arc<Segment>]) -> Result<Option<u32>, StoreError> {
    let (mut first, mut groups): (Option<ParquetMetaData>, u32) = (None, 0);
    for input in inputs {
        let metadata = Source::open(input)?.metadata;
        groups += metadata.num_row_groups() as u32;
        let file = metadata.file_metadata();
        if file.schema_descr().columns().iter().all(|column| column.name() != TRACE_ROW) {
            return Ok(None);
        }
        match &first {
            None => first = Some(metadata),
            Some(first) => {
                let first = first.file_metadata();
                let is_same = first.schema() == file.schema()
                    && first.key_value_metadata() == file.key_value_metadata();
                if !is_same {
                    return Ok(None);
                }
            }
        }
    }
    Ok(Some(groups))
}

impl SpansCopy {
    pub(super) fn begin(path: &Path, inputs: &[Arc<Segment>]) -> Result<Self, StoreError> {
        let path = path.to_owned();
        let source = inputs.first().map(|input| Source::open(input)).transpose()?;
        let writer = match &source {
            Some(source) => Some(source.like(&path)?),
            None => None,
        };
        Ok(Self { path, writer, input: 0, group: 0, source })
    }

    /// Copies the next row group. Returns `false` when there is none.
    pub(super) fn step(
        &mut self,
        inputs: &[Arc<Segment>],
        rows: &MergedRows,
    ) -> Result<bool, StoreError> {
        let (Some(writer), Some(segment)) = (&mut self.writer, inputs.get(self.input)) else {
            return Ok(false);
        };
        let source = match self.source.take() {
            Some(source) => source,
            None => Source::open(segment)?,
        };
        if self.group == source.metadata.num_row_groups() {
            (self.input, self.group) = (self.input + 1, 0);
            return Ok(true);
        }
        let trace_rows =
            trace_rows(segment, self.group).map_err(StoreError::unreadable(segment.receipts()))?;
        let merged: Vec<i32> =
            trace_rows.iter().map(|row| rows.row(self.input, *row) as i32).collect();
        if let Err(error) = source.copy(self.group, &merged, writer) {
            return Err(match source.file.failure() {
                Some(failure) => StoreError::unreadable(segment.receipts())(failure),
                None => StoreError::segment(&self.path)(error),
            });
        }
        self.group += 1;
        self.source = Some(source);
        Ok(true)
    }

    /// Completes the file and syncs it.
    pub(super) fn finish(&mut self) -> Result<(), StoreError> {
        let Some(writer) = self.writer.take() else { return Ok(()) };
        let file = writer.into_inner().map_err(StoreError::segment(&self.path))?;
        disk::sync_all(&file.0).map_err(StoreError::directory(&self.path))
    }
}

impl Source {
    fn open(segment: &Segment) -> Result<Self, StoreError> {
        let read = || {
            let file = ParquetSource::open(segment.spans_file())?;
            let metadata = file.reading(|| {
                // Without this option, the kinds of pages would be lost in the copy.
                let options = ParquetMetaDataOptions::new().with_encoding_stats_as_mask(false);
                ParquetMetaDataReader::new()
                    .with_offset_index_policy(PageIndexPolicy::Required)
                    .with_metadata_options(Some(options))
                    .parse_and_finish(&file)
            })?;
            Ok(Self { file, metadata })
        };
        read().map_err(StoreError::unreadable(segment.receipts()))
    }

    /// Creates a file at `path` with the same columns.
    fn like(&self, path: &Path) -> Result<SerializedFileWriter<Target>, StoreError> {
        let file = disk::create(path).map_err(StoreError::directory(path))?;
        let of = self.metadata.file_metadata();
        let schema = of.schema_descr().root_schema_ptr();
        let properties = Arc::new(spans_properties());
        let mut writer = SerializedFileWriter::new(Target(file), schema, properties)
            .map_err(StoreError::segment(path))?;
        for pair in of.key_value_metadata().into_iter().flatten() {
            writer.append_key_value_metadata(pair.clone());
        }
        Ok(writer)
    }

    /// Copies a row group, with `trace_rows` in place of the rows of traces.
    fn copy(
        &self,
        group: usize,
        trace_rows: &[i32],
        to: &mut SerializedFileWriter<Target>,
    ) -> Result<(), ParquetError> {
        let columns = self.metadata.row_group(group).columns();
        let pages = self.metadata.page_index_for_row_group(group);
        let mut copy = to.next_row_group()?;
        for (number, column) in columns.iter().enumerate() {
            if column.column_path().string() == TRACE_ROW {
                if let Some(mut writer) = copy.next_column()? {
                    writer.typed::<Int32Type>().write_batch(trace_rows, None, None)?;
                    writer.close()?;
                }
                continue;
            }
            let close = ColumnCloseResult {
                bytes_written: column.compressed_size() as u64,
                rows_written: trace_rows.len() as u64,
                metadata: column.clone(),
                bloom_filter: None,
                column_index: None,
                offset_index: pages.offset_index(number).cloned(),
            };
            copy.append_column(&self.file, close)?;
        }
        copy.close()?;
        Ok(())
    }
}

/// For each row of a row group, the row of its trace in the traces file.
fn trace_rows(segment: &Segment, group: usize) -> Result<Vec<u32>, StoreError> {
    let groups = segment.row_groups()?;
    let group = groups.get(group).ok_or_else(|| damaged(TRACE_ROW, &"a missing row group"))?;
    let mut rows = Vec::new();
    for batch in group.read(&[TRACE_ROW], &Budget::unlimited())? {
        rows.extend_from_slice(batch.column(0).as_primitive::<UInt32Type>().values());
    }
    match rows.iter().find(|row| **row >= segment.extent.traces) {
        Some(row) => Err(damaged(TRACE_ROW, row)),
        None => Ok(rows),
    }
}
