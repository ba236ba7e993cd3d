//! Converts one OTLP span, and checks its ids.

use std::mem;
use std::sync::Arc;

use coral_trace::{Event, InvalidId, Link, Origin, Span, SpanId, Status, UnixNanos};
use opentelemetry_proto::tonic::trace::v1::span as proto_span;

use super::fields::SpanFields;
use super::links::put_links;
use super::texts::Texts;
use crate::otlp_protobuf::value::attributes;
use crate::refusal::{RefusalReason, RefusedSpans};

/// Converts a span with `origin`, into the memory of `texts`; `None` if the span is refused. Refused
/// spans and links are counted in `refused`.
pub(super) fn take(
    mut span: SpanFields<'_>,
    origin: Result<&Arc<Origin>, RefusalReason>,
    texts: &mut Texts,
    refused: &mut RefusedSpans,
) -> Option<Span> {
    let (name, links) = (span.name, mem::take(&mut span.links));
    match origin.and_then(|origin| checked(span, origin, texts)) {
        Ok(mut span) => {
            put_links(&mut span, links, link, refused);
            Some(span)
        }
        Err(why) => {
            refused.span(why, name);
            None
        }
    }
}

/// Converts all fields except links.
fn checked(
    span: SpanFields<'_>,
    origin: &Arc<Origin>,
    texts: &mut Texts,
) -> Result<Span, RefusalReason> {
    Ok(Span {
        trace_id: id(span.trace_id, "trace_id")?,
        span_id: id(span.span_id, "span_id")?,
        parent_span_id: parent(span.parent_span_id)?,
        trace_state: texts.text(span.trace_state),
        flags: span.flags,
        name: texts.text(span.name),
        kind: span.kind.into(),
        start: UnixNanos(span.start),
        end: UnixNanos(span.end),
        attributes: span.attributes.checked()?,
        dropped_attributes: span.dropped_attributes,
        events: span.events.into_iter().map(event).collect::<Result<_, _>>()?,
        dropped_events: span.dropped_events,
        links: Vec::new(),
        dropped_links: span.dropped_links,
        status: Status { code: span.status.into(), message: texts.text(span.status_message) },
        origin: origin.clone(),
    })
}

fn id<'a, Id>(bytes: &'a [u8], field: &'static str) -> Result<Id, RefusalReason>
where
    Id: TryFrom<&'a [u8], Error = InvalidId>,
{
    Id::try_from(bytes).map_err(|error| RefusalReason::Id { field, error })
}

/// The parent id; `None` for a root span. OTLP leaves the parent id of a root span empty; some
/// exporters send zeros.
fn parent(bytes: &[u8]) -> Result<Option<SpanId>, RefusalReason> {
    match SpanId::try_from(bytes) {
        Ok(id) => Ok(Some(id)),
        Err(InvalidId::Zero) => Ok(None),
        Err(_) if bytes.is_empty() => Ok(None),
        Err(error) => Err(RefusalReason::Id { field: "parent_span_id", error }),
    }
}

fn event(event: proto_span::Event) -> Result<Event, RefusalReason> {
    Ok(Event {
        time: UnixNanos(event.time_unix_nano),
        name: event.name,
        attributes: attributes(event.attributes, "event")?,
        dropped_attributes: event.dropped_attributes_count,
    })
}

fn link(link: proto_span::Link) -> Result<Link, RefusalReason> {
    Ok(Link {
        trace_id: id(&link.trace_id, "trace_id")?,
        span_id: id(&link.span_id, "span_id")?,
        trace_state: link.trace_state,
        attributes: attributes(link.attributes, "its")?,
        dropped_attributes: link.dropped_attributes_count,
        flags: link.flags,
    })
}
