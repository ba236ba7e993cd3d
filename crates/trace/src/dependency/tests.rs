mod addresses;
mod changes;
mod latencies;
mod properties;
mod sums;

use std::collections::BTreeMap;

use expect_test::{Expect, expect};

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
    dependencies(text, reversed).topology()
}

fn dependencies(text: &str, reversed: bool) -> Dependencies {
    let mut map = Dependencies::default();
    for trace in text.split("\n\n") {
        let mut spans: Vec<CallSpan> =
            trace.lines().map(|line| span(&mut map, line.trim())).collect();
        if reversed {
            spans.reverse();
        }
        map.add_trace(&spans);
    }
    map
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
        start_us: get("at").map(|ms| ms.parse::<i64>().unwrap() * 1_000),
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
fn a_message_takes_until_its_consumer_begins() {
    check(
        "1 shop producer 2 | messaging=kafka topic=paid at=100
         2 mail consumer 9 < 1 | messaging=kafka topic=paid at=3900
         3 audit consumer 9 < 1 | messaging=kafka topic=paid at=400

         4 till producer 2 | messaging=kafka topic=paid at=100
         5 mail consumer 9 < 4 | messaging=kafka topic=paid at=90",
        expect![[r#"
            shop -> audit: 1 kafka, 300ms
            shop -> mail: 1 kafka, 3800ms
            till -> mail: 1 kafka, 2ms
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
        start_us: None,
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
            start_us: None,
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
fn very_long_names_are_cut_and_share_a_node() {
    let mut map = Dependencies::default();
    let long = "ß".repeat(70_000);
    let node = map.service(&long);
    assert_eq!(node, map.service(&long[..1_000]));
    assert_ne!(node, map.service(&long[..100]));
}
