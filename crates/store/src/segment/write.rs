//! Writes a generation as a segment.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, UInt32Array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};

use super::traces::{self, Entry, TRACE_SCHEMA};
use super::{Footers, Opened, Segment, SegmentExtent, SegmentFiles, SegmentServices};
use crate::disk::{self, Target};
use crate::error::StoreError;
use crate::hot::generation::{Generation, ROW_SCHEMA};

/// The footer key of the [`SegmentExtent`], which is stored as JSON.
pub(super) const EXTENT_KEY: &str = "coral.segment";
/// The column of the spans file with the row number of the span's trace in the traces file.
pub(crate) const TRACE_ROW: &str = "trace_row";
/// Rows of a row group. Smaller groups make lookups cheaper and the file larger.
pub(super) const ROW_GROUP: usize = 32_768;
/// Rows of a page: the least that a lookup reads of a column.
const PAGE_ROWS: usize = 2_048;
/// Rows between two fences, and per page of trace ids.
pub(super) const FENCE_ROWS: usize = 4_096;
/// Rows per page of details, of which a search reads a few. Details of one page share services and
/// names, so larger pages are compressed better.
const DETAIL_ROWS: usize = 128;

impl Segment {
    /// Writes the rows of `generation` to `dir` as a segment, and syncs it. The segment exists
    /// once both files are renamed into place. An error or a crash before leaves at most partial
    /// files, which are no segment.
    pub(crate) fn write(
        dir: &Path,
        generation: &Generation,
        footers: &Arc<Footers>,
    ) -> Result<Opened, StoreError> {
        let files = SegmentFiles::of(dir, generation.first_receipt.into());
        let entries = traces::entries(generation);
        let aside = |file: &Path| file.with_extension("tmp");
        let written = write_traces(&aside(&files.traces), &entries, &extent(generation, &entries))
            .and_then(|()| {
                write_spans(&aside(&files.spans), rows_with_traces(generation, &entries))
            });
        if let Err(error) = written {
            // A partial file is useless, and takes space on a disk that may be full.
            for file in [&files.traces, &files.spans] {
                let _ = disk::remove(&aside(file));
            }
            return Err(error);
        }
        for file in [&files.traces, &files.spans] {
            footers.forget(file);
            disk::rename(&aside(file), file).map_err(StoreError::directory(file))?;
        }
        disk::sync_directory_of(&files.spans).map_err(StoreError::directory(dir))?;
        let mut opened = Self::open_without_index(files, footers)?;
        if let Some(segment) = Arc::get_mut(&mut opened.segment) {
            segment.write_values();
            segment.received =
                generation.received.map_or(segment.received, |received| received.newest);
        }
        Ok(opened)
    }
}

