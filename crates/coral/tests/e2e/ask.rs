//! Questions in plain English, from spans and metrics to the terminal.

use std::fmt::Write as _;

use expect_test::expect;
use serde_json::Value;

use super::process::Coral;
use super::red;
use super::why::slow_checkouts;

/// 2026-11-25T12:15:00Z: a quarter of an hour after checkouts became slow.
pub(super) const QUARTER_PAST: i64 = 1_795_608_900_000_000;
/// 2026-12-01T00:00:00Z: after the recordings.
const DECEMBER: i64 = 1_796_083_200_000_000;

/// The answer to `question` at the time `now`: sections, lines with the numbers of their queries,
/// and the queries.
pub(super) fn answer_at(coral: &Coral, question: &str, now: i64) -> String {
    let question = question.replace(' ', "+").replace('/', "%2F").replace('?', "%3F");
    let path = format!("/api/v1/ask?question={question}&now_unix_us={now}");
    let answer = coral.get("colony", &path);
    let list = |value: &Value| value.as_array().unwrap().clone();
    let mut text = format!("{}\n", answer["understood"].as_str().unwrap_or("–"));
    for section in list(&answer["sections"]) {
        let _ = writeln!(text, "{}", section["title"].as_str().unwrap());
        for line in list(&section["lines"]) {
            let _ = writeln!(text, "  {} {}", line["query"], line["text"].as_str().unwrap());
        }
    }
    list(&answer["queries"]).iter().for_each(|query| {
        let _ = writeln!(text, "{}", query.as_str().unwrap());
    });
    text
}

