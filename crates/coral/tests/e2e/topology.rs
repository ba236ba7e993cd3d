//! The service map, from spans to the terminal.

use coral_trace::{Span, UnixNanos, Value};
use expect_test::expect;

use super::path::reference_trace;
use super::process::Coral;
use super::{decode, recordings};

const MS: u64 = 1_000_000;
/// 2026-11-25T12:00:00Z.
const NOON: u64 = 1_795_608_000_000 * MS;
const ALL: &str = "--since 1970-01-01T00:00:00Z";

/// The reference trace of design §5, with the attributes that its names stand for.
fn checkout(number: u64, start: u64) -> Vec<Span> {
    let mut spans = reference_trace(UnixNanos(start));
    let said: [&[(&str, &str)]; 8] = [
        &[("http.request.method", "POST")],
        &[("http.request.method", "POST")],
        &[("http.request.method", "POST")],
        &[("db.system.name", "postgresql"), ("db.namespace", "cards")],
        &[("rpc.system.name", "grpc")],
        &[("http.request.method", "POST")],
        &[("db.system.name", "redis")],
        &[("messaging.system", "kafka"), ("messaging.destination.name", "notifications")],
    ];
    for (span, said) in spans.iter_mut().zip(said) {
        span.trace_id = u128::from(NOON + number).try_into().unwrap();
        span.attributes =
            said.iter().map(|(key, value)| (*key, Value::String((*value).into()))).collect();
    }
    spans
}

#[test]
fn the_reference_trace_has_its_seven_edges_and_asking_twice_changes_nothing() {
    let coral = Coral::standalone(&[]);
    assert_eq!(coral.export(&checkout(1, NOON)), 200);
    coral.until_stored(8);
    let map = coral.answer(&format!("query topology {ALL}"));
    expect![[]].assert_eq(&map);
    assert_eq!(coral.export(&checkout(1, NOON)), 200);
    assert_eq!(coral.answer(&format!("query topology {ALL}")), map);
}

#[test]
fn the_recordings_of_beyla_make_a_sensible_map() {
    let coral = Coral::standalone(&[]);
    let mut total = 0;
    for (file, request) in recordings() {
        assert_eq!(coral.post("otlp_http", &request), 200, "{file}");
        total += decode(&request).len() as u64;
    }
    coral.until_stored(total);
    expect![[]].assert_eq(&coral.answer(&format!("query topology {ALL}")));
    let map = coral.json(&format!("query topology {ALL}"));
    assert_eq!(map["spans"], total);
    for format in ["dot", "mermaid"] {
        let graph = coral.answer(&format!("query topology {ALL} --format {format}"));
        let arrow = if format == "dot" { " -> " } else { " -->|" };
        assert_eq!(graph.matches(arrow).count(), map["edges"].as_array().unwrap().len());
    }
}

#[test]
fn what_changed_since_the_time_before_is_told() {
    let coral = Coral::standalone(&[]);
    let mut spans = Vec::new();
    for number in 0..20 {
        let mut before = checkout(number, NOON - 1_800_000 * MS + number);
        before.truncate(7);
        spans.extend(before);
        let mut now = checkout(100 + number, NOON + number);
        now.remove(4);
        now[3].end = UnixNanos(now[3].start.0 + 30 * MS);
        spans.extend(now);
    }
    assert_eq!(coral.export(&spans), 200);
    coral.until_stored(spans.len() as u64);
    let window = "--since 2026-11-25T12:00:00Z --until 2026-11-25T12:15:00Z";
    expect![[]].assert_eq(&coral.answer(&format!("query topology {window} --diff 1h")));
    let diff = &coral.json(&format!("query topology {window} --diff 1h"))["diff"];
    assert_eq!(diff["added"][0]["to"], "email-svc");
    assert_eq!(diff["removed"][0]["to"], "fraud-detector");
    assert_eq!(diff["slower"][0]["p50_us_before"], 12_000);
}

#[test]
fn a_window_without_traces_and_one_that_is_no_window_are_told() {
    let coral = Coral::standalone(&[]);
    expect![[]].assert_eq(&coral.answer("query topology --since 1h"));
    let asked =
        coral.ask("query topology --since 2026-11-25T12:00:00Z --until 2026-11-25T12:00:00Z");
    assert_eq!(asked.status.code(), Some(1));
    expect![[]].assert_eq(&String::from_utf8(asked.stderr).unwrap());
}
