//! The APIs of Jaeger over sockets, from a store with known spans.

mod colony;
mod legacy;
mod metrics;
mod refusals;
mod rpc;
mod v3;

use std::sync::Arc;

use coral_trace::{
    Attributes, Event, KeyValue, Link, Origin, Resource, Scope, Span, SpanId, SpanKind, Status,
    StatusCode, TraceId, UnixNanos, Value,
};

/// 2026-11-25T12:00:00Z in nanoseconds.
pub(super) const NOON: u64 = 1_795_608_000_000_000_000;

fn attributes(pairs: &[(&str, Value)]) -> Attributes {
    let pair = |(key, value): &(&str, Value)| KeyValue { key: (*key).into(), value: value.clone() };
    Attributes(pairs.iter().map(pair).collect())
}

fn origin(service: &str, host: &str, scope: &str) -> Arc<Origin> {
    let attributes = attributes(&[("service.name", service.into()), ("host.name", host.into())]);
    let scope = Scope { name: scope.into(), version: "1.2".into(), ..Scope::default() };
    let resource = Resource { attributes, ..Resource::default() };
    Arc::new(Origin { resource, scope, ..Origin::default() })
}

/// A server span of `shop` on `web-1`, from noon for 5 ms.
pub(super) fn span(trace: u128, id: u64) -> Span {
    Span {
        trace_id: TraceId::try_from(trace).unwrap(),
        span_id: SpanId::try_from(id).unwrap(),
        parent_span_id: None,
        trace_state: String::new(),
        flags: 257,
        name: "GET /".into(),
        kind: SpanKind::Server,
        start: UnixNanos(NOON),
        end: UnixNanos(NOON + 5_000_000),
        attributes: Attributes::default(),
        dropped_attributes: 0,
        events: Vec::new(),
        dropped_events: 0,
        links: Vec::new(),
        dropped_links: 0,
        status: Status::default(),
        origin: origin("shop", "web-1", "tracer"),
    }
}

/// A trace of three spans: a request to `shop`, its call, and the request that `bank` serves, with
/// whatever Jaeger shows in a way of its own.
pub(super) fn payment(trace: u128) -> Vec<Span> {
    let root = Span {
        trace_state: "a=b".into(),
        attributes: attributes(&[
            ("z", Value::Int(1 << 60)),
            ("list", Value::Array(vec![Value::Int(1), "<".into()])),
            ("bytes", Value::Bytes(vec![1, 2, 255])),
            ("float", Value::from(72.5)),
            ("whole", Value::from(3.0)),
            ("true", Value::from(true)),
            ("empty", Value::Empty),
            ("ip", Value::Int(0x0808_0808)),
            ("telemetry.sdk.name", "opentelemetry".into()),
        ]),
        events: vec![
            Event {
                time: UnixNanos(NOON + 2_000),
                name: "retry".into(),
                attributes: attributes(&[("n", Value::Int(2))]),
                dropped_attributes: 0,
            },
            Event {
                time: UnixNanos(NOON + 3_000),
                name: "exception".into(),
                attributes: attributes(&[("event", "own".into())]),
                dropped_attributes: 0,
            },
        ],
        ..span(trace, 1)
    };
    let call = Span {
        parent_span_id: Some(SpanId::try_from(1).unwrap()),
        kind: SpanKind::Client,
        name: "POST /pay".into(),
        end: UnixNanos(NOON + 4_000_000),
        status: Status { code: StatusCode::Error, message: "declined".into() },
        ..span(trace, 2)
    };
    let link = |trace: u128, id: u64, kind: Option<&str>| Link {
        trace_id: TraceId::try_from(trace).unwrap(),
        span_id: SpanId::try_from(id).unwrap(),
        trace_state: String::new(),
        attributes: kind
            .map(|kind| attributes(&[("opentracing.ref_type", kind.into())]))
            .unwrap_or_default(),
        dropped_attributes: 0,
        flags: 0,
    };
    let served = Span {
        parent_span_id: Some(SpanId::try_from(2).unwrap()),
        name: "POST /pay".into(),
        start: UnixNanos(NOON - 1_000_000),
        end: UnixNanos(NOON + 1_000_000),
        links: vec![link(9, 9, None), link(1 << 100, 8, Some("child_of"))],
        status: Status { code: StatusCode::Ok, message: String::new() },
        origin: origin("bank", "db-1", ""),
        ..span(trace, 3)
    };
    vec![root, call, served]
}

/// A span whose parent is not stored.
pub(super) fn orphan(trace: u128) -> Span {
    Span { parent_span_id: Some(SpanId::try_from(0xabc).unwrap()), ..span(trace, 4) }
}
