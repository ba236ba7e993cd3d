//! Rows of a traces file: one per trace and collector, by trace id.

use std::sync::{Arc, LazyLock};

use arrow_array::builder::{BinaryBuilder, BooleanBuilder, FixedSizeBinaryBuilder};
use arrow_array::cast::AsArray as _;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use coral_trace::{Collector, TraceId};
use serde::Deserialize;

use super::{SegmentServices, detail};
use crate::error::StoreError;
use crate::hot::digest::{DIGEST_BYTES, TraceDigest};
use crate::hot::generation::{Generation, HotPart};
use crate::hot::part::TracePart;
use crate::row::damaged;

/// The content of the `detail` column: the trace part, its rows in the spans file in ascending order,
/// and other segments with spans of the trace.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(crate) struct TraceRow {
    pub(crate) part: TracePart,
    pub(crate) rows: Vec<u32>,
    #[serde(default)]
    pub(crate) split_with: Vec<u64>,
}

/// The index of the column `trace_id` in a traces file. The constants below are the indexes of the
/// other columns.
pub(super) const TRACE_ID: usize = 0;
pub(super) const DIGEST: usize = 1;
pub(super) const SPLIT: usize = 2;
pub(super) const DETAIL: usize = 3;

pub(super) static TRACE_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("trace_id", DataType::FixedSizeBinary(16), false),
        Field::new("digest", DataType::FixedSizeBinary(DIGEST_BYTES as i32), false),
        Field::new("is_split", DataType::Boolean, false),
        Field::new("detail", DataType::Binary, false),
    ]))
});

/// A row of a traces file that is being written.
pub(super) struct Entry<'a> {
    pub(super) trace_id: TraceId,
    pub(super) collector: Collector,
    pub(super) hot: &'a HotPart,
    /// See [`TraceDigest::is_pair`].
    is_pair: bool,
    split_with: &'a [u64],
}

impl Entry<'_> {
    fn digest(&self, services: &SegmentServices) -> TraceDigest {
        let names = self.hot.part.services.iter().map(AsRef::as_ref);
        TraceDigest {
            collector: self.collector,
            is_pair: self.is_pair,
            service_bits: services.bits(names),
            ..self.hot.digest
        }
    }
}

/// The rows of the traces file for `generation`, by trace id; the SDK's row before the eBPF row.
pub(super) fn entries(generation: &Generation) -> Vec<Entry<'_>> {
    let mut entries = Vec::with_capacity(generation.traces.len());
    for (&trace_id, trace) in &generation.traces {
        let is_pair = trace.parts(None).count() == 2;
        for collector in [Collector::Sdk, Collector::Ebpf] {
            if let Some(hot) = trace.of(collector) {
                let split_with = &trace.split_with;
                entries.push(Entry { trace_id, collector, hot, is_pair, split_with });
            }
        }
    }
    entries.sort_unstable_by_key(|entry| (entry.trace_id, entry.collector == Collector::Ebpf));
    entries
}

/// The rows as columns. `services` are those of the segment.
pub(super) fn batch(entries: &[Entry<'_>], services: &SegmentServices) -> RecordBatch {
    let mut rows = TraceRows::with_capacity(entries.len());
    for entry in entries {
        let detail = detail::encode(&entry.hot.part, &entry.hot.rows, entry.split_with);
        let is_split = !entry.split_with.is_empty();
        rows.add(entry.trace_id, &entry.digest(services), is_split, &detail);
    }
    rows.finish()
}

/// Collects rows as columns.
pub(super) struct TraceRows {
    trace_id: FixedSizeBinaryBuilder,
    digest: FixedSizeBinaryBuilder,
    is_split: BooleanBuilder,
    detail: BinaryBuilder,
}

impl TraceRows {
    pub(super) fn with_capacity(rows: usize) -> Self {
        Self {
            trace_id: FixedSizeBinaryBuilder::with_capacity(rows, 16),
            digest: FixedSizeBinaryBuilder::with_capacity(rows, DIGEST_BYTES as i32),
            is_split: BooleanBuilder::with_capacity(rows),
            detail: BinaryBuilder::with_capacity(rows, 128 * rows),
        }
    }

    pub(super) fn push(&mut self, trace: TraceId, digest: &TraceDigest, row: &TraceRow) {
        let detail = detail::encode(&row.part, &row.rows, &row.split_with);
        self.add(trace, digest, !row.split_with.is_empty(), &detail);
    }

    fn add(&mut self, trace: TraceId, digest: &TraceDigest, is_split: bool, detail: &[u8]) {
        let wide = "the column is as wide as the value";
        self.trace_id.append_value(trace.bytes()).expect(wide);
        self.digest.append_value(digest.to_bytes()).expect(wide);
        self.is_split.append_value(is_split);
        self.detail.append_value(detail);
    }

    pub(super) fn finish(mut self) -> RecordBatch {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.trace_id.finish()),
            Arc::new(self.digest.finish()),
            Arc::new(self.is_split.finish()),
            Arc::new(self.detail.finish()),
        ];
        RecordBatch::try_new(TRACE_SCHEMA.clone(), columns)
            .expect("the columns are those of the schema")
    }
}

impl TraceRow {
    /// The rows of a `detail` column of a segment with `spans` spans. An earlier version of Coral wrote
    /// JSON, as text.
    pub(super) fn of_column(column: &ArrayRef, spans: u64) -> Result<Vec<Self>, StoreError> {
        match column.data_type() {
            DataType::Binary => {
                let end = spans.try_into().unwrap_or(u32::MAX);
                let read = |bytes| {
                    detail::decode(bytes, end).ok_or_else(|| damaged("detail", &"invalid bytes"))
                };
                column.as_binary::<i32>().iter().flatten().map(read).collect()
            }
            DataType::Utf8 => {
                column.as_string::<i32>().iter().flatten().map(Self::parse_json).collect()
            }
            other => Err(damaged("detail", other)),
        }
    }

    pub(super) fn parse_json(json: &str) -> Result<Self, StoreError> {
        serde_json::from_str(json).map_err(|error| damaged("detail", &error))
    }
}
