//! Spans in JSON. An invalid id refuses only its span or link, as in protobuf.

use std::fmt;
use std::mem;
use std::str::FromStr;
use std::sync::Arc;

use coral_trace::{self as trace, Attributes, InvalidId, Origin, SpanId, UnixNanos};
use opentelemetry_proto::tonic::trace::v1::{span::SpanKind, status::StatusCode};
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

use crate::otlp::is_too_deep;
use crate::otlp_in::links::put_links;
use crate::otlp_json::scalar::{enumeration, integer, nullable};
use crate::otlp_json::value::{KeyValue, attributes};
use crate::refusal::{RefusalReason, RefusedSpans};

/// The spans of one `ScopeSpans`, each checked when read, before their origin is known.
#[derive(Default)]
pub(super) struct Spans {
    pub taken: Vec<trace::Span>,
    pub refused: RefusedSpans,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Span {
    #[serde(alias = "trace_id", deserialize_with = "nullable")]
    trace_id: String,
    #[serde(alias = "span_id", deserialize_with = "nullable")]
    span_id: String,
    #[serde(alias = "trace_state", deserialize_with = "nullable")]
    trace_state: String,
    #[serde(alias = "parent_span_id", deserialize_with = "nullable")]
    parent_span_id: String,
    #[serde(deserialize_with = "integer")]
    flags: u32,
    #[serde(deserialize_with = "nullable")]
    name: String,
    #[serde(deserialize_with = "kind")]
    kind: i32,
    #[serde(alias = "start_time_unix_nano", deserialize_with = "integer")]
    start_time_unix_nano: u64,
    #[serde(alias = "end_time_unix_nano", deserialize_with = "integer")]
    end_time_unix_nano: u64,
    #[serde(deserialize_with = "nullable")]
    attributes: Vec<KeyValue>,
    #[serde(alias = "dropped_attributes_count", deserialize_with = "integer")]
    dropped_attributes_count: u32,
    #[serde(deserialize_with = "nullable")]
    events: Vec<Event>,
    #[serde(alias = "dropped_events_count", deserialize_with = "integer")]
    dropped_events_count: u32,
    #[serde(deserialize_with = "nullable")]
    links: Vec<Link>,
    #[serde(alias = "dropped_links_count", deserialize_with = "integer")]
    dropped_links_count: u32,
    #[serde(deserialize_with = "nullable")]
    status: Status,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Event {
    #[serde(alias = "time_unix_nano", deserialize_with = "integer")]
    time_unix_nano: u64,
    #[serde(deserialize_with = "nullable")]
    name: String,
    #[serde(deserialize_with = "nullable")]
    attributes: Vec<KeyValue>,
    #[serde(alias = "dropped_attributes_count", deserialize_with = "integer")]
    dropped_attributes_count: u32,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Link {
    #[serde(alias = "trace_id", deserialize_with = "nullable")]
    trace_id: String,
    #[serde(alias = "span_id", deserialize_with = "nullable")]
    span_id: String,
    #[serde(alias = "trace_state", deserialize_with = "nullable")]
    trace_state: String,
    #[serde(deserialize_with = "nullable")]
    attributes: Vec<KeyValue>,
    #[serde(alias = "dropped_attributes_count", deserialize_with = "integer")]
    dropped_attributes_count: u32,
    #[serde(deserialize_with = "integer")]
    flags: u32,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Status {
    #[serde(deserialize_with = "nullable")]
    message: String,
    #[serde(deserialize_with = "code")]
    code: i32,
}

impl<'de> Deserialize<'de> for Spans {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;

        impl<'de> Visitor<'de> for List {
            type Value = Spans;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of spans")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Spans, A::Error> {
                let (mut spans, nowhere) = (Spans::default(), Arc::default());
                while let Some(span) = list.next_element()? {
                    spans.take(span, &nowhere);
                }
                Ok(spans)
            }
        }

        deserializer.deserialize_seq(List)
    }
}

impl Spans {
    fn take(&mut self, mut span: Span, origin: &Arc<Origin>) {
        let name = mem::take(&mut span.name);
        let links = mem::take(&mut span.links);
        match span.checked(origin) {
            Ok(mut span) => {
                span.name = name;
                put_links(&mut span, links, Link::checked, &mut self.refused);
                self.taken.push(span);
            }
            Err(why) => self.refused.span(why, &name),
        }
    }
}

impl Span {
    /// Converts all fields except name and links.
    fn checked(self, origin: &Arc<Origin>) -> Result<trace::Span, RefusalReason> {
        Ok(trace::Span {
            trace_id: id(&self.trace_id, "trace_id")?,
            span_id: id(&self.span_id, "span_id")?,
            parent_span_id: parent(&self.parent_span_id)?,
            trace_state: self.trace_state,
            flags: self.flags,
            name: String::new(),
            kind: self.kind.into(),
            start: UnixNanos(self.start_time_unix_nano),
            end: UnixNanos(self.end_time_unix_nano),
            attributes: shallow(self.attributes, "its")?,
            dropped_attributes: self.dropped_attributes_count,
            events: self.events.into_iter().map(Event::checked).collect::<Result<_, _>>()?,
            dropped_events: self.dropped_events_count,
            links: Vec::new(),
            dropped_links: self.dropped_links_count,
            status: trace::Status { code: self.status.code.into(), message: self.status.message },
            origin: origin.clone(),
        })
    }
}

impl Event {
    fn checked(self) -> Result<trace::Event, RefusalReason> {
        Ok(trace::Event {
            time: UnixNanos(self.time_unix_nano),
            name: self.name,
            attributes: shallow(self.attributes, "event")?,
            dropped_attributes: self.dropped_attributes_count,
        })
    }
}

impl Link {
    fn checked(self) -> Result<trace::Link, RefusalReason> {
        Ok(trace::Link {
            trace_id: id(&self.trace_id, "trace_id")?,
            span_id: id(&self.span_id, "span_id")?,
            trace_state: self.trace_state,
            attributes: shallow(self.attributes, "its")?,
            dropped_attributes: self.dropped_attributes_count,
            flags: self.flags,
        })
    }
}

fn id<Id: FromStr<Err = InvalidId>>(hex: &str, field: &'static str) -> Result<Id, RefusalReason> {
    hex.parse().map_err(|error| RefusalReason::Id { field, error })
}

fn parent(hex: &str) -> Result<Option<SpanId>, RefusalReason> {
    match hex.parse() {
        Ok(id) => Ok(Some(id)),
        Err(InvalidId::Zero) => Ok(None),
        Err(_) if hex.is_empty() => Ok(None),
        Err(error) => Err(RefusalReason::Id { field: "parent_span_id", error }),
    }
}

fn shallow(list: Vec<KeyValue>, of: &'static str) -> Result<Attributes, RefusalReason> {
    let attributes = attributes(list);
    if is_too_deep(&attributes) { Err(RefusalReason::TooDeep { of }) } else { Ok(attributes) }
}

fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    enumeration(deserializer, |name| SpanKind::from_str_name(name).map(i32::from))
}

fn code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    enumeration(deserializer, |name| StatusCode::from_str_name(name).map(i32::from))
}
