//! Service maps as they are printed.

use expect_test::expect;
use serde_json::json;

use super::unreachable;
use crate::screen::Screen;
use crate::tests::widths::keeps_to_width;
use crate::topology::{dot, mermaid, text};
use coral_query::answer::{
    FailingEdge, NodeKind, SlowerEdge, Topology, TopologyDiff, TopologyEdge, TopologyNode,
};

fn node(name: &str, kind: NodeKind) -> TopologyNode {
    TopologyNode { name: name.to_owned(), kind }
}

fn edge(from: &str, to: &str, protocol: &str, calls: u64, errors: u64, ms: u64) -> TopologyEdge {
    TopologyEdge {
        estimate: None,
        from: from.to_owned(),
        to: to.to_owned(),
        protocol: protocol.to_owned(),
        calls,
        errors,
        p50_us: ms * 1_000,
        p95_us: ms * 2_000,
        p99_us: ms * 2_500,
        exact: true,
    }
}

/// A map with everything that a map can have.
fn map() -> Topology {
    let slower = edge("payments-api", "postgresql://db-1:5432/orders", "sql", 2_400, 0, 30);
    let failing = edge("frontend-api", "payments-api", "http", 1_200, 48, 120);
    Topology {
        nodes: vec![
            node("api.stripe.com", NodeKind::External),
            node("cron", NodeKind::Service),
            node("frontend-api", NodeKind::Service),
            node("kafka/paid", NodeKind::Queue),
            node("payments-api", NodeKind::Service),
            node("postgresql://db-1:5432/orders", NodeKind::Database),
        ],
        edges: vec![
            failing.clone(),
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
            removed_nodes: vec![node("bank.example", NodeKind::External)],
            slower: vec![SlowerEdge { edge: slower, p50_us_before: 4_000, p95_us_before: 9_000 }],
            failing: vec![FailingEdge { edge: failing, calls_before: 900, errors_before: 0 }],
            ..TopologyDiff::default()
        }),
        ..Topology::default()
    }
}

/// A map with a service name that tries to break out of its label.
fn hostile() -> Topology {
    let name = "a\"]\u{1b}[31m\n\\\"; click n0 \"javascript:x\" %%{init}%% <b>&`";
    Topology {
        nodes: vec![node(name, NodeKind::Database), node("b", NodeKind::Service)],
        edges: vec![edge("b", name, "sql", 1, 0, 1)],
        traces: 1,
        spans: 1,
        ..Topology::default()
    }
}

