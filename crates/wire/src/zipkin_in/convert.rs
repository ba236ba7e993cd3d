//! Converts one span of Zipkin.

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;

use coral_trace::{
    Attributes, InvalidId, KeyValue, Origin, Resource, Scope, Span, SpanId, SpanKind, TraceId,
    UnixNanos, Value,
};

use super::tags::Tags;
use crate::otlp_in::MAX_SPAN_BYTES;
use crate::refusal::{RefusalReason, bounded};
use crate::zipkin::span_json::{AnnotationJson, EndpointJson, SpanJson};
use crate::zipkin::{EndpointKeys, LOCAL, REMOTE, attribute, piped};

/// A span without its origin, and what the origin consists of.
pub(super) struct Converted {
    pub span: Span,
    pub resource: Resource,
    pub scope: Scope,
}

/// Converts `json`, by its fields alone.
///
/// # Errors
/// The reason for which the span is refused.
pub(super) fn converted(json: SpanJson<'_>) -> Result<Converted, RefusalReason> {
    let trace_id = trace_id(&json.trace_id)?;
    let span_id: SpanId = id(&json.id, "id", 16)?;
    let parent = json.parent_id.as_deref().map(parent).transpose()?.flatten();
    let (start, end) = times(&json)?;
    let mut tags = Tags::new(json.tags);
    let kind = kind(json.kind.as_deref(), &mut tags)?;
    let events = json.annotations.into_iter().map(event).collect::<Result<_, _>>()?;
    let mut attributes = Attributes::default();
    let local = json.local_endpoint.unwrap_or_default();
    let service = local.service_name.clone().filter(|name| !name.is_empty());
    add_endpoint(&mut attributes, local, &LOCAL);
    if let Some(mut remote) = json.remote_endpoint {
        let peer = remote.service_name.take().filter(|name| !name.is_empty());
        add_text(&mut attributes, attribute::PEER_SERVICE, peer);
        add_endpoint(&mut attributes, remote, &REMOTE);
    }
    let flags = [
        (attribute::SHARED, json.shared),
        (attribute::DEBUG, json.debug),
        (attribute::NO_TIMESTAMP, json.timestamp.is_none().then_some(true)),
    ];
    for (key, flag) in flags {
        attributes.0.extend(flag.map(|flag| key_value(key, flag)));
    }
    let (status, trace_state, links) = (tags.status(), tags.trace_state(), tags.links());
    let scope = tags.scope();
    let resource = tags.resource(service.map(Cow::into_owned));
    attributes.0.extend(tags.rest());
    let span = Span {
        trace_id,
        span_id,
        parent_span_id: parent.filter(|parent| *parent != span_id),
        trace_state,
        flags: 0,
        name: json.name.map(Cow::into_owned).unwrap_or_default(),
        kind,
        start,
        end,
        attributes,
        dropped_attributes: 0,
        events,
        dropped_events: 0,
        links,
        dropped_links: 0,
        status,
        origin: Arc::new(Origin::default()),
    };
    Ok(Converted { span, resource, scope })
}

/// A trace id of 1 to 32 digits. A shorter one is padded with zeros on the left.
fn trace_id(text: &str) -> Result<TraceId, RefusalReason> {
    id(text, "traceId", 32)
}

/// The parent; `None` for zeros, which some exporters send for a root.
fn parent(text: &str) -> Result<Option<SpanId>, RefusalReason> {
    match id(text, "parentId", 16) {
        Ok(id) => Ok(Some(id)),
        Err(RefusalReason::Id { error: InvalidId::Zero, .. }) => Ok(None),
        Err(why) => Err(why),
    }
}

fn id<Id: FromStr<Err = InvalidId>>(
    text: &str,
    field: &'static str,
    digits: usize,
) -> Result<Id, RefusalReason> {
    let expected = if digits == 32 { "1 to 32 hex digits" } else { "1 to 16 hex digits" };
    let error = match text.len() {
        0 => InvalidId::Length { found: 0, expected },
        found if found > digits => InvalidId::Length { found, expected },
        _ => match format!("{text:0>digits$}").parse() {
            Ok(id) => return Ok(id),
            Err(error) => error,
        },
    };
    Err(RefusalReason::Id { field, error })
}

/// Start and end. A span without a time starts with its first annotation, or else at the epoch.
fn times(json: &SpanJson<'_>) -> Result<(UnixNanos, UnixNanos), RefusalReason> {
    let first = json.annotations.iter().filter_map(|one| u64::try_from(one.timestamp).ok()).min();
    let start = json.timestamp.or(first).unwrap_or(0);
    let end = start.saturating_add(json.duration.unwrap_or(0));
    Ok((nanos(start, "timestamp")?, nanos(end, "duration")?))
}

fn nanos(micros: u64, field: &'static str) -> Result<UnixNanos, RefusalReason> {
    micros.checked_mul(1_000).map(UnixNanos).ok_or(RefusalReason::Time { field })
}

fn kind(text: Option<&str>, tags: &mut Tags<'_>) -> Result<SpanKind, RefusalReason> {
    let Some(text) = text else {
        return Ok(if tags.is_internal() { SpanKind::Internal } else { SpanKind::Unspecified });
    };
    match text.to_ascii_uppercase().as_str() {
        "CLIENT" => Ok(SpanKind::Client),
        "SERVER" => Ok(SpanKind::Server),
        "PRODUCER" => Ok(SpanKind::Producer),
        "CONSUMER" => Ok(SpanKind::Consumer),
        _ => Err(RefusalReason::Kind { found: bounded(text) }),
    }
}

fn event(json: AnnotationJson<'_>) -> Result<coral_trace::Event, RefusalReason> {
    let time = nanos(u64::try_from(json.timestamp).unwrap_or(0), "annotations.timestamp")?;
    if json.value.len() > MAX_SPAN_BYTES {
        return Err(RefusalReason::TooLarge { bytes: json.value.len() });
    }
    Ok(piped::event(&json.value, time))
}

fn add_endpoint(attributes: &mut Attributes, endpoint: EndpointJson<'_>, keys: &EndpointKeys) {
    let EndpointJson { ipv4, ipv6, port, .. } = endpoint;
    let key = if ipv4.is_some() { keys.further_ip } else { keys.ip };
    add_text(attributes, keys.ip, ipv4);
    add_text(attributes, key, ipv6);
    attributes.0.extend(port.map(|port| key_value(keys.port, port.cast_signed())));
}

fn add_text(attributes: &mut Attributes, key: &str, text: Option<Cow<'_, str>>) {
    attributes.0.extend(text.map(|text| key_value(key, &*text)));
}

pub(super) fn key_value(key: &str, value: impl Into<Value>) -> KeyValue {
    KeyValue { key: key.to_owned(), value: value.into() }
}
