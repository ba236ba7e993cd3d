//! The rows of a traces file: a trace and collector each, by trace id.

use std::sync::{Arc, LazyLock};

use arrow::array::{
    ArrayRef, AsArray, BooleanBuilder, FixedSizeBinaryBuilder, RecordBatch, StringBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use coral_trace::{Collector, TraceId};
use serde::{Deserialize, Serialize};

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

/// What decides whether a trace is wanted: one column of 32 bytes a row, not compressed, so that reading it is
/// copying it.
pub(crate) struct Lights(pub(super) Vec<RecordBatch>);

/// One row of it. Times are microseconds.
#[derive(Clone, Copy)]
pub(crate) struct Light {
    pub(crate) first_start: i64,
    pub(crate) last_end: i64,
    /// See [`crate::part::service_bit`].
    pub(crate) service_bits: u64,
    /// At most 2^31 - 1 are told apart.
    pub(crate) errors: u32,
    pub(crate) collector: Collector,
}

const LIGHT_BYTES: usize = 32;
const EBPF_BIT: u32 = 1 << 31;

/// Columns of a traces file, in its order.
pub(super) const TRACE_ID: usize = 0;
pub(super) const LIGHT: usize = 1;
pub(super) const CONTINUES: usize = 2;
pub(super) const DETAIL: usize = 3;

pub(super) static TRACE_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("trace_id", DataType::FixedSizeBinary(16), false),
        Field::new("light", DataType::FixedSizeBinary(LIGHT_BYTES as i32), false),
        Field::new("continues", DataType::Boolean, false),
        Field::new("detail", DataType::Utf8, false),
    ]))
});

impl Lights {
    /// Every row, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Light> {
        self.0.iter().flat_map(|batch| {
            let bytes = batch.column(0).as_fixed_size_binary().value_data();
            bytes.as_chunks::<LIGHT_BYTES>().0.iter().map(Light::from_bytes)
        })
    }
}

impl Light {
    /// No trace at all.
    pub(crate) const NOTHING: Self = Self {
        first_start: i64::MAX,
        last_end: i64::MIN,
        service_bits: 0,
        errors: 0,
        collector: Collector::Ebpf,
    };

    /// What decides about a part; its collector is not told.
    pub(crate) fn of_part(part: &Part) -> Self {
        Self {
            first_start: part.first_start,
            last_end: part.last_end,
            service_bits: part.service_bits(),
            errors: part.errors.try_into().unwrap_or(u32::MAX).min(EBPF_BIT - 1),
            collector: Collector::Ebpf,
        }
    }

    /// Adds another part of the same trace.
    pub(crate) fn add(&mut self, other: &Self) {
        self.first_start = self.first_start.min(other.first_start);
        self.last_end = self.last_end.max(other.last_end);
        self.service_bits |= other.service_bits;
        self.errors = self.errors.saturating_add(other.errors);
    }

    fn of(entry: &Entry<'_>) -> Self {
        Self { collector: entry.collector, ..Self::of_part(&entry.hot.part) }
    }

    fn to_bytes(self) -> [u8; LIGHT_BYTES] {
        let ebpf = if self.collector == Collector::Ebpf { EBPF_BIT } else { 0 };
        let mut bytes = [0; LIGHT_BYTES];
        bytes[..8].copy_from_slice(&self.first_start.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.last_end.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.service_bits.to_le_bytes());
        bytes[24..28].copy_from_slice(&(self.errors | ebpf).to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; LIGHT_BYTES]) -> Self {
        let word =
            |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        let flags = word(24) as u32;
        Self {
            first_start: word(0) as i64,
            last_end: word(8) as i64,
            service_bits: word(16),
            errors: flags & !EBPF_BIT,
            collector: if flags & EBPF_BIT != 0 { Collector::Ebpf } else { Collector::Sdk },
        }
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
    let mut light = FixedSizeBinaryBuilder::with_capacity(rows, LIGHT_BYTES as i32);
    let mut continues = BooleanBuilder::with_capacity(rows);
    let mut detail = StringBuilder::with_capacity(rows, 256 * rows);
    for entry in entries {
        let wide = "the column is as wide as the value";
        trace_id.append_value(entry.trace_id.bytes()).expect(wide);
        light.append_value(Light::of(entry).to_bytes()).expect(wide);
        continues.append_value(!entry.older.is_empty());
        detail.append_value(detail_json(entry.hot, entry.older));
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(trace_id.finish()),
        Arc::new(light.finish()),
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
