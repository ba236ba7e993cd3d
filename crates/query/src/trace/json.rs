//! A whole span as JSON, and back.

mod attributes;

use std::borrow::Cow;
use std::sync::Arc;

use coral_trace::{
    Collector, Event, Link, Origin, Resource, Scope, Span, SpanId, SpanKind, Status, StatusCode,
    TraceId, UNKNOWN_SERVICE, UnixNanos,
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use self::attributes::{Texts, Typed};
use super::answer::TraceSpan;
use crate::json::{micros, nanos, text, text_or_null};

/// The JSON of a span. The first fourteen fields are as old as the API; the others were added.
#[derive(Serialize, Deserialize, JsonSchema)]
struct SpanJson<'a> {
    /// The trace that the span is part of: 32 lower-case hex digits.
    #[serde(with = "text")]
    #[schemars(with = "String")]
    trace_id: TraceId,
    /// The span's own id: 16 lower-case hex digits.
    #[serde(with = "text")]
    #[schemars(with = "String")]
    span_id: SpanId,
    /// The span that caused this one: 16 lower-case hex digits; null for a root.
    #[serde(with = "text_or_null")]
    #[schemars(with = "Option<String>")]
    parent_span_id: Option<SpanId>,
    /// The agent that received the span.
    agent_id: Cow<'a, str>,
    /// `service.name` of the resource, or `unknown_service`.
    service_name: Cow<'a, str>,
    /// The operation.
    span_name: Cow<'a, str>,
    /// `internal`, `server`, `client`, `producer` or `consumer`.
    span_kind: Cow<'a, str>,
    /// When the span began: microseconds since the Unix epoch.
    #[serde(with = "micros")]
    #[schemars(with = "i64")]
    start_time_unix_us: UnixNanos,
    /// How long the span took, microseconds; 0 when it ended before it began.
    duration_us: i64,
    /// HTTP or gRPC response status; null when there is none.
    status_code: Option<u16>,
    /// `unset`, `ok` or `error`: OpenTelemetry's span status.
    span_status: Cow<'a, str>,
    /// The span's attributes as text; lists and maps as JSON.
    attributes: Texts<'a>,
    /// Which kind of instrumentation made the span: `ebpf` or `sdk`.
    source: Cow<'a, str>,
    /// Whether the span is one of Beyla's `in queue` and `processing` children, which trees see through.
    #[serde(default)]
    virtual_hop: bool,
    /// When the span began: nanoseconds since the Unix epoch, as decimal text.
    #[serde(default, with = "nanos")]
    #[schemars(with = "Option<String>")]
    start_time_unix_nano: Option<UnixNanos>,
    /// When the span ended: nanoseconds since the Unix epoch, as decimal text.
    #[serde(default, with = "nanos")]
    #[schemars(with = "Option<String>")]
    end_time_unix_nano: Option<UnixNanos>,
    /// What the exporter said about the status; empty when it said nothing.
    #[serde(default)]
    status_message: Cow<'a, str>,
    /// The span's attributes with their JSON types.
    #[serde(default)]
    typed_attributes: Option<Typed<'a>>,
    /// The attributes of the resource: the process, host or workload that was observed.
    #[serde(default)]
    resource: Typed<'a>,
    /// The instrumentation library that reported the span.
    #[serde(default)]
    scope: ScopeJson<'a>,
    /// What happened during the span, in the order in which it was reported.
    #[serde(default)]
    events: Vec<EventJson<'a>>,
    /// Spans of this or other traces that the span refers to.
    #[serde(default)]
    links: Vec<LinkJson<'a>>,
    /// W3C `tracestate`, as it came.
    #[serde(default)]
    trace_state: Cow<'a, str>,
    /// W3C trace flags and OTLP's bits about remote parents.
    #[serde(default)]
    flags: u32,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
struct ScopeJson<'a> {
    /// The library's name; empty when the exporter named none.
    name: Cow<'a, str>,
    /// The library's version; empty when the exporter named none.
    version: Cow<'a, str>,
    /// What else is known of the library.
    #[serde(default)]
    attributes: Typed<'a>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct EventJson<'a> {
    /// What happened.
    name: Cow<'a, str>,
    /// When: microseconds since the Unix epoch.
    #[serde(with = "micros")]
    #[schemars(with = "i64")]
    time_unix_us: UnixNanos,
    /// When: nanoseconds since the Unix epoch, as decimal text.
    #[serde(default, with = "nanos")]
    #[schemars(with = "Option<String>")]
    time_unix_nano: Option<UnixNanos>,
    /// What is known of the event.
    attributes: Typed<'a>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct LinkJson<'a> {
    /// The other span's trace: 32 lower-case hex digits.
    #[serde(with = "text")]
    #[schemars(with = "String")]
    trace_id: TraceId,
    /// The other span: 16 lower-case hex digits.
    #[serde(with = "text")]
    #[schemars(with = "String")]
    span_id: SpanId,
    /// W3C `tracestate` of the other span.
    trace_state: Cow<'a, str>,
    /// What is known of the relation.
    attributes: Typed<'a>,
}

impl Serialize for TraceSpan {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { agent_id, span } = self;
        let Origin { resource, scope, collector } = &*span.origin;
        let json = SpanJson {
            trace_id: span.trace_id,
            span_id: span.span_id,
            parent_span_id: span.parent_span_id,
            agent_id: (&**agent_id).into(),
            service_name: span.origin.service_name().into(),
            span_name: span.name.as_str().into(),
            span_kind: span.kind.as_str().into(),
            start_time_unix_us: span.start,
            duration_us: i64::try_from(span.duration().as_micros()).unwrap_or(i64::MAX),
            status_code: span.response_status(),
            span_status: span.status.code.as_str().into(),
            attributes: Texts(Cow::Borrowed(&span.attributes)),
            source: collector.as_str().into(),
            virtual_hop: span.is_virtual_hop(),
            start_time_unix_nano: Some(span.start),
            end_time_unix_nano: Some(span.end),
            status_message: span.status.message.as_str().into(),
            typed_attributes: Some(Typed(Cow::Borrowed(&span.attributes))),
            resource: Typed(Cow::Borrowed(&resource.attributes)),
            scope: ScopeJson {
                name: scope.name.as_str().into(),
                version: scope.version.as_str().into(),
                attributes: Typed(Cow::Borrowed(&scope.attributes)),
            },
            events: span.events.iter().map(EventJson::from).collect(),
            links: span.links.iter().map(LinkJson::from).collect(),
            trace_state: span.trace_state.as_str().into(),
            flags: span.flags,
        };
        json.serialize(to)
    }
}

impl<'de> Deserialize<'de> for TraceSpan {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let json = SpanJson::deserialize(from)?;
        let kind = named(&SPAN_KINDS, &json.span_kind, SpanKind::as_str)?;
        let code = named(&STATUS_CODES, &json.span_status, StatusCode::as_str)?;
        let collector = named(&COLLECTORS, &json.source, Collector::as_str)?;
        let mut resource = Resource { attributes: json.resource.owned(), ..Resource::default() };
        // A colony that says no resource says the service all the same.
        if resource.attributes.is_empty() && json.service_name != UNKNOWN_SERVICE {
            resource.attributes = [("service.name", &*json.service_name)].into_iter().collect();
        }
        let start = json.start_time_unix_nano.unwrap_or(json.start_time_unix_us);
        let length = u64::try_from(json.duration_us).unwrap_or(0).saturating_mul(1_000);
        let end = json.end_time_unix_nano.unwrap_or(UnixNanos(start.0.saturating_add(length)));
        let scope = Scope {
            name: json.scope.name.into_owned(),
            version: json.scope.version.into_owned(),
            attributes: json.scope.attributes.owned(),
            ..Scope::default()
        };
        let span = Span {
            trace_id: json.trace_id,
            span_id: json.span_id,
            parent_span_id: json.parent_span_id,
            trace_state: json.trace_state.into_owned(),
            flags: json.flags,
            name: json.span_name.into_owned(),
            kind,
            start,
            end,
            attributes: match json.typed_attributes {
                Some(typed) => typed.owned(),
                None => json.attributes.0.into_owned(),
            },
            dropped_attributes: 0,
            events: json.events.into_iter().map(Event::from).collect(),
            dropped_events: 0,
            links: json.links.into_iter().map(Link::from).collect(),
            dropped_links: 0,
            status: Status { code, message: json.status_message.into_owned() },
            origin: Arc::new(Origin { resource, scope, collector }),
        };
        Ok(Self { agent_id: json.agent_id.into(), span })
    }
}

