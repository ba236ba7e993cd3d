//! Rows as spans: the other direction of `batch`.

use std::sync::Arc;

use arrow_array::types::UInt32Type;
use arrow_array::{
    Array, BooleanArray, DictionaryArray, FixedSizeBinaryArray, Int16Array, Int64Array,
    RecordBatch, StringArray, TimestampMicrosecondArray, UInt8Array, UInt32Array, UInt64Array,
};
use coral_trace::{
    Attributes, Collector, KeyValue, Origin, Span, SpanId, SpanKind, Status, StatusCode, TraceId,
    Value,
};
use hashbrown::HashMap;

use crate::error::StoreError;
use crate::row::batch::{
    AFTER_PROMOTED, ColumnTimes, EBPF, FIRST_NUMBER, FIRST_TEXT, ORIGIN_ID, TRACE_ID,
};
use crate::row::promoted;
use crate::row::record::{read_attributes, read_extra, read_origin};

/// A span as it was stored.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredSpan {
    /// Its place in the store's sequence.
    pub receipt: u64,
    /// The agent it was polled from; empty in an agent's own store.
    pub agent_id: Arc<str>,
    /// The span, with everything OTLP said of it.
    pub span: Span,
}

/// Turns batches into spans, and shares what they share.
#[derive(Default)]
pub(crate) struct SpanReader {
    /// By the text of the origin: SDK's first, eBPF's second.
    origins: [HashMap<String, Arc<Origin>>; 2],
    agents: HashMap<String, Arc<str>>,
}

/// Origins of one batch, by their code in it and whether eBPF is the collector.
type BatchOrigins = HashMap<(u32, bool), Arc<Origin>>;

/// The columns of one batch of `ROW_SCHEMA`.
struct Columns<'a> {
    receipt: &'a UInt64Array,
    trace_id: &'a FixedSizeBinaryArray,
    span_id: &'a UInt64Array,
    parent_span_id: &'a UInt64Array,
    agent_id: &'a StringArray,
    ebpf: &'a BooleanArray,
    span_name: &'a StringArray,
    span_kind: &'a UInt8Array,
    start_time: &'a TimestampMicrosecondArray,
    duration_us: &'a Int64Array,
    sub_us: &'a UInt32Array,
    status_code: &'a Int16Array,
    span_status: &'a UInt8Array,
    spellings: &'a UInt32Array,
    text: Vec<&'a StringArray>,
    numbers: Vec<&'a Int64Array>,
    attributes: &'a StringArray,
    extra: &'a StringArray,
    origin_codes: &'a UInt32Array,
    origin_texts: &'a StringArray,
}

impl SpanReader {
    /// Adds the spans of `batch` to `spans`.
    pub(crate) fn read(
        &mut self,
        batch: &RecordBatch,
        spans: &mut Vec<StoredSpan>,
    ) -> Result<(), StoreError> {
        let columns = Columns::of(batch)?;
        let mut origins = BatchOrigins::default();
        spans.reserve(batch.num_rows());
        for row in 0..batch.num_rows() {
            spans.push(StoredSpan {
                receipt: columns.receipt.value(row),
                agent_id: self.agent(columns.agent_id.value(row)),
                span: self.span(&columns, row, &mut origins)?,
            });
        }
        Ok(())
    }

    fn span(
        &mut self,
        columns: &Columns<'_>,
        row: usize,
        origins: &mut BatchOrigins,
    ) -> Result<Span, StoreError> {
        let (start, end) = columns.times(row).restore();
        let mut span = Span {
            trace_id: trace_id(columns.trace_id.value(row))?,
            span_id: span_id("span_id", columns.span_id.value(row))?,
            parent_span_id: optional(columns.parent_span_id, row, UInt64Array::value)
                .map(|id| span_id("parent_span_id", id))
                .transpose()?,
            trace_state: String::new(),
            flags: 0,
            name: columns.span_name.value(row).to_owned(),
            kind: SpanKind::from(i32::from(columns.span_kind.value(row))),
            start,
            end,
            attributes: columns.attributes(row)?,
            dropped_attributes: 0,
            events: Vec::new(),
            dropped_events: 0,
            links: Vec::new(),
            dropped_links: 0,
            status: Status {
                code: StatusCode::from(i32::from(columns.span_status.value(row))),
                message: String::new(),
            },
            origin: self.origin(columns, row, origins)?,
        };
        if let Some(extra) = optional(columns.extra, row, StringArray::value) {
            read_extra(extra, &mut span).map_err(|error| damaged("extra", &error))?;
        }
        Ok(span)
    }

    fn origin(
        &mut self,
        columns: &Columns<'_>,
        row: usize,
        origins: &mut BatchOrigins,
    ) -> Result<Arc<Origin>, StoreError> {
        let (code, ebpf) = (columns.origin_codes.value(row), columns.ebpf.value(row));
        if let Some(origin) = origins.get(&(code, ebpf)) {
            return Ok(origin.clone());
        }
        let origin = self.origin_of(columns.origin_texts.value(code as usize), ebpf)?;
        origins.insert((code, ebpf), origin.clone());
        Ok(origin)
    }

