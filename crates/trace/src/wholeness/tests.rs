mod properties;

use std::fmt::Write as _;
use std::sync::Arc;

use expect_test::{Expect, expect};

use super::*;
use crate::attribute::{Attributes, Value};
use crate::origin::{Collector, Origin, Resource};
use crate::span::{SpanKind, Status, StatusCode};

const SECOND: u64 = 1_000_000_000;
/// The time of the questions: long after all spans.
const NOW: UnixNanos = UnixNanos(1_000_000 * SECOND);

/// The span that `text` describes: `trace id service kind start..end name < parent | note …`. Times
/// are in milliseconds. Notes: `sdk`, `error`, `host=NAME`; other pairs are attributes.
fn span(text: &str) -> Span {
    let (text, notes) = text.split_once(" | ").unwrap_or((text, ""));
    let (text, parent) = text.split_once(" < ").unwrap_or((text, "0"));
    let words: Vec<&str> = text.trim().splitn(6, ' ').collect();
    let (start, end) = words[4].split_once("..").unwrap();
    let at = |millis: &str| UnixNanos(SECOND + (millis.parse::<f64>().unwrap() * 1e6) as u64);
    let notes: Vec<&str> = notes.split_whitespace().collect();
    let host = notes.iter().find_map(|note| note.strip_prefix("host=")).unwrap_or("web-1");
    let resource = [("service.name", words[2]), ("host.name", host)];
    let pairs = notes.iter().filter_map(|note| note.split_once('='));
    let pairs = pairs.filter(|(key, _)| *key != "host");
    let value = |text: &str| text.parse().map_or_else(|_| Value::from(text), Value::Int);
    let attributes: Attributes = pairs.map(|(key, text)| (key, value(text))).collect();
    let is_error = notes.contains(&"error");
    Span {
        trace_id: TraceId::try_from(words[0].parse::<u128>().unwrap() << 60).unwrap(),
        span_id: SpanId::try_from(words[1].parse::<u64>().unwrap()).unwrap(),
        parent_span_id: SpanId::try_from(parent.parse::<u64>().unwrap()).ok(),
        trace_state: String::new(),
        flags: 0,
        name: words[5].to_owned(),
        kind: match words[3] {
            "server" => SpanKind::Server,
            "client" => SpanKind::Client,
            "consumer" => SpanKind::Consumer,
            _ => SpanKind::Internal,
        },
        start: at(start),
        end: at(end),
        attributes,
        dropped_attributes: 0,
        events: vec![],
        dropped_events: 0,
        links: vec![],
        dropped_links: 0,
        status: Status {
            code: if is_error { StatusCode::Error } else { StatusCode::Unset },
            message: String::new(),
        },
        origin: Arc::new(Origin {
            resource: Resource {
                attributes: resource.into_iter().collect(),
                ..Resource::default()
            },
            collector: if notes.contains(&"sdk") { Collector::Sdk } else { Collector::Ebpf },
            ..Origin::default()
        }),
    }
}

/// The traces of these spans, sorted by trace id.
fn by_trace(spans: &[Span]) -> Vec<Vec<&Span>> {
    let mut traces: BTreeMap<TraceId, Vec<&Span>> = BTreeMap::new();
    for span in spans {
        traces.entry(span.trace_id).or_default().push(span);
    }
    traces.into_values().collect()
}

fn examined(text: &str, now: UnixNanos, covered: TimeRange) -> Wholeness {
    let spans: Vec<Span> = text.lines().filter(|line| !line.trim().is_empty()).map(span).collect();
    examine(&by_trace(&spans), &Scope { now, covered: &[covered] })
}

fn printed(found: &Wholeness) -> String {
    let mut text = format!("{} of {} whole\n", found.whole, found.traces);
    for problem in found.problems() {
        let caller = problem.caller.map(|caller| format!("{caller} -> ")).unwrap_or_default();
        let _ = writeln!(
            text,
            "{:?} {caller}{}: {} of {}, {:?}",
            problem.kind, problem.service, problem.count, problem.of, problem.cause
        );
    }
    text
}

fn check(text: &str, expected: &Expect) {
    expected.assert_eq(&printed(&examined(text, NOW, TimeRange::ALL)));
}

