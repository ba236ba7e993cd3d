//! Spans with few possible values.

use std::sync::Arc;

use coral_trace::{
    Attributes, Collector, Event, Origin, Resource, Scope, Span, SpanId, SpanKind, Status,
    StatusCode, TraceId, UnixNanos, Value,
};
use proptest::prelude::*;

use crate::tests::shop::NOON;

/// A span with few possible values. The start is in milliseconds after noon.
fn any_span() -> impl Strategy<Value = Span> {
    let ids = (1..6_u128, 1..8_u64, prop::option::weighted(0.8, 1..8_u64));
    let times = (0..20_000_u64, prop_oneof![Just(0), 1..4_000_000_000_u64]);
    let kinds = (0..6_i32, 0..3_i32, 0..3_usize, any::<bool>(), any::<bool>());
    (ids, times, kinds, attributes(), attributes()).prop_map(
        |((trace, id, parent), (at, nanos), (kind, status, service, sdk, event), own, resource)| {
            let start = UnixNanos(NOON + at * 1_000_000);
            let services = ["shop", "cards", ""];
            let mut attributes: Attributes =
                [("service.name", services[service])].into_iter().collect();
            attributes.0.extend(resource.0);
            let collector = if sdk { Collector::Sdk } else { Collector::Ebpf };
            let scope = Scope {
                name: if sdk { "lib".to_owned() } else { String::new() },
                ..Scope::default()
            };
            let resource = Resource { attributes, ..Resource::default() };
            let time = UnixNanos(start.0 + 1_000);
            let told = Event {
                time,
                name: "retry".to_owned(),
                attributes: own.clone(),
                ..Event::default()
            };
            Span {
                trace_id: TraceId::try_from(trace).unwrap(),
                span_id: SpanId::try_from(id).unwrap(),
                parent_span_id: parent.map(|id| SpanId::try_from(id).unwrap()),
                trace_state: String::new(),
                flags: 0,
                name: ["GET /a", "GET /b", "in queue"][id as usize % 3].to_owned(),
                kind: SpanKind::from(kind),
                start,
                end: UnixNanos(start.0 + nanos),
                attributes: own,
                dropped_attributes: 0,
                events: if event { vec![told.clone(), told] } else { Vec::new() },
                dropped_events: 0,
                links: Vec::new(),
                dropped_links: 0,
                status: Status {
                    code: StatusCode::from(status),
                    message: ["", "no"][id as usize % 2].to_owned(),
                },
                origin: Arc::new(Origin { resource, scope, collector }),
            }
        },
    )
}

fn attributes() -> impl Strategy<Value = Attributes> {
    let value = prop_oneof![
        prop::sample::select(vec!["GET", "x", "200"]).prop_map(Value::from),
        prop::sample::select(vec![5_i64, 200]).prop_map(Value::from),
        Just(Value::from(2.5)),
        any::<bool>().prop_map(Value::from),
        Just(Value::Array(vec![Value::from("x"), Value::from("GET")])),
        Just(Value::Array(vec![Value::from("x"), Value::Int(5)])),
        Just(Value::Map(Attributes::default())),
    ];
    let key = prop::sample::select(vec![
        "a",
        "http.method",
        "http.request.method",
        "http.status_code",
        "server.port",
    ]);
    prop::collection::vec((key, value), 0..3).prop_map(Attributes::from_iter)
}

pub(super) fn any_spans() -> impl Strategy<Value = Vec<Span>> {
    prop::collection::vec(any_span(), 0..25).prop_map(|mut spans| {
        spans.sort_by_key(|span| (span.trace_id, span.span_id));
        spans.dedup_by_key(|span| (span.trace_id, span.span_id));
        spans
    })
}
