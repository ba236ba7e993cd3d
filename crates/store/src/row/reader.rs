//! Converts rows to spans: the reverse of `batch`.

use std::sync::Arc;

use arrow_array::types::UInt32Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, FixedSizeBinaryArray, Int16Array, Int64Array,
    RecordBatch, StringArray, TimestampMicrosecondArray, UInt8Array, UInt32Array, UInt64Array,
};
use coral_engine::{Budget, Columns, StoredSpan};
use coral_trace::{
    Attributes, Collector, KeyValue, Origin, Resource, Scope, Span, SpanId, SpanKind, Status,
    StatusCode, TraceId, Value,
};
use hashbrown::HashMap;

use crate::error::StoreError;
use crate::row::batch::ColumnTimes;
use coral_record::promoted::{self, NUMBERS, Promoted, TEXT};
use coral_record::{read_attributes, read_extra, read_origin};

/// Converts batches to spans. Equal origins are shared.
pub(crate) struct SpanReader {
    columns: Columns,
    /// Origins by their JSON text, or by service name if the column `origin` is not read. Index 0
    /// has SDK origins, index 1 has eBPF origins.
    origins: [HashMap<String, Arc<Origin>>; 2],
    agents: HashMap<String, Arc<str>>,
    /// The agent of the last span: mostly that of the next one too.
    last_agent: Option<Arc<str>>,
    /// The attributes of the span that is read, before they are moved to memory of the right size.
    pairs: Vec<KeyValue>,
}

/// Origins of one batch, by their dictionary code and whether eBPF is the collector.
type BatchOrigins = HashMap<(u32, bool), Arc<Origin>>;

/// The columns of one batch of `ROW_SCHEMA` that were read.
struct RowColumns<'a> {
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
    span_status: &'a UInt8Array,
    attributes: Option<AttributeColumns<'a>>,
    extra: Option<&'a StringArray>,
    origin: OriginColumns<'a>,
}

/// The columns with attributes.
struct AttributeColumns<'a> {
    status_code: &'a Int16Array,
    spellings: &'a UInt32Array,
    /// The columns that have any value, each with its place among all of them.
    text: Vec<(usize, &'a StringArray)>,
    numbers: Vec<(usize, &'a Int64Array)>,
    rest: &'a StringArray,
}

/// The column that the origin of a span is read from.
enum OriginColumns<'a> {
    Whole { codes: &'a UInt32Array, texts: &'a StringArray },
    ServiceAlone(&'a StringArray),
}

impl SpanReader {
    /// A reader of `columns` of spans.
    pub(crate) fn of(columns: Columns) -> Self {
        Self {
            columns,
            origins: Default::default(),
            agents: HashMap::new(),
            last_agent: None,
            pairs: Vec::new(),
        }
    }

    /// Adds the spans of `batch` to `spans`.
    pub(crate) fn read(
        &mut self,
        batch: &RecordBatch,
        budget: &Budget,
        spans: &mut Vec<StoredSpan>,
    ) -> Result<(), StoreError> {
        let columns = RowColumns::of(batch, self.columns)?;
        let mut origins = BatchOrigins::default();
        let mut pace = budget.pace();
        spans.reserve(batch.num_rows());
        for row in 0..batch.num_rows() {
            pace.step()?;
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
        columns: &RowColumns<'_>,
        row: usize,
        origins: &mut BatchOrigins,
    ) -> Result<Span, StoreError> {
        let (start, end) = columns.times(row).restore();
        self.pairs.clear();
        if let Some(columns) = &columns.attributes {
            columns.read(row, &mut self.pairs)?;
        }
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
            attributes: Attributes(self.pairs.drain(..).collect()),
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
        if let Some(extra) = columns.extra.and_then(|column| text(column, row)) {
            read_extra(extra, &mut span).map_err(|error| damaged("extra", &error))?;
        }
        Ok(span)
    }

    fn origin(
        &mut self,
        columns: &RowColumns<'_>,
        row: usize,
        origins: &mut BatchOrigins,
    ) -> Result<Arc<Origin>, StoreError> {
        let ebpf = columns.ebpf.value(row);
        match columns.origin {
            OriginColumns::Whole { codes, texts } => {
                let code = codes.value(row);
                if let Some(origin) = origins.get(&(code, ebpf)) {
                    return Ok(origin.clone());
                }
                let origin = self.origin_of(texts.value(code as usize), ebpf)?;
                origins.insert((code, ebpf), origin.clone());
                Ok(origin)
            }
            OriginColumns::ServiceAlone(services) => Ok(self.service(services.value(row), ebpf)),
        }
    }

    /// An origin that has only the service name.
    fn service(&mut self, service: &str, ebpf: bool) -> Arc<Origin> {
        let known = &mut self.origins[usize::from(ebpf)];
        if let Some(origin) = known.get(service) {
            return origin.clone();
        }
        let attributes = [("service.name", service)].into_iter().collect();
        let resource = Resource { attributes, ..Resource::default() };
        let origin = Origin { resource, scope: Scope::default(), collector: collector(ebpf) };
        let origin = Arc::new(origin);
        known.insert(service.to_owned(), origin.clone());
        origin
    }

    fn origin_of(&mut self, json: &str, ebpf: bool) -> Result<Arc<Origin>, StoreError> {
        let known = &mut self.origins[usize::from(ebpf)];
        if let Some(origin) = known.get(json) {
            return Ok(origin.clone());
        }
        let origin =
            read_origin(json, collector(ebpf)).map_err(|error| damaged("origin", &error))?;
        let origin = Arc::new(origin);
        known.insert(json.to_owned(), origin.clone());
        Ok(origin)
    }

    fn agent(&mut self, id: &str) -> Arc<str> {
        if let Some(last) = self.last_agent.as_ref().filter(|last| ***last == *id) {
            return last.clone();
        }
        let agent = match self.agents.get(id) {
            Some(agent) => agent.clone(),
            None => {
                let agent: Arc<str> = Arc::from(id);
                self.agents.insert(id.to_owned(), agent.clone());
                agent
            }
        };
        self.last_agent = Some(agent.clone());
        agent
    }
}

impl<'a> RowColumns<'a> {
    fn of(batch: &'a RecordBatch, wanted: Columns) -> Result<Self, StoreError> {
        let attributes = wanted.contains(Columns::ATTRIBUTES);
        let extra = wanted.contains(Columns::DETAILS);
        Ok(Self {
            receipt: column(batch, "receipt")?,
            trace_id: column(batch, "trace_id")?,
            span_id: column(batch, "span_id")?,
            parent_span_id: column(batch, "parent_span_id")?,
            agent_id: column(batch, "agent_id")?,
            ebpf: column(batch, "ebpf")?,
            span_name: column(batch, "span_name")?,
            span_kind: column(batch, "span_kind")?,
            start_time: column(batch, "start_time")?,
            duration_us: column(batch, "duration_us")?,
            sub_us: column(batch, "sub_us")?,
            span_status: column(batch, "span_status")?,
            attributes: attributes.then(|| AttributeColumns::of(batch)).transpose()?,
            extra: extra.then(|| column(batch, "extra")).transpose()?,
            origin: OriginColumns::of(batch, wanted.contains(Columns::ORIGIN))?,
        })
    }

    fn times(&self, row: usize) -> ColumnTimes {
        ColumnTimes {
            start_us: self.start_time.value(row),
            duration_us: self.duration_us.value(row),
            sub_us: self.sub_us.value(row),
        }
    }
}

impl<'a> AttributeColumns<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self, StoreError> {
        Ok(Self {
            status_code: column(batch, "status_code")?,
            spellings: column(batch, "spellings")?,
            text: with_values(batch, &TEXT)?,
            numbers: with_values(batch, &NUMBERS)?,
            rest: column(batch, "attributes")?,
        })
    }

    /// Adds promoted attributes in the order of their columns, then the rest in stored order.
    fn read(&self, row: usize, pairs: &mut Vec<KeyValue>) -> Result<(), StoreError> {
        let spellings = self.spellings.value(row);
        let status = optional(self.status_code, row, Int16Array::value);
        pairs.extend(promoted::status_attribute(spellings, status.map(|code| code as u16)));
        for (at, values) in &self.text {
            if let Some(text) = text(values, row) {
                let key = promoted::text_key(spellings, *at).to_owned();
                pairs.push(KeyValue { key, value: Value::from(text) });
            }
        }
        for (at, values) in &self.numbers {
            if let Some(number) = optional(*values, row, Int64Array::value) {
                let key = promoted::number_key(*at).to_owned();
                pairs.push(KeyValue { key, value: Value::Int(number) });
            }
        }
        if let Some(json) = text(self.rest, row) {
            let rest = read_attributes(json).map_err(|error| damaged("attributes", &error))?;
            pairs.extend(rest.0);
        }
        Ok(())
    }
}