const SPAN_KINDS: [SpanKind; 5] = [
    SpanKind::Internal,
    SpanKind::Server,
    SpanKind::Client,
    SpanKind::Producer,
    SpanKind::Consumer,
];
const STATUS_CODES: [StatusCode; 3] = [StatusCode::Unset, StatusCode::Ok, StatusCode::Error];
const COLLECTORS: [Collector; 2] = [Collector::Ebpf, Collector::Sdk];

fn named<T: Copy, E: de::Error>(
    all: &[T],
    name: &str,
    as_str: fn(T) -> &'static str,
) -> Result<T, E> {
    let found = all.iter().copied().find(|value| as_str(*value) == name);
    found.ok_or_else(|| E::custom(format!("`{name}` is unknown here")))
}

impl<'a> From<&'a Event> for EventJson<'a> {
    fn from(event: &'a Event) -> Self {
        Self {
            name: event.name.as_str().into(),
            time_unix_us: event.time,
            time_unix_nano: Some(event.time),
            attributes: Typed(Cow::Borrowed(&event.attributes)),
        }
    }
}

impl From<EventJson<'_>> for Event {
    fn from(json: EventJson<'_>) -> Self {
        Self {
            time: json.time_unix_nano.unwrap_or(json.time_unix_us),
            name: json.name.into_owned(),
            attributes: json.attributes.owned(),
            dropped_attributes: 0,
        }
    }
}