#[test]
fn a_root_that_a_client_span_called_is_cut_for_lack_of_propagation() {
    check(
        "1 1 shop server 0..50 GET /pay | http.request.method=GET url.path=/pay server.port=80
         1 2 shop client 5..40 POST /charge < 1 | http.request.method=POST url.full=http://127.0.0.1:82/charge server.address=127.0.0.1 server.port=82
         2 3 bank server 7..39 POST /charge | http.request.method=POST url.path=/charge server.port=82",
        &expect![[r#"
            0 of 2 whole
            CutRoot shop -> bank: 1 of 1, NoPropagation
        "#]],
    );
}

/// Calls of `shop`, each with a server span of `bank` in a trace of its own, from these times on.
fn calls_at(times: &[u64]) -> String {
    let call = |(n, at): (usize, &u64)| {
        format!(
            "{} 1 shop client {at}..{} GET /a | http.request.method=GET url.full=http://bank/a
             {} 2 bank server {}..{} GET /a | http.request.method=GET url.path=/a server.port=80\n",
            2 * n + 1,
            at + 40,
            2 * n + 2,
            at + 5,
            at + 30,
        )
    };
    times.iter().enumerate().map(call).collect()
}

#[test]
fn a_call_whose_two_sides_leave_one_possibility_is_an_inferred_link() {
    let id = |trace: u128| TraceId::try_from(trace << 60).unwrap();
    let links = |times: &[u64], trace| {
        examined(&calls_at(times), NOW, TimeRange::ALL).inferred_links_of(id(trace))
    };
    let span = |id: u64| SpanId::try_from(id).unwrap();
    let link = InferredLink { client: (id(3), span(1)), server: (id(4), span(2)) };
    assert_eq!(links(&[0, 100, 200], 3), [link]);
    assert_eq!(links(&[0, 100, 200], 4), [link]);
    // Two calls at one time: nobody knows which server span is of which.
    assert_eq!(links(&[0, 100, 110], 3), []);
    assert_eq!(links(&[0, 100, 110], 1).len(), 1);
    // Links change no count.
    let found = examined(&calls_at(&[0, 100, 200]), NOW, TimeRange::ALL);
    let edge = &found.edges[0];
    assert_eq!((edge.linked, edge.unlinked, edge.missing), (0, 3, 0));
}

#[test]
fn an_encrypted_call_is_cut_for_tls() {
    check(
        "1 2 shop client 5..40 POST /charge | http.request.method=POST url.full=https://bank/charge server.address=bank
         2 3 bank server 7..39 POST /charge | http.request.method=POST url.path=/charge server.port=8443",
        &expect![[r#"
            0 of 2 whole
            CutRoot shop -> bank: 1 of 1, Tls
        "#]],
    );
}

#[test]
fn calls_to_an_address_whose_requests_arrive_at_another_port_went_through_a_proxy() {
    let calls = (0..5).map(|n| {
        let at = n * 1_000;
        format!(
            "{} 2 shop client {}..{} POST /charge | http.request.method=POST url.full=http://10.0.0.9:80/charge server.address=10.0.0.9
             {} 3 bank server {}..{} POST /charge | host=web-2 http.request.method=POST url.path=/charge server.port=8080\n",
            n + 1, at, at + 40, n + 100, at + 5, at + 30,
        )
    });
    check(
        &calls.collect::<String>(),
        &expect![[r#"
            0 of 10 whole
            CutRoot shop -> bank: 5 of 5, Proxy
        "#]],
    );
}

#[test]
fn an_sdk_writes_the_context_itself_so_a_proxy_must_have_removed_it() {
    check(
        "1 2 shop client 5..40 POST /charge | sdk http.request.method=POST url.full=http://bank/charge server.address=bank
         2 3 bank server 7..39 POST /charge | sdk http.request.method=POST url.path=/charge server.port=80",
        &expect![[r#"
            0 of 2 whole
            CutRoot shop -> bank: 1 of 1, Proxy
        "#]],
    );
}

#[test]
fn grpc_calls_that_are_cut_beside_linked_ones_use_a_connection_older_than_beyla() {
    check(
        "1 2 shop client 5..40 /Bank/Pay | rpc.system=grpc server.address=127.0.0.1 server.port=82
         2 3 bank server 7..39 /Bank/Pay | rpc.system=grpc server.port=82
         3 4 shop client 105..140 /Bank/Pay | rpc.system=grpc server.address=127.0.0.1 server.port=82
         3 5 bank server 107..139 /Bank/Pay < 4 | rpc.system=grpc server.port=82",
        &expect![[r#"
            1 of 3 whole
            CutRoot shop -> bank: 1 of 2, OldConnection
        "#]],
    );
}

#[test]
fn a_parent_beside_the_client_span_is_the_span_of_another_instrumentation() {
    check(
        "1 2 shop client 5..40 POST /charge | http.request.method=POST url.full=http://bank/charge server.address=bank
         1 3 bank server 7..39 POST /charge < 77 | http.request.method=POST url.path=/charge server.port=80",
        &expect![[r#"
            0 of 1 whole
            Orphan shop -> bank: 1 of 1, ForeignContext
        "#]],
    );
}

#[test]
fn an_orphan_without_a_known_caller_was_called_from_outside() {
    check(
        "1 3 bank server 7..39 POST /charge < 77 | http.request.method=POST url.path=/charge server.port=80",
        &expect![[r#"
            0 of 1 whole
            Orphan bank: 1 of 1, CallerNotObserved
        "#]],
    );
}

#[test]
fn a_span_whose_parent_is_of_its_own_service_lost_a_span_that_was_not_exported() {
    check(
        "1 3 bank client 7..39 SELECT < 77 | db.system=postgresql",
        &expect![[r#"
            0 of 1 whole
            Orphan bank: 1 of 1, NotExported
        "#]],
    );
}

const UNANSWERED: &str = "
    1 2 shop client 5..40 GET /a | http.request.method=GET url.full=http://bank/a server.address=bank
    2 3 bank server 500..510 GET /b | http.request.method=GET url.path=/b server.port=80";

#[test]
fn a_call_without_server_span_is_missing_one_only_after_the_lag() {
    check(
        UNANSWERED,
        &expect![[r#"
            1 of 2 whole
            MissingServer shop -> bank: 1 of 1, NotExported
        "#]],
    );
    let soon = UnixNanos(2 * SECOND);
    expect![[r#"
        1 of 2 whole
        MissingServer shop -> bank: 1 of 1, Lag
    "#]]
    .assert_eq(&printed(&examined(UNANSWERED, soon, TimeRange::ALL)));
}

#[test]
fn a_call_is_not_judged_if_not_all_traces_of_its_time_were_read() {
    let later = TimeRange { start: UnixNanos(SECOND + SECOND / 2), end: UnixNanos::MAX };
    let found = examined(UNANSWERED, NOW, later);
    assert_eq!((found.whole, found.problems(), found.edges.len()), (2, vec![], 0));
}

#[test]
fn a_failed_connection_a_statement_and_a_host_outside_need_no_server_span() {
    check(
        "1 1 shop client 0..1 GET /a | error http.request.method=GET http.response.status_code=0 url.full=http://bank/a server.address=bank
         1 2 shop client 2..3 SELECT | db.system=postgresql server.address=bank
         1 4 shop client 4..5 GET /a | error http.request.method=GET server.address=bank
         1 5 shop client 6..7 /Bank/Pay | error rpc.system=grpc rpc.grpc.status_code=14 server.address=bank
         1 6 shop client 8..9 GET /v1 | http.request.method=GET url.full=https://api.stripe.com/v1
         2 3 bank server 500..510 GET /b | http.request.method=GET url.path=/b server.port=80",
        &expect![[r#"
            2 of 2 whole
        "#]],
    );
}

#[test]
fn a_loopback_address_without_spans_is_not_instrumented() {
    check(
        "1 2 shop client 5..40 GET /a | http.request.method=GET url.full=http://127.0.0.1:81/a",
        &expect![[r#"
            0 of 1 whole
            MissingServer shop -> port 81 of web-1: 1 of 1, NotInstrumented
        "#]],
    );
}

#[test]
fn a_service_with_spans_of_an_sdk_but_no_server_spans_is_excluded_by_beyla() {
    check(
        "1 2 shop client 5..40 GET /a | http.request.method=GET url.full=http://bank/a
         2 3 bank internal 6..39 charge | sdk",
        &expect![[r#"
            1 of 2 whole
            MissingServer shop -> bank: 1 of 1, SdkExcluded
        "#]],
    );
}

#[test]
fn a_client_root_within_a_request_was_handed_over_to_another_thread() {
    check(
        "1 1 shop server 0..50 GET /a | server.port=80
         1 2 shop client 5..10 SELECT cards < 1 | db.system=postgresql
         2 3 shop server 1000..1050 GET /a | server.port=80
         3 4 shop client 1005..1010 SELECT cards | db.system=postgresql
         4 5 shop client 3000..3010 SELECT cards | db.system=postgresql",
        &expect![[r#"
            3 of 4 whole
            DetachedCall shop: 1 of 5, ThreadHandOver
        "#]],
    );
}

#[test]
fn calls_of_a_background_job_are_no_lost_parts_of_requests() {
    let mut spans = String::new();
    for n in 0..20 {
        let at = n * 100;
        let _ =
            writeln!(spans, "{} 1 shop server {}..{} GET /a | server.port=80", n + 1, at, at + 60);
        let at = at + if n % 2 == 0 { 10 } else { 70 };
        let _ = writeln!(
            spans,
            "{} 2 shop client {}..{} SELECT job | db.system=postgresql",
            n + 100,
            at,
            at + 5
        );
    }
    check(
        &spans,
        &expect![[r#"
            40 of 40 whole
        "#]],
    );
}

#[test]
fn two_requests_without_a_parent_in_one_trace_are_stitched() {
    check(
        "1 1 shop server 0..50 GET /a | server.port=80
         1 2 shop server 100..150 GET /b | server.port=80",
        &expect![[r#"
            0 of 1 whole
            CrossStitched shop: 1 of 1, ContextReuse
        "#]],
    );
}

#[test]
fn a_server_span_that_begins_after_its_call_is_of_another_request() {
    check(
        "1 2 shop client 5..40 GET /a | http.request.method=GET url.full=http://bank/a
         1 3 bank server 500..510 GET /a < 2 | http.request.method=GET url.path=/a server.port=80",
        &expect![[r#"
            0 of 1 whole
            CrossStitched shop -> bank: 1 of 1, ContextReuse
        "#]],
    );
}

#[test]
fn a_server_span_of_another_host_outside_of_its_call_shows_that_clocks_differ() {
    let text = "
        1 2 shop client 5..40 GET /a | http.request.method=GET url.full=http://bank/a
        1 3 bank server 2000..2030 GET /a < 2 | host=web-2 http.request.method=GET url.path=/a server.port=80";
    check(
        text,
        &expect![[r#"
            0 of 1 whole
            OutsideCall shop -> bank: 1 of 1, Clock
        "#]],
    );
    let found = examined(text, NOW, TimeRange::ALL);
    assert_eq!(found.edges[0].clock_ahead_nanos, Some(1_960_000_000));
}

#[test]
fn a_trace_of_many_requests_over_minutes_is_endless() {
    let requests = (0..10).map(|n| {
        format!("1 {} jobs consumer {}..{} process\n", n + 1, n * 60_000, n * 60_000 + 50)
    });
    check(
        &requests.collect::<String>(),
        &expect![[r#"
            0 of 1 whole
            Endless jobs: 1 of 1, ContextReuse
        "#]],
    );
}

#[test]
fn children_of_a_missing_server_span_are_not_counted_as_a_second_missing_span() {
    let found = examined(
        "1 2 shop client 5..40 GET /a | http.request.method=GET url.full=http://bank/a
         1 3 bank client 7..20 SELECT < 9 | db.system=postgresql
         1 4 bank client 21..30 SELECT < 9 | db.system=postgresql
         2 5 bank server 500..510 GET /b | http.request.method=GET url.path=/b server.port=80",
        NOW,
        TimeRange::ALL,
    );
    assert_eq!((found.seen, found.missing), (4, 1));
    let bank = found.services.iter().find(|service| service.service == "bank").unwrap();
    assert_eq!((bank.seen, bank.missing, bank.orphans), (3, 1, 2));
}

#[test]
fn the_problems_of_a_trace_are_those_that_it_has_a_part_in() {
    let text = "1 2 shop client 5..40 POST /charge | http.request.method=POST url.full=http://bank/charge
         2 3 bank server 7..39 POST /charge | http.request.method=POST url.path=/charge server.port=80
         3 4 shop client 105..140 POST /charge | http.request.method=POST url.full=http://bank/charge
         4 5 bank server 107..139 POST /charge | http.request.method=POST url.path=/charge server.port=80
         5 6 shop server 0..9 GET / | server.port=80";
    let found = examined(text, NOW, TimeRange::ALL);
    assert_eq!(found.problems()[0].count, 2);
    for trace in 1..=4u128 {
        let problems = found.problems_of(TraceId::try_from(trace << 60).unwrap());
        assert_eq!((problems.len(), problems[0].count), (1, 1), "{trace}");
    }
    assert_eq!(found.problems_of(TraceId::try_from(5u128 << 60).unwrap()), []);
}

#[test]
fn a_loopback_address_is_that_of_the_service_that_listens_on_the_port_of_the_same_host() {
    let found = |text: &str| {
        let spans: Vec<Span> = text.lines().map(str::trim).map(span).collect();
        let found = loopback_services(&by_trace(&spans)).into_iter();
        found.map(|of| [of.caller, of.address, of.service].join(" ")).collect::<Vec<_>>()
    };
    let call = "1 2 shop client 2..8 POST /pay | http.request.method=POST server.address=127.0.0.1 server.port=18082";
    let server = "2 3 pay server 500..505 GET /health | http.request.method=GET server.address=pay server.port=18082";
    assert_eq!(found(&format!("{call}\n{server}")), ["shop 127.0.0.1:18082 pay"]);
    // The port of another host says nothing.
    assert!(found(&format!("{call}\n{server} host=web-2")).is_empty());
    // Two services on one port of a host, one after the other: neither.
    let other = server.replace("2 3 pay", "3 4 mail");
    assert!(found(&format!("{call}\n{server}\n{other}")).is_empty());
    // An address of the network is known without its host.
    let remote = call.replace("127.0.0.1", "10.0.0.7");
    assert!(found(&format!("{remote}\n{server}")).is_empty());
}
