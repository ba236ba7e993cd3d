//! Causes, from spans to the terminal.

use coral_trace::{Attributes, Span, UnixNanos};
use expect_test::expect;

use super::path::reference_trace;
use super::process::Coral;
use super::{decode, recordings};

const MS: u64 = 1_000_000;
/// 2026-11-25T12:00:00Z.
pub(super) const NOON: u64 = 1_795_608_000_000 * MS;
const WINDOW: &str = "--since 2026-11-25T12:00:00Z --until 2026-11-25T12:15:00Z";

/// A checkout in which the card validator takes `validation` milliseconds. Everything else takes
/// about the same time in every checkout.
fn checkout(number: u64, start: UnixNanos, validation: u64) -> Vec<Span> {
    let mut spans = reference_trace(start);
    spans.truncate(5);
    let at = |millis: u64| UnixNanos(start.0 + millis * MS);
    let ends = [validation + 200 + number % 7, validation + 120 + number % 3, validation + 60];
    for (span, end) in spans.iter_mut().zip(ends) {
        span.end = at(end);
    }
    (spans[3].start, spans[3].end) = (at(validation + 40), at(validation + 52));
    (spans[4].start, spans[4].end) = (at(validation + 65), at(validation + 100));
    for span in &mut spans[..3] {
        let (method, route) = span.name.split_once(' ').unwrap();
        let http: Attributes =
            [("http.request.method", method), ("http.route", route)].into_iter().collect();
        span.attributes.0.extend(http.0);
    }
    spans[4].attributes = [("rpc.system", "grpc")].into_iter().collect();
    for span in &mut spans {
        span.trace_id = u128::from(NOON + number).try_into().unwrap();
    }
    spans
}

/// A standalone with checkouts of the 50 minutes before noon, and of the ten minutes after noon,
/// which are slow in the card validator.
pub(super) fn slow_checkouts() -> Coral {
    coral_with(&checkouts(NOON, 50, NOON))
}

/// A standalone that has stored `spans`.
pub(super) fn coral_with(spans: &[Span]) -> Coral {
    let coral = Coral::standalone(&[]);
    assert_eq!(coral.export(spans), 200);
    coral.until_stored(spans.len() as u64);
    coral
}

/// Sixty checkouts, one every `pause` seconds until `usual_end`, and thirty in the ten minutes
/// after `slow_start`, which are slow in the card validator. `usual_end` and `slow_start` are
/// nanoseconds.
pub(super) fn checkouts(usual_end: u64, pause: u64, slow_start: u64) -> Vec<Span> {
    let usual_start = |n| UnixNanos(usual_end - (60 - n) * pause * 1_000 * MS);
    let usual = (0..60).map(|n| checkout(n, usual_start(n), 30 + n % 9));
    let slow =
        (60..90).map(|n| checkout(n, UnixNanos(slow_start + (n - 60) * 20_000 * MS), 380 + n % 40));
    usual.chain(slow).flatten().collect()
}