    fn origin_of(&mut self, json: &str, ebpf: bool) -> Result<Arc<Origin>, StoreError> {
        let known = &mut self.origins[usize::from(ebpf)];
        if let Some(origin) = known.get(json) {
            return Ok(origin.clone());
        }
        let collector = if ebpf { Collector::Ebpf } else { Collector::Sdk };
        let origin = read_origin(json, collector).map_err(|error| damaged("origin", &error))?;
        let origin = Arc::new(origin);
        known.insert(json.to_owned(), origin.clone());
        Ok(origin)
    }

    fn agent(&mut self, id: &str) -> Arc<str> {
        match self.agents.get(id) {
            Some(agent) => agent.clone(),
            None => {
                let agent: Arc<str> = Arc::from(id);
                self.agents.insert(id.to_owned(), agent.clone());
                agent
            }
        }
    }
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self, StoreError> {
        let origin: &DictionaryArray<UInt32Type> = column(batch, ORIGIN_ID)?;
        let origin_texts = origin.values().as_any().downcast_ref();
        Ok(Self {
            receipt: column(batch, 0)?,
            trace_id: column(batch, TRACE_ID)?,
            span_id: column(batch, 3)?,
            parent_span_id: column(batch, 4)?,
            agent_id: column(batch, 5)?,
            ebpf: column(batch, EBPF)?,
            span_name: column(batch, 8)?,
            span_kind: column(batch, 9)?,
            start_time: column(batch, 10)?,
            duration_us: column(batch, 11)?,
            sub_us: column(batch, 12)?,
            status_code: column(batch, 13)?,
            span_status: column(batch, 14)?,
            spellings: column(batch, 15)?,
            text: (FIRST_TEXT..FIRST_NUMBER)
                .map(|at| column(batch, at))
                .collect::<Result<_, _>>()?,
            numbers: (FIRST_NUMBER..AFTER_PROMOTED)
                .map(|at| column(batch, at))
                .collect::<Result<_, _>>()?,
            attributes: column(batch, AFTER_PROMOTED)?,
            extra: column(batch, AFTER_PROMOTED + 1)?,
            origin_codes: origin.keys(),
            origin_texts: origin_texts.ok_or_else(|| damaged("origin", origin.data_type()))?,
        })
    }

    fn times(&self, row: usize) -> ColumnTimes {
        ColumnTimes {
            start_us: self.start_time.value(row),
            duration_us: self.duration_us.value(row),
            sub_us: self.sub_us.value(row),
        }
    }

    /// Promoted attributes in the order of their columns, then the rest in theirs.
    fn attributes(&self, row: usize) -> Result<Attributes, StoreError> {
        let spellings = self.spellings.value(row);
        let status = optional(self.status_code, row, Int16Array::value);
        let mut pairs = Vec::new();
        pairs.extend(promoted::status_attribute(spellings, status.map(|code| code as u16)));
        for (at, values) in self.text.iter().enumerate() {
            if let Some(text) = optional(*values, row, StringArray::value) {
                let key = promoted::text_key(spellings, at).to_owned();
                pairs.push(KeyValue { key, value: Value::from(text) });
            }
        }
        for (at, values) in self.numbers.iter().enumerate() {
            if let Some(number) = optional(*values, row, Int64Array::value) {
                let key = promoted::number_key(at).to_owned();
                pairs.push(KeyValue { key, value: Value::Int(number) });
            }
        }
        if let Some(json) = optional(self.attributes, row, StringArray::value) {
            let rest = read_attributes(json).map_err(|error| damaged("attributes", &error))?;
            pairs.extend(rest.0);
        }
        Ok(Attributes(pairs))
    }
}

/// Column `at`, if it has the type that the schema gives it.
fn column<T: Array + 'static>(batch: &RecordBatch, at: usize) -> Result<&T, StoreError> {
    let array = batch.column(at);
    array.as_any().downcast_ref().ok_or_else(|| StoreError::Damaged {
        column: "type",
        found: format!("{} at {at}", array.data_type()),
    })
}

/// The value at `row`, unless it is NULL.
fn optional<'a, A: Array, T>(
    array: &'a A,
    row: usize,
    value: impl Fn(&'a A, usize) -> T,
) -> Option<T> {
    array.is_valid(row).then(|| value(array, row))
}

/// A trace id from its column.
pub(crate) fn trace_id(bytes: &[u8]) -> Result<TraceId, StoreError> {
    TraceId::try_from(bytes).map_err(|error| damaged("trace_id", &error))
}

fn span_id(column: &'static str, id: u64) -> Result<SpanId, StoreError> {
    SpanId::try_from(id).map_err(|error| damaged(column, &error))
}

/// A column holds what is never written.
pub(crate) fn damaged(column: &'static str, found: &impl std::fmt::Display) -> StoreError {
    StoreError::Damaged { column, found: found.to_string() }
}
