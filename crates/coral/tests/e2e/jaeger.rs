//! A real Jaeger whose storage is a colony, and a real Jaeger with the same spans in its memory: both,
//! and the colony itself, give the same answers.
//!
//! `tools/build-jaeger DIR` builds Jaeger and prints the path of the program. Without
//! `CORAL_TEST_JAEGER`, the test is left out and says so, unless `CORAL_TEST_JAEGER_REQUIRED` is set.

mod server;

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use coral_server::clock;
use coral_trace::{
    Event, Link, Origin, Resource, Scope, Span, SpanId, SpanKind, Status, StatusCode, TraceId,
    UnixNanos, Value,
};
use coral_wire::otlp_out;
use serde_json::Value as Json;

use self::server::Jaeger;
use super::process::{Coral, eventually};

#[test]
fn jaeger_1_76_on_a_colony_answers_as_with_the_spans_in_its_own_memory() {
    let Some(program) = program() else { return };
    let coral = Coral::standalone(&[]);
    let in_memory = Jaeger::in_memory(&program);
    let on_colony = Jaeger::on(&program, &coral.addresses["colony"].to_string());
    let start = clock::now().earlier(Duration::from_secs(600));
    let spans = spans(UnixNanos(start.0 / 1_000 * 1_000));
    assert_eq!(coral.export(&spans), 200);
    coral.until_stored(spans.len() as u64);
    in_memory.send(&otlp_out::encode_json(&spans));
    for path in paths() {
        let ask = || {
            let expected = normal(in_memory.get(&path));
            let colony = coral.fetch("colony", &path);
            let colony = (colony.0, serde_json::from_str(&colony.1).unwrap());
            let others = [("the colony", normal(colony)), ("Jaeger", normal(on_colony.get(&path)))];
            let different = others.iter().find(|(_, found)| *found != expected);
            different.map_or(Ok(()), |(who, found)| {
                Err(format!("{path}: {who}\n{found:#?}\ninstead of\n{expected:#?}"))
            })
        };
        // A Jaeger with its spans in memory stores them a moment after it has acknowledged them.
        eventually(ask);
    }
}

/// What is asked of all three.
fn paths() -> Vec<String> {
    let search = |query: &str| format!("/api/traces?service=shop&limit=20&{query}");
    let paths = [
        "/api/services",
        "/api/services/shop/operations",
        "/api/operations?service=bank",
        "/api/operations?service=shop&spanKind=client",
        "/api/traces/0af7651916cd43dd8448eb211c80319c",
        "/api/traces/0AF7651916CD43DD8448EB211C80319C?raw=true",
        "/api/traces/abc",
        "/api/traces/00000000000000000000000000000def",
        "/api/traces?traceID=abc&traceID=77",
        "/api/traces",
        "/api/traces/xyz",
        "/api/v3/services",
        "/api/v3/operations?service=bank",
        "/api/v3/traces/77",
    ];
    let queries = [
        "operation=POST+%2Fpay",
        "tags=%7B%22float%22%3A%2272.5%22%2C%22whole%22%3A%223%22%7D",
        "tags=%7B%22zone%22%3A%22eu%22%7D",
        "tag=n:2",
        "tag=list:nothing",
        "minDuration=45ms",
        "maxDuration=5ms",
        "minDuration=2s&maxDuration=1s",
        "minDuration=5",
        "limit=1&raw=maybe",
        "start=now",
    ];
    let queries = queries.into_iter().map(search);
    paths.into_iter().map(str::to_owned).chain(queries).collect()
}

/// A status and an answer, in which spans have their process, and what has no order is sorted.
fn normal((status, mut answer): (u16, Json)) -> (u16, Json) {
    if let Some(traces) = answer["data"].as_array_mut() {
        for trace in traces.iter_mut().filter(|trace| trace["spans"].is_array()) {
            let processes = trace["processes"].take();
            for span in trace["spans"].as_array_mut().unwrap() {
                span["process"] = processes[span["processID"].as_str().unwrap()].clone();
                span["processID"] = Json::Null;
            }
            sort(&mut trace["spans"]);
        }
    }
    for list in ["data", "services", "operations"] {
        sort(&mut answer[list]);
    }
    (status, answer)
}

fn sort(list: &mut Json) {
    if let Some(list) = list.as_array_mut() {
        list.sort_by_key(ToString::to_string);
    }
}