#[test]
fn why_is_answered_in_sections() {
    let coral = slow_checkouts();
    let question = "why is payments-api slow? last 15 minutes";
    expect![[r#"
        Analyzing payments-api, last 15m
        RED Metrics (last 15m)
          null Counted from spans: no RED metrics (HTTP Requests) of payments-api in this window
          1 payments-api P95 latency: 489ms
          1 Request rate: 0.033 req/s (30 requests)
          1 Error rate: 0%
        Trace Analysis
          2 Compared 30 traces with 60 of the baseline; 100% of the window's traces have every parent span
          2 100% of the added time: card-validator-svc takes longer itself in `POST /validate`
          null Counted from spans: no RED metrics (HTTP Requests) of card-validator-svc in this window
          3 card-validator-svc P95 latency: 418ms
        Root Cause
          2 card-validator-svc takes longer itself in `POST /validate`: 399ms per trace, 23.7ms in the baseline
          2 P95 is 489ms; if card-validator-svc were as fast as in the baseline, P95 would be 108ms
          2 see `coral query beyla traces --trace-id 000000000000000018eb47f663d9804f`
          2 see `coral query beyla traces --trace-id 000000000000000018eb47f663d9804e`
          2 see `coral query beyla traces --trace-id 000000000000000018eb47f663d9804d`
        Recommendation
          null Check CPU, memory and locks of card-validator-svc, and what was deployed there last
          null Compare a trace above with a faster trace of the same operation
        coral query beyla http payments-api --source spans --since 15m
        coral why payments-api --since 15m --baseline 1h
        coral query beyla http card-validator-svc --source spans --since 15m
    "#]]
    .assert_eq(&answer_at(&coral, question, QUARTER_PAST));
    let earlier = QUARTER_PAST - 1_800_000_000;
    expect![[r#"
        Analyzing payments-api, last 15m
        RED Metrics (last 15m)
          null Counted from spans: no RED metrics (HTTP Requests) of payments-api in this window
          1 payments-api P95 latency: 110ms
          1 Request rate: 0.021 req/s (19 requests)
          1 Error rate: 0%
        Trace Analysis
          2 Compared 19 traces with 24 of the baseline; 100% of the window's traces have every parent span
        Root Cause
          2 no cause: the highest score is 0.00; a cause needs at least 0.41
        coral query beyla http payments-api --source spans --since 15m
        coral why payments-api --since 15m --baseline 1h
    "#]]
    .assert_eq(&answer_at(&coral, question, earlier));
}

#[test]
fn a_question_with_a_trace_id_explains_that_trace() {
    let coral = slow_checkouts();
    let id = "000000000000000018eb47f663d9803c";
    expect![[r#"
        Analyzing trace 000000000000000018eb47f663d9803c, against the traces before it
        Trace Analysis
          1 Compared 1 trace with 30 of the baseline; 100% of the window's traces have every parent span
          1 99% of the added time: card-validator-svc takes longer itself in `POST /validate`
        Root Cause
          1 card-validator-svc takes longer itself in `POST /validate`: 388ms per trace, 21.6ms in the baseline
          1 the trace took 604ms; if card-validator-svc were as fast as in the baseline, it would take 238ms
          1 see `coral query beyla traces --trace-id 000000000000000018eb47f663d9803c`
        Recommendation
          null Check CPU, memory and locks of card-validator-svc, and what was deployed there last
          null Compare a trace above with a faster trace of the same operation
        coral why --trace-id 000000000000000018eb47f663d9803c
    "#]].assert_eq(&answer_at(
        &coral,
        &format!("why is trace {id} slow?"),
        QUARTER_PAST,
    ));
}

#[test]
fn other_questions_are_answered_from_their_queries() {
    let coral = slow_checkouts();
    for (question, expected) in [
        (
            "what changed in the last 15 minutes",
            expect![[r#"
                Analyzing everything, last 15m
                Changes against the 1h before
                  1 card-validator-svc: slower, POST /validate (23.7ms before, 399ms now)
                coral query anomalies --since 15m --baseline 1h
            "#]],
        ),
        (
            "what calls payments-api",
            expect![[r#"
                Analyzing payments-api, last 1h
                What calls payments-api
                  1 frontend-api → payments-api over http: 84 calls, P95 486ms
                What payments-api calls
                  1 payments-api → card-validator-svc over http: 84 calls, P95 415ms
                  1 payments-api → fraud-detector over grpc: 84 calls, P95 35ms
                coral query topology --since 1h
            "#]],
        ),
        (
            "show me slow traces of payments-api, last 15 minutes",
            expect![[r#"
                Analyzing payments-api, last 15m
                Traces, slowest first
                  1 000000000000000018eb47f663d9804c 622ms POST /checkout, 5 spans, 12:05:20, frontend-api: card-validator-svc slow (404ms)
                  1 000000000000000018eb47f663d9804f 621ms POST /checkout, 5 spans, 12:06:20, frontend-api: card-validator-svc slow (407ms)
                  1 000000000000000018eb47f663d9804b 620ms POST /checkout, 5 spans, 12:05:00, frontend-api: card-validator-svc slow (403ms)
                  1 000000000000000018eb47f663d9804e 619ms POST /checkout, 5 spans, 12:06:00, frontend-api: card-validator-svc slow (406ms)
                  1 000000000000000018eb47f663d9804a 618ms POST /checkout, 5 spans, 12:04:40, frontend-api: card-validator-svc slow (402ms)
                  null Started on 2026-11-25 (UTC).
                coral query beyla traces --service payments-api --sort slowest --min-duration 0s --since 15m --limit 5
            "#]],
        ),
        (
            "slowest calls",
            expect![[r#"
                Analyzing everything, last 1h
                Slowest first, by P95
                  1 frontend-api → payments-api: P95 486ms, 84 calls, 0 failed
                  1 payments-api → card-validator-svc: P95 415ms, 84 calls, 0 failed
                  1 payments-api → fraud-detector: P95 35ms, 84 calls, 0 failed
                  1 card-validator-svc → postgres: P95 12ms, 84 calls, 0 failed
                coral query topology --since 1h
            "#]],
        ),
        (
            "what is slowest",
            expect![[r#"
                Analyzing everything, last 1h
                Slowest first, by P95
                  1 frontend-api → payments-api: P95 486ms, 84 calls, 0 failed
                  1 payments-api → card-validator-svc: P95 415ms, 84 calls, 0 failed
                  1 payments-api → fraud-detector: P95 35ms, 84 calls, 0 failed
                  1 card-validator-svc → postgres: P95 12ms, 84 calls, 0 failed
                coral query topology --since 1h
            "#]],
        ),
        (
            "errors",
            expect![[r#"
                Analyzing everything, last 1h
                Most failures first
                  1 no calls in this window
                coral query topology --since 1h
            "#]],
        ),
    ] {
        expected.assert_eq(&answer_at(&coral, question, QUARTER_PAST));
    }
}

#[test]
fn questions_about_health_are_answered_from_the_services() {
    let coral = slow_checkouts();
    for (question, expected) in [
        (
            "what is wrong?",
            expect![[r#"
            Analyzing everything, last 15m
            Health of services
              1 3 of 5 services are not well: card-validator-svc is slow (P95 418ms, 38ms before) since 11:59 UTC; frontend-api is slow (P95 621ms, 242ms before) since 11:59 UTC; payments-api is slow (P95 489ms, 110ms before) since 11:59 UTC.
              1 postgres serves no requests.
              null `coral why card-validator-svc` searches for the cause
            Services
              1 card-validator-svc: slow, 0.033 req/s, 0% failed (0% before), P95 418ms (38ms before)
              1 frontend-api: slow, 0.033 req/s, 0% failed (0% before), P95 621ms (242ms before)
              1 payments-api: slow, 0.033 req/s, 0% failed (0% before), P95 489ms (110ms before)
              1 postgres: unknown, no requests
              1 fraud-detector: well, 0.033 req/s, 0% failed (0% before), P95 35ms (35ms before)
            coral services
        "#]],
        ),
        (
            "is payments-api ok?",
            expect![[r#"
            Analyzing payments-api, last 15m
            Health
              1 payments-api is slow (P95 489ms, 110ms before), since 11:59 UTC (15 minutes ago)
              null `coral why payments-api` searches for the cause
            Services
              1 payments-api: slow, 0.033 req/s, 0% failed (0% before), P95 489ms (110ms before)
            coral services payments-api
        "#]],
        ),
        (
            "is payments ok?",
            expect![[r#"
            –
            Unknown service
              null no stored trace has a span of payments
              null did you mean payments-api?
        "#]],
        ),
    ] {
        expected.assert_eq(&answer_at(&coral, question, QUARTER_PAST));
    }
}

#[test]
fn metrics_are_cited_where_there_are_some() {
    let coral = red::after("3.31.0", &["metrics-0"], &["traces-001", "traces-002"]);
    for (question, expected) in [
        (
            "why is frontend-api slow, last 30 days",
            expect![[r#"
                Analyzing frontend-api, last 30d
                RED Metrics (last 30d)
                  1 frontend-api P95 latency: ≈47.7ms
                  1 Request rate: 0.000075 req/s (55 requests in 202h 45m: no older data is stored)
                  1 Error rate: 9.1%
                Trace Analysis
                  2 Compared 12 traces with 0 of the baseline; 100% of the window's traces have every parent span
                Root Cause
                  2 not enough evidence: no trace in the baseline matches the question
                  2 Coral has stored spans only since 2026-11-22 13:14 UTC (202h 45m ago); the baseline would begin earlier
                coral query beyla http frontend-api --since 30d --compare 30d
                coral why frontend-api --since 30d --baseline 30d
            "#]],
        ),
        (
            "slowest endpoints of frontend-api, last 30 days",
            expect![[r#"
                Analyzing frontend-api, last 30d
                Slowest first, by P95
                  1 GET /checkout/{id}: P95 ≈48.1ms, 52 requests, 5.8% failed
                  1 GET /boom: P95 ≈4.75ms, 1 request, 100% failed
                  1 GET /deadend: P95 ≈4.75ms, 1 request, 100% failed
                  1 GET /missing/{id}: P95 ≈4.75ms, 1 request, 0% failed
                coral query beyla http frontend-api --since 30d --compare 30d
            "#]],
        ),
        (
            "errors of frontend-api, last 30 days",
            expect![[r#"
                Analyzing frontend-api, last 30d
                Most failures first
                  1 all requests of frontend-api: P95 ≈47.7ms, 55 requests, 9.1% failed
                  1 GET /checkout/{id}: P95 ≈48.1ms, 52 requests, 5.8% failed
                  1 GET /boom: P95 ≈4.75ms, 1 request, 100% failed
                  1 GET /deadend: P95 ≈4.75ms, 1 request, 100% failed
                coral query beyla http frontend-api --since 30d --compare 30d
            "#]],
        ),
    ] {
        expected.assert_eq(&answer_at(&coral, question, DECEMBER));
    }
}

/// The page for a question that is not answered.
fn unanswered(coral: &Coral, line: &str) -> String {
    let output = coral.ask(line);
    assert_eq!(output.status.code(), Some(3), "{line}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn what_cannot_be_answered_says_what_can() {
    let coral = slow_checkouts();
    expect![[r#"
        Unknown service:
          - no stored trace has a span of payment-api
          - did you mean payments-api?
    "#]]
    .assert_eq(&unanswered(&coral, "ask why is payment-api slow"));
    expect![[r#"
        Not understood:
          - the question is not answered, because of these words: "meaning", "\u{1b}[31mlife"

        Questions that are understood, by example:
          - what is wrong?
          - why is card-validator-svc slow?
          - is card-validator-svc ok?
          - slowest endpoints of card-validator-svc, last 15 minutes
          - p99 of card-validator-svc
          - errors today
          - which host has errors?
          - what calls card-validator-svc?
          - what changed in the last hour?
          - what happened between 02:30 and 03:00?
          - show me slow traces of card-validator-svc
          - slow queries
          - services: card-validator-svc, fraud-detector, frontend-api, payments-api, postgres
    "#]]
    .assert_eq(&unanswered(&coral, "ask what is the meaning of \u{1b}[31mlife"));
    let page = coral.answer("ask errors today");
    assert!(
        page.ends_with('\n')
            && page.contains("\nQuery behind these lines:\n  coral query topology"),
        "{page}"
    );
}

/// The question is about a whole day in the past, so the cited command finds the same traces
/// whenever it runs.
#[test]
fn the_cited_command_prints_the_numbers_that_cite_it() {
    let coral = slow_checkouts();
    let midnight = QUARTER_PAST + (11 * 3_600 + 45 * 60) * 1_000_000;
    let told = answer_at(&coral, "show me slow traces of payments-api yesterday", midnight);
    let command = told.lines().last().unwrap().strip_prefix("coral ").unwrap();
    let list = coral.json(command);
    let cited: Vec<&str> = told.lines().filter_map(|line| line.strip_prefix("  1 ")).collect();
    assert_eq!(cited.len(), 5, "{told}");
    for (line, trace) in cited.iter().zip(list["traces"].as_array().unwrap()) {
        let text = |key: &str| trace[key].as_str().unwrap().to_owned();
        assert!(line.starts_with(&text("trace_id")), "{line}: {trace}");
        assert!(line.ends_with(&format!(": {}", text("root_cause"))), "{line}: {trace}");
    }
}
