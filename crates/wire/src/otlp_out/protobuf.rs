//! Converts spans to OTLP's messages: the reverse of `otlp_in::{span, value}`.

use coral_trace::{
    Attributes, EntityRef, Event, KeyValue, Link, Resource, Scope, Span, SpanId, SpanKind, Status,
    StatusCode, Value,
};
use opentelemetry_proto::tonic::common::v1 as common;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::resource::v1 as resource;
use opentelemetry_proto::tonic::trace::v1 as proto;
use opentelemetry_proto::tonic::trace::v1::span as proto_span;

use super::group::{ByResource, ByScope};

pub(super) fn resource_spans(group: ByResource<'_>) -> proto::ResourceSpans {
    proto::ResourceSpans {
        resource: Some(resource(group.resource)),
        scope_spans: group.scopes.into_iter().map(scope_spans).collect(),
        schema_url: group.resource.schema_url.clone(),
    }
}

fn scope_spans(group: ByScope<'_>) -> proto::ScopeSpans {
    proto::ScopeSpans {
        scope: Some(scope(group.scope)),
        spans: group.spans.into_iter().map(span).collect(),
        schema_url: group.scope.schema_url.clone(),
    }
}

fn span(span: &Span) -> proto::Span {
    proto::Span {
        trace_id: span.trace_id.bytes().to_vec(),
        span_id: span.span_id.bytes().to_vec(),
        trace_state: span.trace_state.clone(),
        parent_span_id: span.parent_span_id.map(SpanId::bytes).map_or(Vec::new(), Vec::from),
        flags: span.flags,
        name: span.name.clone(),
        kind: kind_number(span.kind),
        start_time_unix_nano: span.start.0,
        end_time_unix_nano: span.end.0,
        attributes: attributes(&span.attributes),
        dropped_attributes_count: span.dropped_attributes,
        events: span.events.iter().map(event).collect(),
        dropped_events_count: span.dropped_events,
        links: span.links.iter().map(link).collect(),
        dropped_links_count: span.dropped_links,
        status: status(&span.status),
    }
}

fn event(event: &Event) -> proto_span::Event {
    proto_span::Event {
        time_unix_nano: event.time.0,
        name: event.name.clone(),
        attributes: attributes(&event.attributes),
        dropped_attributes_count: event.dropped_attributes,
    }
}

fn link(link: &Link) -> proto_span::Link {
    proto_span::Link {
        trace_id: link.trace_id.bytes().to_vec(),
        span_id: link.span_id.bytes().to_vec(),
        trace_state: link.trace_state.clone(),
        attributes: attributes(&link.attributes),
        dropped_attributes_count: link.dropped_attributes,
        flags: link.flags,
    }
}

/// Converts a status; `None`, so that the field is left out, if the status has default values.
fn status(status: &Status) -> Option<proto::Status> {
    let said = *status != Status::default();
    said.then(|| proto::Status {
        message: status.message.clone(),
        code: status_number(status.code),
    })
}

/// OTLP's number of a kind.
pub(crate) fn kind_number(kind: SpanKind) -> i32 {
    match kind {
        SpanKind::Unspecified => 0,
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}

/// OTLP's number of a status.
pub(crate) fn status_number(code: StatusCode) -> i32 {
    match code {
        StatusCode::Unset => 0,
        StatusCode::Ok => 1,
        StatusCode::Error => 2,
    }
}

fn resource(resource: &Resource) -> resource::Resource {
    resource::Resource {
        attributes: attributes(&resource.attributes),
        dropped_attributes_count: resource.dropped_attributes,
        entity_refs: resource.entity_refs.iter().map(entity_ref).collect(),
    }
}

fn entity_ref(entity: &EntityRef) -> common::EntityRef {
    common::EntityRef {
        schema_url: entity.schema_url.clone(),
        r#type: entity.kind.clone(),
        id_keys: entity.id_keys.clone(),
        description_keys: entity.description_keys.clone(),
    }
}

fn scope(scope: &Scope) -> common::InstrumentationScope {
    common::InstrumentationScope {
        name: scope.name.clone(),
        version: scope.version.clone(),
        attributes: attributes(&scope.attributes),
        dropped_attributes_count: scope.dropped_attributes,
    }
}

fn attributes(attributes: &Attributes) -> Vec<common::KeyValue> {
    attributes.iter().map(key_value).collect()
}

/// Converts an attribute. An empty value is written as an absent value, which is never longer than
/// what was received. So an accepted span stays within the limit of a span when it is encoded
/// again.
fn key_value(attribute: &KeyValue) -> common::KeyValue {
    let value = (attribute.value != Value::Empty).then(|| any(&attribute.value));
    common::KeyValue { key: attribute.key.clone(), value, key_strindex: 0 }
}

fn any(value: &Value) -> common::AnyValue {
    let value = match value {
        Value::Empty => None,
        Value::String(text) => Some(Any::StringValue(text.clone())),
        Value::Bool(truth) => Some(Any::BoolValue(*truth)),
        Value::Int(number) => Some(Any::IntValue(*number)),
        Value::Double(number) => Some(Any::DoubleValue(number.0)),
        Value::Bytes(bytes) => Some(Any::BytesValue(bytes.clone())),
        Value::Array(values) => {
            Some(Any::ArrayValue(common::ArrayValue { values: values.iter().map(any).collect() }))
        }
        Value::Map(map) => Some(Any::KvlistValue(common::KeyValueList { values: attributes(map) })),
    };
    common::AnyValue { value }
}