impl<'a> From<&'a Link> for LinkJson<'a> {
    fn from(link: &'a Link) -> Self {
        Self {
            trace_id: link.trace_id,
            span_id: link.span_id,
            trace_state: link.trace_state.as_str().into(),
            attributes: Typed(Cow::Borrowed(&link.attributes)),
        }
    }
}

impl From<LinkJson<'_>> for Link {
    fn from(json: LinkJson<'_>) -> Self {
        Self {
            trace_id: json.trace_id,
            span_id: json.span_id,
            trace_state: json.trace_state.into_owned(),
            attributes: json.attributes.owned(),
            dropped_attributes: 0,
            flags: 0,
        }
    }
}

impl JsonSchema for TraceSpan {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        SpanJson::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use coral_trace::testing;
    use proptest::prelude::*;

    use super::*;

    /// Without `attributes`: the text of a map has its keys in the order in which they came, JSON's objects have none.
    fn json(span: &TraceSpan) -> serde_json::Value {
        let mut json = serde_json::to_value(span).unwrap();
        json.as_object_mut().unwrap().remove("attributes");
        json
    }

    proptest! {
        #[test]
        fn a_span_comes_back_from_its_json_as_it_was_but_for_what_json_has_no_form_for(
            span in testing::span(),
        ) {
            let sent = TraceSpan { agent_id: "web-1".into(), span };
            let text = serde_json::to_string(&sent).unwrap();
            let back: TraceSpan = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(json(&back), json(&sent));
            let (back, sent) = (back.span, sent.span);
            prop_assert_eq!(
                (back.trace_id, back.span_id, back.parent_span_id, back.start, back.end),
                (sent.trace_id, sent.span_id, sent.parent_span_id, sent.start, sent.end)
            );
            prop_assert_eq!(back.events.len(), sent.events.len());
            prop_assert_eq!(&back.status, &sent.status);
            prop_assert_eq!(back.response_status(), sent.response_status());
            prop_assert_eq!(back.is_virtual_hop(), sent.is_virtual_hop());
        }
    }

    #[test]
    fn the_json_of_a_colony_that_knows_neither_types_nor_resources_is_read() {
        let old = serde_json::json!({
            "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7",
            "parent_span_id": null, "agent_id": "web-1", "service_name": "shop",
            "span_name": "GET /", "span_kind": "server", "start_time_unix_us": 5,
            "duration_us": 7, "status_code": 200, "span_status": "unset",
            "attributes": {"http.response.status_code": "200"}, "source": "ebpf",
        });
        let span = serde_json::from_value::<TraceSpan>(old).unwrap().span;
        assert_eq!(span.origin.service_name(), "shop");
        assert_eq!((span.start, span.end), (UnixNanos(5_000), UnixNanos(12_000)));
        assert_eq!(span.response_status(), Some(200));
    }
}
