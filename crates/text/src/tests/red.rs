//! RED metrics as they are printed.

use std::collections::BTreeMap;

use expect_test::expect;

use crate::red_table::red_table;
use crate::screen::Screen;
use coral_query::answer::{
    FoundBy, NoSlowTrace, RedNumbers, RedRow, RedTable, SlowRow, SlowTrace, TraceFailure,
};
use coral_query::{RedProtocol, RedSide, RedSource};
use coral_trace::UnixNanos;

fn numbers(requests: u64, errors: u64, percentiles: [Option<i64>; 3]) -> RedNumbers {
    let [p50_us, p95_us, p99_us] = percentiles;
    RedNumbers {
        estimate: None,
        requests,
        errors,
        error_rate: errors as f64 / requests.max(1) as f64,
        p50_us,
        p95_us,
        p99_us,
        exact: false,
        beyond_us: p99_us.is_none().then_some(10_000_000),
        statuses: BTreeMap::from([("OK".to_owned(), requests - errors)]),
    }
}

fn table(protocol: RedProtocol, rows: Vec<RedRow>, overall: RedNumbers) -> RedTable {
    RedTable {
        requests_left_out: 0,
        protocol,
        service: "payments-api".to_owned(),
        side: RedSide::Server,
        source: RedSource::Metrics,
        metrics_missing: false,
        since_unix_us: 0,
        until_unix_us: 1,
        covered_since_unix_us: 0,
        rows,
        overall,
        overall_before: None,
        requests_by_metrics: None,
        slow: None,
        did_you_mean: Vec::new(),
    }
}

#[test]
fn a_window_before_without_requests_has_no_error_rate() {
    let slow = numbers(20, 2, [Some(1_000), Some(2_000), Some(3_000)]);
    let rows =
        vec![RedRow { route: Some("/pay".to_owned()), numbers: slow.clone(), ..RedRow::default() }];
    let before = Some(RedNumbers::default());
    let red = RedTable { overall_before: before, ..table(RedProtocol::Http, rows, slow) };
    let text = red_table(&red, "last 1 hour", Screen::PLAIN);
    assert!(text.contains("Before:  no requests\n"), "{text}");
}

