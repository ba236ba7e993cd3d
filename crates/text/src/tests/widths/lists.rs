//! Lists of traces.

use expect_test::expect;

use super::{check, keeps_to_width};
use crate::screen::Screen;
use crate::tests::unreachable;
use crate::trace_table::{Heading, trace_table};
use coral_query::TracesQuestion;
use coral_query::answer::{TraceCause, TraceFailure, TraceList, TraceLoss, TraceSummary};
use coral_trace::UnixNanos;
use coral_trace::units::TimeZone;

fn summary(number: u128, secs_ago: u64, operation: &str) -> TraceSummary {
    TraceSummary {
        trace_id: (number << 96 | 0xbeef).try_into().unwrap(),
        start: UnixNanos((1_795_608_000 - secs_ago) * 1_000_000_000),
        duration_us: 1_180_000,
        span_count: 18,
        error_count: 0,
        services: vec!["frontend-api".to_owned(), "payments-api".to_owned()],
        root_service: Some("frontend-api".to_owned()),
        root_operation: operation.to_owned(),
        status_code: Some(200),
        root_host: Some("web-1.eu-west.example".to_owned()),
        root_version: Some("2.4.0".to_owned()),
        root_pod: None,
        cause: None,
        usual_us: None,
        failure: None,
    }
}

/// A healthy trace, one whose payment fails on `pay-2` although the root answers 200, and one of the
/// day before.
fn list() -> TraceList {
    let failure = TraceFailure {
        span_id: "0000000000000003".parse().unwrap(),
        service: "payments-api".to_owned(),
        operation: "POST /api/v1/payments/{id}/capture".to_owned(),
        callee: None,
        status_code: Some(503),
        error_type: None,
        message: Some("deadline exceeded calling ledger\u{1b}[2J".to_owned()),
        exception_type: None,
        exception_message: None,
        host: Some("pay-2".to_owned()),
        version: None,
        pod: None,
    };
    let traces = vec![
        summary(0x0b0f_aee8, 5, "GET /checkout/{id}"),
        TraceSummary {
            error_count: 3,
            failure: Some(failure),
            ..summary(0x4bf9_2f35, 65, "POST /api/v1/tenants/{tenant}/orders/{order}/confirm")
        },
        TraceSummary { root_host: None, ..summary(0x99, 90_000, "GET /cart") },
    ];
    TraceList {
        traces,
        more: true,
        next: None,
        did_you_mean: Vec::new(),
        coverage: vec![unreachable()],
        unmatched: Vec::new(),
        groups: None,
    }
}

fn slow_list() -> TraceList {
    let cause = TraceCause {
        service: "card-validator-svc".to_owned(),
        operation: "POST /validate".to_owned(),
        loss: TraceLoss::Timeout,
        took_us: 4_800_000,
    };
    let mut list = list();
    list.traces[1].cause = Some(cause);
    list.traces[0].usual_us = Some(1_300_000);
    list
}

fn heading(causes: bool) -> Heading {
    Heading {
        filter: TracesQuestion {
            service: Some("payments-api".to_owned()),
            causes,
            ..TracesQuestion::default()
        },
        window: "last 2 days".to_owned(),
        until: UnixNanos(1_795_608_000_000_000_000),
        zone: TimeZone::UTC,
    }
}

fn of_list(screen: Screen) -> String {
    trace_table(&list(), &heading(false), screen)
}

