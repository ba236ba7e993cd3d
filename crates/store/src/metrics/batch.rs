//! Converts rows to Arrow batches and back.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use arrow_array::builder::{ListBuilder, StringBuilder, UInt64Builder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, UInt8Type, UInt16Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, UInt8Array,
    UInt16Array, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use coral_engine::StoredDelta;
use coral_trace::UnixNanos;
use coral_trace::red::{Delta, Histogram, Protocol, Series, Side};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use super::record::{damaged, read_exemplars, write_exemplars};
use crate::disk::{self, Target};
use crate::error::StoreError;
use crate::row::record::{read_attributes, write_attributes};

/// The columns of a file. Times are nanoseconds since the epoch; histogram bounds are nanoseconds.
static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let column = |name: &str, kind: DataType| Field::new(name, kind, true);
    let numbers = || DataType::List(Arc::new(Field::new_list_field(DataType::UInt64, true)));
    Arc::new(Schema::new(vec![
        column("receipt", DataType::UInt64),
        column("agent_id", DataType::Utf8),
        column("received", DataType::Int64),
        column("protocol", DataType::UInt8),
        column("client", DataType::Boolean),
        column("service_name", DataType::Utf8),
        column("operation", DataType::Utf8),
        column("target", DataType::Utf8),
        column("status", DataType::UInt16),
        column("error", DataType::Utf8),
        column("attributes", DataType::Utf8),
        column("since", DataType::Int64),
        column("time", DataType::Int64),
        column("sum", DataType::Float64),
        column("bounds", numbers()),
        column("counts", numbers()),
        column("exemplars", DataType::Utf8),
    ]))
});

/// Rows per row group, and per batch when reading.
pub(super) const BATCH_ROWS: usize = 8_192;

/// Writes `rows` to `file` and syncs it. The Parquet footer gets `footer`.
pub(crate) fn write_rows<'a>(
    file: &Path,
    rows: impl Iterator<Item = &'a StoredDelta>,
    footer: Vec<KeyValue>,
) -> Result<(), StoreError> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::LZ4_RAW)
        .set_column_dictionary_enabled("receipt".into(), false)
        .set_column_encoding("receipt".into(), Encoding::DELTA_BINARY_PACKED)
        .set_max_row_group_row_count(Some(BATCH_ROWS))
        .set_key_value_metadata(Some(footer))
        .build();
    let rows: Vec<&StoredDelta> = rows.collect();
    let target = disk::create(file).map_err(StoreError::directory(file))?;
    let write = || -> Result<Target, ParquetError> {
        let mut writer = ArrowWriter::try_new(Target(target), SCHEMA.clone(), Some(properties))?;
        for rows in rows.chunks(BATCH_ROWS) {
            writer.write(&batch(rows))?;
        }
        writer.into_inner()
    };
    let written = write().map_err(StoreError::segment(file))?;
    disk::sync_all(&written.0).map_err(StoreError::directory(file))
}

fn batch(rows: &[&StoredDelta]) -> RecordBatch {
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

/// Reads the rows of a batch.
pub(super) fn read(batch: &RecordBatch) -> Result<Vec<StoredDelta>, StoreError> {
    if batch.schema().fields() != SCHEMA.fields() {
        return Err(damaged("columns", "columns other than this build writes"));
    }
    let columns = Columns(batch);
    let mut last: Option<Arc<Series>> = None;
    (0..batch.num_rows())
        .map(|row| {
            let series = columns.series(row)?;
            // Consecutive rows often have the same series, so they share one copy.
            let shared = last.take().filter(|last| **last == series);
            let series = shared.unwrap_or_else(|| Arc::new(series));
            last = Some(series.clone());
            columns.row(row, series)
        })
        .collect()
}

/// Columns of a batch, by their number in [`SCHEMA`].
struct Columns<'a>(&'a RecordBatch);

impl Columns<'_> {
    fn row(&self, row: usize, series: Arc<Series>) -> Result<StoredDelta, StoreError> {
        let list = |column: usize| {
            let list = self.0.column(column).as_list::<i32>().value(row);
            list.as_primitive::<UInt64Type>().values().to_vec()
        };
        let sums = self.0.column(13).as_primitive::<Float64Type>();
        let sum = sums.is_valid(row).then(|| sums.value(row));
        let histogram = Histogram::new(list(14), list(15), sum);
        let exemplars = self.optional(16, row).map(read_exemplars).transpose()?;
        Ok(StoredDelta {
            receipt: self.0.column(0).as_primitive::<UInt64Type>().value(row),
            agent_id: self.text(1, row).into(),
            received: self.time(2, row),
            delta: Delta {
                series,
                since: self.time(11, row),
                time: self.time(12, row),
                histogram: histogram.map_err(|error| damaged("counts", error))?,
                exemplars: exemplars.unwrap_or_default(),
            },
        })
    }

    fn series(&self, row: usize) -> Result<Series, StoreError> {
        let protocol = self.0.column(3).as_primitive::<UInt8Type>().value(row);
        let statuses = self.0.column(8).as_primitive::<UInt16Type>();
        let attributes = self.optional(10, row).map(read_attributes).transpose();
        Ok(Series {
            protocol: *Protocol::ALL
                .get(usize::from(protocol))
                .ok_or_else(|| damaged("protocol", protocol))?,
            side: if self.0.column(4).as_boolean().value(row) {
                Side::Client
            } else {
                Side::Server
            },
            service: self.text(5, row).to_owned(),
            operation: self.text(6, row).to_owned(),
            target: self.text(7, row).to_owned(),
            status: statuses.is_valid(row).then(|| statuses.value(row)),
            error: self.text(9, row).to_owned(),
            attributes: attributes
                .map_err(|error| damaged("attributes", error))?
                .unwrap_or_default(),
        })
    }

    fn text(&self, column: usize, row: usize) -> &str {
        self.0.column(column).as_string::<i32>().value(row)
    }

    fn optional(&self, column: usize, row: usize) -> Option<&str> {
        let texts = self.0.column(column).as_string::<i32>();
        texts.is_valid(row).then(|| texts.value(row))
    }

    fn time(&self, column: usize, row: usize) -> UnixNanos {
        UnixNanos(self.0.column(column).as_primitive::<Int64Type>().value(row) as u64)
    }
}
