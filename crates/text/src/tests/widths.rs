//! Every page of traces at the widths of terminals, and in a pipe.

use std::sync::Arc;

use expect_test::{Expect, expect};

use super::trace;
use crate::group_table::group_table;
use crate::screen::Screen;
use crate::table::{Cell, Table, name, whole, width};
use crate::trace::{critical_path, spans, trace_tree};
use crate::trace_table::{Heading, span_table, trace_table};
use coral_query::TracesQuestion;
use coral_query::answer::{
    Group, Groups, ServiceInstance, Trace, TraceCause, TraceFailure, TraceList, TraceLoss,
    TraceSummary,
};
use coral_trace::units::TimeZone;
use coral_trace::{Event, KeyValue, Link, UnixNanos, Value};

const WIDTHS: [usize; 4] = [40, 80, 120, 200];

fn screen(columns: usize) -> Screen {
    Screen { width: Some(columns), colour: false }
}

/// Checks that `page` keeps to every width, has no colours unless it may, and means the same without
/// colours.
#[track_caller]
fn keeps_to_width(page: impl Fn(Screen) -> String) {
    for columns in WIDTHS.into_iter().chain([60, 100, 132]) {
        let text = page(screen(columns));
        let widest = text.lines().max_by_key(|line| width(line)).unwrap();
        assert!(width(widest) <= columns, "{} of {columns} columns: {widest}", width(widest));
        assert!(!text.contains('\u{1b}'), "{text}");
        let coloured = page(Screen { width: Some(columns), colour: true });
        let stripped = anstream::adapter::strip_str(&coloured).to_string();
        let is_legend = |line: &&str| line.starts_with("Bold: ");
        assert!(stripped.lines().filter(|line| !is_legend(line)).count() >= text.lines().count());
        text.lines().for_each(|line| assert!(stripped.contains(line), "{line}: {stripped}"));
    }
    let piped = page(Screen::PLAIN);
    assert!(!piped.contains('\u{1b}') && !piped.contains("to fit"), "{piped}");
}

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
        did_you_mean: Vec::new(),
        coverage: vec![super::unreachable()],
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

