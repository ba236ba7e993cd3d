//! Strategies for arbitrary spans, for property tests. Available with the feature `testing`.

use std::ops::Range;
use std::sync::Arc;

use proptest::prelude::*;

use crate::{
    Attributes, Collector, EntityRef, Event, KeyValue, Link, Origin, Resource, Scope, Span, SpanId,
    SpanKind, Status, StatusCode, TraceId, UnixNanos, Value,
};

/// Any value, nested a few levels deep.
pub fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Empty),
        text().prop_map(Value::String),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop_oneof![any::<f64>(), prop::sample::select(FLOATS)].prop_map(Value::from),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(Value::Bytes),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            pairs(inner).prop_map(Value::Map),
        ]
    })
}

/// Any attributes. Some have keys that Beyla sends, old and new, with values of any type; keys may
/// repeat.
pub fn attributes() -> impl Strategy<Value = Attributes> {
    pairs(value())
}

fn pairs(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Attributes> {
    let key = prop_oneof![
        3 => prop::sample::select(KNOWN_KEYS).prop_map(str::to_owned),
        1 => text(),
    ];
    let sent = prop_oneof![
        (key, value).prop_map(|(key, value)| KeyValue { key, value }),
        (prop::sample::select(STATUS_KEYS), prop::sample::select(STATUSES)).prop_map(
            |(key, status)| {
                let number = status.parse().map(Value::Int);
                KeyValue {
                    key: key.to_owned(),
                    value: number.unwrap_or_else(|_| Value::from(status)),
                }
            }
        ),
    ];
    prop::collection::vec(sent, 0..6).prop_map(Attributes)
}

const FLOATS: &[f64] = &[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 5.0, -0.0, 1e300];
const KNOWN_KEYS: &[&str] = &[
    "http.request.method",
    "http.method",
    "http.route",
    "url.path",
    "http.target",
    "server.port",
    "server.address",
    "db.system",
    "db.system.name",
    "rpc.method",
    "http.response.body.size",
    "a/b~c\"'",
    "$map",
    "",
];
const STATUS_KEYS: &[&str] = &[
    "http.response.status_code",
    "http.status_code",
    "rpc.grpc.status_code",
    "rpc.response.status_code",
];
const STATUSES: &[&str] = &["200", "0", "16", "70000", "-1", "OK", "ok", "PERMISSION_DENIED", "no"];

/// Any text, including awkward characters.
pub fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z./]{1,8}",
        1 => ".{0,12}",
        1 => any::<String>(),
        1 => prop::sample::select(vec!["", "\0", "\u{1b}[2J\"\\", "\u{1b}[31m", "{\"a\":1}", "';--", "\u{202e}"])
            .prop_map(str::to_owned),
    ]
}

/// Any origin.
pub fn origin() -> impl Strategy<Value = Origin> {
    let entity = (text(), text(), prop::collection::vec(text(), 0..2)).prop_map(
        |(schema_url, kind, keys)| EntityRef {
            schema_url,
            kind,
            id_keys: keys.clone(),
            description_keys: keys,
        },
    );
    let resource = (attributes(), any::<u32>(), text(), prop::collection::vec(entity, 0..2))
        .prop_map(|(attributes, dropped_attributes, schema_url, entity_refs)| Resource {
            attributes,
            dropped_attributes,
            entity_refs,
            schema_url,
        });
    let scope = (text(), text(), attributes(), any::<u32>(), text()).prop_map(
        |(name, version, attributes, dropped_attributes, schema_url)| Scope {
            name,
            version,
            attributes,
            dropped_attributes,
            schema_url,
        },
    );
    let collector = prop_oneof![Just(Collector::Ebpf), Just(Collector::Sdk)];
    (resource, scope, collector).prop_map(|(resource, scope, collector)| Origin {
        resource,
        scope,
        collector,
    })
}

/// Any span. There are few different trace ids, so that some spans share a trace.
pub fn span() -> impl Strategy<Value = Span> {
    let ids = (1u128..6, 1u64..40, prop::option::of(1u64..40));
    let time = prop_oneof![1_795_000_000_000_000_000u64..1_795_000_000_999_999_999, any::<u64>()];
    let kind = (0i32..6).prop_map(SpanKind::from);
    let status = ((0i32..3).prop_map(StatusCode::from), text())
        .prop_map(|(code, message)| Status { code, message });
    let fields = (text(), text(), any::<u32>(), kind, status);
    let dropped = (any::<u32>(), any::<u32>(), any::<u32>());
    let inside =
        (attributes(), prop::collection::vec(event(), 0..3), prop::collection::vec(link(), 0..3));
    (ids, time.clone(), time, fields, dropped, inside, origin()).prop_map(
        |((trace, id, parent), start, end, fields, dropped, inside, origin)| Span {
            trace_id: TraceId::try_from(trace).expect("not zero"),
            span_id: SpanId::try_from(id).expect("not zero"),
            parent_span_id: parent.map(|id| SpanId::try_from(id).expect("not zero")),
            trace_state: fields.0,
            flags: fields.2,
            name: fields.1,
            kind: fields.3,
            start: UnixNanos(start),
            end: UnixNanos(end),
            attributes: inside.0,
            dropped_attributes: dropped.0,
            events: inside.1,
            dropped_events: dropped.1,
            links: inside.2,
            dropped_links: dropped.2,
            status: fields.4,
            origin: Arc::new(origin),
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    (any::<u64>(), text(), attributes(), any::<u32>()).prop_map(
        |(time, name, attributes, dropped_attributes)| Event {
            time: UnixNanos(time),
            name,
            attributes,
            dropped_attributes,
        },
    )
}

fn link() -> impl Strategy<Value = Link> {
    (1u128.., 1u64.., text(), attributes(), any::<u32>(), any::<u32>()).prop_map(
        |(trace, span, trace_state, attributes, dropped_attributes, flags)| Link {
            trace_id: TraceId::try_from(trace).expect("not zero"),
            span_id: SpanId::try_from(span).expect("not zero"),
            trace_state,
            attributes,
            dropped_attributes,
            flags,
        },
    )
}

/// Spans with distinct ids.
pub fn distinct_spans(count: Range<usize>) -> impl Strategy<Value = Vec<Span>> {
    prop::collection::vec(span(), count).prop_map(|mut spans| {
        spans.sort_by_key(|span| (span.trace_id, span.span_id));
        spans.dedup_by_key(|span| (span.trace_id, span.span_id));
        spans
    })
}

/// Sorts spans by id and their attributes by key, so that they can be compared. In OTLP, the order
/// of groups and of attributes is arbitrary.
pub fn sort(spans: &mut [Span]) {
    spans.sort_by_key(|span| (span.trace_id, span.span_id));
    for span in spans {
        span.attributes.0.sort_by(|one, other| one.key.cmp(&other.key));
    }
}
