use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::ids::SpanId;
use crate::span::SpanKind;

/// `text` has one span per line: `id service kind millis [< parent] [| error key=value …]`. The
/// keys are short names for fields of [`PeerHints`]. A blank line ends a trace.
#[track_caller]
fn check(text: &str, expected: Expect) {
    let drawn = draw(&map_of(text, false));
    assert_eq!(draw(&map_of(text, true)), drawn, "in reverse order");
    expected.assert_eq(&drawn);
}

fn map_of(text: &str, reversed: bool) -> Topology {
    let mut map = Dependencies::default();
    for trace in text.split("\n\n") {
        let mut spans: Vec<CallSpan> =
            trace.lines().map(|line| span(&mut map, line.trim())).collect();
        if reversed {
            spans.reverse();
        }
        map.add_trace(&spans);
    }
    map.topology()
}

fn span(map: &mut Dependencies, line: &str) -> CallSpan {
    let (line, notes) = line.split_once(" | ").unwrap_or((line, ""));
    let (line, parent) = line.split_once(" < ").unwrap_or((line, ""));
    let words: Vec<&str> = line.split_whitespace().collect();
    let pairs: BTreeMap<&str, &str> =
        notes.split_whitespace().filter_map(|note| note.split_once('=')).collect();
    let get = |key| pairs.get(key).copied();
    let hints = PeerHints {
        http_request_method: get("method"),
        rpc_system: get("rpc"),
        db_system: get("db"),
        db_namespace: get("namespace"),
        messaging_system: get("messaging"),
        messaging_destination: get("topic"),
        server_address: get("address"),
        server_port: get("port").map(|port| port.parse().unwrap()),
        service_peer_name: get("peer"),
    };
    CallSpan {
        span_id: id(words[0]).unwrap(),
        parent: id(parent.trim()),
        service: map.service(words[1]),
        peer_hints: (hints != PeerHints::default()).then(|| map.intern_peer_hints(&hints)),
        duration_us: words[3].parse::<u64>().unwrap() * 1_000,
        kind: match words[2] {
            "server" => SpanKind::Server,
            "client" => SpanKind::Client,
            "producer" => SpanKind::Producer,
            "consumer" => SpanKind::Consumer,
            _ => SpanKind::Internal,
        },
        failed: notes.split_whitespace().any(|note| note == "error"),
    }
}

fn id(text: &str) -> Option<SpanId> {
    u64::from_str_radix(text, 16).ok().and_then(|id| SpanId::try_from(id).ok())
}

/// The map as text: one edge per line, with calls, errors and the median in milliseconds; then
/// nodes without edges, cycles, and the counts that are not zero.
fn draw(map: &Topology) -> String {
    let name = |at: usize| {
        let node = &map.nodes[at];
        match node.kind {
            NodeKind::Service => node.name.clone(),
            kind => format!("{} [{}]", node.name, kind.as_str()),
        }
    };
    let mut text = String::new();
    for edge in &map.edges {
        let p50 = edge.latencies.percentile(50).unwrap() / 1_000;
        let errors =
            if edge.errors > 0 { format!(", {} failed", edge.errors) } else { String::new() };
        let (from, to) = (name(edge.from), name(edge.to));
        text += &format!("{from} -> {to}: {} {}{errors}, {p50}ms\n", edge.calls, edge.protocol);
    }
    let linked = |at: usize| map.edges.iter().any(|edge| edge.from == at || edge.to == at);
    let alone = (0..map.nodes.len()).filter(|at| !linked(*at));
    text.extend(alone.map(|at| format!("{} alone\n", name(at))));
    for cycle in &map.cycles {
        let names: Vec<String> = cycle.iter().map(|at| name(*at)).collect();
        text += &format!("circle: {}\n", names.join(", "));
    }
    let Counts { orphans, unnamed, .. } = map.counts;
    if (orphans, unnamed) != (0, 0) {
        text += &format!("{orphans} orphans, {unnamed} unnamed\n");
    }
    text
}

