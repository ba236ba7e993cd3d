//! One OTLP span, with its ids checked.

use std::mem;
use std::sync::Arc;

use coral_trace::{Attributes, Event, InvalidId, Link, Origin, Span, SpanId, Status, UnixNanos};
use opentelemetry_proto::tonic::trace::v1 as proto;
use opentelemetry_proto::tonic::trace::v1::span as proto_span;

use super::value::attributes;
use super::{Refused, Why};

/// The span under `origin`; `None` if it is refused. That, and each refused link, is counted. `plain` are its
/// attributes if they were read already.
pub(super) fn take(
    mut span: proto::Span,
    plain: Option<Attributes>,
    origin: Result<&Arc<Origin>, Why>,
    refused: &mut Refused,
) -> Option<Span> {
    let name = mem::take(&mut span.name);
    let links = mem::take(&mut span.links);
    match origin.and_then(|origin| checked(span, plain, origin)) {
        Ok(mut span) => {
            span.name = name;
            put_links(&mut span, links, link, refused);
            Some(span)
        }
        Err(why) => {
            refused.span(why, &name);
            None
        }
    }
}

/// Gives `span` those of its `links` that pass the `check`; the others count as dropped.
pub(crate) fn put_links<T>(
    span: &mut Span,
    links: Vec<T>,
    check: impl Fn(T) -> Result<Link, Why>,
    refused: &mut Refused,
) {
    let sent = links.len();
    for link in links {
        match check(link) {
            Ok(link) => span.links.push(link),
            Err(why) => refused.link(why, &span.name),
        }
    }
    let dropped = (sent - span.links.len()) as u32;
    span.dropped_links = span.dropped_links.saturating_add(dropped);
}

/// All but name and links.
fn checked(
    span: proto::Span,
    plain: Option<Attributes>,
    origin: &Arc<Origin>,
) -> Result<Span, Why> {
    Ok(Span {
        trace_id: id(&span.trace_id, "trace_id")?,
        span_id: id(&span.span_id, "span_id")?,
        parent_span_id: parent(&span.parent_span_id)?,
        trace_state: span.trace_state,
        flags: span.flags,
        name: String::new(),
        kind: span.kind.into(),
        start: UnixNanos(span.start_time_unix_nano),
        end: UnixNanos(span.end_time_unix_nano),
        attributes: plain.map_or_else(|| attributes(span.attributes, "its"), Ok)?,
        dropped_attributes: span.dropped_attributes_count,
        events: span.events.into_iter().map(event).collect::<Result<_, _>>()?,
        dropped_events: span.dropped_events_count,
        links: Vec::new(),
        dropped_links: span.dropped_links_count,
        status: span.status.map(status).unwrap_or_default(),
        origin: origin.clone(),
    })
}

fn id<'a, Id>(bytes: &'a [u8], field: &'static str) -> Result<Id, Why>
where
    Id: TryFrom<&'a [u8], Error = InvalidId>,
{
    Id::try_from(bytes).map_err(|error| Why::Id { field, error })
}

/// OTLP says "empty" for a root; exporters say "all zero" as well.
fn parent(bytes: &[u8]) -> Result<Option<SpanId>, Why> {
    match SpanId::try_from(bytes) {
        Ok(id) => Ok(Some(id)),
        Err(InvalidId::Zero) => Ok(None),
        Err(_) if bytes.is_empty() => Ok(None),
        Err(error) => Err(Why::Id { field: "parent_span_id", error }),
    }
}

fn event(event: proto_span::Event) -> Result<Event, Why> {
    Ok(Event {
        time: UnixNanos(event.time_unix_nano),
        name: event.name,
        attributes: attributes(event.attributes, "event")?,
        dropped_attributes: event.dropped_attributes_count,
    })
}

fn link(link: proto_span::Link) -> Result<Link, Why> {
    Ok(Link {
        trace_id: id(&link.trace_id, "trace_id")?,
        span_id: id(&link.span_id, "span_id")?,
        trace_state: link.trace_state,
        attributes: attributes(link.attributes, "its")?,
        dropped_attributes: link.dropped_attributes_count,
        flags: link.flags,
    })
}

fn status(status: proto::Status) -> Status {
    Status { code: status.code.into(), message: status.message }
}
