//! One trace, in every format of text.

use std::sync::Arc;

use expect_test::expect;

use super::{check, keeps_to_width};
use crate::screen::Screen;
use crate::tests::trace;
use crate::trace::{critical_path, spans, trace_tree};
use crate::trace_table::span_table;
use coral_query::answer::{ServiceInstance, Trace};
use coral_trace::units::TimeZone;
use coral_trace::{Event, KeyValue, Link, UnixNanos, Value};

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
              Start: +50ms, 2026-11-18 11:06:40.050 UTC
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
