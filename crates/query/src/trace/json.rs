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

/// The JSON of a span. Older colonies send only the first fourteen fields, up to `virtual_hop`.
#[derive(Serialize, Deserialize, JsonSchema)]
struct SpanJson<'a> {
    /// The id of the trace that the span belongs to: 32 lower-case hex digits.
    #[serde(with = "text")]
    #[schemars(with = "String")]
    trace_id: TraceId,
    /// The span id: 16 lower-case hex digits.
    #[serde(with = "text")]
    #[schemars(with = "String")]
    span_id: SpanId,
    /// The span id of the parent span: 16 lower-case hex digits; null for a root.
    #[serde(with = "text_or_null")]
    #[schemars(with = "Option<String>")]
    parent_span_id: Option<SpanId>,
    /// The id of the agent that received the span.
    agent_id: Cow<'a, str>,
    /// The `service.name` of the resource, or `unknown_service` when the resource has none.
    service_name: Cow<'a, str>,
    /// The span name: the operation, such as `GET /checkout`.
    span_name: Cow<'a, str>,
    /// `internal`, `server`, `client`, `producer` or `consumer`.
    span_kind: Cow<'a, str>,
    /// When the span started: microseconds since the Unix epoch.
    #[serde(with = "micros")]
    #[schemars(with = "i64")]
    start_time_unix_us: UnixNanos,
    /// How long the span took, in microseconds; 0 when it ended before it started.
    duration_us: i64,
    /// The HTTP or gRPC response status code; null when the span has none.
    status_code: Option<u16>,
    /// The OpenTelemetry span status: `unset`, `ok` or `error`.
    span_status: Cow<'a, str>,
    /// The span's attributes as text; arrays and maps are written as JSON text.
    attributes: Texts<'a>,
    /// The kind of instrumentation that made the span: `ebpf` or `sdk`.
    source: Cow<'a, str>,
    /// Whether the span is one of the `in queue` and `processing` child spans that Beyla makes of
    /// one request. Trees leave such spans out.
    #[serde(default)]
    virtual_hop: bool,
    /// When the span started: nanoseconds since the Unix epoch, as decimal text.
    #[serde(default, with = "nanos")]
    #[schemars(with = "Option<String>")]
    start_time_unix_nano: Option<UnixNanos>,
    /// When the span ended: nanoseconds since the Unix epoch, as decimal text.
    #[serde(default, with = "nanos")]
    #[schemars(with = "Option<String>")]
    end_time_unix_nano: Option<UnixNanos>,
    /// The status message that the exporter sent; empty when there was none.
    #[serde(default)]
    status_message: Cow<'a, str>,
    /// The span's attributes with their JSON types.
    #[serde(default)]
    typed_attributes: Option<Typed<'a>>,
    /// The resource attributes: the process, host or workload that was observed.
    #[serde(default)]
    resource: Typed<'a>,
    /// The instrumentation scope: the library that reported the span.
    #[serde(default)]
    scope: ScopeJson<'a>,
    /// The span's events, in the order in which they were reported.
    #[serde(default)]
    events: Vec<EventJson<'a>>,
    /// Links to other spans, of this or of other traces.
    #[serde(default)]
    links: Vec<LinkJson<'a>>,
    /// The W3C `tracestate`, unchanged.
    #[serde(default)]
    trace_state: Cow<'a, str>,
    /// The W3C trace flags in bits 0 to 7, and the OTLP flags about remote parents above.
    #[serde(default)]
    flags: u32,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
struct ScopeJson<'a> {
    /// The name of the library; empty when the exporter sent none.
    name: Cow<'a, str>,
    /// The version of the library; empty when the exporter sent none.
    version: Cow<'a, str>,
    /// Further attributes of the library.
    #[serde(default)]
    attributes: Typed<'a>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct EventJson<'a> {
    /// The name of the event.
    name: Cow<'a, str>,
    /// When the event happened: microseconds since the Unix epoch.
    #[serde(with = "micros")]
    #[schemars(with = "i64")]
    time_unix_us: UnixNanos,
    /// When the event happened: nanoseconds since the Unix epoch, as decimal text.
    #[serde(default, with = "nanos")]
    #[schemars(with = "Option<String>")]
    time_unix_nano: Option<UnixNanos>,
    /// The attributes of the event.
    attributes: Typed<'a>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct LinkJson<'a> {
    /// The trace id of the linked span: 32 lower-case hex digits.
    #[serde(with = "text")]
    #[schemars(with = "String")]
    trace_id: TraceId,
    /// The span id of the linked span: 16 lower-case hex digits.
    #[serde(with = "text")]
    #[schemars(with = "String")]
    span_id: SpanId,
    /// The W3C `tracestate` of the linked span.
    trace_state: Cow<'a, str>,
    /// The attributes of the link.
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
        // An older colony sends the service name, but no resource.
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
    found.ok_or_else(|| E::custom(format!("`{name}` is not a known value")))
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

    /// The JSON without `attributes`, whose text form of a map depends on the order of keys, which
    /// is lost in JSON objects.
    fn json(span: &TraceSpan) -> serde_json::Value {
        let mut json = serde_json::to_value(span).unwrap();
        json.as_object_mut().unwrap().remove("attributes");
        json
    }

    proptest! {
        #[test]
        fn a_span_survives_the_round_trip_through_json_except_for_values_that_json_cannot_represent(
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
    fn the_json_of_an_older_colony_without_typed_attributes_and_resource_is_read() {
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
