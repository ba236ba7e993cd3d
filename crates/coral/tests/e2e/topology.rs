//! The service map, from spans to the terminal.

use coral_trace::{Span, UnixNanos, Value};
use expect_test::expect;

use super::path::reference_trace;
use super::process::Coral;
use super::{decode, recordings};

const MS: u64 = 1_000_000;
/// 2026-11-25T12:00:00Z.
const NOON: u64 = 1_795_608_000_000 * MS;
const ALL: &str = "--since 1970-01-01T00:00:00Z --until 2027-01-01T00:00:00Z";

/// [`reference_trace`], with the attributes that Beyla gives such spans.
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
    expect![[r#"
        Service Map (since 1970-01-01T00:00:00Z, until 2027-01-01T00:00:00Z): 8 nodes, 7 edges

        From               | To                  | Protocol | Calls | Errors | P50   | P95   | P99
        -------------------|---------------------|----------|-------|--------|-------|-------|------
        card-validator-svc | postgres [database] | sql      | 1     | 0      | 12ms  | 12ms  | 12ms
        frontend-api       | email-svc [queue]   | kafka    | 1     | 0      | 15ms  | 15ms  | 15ms
        frontend-api       | inventory-api       | http     | 1     | 0      | 180ms | 180ms | 180ms
        frontend-api       | payments-api        | http     | 1     | 0      | 450ms | 450ms | 450ms
        inventory-api      | redis [database]    | redis    | 1     | 0      | 2ms   | 2ms   | 2ms
        payments-api       | card-validator-svc  | http     | 1     | 0      | 380ms | 380ms | 380ms
        payments-api       | fraud-detector      | grpc     | 1     | 0      | 35ms  | 35ms  | 35ms

        1 trace, 8 spans.
    "#]]
    .assert_eq(&map);
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
    expect![[r#"
        Service Map (since 1970-01-01T00:00:00Z, until 2027-01-01T00:00:00Z): 8 nodes, 7 edges

        From           | To                                     | Protocol | Calls | Errors | P50    | P95    | P99
        ---------------|----------------------------------------|----------|-------|--------|--------|--------|-------
        card-validator | other_sql [database]                   | sql      | 17    | 1      | 771µs  | 302ms  | 302ms
        card-validator | other_sql://127.0.0.1:15432 [database] | sql      | 177   | 1      | 1.21ms | 12.4ms | 20.8ms
        frontend-api   | 127.0.0.1:18099 [external]             | http     | 1     | 1      | 364µs  | 364µs  | 364µs
        frontend-api   | inventory-api                          | http     | 103   | 0      | 4.34ms | 8.25ms | 9.1ms
        frontend-api   | payments-api                           | http     | 103   | 13     | 12.8ms | 33.3ms | 312ms
        payments-api   | card-validator                         | http     | 103   | 7      | 4.35ms | 24.8ms | 305ms
        payments-api   | fraud-detector                         | grpc     | 88    | 4      | 6.61ms | 7.95ms | 10.6ms

        178 traces, 1,916 spans. 46 spans without a stored parent: the calls that led there are unknown, or are listed under an address. 1 call without a known callee.
    "#]].assert_eq(&coral.answer(&format!("query topology {ALL}")));
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
    expect![[r#"
        Service Map (since 2026-11-25T12:00:00Z, until 2026-11-25T12:15:00Z): 7 nodes, 6 edges

        From               | To                  | Protocol | Calls | Errors | P50   | P95   | P99
        -------------------|---------------------|----------|-------|--------|-------|-------|------
        card-validator-svc | postgres [database] | sql      | 20    | 0      | 30ms  | 30ms  | 30ms
        frontend-api       | email-svc [queue]   | kafka    | 20    | 0      | 15ms  | 15ms  | 15ms
        frontend-api       | inventory-api       | http     | 20    | 0      | 180ms | 180ms | 180ms
        frontend-api       | payments-api        | http     | 20    | 0      | 450ms | 450ms | 450ms
        inventory-api      | redis [database]    | redis    | 20    | 0      | 2ms   | 2ms   | 2ms
        payments-api       | card-validator-svc  | http     | 20    | 0      | 380ms | 380ms | 380ms

        20 traces, 140 spans.

        Changes since the 1 hour before:

        Change  | From               | To             | Protocol | Before             | Now
        --------|--------------------|----------------|----------|--------------------|-------------------
        added   | frontend-api       | email-svc      | kafka    | –                  | 20 calls
        removed | payments-api       | fraud-detector | grpc     | 20 calls           | –
        slower  | card-validator-svc | postgres       | sql      | P50 12ms, P95 12ms | P50 30ms, P95 30ms

        Compared with 20 traces.
    "#]].assert_eq(&coral.answer(&format!("query topology {window} --diff 1h")));
    let diff = &coral.json(&format!("query topology {window} --diff 1h"))["diff"];
    assert_eq!(diff["added"][0]["to"], "email-svc");
    assert_eq!(diff["removed"][0]["to"], "fraud-detector");
    assert_eq!(diff["slower"][0]["p50_us_before"], 12_000);
}

#[test]
fn a_window_without_traces_and_one_that_is_no_window_are_told() {
    let coral = Coral::standalone(&[]);
    expect![[r#"
        Service Map (last 1 hour): 0 nodes, 0 edges

        No trace started in this window.
        Hint: `coral query beyla traces` lists stored traces; try a longer --since.
    "#]]
    .assert_eq(&coral.answer("query topology --since 1h"));
    let asked =
        coral.ask("query topology --since 2026-11-25T12:00:00Z --until 2026-11-25T12:00:00Z");
    assert_eq!(asked.status.code(), Some(1));
    expect![[r#"
        Error: the window is empty: its start 2026-11-25T12:00:00Z is not before its end 2026-11-25T12:00:00Z
    "#]]
    .assert_eq(&String::from_utf8(asked.stderr).unwrap());
}