#[test]
fn a_list_keeps_to_every_width() {
    keeps_to_width(of_list);
    keeps_to_width(|screen| trace_table(&slow_list(), &heading(true), screen));
    check(
        of_list,
        Some(40),
        expect![[r#"
            Recent Traces (last 2 days,
            payments-api):

            Trace ID         | Root Operation
            -----------------|----------------------
            0b0faee800000000 | GET /checkout/{id}
            4bf92f3500000000 | POST /api/v1… (ERROR)
              └ fails in payments-api on pay-2: POST
                /api/v1/payments/{id}/capture 503:
                deadline exceeded calling
                ledger\u{1b}[2J
            0000009900000000 | GET /cart
            … cut to fit 40 columns: Root Operation;
            left out: Started, Duration, Spans,
            Status, Service, Host. Pipe to `cat` to
            see all.
            … more traces match: raise --limit (now
            3), or add conditions.

            Agent web-2 has been unreachable since
            12:00 UTC: its services (stock) are
            missing here.
        "#]],
    );
    check(
        of_list,
        Some(80),
        expect![[r#"
        Recent Traces (last 2 days, payments-api):

        Started             | Trace ID         | Duration | Root Operation
        --------------------|------------------|----------|-----------------------------
        11:59:55            | 0b0faee800000000 | 1.18s    | GET /checkout/{id}
        11:58:55            | 4bf92f3500000000 | 1.18s    | POST /api/v1/tenant… (ERROR)
          └ fails in payments-api on pay-2: POST /api/v1/payments/{id}/capture 503:
            deadline exceeded calling ledger\u{1b}[2J
        2026-11-24 11:00:00 | 0000009900000000 | 1.18s    | GET /cart
        … cut to fit 80 columns: Root Operation; left out: Spans, Status, Service, Host.
        Pipe to `cat` to see all.
        Started on 2026-11-25 where no date is shown (times are in UTC).
        … more traces match: raise --limit (now 3), or add conditions.

        Agent web-2 has been unreachable since 12:00 UTC: its services (stock) are
        missing here.
    "#]],
    );
}

#[test]
fn a_list_has_all_columns_in_a_pipe_and_most_of_them_on_a_wide_terminal() {
    check(
        of_list,
        Some(120),
        expect![[r#"
        Recent Traces (last 2 days, payments-api):

        Started             | Trace ID         | Duration | Spans | Status | Root Operation                       | Service
        --------------------|------------------|----------|-------|--------|--------------------------------------|-------------
        11:59:55            | 0b0faee800000000 | 1.18s    | 18    | 200    | GET /checkout/{id}                   | frontend-api
        11:58:55            | 4bf92f3500000000 | 1.18s    | 18    | 200    | POST /api/v1/tenants/{tenan… (ERROR) | frontend-api
          └ fails in payments-api on pay-2: POST /api/v1/payments/{id}/capture 503: deadline exceeded calling ledger\u{1b}[2J
        2026-11-24 11:00:00 | 0000009900000000 | 1.18s    | 18    | 200    | GET /cart                            | frontend-api
        … cut to fit 120 columns: Root Operation; left out: Host. Pipe to `cat` to see all.
        Started on 2026-11-25 where no date is shown (times are in UTC).
        … more traces match: raise --limit (now 3), or add conditions.

        Agent web-2 has been unreachable since 12:00 UTC: its services (stock) are missing here.
    "#]],
    );
    check(
        of_list,
        Some(200),
        expect![[r#"
        Recent Traces (last 2 days, payments-api):

        Started             | Trace ID         | Duration | Spans | Status | Root Operation                                | Service      | Host                  | Fails In
        --------------------|------------------|----------|-------|--------|-----------------------------------------------|--------------|-----------------------|---------------------------------------------
        11:59:55            | 0b0faee800000000 | 1.18s    | 18    | 200    | GET /checkout/{id}                            | frontend-api | web-1.eu-west.example |
        11:58:55            | 4bf92f3500000000 | 1.18s    | 18    | 200    | POST /api/v1/tenants/{tenant}/orders… (ERROR) | frontend-api | web-1.eu-west.example | payments-api on pay-2: POST /api/v1/payment…
        2026-11-24 11:00:00 | 0000009900000000 | 1.18s    | 18    | 200    | GET /cart                                     | frontend-api |                       |
        … cut to fit 200 columns: Root Operation, Fails In. Pipe to `cat` to see all.
        Started on 2026-11-25 where no date is shown (times are in UTC).
        … more traces match: raise --limit (now 3), or add conditions.

        Agent web-2 has been unreachable since 12:00 UTC: its services (stock) are missing here.
    "#]],
    );
    check(
        of_list,
        None,
        expect![[r#"
        Recent Traces (last 2 days, payments-api):

        Started             | Trace ID         | Duration | Spans | Status | Root Operation                                               | Service      | Host                  | Fails In
        --------------------|------------------|----------|-------|--------|--------------------------------------------------------------|--------------|-----------------------|---------------------------------------------------------------------------------------------------------
        11:59:55            | 0b0faee800000000 | 1.18s    | 18    | 200    | GET /checkout/{id}                                           | frontend-api | web-1.eu-west.example |
        11:58:55            | 4bf92f3500000000 | 1.18s    | 18    | 200    | POST /api/v1/tenants/{tenant}/orders/{order}/confirm (ERROR) | frontend-api | web-1.eu-west.example | payments-api on pay-2: POST /api/v1/payments/{id}/capture 503: deadline exceeded calling ledger\u{1b}[2J
        2026-11-24 11:00:00 | 0000009900000000 | 1.18s    | 18    | 200    | GET /cart                                                    | frontend-api |                       |
        Started on 2026-11-25 where no date is shown (times are in UTC).
        … more traces match: raise --limit (now 3), or add conditions.

        Agent web-2 has been unreachable since 12:00 UTC: its services (stock) are missing here.
    "#]],
    );
}

#[test]
fn a_list_of_slow_traces_says_which_are_no_slower_than_usual() {
    let page = |screen| trace_table(&slow_list(), &heading(true), screen);
    check(
        page,
        Some(80),
        expect![[r#"
            Recent Traces (last 2 days, payments-api):

            Started             | Trace ID         | Duration | Root Cause
            --------------------|------------------|----------|-----------------------------
            11:59:55            | 0b0faee800000000 | 1.18s    | not slow: usual up to 1.3s
            11:58:55            | 4bf92f3500000000 | 1.18s    | card-validator-svc timeout …
              └ fails in payments-api on pay-2: POST /api/v1/payments/{id}/capture 503:
                deadline exceeded calling ledger\u{1b}[2J
            2026-11-24 11:00:00 | 0000009900000000 | 1.18s    | unknown
            … cut to fit 80 columns: Root Cause; left out: Root Operation, Service, Host.
            Pipe to `cat` to see all.
            Started on 2026-11-25 where no date is shown (times are in UTC).
            … more traces match: raise --limit (now 3), or add conditions.

            Agent web-2 has been unreachable since 12:00 UTC: its services (stock) are
            missing here.
        "#]],
    );
    check(
        page,
        None,
        expect![[r#"
            Recent Traces (last 2 days, payments-api):

            Started             | Trace ID         | Duration | Root Cause                        | Root Operation                                               | Service      | Host                  | Fails In
            --------------------|------------------|----------|-----------------------------------|--------------------------------------------------------------|--------------|-----------------------|---------------------------------------------------------------------------------------------------------
            11:59:55            | 0b0faee800000000 | 1.18s    | not slow: usual up to 1.3s        | GET /checkout/{id}                                           | frontend-api | web-1.eu-west.example |
            11:58:55            | 4bf92f3500000000 | 1.18s    | card-validator-svc timeout (4.8s) | POST /api/v1/tenants/{tenant}/orders/{order}/confirm (ERROR) | frontend-api | web-1.eu-west.example | payments-api on pay-2: POST /api/v1/payments/{id}/capture 503: deadline exceeded calling ledger\u{1b}[2J
            2026-11-24 11:00:00 | 0000009900000000 | 1.18s    | unknown                           | GET /cart                                                    | frontend-api |                       |
            Started on 2026-11-25 where no date is shown (times are in UTC).
            … more traces match: raise --limit (now 3), or add conditions.

            Agent web-2 has been unreachable since 12:00 UTC: its services (stock) are missing here.
        "#]],
    );
}

#[test]
fn start_times_are_in_the_zone_that_was_asked_for() {
    let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let mut list = list();
    list.coverage.clear();
    // The hour from 02:00 to 03:00 on 2026-10-25 is twice: first with +02:00, then with +01:00.
    list.traces[0].start = UnixNanos(1_792_892_700_000_000_000);
    list.traces[1].start = UnixNanos(1_792_889_100_000_000_000);
    list.traces[2].start = UnixNanos(1_792_800_000_000_000_000);
    let page = trace_table(&list, &Heading { zone, ..heading(false) }, Screen::PLAIN);
    let started: Vec<&str> = page
        .lines()
        .filter_map(|line| line.split_once(" | ").map(|(started, _)| started.trim_end()))
        .chain(page.lines().find(|line| line.starts_with("Started on")))
        .collect();
    expect![[r#"
        [
            "Started",
            "02:45:00",
            "2026-10-25 02:45:00 +02:00",
            "2026-10-24 02:00:00 +02:00",
            "Started on 2026-10-25 where no date is shown (times are in +01:00).",
        ]"#]]
    .assert_eq(&format!("{started:#?}"));
}
