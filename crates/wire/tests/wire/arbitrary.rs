//! Any span that OTLP can carry.

use std::sync::Arc;

use coral_trace::{
    Attributes, EntityRef, Event, KeyValue, Link, Origin, Resource, Scope, Span, SpanId, SpanKind,
    Status, StatusCode, TraceId, UnixNanos, Value,
};
use proptest::collection::vec;
use proptest::num;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Up to 20 spans under up to 4 origins, which are sometimes equal and sometimes shared.
pub fn spans() -> impl Strategy<Value = Vec<Span>> {
    let origins = vec(origin().prop_map(Arc::new), 1..4);
    (origins, vec((span(), any::<Index>(), any::<bool>()), 0..20)).prop_map(|(origins, spans)| {
        let place = |(mut span, index, shared): (Span, Index, bool)| {
            let origin = index.get(&origins);
            span.origin = if shared { origin.clone() } else { Arc::new(Origin::clone(origin)) };
            span
        };
        spans.into_iter().map(place).collect()
    })
}

fn span() -> impl Strategy<Value = Span> {
    let ids = (trace_id(), span_id(), proptest::option::of(span_id()));
    let words = (text(), text(), kind(), status());
    let numbers = (any::<[u32; 4]>(), time(), time());
    let lists = (attributes(), vec(event(), 0..3), vec(link(), 0..3));
    (ids, words, numbers, lists).prop_map(|(ids, words, numbers, lists)| Span {
        trace_id: ids.0,
        span_id: ids.1,
        parent_span_id: ids.2,
        trace_state: words.0,
        flags: numbers.0[0],
        name: words.1,
        kind: words.2,
        start: numbers.1,
        end: numbers.2,
        attributes: lists.0,
        dropped_attributes: numbers.0[1],
        events: lists.1,
        dropped_events: numbers.0[2],
        links: lists.2,
        dropped_links: numbers.0[3],
        status: words.3,
        origin: Arc::default(),
    })
}

fn event() -> impl Strategy<Value = Event> {
    (time(), text(), attributes(), any::<u32>()).prop_map(
        |(time, name, attributes, dropped_attributes)| Event {
            time,
            name,
            attributes,
            dropped_attributes,
        },
    )
}

fn link() -> impl Strategy<Value = Link> {
    (trace_id(), span_id(), text(), attributes(), any::<[u32; 2]>()).prop_map(
        |(trace_id, span_id, trace_state, attributes, [dropped_attributes, flags])| Link {
            trace_id,
            span_id,
            trace_state,
            attributes,
            dropped_attributes,
            flags,
        },
    )
}

fn status() -> impl Strategy<Value = Status> {
    let codes = select(&[StatusCode::Unset, StatusCode::Ok, StatusCode::Error]);
    (codes, text()).prop_map(|(code, message)| Status { code, message })
}

fn kind() -> impl Strategy<Value = SpanKind> {
    (0..6).prop_map(SpanKind::from)
}

fn origin() -> impl Strategy<Value = Origin> {
    let resource = (attributes(), small(), vec(entity_ref(), 0..2), text()).prop_map(
        |(attributes, dropped_attributes, entity_refs, schema_url)| Resource {
            attributes,
            dropped_attributes,
            entity_refs,
            schema_url,
        },
    );
    let scope = (text(), text(), attributes(), small(), text()).prop_map(
        |(name, version, attributes, dropped_attributes, schema_url)| Scope {
            name,
            version,
            attributes,
            dropped_attributes,
            schema_url,
        },
    );
    // Often the default, so that some resources stand under several scopes and the reverse.
    let resource = prop_oneof![Just(Resource::default()), resource];
    let scope = prop_oneof![Just(Scope::default()), scope];
    (resource, scope).prop_map(|(resource, scope)| Origin { resource, scope, ..Origin::default() })
}

fn entity_ref() -> impl Strategy<Value = EntityRef> {
    (text(), text(), vec(text(), 0..3), vec(text(), 0..3)).prop_map(
        |(schema_url, kind, id_keys, description_keys)| EntityRef {
            schema_url,
            kind,
            id_keys,
            description_keys,
        },
    )
}

fn attributes() -> impl Strategy<Value = Attributes> {
    vec(key_value(value()), 0..5).prop_map(Attributes)
}

fn key_value(value: impl Strategy<Value = Value>) -> impl Strategy<Value = KeyValue> {
    (text(), value).prop_map(|(key, value)| KeyValue { key, value })
}

fn value() -> impl Strategy<Value = Value> {
    let floats = num::f64::POSITIVE | num::f64::NEGATIVE | num::f64::NORMAL | num::f64::SUBNORMAL;
    let floats = floats | num::f64::ZERO | num::f64::INFINITE;
    let leaf = prop_oneof![
        Just(Value::Empty),
        text().prop_map(Value::String),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        floats.prop_map(Value::from),
        Just(Value::from(f64::NAN)),
        vec(any::<u8>(), 0..9).prop_map(Value::Bytes),
    ];
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::Array),
            vec(key_value(inner), 0..3).prop_map(|map| Value::Map(Attributes(map))),
        ]
    })
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-z.]{1,12}", any::<String>(), Just("\u{1b}[2J\"\\".into())]
}

fn small() -> impl Strategy<Value = u32> {
    0..2_u32
}

fn time() -> impl Strategy<Value = UnixNanos> {
    prop_oneof![Just(0), any::<u64>(), 1_700_000_000_000_000_000..1_800_000_000_000_000_000_u64]
        .prop_map(UnixNanos)
}

fn trace_id() -> impl Strategy<Value = TraceId> {
    (1..=u128::MAX).prop_map(|id| TraceId::try_from(id).unwrap())
}

fn span_id() -> impl Strategy<Value = SpanId> {
    (1..=u64::MAX).prop_map(|id| SpanId::try_from(id).unwrap())
}
