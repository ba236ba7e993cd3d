//! Writes rows to a metric file.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder, UInt64Builder};
use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, UInt8Array,
    UInt16Array, UInt64Array,
};
use coral_engine::StoredDelta;
use coral_trace::UnixNanos;
use coral_trace::red::{Series, Side};
use parquet::arrow::ArrowWriter;

use super::file::MetricFileExtent;
use super::record::write_exemplars;
use super::schema::{BATCH_ROWS, SCHEMA, properties};
use crate::disk::{self, Target};
use crate::error::StoreError;
use coral_record::write_attributes;

/// Writes `rows` to `file` and syncs it. The Parquet footer gets `extent`.
pub(crate) fn write_rows<'a>(
    file: &Path,
    rows: impl Iterator<Item = &'a StoredDelta>,
    extent: Option<&MetricFileExtent>,
) -> Result<(), StoreError> {
    let mut writer = RowWriter::create(file)?;
    let rows: Vec<&StoredDelta> = rows.collect();
    for rows in rows.chunks(BATCH_ROWS) {
        writer.write(rows)?;
    }
    writer.finish(extent)
}

/// Writes a file batch by batch. One row group is in memory, encoded.
pub(super) struct RowWriter<'a> {
    file: &'a Path,
    writer: ArrowWriter<Target>,
}

impl<'a> RowWriter<'a> {
    pub(super) fn create(file: &'a Path) -> Result<Self, StoreError> {
        let target = Target(disk::create(file).map_err(StoreError::directory(file))?);
        let writer = ArrowWriter::try_new(target, SCHEMA.clone(), Some(properties()));
        Ok(Self { file, writer: writer.map_err(StoreError::segment(file))? })
    }

    /// Adds `rows`, at most [`BATCH_ROWS`].
    pub(super) fn write(&mut self, rows: &[&StoredDelta]) -> Result<(), StoreError> {
        self.writer.write(&batch(rows)).map_err(StoreError::segment(self.file))
    }

    /// Completes the file with `extent` in its footer, and syncs it.
    pub(super) fn finish(mut self, extent: Option<&MetricFileExtent>) -> Result<(), StoreError> {
        if let Some(extent) = extent {
            self.writer.append_key_value_metadata(extent.entry());
        }
        let written = self.writer.into_inner().map_err(StoreError::segment(self.file))?;
        disk::sync_all(&written.0).map_err(StoreError::directory(self.file))
    }
}

pub(crate) fn batch(rows: &[&StoredDelta]) -> RecordBatch {
    let text = |of: fn(&StoredDelta) -> &str| -> ArrayRef {
        Arc::new(rows.iter().map(|row| Some(of(row))).collect::<StringArray>())
    };
    let time = |of: fn(&StoredDelta) -> UnixNanos| -> ArrayRef {
        Arc::new(rows.iter().map(|row| of(row).0 as i64).collect::<Int64Array>())
    };
    let series = || rows.iter().map(|row| &row.delta.series);
    let sums: Float64Array = rows.iter().map(|row| row.delta.histogram.sum).collect();
    let exemplars: StringArray =
        rows.iter().map(|row| write_exemplars(&row.delta.exemplars)).collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(rows.iter().map(|row| row.receipt).collect::<UInt64Array>()),
        text(|row| &row.agent_id),
        time(|row| row.received),
        Arc::new(series().map(|series| series.protocol as u8).collect::<UInt8Array>()),
        Arc::new(
            series().map(|series| Some(series.side == Side::Client)).collect::<BooleanArray>(),
        ),
        text(|row| &row.delta.series.service),
        text(|row| &row.delta.series.operation),
        text(|row| &row.delta.series.target),
        Arc::new(series().map(|series| series.status).collect::<UInt16Array>()),
        text(|row| &row.delta.series.error),
        attributes(rows),
        time(|row| row.delta.since),
        time(|row| row.delta.time),
        Arc::new(sums),
        numbers(rows, |row| row.delta.histogram.bounds()),
        numbers(rows, |row| row.delta.histogram.counts()),
        Arc::new(exemplars),
    ];
    RecordBatch::try_new(SCHEMA.clone(), columns).expect("the columns are those of the schema")
}

/// The column of attributes, as JSON text. Rows of one series have the same text, which is made
/// once.
fn attributes(rows: &[&StoredDelta]) -> ArrayRef {
    let mut written: HashMap<*const Series, Option<String>> = HashMap::new();
    let mut column = StringBuilder::new();
    for row in rows {
        let series = &row.delta.series;
        let text = written
            .entry(Arc::as_ptr(series))
            .or_insert_with(|| write_attributes(&series.attributes.iter().collect::<Vec<_>>()));
        column.append_option(text.as_deref());
    }
    Arc::new(column.finish())
}

fn numbers(rows: &[&StoredDelta], of: fn(&StoredDelta) -> &[u64]) -> ArrayRef {
    let mut column = ListBuilder::new(UInt64Builder::new());
    for row in rows {
        column.values().append_slice(of(row));
        column.append(true);
    }
    Arc::new(column.finish())
}