/// The reference trace, with attributes that name the peers.
#[test]
fn the_reference_trace_has_exactly_its_seven_edges() {
    check(
        "1 frontend-api server 1200 | method=POST
         2 payments-api server 450 < 1 | method=POST
         3 card-validator-svc server 380 < 2 | method=POST
         4 postgres client 12 < 3 | db=postgresql namespace=cards
         5 fraud-detector server 35 < 2 | rpc=grpc
         6 inventory-api server 180 < 1 | method=POST
         7 redis client 2 < 6 | db=redis
         8 email-svc producer 15 < 1 | messaging=kafka topic=notifications",
        expect![[r#"
            card-validator-svc -> postgres [database]: 1 sql, 12ms
            frontend-api -> email-svc [queue]: 1 kafka, 15ms
            frontend-api -> inventory-api: 1 http, 180ms
            frontend-api -> payments-api: 1 http, 450ms
            inventory-api -> redis [database]: 1 redis, 2ms
            payments-api -> card-validator-svc: 1 http, 380ms
            payments-api -> fraud-detector: 1 grpc, 35ms
        "#]],
    );
}

#[test]
fn a_client_span_and_a_server_span_are_one_call_despite_virtual_hops_between_them() {
    check(
        "1 shop server 100 | method=GET
         2 shop internal 1 < 1
         3 shop internal 99 < 1
         4 shop client 60 < 3 | method=POST address=127.0.0.1:18082 port=18082
         5 cards server 55 < 4 | method=POST error",
        expect![[r#"
            shop -> cards: 1 http, 1 failed, 60ms
        "#]],
    );
}

#[test]
fn a_client_span_without_a_server_span_is_a_call_to_the_peer_that_it_names() {
    check(
        "1 shop server 100
         2 shop client 5 < 1 | db=postgresql namespace=orders address=db-1 port=5432
         3 shop client 6 < 1 | db=postgresql namespace=orders address=db-1 port=5432 error
         4 shop client 7 < 1 | method=GET address=api.example port=443
         5 shop client 8 < 1 | rpc=grpc peer=rates
         6 shop producer 1 < 1 | messaging=kafka topic=paid
         7 shop client 9 < 1 | db=other_sql address= namespace=
         8 shop client 3 < 1 | method=GET",
        expect![[r#"
            shop -> api.example [external]: 1 http, 7ms
            shop -> kafka/paid [queue]: 1 kafka, 1ms
            shop -> other_sql [database]: 1 sql, 9ms
            shop -> postgresql://db-1:5432/orders [database]: 2 sql, 1 failed, 5ms
            shop -> rates [external]: 1 grpc, 8ms
            0 orphans, 1 unnamed
        "#]],
    );
}

#[test]
fn a_server_span_without_a_client_span_is_called_by_its_parents_service() {
    check(
        "1 a server 9\n2 b server 5 < 1",
        expect![[r#"
        a -> b: 1 unknown, 5ms
    "#]],
    );
}

#[test]
fn the_caller_of_an_orphan_is_not_guessed() {
    check(
        "2 cards server 5 < 1\n\n4 shop client 9 < 3 | address=cards",
        expect![[r#"
            shop -> cards (external) [external]: 1 unknown, 9ms
            cards alone
            2 orphans, 0 unnamed
        "#]],
    );
}

#[test]
fn a_retried_call_is_several_calls_each_as_long_as_its_server_span() {
    check(
        "1 a client 90\n2 b server 30 < 1 | error\n3 b server 20 < 1\n4 b server 10 < 1",
        expect![[r#"
            a -> b: 3 unknown, 1 failed, 20ms
        "#]],
    );
}

#[test]
fn of_nested_client_spans_of_one_service_the_inner_one_is_the_call() {
    check(
        "1 a client 90 | db=elasticsearch
         2 a internal 80 < 1
         3 a client 70 < 2 | method=GET address=es port=9200
         4 a client 60 < 2 | method=GET
         5 b server 50 < 4",
        expect![[r#"
            a -> b: 1 http, 60ms
            a -> es:9200 [external]: 1 http, 70ms
        "#]],
    );
}

#[test]
fn a_message_connects_producer_and_consumer_by_parent_or_else_by_queue() {
    check(
        "1 shop producer 2 | messaging=kafka topic=paid
         2 mail consumer 9 < 1 | messaging=kafka topic=paid

         3 shop producer 2 | messaging=nats topic=gone

         4 mail consumer 7 | messaging=nats topic=gone",
        expect![[r#"
            nats/gone [queue] -> mail: 1 nats, 7ms
            shop -> mail: 1 kafka, 2ms
            shop -> nats/gone [queue]: 1 nats, 2ms
        "#]],
    );
}

#[test]
fn internal_spans_are_a_call_where_the_service_changes() {
    check(
        "1 a internal 9\n2 a internal 8 < 1\n3 b internal 7 < 2\n4 b internal 6 < 3\n5 c internal 5 < 4",
        expect![[r#"
            a -> b: 1 unknown, 7ms
            b -> c: 1 unknown, 5ms
        "#]],
    );
}

#[test]
fn services_that_call_themselves_directly_or_indirectly_are_cycles() {
    check(
        "1 a server 9\n2 b server 8 < 1\n3 c server 7 < 2\n4 a server 6 < 3\n5 d server 5 < 4\n6 d server 4 < 5\n7 e server 1 < 6",
        expect![[r#"
            a -> b: 1 unknown, 8ms
            a -> d: 1 unknown, 5ms
            b -> c: 1 unknown, 7ms
            c -> a: 1 unknown, 6ms
            d -> d: 1 unknown, 4ms
            d -> e: 1 unknown, 1ms
            circle: a, b, c
            circle: d
        "#]],
    );
}

#[test]
fn spans_that_are_their_own_ancestors_are_handled() {
    check(
        "1 a internal 9 < 1\n2 a internal 8 < 3\n3 a internal 7 < 2\n4 b server 1 < 2",
        expect![[r#"
            a -> b: 1 unknown, 1ms
        "#]],
    );
}

#[test]
fn two_nodes_with_the_same_name_are_distinguished_by_kind() {
    check(
        "1 a client 9 | address=b\n\n2 b server 8\n\n3 a client 7 | db=b\n\n4 c server 7\n5 c client 1 < 4 | db=c",
        expect![[r#"
            a -> b (database) [database]: 1 sql, 7ms
            a -> b (external) [external]: 1 unknown, 9ms
            c -> c (database) [database]: 1 sql, 1ms
            b alone
        "#]],
    );
}

#[test]
fn a_chain_of_a_hundred_thousand_spans_is_handled_in_linear_time() {
    let mut map = Dependencies::default();
    let services = [map.service("a"), map.service("b")];
    let span = |at: u64, kind, service| CallSpan {
        span_id: SpanId::try_from(at).unwrap(),
        parent: SpanId::try_from(at - 1).ok(),
        service,
        peer_hints: None,
        duration_us: 1,
        kind,
        failed: false,
    };
    let mut chain: Vec<CallSpan> =
        (1..100_000).map(|at| span(at, SpanKind::Internal, services[0])).collect();
    chain.push(span(100_000, SpanKind::Server, services[1]));
    // Spans arrive in this order: children before parents.
    chain.reverse();
    map.add_trace(&chain);
    // A cycle of the same length.
    chain.iter_mut().for_each(|span| span.kind = SpanKind::Internal);
    chain.last_mut().unwrap().parent = SpanId::try_from(100_000_u64).ok();
    map.add_trace(&chain);
    let edges = map.topology().edges;
    let calls: Vec<(usize, usize, u64)> =
        edges.iter().map(|edge| (edge.from, edge.to, edge.calls)).collect();
    assert_eq!(calls, [(0, 1, 2), (1, 0, 1)]);
}

#[test]
fn calls_over_edges_beyond_the_limit_are_counted() {
    let mut map = Dependencies::default();
    let mut trace = Vec::new();
    for at in 0..=Dependencies::MAX_EDGES as u64 {
        let host = format!("host-{at}");
        let hints = PeerHints { server_address: Some(&host), ..PeerHints::default() };
        trace.push(CallSpan {
            span_id: SpanId::try_from(at + 1).unwrap(),
            parent: None,
            service: map.service("a"),
            peer_hints: Some(map.intern_peer_hints(&hints)),
            duration_us: 1,
            kind: SpanKind::Client,
            failed: false,
        });
    }
    map.add_trace(&trace);
    let topology = map.topology();
    assert_eq!((topology.edges.len(), topology.counts.left_out), (Dependencies::MAX_EDGES, 1));
}

#[test]
fn percentiles_are_durations_that_occurred_by_nearest_rank() {
    let percentiles = |values: &mut dyn Iterator<Item = u64>| {
        let mut latencies = Latencies::default();
        values.for_each(|value| latencies.add(value));
        assert!(latencies.is_exact());
        [0, 50, 95, 99, 100].map(|percent| latencies.percentile(percent).unwrap())
    };
    assert_eq!(percentiles(&mut [7].into_iter()), [7; 5]);
    assert_eq!(percentiles(&mut [3, 1, 2, 4].into_iter()), [1, 2, 4, 4, 4]);
    let many = (1..=100_000).rev().map(|at| at * 37);
    assert_eq!(
        percentiles(&mut many.into_iter()),
        [37, 1_850_000, 3_515_000, 3_663_000, 3_700_000]
    );
    // A million durations, of which few are distinct.
    let repeated = (0..1_000_000).map(|at| at % 1_000);
    assert_eq!(percentiles(&mut repeated.into_iter()), [0, 499, 949, 989, 999]);
    assert_eq!(percentiles(&mut [u64::MAX; 1_000].into_iter()), [u64::MAX; 5]);
    assert_eq!(percentiles(&mut [0; 1_000].into_iter()), [0; 5]);
    assert_eq!(Latencies::default().percentile(50), None);
}

#[test]
fn percentiles_of_more_distinct_durations_than_are_kept_are_within_a_twentieth_of_a_percent() {
    let distinct = Latencies::MAX_DISTINCT as u64;
    let of = |from: u64, to: u64| {
        let mut latencies = Latencies::default();
        (from..to).for_each(|at| latencies.add(at * 37));
        latencies
    };
    assert!(of(0, distinct).is_exact());
    let many = of(0, distinct + 1);
    assert!(!many.is_exact());
    let mut parts = of(0, 1_000);
    parts.merge(&of(1_000, distinct + 1));
    for percent in [0, 1, 50, 95, 99, 100] {
        let found = many.percentile(percent).unwrap();
        let exact = (((distinct + 1) * percent).div_ceil(100).max(1) - 1) * 37;
        assert!(found.abs_diff(exact) * 2_000 <= exact, "{percent}: {found}, not {exact}");
        assert_eq!(parts.percentile(percent), Some(found));
    }
}

#[test]
fn very_long_names_are_cut_and_share_a_node() {
    let mut map = Dependencies::default();
    let long = "ß".repeat(70_000);
    let node = map.service(&long);
    assert_eq!(node, map.service(&long[..1_000]));
    assert_ne!(node, map.service(&long[..100]));
}

#[test]
fn added_removed_and_slower_edges_are_found() {
    let calls = |callee: &str, millis: u64, count: u64| {
        let trace =
            |at| format!("1 a client {at} | method=GET\n2 {callee} server {millis} < 1\n\n");
        trace(millis).repeat(count as usize)
    };
    let map = |text: String| map_of(text.trim_end(), false);
    let before =
        calls("gone", 1, 3) + &calls("slow", 2, 20) + &calls("few", 2, 19) + &calls("same", 20, 20);
    let now =
        calls("new", 1, 3) + &calls("slow", 3, 20) + &calls("few", 9, 50) + &calls("same", 29, 20);
    let (before, now) = (map(before), map(now));
    let changes = now.changes_since(&before);
    let to = |map: &Topology, at: usize| map.nodes[map.edges[at].to].name.clone();
    let names =
        |map: &Topology, edges: &[usize]| edges.iter().map(|at| to(map, *at)).collect::<Vec<_>>();
    assert_eq!(names(&now, &changes.added), ["new"]);
    assert_eq!(names(&before, &changes.removed), ["gone"]);
    let slower: Vec<_> =
        changes.slower.iter().map(|(was, is)| (to(&before, *was), to(&now, *is))).collect();
    assert_eq!(slower, [("slow".to_owned(), "slow".to_owned())]);
    assert_eq!(now.changes_since(&now), Changes::default());
}

/// The spans of a trace, each as numbers: parent, service, kind, peer hints, duration in
/// microseconds, and whether the span failed. The parent is an earlier span or a missing one.
type Numbers = Vec<(u64, u8, u8, u8, u64, bool)>;

fn numbers() -> impl Strategy<Value = Numbers> {
    prop::collection::vec(
        (0..30_u64, 0..4_u8, 0..5_u8, 0..4_u8, 0..5_000_u64, any::<bool>()),
        0..40,
    )
}

fn trace(map: &mut Dependencies, numbers: &Numbers) -> Vec<CallSpan> {
    let spans =
        (1..).zip(numbers).map(|(at, (parent, service, kind, hints, duration_us, failed))| {
            let hints = match hints {
                0 => PeerHints { db_system: Some("redis"), ..PeerHints::default() },
                1 => PeerHints { messaging_system: Some("kafka"), ..PeerHints::default() },
                2 => PeerHints {
                    http_request_method: Some("GET"),
                    server_address: Some("s1"),
                    ..PeerHints::default()
                },
                _ => PeerHints::default(),
            };
            CallSpan {
                span_id: SpanId::try_from(at).unwrap(),
                parent: if *parent > at {
                    SpanId::try_from(1_000 + parent).ok()
                } else {
                    SpanId::try_from(at.saturating_sub(*parent)).ok()
                },
                service: map.service(&format!("s{service}")),
                peer_hints: Some(map.intern_peer_hints(&hints)),
                duration_us: *duration_us,
                kind: SpanKind::from(i32::from(*kind) + 1),
                failed: *failed,
            }
        });
    spans.collect()
}

proptest! {
    #[test]
    fn the_calls_to_a_service_are_its_spans_that_have_a_caller(traces in prop::collection::vec(numbers(), 0..6)) {
        let mut map = Dependencies::default();
        let mut expected: BTreeMap<String, u64> = BTreeMap::new();
        for numbers in &traces {
            let spans = trace(&mut map, numbers);
            map.add_trace(&spans);
            for (span, (_, service, ..)) in spans.iter().zip(numbers) {
                let parent = spans.iter().find(|other| Some(other.span_id) == span.parent && other.span_id != span.span_id);
                let taken = span.kind == SpanKind::Consumer && parent.is_none() && map.hints.peer(span.peer_hints.unwrap()).target.is_some_and(|(kind, _)| kind == NodeKind::Queue);
                let is_side = matches!(span.kind, SpanKind::Server | SpanKind::Consumer);
                let called = parent.is_some_and(|parent| is_side || parent.service != span.service);
                *expected.entry(format!("s{service}")).or_default() += u64::from(called || taken);
            }
        }
        let topology = map.topology();
        let mut found: BTreeMap<String, u64> = expected.keys().map(|name| (name.clone(), 0)).collect();
        for edge in &topology.edges {
            if let Some(calls) = found.get_mut(&topology.nodes[edge.to].name) {
                *calls += edge.calls;
            }
            prop_assert!(edge.errors <= edge.calls && edge.latencies.count() == edge.calls);
        }
        prop_assert_eq!(found, expected);
        let spans = traces.iter().map(Vec::len).sum::<usize>() as u64;
        prop_assert_eq!(topology.counts.spans, spans);
    }

    #[test]
    fn merged_maps_equal_the_map_of_all_traces(traces in prop::collection::vec(numbers(), 0..12), cut in 0..12_usize) {
        let map_of = |traces: &[Numbers]| {
            let mut map = Dependencies::default();
            for numbers in traces {
                let mut spans = trace(&mut map, numbers);
                spans.reverse();
                map.add_trace(&spans);
            }
            map
        };
        let (one, other) = traces.split_at(cut.min(traces.len()));
        let mut merged = map_of(other);
        merged.merge(map_of(one));
        let sorted = |map: Topology| {
            let percentiles = |edge: &Edge| [50, 95, 99].map(|p| edge.latencies.percentile(p));
            let edges: Vec<_> = map.edges.iter().map(|e| (e.from, e.to, e.protocol, e.calls, e.errors, percentiles(e))).collect();
            (map.nodes, edges, map.cycles, map.counts)
        };
        prop_assert_eq!(sorted(merged.topology()), sorted(map_of(&traces).topology()));
    }

    #[test]
    fn merged_latencies_equal_the_latencies_of_all_calls(one in prop::collection::vec(any::<u32>(), 0..600), other in prop::collection::vec(any::<u32>(), 0..600)) {
        let of = |values: &mut dyn Iterator<Item = &u32>| {
            let mut latencies = Latencies::default();
            values.for_each(|value| latencies.add(u64::from(*value)));
            latencies
        };
        let mut merged = of(&mut one.iter());
        merged.merge(&of(&mut other.iter()));
        let all = of(&mut one.iter().chain(&other));
        prop_assert_eq!(merged.count(), all.count());
        let mut sorted: Vec<u64> = one.iter().chain(&other).copied().map(u64::from).collect();
        sorted.sort_unstable();
        for percent in [1, 50, 95, 99] {
            let rank = (sorted.len() * percent as usize).div_ceil(100);
            let exact = rank.checked_sub(1).map(|at| sorted[at]);
            prop_assert_eq!(merged.percentile(percent), exact);
            prop_assert_eq!(all.percentile(percent), exact);
        }
    }
}