fn extent(generation: &Generation, entries: &[Entry<'_>]) -> SegmentExtent {
    let starts = || entries.iter().map(|entry| entry.hot.part.first_start);
    let (first, last) =
        generation.received.map(|received| (received.first, received.last)).unwrap_or_default();
    SegmentExtent {
        first_receipt: generation.first_receipt,
        last_receipt: generation.last_receipt(),
        first_received: first.as_micros(),
        last_received: last.as_micros(),
        first_start: starts().min().unwrap_or_default(),
        last_start: starts().max().unwrap_or_default(),
        traces: entries.len() as u32,
        has_misplaced: generation.has_misplaced,
        hot_bytes: generation.bytes() as u64,
        services: SegmentServices::of(entries.iter().map(|entry| entry.hot.part.as_ref())),
        has_pairs: true,
        row_groups: 0,
    }
}

fn trace_rows(generation: &Generation, entries: &[Entry<'_>]) -> Vec<u32> {
    let mut trace_rows = vec![0; generation.rows() as usize];
    for (at, entry) in (0..).zip(entries) {
        for row in &entry.hot.rows {
            trace_rows[*row as usize] = at;
        }
    }
    trace_rows
}

fn write_traces(
    file: &Path,
    entries: &[Entry<'_>],
    extent: &SegmentExtent,
) -> Result<(), StoreError> {
    let mut writer = traces_writer(file, extent)?;
    writer.write(&traces::batch(entries, &extent.services))?;
    writer.finish()
}

/// Creates a traces file of a segment with this extent.
pub(super) fn traces_writer(
    file: &Path,
    extent: &SegmentExtent,
) -> Result<TableWriter, StoreError> {
    let extent = serde_json::to_string(extent).expect("an extent has a JSON form");
    let footer = vec![KeyValue::new(EXTENT_KEY.to_owned(), extent)];
    let properties = fixed_width(compressed(), &["trace_id", "digest"])
        .set_column_dictionary_enabled("detail".into(), false)
        .set_column_data_page_row_count_limit("detail".into(), DETAIL_ROWS)
        .set_column_data_page_row_count_limit("trace_id".into(), FENCE_ROWS)
        // Other columns are only read whole, so their pages have no limit of rows.
        .set_data_page_row_count_limit(usize::MAX)
        .set_max_row_group_row_count(None)
        .set_write_batch_size(DETAIL_ROWS)
        .set_key_value_metadata(Some(footer))
        .build();
    TableWriter::create(file, TRACE_SCHEMA.clone(), properties)
}

/// Writes rows to `file` and syncs it.
pub(crate) fn write_spans(
    file: &Path,
    batches: impl Iterator<Item = RecordBatch>,
) -> Result<(), StoreError> {
    let mut batches = batches.peekable();
    let schema = batches.peek().map_or_else(|| ROW_SCHEMA.clone(), RecordBatch::schema);
    let mut writer = TableWriter::create(file, schema, spans_properties())?;
    for batch in batches {
        writer.write(&batch)?;
    }
    writer.finish()
}

/// Settings of a spans file.
pub(super) fn spans_properties() -> WriterProperties {
    let mut properties = compressed();
    for column in ["receipt", "start_time", "duration_us", "sub_us"] {
        properties = properties
            .set_column_encoding(column.into(), Encoding::DELTA_BINARY_PACKED)
            .set_column_dictionary_enabled(column.into(), false);
    }
    properties
        // Random bytes: neither repeated nor compressible.
        .set_column_dictionary_enabled("span_id".into(), false)
        .set_column_compression("span_id".into(), Compression::UNCOMPRESSED)
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_write_batch_size(PAGE_ROWS)
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .build()
}

/// The rows of `generation`, each with the row of its trace in the traces file.
fn rows_with_traces(
    generation: &Generation,
    entries: &[Entry<'_>],
) -> impl Iterator<Item = RecordBatch> {
    let trace_rows = trace_rows(generation, entries);
    let mut written = 0;
    let batches: Vec<RecordBatch> = generation.all().batches().collect();
    batches.into_iter().map(move |batch| {
        let these = &trace_rows[written..written + batch.num_rows()];
        written += batch.num_rows();
        with_trace_rows(&batch, these)
    })
}

fn with_trace_rows(batch: &RecordBatch, trace_rows: &[u32]) -> RecordBatch {
    let mut columns = batch.columns().to_vec();
    columns.push(Arc::new(UInt32Array::from(trace_rows.to_vec())) as ArrayRef);
    RecordBatch::try_new(SPAN_SCHEMA.clone(), columns).expect("the columns are those of the schema")
}

fn compressed() -> WriterPropertiesBuilder {
    WriterProperties::builder()
        .set_compression(Compression::LZ4_RAW)
        .set_statistics_enabled(EnabledStatistics::Chunk)
}

/// Settings for columns of fixed width, which are read often, whole or by single rows: neither
/// compressed nor dictionary-encoded.
fn fixed_width(
    mut properties: WriterPropertiesBuilder,
    columns: &[&str],
) -> WriterPropertiesBuilder {
    for column in columns {
        properties = properties
            .set_column_compression((*column).into(), Compression::UNCOMPRESSED)
            .set_column_dictionary_enabled((*column).into(), false);
    }
    properties
}

/// A Parquet file that is being written.
pub(super) struct TableWriter {
    path: PathBuf,
    writer: ArrowWriter<Target>,
}

impl TableWriter {
    fn create(
        path: &Path,
        schema: SchemaRef,
        properties: WriterProperties,
    ) -> Result<Self, StoreError> {
        let file = disk::create(path).map_err(StoreError::directory(path))?;
        let writer = ArrowWriter::try_new(Target(file), schema, Some(properties));
        Ok(Self { path: path.to_owned(), writer: writer.map_err(StoreError::segment(path))? })
    }

    pub(super) fn write(&mut self, rows: &RecordBatch) -> Result<(), StoreError> {
        self.writer.write(rows).map_err(StoreError::segment(&self.path))
    }

    /// Completes the file and syncs it.
    pub(super) fn finish(self) -> Result<(), StoreError> {
        let file = self.writer.into_inner().map_err(StoreError::segment(&self.path))?;
        disk::sync_all(&file.0).map_err(StoreError::directory(&self.path))
    }
}

static SPAN_SCHEMA: std::sync::LazyLock<SchemaRef> = std::sync::LazyLock::new(|| {
    let mut fields: Vec<_> = ROW_SCHEMA.fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(TRACE_ROW, DataType::UInt32, false)));
    Arc::new(Schema::new(fields))
});
