use expect_test::{Expect, expect};

use super::{REFERENCE, trace, unreachable};
use crate::csv;
use crate::screen::Screen;
use crate::trace_table::{Heading, span_table, trace_table};
use coral_query::answer::{
    TraceCause, TraceFailure, TraceList, TraceLoss, TraceSummary, Unmatched,
};
use coral_query::{Sort, TracesQuestion};
use coral_trace::UnixNanos;
use coral_trace::units::TimeZone;

/// As wide as a terminal usually is.
const TERMINAL: Screen = Screen { width: Some(80), colour: false };

/// Three traces, the last of which failed.
fn list() -> TraceList {
    let row = |trace_id: &str, duration_us, span_count, error_count, status, operation: &str| {
        TraceSummary {
            trace_id: format!("{trace_id:0<32}").parse().unwrap(),
            start: UnixNanos(1_795_000_000_000_000_000),
            duration_us,
            span_count,
            error_count,
            services: vec!["frontend-api".to_owned(), "payments-api".to_owned()],
            root_service: Some("frontend-api".to_owned()),
            root_operation: operation.to_owned(),
            status_code: status,
            root_host: None,
            root_version: None,
            root_pod: None,
            cause: None,
            usual_us: None,
            failure: None,
        }
    };
    TraceList {
        traces: vec![
            row("abc123def456", 1_200_000, 8, 0, Some(200), "GET /checkout"),
            row("def456abc789", 850_000, 6, 0, Some(200), "POST /api/v1/payments"),
            row("789abc123def", 5_200_000, 12, 1, Some(500), "GET /checkout"),
        ],
        more: false,
        next: None,
        did_you_mean: Vec::new(),
        coverage: Vec::new(),
        unmatched: Vec::new(),
        groups: None,
    }
}

fn heading(filter: TracesQuestion) -> Heading {
    let service = Some("payments-api".to_owned());
    let window = "last 1 hour".to_owned();
    let until = UnixNanos(1_795_608_000_000_000_000);
    let zone = TimeZone::UTC;
    Heading { filter: TracesQuestion { service, ..filter }, window, until, zone }
}

#[track_caller]
fn check(list: &TraceList, filter: TracesQuestion, expected: Expect) {
    expected.assert_eq(&trace_table(list, &heading(filter), TERMINAL));
}

fn slow() -> TracesQuestion {
    TracesQuestion {
        min_duration_us: Some(500_000),
        sort: Sort::Slowest,
        causes: true,
        ..TracesQuestion::default()
    }
}

