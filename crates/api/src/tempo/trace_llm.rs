//! A trace in JSON for language models: values without their types, ids in hex.

use coral_trace::{Attributes, Event, Link, Span, StatusCode, Value};
use coral_wire::otlp_out::{ByResource, ByScope, by_origin, kind_name};
use serde_json::{Map, Value as Json, json};

use super::protobuf_json::{Message, float};

/// The answer for `spans`, which are of one trace.
pub(super) fn answer(spans: &[Span]) -> Json {
    let Some(first) = spans.first() else { return json!({}) };
    let services: Vec<Json> = by_origin(spans).iter().map(service).collect();
    json!({ "trace": { "traceId": first.trace_id.to_string(), "services": services } })
}

fn service(group: &ByResource<'_>) -> Json {
    let mut resource = flat(&group.resource.attributes);
    let name = resource.remove("service.name");
    Message::default()
        .text("serviceName", name.as_ref().and_then(Json::as_str).unwrap_or_default())
        .message("resource", filled(resource))
        .list("scopes", group.scopes.iter().map(scope))
        .json()
}

fn scope(group: &ByScope<'_>) -> Json {
    Message::default()
        .text("name", &group.scope.name)
        .text("version", &group.scope.version)
        .list("spans", group.spans.iter().copied().map(span))
        .json()
}

fn span(span: &Span) -> Json {
    let nanos = span.end.0.saturating_sub(span.start.0);
    let parent = span.parent_span_id.map(|id| id.to_string()).unwrap_or_default();
    Message::default()
        .text("spanId", &span.span_id.to_string())
        .message("name", Some(span.name.as_str().into()))
        .text("parentSpanId", &parent)
        .text("kind", kind_name(span.kind).unwrap_or_default())
        .long("startTimeUnixNano", span.start.0)
        .long("endTimeUnixNano", span.end.0)
        .float("durationMs", nanos as f64 / 1e6)
        .message("attributes", filled(flat(&span.attributes)))
        .list("events", span.events.iter().map(event))
        .list("links", span.links.iter().map(link))
        .message("status", Some(status(span)))
        .json()
}

fn event(event: &Event) -> Json {
    Message::default()
        .message("name", Some(event.name.as_str().into()))
        .long("timeUnixNano", event.time.0)
        .message("attributes", filled(flat(&event.attributes)))
        .json()
}

fn link(link: &Link) -> Json {
    Message::default()
        .text("traceId", &link.trace_id.to_string())
        .text("spanId", &link.span_id.to_string())
        .message("attributes", filled(flat(&link.attributes)))
        .json()
}

fn status(span: &Span) -> Json {
    match span.status.code {
        StatusCode::Unset => json!({ "code": "STATUS_CODE_UNSET", "message": "" }),
        StatusCode::Ok => json!({ "code": "STATUS_CODE_OK", "message": span.status.message }),
        StatusCode::Error => {
            json!({ "code": "STATUS_CODE_ERROR", "message": span.status.message })
        }
    }
}

fn filled(fields: Map<String, Json>) -> Option<Json> {
    (!fields.is_empty()).then_some(Json::Object(fields))
}

/// Keys with values that have lost their types. Of two values of one key, the last one stays.
fn flat(attributes: &Attributes) -> Map<String, Json> {
    let values = attributes.iter().filter(|attribute| attribute.value != Value::Empty);
    values.map(|attribute| (attribute.key.clone(), plain(&attribute.value))).collect()
}

fn plain(value: &Value) -> Json {
    match value {
        Value::Empty => Json::Null,
        Value::String(text) => text.as_str().into(),
        Value::Bool(truth) => (*truth).into(),
        Value::Int(number) => (*number).into(),
        Value::Double(number) => float(number.0),
        Value::Bytes(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        Value::Array(values) => values.iter().map(plain).collect(),
        Value::Map(map) => Json::Object(flat(map)),
    }
}