#[test]
fn the_service_that_became_slow_is_named_with_its_share_and_traces() {
    let coral = slow_checkouts();
    expect![[r#"
        Why is payments-api slow? (since 2026-11-25T12:00:00Z, until 2026-11-25T12:15:00Z, against the 1 hour before)

        Cause: card-validator-svc, 100% of the added time
          card-validator-svc takes longer itself in `POST /validate`:
          399ms per trace, 23.7ms in the baseline.
          P95 is 489ms.
          P95 would be 108ms if card-validator-svc were as fast as in the baseline.

        See it in:
          coral query beyla traces --trace-id 000000000000000018eb47f663d9804f    # span 0000000000000003
          coral query beyla traces --trace-id 000000000000000018eb47f663d9804e    # span 0000000000000003
          coral query beyla traces --trace-id 000000000000000018eb47f663d9804d    # span 0000000000000003
          coral query beyla traces --trace-id 000000000000000018eb47f663d9804c    # span 0000000000000003
          coral query beyla traces --trace-id 000000000000000018eb47f663d9804b    # span 0000000000000003

        Suspect            | Added time | Score | Kind | Where
        -------------------|------------|-------|------|---------------
        card-validator-svc | 100%       | 2.69  | own  | POST /validate
        Added time: a service's share of all time that components took beyond the baseline.
        Score: see `coral help why`.
        own: time in the service's own work.

        Compared 30 traces with 60 traces of the baseline: 375ms slower (mean of P50, P75 and P90).
        100% of the window's traces have every parent span; `coral doctor traces` checks more.

        See it: http://127.0.0.1:9000/ui/why?service=payments-api&from=2026-11-25T12:00:00Z&to=2026-11-25T12:15:00Z
    "#]].assert_eq(&coral.answer(&format!("why payments-api {WINDOW}")));
    let why = coral.json(&format!("why frontend-api {WINDOW}"));
    assert_eq!(why["verdict"], "cause");
    let first = &why["ranking"][0];
    assert_eq!((&first["service"], &first["kind"]), (&"card-validator-svc".into(), &"own".into()));
    assert_eq!(first["evidence"].as_array().unwrap().len(), 5);
    let shares = why["ranking"].as_array().unwrap().iter().map(|suspect| &suspect["share"]);
    let sum: f64 = shares.chain([&why["unattributed"]]).map(|share| share.as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-9, "{sum}");
}

#[test]
fn one_trace_is_explained_by_those_before_it() {
    let coral = slow_checkouts();
    let slow = format!("{:032x}", u128::from(NOON + 60));
    expect![[r#"
        Why is trace 000000000000000018eb47f663d9803c slow? (against the 1 hour before)

        Cause: card-validator-svc, 99% of the added time
          card-validator-svc takes longer itself in `POST /validate`:
          388ms per trace, 21.6ms in the baseline.
          The trace took 604ms.
          It would take 238ms if card-validator-svc were as fast as in the baseline.

        See it in:
          coral query beyla traces --trace-id 000000000000000018eb47f663d9803c    # span 0000000000000003

        Suspect            | Added time | Score | Kind | Where
        -------------------|------------|-------|------|---------------
        card-validator-svc | 99%        | 1.41  | own  | POST /validate
        frontend-api       | 1%         | 0.00  | own  | POST /checkout
        Added time: a service's share of all time that components took beyond the baseline.
        Score: see `coral help why`.
        own: time in the service's own work.

        Compared 1 trace with 30 traces of the baseline: 369ms slower (mean of P50, P75 and P90).
        100% of the window's traces have every parent span; `coral doctor traces` checks more.

        See it: http://127.0.0.1:9000/ui/why?trace=000000000000000018eb47f663d9803c
    "#]].assert_eq(&coral.answer(&format!("why --trace-id {slow}")));
}

#[test]
fn what_cannot_be_explained_says_why_and_what_to_do() {
    let coral = slow_checkouts();
    expect![[r#"
        Why is payment-api slow? (since 2026-11-25T12:00:00Z, until 2026-11-25T12:15:00Z, against the 1 hour before)

        Unknown service: no trace of this time has a span of payment-api.
        Hint: did you mean payments-api?

        See it: http://127.0.0.1:9000/ui/why?service=payment-api&from=2026-11-25T12:00:00Z&to=2026-11-25T12:15:00Z
    "#]].assert_eq(&coral.answer(&format!("why payment-api {WINDOW}")));
    expect![[r#"
        Why is payments-api slow? (since 2026-11-25T11:00:00Z, until 2026-11-25T12:00:00Z, against the 1 minute before)

        Not enough evidence: no trace in the baseline matches the question.
        Hint: Coral has stored spans only since 11:10 UTC (50 minutes ago); the baseline would begin earlier. Try a shorter --since, which moves traces into the baseline.

        Compared 60 traces with 0 traces of the baseline.
        100% of the window's traces have every parent span; `coral doctor traces` checks more.

        See it: http://127.0.0.1:9000/ui/why?service=payments-api&from=2026-11-25T11:00:00Z&to=2026-11-25T12:00:00Z&baseline=1m
    "#]].assert_eq(&coral.answer(
        "why payments-api --since 2026-11-25T11:00:00Z --until 2026-11-25T12:00:00Z --baseline 1m",
    ));
    let before = "--since 2026-11-25T11:45:00Z --until 2026-11-25T12:00:00Z --baseline 30m";
    expect![[r#"
        Why is payments-api slow? (since 2026-11-25T11:45:00Z, until 2026-11-25T12:00:00Z, against the 30 minutes before)

        No cause: the highest score is 0.00; a cause needs at least 0.41.

        Compared 18 traces with 36 traces of the baseline: 133µs faster (mean of P50, P75 and P90).
        100% of the window's traces have every parent span; `coral doctor traces` checks more.

        See it: http://127.0.0.1:9000/ui/why?service=payments-api&from=2026-11-25T11:45:00Z&to=2026-11-25T12:00:00Z&baseline=30m
    "#]].assert_eq(&coral.answer(&format!("why payments-api {before}")));
    let at_nope = coral.answer(&format!("why payments-api --route /nope {WINDOW}"));
    expect![[r#"
        Why is /nope of payments-api slow? (since 2026-11-25T12:00:00Z, until 2026-11-25T12:15:00Z, against the 1 hour before)

        Not enough evidence: no trace in the window matches the question.
        Hint: payments-api has traces in this window, but none with /nope. Its routes are /api/v1/payments.

        See it: http://127.0.0.1:9000/ui/why?service=payments-api&route=/nope&from=2026-11-25T12:00:00Z&to=2026-11-25T12:15:00Z
    "#]].assert_eq(&at_nope);
    let failed = coral.ask("why --trace-id 00ff");
    assert_eq!(failed.status.code(), Some(1));
    expect![[r#"
        Error: trace_id: no trace `00ff` is stored
        Hint: `coral query beyla traces` lists ids
    "#]]
    .assert_eq(&String::from_utf8(failed.stderr).unwrap());
}

#[test]
fn a_list_of_slow_traces_says_why_each_is() {
    let coral = slow_checkouts();
    let list = coral.answer(&format!(
        "query beyla traces --service payments-api --min-duration 500ms --limit 3 {WINDOW}"
    ));
    expect![[r#"
        Slow Traces (duration ≥500ms, since 2026-11-25T12:00:00Z, until 2026-11-25T12:15:00Z, payments-api):

        Started  | Trace ID                         | Duration | Root Cause                      | Root Operation | Service
        ---------|----------------------------------|----------|---------------------------------|----------------|-------------
        12:09:40 | 000000000000000018eb47f663d98059 | 594ms    | card-validator-svc slow (377ms) | POST /checkout | frontend-api
        12:09:20 | 000000000000000018eb47f663d98058 | 592ms    | card-validator-svc slow (376ms) | POST /checkout | frontend-api
        12:09:00 | 000000000000000018eb47f663d98057 | 590ms    | card-validator-svc slow (375ms) | POST /checkout | frontend-api
        Started on 2026-11-25 (UTC).
        … more traces match: raise --limit (now 3), or add conditions.
    "#]].assert_eq(&list);
    // A list without --min-duration has no root causes.
    let all = coral.json(&format!("query beyla traces --service payments-api --limit 3 {WINDOW}"));
    assert!(all["traces"][0]["root_cause"].is_null());
}

#[test]
fn one_trace_is_drawn_as_its_critical_path_and_as_a_flame_graph() {
    let coral = slow_checkouts();
    let slow = format!("{:032x}", u128::from(NOON + 60));
    let as_format =
        |format| coral.answer(&format!("query beyla traces --trace-id {slow} --format {format}"));
    assert!(as_format("critical-path").contains("Critical path of frontend-api"));
    assert!(as_format("folded").contains("card-validator-svc: POST /validate "));
    assert!(as_format("flamegraph").contains("<svg "));
    let asked = coral.ask("query beyla traces --format folded");
    assert_eq!(asked.status.code(), Some(1));
    expect![[r#"
        Error: this format shows one trace
        Hint: name the trace with --trace-id
    "#]]
    .assert_eq(&String::from_utf8(asked.stderr).unwrap());
}

#[test]
fn everything_is_asked_about_when_no_service_is_named() {
    let coral = slow_checkouts();
    let why = coral.json(&format!("why {WINDOW}"));
    assert_eq!((&why["verdict"], &why["service"]), (&"cause".into(), &"".into()));
    assert_eq!(why["ranking"][0]["service"], "card-validator-svc");
    let text = coral.answer(&format!("why {WINDOW}"));
    assert!(text.starts_with("Why is everything slow?"), "{text}");
}

#[test]
fn what_changed_is_listed_with_a_trace() {
    let coral = slow_checkouts();
    expect![[r#"
        Changes (since 2026-11-25T12:00:00Z, until 2026-11-25T12:15:00Z, against the 1 hour before):

        Change | Service            | Where          | Before | Now   | Score | Trace
        -------|--------------------|----------------|--------|-------|-------|---------------------------------
        slower | card-validator-svc | POST /validate | 23.7ms | 399ms | 2.69  | 000000000000000018eb47f663d9804f
        slower: takes longer, not counting what it calls.

        Compared 30 traces with 60 traces of the baseline.
    "#]].assert_eq(&coral.answer(&format!("query anomalies {WINDOW}")));
    let found = coral.json(&format!("query anomalies {WINDOW}"));
    assert_eq!(found["anomalies"][0]["kind"], "slower");
    let before = "--since 2026-11-25T11:30:00Z --until 2026-11-25T12:00:00Z --baseline 30m";
    expect![[r#"
        Changes (since 2026-11-25T11:30:00Z, until 2026-11-25T12:00:00Z, against the 30 minutes before):

        No change: every difference is one that chance alone may cause (permutation test).

        Compared 36 traces with 24 traces of the baseline.
    "#]].assert_eq(&coral.answer(&format!("query anomalies {before}")));
    let asked =
        coral.ask("query anomalies --since 2026-11-25T12:00:00Z --until 2026-11-25T12:00:00Z");
    assert_eq!(asked.status.code(), Some(1));
}

#[test]
fn every_trace_of_beyla_can_be_asked_about() {
    let coral = Coral::standalone(&[]);
    let mut total = 0;
    for (file, request) in recordings() {
        assert_eq!(coral.post("otlp_http", &request), 200, "{file}");
        total += decode(&request).len() as u64;
    }
    coral.until_stored(total);
    let list = coral.json("query beyla traces --since 1970-01-01T00:00:00Z --limit 60");
    for trace in list["traces"].as_array().unwrap() {
        let id = trace["trace_id"].as_str().unwrap();
        // Beyla's `in queue` may be the first span of its service.
        assert_eq!(coral.json(&format!("why --trace-id {id}"))["traces"], 1, "{trace}");
    }
}

/// `text` with one time in place of each time at which a change began, which differs in each run:
/// `since 02:41 UTC (19 minutes ago)`.
pub fn with_one_beginning(text: &str) -> String {
    let mut parts = text.split("since ");
    let mut changed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // A beginning before midnight has its date.
        let of_length = |length: usize| part.get(length..)?.strip_prefix(" UTC");
        let rest = of_length("02:41".len()).or_else(|| of_length("2026-11-24 02:41".len()));
        let (time, rest) = if let Some(rest) = rest { ("02:41 UTC", rest) } else { ("", part) };
        let ago = rest.strip_prefix(" (").and_then(|rest| rest.split_once(" ago)"));
        let (ago, rest) = match ago {
            Some((_, rest)) if !time.is_empty() => (" (19 minutes ago)", rest),
            _ => ("", rest),
        };
        changed.extend(["since ", time, ago, rest]);
    }
    changed
}
