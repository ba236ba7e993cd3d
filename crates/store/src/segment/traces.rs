//! The rows of a traces file: a trace and collector each, by trace id.

use std::sync::{Arc, LazyLock};

use arrow::array::{
    AsArray, BooleanArray, BooleanBuilder, FixedSizeBinaryBuilder, RecordBatch, StringBuilder,
    TimestampMicrosecondArray, TimestampMicrosecondBuilder, UInt32Array, UInt32Builder,
    UInt64Array, UInt64Builder,
};
use arrow::datatypes::{
    DataType, Field, Schema, SchemaRef, TimestampMicrosecondType, UInt32Type, UInt64Type,
};
use coral_trace::{Collector, TraceId};
use serde::{Deserialize, Serialize};

use crate::batch::timestamp;
use crate::error::StoreError;
use crate::generation::{Generation, HotPart};
use crate::part::Part;
use crate::row::damaged;

/// What stands in the `detail` column, as JSON: the part, its rows in the spans file, and the older
/// segments that have spans of the trace too.
#[derive(Serialize, Deserialize)]
pub(crate) struct TraceRow {
    pub(crate) part: Part,
    pub(crate) rows: Vec<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) older: Vec<u64>,
}

/// The columns that decide whether a trace is wanted: fixed width and not compressed, so that reading them is
/// copying them.
pub(crate) struct Lights {
    pub(crate) ebpf: BooleanArray,
    pub(crate) first_start: TimestampMicrosecondArray,
    pub(crate) last_end: TimestampMicrosecondArray,
    pub(crate) errors: UInt32Array,
    /// See [`crate::part::service_bit`].
    pub(crate) service_bits: UInt64Array,
}

/// Columns of a traces file, in its order.
pub(super) const TRACE_ID: usize = 0;
pub(super) const LIGHT_COLUMNS: [usize; 5] = [1, 2, 3, 4, 5];
pub(super) const CONTINUES: usize = 6;
pub(super) const DETAIL: usize = 7;

pub(super) static TRACE_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("trace_id", DataType::FixedSizeBinary(16), false),
        Field::new("ebpf", DataType::Boolean, false),
        timestamp("first_start"),
        timestamp("last_end"),
        Field::new("errors", DataType::UInt32, false),
        Field::new("service_bits", DataType::UInt64, false),
        Field::new("continues", DataType::Boolean, false),
        Field::new("detail", DataType::Utf8, false),
    ]))
});

impl Lights {
    /// From a batch of [`LIGHT_COLUMNS`].
    pub(super) fn of(batch: &RecordBatch) -> Self {
        let column = |at: usize| batch.column(at);
        Self {
            ebpf: column(0).as_boolean().clone(),
            first_start: column(1).as_primitive::<TimestampMicrosecondType>().clone(),
            last_end: column(2).as_primitive::<TimestampMicrosecondType>().clone(),
            errors: column(3).as_primitive::<UInt32Type>().clone(),
            service_bits: column(4).as_primitive::<UInt64Type>().clone(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.first_start.len()
    }
}

/// One row to be.
pub(super) struct Entry<'a> {
    pub(super) trace_id: TraceId,
    pub(super) collector: Collector,
    pub(super) hot: &'a HotPart,
    older: &'a [u64],
}

/// The rows that `generation` makes, in their order.
pub(super) fn entries(generation: &Generation) -> Vec<Entry<'_>> {
    let mut entries = Vec::with_capacity(generation.traces.len());
    for (&trace_id, trace) in &generation.traces {
        for collector in [Collector::Sdk, Collector::Ebpf] {
            if let Some(hot) = trace.of(collector) {
                entries.push(Entry { trace_id, collector, hot, older: &trace.older });
            }
        }
    }
    entries.sort_unstable_by_key(|entry| (entry.trace_id, entry.collector == Collector::Ebpf));
    entries
}

/// The rows as columns.
pub(super) fn batch(entries: &[Entry<'_>]) -> RecordBatch {
    let rows = entries.len();
    let mut trace_id = FixedSizeBinaryBuilder::with_capacity(rows, 16);
    let mut ebpf = BooleanBuilder::with_capacity(rows);
    let mut first_start = TimestampMicrosecondBuilder::with_capacity(rows);
    let mut last_end = TimestampMicrosecondBuilder::with_capacity(rows);
    let mut errors = UInt32Builder::with_capacity(rows);
    let mut service_bits = UInt64Builder::with_capacity(rows);
    let mut continues = BooleanBuilder::with_capacity(rows);
    let mut detail = StringBuilder::with_capacity(rows, 256 * rows);
    for Entry { trace_id: id, collector, hot, older } in entries {
        let part = &hot.part;
        trace_id.append_value(id.bytes()).expect("the column is as wide as a trace id");
        ebpf.append_value(*collector == Collector::Ebpf);
        first_start.append_value(part.first_start);
        last_end.append_value(part.last_end);
        errors.append_value(part.errors.try_into().unwrap_or(u32::MAX));
        service_bits.append_value(part.service_bits());
        continues.append_value(!older.is_empty());
        detail.append_value(detail_json(hot, older));
    }
    let columns: Vec<arrow::array::ArrayRef> = vec![
        Arc::new(trace_id.finish()),
        Arc::new(ebpf.finish()),
        Arc::new(first_start.finish()),
        Arc::new(last_end.finish()),
        Arc::new(errors.finish()),
        Arc::new(service_bits.finish()),
        Arc::new(continues.finish()),
        Arc::new(detail.finish()),
    ];
    RecordBatch::try_new(TRACE_SCHEMA.clone(), columns)
        .expect("the columns are those of the schema")
}

fn detail_json(hot: &HotPart, older: &[u64]) -> String {
    /// [`TraceRow`], borrowed.
    #[derive(Serialize)]
    struct Row<'a> {
        part: &'a Part,
        rows: &'a [u32],
        #[serde(skip_serializing_if = "<[u64]>::is_empty")]
        older: &'a [u64],
    }
    let row = Row { part: &hot.part, rows: &hot.rows, older };
    serde_json::to_string(&row).expect("parts have a JSON form")
}

impl TraceRow {
    /// From the text of a `detail`.
    pub(super) fn parse(json: &str) -> Result<Self, StoreError> {
        serde_json::from_str(json).map_err(|error| damaged("detail", &error))
    }
}
