//! Encodes OTLP/JSON. Fields with default values are left out, as in protobuf's JSON mapping; a
//! resource, a scope and a status are always there, as the OpenTelemetry Collector writes them.

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use coral_trace::{
    Attributes, EntityRef, Event, KeyValue, Link, Span, SpanId, SpanKind, Status, StatusCode,
    TraceId, UnixNanos, Value,
};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::group::{ByResource, ByScope, by_origin};
use super::protobuf::{kind_number, status_number};

/// How ids and enums are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JsonForm {
    /// OTLP's: ids in hex, enums as numbers.
    Otlp,
    /// That of protobuf's JSON mapping, as Tempo answers: ids in base64, enums by their names.
    Protobuf,
}

/// `spans` as an object with one list of `ResourceSpans`, which has the name `field`.
pub(super) fn encode(spans: &[Span], form: JsonForm, field: &str) -> String {
    let groups: Vec<_> =
        by_origin(spans).into_iter().map(|group| ResourceSpans::new(form, group)).collect();
    serde_json::to_string(&Only(field, &groups)).expect("texts and numbers have a JSON form")
}

/// The name of a kind in protobuf; `None` for the kind that is left out.
pub const fn kind_name(kind: SpanKind) -> Option<&'static str> {
    match kind {
        SpanKind::Unspecified => None,
        SpanKind::Internal => Some("SPAN_KIND_INTERNAL"),
        SpanKind::Server => Some("SPAN_KIND_SERVER"),
        SpanKind::Client => Some("SPAN_KIND_CLIENT"),
        SpanKind::Producer => Some("SPAN_KIND_PRODUCER"),
        SpanKind::Consumer => Some("SPAN_KIND_CONSUMER"),
    }
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    resource: Resource<'a>,
    scope_spans: Vec<ScopeSpans<'a>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    schema_url: &'a str,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Resource<'a> {
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    attributes: Pairs<'a>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped_attributes_count: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    entity_refs: Vec<Entity<'a>>,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Entity<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    schema_url: &'a str,
    #[serde(rename = "type", skip_serializing_if = "str::is_empty")]
    kind: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    id_keys: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    description_keys: &'a [String],
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct ScopeSpans<'a> {
    scope: Scope<'a>,
    spans: Vec<OneSpan<'a>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    schema_url: &'a str,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Scope<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    version: &'a str,
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    attributes: Pairs<'a>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped_attributes_count: u32,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct OneSpan<'a> {
    trace_id: Id<TraceId>,
    span_id: Id<SpanId>,
    #[serde(skip_serializing_if = "str::is_empty")]
    trace_state: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<Id<SpanId>>,
    #[serde(skip_serializing_if = "is_zero")]
    flags: u32,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<Enum>,
    start_time_unix_nano: Time,
    end_time_unix_nano: Time,
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    attributes: Pairs<'a>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped_attributes_count: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<OneEvent<'a>>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped_events_count: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<OneLink<'a>>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped_links_count: u32,
    status: OneStatus<'a>,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct OneEvent<'a> {
    time_unix_nano: Time,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    attributes: Pairs<'a>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped_attributes_count: u32,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct OneLink<'a> {
    trace_id: Id<TraceId>,
    span_id: Id<SpanId>,
    #[serde(skip_serializing_if = "str::is_empty")]
    trace_state: &'a str,
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    attributes: Pairs<'a>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped_attributes_count: u32,
    #[serde(skip_serializing_if = "is_zero")]
    flags: u32,
}

#[derive(serde::Serialize)]
struct OneStatus<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Enum>,
}

/// A value of an enum, as a number or by its name.
#[derive(serde::Serialize)]
#[serde(untagged)]
enum Enum {
    Number(i32),
    Name(&'static str),
}

impl<'a> ResourceSpans<'a> {
    fn new(form: JsonForm, group: ByResource<'a>) -> Self {
        let resource = group.resource;
        Self {
            resource: Resource {
                attributes: Pairs(&resource.attributes),
                dropped_attributes_count: resource.dropped_attributes,
                entity_refs: resource.entity_refs.iter().map(Entity::from).collect(),
            },
            scope_spans: group.scopes.into_iter().map(|one| ScopeSpans::new(form, one)).collect(),
            schema_url: &resource.schema_url,
        }
    }
}

impl<'a> ScopeSpans<'a> {
    fn new(form: JsonForm, group: ByScope<'a>) -> Self {
        let scope = group.scope;
        Self {
            scope: Scope {
                name: &scope.name,
                version: &scope.version,
                attributes: Pairs(&scope.attributes),
                dropped_attributes_count: scope.dropped_attributes,
            },
            spans: group.spans.into_iter().map(|span| OneSpan::new(form, span)).collect(),
            schema_url: &scope.schema_url,
        }
    }
}

impl<'a> OneSpan<'a> {
    fn new(form: JsonForm, span: &'a Span) -> Self {
        Self {
            trace_id: Id(form, span.trace_id),
            span_id: Id(form, span.span_id),
            trace_state: &span.trace_state,
            parent_span_id: span.parent_span_id.map(|id| Id(form, id)),
            flags: span.flags,
            name: &span.name,
            kind: form.kind(span.kind),
            start_time_unix_nano: Time(span.start),
            end_time_unix_nano: Time(span.end),
            attributes: Pairs(&span.attributes),
            dropped_attributes_count: span.dropped_attributes,
            events: span.events.iter().map(OneEvent::from).collect(),
            dropped_events_count: span.dropped_events,
            links: span.links.iter().map(|link| OneLink::new(form, link)).collect(),
            dropped_links_count: span.dropped_links,
            status: form.status(&span.status),
        }
    }
}

impl<'a> OneLink<'a> {
    fn new(form: JsonForm, link: &'a Link) -> Self {
        Self {
            trace_id: Id(form, link.trace_id),
            span_id: Id(form, link.span_id),
            trace_state: &link.trace_state,
            attributes: Pairs(&link.attributes),
            dropped_attributes_count: link.dropped_attributes,
            flags: link.flags,
        }
    }
}

impl<'a> From<&'a Event> for OneEvent<'a> {
    fn from(event: &'a Event) -> Self {
        Self {
            time_unix_nano: Time(event.time),
            name: &event.name,
            attributes: Pairs(&event.attributes),
            dropped_attributes_count: event.dropped_attributes,
        }
    }
}

impl<'a> From<&'a EntityRef> for Entity<'a> {
    fn from(entity: &'a EntityRef) -> Self {
        Self {
            schema_url: &entity.schema_url,
            kind: &entity.kind,
            id_keys: &entity.id_keys,
            description_keys: &entity.description_keys,
        }
    }
}

