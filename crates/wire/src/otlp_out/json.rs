//! Encodes OTLP/JSON. Fields with default values are left out, as in protobuf's JSON mapping; a
//! resource, a scope and a status are always there, as the OpenTelemetry Collector writes them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use coral_trace::{Attributes, EntityRef, Event, Link, Span, Status, Value};
use serde_json::{Value as Json, json};

use super::group::{ByResource, ByScope, by_origin};
use super::protobuf::{kind_number, status_number};

/// `spans` as an `ExportTraceServiceRequest`.
pub(super) fn encode(spans: &[Span]) -> String {
    json!({ "resourceSpans": list(by_origin(spans), resource_spans) }).to_string()
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

fn resource_spans(group: ByResource<'_>) -> Json {
    let resource = group.resource;
    object([
        (
            "resource",
            object([
                ("attributes", attributes(&resource.attributes)),
                ("droppedAttributesCount", resource.dropped_attributes.into()),
                ("entityRefs", list(&resource.entity_refs, entity_ref)),
            ]),
        ),
        ("scopeSpans", list(group.scopes, scope_spans)),
        ("schemaUrl", resource.schema_url.as_str().into()),
    ])
}

fn entity_ref(entity: &EntityRef) -> Json {
    object([
        ("schemaUrl", entity.schema_url.as_str().into()),
        ("type", entity.kind.as_str().into()),
        ("idKeys", entity.id_keys.as_slice().into()),
        ("descriptionKeys", entity.description_keys.as_slice().into()),
    ])
}

fn scope_spans(group: ByScope<'_>) -> Json {
    let scope = group.scope;
    object([
        (
            "scope",
            object([
                ("name", scope.name.as_str().into()),
                ("version", scope.version.as_str().into()),
                ("attributes", attributes(&scope.attributes)),
                ("droppedAttributesCount", scope.dropped_attributes.into()),
            ]),
        ),
        ("spans", list(group.spans, span)),
        ("schemaUrl", scope.schema_url.as_str().into()),
    ])
}

fn span(span: &Span) -> Json {
    object([
        ("traceId", span.trace_id.to_string().into()),
        ("spanId", span.span_id.to_string().into()),
        ("traceState", span.trace_state.as_str().into()),
        ("parentSpanId", span.parent_span_id.map(|id| id.to_string()).into()),
        ("flags", span.flags.into()),
        ("name", span.name.as_str().into()),
        ("kind", kind_number(span.kind).into()),
        ("startTimeUnixNano", span.start.0.to_string().into()),
        ("endTimeUnixNano", span.end.0.to_string().into()),
        ("attributes", attributes(&span.attributes)),
        ("droppedAttributesCount", span.dropped_attributes.into()),
        ("events", list(&span.events, event)),
        ("droppedEventsCount", span.dropped_events.into()),
        ("links", list(&span.links, link)),
        ("droppedLinksCount", span.dropped_links.into()),
        ("status", status(&span.status)),
    ])
}

fn event(event: &Event) -> Json {
    object([
        ("timeUnixNano", event.time.0.to_string().into()),
        ("name", event.name.as_str().into()),
        ("attributes", attributes(&event.attributes)),
        ("droppedAttributesCount", event.dropped_attributes.into()),
    ])
}

fn link(link: &Link) -> Json {
    object([
        ("traceId", link.trace_id.to_string().into()),
        ("spanId", link.span_id.to_string().into()),
        ("traceState", link.trace_state.as_str().into()),
        ("attributes", attributes(&link.attributes)),
        ("droppedAttributesCount", link.dropped_attributes.into()),
        ("flags", link.flags.into()),
    ])
}

fn status(status: &Status) -> Json {
    object([
        ("message", status.message.as_str().into()),
        ("code", status_number(status.code).into()),
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
