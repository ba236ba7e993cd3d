//! Whether the traces of recordings of a real Beyla are whole, and why not. The READMEs of the
//! recordings say what was lost, and why.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use coral_store::{Store, StoreConfig};
use coral_trace::{Recogniser, Span, SpanId, SpanKind, TraceId, UnixNanos, Value};
use coral_wire::otlp_in::{self, Encoding};
use expect_test::{Expect, expect};
use tempfile::TempDir;

use super::shop::{NOON, ask, request, shared};
use crate::answer::{TraceHealth, TraceProblem, TraceProblemKind, TraceSummary};
use crate::{
    SharedSources, Source, TopologyQuestion, TraceHealthQuestion, TraceQuestion, TracesQuestion,
};

/// The spans of recorded exports of Beyla 3.31.0, such as `&[1, 2]` for `traces-001` and
/// `traces-002`.
fn recorded(numbers: &[u32]) -> Vec<Vec<Span>> {
    let dir = fixtures().join("3.31.0");
    let file = |number: &u32| decoded(&dir.join(format!("traces-{number:03}.otlp.pb")));
    numbers.iter().map(file).collect()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/beyla")
}

fn decoded(file: &Path) -> Vec<Span> {
    let bytes = std::fs::read(file).unwrap();
    otlp_in::decode(&bytes, Encoding::Protobuf, &Recogniser::default()).unwrap().spans
}

/// A store with these exports.
fn stored(exports: Vec<Vec<Span>>) -> (TempDir, SharedSources) {
    let dir = tempfile::tempdir().unwrap();
    let config = StoreConfig { dir: dir.path().to_owned(), segment_rows: 500 };
    let store = Store::open(config).unwrap();
    for export in exports {
        store.append(&[export], UnixNanos(NOON)).unwrap();
    }
    (dir, shared(store))
}

fn health(sources: &SharedSources, service: Option<&str>) -> TraceHealth {
    health_since(sources, service, 0)
}

/// The health of the traces that started at `since_unix_us` or later.
fn health_since(sources: &SharedSources, service: Option<&str>, since_unix_us: i64) -> TraceHealth {
    let question = TraceHealthQuestion {
        service: service.map(str::to_owned),
        since_unix_us,
        until_unix_us: UnixNanos(NOON).as_micros(),
    };
    ask(sources, &question)
}

fn line(problem: &TraceProblem) -> String {
    let caller = problem.caller.as_ref().map(|caller| format!("{caller} -> ")).unwrap_or_default();
    format!(
        "{:?} {caller}{} {}: {} of {}, {:?}",
        problem.kind,
        problem.service,
        problem.protocol.as_deref().unwrap_or("-"),
        problem.count,
        problem.of,
        problem.cause,
    )
}

fn check(recordings: &[u32], expected: &Expect) {
    let (_dir, sources) = stored(recorded(recordings));
    let found = health(&sources, None);
    let mut text = format!(
        "{} of {} traces are whole; {} of {} spans; sampling {:.2?}\n",
        found.whole, found.traces, found.seen_spans, found.expected_spans, found.sampling_ratio
    );
    for problem in &found.problems {
        let _ = writeln!(text, "{}", line(problem));
    }
    for edge in &found.edges {
        let _ = writeln!(
            text,
            "{} -> {} {}: {} expected, {} linked, {} unlinked, {} missing",
            edge.caller,
            edge.callee,
            edge.protocol,
            edge.expected,
            edge.linked,
            edge.unlinked,
            edge.missing
        );
    }
    expected.assert_eq(&text);
}