impl JsonForm {
    fn kind(self, kind: SpanKind) -> Option<Enum> {
        match self {
            Self::Otlp => Some(kind_number(kind)).filter(|kind| *kind != 0).map(Enum::Number),
            Self::Protobuf => kind_name(kind).map(Enum::Name),
        }
    }

    fn status(self, status: &Status) -> OneStatus<'_> {
        let code = match (self, status.code) {
            (_, StatusCode::Unset) => None,
            (Self::Otlp, code) => Some(Enum::Number(status_number(code))),
            (Self::Protobuf, StatusCode::Ok) => Some(Enum::Name("STATUS_CODE_OK")),
            (Self::Protobuf, StatusCode::Error) => Some(Enum::Name("STATUS_CODE_ERROR")),
        };
        OneStatus { message: &status.message, code }
    }
}

/// An object with one field.
struct Only<'a, T>(&'a str, T);

impl<T: Serialize> Serialize for Only<'_, T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut object = to.serialize_map(Some(1))?;
        object.serialize_entry(self.0, &self.1)?;
        object.end()
    }
}

/// An id, in hex or base64.
struct Id<T>(JsonForm, T);

impl Serialize for Id<TraceId> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            JsonForm::Otlp => to.collect_str(&self.1),
            JsonForm::Protobuf => to.collect_str(&Base64Display::new(&self.1.bytes(), &STANDARD)),
        }
    }
}

impl Serialize for Id<SpanId> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            JsonForm::Otlp => to.collect_str(&self.1),
            JsonForm::Protobuf => to.collect_str(&Base64Display::new(&self.1.bytes(), &STANDARD)),
        }
    }
}

/// A time, in nanoseconds as text.
struct Time(UnixNanos);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0.0)
    }
}

/// Attributes, a list of keys and values.
struct Pairs<'a>(&'a Attributes);

impl Pairs<'_> {
    fn is_empty(&self) -> bool {
        self.0.0.is_empty()
    }
}

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.0.iter().map(Pair))
    }
}

struct Pair<'a>(&'a KeyValue);

impl Serialize for Pair<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut object = to.serialize_map(Some(2))?;
        object.serialize_entry("key", &self.0.key)?;
        object.serialize_entry("value", &Any(&self.0.value))?;
        object.end()
    }
}

/// A value, as an object whose field says the type.
struct Any<'a>(&'a Value);

impl Serialize for Any<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Empty => to.serialize_map(Some(0))?.end(),
            Value::String(text) => Only("stringValue", text).serialize(to),
            Value::Bool(truth) => Only("boolValue", truth).serialize(to),
            Value::Int(number) => Only("intValue", number.to_string()).serialize(to),
            Value::Double(number) => match non_finite(number.0) {
                Some(text) => Only("doubleValue", text).serialize(to),
                None => Only("doubleValue", number.0).serialize(to),
            },
            Value::Bytes(bytes) => {
                let text = Base64Display::new(bytes, &STANDARD).to_string();
                Only("bytesValue", text).serialize(to)
            }
            Value::Array(values) => {
                let values: Vec<Any<'_>> = values.iter().map(Any).collect();
                Only("arrayValue", Only("values", values)).serialize(to)
            }
            Value::Map(map) => Only("kvlistValue", Only("values", Pairs(map))).serialize(to),
        }
    }
}

/// The text of NaN and the infinities, for which JSON has no number.
fn non_finite(number: f64) -> Option<&'static str> {
    match number {
        finite if finite.is_finite() => None,
        nan if nan.is_nan() => Some("NaN"),
        infinite if infinite > 0.0 => Some("Infinity"),
        _ => Some("-Infinity"),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}
