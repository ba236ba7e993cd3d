//! Spans with few possible values, so that different spans share services, span ids and trace ids.

use std::sync::Arc;

use coral_trace::{
    Attributes, Collector, Event, Origin, Resource, Scope, Span, SpanId, SpanKind, Status,
    StatusCode, TraceId, UnixNanos, Value,
};
use proptest::prelude::*;

use super::NOON;

/// The services of random spans.
pub(super) const SERVICES: [&str; 3] = ["shop", "cards", "mail"];

/// An eBPF span of `shop` that starts `at_ms` milliseconds after noon and takes `ms` milliseconds.
pub(super) fn span(trace: u128, id: u64, parent: Option<u64>, at_ms: u64, ms: u64) -> Span {
    let span_id = |id| SpanId::try_from(id).expect("it is not zero");
    let start = UnixNanos(NOON.0 + at_ms * 1_000_000);
    Span {
        trace_id: TraceId::try_from(trace).expect("it is not zero"),
        span_id: span_id(id),
        parent_span_id: parent.map(span_id),
        trace_state: String::new(),
        flags: 0,
        name: format!("GET /{id}"),
        kind: SpanKind::Server,
        start,
        end: UnixNanos(start.0 + ms * 1_000_000),
        attributes: Attributes::default(),
        dropped_attributes: 0,
        events: Vec::new(),
        dropped_events: 0,
        links: Vec::new(),
        dropped_links: 0,
        status: Status::default(),
        origin: origin("shop", Collector::Ebpf),
    }
}

pub(super) fn origin(service: &str, collector: Collector) -> Arc<Origin> {
    let attributes = [("service.name", service), ("host.name", "vm")].into_iter().collect();
    let resource = Resource { attributes, ..Resource::default() };
    Arc::new(Origin { resource, scope: Scope::default(), collector })
}

pub(super) fn any_span() -> impl Strategy<Value = Span> {
    let place = (1..7_u128, 0..9_u64, 0..40_u64, 0..30_u64);
    (place, 0..3_usize, any::<[bool; 3]>(), 0..6_i32, attributes()).prop_map(
        |((trace, id, at, ms), service, [fails, sdk, event], kind, attributes)| {
            let mut made = span(trace, 1 + id, (id > 2).then_some(1), at, ms);
            if fails {
                let message = "declined".to_owned();
                made.status = Status { code: StatusCode::Error, message };
            }
            let collector = if sdk { Collector::Sdk } else { Collector::Ebpf };
            made.origin = origin(SERVICES[service], collector);
            made.kind = SpanKind::from(kind);
            made.attributes = attributes;
            if event {
                let time = UnixNanos(made.start.0 + 1_000);
                made.events.push(Event { time, name: "retry".to_owned(), ..Event::default() });
            }
            made
        },
    )
}

/// Keys that filters use: some that engines may have columns for, under current and older names,
/// and other keys.
pub(super) const KEYS: [&str; 8] = [
    "http.route",
    "http.method",
    "http.request.method",
    "http.status_code",
    "http.response.status_code",
    "server.port",
    "user.tier",
    "host.name",
];
pub(super) const TEXTS: [&str; 5] = ["/pay", "GET", "gold", "vm", "200"];
pub(super) const NUMBERS: [i64; 3] = [5, 200, 503];

fn attributes() -> impl Strategy<Value = Attributes> {
    let value = prop_oneof![
        prop::sample::select(&TEXTS[..]).prop_map(Value::from),
        prop::sample::select(&NUMBERS[..]).prop_map(Value::from),
        Just(Value::from(200.0)),
        any::<bool>().prop_map(Value::from),
        Just(Value::Array(vec![Value::from("gold"), Value::Int(5)])),
    ];
    prop::collection::vec((prop::sample::select(&KEYS[..]), value), 0..4)
        .prop_map(Attributes::from_iter)
}
