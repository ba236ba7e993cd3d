//! Encodes OTLP/JSON. Fields with default values are left out, as in protobuf's JSON mapping; a
//! resource, a scope and a status are always there, as the OpenTelemetry Collector writes them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use coral_trace::{
    Attributes, EntityRef, Event, Link, Span, SpanId, SpanKind, Status, StatusCode, TraceId,
    UnixNanos, Value,
};
use serde_json::{Value as Json, json};

use super::group::{ByResource, ByScope, by_origin};
use super::protobuf::{kind_number, status_number};

/// How ids and enums are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JsonForm {
    /// OTLP's: ids in hex, enums as numbers.
    Otlp,
    /// That of protobuf's JSON mapping, as Tempo answers: ids in base64, enums by their names. A
    /// resource, a scope and a status are objects even if they have no fields.
    Protobuf,
}

/// `spans` as an object with one list of `ResourceSpans`, which has the name `field`.
pub(super) fn encode(spans: &[Span], form: JsonForm, field: &str) -> String {
    let groups = list(by_origin(spans), |group| form.resource_spans(group));
    json!({ field: groups }).to_string()
}

/// A float; NaN and the infinities, for which JSON has no number, become text.
pub(crate) fn double(number: f64) -> Json {
    match number {
        finite if finite.is_finite() => finite.into(),
        nan if nan.is_nan() => "NaN".into(),
        infinite if infinite > 0.0 => "Infinity".into(),
        _ => "-Infinity".into(),
    }
}

impl JsonForm {
    fn resource_spans(self, group: ByResource<'_>) -> Json {
        let resource = group.resource;
        self.with_part(
            "resource",
            object([
                ("attributes", attributes(&resource.attributes)),
                ("droppedAttributesCount", resource.dropped_attributes.into()),
                ("entityRefs", list(&resource.entity_refs, entity_ref)),
            ]),
            object([
                ("scopeSpans", list(group.scopes, |scope| self.scope_spans(scope))),
                ("schemaUrl", resource.schema_url.as_str().into()),
            ]),
        )
    }

    fn scope_spans(self, group: ByScope<'_>) -> Json {
        let scope = group.scope;
        self.with_part(
            "scope",
            object([
                ("name", scope.name.as_str().into()),
                ("version", scope.version.as_str().into()),
                ("attributes", attributes(&scope.attributes)),
                ("droppedAttributesCount", scope.dropped_attributes.into()),
            ]),
            object([
                ("spans", list(group.spans, |one| self.span(one))),
                ("schemaUrl", scope.schema_url.as_str().into()),
            ]),
        )
    }

    fn span(self, span: &Span) -> Json {
        let fields = object([
            ("traceId", self.trace_id(span.trace_id)),
            ("spanId", self.span_id(span.span_id)),
            ("traceState", span.trace_state.as_str().into()),
            ("parentSpanId", span.parent_span_id.map(|id| self.span_id(id)).into()),
            ("flags", span.flags.into()),
            ("name", span.name.as_str().into()),
            ("kind", self.kind(span.kind)),
            ("startTimeUnixNano", time(span.start)),
            ("endTimeUnixNano", time(span.end)),
            ("attributes", attributes(&span.attributes)),
            ("droppedAttributesCount", span.dropped_attributes.into()),
            ("events", list(&span.events, event)),
            ("droppedEventsCount", span.dropped_events.into()),
            ("links", list(&span.links, |link| self.link(link))),
            ("droppedLinksCount", span.dropped_links.into()),
        ]);
        self.with_part("status", self.status(&span.status), fields)
    }

    fn link(self, link: &Link) -> Json {
        object([
            ("traceId", self.trace_id(link.trace_id)),
            ("spanId", self.span_id(link.span_id)),
            ("traceState", link.trace_state.as_str().into()),
            ("attributes", attributes(&link.attributes)),
            ("droppedAttributesCount", link.dropped_attributes.into()),
            ("flags", link.flags.into()),
        ])
    }

    fn status(self, status: &Status) -> Json {
        let code = match self {
            Self::Otlp => status_number(status.code).into(),
            Self::Protobuf => match status.code {
                StatusCode::Unset => Json::Null,
                StatusCode::Ok => "STATUS_CODE_OK".into(),
                StatusCode::Error => "STATUS_CODE_ERROR".into(),
            },
        };
        object([("message", status.message.as_str().into()), ("code", code)])
    }

    fn kind(self, kind: SpanKind) -> Json {
        match self {
            Self::Otlp => kind_number(kind).into(),
            Self::Protobuf => kind_name(kind).into(),
        }
    }

    fn trace_id(self, id: TraceId) -> Json {
        match self {
            Self::Otlp => id.to_string().into(),
            Self::Protobuf => STANDARD.encode(id.bytes()).into(),
        }
    }

    fn span_id(self, id: SpanId) -> Json {
        match self {
            Self::Otlp => id.to_string().into(),
            Self::Protobuf => STANDARD.encode(id.bytes()).into(),
        }
    }

    /// `fields` with `part` as the field `name`, which OTLP's form leaves out if it is empty.
    fn with_part(self, name: &str, part: Json, mut fields: Json) -> Json {
        if self == Self::Protobuf || !is_default(&part) {
            fields[name] = part;
        }
        fields
    }
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

fn time(time: UnixNanos) -> Json {
    time.0.to_string().into()
}

fn entity_ref(entity: &EntityRef) -> Json {
    object([
        ("schemaUrl", entity.schema_url.as_str().into()),
        ("type", entity.kind.as_str().into()),
        ("idKeys", entity.id_keys.as_slice().into()),
        ("descriptionKeys", entity.description_keys.as_slice().into()),
    ])
}

fn event(event: &Event) -> Json {
    object([
        ("timeUnixNano", time(event.time)),
        ("name", event.name.as_str().into()),
        ("attributes", attributes(&event.attributes)),
        ("droppedAttributesCount", event.dropped_attributes.into()),
    ])
}

fn attributes(attributes: &Attributes) -> Json {
    list(attributes, |attribute| json!({ "key": attribute.key, "value": any(&attribute.value) }))
}

fn any(value: &Value) -> Json {
    match value {
        Value::Empty => json!({}),
        Value::String(text) => json!({ "stringValue": text }),
        Value::Bool(truth) => json!({ "boolValue": truth }),
        Value::Int(number) => json!({ "intValue": number.to_string() }),
        Value::Double(number) => json!({ "doubleValue": double(number.0) }),
        Value::Bytes(bytes) => json!({ "bytesValue": STANDARD.encode(bytes) }),
        Value::Array(values) => json!({ "arrayValue": { "values": list(values, any) } }),
        Value::Map(map) => json!({ "kvlistValue": { "values": attributes(map) } }),
    }
}

fn list<T>(items: impl IntoIterator<Item = T>, json: impl Fn(T) -> Json) -> Json {
    items.into_iter().map(json).collect()
}

fn object<const N: usize>(fields: [(&str, Json); N]) -> Json {
    let said = fields.into_iter().filter(|(_, value)| !is_default(value));
    Json::Object(said.map(|(name, value)| (name.to_owned(), value)).collect())
}

fn is_default(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(_) => false,
        number => *number == 0,
    }
}