impl<'a> OriginColumns<'a> {
    fn of(batch: &'a RecordBatch, whole: bool) -> Result<Self, StoreError> {
        if !whole {
            return Ok(Self::ServiceAlone(column(batch, "service_name")?));
        }
        let origin: &DictionaryArray<UInt32Type> = column(batch, "origin")?;
        let texts = origin.values().as_any().downcast_ref();
        let texts = texts.ok_or_else(|| damaged("origin", origin.data_type()))?;
        Ok(Self::Whole { codes: origin.keys(), texts })
    }
}

/// Column `name` of a batch.
pub(crate) fn column_named<'a>(
    batch: &'a RecordBatch,
    name: &'static str,
) -> Result<&'a ArrayRef, StoreError> {
    batch.column_by_name(name).ok_or_else(|| damaged(name, &"a missing column"))
}

/// Column `name`, if it has the type in the schema.
fn column<'a, T: Array + 'static>(
    batch: &'a RecordBatch,
    name: &'static str,
) -> Result<&'a T, StoreError> {
    let array = column_named(batch, name)?;
    array.as_any().downcast_ref().ok_or_else(|| damaged(name, array.data_type()))
}

/// Those of the columns of `promoted` that have any value, each with its place in `promoted`.
fn with_values<'a, T: Array + 'static>(
    batch: &'a RecordBatch,
    promoted: &[Promoted],
) -> Result<Vec<(usize, &'a T)>, StoreError> {
    let mut found = Vec::with_capacity(promoted.len());
    for (at, promoted) in promoted.iter().enumerate() {
        let column: &T = column(batch, promoted.column)?;
        if column.null_count() < column.len() {
            found.push((at, column));
        }
    }
    Ok(found)
}

/// The text at `row`; `None` if it is null.
fn text(column: &StringArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

fn collector(ebpf: bool) -> Collector {
    if ebpf { Collector::Ebpf } else { Collector::Sdk }
}

/// The value at `row`; `None` if it is null.
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

/// The error for a column with an invalid value.
pub(crate) fn damaged(column: &'static str, found: &impl std::fmt::Display) -> StoreError {
    StoreError::Damaged { column, found: found.to_string() }
}