#[test]
fn a_percentile_beyond_the_last_bound_says_so_and_the_window_before_is_compared() {
    let slow = numbers(1_234, 12, [Some(23_000), Some(9_500_000), None]);
    let before = numbers(617, 12, [Some(20_000), Some(4_750_000), Some(5_000_000)]);
    let row = |route: &str, numbers: &RedNumbers, before: Option<RedNumbers>| RedRow {
        method: Some("POST".to_owned()),
        route: Some(route.to_owned()),
        numbers: numbers.clone(),
        before,
        ..RedRow::default()
    };
    let rows = vec![
        row("/api/v1/payments", &slow, Some(before.clone())),
        row("/\u{1b}[2J", &numbers(1, 1, [Some(100), Some(100), Some(100)]), None),
    ];
    let compared =
        RedTable { overall_before: Some(before), ..table(RedProtocol::Http, rows, slow) };
    expect![[r#"
        HTTP Requests (payments-api, last 1 hour):

        Route                 | Requests | P50    | P95    | P99    | Errors | Before
        ----------------------|----------|--------|--------|--------|--------|----------------------------------------------
        POST /api/v1/payments | 1,234    | ≈23ms  | ≈9.5s  | >10s   | 0.97%  | requests +100%, P95 +100%, errors -1.0 points
        POST /\u{1b}[2J       | 1        | ≈100µs | ≈100µs | ≈100µs | 100%   | new

        Overall: 1,234 requests, P95 ≈9.5s, 0.97% errors
        Before:  617 requests, P95 ≈4.75s, 1.9% errors (requests +100%, P95 +100%, errors -1.0 points)
        Counted from Beyla's metrics, with percentiles (≈) from histogram buckets; --source spans counts stored spans.
    "#]]
    .assert_eq(&red_table(&compared, "last 1 hour", Screen::PLAIN));
}

#[test]
fn slow_rows_name_their_traces_or_say_why_there_are_none() {
    let trace = |stored| SlowTrace {
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap(),
        span_id: "00f067aa0ba902b7".parse().unwrap(),
        latency_us: 620_000,
        time: UnixNanos::from_micros(1_795_608_000_000_000),
        found_by: FoundBy::Exemplar,
        stored,
        failure: stored.then(|| TraceFailure {
            span_id: "00f067aa0ba902b8".parse().unwrap(),
            service: "payments-api".to_owned(),
            operation: "POST".to_owned(),
            callee: Some("api.stripe.com".to_owned()),
            status_code: Some(503),
            error_type: None,
            message: None,
            exception_type: None,
            exception_message: None,
            host: None,
            version: None,
            pod: None,
        }),
    };
    let slow = |name: &str, traces: Vec<SlowTrace>, none_because: Option<NoSlowTrace>| SlowRow {
        name: name.to_owned(),
        p95_us: Some(610_000),
        over_us: 500_000,
        traces,
        none_because,
    };
    let slow = vec![
        slow("POST /validate", vec![trace(true), trace(false)], None),
        slow("GET /boom", vec![], Some(NoSlowTrace::NotSampled)),
        // The threshold is the exact P95.
        SlowRow { over_us: 610_000, ..slow("GET /slow", vec![trace(true)], None) },
    ];
    let numbers =
        RedNumbers { exact: true, ..numbers(40, 0, [Some(1_000), Some(610_000), Some(620_000)]) };
    let row = RedRow { method: Some("/fraud.v1/Check".to_owned()), numbers, ..RedRow::default() };
    let overall = row.numbers.clone();
    let mut found = RedTable { slow: Some(slow), ..table(RedProtocol::Grpc, vec![row], overall) };
    found.source = RedSource::Spans;
    found.requests_by_metrics = Some(52);
    expect![[r#"
        gRPC Calls (payments-api, last 1 hour):

        Method          | Requests | P50 | P95   | P99   | Errors | Statuses
        ----------------|----------|-----|-------|-------|--------|---------
        /fraud.v1/Check | 40       | 1ms | 610ms | 620ms | 0%     | OK 40

        Overall: 40 requests, P95 610ms, 0% errors
        Metrics count 52: 12 have no stored span (not sampled, expired, or not exported yet).

        POST /validate (over 500ms, P95 610ms):
          4bf92f3577b34da6a3ce929d0e0e4736   620ms  2026-11-25T12:00:00Z
            └ fails in payments-api → api.stripe.com: POST 503
          4bf92f3577b34da6a3ce929d0e0e4736   620ms  2026-11-25T12:00:00Z (not stored)

        GET /boom (over 500ms, P95 610ms):
          No trace: not sampled by Beyla.

        GET /slow (P95 610ms and slower):
          4bf92f3577b34da6a3ce929d0e0e4736   620ms  2026-11-25T12:00:00Z
            └ fails in payments-api → api.stripe.com: POST 503
    "#]]
    .assert_eq(&red_table(&found, "last 1 hour", Screen::PLAIN));
}

#[test]
fn an_answer_from_spans_says_that_there_are_no_metrics_and_metrics_alone_hint_at_spans() {
    let numbers = RedNumbers { exact: true, ..numbers(2, 1, [Some(456); 3]) };
    let row = RedRow { route: Some("/boom".to_owned()), numbers, ..RedRow::default() };
    let overall = row.numbers.clone();
    let found = RedTable {
        source: RedSource::Spans,
        metrics_missing: true,
        requests_by_metrics: Some(0),
        ..table(RedProtocol::Http, vec![row], overall)
    };
    expect![[r#"
        HTTP Requests (payments-api, last 1 hour):

        Route | Requests | P50   | P95   | P99   | Errors
        ------|----------|-------|-------|-------|-------
        /boom | 2        | 456µs | 456µs | 456µs | 50.0%

        Overall: 2 requests, P95 456µs, 50.0% errors
        Counted from spans: no RED metrics (HTTP Requests) of payments-api in this window.
    "#]]
    .assert_eq(&red_table(&found, "last 1 hour", Screen::PLAIN));
    let nothing = |source, metrics_missing| {
        let empty = table(RedProtocol::Http, Vec::new(), RedNumbers::default());
        red_table(&RedTable { source, metrics_missing, ..empty }, "last 1 hour", Screen::PLAIN)
    };
    let each = [
        nothing(RedSource::Metrics, false),
        nothing(RedSource::Spans, false),
        nothing(RedSource::Metrics, true),
    ];
    expect![[r#"
        No HTTP Requests of payments-api (last 1 hour).
        Hint: without `--source metrics`, stored spans are counted if there are no metrics; `coral agent status` shows whether metrics of Beyla arrive (coral.agent.metric_points.received).
        No HTTP Requests of payments-api (last 1 hour).
        Hint: without `--source spans`, requests that were not sampled count too.
        No HTTP Requests of payments-api (last 1 hour).
        Hint: neither metrics nor stored spans have any; `--side client` shows the requests that the service made; `coral agent status` shows whether metrics of Beyla arrive (coral.agent.metric_points.received).
    "#]].assert_eq(&each.concat());
}

#[test]
fn requests_without_a_row_are_counted() {
    let of = |requests| numbers(requests, 0, [Some(5); 3]);
    let row = RedRow { numbers: of(10), ..RedRow::default() };
    let found = table(RedProtocol::Http, vec![row], of(12));
    let text = red_table(&RedTable { requests_left_out: 2, ..found }, "last 1 hour", Screen::PLAIN);
    let sentence =
        "\nThese numbers include 2 requests in no row: a table has at most 4,000 rows.\n";
    assert!(text.contains(sentence), "{text}");
}
