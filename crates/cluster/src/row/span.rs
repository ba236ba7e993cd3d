//! Rows of spans.

use std::collections::HashMap;
use std::sync::Arc;

use clickhouse::Row;
use coral_engine::{Columns, StoredSpan};
use coral_record::{read_extra, read_origin, write_extra, write_origin};
use coral_trace::{
    Attributes, Collector, Origin, Resource, Scope, Span, SpanId, SpanKind, Status, StatusCode,
    TraceId, UnixNanos,
};
use serde::{Deserialize, Serialize};

use super::{read_attributes, write_attributes};
use crate::error::ClusterError;

/// A row to insert into `spans`.
#[derive(Row, Serialize, Deserialize)]
pub(crate) struct SpanRow {
    bucket: u32,
    trace_id: [u8; 16],
    span_id: u64,
    /// 0 for a root.
    parent_span_id: u64,
    ebpf: u8,
    agent_id: String,
    service: String,
    span_name: String,
    kind: u8,
    start_us: i64,
    duration_us: i64,
    /// The nanoseconds below the microsecond: of the start × 1,000 + of the duration.
    sub_us: u32,
    status: u8,
    attributes: String,
    origin: String,
    extra: String,
    store_id: String,
    /// The cursor after the page whose last row on this shard this is; 0 in every other row.
    pub(crate) page_end: u64,
}

/// A row that is read, with empty text in columns that are not wanted.
#[derive(Row, Serialize, Deserialize)]
pub(crate) struct ReadSpan {
    trace_id: [u8; 16],
    span_id: u64,
    parent_span_id: u64,
    ebpf: u8,
    agent_id: String,
    service: String,
    span_name: String,
    kind: u8,
    start_us: i64,
    duration_us: i64,
    sub_us: u32,
    status: u8,
    attributes: String,
    origin: String,
    extra: String,
}

/// Makes rows of the spans of one page.
pub(crate) struct SpanWriter<'a> {
    pub(crate) bucket: u32,
    pub(crate) agent_id: &'a str,
    pub(crate) store_id: &'a str,
    /// The text of each origin, by its address: spans of one export share an origin.
    pub(crate) origins: HashMap<*const Origin, String>,
}

/// Makes spans of rows. Equal origins are shared.
pub(crate) struct SpanReader {
    columns: Columns,
    origins: HashMap<(String, u8), Arc<Origin>>,
    agents: HashMap<String, Arc<str>>,
}

impl SpanWriter<'_> {
    pub(crate) fn row(&mut self, span: &Span) -> SpanRow {
        let nanos = i128::from(span.end.0) - i128::from(span.start.0);
        let origin = self.origins.entry(Arc::as_ptr(&span.origin));
        SpanRow {
            bucket: self.bucket,
            trace_id: span.trace_id.bytes(),
            span_id: span.span_id.as_u64(),
            parent_span_id: span.parent_span_id.map_or(0, SpanId::as_u64),
            ebpf: u8::from(span.origin.collector == Collector::Ebpf),
            agent_id: self.agent_id.to_owned(),
            service: span.origin.service_name().to_owned(),
            span_name: span.name.clone(),
            kind: span.kind as u8,
            start_us: span.start.as_micros(),
            // A u64 of nanoseconds is at most 2^64 / 1000 µs, which an i64 holds.
            duration_us: nanos.div_euclid(1_000) as i64,
            sub_us: (span.start.0 % 1_000) as u32 * 1_000 + nanos.rem_euclid(1_000) as u32,
            status: span.status.code as u8,
            attributes: write_attributes(&span.attributes),
            origin: origin.or_insert_with(|| write_origin(&span.origin)).clone(),
            extra: write_extra(span).unwrap_or_default(),
            store_id: self.store_id.to_owned(),
            page_end: 0,
        }
    }
}

impl SpanReader {
    /// A reader of `columns` of spans.
    pub(crate) fn of(columns: Columns) -> Self {
        Self { columns, origins: HashMap::new(), agents: HashMap::new() }
    }

    /// The columns to select for [`ReadSpan`].
    pub(crate) fn select(&self) -> String {
        let text = |group, name: &str| {
            if self.columns.contains(group) { name.to_owned() } else { format!("'' AS no_{name}") }
        };
        format!(
            "trace_id, span_id, parent_span_id, ebpf, agent_id, service, span_name, kind, start_us, \
             duration_us, sub_us, status, {}, {}, {}",
            text(Columns::ATTRIBUTES, "attributes"),
            text(Columns::ORIGIN, "origin"),
            text(Columns::DETAILS, "extra"),
        )
    }

    pub(crate) fn read(&mut self, row: ReadSpan) -> Result<StoredSpan, ClusterError> {
        let start = i128::from(row.start_us) * 1_000 + i128::from(row.sub_us / 1_000);
        let nanos = i128::from(row.duration_us) * 1_000 + i128::from(row.sub_us % 1_000);
        let id =
            |column, id| SpanId::try_from(id).map_err(|error| ClusterError::value(column, error));
        let parent = (row.parent_span_id != 0).then_some(row.parent_span_id);
        let mut span = Span {
            trace_id: trace_id(row.trace_id)?,
            span_id: id("span_id", row.span_id)?,
            parent_span_id: parent.map(|parent| id("parent_span_id", parent)).transpose()?,
            trace_state: String::new(),
            flags: 0,
            name: row.span_name,
            kind: SpanKind::from(i32::from(row.kind)),
            start: UnixNanos(start as u64),
            end: UnixNanos((start + nanos) as u64),
            attributes: read_attributes(&row.attributes)?,
            dropped_attributes: 0,
            events: Vec::new(),
            dropped_events: 0,
            links: Vec::new(),
            dropped_links: 0,
            status: Status {
                code: StatusCode::from(i32::from(row.status)),
                message: String::new(),
            },
            origin: self.origin(row.origin, row.service, row.ebpf)?,
        };
        if !row.extra.is_empty() {
            let read = read_extra(&row.extra, &mut span);
            read.map_err(|error| ClusterError::value("extra", error))?;
        }
        let agent = self.agents.entry(row.agent_id);
        let agent_id = agent.or_insert_with_key(|id| Arc::from(id.as_str())).clone();
        Ok(StoredSpan { receipt: 0, agent_id, span })
    }

    fn origin(
        &mut self,
        json: String,
        service: String,
        ebpf: u8,
    ) -> Result<Arc<Origin>, ClusterError> {
        let is_whole = self.columns.contains(Columns::ORIGIN);
        let key = (if is_whole { json } else { service }, ebpf);
        if let Some(known) = self.origins.get(&key) {
            return Ok(known.clone());
        }
        let collector = if ebpf == 1 { Collector::Ebpf } else { Collector::Sdk };
        let origin = if is_whole {
            read_origin(&key.0, collector).map_err(|error| ClusterError::value("origin", error))?
        } else {
            let attributes = Attributes::from_iter([("service.name", key.0.as_str())]);
            let resource = Resource { attributes, ..Resource::default() };
            Origin { resource, scope: Scope::default(), collector }
        };
        let origin = Arc::new(origin);
        self.origins.insert(key, origin.clone());
        Ok(origin)
    }
}

/// A trace id from its column.
pub(crate) fn trace_id(bytes: [u8; 16]) -> Result<TraceId, ClusterError> {
    TraceId::try_from(&bytes[..]).map_err(|error| ClusterError::value("trace_id", error))
}