#[test]
fn grpc_calls_begin_new_traces_when_beyla_writes_no_context() {
    check(
        &[1, 2, 3, 4, 5],
        &expect![[r#"
        5 of 109 traces are whole; 1029 of 1031 spans; sampling None
        CutRoot payments-api -> fraud-detector grpc: 52 of 52, NoPropagation
        Orphan frontend-api -: 2 of 280, CallerNotObserved
        frontend-api -> inventory-api http: 54 expected, 54 linked, 0 unlinked, 0 missing
        frontend-api -> payments-api http: 54 expected, 54 linked, 0 unlinked, 0 missing
        payments-api -> card-validator http: 54 expected, 54 linked, 0 unlinked, 0 missing
        payments-api -> fraud-detector grpc: 52 expected, 0 linked, 52 unlinked, 0 missing
    "#]],
    );
}

#[test]
fn a_sampler_and_an_open_connection_lose_the_server_spans_of_grpc() {
    check(
        &[101, 102, 103],
        &expect![[r#"
        3 of 28 traces are whole; 433 of 460 spans; sampling Some(0.28)
        MissingServer payments-api -> fraud-detector grpc: 17 of 23, OldConnection
        Orphan frontend-api -: 6 of 120, CallerNotObserved
        MissingServer payments-api -> fraud-detector grpc: 4 of 23, Sampling
        CutRoot payments-api -> fraud-detector grpc: 2 of 23, NoPropagation
        frontend-api -> inventory-api http: 24 expected, 24 linked, 0 unlinked, 0 missing
        frontend-api -> payments-api http: 24 expected, 24 linked, 0 unlinked, 0 missing
        payments-api -> card-validator http: 24 expected, 24 linked, 0 unlinked, 0 missing
        payments-api -> fraud-detector grpc: 23 expected, 0 linked, 2 unlinked, 21 missing
    "#]],
    );
}

#[test]
fn parents_are_missing_when_the_application_passes_on_span_ids_of_its_own() {
    check(
        &[201, 202],
        &expect![[r#"
        0 of 17 traces are whole; 167 of 203 spans; sampling None
        Orphan payments-api -> card-validator http: 9 of 9, ForeignContext
        Orphan frontend-api -> inventory-api http: 9 of 9, ForeignContext
        Orphan frontend-api -> payments-api http: 9 of 9, ForeignContext
        Orphan payments-api -> fraud-detector grpc: 8 of 8, ForeignContext
        Orphan frontend-api -: 1 of 45, CallerNotObserved
        frontend-api -> inventory-api http: 9 expected, 0 linked, 9 unlinked, 0 missing
        frontend-api -> payments-api http: 9 expected, 0 linked, 9 unlinked, 0 missing
        payments-api -> card-validator http: 9 expected, 0 linked, 9 unlinked, 0 missing
        payments-api -> fraud-detector grpc: 8 expected, 0 linked, 8 unlinked, 0 missing
    "#]],
    );
}

#[test]
fn exponential_histograms_change_nothing_about_traces() {
    check(
        &[401],
        &expect![[r#"
        2 of 12 traces are whole; 113 of 113 spans; sampling None
        CutRoot payments-api -> fraud-detector grpc: 5 of 5, NoPropagation
        frontend-api -> inventory-api http: 6 expected, 6 linked, 0 unlinked, 0 missing
        frontend-api -> payments-api http: 6 expected, 6 linked, 0 unlinked, 0 missing
        payments-api -> card-validator http: 6 expected, 6 linked, 0 unlinked, 0 missing
        payments-api -> fraud-detector grpc: 5 expected, 0 linked, 5 unlinked, 0 missing
    "#]],
    );
}

#[test]
fn a_trace_has_the_problems_that_it_has_a_part_in() {
    let (_dir, sources) = stored(recorded(&[1, 2, 3, 4, 5]));
    let cut = "CutRoot payments-api -> fraud-detector grpc: 1 of ";
    let outside = "Orphan frontend-api -: 1 of ";
    for (trace, expected) in [
        // A checkout, and the trace that its gRPC server span began.
        ("f4b7190321f3b997d8760786077c92ee", &[cut][..]),
        ("a10a428634e5aaf52e8b9c99e51f49bc", &[cut]),
        // A caller from outside sent `traceparent`.
        ("4bf92f3577b34da6a3ce929d0e0e4736", &[cut, outside]),
        // A call to a closed port, and a request without calls.
        ("40f440c8c73e9e2a4b140aebc1444f87", &[]),
        ("12991333914df0c76ef58124473f15d6", &[]),
    ] {
        for source in [Source::All, Source::Ebpf] {
            let id: TraceId = trace.parse().unwrap();
            let found = ask(&sources, &TraceQuestion { id: id.into(), source, examine: true });
            let mut lines: Vec<String> = found.problems.iter().map(line).collect();
            lines.sort();
            assert_eq!(lines.len(), expected.len(), "{trace}: {lines:?}");
            for (line, expected) in lines.iter().zip(expected) {
                assert!(line.starts_with(expected), "{trace}: {line}");
            }
        }
    }
}

#[test]
fn a_trace_is_examined_only_if_that_is_asked_for_and_says_whether_it_was() {
    let (_dir, sources) = stored(recorded(&[1, 2, 3]));
    let id: TraceId = "f4b7190321f3b997d8760786077c92ee".parse().unwrap();
    let found = [false, true].map(|examine| {
        let trace = ask(&sources, &TraceQuestion { id: id.into(), source: Source::All, examine });
        (trace.examined, trace.problems.len(), trace.inferred_links.len())
    });
    assert_eq!(found, [(false, 0, 0), (true, 1, 1)]);
}

#[test]
fn a_checkout_and_the_server_span_that_it_called_over_grpc_are_joined_by_an_inferred_link() {
    // One checkout after another; in the fourth recording ten run at one time.
    let (_dir, sources) = stored(recorded(&[1, 2, 3]));
    let links = |trace: &str| {
        let id: TraceId = trace.parse().unwrap();
        ask(&sources, &TraceQuestion { id: id.into(), source: Source::All, examine: true })
            .inferred_links
    };
    let checkout = links("f4b7190321f3b997d8760786077c92ee");
    let [link] = &checkout[..] else { panic!("{checkout:?}") };
    assert_eq!(link.server_trace_id.to_string(), "a10a428634e5aaf52e8b9c99e51f49bc");
    assert_eq!(link.server_span_id.to_string(), "a580feeb94f7a385");
    assert_eq!((&*link.client_service, &*link.server_service), ("payments-api", "fraud-detector"));
    assert_eq!(links("a10a428634e5aaf52e8b9c99e51f49bc"), checkout);
    assert_eq!(links("40f440c8c73e9e2a4b140aebc1444f87"), []);
}

#[test]
fn calls_at_one_time_are_not_joined() {
    let (_dir, sources) = stored(recorded(&[4]));
    let list = TracesQuestion { limit: 200, ..TracesQuestion::default() };
    let traces = ask(&sources, &list).traces;
    let id = |trace: &TraceSummary| trace.trace_id;
    let joined = traces.iter().map(id).filter(|id| {
        let question = TraceQuestion { id: (*id).into(), source: Source::All, examine: true };
        !ask(&sources, &question).inferred_links.is_empty()
    });
    // Ten checkouts run at one time: few calls are alone in time.
    let joined = joined.count();
    assert!(joined < traces.len() / 2, "{joined} of {}", traces.len());
}

#[test]
fn a_service_has_its_own_problems_and_those_of_its_calls() {
    let (_dir, sources) = stored(recorded(&[1, 2, 3, 4, 5]));
    let of = |service| {
        let found = health(&sources, Some(service));
        let names = found.problems.iter().map(|problem| problem.kind).collect::<Vec<_>>();
        (names, found.services.len(), found.edges.len())
    };
    assert_eq!(of("fraud-detector"), (vec![TraceProblemKind::CutRoot], 1, 1));
    assert_eq!(of("frontend-api"), (vec![TraceProblemKind::Orphan], 1, 2));
    assert_eq!(of("inventory-api"), (vec![], 1, 1));
    let unknown = health(&sources, Some("fraud-detectr"));
    assert_eq!(unknown.did_you_mean, ["fraud-detector"]);
    assert_eq!(unknown.services, []);
}

/// 3,000 requests of `shop`, one a second, each of which calls `bank`; the context is lost.
fn torn_calls() -> Vec<Span> {
    let [shop, bank] = ["shop", "bank"].map(|service| request(1, service, "/charge", 0, 0));
    let calls = (0..3_000u64).flat_map(|n| {
        let start = NOON - (3_100 - n) * 1_000_000_000;
        let made = |id: u64, ms: u64, of: &Span| Span {
            trace_id: TraceId::try_from(u128::from(id)).unwrap(),
            span_id: SpanId::try_from(id).unwrap(),
            start: UnixNanos(start),
            end: UnixNanos(start + ms * 1_000_000),
            ..of.clone()
        };
        let request = made(3 * n + 1, 30, &shop);
        let url = Value::from("http://bank/charge");
        let attributes = [("http.request.method", Value::from("GET")), ("url.full", url)];
        let client = Span {
            trace_id: request.trace_id,
            parent_span_id: Some(request.span_id),
            kind: SpanKind::Client,
            attributes: attributes.into_iter().collect(),
            ..made(3 * n + 2, 30, &shop)
        };
        let charge = made(3 * n + 3, 20, &bank);
        let attributes = [("http.request.method", "GET"), ("url.path", "/charge")];
        let server = Span { attributes: attributes.into_iter().collect(), ..charge };
        [request, client, server]
    });
    calls.collect()
}

#[test]
fn a_part_of_many_traces_shows_both_sides_of_each_torn_call() {
    let (_dir, sources) = stored(vec![torn_calls()]);
    let hour = UnixNanos(NOON - 3_100 * 1_000_000_000).as_micros();
    // Traces of a part of a long window, and traces of all of a window.
    for since in [0, hour] {
        let found = health_since(&sources, None, since);
        assert!(found.cut && (1_000..=2_000).contains(&found.traces), "{}", found.traces);
        let [edge] = &found.edges[..] else { panic!("{:?}", found.edges) };
        assert_eq!((edge.linked, edge.missing), (0, 0));
        // Only the calls at the ends of the stretches are not judged.
        assert!(edge.unlinked * 2 + 40 >= found.traces, "{edge:?} of {}", found.traces);
    }
}

/// A trace of `count` spans of 50 minutes, which began 51 minutes ago.
fn oversized(count: u64) -> Vec<Span> {
    let batch = request(1, "batch", "/run", 0, 0);
    let start = UnixNanos(NOON - 3_060 * 1_000_000_000);
    let span = |at: u64| Span {
        trace_id: TraceId::try_from(u128::MAX).unwrap(),
        span_id: SpanId::try_from(1_000_000 + at).unwrap(),
        parent_span_id: (at > 0).then(|| SpanId::try_from(1_000_000).unwrap()),
        kind: SpanKind::Internal,
        start,
        end: UnixNanos(NOON - 60 * 1_000_000_000),
        ..batch.clone()
    };
    (0..count).map(span).collect()
}

#[test]
fn a_trace_that_is_too_large_is_counted_and_hides_no_other_trace() {
    // One call a second; the large trace began 40 s after the first.
    let calls = torn_calls().into_iter().take(3 * 100).collect();
    let (_dir, sources) = stored(vec![calls, oversized(100_001)]);
    let found = health(&sources, None);
    assert_eq!((found.traces, found.oversized_traces, found.cut), (200, 1, true));
    let [edge] = &found.edges[..] else { panic!("{:?}", found.edges) };
    // The large trace may hold the server spans of the calls that were made while it ran.
    assert_eq!((edge.expected, edge.unlinked), (40, 40));
}

#[test]
fn the_map_of_the_recordings_names_the_services_that_answer_at_loopback_addresses() {
    let mut files: Vec<PathBuf> = ["1.8.9", "3.31.0"]
        .into_iter()
        .flat_map(|version| std::fs::read_dir(fixtures().join(version)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|file| file.file_name().unwrap().to_string_lossy().starts_with("traces-"))
        .collect();
    files.sort();
    let (_dir, sources) = stored(files.iter().map(|file| decoded(file)).collect());
    let until_unix_us = UnixNanos(NOON).as_micros();
    let map = ask(&sources, &TopologyQuestion { until_unix_us, ..TopologyQuestion::default() });
    let edges = map.edges.iter().map(|edge| {
        let (from, to, protocol) = (&edge.from, &edge.to, &edge.protocol);
        let (calls, errors) = (edge.calls, edge.errors);
        let percentiles = [edge.p50_us, edge.p95_us, edge.p99_us];
        format!("{from} -> {to} {protocol}: {calls} calls, {errors} failed, {percentiles:?} µs\n")
    });
    expect![[r#"
        card-validator -> other_sql sql: 17 calls, 1 failed, [771, 301524, 301524] µs
        card-validator -> other_sql://127.0.0.1:15432 sql: 177 calls, 1 failed, [1209, 12393, 20804] µs
        frontend-api -> 127.0.0.1:18099 http: 1 calls, 1 failed, [364, 364, 364] µs
        frontend-api -> inventory-api http: 103 calls, 0 failed, [4344, 8252, 9101] µs
        frontend-api -> payments-api http: 103 calls, 13 failed, [12832, 33272, 312296] µs
        payments-api -> card-validator http: 103 calls, 7 failed, [4352, 24808, 305392] µs
        payments-api -> fraud-detector grpc: 88 calls, 4 failed, [6612, 7945, 10579] µs
    "#]].assert_eq(&edges.collect::<String>());
}