#[track_caller]
fn check(page: fn(Screen) -> String, columns: Option<usize>, expected: Expect) {
    expected.assert_eq(&page(Screen { width: columns, colour: false }));
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
        Started on 2026-11-25 where no date is
        shown (times are in UTC).
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

        Trace ID         | Duration | Root Cause
        -----------------|----------|----------------------------------
        0b0faee800000000 | 1.18s    | none: usual up to 1.3s
        4bf92f3500000000 | 1.18s    | card-validator-svc timeout (4.8s)
          └ fails in payments-api on pay-2: POST /api/v1/payments/{id}/capture 503:
            deadline exceeded calling ledger\u{1b}[2J
        0000009900000000 | 1.18s    | unknown
        … left out to fit 80 columns: Started, Root Operation, Service, Host. Pipe to
        `cat` to see all.
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
        11:59:55            | 0b0faee800000000 | 1.18s    | none: usual up to 1.3s            | GET /checkout/{id}                                           | frontend-api | web-1.eu-west.example |
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

/// A payment that fails, with all that a span can have.
fn payment() -> Trace {
    let mut found = trace(
        "1 frontend-api server 0+1200 POST /checkout | status=200
2 frontend-api client 40+470 POST /api/v1/payments/{id}/capture < 1 | error status=503
3 payments-api server 50+450 POST /api/v1/payments/{id}/capture < 2 | error status=503
4 payments-api client 100+300 SELECT cards FOR UPDATE < 3 | db.system.name=postgresql db.namespace=cards",
    );
    let pair = |key: &str, value: Value| KeyValue { key: key.to_owned(), value };
    let span = &mut found.spans[2].span;
    span.status.message = "deadline exceeded calling ledger".to_owned();
    span.events.push(Event {
        time: UnixNanos(span.start.0 + 12_000_000),
        name: "exception".to_owned(),
        attributes: [
            ("exception.type", "LedgerTimeout"),
            ("exception.message", "no answer in 5 s\u{1b}]0;owned\u{7}"),
        ]
        .into_iter()
        .collect(),
        dropped_attributes: 0,
    });
    span.links.push(Link {
        trace_id: "00000000000000000000000000000abc".parse().unwrap(),
        span_id: "0000000000000def".parse().unwrap(),
        trace_state: "a=1".to_owned(),
        attributes: [("why", "batch")].into_iter().collect(),
        dropped_attributes: 0,
        flags: 0,
    });
    span.trace_state = "coral=region:us-west-2".to_owned();
    span.attributes.0.extend([
        pair("retry", Value::Bool(true)),
        pair("amount", Value::from(12.5)),
        pair("http.response.body.size", Value::Int(0)),
        pair("tags", Value::Array(vec!["a".into(), Value::Int(1)])),
    ]);
    let origin = Arc::make_mut(&mut span.origin);
    origin.scope.name = "ledger-client".to_owned();
    origin.scope.version = "1.2".to_owned();
    origin.resource.attributes.0.extend([
        pair("host.name", "pay-2".into()),
        pair("service.version", "2.4.0".into()),
        pair("k8s.pod.name", "payments-6f7".into()),
    ]);
    found.instances = ServiceInstance::of_spans(found.spans.iter().map(|one| &one.span));
    found
}

fn of_tree(screen: Screen) -> String {
    trace_tree(&payment(), &TimeZone::UTC, screen)
}

fn of_spans(screen: Screen) -> String {
    let mut one = payment();
    one.spans = vec![one.spans.swap_remove(2)];
    spans(&one, &TimeZone::UTC, screen)
}

#[test]
fn one_trace_keeps_to_every_width_in_every_format() {
    keeps_to_width(of_tree);
    keeps_to_width(of_spans);
    keeps_to_width(|screen| spans(&payment(), &TimeZone::UTC, screen));
    keeps_to_width(|screen| critical_path(&payment(), &TimeZone::UTC, screen));
    keeps_to_width(|screen| span_table(&payment(), &TimeZone::UTC, screen));
    check(
        of_tree,
        Some(40),
        expect![[r#"
        Trace ID:
          4bf92f3577b34da6a3ce929d0e0e4736
        Started: 2026-11-18 11:06:40.000 UTC
        Duration: 1.2s
        Spans: 4 (3 hops)
        Services: frontend-api, payments-api
          payments-api: host pay-2, version
            2.4.0, pod payments-6f7
        Errors: 2

        Span Tree:
        frontend-api (1.2s, POST /checkout)
        └─ payments-api (450ms, POST
           │  /api/v1/payments/{id}/capture)
           │  ERROR 503: deadline exceeded
           │  calling ledger (exception
           │  LedgerTimeout: no answer in 5
           │  s\u{1b}]0;owned\u{7})
           └─ payments-api → postgresql cards
                 (300ms, SELECT cards FOR
                 UPDATE)
    "#]],
    );
    check(
        of_tree,
        Some(80),
        expect![[r#"
        Trace ID: 4bf92f3577b34da6a3ce929d0e0e4736
        Started: 2026-11-18 11:06:40.000 UTC
        Duration: 1.2s
        Spans: 4 (3 hops)
        Services: frontend-api, payments-api
          payments-api: host pay-2, version 2.4.0, pod payments-6f7
        Errors: 2

        Span Tree:
        frontend-api (1.2s, POST /checkout)
        └─ payments-api (450ms, POST /api/v1/payments/{id}/capture) ERROR 503: deadline
           │  exceeded calling ledger (exception LedgerTimeout: no answer in 5
           │  s\u{1b}]0;owned\u{7})
           └─ payments-api → postgresql cards (300ms, SELECT cards FOR UPDATE)
    "#]],
    );
    check(
        of_tree,
        None,
        expect![[r#"
        Trace ID: 4bf92f3577b34da6a3ce929d0e0e4736
        Started: 2026-11-18 11:06:40.000 UTC
        Duration: 1.2s
        Spans: 4 (3 hops)
        Services: frontend-api, payments-api
          payments-api: host pay-2, version 2.4.0, pod payments-6f7
        Errors: 2

        Span Tree:
        frontend-api (1.2s, POST /checkout)
        └─ payments-api (450ms, POST /api/v1/payments/{id}/capture) ERROR 503: deadline exceeded calling ledger (exception LedgerTimeout: no answer in 5 s\u{1b}]0;owned\u{7})
           └─ payments-api → postgresql cards (300ms, SELECT cards FOR UPDATE)
    "#]],
    );
}

#[test]
fn a_deep_trace_keeps_to_the_width() {
    let text: Vec<String> = (1..60)
        .map(|at| {
            format!("{at:x} service-{at} internal {at}+{} work {at} < {:x}", 200 - at, at - 1)
        })
        .collect();
    let deep = trace(&text.join("\n").replace("< 0", "").replace("service-", "s"));
    keeps_to_width(|screen| trace_tree(&deep, &TimeZone::UTC, screen));
}

#[test]
fn a_span_is_printed_with_all_that_is_stored() {
    check(
        of_spans,
        None,
        expect![[r#"
        Trace ID: 4bf92f3577b34da6a3ce929d0e0e4736
        Started: 2026-11-18 11:06:40.000 UTC
        Duration: 1.2s
        Spans: 4

        Span ID: 0000000000000003
          Parent span ID: 0000000000000002
          Service: payments-api
          Name: POST /api/v1/payments/{id}/capture
          Kind: server
          Start: +50ms (2026-11-18 11:06:40.050 UTC)
          Duration: 450ms
          Status: error: deadline exceeded calling ledger
          Source: ebpf, received by agent web-1
          Attributes:
            http.response.status_code = "503" (string)
            retry = true (bool)
            amount = 12.5 (double)
            http.response.body.size = 0 (int)
            tags = ["a",1] (array)
          Resource:
            service.name = "payments-api" (string)
            host.name = "pay-2" (string)
            service.version = "2.4.0" (string)
            k8s.pod.name = "payments-6f7" (string)
          Scope: ledger-client 1.2
          Events:
            +12ms exception
              exception.type = "LedgerTimeout" (string)
              exception.message = "no answer in 5 s\u{1b}]0;owned\u{7}" (string)
          Links:
            span 0000000000000def of trace 00000000000000000000000000000abc
              why = "batch" (string)
              Trace state: a=1
          Trace state: coral=region:us-west-2
          Flags: 0x0
    "#]],
    );
    let escaped = of_spans(Screen::PLAIN);
    assert!(!escaped.contains(['\u{1b}', '\u{7}']), "{escaped}");
}

#[test]
fn groups_keep_to_every_width() {
    let group = |value: Option<&str>| Group {
        value: value.map(str::to_owned),
        spans: 1_234_567,
        errors: 80_123,
        traces: 12_345,
        p50_us: 1_200,
        p95_us: 480_000,
    };
    let groups = Groups {
        by: "k8s.pod.name".to_owned(),
        groups: vec![
            group(Some("payments-api-6f7d8c9b5-x2x4z-with-a-long-name")),
            group(Some("(without)")),
            group(Some("")),
            group(None),
        ],
        traces: 10_000,
        more: true,
        left_out: 7,
    };
    let page = |screen| group_table(&groups, "last 1 hour", "service:payments-api", screen);
    keeps_to_width(page);
    expect![[r#"
        Spans by k8s.pod.name (last 1 hour,
        service:payments-api):

        k8s.pod.name             | Errors
        -------------------------|--------------
        payments-api-6f7d8c9b5-… | 80,123 (6.5%)
        "(without)"              | 80,123 (6.5%)
        ""                       | 80,123 (6.5%)
        (without)                | 80,123 (6.5%)
        … cut to fit 40 columns: k8s.pod.name;
        left out: Spans, Traces, P50, P95. Pipe
        to `cat` to see all.
        … 7 more values: raise --limit (now 4),
        or add conditions.
        … more spans match: only those of 10,000
        traces were counted.
    "#]]
    .assert_eq(&page(screen(40)));
    expect![[r#"
        Spans by k8s.pod.name (last 1 hour, service:payments-api):

        k8s.pod.name                | Spans     | Errors        | Traces | P50   | P95
        ----------------------------|-----------|---------------|--------|-------|------
        payments-api-6f7d8c9b5-x2x… | 1,234,567 | 80,123 (6.5%) | 12,345 | 1.2ms | 480ms
        "(without)"                 | 1,234,567 | 80,123 (6.5%) | 12,345 | 1.2ms | 480ms
        ""                          | 1,234,567 | 80,123 (6.5%) | 12,345 | 1.2ms | 480ms
        (without)                   | 1,234,567 | 80,123 (6.5%) | 12,345 | 1.2ms | 480ms
        … cut to fit 80 columns: k8s.pod.name. Pipe to `cat` to see all.
        … 7 more values: raise --limit (now 4), or add conditions.
        … more spans match: only those of 10,000 traces were counted.
    "#]]
    .assert_eq(&page(screen(80)));
}

#[test]
fn a_wide_table_loses_its_optional_columns_in_their_order() {
    let row = |service: &str, health: &str| -> Vec<Cell> {
        let cells = [service, health, "12.4/s", "6.5%", "181ms", "480ms", "pay-1, pay-2", "2.4.0"];
        cells.into_iter().map(Cell::from).collect()
    };
    let rows = vec![row("payments-api", "fails since 02:41"), row("checkout", "healthy")];
    let columns = [
        name("Service"),
        name("Health"),
        whole("Rate").optional(2),
        whole("Errors").optional(5),
        whole("P50").optional(3),
        whole("P95").optional(4),
        name("Hosts").optional(1),
        name("Versions").optional(0),
    ];
    let table = Table::new(columns, rows);
    let page = |screen| table.text(screen);
    keeps_to_width(page);
    for (columns, headings) in [(40, 2), (60, 5), (80, 6), (120, 8), (200, 8)] {
        let found = page(screen(columns)).lines().next().unwrap().split(" | ").count();
        assert_eq!(found, headings, "{columns} columns");
    }
}
