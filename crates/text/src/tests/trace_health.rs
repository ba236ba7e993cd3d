use expect_test::expect;

use super::trace;
use crate::screen::Screen;
use crate::tests::widths::keeps_to_width;
use crate::trace::trace_tree;
use crate::trace_health::trace_health;
use coral_query::answer::{
    EdgeHealth, InferredLink, ServiceHealth, Trace, TraceHealth, TraceProblem, TraceProblemCause,
    TraceProblemExample, TraceProblemKind,
};
use coral_trace::UnixNanos;
use coral_trace::units::TimeZone;

fn problem(kind: TraceProblemKind, cause: TraceProblemCause, count: u64) -> TraceProblem {
    TraceProblem {
        kind,
        cause,
        service: "fraud-detector".to_owned(),
        caller: Some("payments-api".to_owned()),
        protocol: Some("grpc".to_owned()),
        count,
        of: 52,
        examples: vec![TraceProblemExample {
            trace_id: super::TRACE_ID.parse().unwrap(),
            span_id: "00f067aa0ba902b7".parse().unwrap(),
            peer_trace_id: "a10a428634e5aaf52e8b9c99e51f49bc".parse().ok(),
            peer_span_id: "a580feeb94f7a385".parse().ok(),
            peer_is_certain: true,
        }],
    }
}

fn health() -> TraceHealth {
    let edge =
        |caller: &str, callee: &str, protocol: &str, [linked, unlinked, missing]: [u64; 3]| {
            EdgeHealth {
                caller: caller.to_owned(),
                callee: callee.to_owned(),
                protocol: protocol.to_owned(),
                expected: linked + unlinked + missing,
                linked,
                unlinked,
                missing,
                clock_ahead_us: (protocol == "http").then_some(-7_250),
            }
        };
    let service = |service: &str, seen, missing, cut_roots| ServiceHealth {
        service: service.to_owned(),
        sources: vec!["ebpf".to_owned()],
        expected: seen + missing,
        seen,
        missing,
        orphans: 0,
        cut_roots,
    };
    TraceHealth {
        service: String::new(),
        traces: 109,
        whole: 5,
        expected_spans: 1_031,
        seen_spans: 1_029,
        missing_spans: 2,
        sampling_ratio: Some(0.31),
        problems: vec![
            problem(TraceProblemKind::CutRoot, TraceProblemCause::NoPropagation, 50),
            problem(TraceProblemKind::MissingServer, TraceProblemCause::OldConnection, 2),
        ],
        services: vec![service("fraud-detector", 50, 2, 50), service("payments-api", 324, 0, 0)],
        edges: vec![
            edge("frontend-api", "payments-api", "http", [54, 0, 0]),
            edge("payments-api", "fraud-detector", "grpc", [0, 50, 2]),
        ],
        cut: true,
        oversized_traces: 0,
        did_you_mean: Vec::new(),
        coverage: Vec::new(),
    }
}

fn page(health: &TraceHealth) -> String {
    trace_health(health, "last 1 hour", UnixNanos(0), Screen::PLAIN)
}

