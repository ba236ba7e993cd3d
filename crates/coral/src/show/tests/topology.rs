//! Service maps as they are printed.

use expect_test::expect;

use crate::query::answer::{SlowerEdge, Topology, TopologyDiff, TopologyEdge, TopologyNode};
use crate::show::topology::{dot, mermaid, text};

fn node(name: &str, kind: &str) -> TopologyNode {
    TopologyNode { name: name.to_owned(), kind: kind.to_owned() }
}

fn edge(from: &str, to: &str, protocol: &str, calls: u64, errors: u64, ms: u64) -> TopologyEdge {
    TopologyEdge {
        from: from.to_owned(),
        to: to.to_owned(),
        protocol: protocol.to_owned(),
        calls,
        errors,
        p50_us: ms * 1_000,
        p95_us: ms * 2_000,
        p99_us: ms * 2_500,
    }
}

/// A map with everything that a map can have.
fn map() -> Topology {
    let slower = edge("payments-api", "postgresql://db-1:5432/orders", "sql", 2_400, 0, 30);
    Topology {
        nodes: vec![
            node("api.stripe.com", "external"),
            node("cron", "service"),
            node("frontend-api", "service"),
            node("kafka/paid", "queue"),
            node("payments-api", "service"),
            node("postgresql://db-1:5432/orders", "database"),
        ],
        edges: vec![
            edge("frontend-api", "payments-api", "http", 1_200, 7, 120),
            edge("payments-api", "api.stripe.com", "http", 800, 0, 90),
            edge("payments-api", "frontend-api", "grpc", 1, 0, 1),
            edge("payments-api", "kafka/paid", "kafka", 793, 0, 2),
            edge("payments-api", "payments-api", "http", 3, 0, 4),
            slower.clone(),
        ],
        cycles: vec![
            vec!["frontend-api".to_owned(), "payments-api".to_owned()],
            vec!["payments-api".to_owned()],
        ],
        traces: 1_200,
        spans: 14_000,
        orphan_spans: 12,
        unnamed_calls: 1,
        diff: Some(TopologyDiff {
            traces: 4_800,
            added: vec![edge("payments-api", "api.stripe.com", "http", 800, 0, 90)],
            removed: vec![edge("payments-api", "bank.example", "http", 3_200, 0, 80)],
            removed_nodes: vec![node("bank.example", "external")],
            slower: vec![SlowerEdge { edge: slower, p50_us_before: 4_000, p95_us_before: 9_000 }],
            ..TopologyDiff::default()
        }),
        ..Topology::default()
    }
}

/// What a span may call itself.
fn hostile() -> Topology {
    let name = "a\"]\u{1b}[31m\n\\\"; click n0 \"javascript:x\" %%{init}%% <b>&`";
    Topology {
        nodes: vec![node(name, "database"), node("b", "service")],
        edges: vec![edge("b", name, "sql", 1, 0, 1)],
        traces: 1,
        spans: 1,
        ..Topology::default()
    }
}

#[test]
fn a_map_as_text_says_who_calls_whom_and_what_changed() {
    expect![[]].assert_eq(&text(&map(), "last 15 minutes", "1 hour"));
}

#[test]
fn a_map_of_nothing_says_what_to_do() {
    expect![[]].assert_eq(&text(&Topology::default(), "last 1 hour", ""));
    let diff = Some(TopologyDiff::default());
    expect![[]].assert_eq(&text(
        &Topology { diff, ..Topology::default() },
        "last 1 hour",
        "1 hour",
    ));
}

#[test]
fn services_that_call_nobody_are_named() {
    let nodes = vec![node("cron", "service"), node("mail", "service")];
    let map = Topology { nodes, traces: 2, spans: 2, ..Topology::default() };
    expect![[]].assert_eq(&text(&map, "last 1 hour", ""));
}

#[test]
fn a_map_in_the_language_of_graphviz() {
    expect![[]].assert_eq(&dot(&map()));
}

#[test]
fn a_map_in_the_language_of_mermaid() {
    expect![[]].assert_eq(&mermaid(&map()));
}

#[test]
fn a_map_as_json_has_the_documented_fields() {
    let one = Topology { edges: map().edges.drain(..1).collect(), ..hostile() };
    let json = serde_json::to_string_pretty(&Topology { diff: map().diff, ..one }).unwrap();
    expect![[]].assert_eq(&json);
}

#[test]
fn a_hostile_name_stays_a_label_in_every_format() {
    expect![[]].assert_eq(&text(&hostile(), "last 1 hour", ""));
    expect![[]].assert_eq(&dot(&hostile()));
    expect![[]].assert_eq(&mermaid(&hostile()));
}