#[test]
fn a_map_as_text_says_who_calls_whom_and_what_changed() {
    expect![[r#"
        Service Map (last 15 minutes): 6 nodes, 6 edges

        From         | To                                       | Protocol | Calls | Errors | P50   | P95   | P99
        -------------|------------------------------------------|----------|-------|--------|-------|-------|------
        frontend-api | payments-api                             | http     | 1,200 | 48     | 120ms | 240ms | 300ms
        payments-api | api.stripe.com [external]                | http     | 800   | 0      | 90ms  | 180ms | 225ms
        payments-api | frontend-api                             | grpc     | 1     | 0      | 1ms   | 2ms   | 2.5ms
        payments-api | kafka/paid [queue]                       | kafka    | 793   | 0      | 2ms   | 4ms   | 5ms
        payments-api | payments-api                             | http     | 3     | 0      | 4ms   | 8ms   | 10ms
        payments-api | postgresql://db-1:5432/orders [database] | sql      | 2,400 | 0      | 30ms  | 60ms  | 75ms

        Services with spans, but without known callers or calls: cron

        Call cycles:
          frontend-api, payments-api call each other
          payments-api calls itself

        1,200 traces, 14,000 spans. 12 spans without a stored parent: the calls that led there are unknown, or are listed under an address. 1 call without a known callee.

        Changes since the 1 hour before:

        Change  | From         | To                            | Protocol | Before                 | Now
        --------|--------------|-------------------------------|----------|------------------------|---------------------------
        added   | payments-api | api.stripe.com                | http     | –                      | 800 calls
        removed | payments-api | bank.example                  | http     | 3,200 calls            | –
        failing | frontend-api | payments-api                  | http     | 0% of 900 calls failed | 4.0% of 1,200 calls failed
        slower  | payments-api | postgresql://db-1:5432/orders | sql      | P50 4ms, P95 9ms       | P50 30ms, P95 60ms

        Compared with 4,800 traces.
    "#]].assert_eq(&text(&map(), "last 15 minutes", "1 hour", Screen::PLAIN));
}

#[test]
fn a_map_of_nothing_says_what_to_do() {
    expect![[r#"
        Service Map (last 1 hour): 0 nodes, 0 edges

        No trace started in this window.
        Hint: `coral query beyla traces` lists stored traces; try a longer --since.
    "#]]
    .assert_eq(&text(&Topology::default(), "last 1 hour", "", Screen::PLAIN));
    let diff = Some(TopologyDiff::default());
    expect![[r#"
        Service Map (last 1 hour): 0 nodes, 0 edges

        No trace started in this window.
        Hint: `coral query beyla traces` lists stored traces; try a longer --since.

        Changes since the 1 hour before:
        There is nothing to compare with: no trace started in that time.
        Hint: try a shorter --since, or a longer --diff.
    "#]]
    .assert_eq(&text(
        &Topology { diff, ..Topology::default() },
        "last 1 hour",
        "1 hour",
        Screen::PLAIN,
    ));
}

#[test]
fn services_that_call_nobody_are_named() {
    let nodes = vec![node("cron", NodeKind::Service), node("mail", NodeKind::Service)];
    let map = Topology { nodes, traces: 2, spans: 2, ..Topology::default() };
    expect![[r#"
        Service Map (last 1 hour): 2 nodes, 0 edges

        Services with spans, but without known callers or calls: cron, mail

        2 traces, 2 spans.
    "#]]
    .assert_eq(&text(&map, "last 1 hour", "", Screen::PLAIN));
}

#[test]
fn a_map_in_the_language_of_graphviz() {
    expect![[r#"
        digraph topology {
          rankdir=LR;
          node [shape=box];
          n0 [label="api.stripe.com" style=dashed];
          n1 [label="cron"];
          n2 [label="frontend-api"];
          n3 [label="kafka/paid" shape=cds];
          n4 [label="payments-api"];
          n5 [label="postgresql://db-1:5432/orders" shape=cylinder];
          n6 [label="bank.example" style=dashed];
          n2 -> n4 [label="failing: http, 1,200 calls, 48 failed, P95 240ms" color=red];
          n4 -> n0 [label="added: http, 800 calls, P95 180ms" penwidth=3];
          n4 -> n2 [label="grpc, 1 call, P95 2ms"];
          n4 -> n3 [label="kafka, 793 calls, P95 4ms"];
          n4 -> n4 [label="http, 3 calls, P95 8ms"];
          n4 -> n5 [label="slower: sql, 2,400 calls, P95 60ms" color=orange];
          n4 -> n6 [label="removed: http, 3,200 calls, P95 160ms" style=dashed];
        }
    "#]]
    .assert_eq(&dot(&map()));
}

#[test]
fn a_map_in_the_language_of_mermaid() {
    expect![[r#"
        flowchart LR
          n0(["api.stripe.com"])
          n1["cron"]
          n2["frontend-api"]
          n3[["kafka/paid"]]
          n4["payments-api"]
          n5[("postgresql://db-1:5432/orders")]
          n6(["bank.example"])
          n2 -->|"failing: http, 1,200 calls, 48 failed, P95 240ms"| n4
          n4 ==>|"added: http, 800 calls, P95 180ms"| n0
          n4 -->|"grpc, 1 call, P95 2ms"| n2
          n4 -->|"kafka, 793 calls, P95 4ms"| n3
          n4 -->|"http, 3 calls, P95 8ms"| n4
          n4 -->|"slower: sql, 2,400 calls, P95 60ms"| n5
          n4 -.->|"removed: http, 3,200 calls, P95 160ms"| n6
    "#]]
    .assert_eq(&mermaid(&map()));
}

#[test]
fn a_map_as_json_has_the_documented_fields() {
    let one = Topology { edges: map().edges.drain(..1).collect(), ..hostile() };
    let json = serde_json::to_string_pretty(&one).unwrap();
    expect![[r#"
        {
          "since_unix_us": 0,
          "until_unix_us": 0,
          "nodes": [
            {
              "name": "a\"]\u001b[31m\n\\\"; click n0 \"javascript:x\" %%{init}%% <b>&`",
              "kind": "database"
            },
            {
              "name": "b",
              "kind": "service"
            }
          ],
          "edges": [
            {
              "from": "frontend-api",
              "to": "payments-api",
              "protocol": "http",
              "calls": 1200,
              "errors": 48,
              "p50_us": 120000,
              "p95_us": 240000,
              "p99_us": 300000,
              "exact": true
            }
          ],
          "cycles": [],
          "traces": 1,
          "spans": 1,
          "orphan_spans": 0,
          "unnamed_calls": 0,
          "calls_left_out": 0,
          "diff": null,
          "coverage": []
        }"#]]
    .assert_eq(&json);
}

#[test]
fn changes_of_a_map_as_json_have_the_documented_fields() {
    let diff = map().diff.unwrap();
    let [added, slower, failing] =
        [json!(diff.added), json!(diff.slower), json!(diff.failing)].map(|edges| edges[0].clone());
    let rest = TopologyDiff { added: Vec::new(), slower: Vec::new(), failing: Vec::new(), ..diff };
    for (part, expected) in [
        (
            json!(rest),
            expect![[
                r#"{"added":[],"failing":[],"removed":[{"calls":3200,"errors":0,"exact":true,"from":"payments-api","p50_us":80000,"p95_us":160000,"p99_us":200000,"protocol":"http","to":"bank.example"}],"removed_nodes":[{"kind":"external","name":"bank.example"}],"since_unix_us":0,"slower":[],"traces":4800,"until_unix_us":0}"#
            ]],
        ),
        (
            added,
            expect![[
                r#"{"calls":800,"errors":0,"exact":true,"from":"payments-api","p50_us":90000,"p95_us":180000,"p99_us":225000,"protocol":"http","to":"api.stripe.com"}"#
            ]],
        ),
        (
            slower,
            expect![[
                r#"{"calls":2400,"errors":0,"exact":true,"from":"payments-api","p50_us":30000,"p50_us_before":4000,"p95_us":60000,"p95_us_before":9000,"p99_us":75000,"protocol":"sql","to":"postgresql://db-1:5432/orders"}"#
            ]],
        ),
        (
            failing,
            expect![[
                r#"{"calls":1200,"calls_before":900,"errors":48,"errors_before":0,"exact":true,"from":"frontend-api","p50_us":120000,"p95_us":240000,"p99_us":300000,"protocol":"http","to":"payments-api"}"#
            ]],
        ),
    ] {
        expected.assert_eq(&serde_json::to_string(&part).unwrap());
    }
}

#[test]
fn a_hostile_name_stays_a_label_in_every_format() {
    expect![[r#"
        Service Map (last 1 hour): 2 nodes, 1 edge

        From | To                                                                        | Protocol | Calls | Errors | P50 | P95 | P99
        -----|---------------------------------------------------------------------------|----------|-------|--------|-----|-----|------
        b    | a"]\u{1b}[31m\u{a}\"; click n0 "javascript:x" %%{init}%% <b>&` [database] | sql      | 1     | 0      | 1ms | 2ms | 2.5ms

        1 trace, 1 span.
    "#]].assert_eq(&text(&hostile(), "last 1 hour", "", Screen::PLAIN));
    expect![[r#"
        digraph topology {
          rankdir=LR;
          node [shape=box];
          n0 [label="a\"]\\u{1b}[31m\\u{a}\\\"; click n0 \"javascript:x\" %%{init}%% <b>&`" shape=cylinder];
          n1 [label="b"];
          n1 -> n0 [label="sql, 1 call, P95 2ms"];
        }
    "#]].assert_eq(&dot(&hostile()));
    expect![[r#"
        flowchart LR
          n0[("a#34;]#92;u#123;1b#125;[31m#92;u#123;a#125;#92;#34;#59; click n0 #34;javascript:x#34; #37;#37;#123;init#125;#37;#37; #60;b#62;#38;#96;")]
          n1["b"]
          n1 -->|"sql, 1 call, P95 2ms"| n0
    "#]].assert_eq(&mermaid(&hostile()));
}

#[test]
fn a_map_says_in_one_line_which_agents_are_missing() {
    let until_unix_us = 1_795_608_900_000_000;
    let map = Topology { coverage: vec![unreachable()], until_unix_us, ..map() };
    let text = text(&map, "last 15 minutes", "1 hour", Screen::PLAIN);
    let missing = "\nAgent web-2 has been unreachable since 12:00 UTC: its services (stock) are missing here.\n";
    assert!(text.ends_with(missing), "{text}");
}

#[test]
fn a_map_keeps_to_every_width() {
    keeps_to_width(|screen| text(&map(), "last 1 hour", "1 hour", screen));
}