/// Two traces: one of a shop and its bank on two hosts with every type of value, events, links and
/// a missing parent, and one short one.
fn spans(start: UnixNanos) -> Vec<Span> {
    let resource = |service: &str, host: &str| Resource {
        attributes: [("service.name", service), ("host.name", host), ("zone", "eu")]
            .into_iter()
            .collect(),
        ..Resource::default()
    };
    let scope = Scope { name: "lib".into(), version: "1.0".into(), ..Scope::default() };
    let shop = Origin { resource: resource("shop", "web-1"), scope, ..Origin::default() };
    let bank = Origin { resource: resource("bank", "db-1"), ..Origin::default() };
    let trace = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c;
    let (shop, bank) = (std::sync::Arc::new(shop), std::sync::Arc::new(bank));
    let span =
        |trace: u128, id: u64, parent: u64, name: &str, kind, (from, until): (i64, i64)| Span {
            trace_id: TraceId::try_from(trace).unwrap(),
            span_id: SpanId::try_from(id).unwrap(),
            parent_span_id: SpanId::try_from(parent).ok(),
            trace_state: "a=b".into(),
            flags: 0,
            name: name.into(),
            kind,
            start: UnixNanos(start.0.saturating_add_signed(from * 1_000_000)),
            end: UnixNanos(start.0.saturating_add_signed(until * 1_000_000)),
            attributes: [("int", Value::Int(3))].into_iter().collect(),
            dropped_attributes: 0,
            events: Vec::new(),
            dropped_events: 0,
            links: Vec::new(),
            dropped_links: 0,
            status: Status::default(),
            origin: shop.clone(),
        };
    let mut root = span(trace, 1, 0, "GET /", SpanKind::Server, (0, 50));
    let list = Value::Array(vec!["<&>".into(), Value::Int(2), 2.0.into(), false.into()]);
    let map = [("y", Value::Int(1)), ("x", "q\"\n".into())].into_iter().collect();
    root.attributes = [
        ("z", "last".into()),
        ("big", Value::Int(1 << 60)),
        ("float", 72.5.into()),
        ("whole", 3.0.into()),
        ("small", 1.5e-7.into()),
        ("true", true.into()),
        ("bytes", Value::Bytes(vec![1, 2, 255])),
        ("list", list),
        ("map", Value::Map(map)),
        ("peer.ipv4", Value::Int(0x0102_0304)),
        ("telemetry.sdk.name", "otel".into()),
    ]
    .into_iter()
    .collect();
    let event = |name: &str, key: &str| Event {
        time: UnixNanos(start.0 + 5_000),
        name: name.into(),
        attributes: [(key, Value::Int(2)), ("a", "text".into())].into_iter().collect(),
        dropped_attributes: 0,
    };
    root.events = vec![event("zeta", "n"), event("alpha", "m"), event("", "k")];
    root.status = Status { code: StatusCode::Ok, message: String::new() };
    let mut call = span(trace, 2, 1, "call", SpanKind::Client, (1, 40));
    call.status = Status { code: StatusCode::Error, message: "declined".into() };
    let link = |trace: u128, id: u64| Link {
        trace_id: TraceId::try_from(trace).unwrap(),
        span_id: SpanId::try_from(id).unwrap(),
        trace_state: String::new(),
        attributes: [("opentracing.ref_type", "child_of")].into_iter().collect(),
        dropped_attributes: 0,
        flags: 0,
    };
    call.links = vec![link(0xff, 1), link(trace, 1)];
    let served =
        Span { origin: bank.clone(), ..span(trace, 3, 2, "POST /pay", SpanKind::Server, (-3, 20)) };
    let produced =
        Span { origin: bank, ..span(trace, 4, 3, "produce", SpanKind::Producer, (-2, 10)) };
    let orphan = span(trace, 5, 0xff, "POST /pay", SpanKind::Unspecified, (2, 3));
    vec![root, call, served, produced, orphan, span(0xabc, 1, 0, "GET /", SpanKind::Server, (0, 1))]
}

/// The program of Jaeger; `None` if the tests have none.
fn program() -> Option<PathBuf> {
    let required = std::env::var_os("CORAL_TEST_JAEGER_REQUIRED").is_some();
    let program = std::env::var_os("CORAL_TEST_JAEGER").filter(|program| !program.is_empty());
    assert!(!required || program.is_some(), "the test needs Jaeger: tools/build-jaeger");
    if program.is_none() {
        // Straight to standard error: the test harness hides what a test prints.
        let _ = std::io::stderr().write_all(
            b"test with a real Jaeger left out: no Jaeger. `tools/build-jaeger DIR` builds it and prints its \
              path; then CORAL_TEST_JAEGER=PATH\n",
        );
    }
    program.map(PathBuf::from)
}
