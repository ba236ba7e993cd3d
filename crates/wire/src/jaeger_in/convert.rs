//! Converts one span, and one process.

use std::str::FromStr;
use std::sync::Arc;

use coral_trace::{
    Attributes, Event, InvalidId, KeyValue, Link, Origin, Resource, Scope, Span, SpanId, TraceId,
    UnixNanos, Value,
};

use super::json::{LogJson, ProcessJson, ReferenceJson, SpanJson};
use super::tags::Tags;
use crate::otlp::MAX_SPAN_BYTES;
use crate::otlp_out;
use crate::refusal::RefusalReason;

const CHILD_OF: &str = "CHILD_OF";
/// OpenTelemetry's attribute for the type of a reference.
const REF_TYPE: &str = "opentracing.ref_type";

/// The span, without its resource, and its scope.
pub(super) fn converted(json: SpanJson) -> Result<(Span, Scope), RefusalReason> {
    let trace_id: TraceId = id(&json.trace_id, "traceID", 32)?;
    let start = nanos(json.start_time, "startTime")?;
    let end = nanos(json.start_time.saturating_add(json.duration), "duration")?;
    let parent = parent(&json, trace_id)?;
    let links = json.references.iter().filter_map(|one| link(one, trace_id, parent).transpose());
    let links = links.collect::<Result<_, _>>()?;
    let mut tags = Tags::new(json.tags);
    let (scope, kind, status) = (tags.scope(), tags.kind(), tags.status());
    let span = Span {
        trace_id,
        span_id: id(&json.span_id, "spanID", 16)?,
        parent_span_id: parent,
        trace_state: tags.take("w3c.tracestate"),
        flags: json.flags,
        name: json.operation_name,
        kind,
        start,
        end,
        attributes: tags.0,
        dropped_attributes: 0,
        events: json.logs.into_iter().map(event).collect::<Result<_, _>>()?,
        dropped_events: 0,
        links,
        dropped_links: 0,
        status,
        origin: Arc::new(Origin::default()),
    };
    let bytes = otlp_out::span_len(&span);
    match bytes > MAX_SPAN_BYTES {
        true => Err(RefusalReason::TooLarge { bytes }),
        false => Ok((span, scope)),
    }
}

/// The resource: the service, and the tags of the process.
pub(super) fn resource(process: ProcessJson) -> Resource {
    let mut attributes = Attributes::default();
    if !process.service_name.is_empty() {
        let value = process.service_name.as_str().into();
        attributes.0.push(KeyValue { key: "service.name".to_owned(), value });
    }
    attributes.0.extend(Tags::new(process.tags).0.0);
    Resource { attributes, ..Resource::default() }
}

/// The span of the first reference to the same trace, and rather of one of the type `CHILD_OF`.
fn parent(json: &SpanJson, trace: TraceId) -> Result<Option<SpanId>, RefusalReason> {
    if !json.parent_span_id.is_empty() {
        return parent_id(&json.parent_span_id);
    }
    let in_trace = |one: &&ReferenceJson| {
        id::<TraceId>(&one.trace_id, "references.traceID", 32).is_ok_and(|id| id == trace)
    };
    let child_of = json.references.iter().find(|one| one.ref_type == CHILD_OF && in_trace(one));
    let parent = child_of.or_else(|| json.references.iter().find(in_trace));
    parent.map_or(Ok(None), |parent| parent_id(&parent.span_id))
}

fn parent_id(text: &str) -> Result<Option<SpanId>, RefusalReason> {
    match id(text, "references.spanID", 16) {
        Ok(id) => Ok(Some(id)),
        Err(RefusalReason::Id { error: InvalidId::Zero, .. }) => Ok(None),
        Err(why) => Err(why),
    }
}

/// The link of a reference; `None` for the one to the parent.
fn link(
    json: &ReferenceJson,
    trace: TraceId,
    parent: Option<SpanId>,
) -> Result<Option<Link>, RefusalReason> {
    let trace_id = id(&json.trace_id, "references.traceID", 32)?;
    let span_id = id(&json.span_id, "references.spanID", 16)?;
    let is_child = json.ref_type == CHILD_OF;
    if is_child && trace_id == trace && Some(span_id) == parent {
        return Ok(None);
    }
    let value = Value::from(if is_child { "child_of" } else { "follows_from" });
    let attributes = Attributes(vec![KeyValue { key: REF_TYPE.to_owned(), value }]);
    let trace_state = String::new();
    Ok(Some(Link { trace_id, span_id, trace_state, attributes, dropped_attributes: 0, flags: 0 }))
}

fn event(json: LogJson) -> Result<Event, RefusalReason> {
    let mut fields = Tags::new(json.fields);
    let name = fields.take("event");
    let time = nanos(json.timestamp, "logs.timestamp")?;
    Ok(Event { time, name, attributes: fields.0, dropped_attributes: 0 })
}

/// An id of at most `digits` hex digits. A shorter one is padded with zeros on the left.
fn id<Id: FromStr<Err = InvalidId>>(
    text: &str,
    field: &'static str,
    digits: usize,
) -> Result<Id, RefusalReason> {
    let padded = match text.len() {
        0 => String::new(),
        _ => format!("{text:0>digits$}"),
    };
    padded.parse().map_err(|error| RefusalReason::Id { field, error })
}

fn nanos(micros: u64, field: &'static str) -> Result<UnixNanos, RefusalReason> {
    micros.checked_mul(1_000).map(UnixNanos).ok_or(RefusalReason::Time { field })
}