#[test]
fn recent_traces_are_listed_in_a_table() {
    check(
        &list(),
        TracesQuestion::default(),
        expect![[r#"
            Recent Traces (last 1 hour, payments-api):

            Started  | Trace ID         | Duration | Spans | Status | Root Operation
            ---------|------------------|----------|-------|--------|----------------------
            11:06:40 | abc123def4560000 | 1.2s     | 8     | 200    | GET /checkout
            11:06:40 | def456abc7890000 | 850ms    | 6     | 200    | POST /api/v1/payments
            11:06:40 | 789abc123def0000 | 5.2s     | 12    | 500    | GET /checkout (ERROR)
              └ fails in 1 of 12 spans
            … left out to fit 80 columns: Service. Pipe to `cat` to see all.
            Started on 2026-11-18 (UTC).
        "#]],
    );
}

#[test]
fn slow_traces_whose_cause_is_unknown_say_so_and_name_the_operation() {
    check(
        &list(),
        slow(),
        expect![[r#"
            Slow Traces (duration ≥500ms, last 1 hour, payments-api, slowest first):

            Started  | Trace ID         | Duration | Root Cause | Root Operation
            ---------|------------------|----------|------------|----------------------
            11:06:40 | abc123def4560000 | 1.2s     | unknown    | GET /checkout
            11:06:40 | def456abc7890000 | 850ms    | unknown    | POST /api/v1/payments
            11:06:40 | 789abc123def0000 | 5.2s     | unknown    | GET /checkout (ERROR)
              └ fails in 1 of 12 spans
            … left out to fit 80 columns: Service. Pipe to `cat` to see all.
            Started on 2026-11-18 (UTC).
        "#]],
    );
}

#[test]
fn slow_traces_with_known_causes_are_listed_with_the_causes() {
    let mut list = list();
    for trace in &mut list.traces {
        trace.cause = Some(TraceCause {
            service: "card-validator-svc".to_owned(),
            operation: "POST /validate".to_owned(),
            loss: TraceLoss::Timeout,
            took_us: 4_800_000,
        });
    }
    check(
        &list,
        slow(),
        expect![[r#"
            Slow Traces (duration ≥500ms, last 1 hour, payments-api, slowest first):

            Started  | Trace ID         | Duration | Root Cause
            ---------|------------------|----------|----------------------------------
            11:06:40 | abc123def4560000 | 1.2s     | card-validator-svc timeout (4.8s)
            11:06:40 | def456abc7890000 | 850ms    | card-validator-svc timeout (4.8s)
            11:06:40 | 789abc123def0000 | 5.2s     | card-validator-svc timeout (4.8s)
              └ fails in 1 of 12 spans
            … left out to fit 80 columns: Root Operation, Service. Pipe to `cat` to see all.
            Started on 2026-11-18 (UTC).
        "#]],
    );
}

fn failure(operation: &str, status_code: Option<u16>) -> TraceFailure {
    TraceFailure {
        span_id: "0000000000000003".parse().unwrap(),
        service: "card-validator-svc".to_owned(),
        operation: operation.to_owned(),
        callee: None,
        status_code,
        error_type: None,
        message: None,
        exception_type: None,
        exception_message: None,
        host: None,
        version: None,
        pod: None,
    }
}

#[test]
fn a_list_names_the_deepest_failing_span_of_each_failing_trace() {
    let mut list = list();
    list.traces[2].failure = Some(failure("POST /validate", Some(503)));
    check(
        &list,
        TracesQuestion::default(),
        expect![[r#"
            Recent Traces (last 1 hour, payments-api):

            Started  | Trace ID         | Duration | Spans | Status | Root Operation
            ---------|------------------|----------|-------|--------|----------------------
            11:06:40 | abc123def4560000 | 1.2s     | 8     | 200    | GET /checkout
            11:06:40 | def456abc7890000 | 850ms    | 6     | 200    | POST /api/v1/payments
            11:06:40 | 789abc123def0000 | 5.2s     | 12    | 500    | GET /checkout (ERROR)
              └ fails in card-validator-svc: POST /validate 503
            … left out to fit 80 columns: Service. Pipe to `cat` to see all.
            Started on 2026-11-18 (UTC).
        "#]],
    );
    check(
        &list,
        slow(),
        expect![[r#"
            Slow Traces (duration ≥500ms, last 1 hour, payments-api, slowest first):

            Started  | Trace ID         | Duration | Root Cause | Root Operation
            ---------|------------------|----------|------------|----------------------
            11:06:40 | abc123def4560000 | 1.2s     | unknown    | GET /checkout
            11:06:40 | def456abc7890000 | 850ms    | unknown    | POST /api/v1/payments
            11:06:40 | 789abc123def0000 | 5.2s     | unknown    | GET /checkout (ERROR)
              └ fails in card-validator-svc: POST /validate 503
            … left out to fit 80 columns: Service. Pipe to `cat` to see all.
            Started on 2026-11-18 (UTC).
        "#]],
    );
    let message = Some("pool\u{1b}[31m is empty".to_owned());
    let callee = Some("postgresql cards".to_owned());
    list.traces[1].failure = Some(TraceFailure { callee, message, ..failure("SELECT", None) });
    list.traces[2].failure = Some(failure("POST /validate", Some(0)));
    let page = trace_table(&list, &heading(TracesQuestion::default()), Screen::PLAIN);
    expect![[r#"
        Recent Traces (last 1 hour, payments-api):

        Started  | Trace ID         | Duration | Spans | Status | Root Operation        | Service      | Fails In
        ---------|------------------|----------|-------|--------|-----------------------|--------------|-----------------------------------------------------------------------
        11:06:40 | abc123def4560000 | 1.2s     | 8     | 200    | GET /checkout         | frontend-api |
        11:06:40 | def456abc7890000 | 850ms    | 6     | 200    | POST /api/v1/payments | frontend-api | card-validator-svc → postgresql cards: SELECT, pool\u{1b}[31m is empty
        11:06:40 | 789abc123def0000 | 5.2s     | 12    | 500    | GET /checkout (ERROR) | frontend-api | card-validator-svc: POST /validate without a response
        Started on 2026-11-18 (UTC).
    "#]]
    .assert_eq(&page);
    let widths = [TracesQuestion::default(), slow()].map(|filter| {
        let page = trace_table(&list, &heading(filter), TERMINAL);
        page.lines().map(unicode_width::UnicodeWidthStr::width).max()
    });
    assert!(widths.iter().all(|width| (70..=80).contains(&width.unwrap())), "{widths:?}");
    let csv = csv::traces(&list);
    let last = csv.lines().nth(3).unwrap();
    assert!(last.contains(",card-validator-svc: POST /validate without a response,"), "{csv}");
}

#[test]
fn a_list_that_was_cut_says_how_to_see_more() {
    let list = TraceList { more: true, ..list() };
    let page = trace_table(&list, &heading(TracesQuestion::default()), Screen::PLAIN);
    expect!["… more traces match: raise --limit (now 3), or add conditions."]
        .assert_eq(page.lines().last().unwrap());
}

#[test]
fn a_key_or_a_value_that_no_span_has_is_told_with_the_nearest() {
    let one = |key: &str, value: Option<&str>, similar: &[&str], is_text| Unmatched {
        key: key.to_owned(),
        value: value.map(str::to_owned),
        similar: similar.iter().map(|text| (*text).to_owned()).collect(),
        is_text,
        spans: 1_234,
    };
    let unmatched = vec![
        one("service", Some("chekout"), &["checkout"], false),
        one("http.rout", None, &["http.route"], false),
        one("host.name", Some("pay-9"), &["pay-1", "pay-2"], false),
        one("service.version", None, &["2.3.1", "2.4.0"], true),
        one("zone", None, &[], false),
    ];
    let empty = TraceList { traces: vec![], unmatched, ..list() };
    let question = TracesQuestion { q: "service:chekout".to_owned(), ..TracesQuestion::default() };
    check(
        &empty,
        question,
        expect![[r#"
        No traces that match for payments-api (last 1 hour).
        No span belongs to the service chekout. Similar: checkout.
        None of the 1,234 newest spans has the key http.rout. Similar: http.route.
        None of the 1,234 newest spans has host.name=pay-9. Similar: pay-1, pay-2.
        The values of service.version are text, such as 2.3.1, 2.4.0, and have no order.
        None of the 1,234 newest spans has the key zone.
    "#]],
    );
}

#[test]
fn an_empty_list_says_what_to_look_at_next() {
    let empty = TraceList {
        traces: vec![],
        more: false,
        next: None,
        did_you_mean: vec![],
        coverage: vec![],
        unmatched: vec![],
        groups: None,
    };
    check(
        &empty,
        TracesQuestion::default(),
        expect![[r#"
            No traces for payments-api (last 1 hour).
            Hint: try an earlier --since. `coral colony status` shows which agents are
            polled, and how many spans are stored.
        "#]],
    );
    check(
        &empty,
        slow(),
        expect![[r#"
            No traces that match for payments-api (last 1 hour).
            Hint: try fewer conditions, or an earlier --since.
        "#]],
    );
}

#[test]
fn a_long_operation_is_cut_to_80_columns_and_its_failure_is_not() {
    let mut list = list();
    list.traces[2].root_operation = "GET /a/very/long/route/that/does/not/fit/anywhere".to_owned();
    list.traces[1].root_operation = "\u{1b}[31m注文を確認する注文を確認する".to_owned();
    list.traces[1].root_service = None;
    list.traces[1].status_code = None;
    check(
        &list,
        TracesQuestion::default(),
        expect![[r#"
            Recent Traces (last 1 hour, payments-api):

            Started  | Trace ID         | Duration | Spans | Status | Root Operation
            ---------|------------------|----------|-------|--------|-----------------------
            11:06:40 | abc123def4560000 | 1.2s     | 8     | 200    | GET /checkout
            11:06:40 | def456abc7890000 | 850ms    | 6     | -      | \u{1b}[31m… (no root)
            11:06:40 | 789abc123def0000 | 5.2s     | 12    | 500    | GET /a/very/l… (ERROR)
              └ fails in 1 of 12 spans
            … cut to fit 80 columns: Root Operation; left out: Service. Pipe to `cat` to see
            all.
            Started on 2026-11-18 (UTC).
        "#]],
    );
    let widest = |page: String| page.lines().map(unicode_width::UnicodeWidthStr::width).max();
    assert_eq!(widest(trace_table(&list, &heading(TracesQuestion::default()), TERMINAL)), Some(80));
    assert_eq!(widest(trace_table(&list, &heading(slow()), TERMINAL)), Some(80));
}

#[test]
fn ids_are_printed_whole_where_their_first_digits_do_not_tell_them_apart() {
    let mut list = list();
    list.traces.truncate(2);
    list.traces[0].trace_id = "4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap();
    list.traces[1].trace_id = "4bf92f3577b34da6ffffffffffffffff".parse().unwrap();
    check(
        &list,
        TracesQuestion::default(),
        expect![[r#"
            Recent Traces (last 1 hour, payments-api):

            Started  | Trace ID                         | Duration | Root Operation
            ---------|----------------------------------|----------|----------------------
            11:06:40 | 4bf92f3577b34da6a3ce929d0e0e4736 | 1.2s     | GET /checkout
            11:06:40 | 4bf92f3577b34da6ffffffffffffffff | 850ms    | POST /api/v1/payments
            … left out to fit 80 columns: Spans, Status, Service. Pipe to `cat` to see all.
            Started on 2026-11-18 (UTC).
        "#]],
    );
    list.traces.truncate(1);
    list.traces[0].trace_id = "0000000000000000a3ce929d0e0e4736".parse().unwrap();
    check(
        &list,
        TracesQuestion::default(),
        expect![[r#"
            Recent Traces (last 1 hour, payments-api):

            Started  | Trace ID                         | Duration | Status | Root Operation
            ---------|----------------------------------|----------|--------|---------------
            11:06:40 | 0000000000000000a3ce929d0e0e4736 | 1.2s     | 200    | GET /checkout
            … left out to fit 80 columns: Spans, Service. Pipe to `cat` to see all.
            Started on 2026-11-18 (UTC).
        "#]],
    );
}

#[test]
fn spans_are_listed_by_start() {
    expect![[r#"
        Trace 4bf92f3577b34da6a3ce929d0e0e4736 (2026-11-18 11:06:40.000 UTC):

        Span ID          | Start  | Duration | Service            | Kind     | Operation
        -----------------|--------|----------|--------------------|----------|----------------------
        0000000000000001 | +0µs   | 1.2s     | frontend-api       | server   | POST /checkout
        0000000000000002 | +50ms  | 450ms    | payments-api       | server   | POST /api/v1/payments
        0000000000000003 | +60ms  | 380ms    | card-validator-svc | server   | POST /validate
        0000000000000004 | +400ms | 12ms     | postgres           | client   | SELECT cards
        0000000000000005 | +445ms | 35ms     | fraud-detector     | server   | Check
        0000000000000006 | +50ms  | 180ms    | inventory-api      | server   | POST /api/v1/reserve
        0000000000000007 | +200ms | 2ms      | redis              | client   | SET
        0000000000000008 | +1.18s | 15ms     | email-svc          | producer | notifications
    "#]]
    .assert_eq(&span_table(&trace(REFERENCE), &TimeZone::UTC, Screen::PLAIN));
}

#[test]
fn csv_has_one_line_a_trace_or_span() {
    expect![[r#"
        trace_id,start_time_unix_us,duration_us,span_count,error_count,services,root_service,root_operation,status_code,root_cause,deepest_failure,root_host,root_version,root_pod,failure_service,failure_host,failure_message,usual_us␍
        abc123def45600000000000000000000,1795000000000000,1200000,8,0,frontend-api payments-api,frontend-api,GET /checkout,200,,,,,,,,,␍
        def456abc78900000000000000000000,1795000000000000,850000,6,0,frontend-api payments-api,frontend-api,POST /api/v1/payments,200,,,,,,,,,␍
        789abc123def00000000000000000000,1795000000000000,5200000,12,1,frontend-api payments-api,frontend-api,GET /checkout,500,,,,,,,,,␍
    "#]].assert_eq(&csv::traces(&list()).replace('\r', "␍"));
    let two = "1 a server 0+9 GET \"/\" | status=200\n2 b client 1+2 SELECT a, b < 1 | k=v";
    expect![[r#"
        trace_id,span_id,parent_span_id,agent_id,service_name,span_name,span_kind,start_time_unix_us,duration_us,status_code,span_status,source,attributes␍
        4bf92f3577b34da6a3ce929d0e0e4736,0000000000000001,,web-1,a,"GET ""/""",server,1795000000000000,9000,200,unset,ebpf,"{""http.response.status_code"":""200""}"␍
        4bf92f3577b34da6a3ce929d0e0e4736,0000000000000002,0000000000000001,web-1,b,"SELECT a, b",client,1795000000001000,2000,,unset,ebpf,"{""k"":""v""}"␍
    "#]].assert_eq(&csv::spans(&trace(two)).replace('\r', "␍"));
}

#[test]
fn a_list_says_in_one_line_which_agents_are_missing() {
    let missing = "\nAgent web-2 has been unreachable since 12:00 UTC: its services (stock) are missing here.\n";
    let full = TraceList { coverage: vec![unreachable()], ..list() };
    let empty = TraceList { traces: vec![], ..full.clone() };
    for list in [full, empty] {
        let text = trace_table(&list, &heading(TracesQuestion::default()), Screen::PLAIN);
        assert!(text.ends_with(missing), "{text}");
    }
}