#[test]
fn each_problem_has_its_probable_cause_and_its_remedy() {
    expect![[r#"
        Are the traces of everything whole? (last 1 hour)

        5 of 109 traces are whole. 1,029 of 1,031 expected spans are stored.
        The trace ids show a sampler that keeps about 31% of all traces.
        More traces match; only some of them were examined.

        Problems, the most frequent first:
          50 of 52 grpc calls from payments-api to fraud-detector: the server span begins a trace of its own.
            Probable cause: nothing wrote the trace context into the HTTP/2 headers; Beyla's context propagation is off by default.
            Remedy: set `beyla.context_propagation: headers` on the agent of payments-api, and restart payments-api. Beyla writes gRPC headers only for Go, and only if `coral beyla doctor` reports no lockdown; else use an OpenTelemetry SDK.
            See: coral query beyla traces --trace-id 4bf92f3577b34da6a3ce929d0e0e4736    # span 00f067aa0ba902b7
          2 of 52 grpc calls from payments-api to fraud-detector: no server span is stored.
            Probable cause: payments-api opened the HTTP/2 connection before Beyla started, so Beyla cannot read its headers.
            Remedy: restart payments-api while Beyla runs, so that payments-api opens a new connection.
            See: coral query beyla traces --trace-id 4bf92f3577b34da6a3ce929d0e0e4736    # span 00f067aa0ba902b7

        Caller       | Callee         | Protocol | Calls | Linked | Unlinked | Missing | Clock ahead
        -------------|----------------|----------|-------|--------|----------|---------|------------
        frontend-api | payments-api   | http     | 54    | 54     | 0        | 0       | -7.25ms
        payments-api | fraud-detector | grpc     | 52    | 0      | 50       | 2       | –

        Service        | Source | Expected spans | Stored | Missing | Orphans | Cut roots
        ---------------|--------|----------------|--------|---------|---------|----------
        fraud-detector | ebpf   | 52             | 50     | 2       | 0       | 50
        payments-api   | ebpf   | 324            | 324    | 0       | 0       | 0
        Calls: calls whose callee is known. Unlinked: both sides of the call are stored, in two traces or without a link.
        Missing: spans that others name or imply, and that are not stored.
        Cut roots: server spans that begin a trace of their own, although a client span called them.
        Clock ahead: by how much the callee's clock is ahead of the caller's.
    "#]].assert_eq(&page(&health()));
}

#[test]
fn whole_traces_have_no_problem() {
    let whole = TraceHealth {
        whole: 109,
        expected_spans: 1_029,
        missing_spans: 0,
        sampling_ratio: None,
        problems: Vec::new(),
        cut: false,
        ..health()
    };
    let page = page(&whole);
    let beginning: Vec<&str> = page.lines().take(5).collect();
    assert_eq!(
        beginning,
        [
            "Are the traces of everything whole? (last 1 hour)",
            "",
            "109 of 109 traces are whole. 1,029 of 1,029 expected spans are stored.",
            "",
            "No problem was found.",
        ]
    );
}

#[test]
fn an_unknown_service_has_suggestions_and_an_empty_window_a_hint() {
    let unknown = TraceHealth {
        service: "payment-api".to_owned(),
        services: Vec::new(),
        did_you_mean: vec!["payments-api".to_owned()],
        ..health()
    };
    expect![[r#"
        Are the traces of payment-api whole? (last 1 hour)

        Unknown service: no trace of this time has a span of payment-api.
        Hint: did you mean payments-api?
    "#]]
    .assert_eq(&page(&unknown));
    expect![[r#"
        Are the traces of payment-api whole? (last 1 hour)

        No trace started in this window.
        Hint: try a longer --since.
    "#]]
    .assert_eq(&page(&TraceHealth { traces: 0, ..unknown }));
}

#[test]
fn traces_that_are_too_large_are_counted() {
    let text = page(&TraceHealth { oversized_traces: 2, ..health() });
    assert!(text.contains("\n2 traces have too many spans to be examined.\n"), "{text}");
    let only = TraceHealth { traces: 0, oversized_traces: 1, ..health() };
    expect![[r#"
        Are the traces of everything whole? (last 1 hour)

        1 trace has too many spans to be examined.
    "#]]
    .assert_eq(&page(&only));
}

#[test]
fn a_trace_that_is_not_whole_has_one_line_for_each_problem() {
    let call = "1 shop server 0+50 GET /pay\n2 shop client 5+30 /Check < 1";
    let torn = Trace {
        problems: vec![problem(TraceProblemKind::CutRoot, TraceProblemCause::NoPropagation, 1)],
        ..trace(call)
    };
    expect![[r#"
        Trace ID: 4bf92f3577b34da6a3ce929d0e0e4736
        Started: 2026-11-18 11:06:40.000 UTC
        Duration: 50ms
        Spans: 2
        Services: shop

        Span Tree:
        shop (50ms, GET /pay)
        └─ shop (30ms, /Check)

        Not whole: 1 grpc call from payments-api to fraud-detector: the server span begins a trace of its own (client span in trace 4bf92f3577b34da6a3ce929d0e0e4736, server span in trace a10a428634e5aaf52e8b9c99e51f49bc). Probable cause: nothing wrote the trace context into the HTTP/2 headers; Beyla's context propagation is off by default. Remedy: set `beyla.context_propagation: headers` on the agent of payments-api, and restart payments-api. Beyla writes gRPC headers only for Go, and only if `coral beyla doctor` reports no lockdown; else use an OpenTelemetry SDK.
    "#]].assert_eq(&trace_tree(&torn, &TimeZone::UTC, Screen::PLAIN));
}

#[test]
fn an_inferred_link_is_shown_below_its_call_and_in_the_trace_of_the_callee() {
    let link = InferredLink {
        client_trace_id: super::TRACE_ID.parse().unwrap(),
        client_span_id: "0000000000000002".parse().unwrap(),
        client_service: "shop".to_owned(),
        server_trace_id: "a10a428634e5aaf52e8b9c99e51f49bc".parse().unwrap(),
        server_span_id: "a580feeb94f7a385".parse().unwrap(),
        server_service: "fraud-detector".to_owned(),
        server_operation: "/Check".to_owned(),
        server_duration_us: 5_900,
    };
    let call =
        "1 shop server 0+50 GET /pay\n2 shop client 5+30 /Check < 1\n3 shop client 40+5 /Log < 1";
    let caller = Trace { inferred_links: vec![link.clone()], ..trace(call) };
    expect![[r#"
        Trace ID: 4bf92f3577b34da6a3ce929d0e0e4736
        Started: 2026-11-18 11:06:40.000 UTC
        Duration: 50ms
        Spans: 3
        Services: shop

        Span Tree:
        shop (50ms, GET /pay)
        ├─ shop (30ms, /Check)
        │  └─ fraud-detector (5.9ms, /Check) (inferred: span a580feeb94f7a385 of trace a10a428634e5aaf52e8b9c99e51f49bc)
        └─ shop (5ms, /Log)
    "#]].assert_eq(&trace_tree(&caller, &TimeZone::UTC, Screen::PLAIN));
    let callee = Trace {
        trace_id: link.server_trace_id.into(),
        inferred_links: vec![link],
        ..trace("1 fraud-detector server 6+6 /Check")
    };
    expect![[r#"
        Trace ID: a10a428634e5aaf52e8b9c99e51f49bc
        Started: 2026-11-18 11:06:40.006 UTC
        Duration: 6ms
        Spans: 1
        Services: fraud-detector

        Span Tree:
        fraud-detector (6ms, /Check)

        Called by (inferred): shop, span 0000000000000002 of trace 4bf92f3577b34da6a3ce929d0e0e4736.
    "#]]
    .assert_eq(&trace_tree(&callee, &TimeZone::UTC, Screen::PLAIN));
}

#[test]
fn the_health_of_traces_keeps_to_every_width() {
    keeps_to_width(|screen| trace_health(&health(), "last 1 hour", UnixNanos(0), screen));
}
