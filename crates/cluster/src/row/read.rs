//! Spans of rows that are read.

use std::collections::HashMap;
use std::sync::Arc;

use clickhouse::Row;
use coral_engine::{Columns, StoredSpan};
use coral_record::{read_extra, read_origin};
use coral_trace::{
    Attributes, Collector, Origin, Resource, Scope, Span, SpanId, SpanKind, Status, StatusCode,
    UnixNanos,
};
use serde::Deserialize;

use super::attributes::{self, AttributeColumns};
use super::span::trace_id;
use crate::error::ClusterError;

/// A row, with empty text in columns that are not wanted.
#[derive(Row, Deserialize)]
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
    /// The id of the origin in `origins`; 0 if `origin` has its text, or if it is not wanted.
    pub(crate) origin_id: u64,
    origin: String,
    extra: String,
}

/// A row with its attributes. Its columns are those of both, one after the other.
#[derive(Row, Deserialize)]
pub(crate) struct ReadWhole {
    pub(crate) span: ReadSpan,
    attributes: AttributeColumns,
}

/// Makes spans of rows. Equal origins are shared.
pub(crate) struct SpanReader {
    columns: Columns,
    /// The texts of origins, by their ids.
    pub(crate) texts: HashMap<u64, String>,
    by_id: HashMap<(u64, u8), Arc<Origin>>,
    origins: HashMap<(String, u8), Arc<Origin>>,
    agents: HashMap<String, Arc<str>>,
}

impl SpanReader {
    /// A reader of `columns` of spans.
    pub(crate) fn of(columns: Columns) -> Self {
        Self {
            columns,
            texts: HashMap::new(),
            by_id: HashMap::new(),
            origins: HashMap::new(),
            agents: HashMap::new(),
        }
    }

    /// Whether rows have attributes, and are [`ReadWhole`].
    pub(crate) fn has_attributes(&self) -> bool {
        self.columns.contains(Columns::ATTRIBUTES)
    }

    /// Whether rows have origins, which may be in `origins`.
    pub(crate) fn has_origins(&self) -> bool {
        self.columns.contains(Columns::ORIGIN)
    }

    /// The columns to select for [`ReadSpan`], or for [`ReadWhole`] if attributes are wanted.
    pub(crate) fn select(&self) -> String {
        let origin = if self.has_origins() {
            "origin_id, origin"
        } else {
            "toUInt64(0) AS no_origin_id, '' AS no_origin"
        };
        let extra =
            if self.columns.contains(Columns::DETAILS) { "extra" } else { "'' AS no_extra" };
        let attributes = if self.has_attributes() {
            format!(", {}", attributes::select())
        } else {
            String::new()
        };
        format!(
            "trace_id, span_id, parent_span_id, ebpf, agent_id, service, span_name, kind, start_us, \
             duration_us, sub_us, status, {origin}, {extra}{attributes}"
        )
    }

    /// The span of a row with attributes.
    pub(crate) fn whole(&mut self, row: ReadWhole) -> Result<StoredSpan, ClusterError> {
        let mut stored = self.read(row.span)?;
        stored.span.attributes = row.attributes.attributes()?;
        Ok(stored)
    }

    /// The span of a row, without attributes.
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
            attributes: Attributes::default(),
            dropped_attributes: 0,
            events: Vec::new(),
            dropped_events: 0,
            links: Vec::new(),
            dropped_links: 0,
            status: Status {
                code: StatusCode::from(i32::from(row.status)),
                message: String::new(),
            },
            origin: self.origin(row.origin_id, row.origin, row.service, row.ebpf)?,
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
        id: u64,
        json: String,
        service: String,
        ebpf: u8,
    ) -> Result<Arc<Origin>, ClusterError> {
        if id != 0 {
            return self.origin_of(id, ebpf);
        }
        let is_whole = self.columns.contains(Columns::ORIGIN);
        let key = (if is_whole { json } else { service }, ebpf);
        if let Some(known) = self.origins.get(&key) {
            return Ok(known.clone());
        }
        let collector = collector(ebpf);
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

    /// The origin with an id of `origins`.
    fn origin_of(&mut self, id: u64, ebpf: u8) -> Result<Arc<Origin>, ClusterError> {
        if let Some(known) = self.by_id.get(&(id, ebpf)) {
            return Ok(known.clone());
        }
        let text = self.texts.get(&id).ok_or_else(|| ClusterError::value("origin_id", id))?;
        let origin = read_origin(text, collector(ebpf));
        let origin = Arc::new(origin.map_err(|error| ClusterError::value("origin", error))?);
        self.by_id.insert((id, ebpf), origin.clone());
        Ok(origin)
    }
}

fn collector(ebpf: u8) -> Collector {
    if ebpf == 1 { Collector::Ebpf } else { Collector::Sdk }
}
