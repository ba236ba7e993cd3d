//! Service maps are exact: the map of an engine equals a map that is computed from every span.

use std::collections::BTreeMap;
use std::time::Duration;

use coral_trace::dependency::{CallSpan, Dependencies, PeerHints, Topology};
use coral_trace::{Collector, Span, SpanKind, StatusCode, TimeRange, TraceId, Value};
use proptest::prelude::*;

use super::spans::{origin, span};
use super::{NOON, Subject, append, run, steps, take};
use crate::{Budget, TraceReader};

/// A service map is exact wherever the spans of a trace are stored, and each time it is computed. Traces
/// take several minutes, windows cut minutes, and spans arrive late.
pub fn a_map_is_exact_wherever_the_spans_of_a_trace_lie<S: Subject>() {
    let bound = prop_oneof![(0..5_u64).prop_map(|minute| minute * 60_000), milliseconds()];
    let range = prop::option::of((bound.clone(), bound));
    let collector = prop::option::of(prop::sample::select(vec![Collector::Ebpf, Collector::Sdk]));
    let windows = prop::collection::vec((range, collector), 1..4);
    run(128, (steps(any_span()), windows), |(steps, windows)| {
        let at = |ms: u64| NOON.later(Duration::from_millis(ms));
        let (mut subject, mut stored) = (S::new(), Vec::new());
        for step in steps {
            take(&mut subject, step, &mut stored);
            // Two of the maps are of the same window.
            for (range, collector) in windows.iter().chain(&windows[..1]) {
                let started = range.map_or(TimeRange::ALL, |(a, b)| TimeRange {
                    start: at(a.min(b)),
                    end: at(a.max(b)),
                });
                let budget = Budget::unlimited();
                let map = subject.engine().dependencies(started, *collector, &budget);
                let expected = expected(&stored, started, *collector);
                prop_assert_eq!(lines(&map.expect("a map is made").topology()), expected);
            }
            let extent = subject.engine().extent().expect("it is known");
            prop_assert_eq!(extent.damaged, 0, "stored data was set aside");
        }
        Ok(())
    });
}

/// A window without traces gives an empty service map.
pub fn an_empty_window_is_an_empty_map<S: Subject>() {
    let subject = S::new();
    let map = |started| {
        let map = subject.engine().dependencies(started, None, &Budget::unlimited());
        lines(&map.expect("a map is made").topology())
    };
    let nothing = lines(&Topology::default());
    assert_eq!(map(TimeRange::ALL), nothing);
    append(subject.engine(), vec![span(1, 1, None, 5, 1)]).expect("a page is stored");
    assert_eq!(map(TimeRange { start: NOON, end: NOON }), nothing);
}

/// Times of a few minutes in milliseconds: some near to others, and to the begin of a minute.
fn milliseconds() -> impl Strategy<Value = u64> + Clone {
    prop_oneof![3 => 0..40_u64, 1 => 59_980..60_020_u64, 1 => 0..240_000_u64]
}

/// A span with few possible values, so that different spans share services, span ids and trace ids.
fn any_span() -> impl Strategy<Value = Span> {
    (1..9_u128, 0..9_u64, milliseconds(), 0..30_u64, 0..4_usize, 0..5_i32, any::<[bool; 2]>())
        .prop_map(|(trace, id, at, ms, who, kind, [fails, sdk])| {
            let parent = (id > 0).then_some(1 + id / 2);
            let mut made = span(trace, 1 + id, parent, at, ms);
            if fails {
                made.status.code = StatusCode::Error;
            }
            let collector = if sdk { Collector::Sdk } else { Collector::Ebpf };
            made.origin = origin(["shop", "cards", "mail", "rates"][who], collector);
            made.kind = SpanKind::from(kind + 1);
            made.attributes = attributes(who + kind as usize).into_iter().collect();
            made
        })
}

fn attributes(which: usize) -> Vec<(&'static str, Value)> {
    let text = |text: &str| Value::String(text.into());
    match which {
        1 => vec![("db.system.name", text("postgresql")), ("db.namespace", text("orders"))],
        2 => vec![("messaging.system", text("kafka")), ("messaging.destination.name", text("m"))],
        3 => vec![
            ("http.request.method", text("GET")),
            ("server.address", text("api")),
            ("server.port", Value::Int(8_080)),
        ],
        4 => vec![("rpc.system", text("grpc")), ("peer.service", text("cards"))],
        _ => Vec::new(),
    }
}

/// The service map that is computed from every span, as lines.
fn expected(spans: &[Span], started: TimeRange, collector: Option<Collector>) -> Vec<String> {
    let mut traces: BTreeMap<TraceId, Vec<&Span>> = BTreeMap::new();
    for span in spans.iter().filter(|span| collector.is_none_or(|c| c == span.origin.collector)) {
        traces.entry(span.trace_id).or_default().push(span);
    }
    let mut map = Dependencies::default();
    for spans in traces.values() {
        if spans.iter().map(|span| span.start).min().is_some_and(|start| started.contains(start)) {
            let spans: Vec<CallSpan> = spans.iter().map(|span| call_span(&mut map, span)).collect();
            map.add_trace(&spans);
        }
    }
    lines(&map.topology())
}

fn call_span(map: &mut Dependencies, span: &Span) -> CallSpan {
    let text = |keys: [&str; 2]| keys.into_iter().find_map(|key| span.attributes.text(key));
    let hints = PeerHints {
        http_request_method: text(["http.request.method"; 2]),
        rpc_system: text(["rpc.system.name", "rpc.system"]),
        db_system: text(["db.system.name", "db.system"]),
        db_namespace: text(["db.namespace", "db.name"]),
        messaging_system: text(["messaging.system"; 2]),
        messaging_destination: text(["messaging.destination.name"; 2]),
        server_address: text(["server.address"; 2]),
        server_port: span.attributes.text("server.address").map(|_| 8_080),
        service_peer_name: text(["service.peer.name", "peer.service"]),
    };
    CallSpan {
        span_id: span.span_id,
        parent: span.parent_span_id,
        service: map.service(span.origin.service_name()),
        peer_hints: (hints != PeerHints::default()).then(|| map.intern_peer_hints(&hints)),
        start_us: Some(span.start.as_micros()),
        duration_us: span.duration().as_micros() as u64,
        kind: span.kind,
        failed: span.is_error(),
    }
}

/// The content of a map, one fact per line.
fn lines(map: &Topology) -> Vec<String> {
    let nodes = map.nodes.iter().map(|node| format!("{node:?}"));
    let edges = map.edges.iter().map(|edge| {
        let percentiles = [1, 50, 95, 99].map(|percent| edge.latencies.percentile(percent));
        let (from, to) = (&map.nodes[edge.from].name, &map.nodes[edge.to].name);
        let (protocol, calls, errors) = (edge.protocol, edge.calls, edge.errors);
        format!("{from} -> {to}: {protocol}, {calls} calls, {errors} failed, {percentiles:?}")
    });
    let rest = format!("{:?}, {:?}", map.cycles, map.counts);
    nodes.chain(edges).chain([rest]).collect()
}
