use std::sync::Arc;

use coral_trace::SpanKind;
use expect_test::{Expect, expect};

use super::{REFERENCE, trace};
use crate::screen::Screen;
use crate::trace::{critical_path, folded, no_trace, trace_tree, with_clocks_adjusted};
use coral_query::answer::{RedactedHop, Trace};
use coral_trace::units::TimeZone;
use coral_trace::{KeyValue, UnixNanos};

#[track_caller]
fn check(text: &str, expected: Expect) {
    expected.assert_eq(&trace_tree(&trace(text), &TimeZone::UTC, Screen::PLAIN));
}

/// Checks only the lines below `Span Tree:`.
#[track_caller]
fn check_tree(text: &str, expected: Expect) {
    expected.assert_eq(tree_of(&trace_tree(&trace(text), &TimeZone::UTC, Screen::PLAIN)));
}

fn tree_of(page: &str) -> &str {
    page.split_once("Span Tree:\n").unwrap().1
}

#[test]
fn the_reference_trace_is_printed_as_a_tree() {
    check(
        REFERENCE,
        expect![[r#"
            Trace ID: 4bf92f3577b34da6a3ce929d0e0e4736
            Started: 2026-11-18 11:06:40.000 UTC
            Duration: 1.2s
            Spans: 8
            Services: frontend-api, payments-api, card-validator-svc, postgres, fraud-detector, inventory-api, redis, email-svc

            Span Tree:
            frontend-api (1.2s, POST /checkout)
            ├─ payments-api (450ms, POST /api/v1/payments)
            │  ├─ card-validator-svc (380ms, POST /validate)
            │  │  └─ postgres (12ms, SELECT cards)
            │  └─ fraud-detector (35ms, Check)
            ├─ inventory-api (180ms, POST /api/v1/reserve)
            │  └─ redis (2ms, SET)
            └─ email-svc (15ms, notifications)
        "#]],
    );
}

#[test]
fn of_beylas_spans_a_reader_sees_the_requests() {
    check(
        "1 frontend server 0+100 GET /checkout/{id}
2 frontend internal 0+0.1 in queue < 1
3 frontend internal 0.1+99 processing < 1
4 frontend client 10+60 POST /api/v1/payments < 3 | server.address=127.0.0.1:18082
5 payments server 10.1+59.5 POST /api/v1/payments < 4
6 payments internal 10.1+0.1 in queue < 5
7 payments internal 10.2+59 processing < 5
8 payments client 20+1.9 SELECT cards < 7 | db.system.name=other_sql db.collection.name=cards
9 payments client 30+0.35 publish paid < 7 | messaging.system=kafka messaging.destination.name=paid
a payments client 40+5 GET /v1/rates < 7 | server.address=api.rates.example",
        expect![[r#"
            Trace ID: 4bf92f3577b34da6a3ce929d0e0e4736
            Started: 2026-11-18 11:06:40.000 UTC
            Duration: 100ms
            Spans: 10 (5 hops)
            Services: frontend, payments

            Span Tree:
            frontend (100ms, GET /checkout/{id})
            └─ payments (59.5ms, POST /api/v1/payments)
               ├─ payments → other_sql cards (1.9ms, SELECT cards)
               ├─ payments → kafka paid (350µs, publish paid)
               └─ payments → api.rates.example (5ms, GET /v1/rates)
        "#]],
    );
}

#[test]
fn a_peer_that_nothing_names_is_not_invented() {
    check_tree(
        "1 a server 0+9 GET /\n2 a client 1+5 GET /x < 1",
        expect![[r#"
        a (9ms, GET /)
        └─ a (5ms, GET /x)
    "#]],
    );
}

#[test]
fn failures_are_marked_also_those_that_only_the_caller_saw() {
    check(
        "1 a server 0+900 GET / | error status=503
2 a client 10+500 GET /slow < 1 | error status=0
3 b server 11+700 GET /slow < 2 | status=200
4 a client 600+1 UPDATE cards < 1 | error db.system=mysql",
        expect![[r#"
            Trace ID: 4bf92f3577b34da6a3ce929d0e0e4736
            Started: 2026-11-18 11:06:40.000 UTC
            Duration: 900ms
            Spans: 4 (3 hops)
            Services: a, b
            Errors: 3

            Span Tree:
            a (900ms, GET /) ERROR 503
            ├─ b (700ms, GET /slow) (caller: ERROR, no response) (ends 201ms after its call)
            └─ a → mysql (1ms, UPDATE cards) ERROR

            Times: 1 hop start or end more than 1ms outside the hop above: host clocks differ, or work continued after its caller.
        "#]],
    );
}

#[test]
fn what_is_torn_is_shown_and_said() {
    let mut torn = trace(
        "1 a server 0+90 GET /
2 b server 10+20 GET /orphan < b7
3 b client 12+5 SELECT t < 2
4 c server 20+20 second root
5 d internal 40+2 circle one < 6
6 d internal 41+2 circle two < 5",
    );
    torn.complete = false;
    expect![[r#"
        Trace ID: 4bf92f3577b34da6a3ce929d0e0e4736
        Started: 2026-11-18 11:06:40.000 UTC
        Duration: 90ms
        Spans: 6
        Services: a, b, c, d

        Span Tree:
        a (90ms, GET /)
        ┄ b (20ms, GET /orphan) (parent 00000000000000b7 not received)
        └─ b (5ms, SELECT t)
        c (20ms, second root)
        ┄ d (2ms, circle one) (is its own ancestor; cut here)
        └─ d (2ms, circle two)

        Incomplete: 2 roots; 1 hop with a parent that was not received (not instrumented, not sampled, or not exported yet); 1 cycle of parents.
    "#]].assert_eq(&trace_tree(&torn, &TimeZone::UTC, Screen::PLAIN));
}

#[test]
fn a_trace_that_the_colony_calls_incomplete_is_never_shown_as_whole() {
    let whole = trace("1 a server 0+90 GET /");
    let told = Trace { complete: false, ..whole.clone() };
    expect![[r#"
        a (90ms, GET /)

        Incomplete: the colony reports missing spans.
    "#]]
    .assert_eq(tree_of(&trace_tree(&told, &TimeZone::UTC, Screen::PLAIN)));
    let limited = Trace { complete: false, spans_left_out: 12_000, ..whole };
    expect![[r#"
        a (90ms, GET /)

        Incomplete: 12,000 spans beyond the limit of one answer.
    "#]]
    .assert_eq(tree_of(&trace_tree(&limited, &TimeZone::UTC, Screen::PLAIN)));
}

#[test]
fn times_that_clocks_disagree_on_are_left_as_they_are_and_named() {
    check_tree(
        "1 a server 1000+100 GET /
2 b server 500+10 early < 1
3 b server 1050+100 late < 1
4 b server 1500+10 after < 1
5 b consumer 3000+10 process mails < 1
6 b server 1090+10.9 within a millisecond < 1",
        expect![[r#"
            a (100ms, GET /)
            ├─ b (10ms, early) (starts 500ms before the hop above)
            ├─ b (100ms, late) (ends 50ms after the hop above)
            ├─ b (10.9ms, within a millisecond)
            ├─ b (10ms, after) (starts 400ms after the hop above ended)
            └─ b (10ms, process mails)

            Times: 3 hops start or end more than 1ms outside the hop above: host clocks differ, or work continued after its caller.
        "#]],
    );
}

#[test]
fn a_message_that_waited_a_second_or_longer_is_marked() {
    check_tree(
        "1 a producer 0+10 publish mails
2 b consumer 1009+20 process mails < 1
3 b consumer 3910+20 process mails < 1",
        expect![[r#"
            a (10ms, publish mails)
            ├─ b (20ms, process mails)
            └─ b (20ms, process mails) (waited 3.9s in its queue)
        "#]],
    );
}

#[test]
fn sdk_spans_are_marked_only_beside_ebpf_spans() {
    check_tree(
        "1 a server 0+9 GET / | sdk\n2 b server 1+2 GET /b < 1",
        expect![[r#"
        a (9ms, GET /) [sdk]
        └─ b (2ms, GET /b)
    "#]],
    );
    check_tree(
        "1 a server 0+9 GET / | sdk",
        expect![[r#"
        a (9ms, GET /)
    "#]],
    );
}

#[test]
fn text_of_spans_never_reaches_the_terminal_as_commands() {
    let mut trace = trace("1 a server 0+9 GET / | error db.system=x");
    trace.services = vec!["\u{202e}a\nb".to_owned()];
    let span = &mut trace.spans[0].span;
    let origin = Arc::make_mut(&mut span.origin);
    origin.resource.attributes = [("service.name", "\u{202e}a\nb")].into_iter().collect();
    span.name = format!("\u{1b}[2J{}", "n".repeat(65_536));
    span.kind = SpanKind::Client;
    span.attributes = [("db.system", "\u{9b}31m")].into_iter().collect();
    expect![[r#"
        Trace ID: 4bf92f3577b34da6a3ce929d0e0e4736
        Started: 2026-11-18 11:06:40.000 UTC
        Duration: 9ms
        Spans: 1
        Services: \u{202e}a\u{a}b
        Errors: 1

        Span Tree:
        \u{202e}a\u{a}b → \u{9b}31m (9ms, \u{1b}[2Jnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn… (65,540 bytes)) ERROR
    "#]].assert_eq(&trace_tree(&trace, &TimeZone::UTC, Screen::PLAIN));
}

#[test]
fn a_page_has_at_most_500_hops_and_says_how_many_more_there_are() {
    let children = (2..=10_000).map(|id| format!("\n{id:x} b client {id}+1 GET /x < 1"));
    let page = trace_tree(
        &trace(&("1 a server 0+20000 GET /".to_owned() + &children.collect::<String>())),
        &TimeZone::UTC,
        Screen::PLAIN,
    );
    assert_eq!(page.lines().count(), 7 + 500 + 1);
    expect!["… 9,500 more hops not shown; --format spans has every span"]
        .assert_eq(page.lines().last().unwrap());
}

#[test]
fn a_deep_chain_is_indented_up_to_a_limit_and_its_depth_told() {
    let chain = (2..=10_000).map(|id| format!("\n{id:x} a internal 0+1 f < {:x}", id - 1));
    let page = trace_tree(
        &trace(&("1 a internal 0+1 f".to_owned() + &chain.collect::<String>())),
        &TimeZone::UTC,
        Screen::PLAIN,
    );
    let lines: Vec<&str> = page.lines().collect();
    expect!["                                                                                             └─ a (1ms, f)"].assert_eq(lines[7 + 32]);
    expect!["                                                                                                … (depth 33) a (1ms, f)"].assert_eq(lines[7 + 33]);
    assert!(lines.iter().all(|line| line.chars().count() < 150));
}

#[test]
fn services_beyond_a_hundred_are_counted() {
    let mut trace = trace("1 a server 0+9 GET /");
    trace.services = (0..2_000).map(|number| format!("s{number}")).collect();
    let page = trace_tree(&trace, &TimeZone::UTC, Screen::PLAIN);
    assert!(page.contains("s99, … 1,900 more\n"), "{page}");
}

#[test]
fn a_trace_that_is_not_stored_says_so_with_a_hint() {
    expect![[r#"
        No trace 4bf92f3577b34da6a3ce929d0e0e4736 is stored here.
        Hint: a span is visible 2 s after its end, or up to 20 s if no agent runs its Beyla.
    "#]]
    .assert_eq(&no_trace(super::TRACE_ID));
}

#[test]
fn clocks_that_disagree_are_adjusted_on_request_and_each_hop_says_by_how_much() {
    let skewed = trace(
        "1 a server 0+100 GET /
2 a client 10+50 POST /b < 1
3 b server 515+40 POST /b < 2
4 b client 520+10 SELECT x < 3 | db.system=postgresql",
    );
    expect![[r#"
        a (100ms, GET /)
        └─ b (40ms, POST /b) (server clock off by +500ms)
           └─ b → postgresql (10ms, SELECT x)

        Clocks: 1 server span outside the call that it answers; --adjust-clocks moves server spans into their calls.
    "#]]
    .assert_eq(tree_of(&trace_tree(&skewed, &TimeZone::UTC, Screen::PLAIN)));
    expect![[r#"
        a (100ms, GET /)
        └─ b (40ms, POST /b) (clock −500ms)
           └─ b → postgresql (10ms, SELECT x) (clock −500ms)
    "#]]
    .assert_eq(tree_of(&trace_tree(&with_clocks_adjusted(&skewed), &TimeZone::UTC, Screen::PLAIN)));
}

#[test]
fn spans_of_one_host_have_one_clock() {
    let mut torn = trace(
        "1 a server 0+100 GET /
2 a client 10+50 POST /b < 1
3 b server 22+40 POST /b < 2
4 a client 70+10 POST /c < 1
5 c server 66+10 POST /c < 4",
    );
    for span in torn.spans.iter_mut().map(|one| &mut one.span) {
        let mut origin = (*span.origin).clone();
        origin
            .resource
            .attributes
            .0
            .push(KeyValue { key: "host.name".to_owned(), value: "web-1".into() });
        span.origin = origin.into();
    }
    expect![[r#"
        a (100ms, GET /)
        ├─ b (40ms, POST /b) (ends 2ms after its call)
        └─ c (10ms, POST /c) (starts 4ms before its call)

        Times: 2 hops start or end more than 1ms outside the hop above: work continued after its caller, or a parent is wrong.
    "#]]
    .assert_eq(tree_of(&trace_tree(&torn, &TimeZone::UTC, Screen::PLAIN)));
    assert_eq!(with_clocks_adjusted(&torn), torn);
}

#[test]
fn a_server_that_goes_on_when_its_client_has_given_up_has_no_wrong_clock() {
    check_tree(
        "1 a server 0+100 GET /
2 a client 10+50 POST /b < 1
3 b server 13+400 POST /b < 2
4 b client 20+300 SELECT x < 3 | db.system=postgresql",
        expect![[r#"
            a (100ms, GET /)
            └─ b (400ms, POST /b) (ends 353ms after its call)
               └─ b → postgresql (300ms, SELECT x) (ends 260ms after the hop above)

            Times: 2 hops start or end more than 1ms outside the hop above: host clocks differ, or work continued after its caller.
        "#]],
    );
}

#[test]
fn colours_show_failures_and_the_critical_path() {
    let text = "\
1 web server 0+100 GET / | status=500 error
2 cart server 10+80 GET /cart < 1
3 ads server 10+5 GET /ads < 1";
    let coloured =
        trace_tree(&trace(text), &TimeZone::UTC, Screen { colour: true, ..Screen::PLAIN });
    expect![[r#"
        Trace ID:␛[2m 4bf92f3577b34da6a3ce929d0e0e4736␛[0m
        Started: 2026-11-18 11:06:40.000 UTC
        Duration: 100ms
        Spans: 3
        Services: web, cart, ads
        Errors: ␛[31m1␛[0m

        Span Tree:
        ␛[1mweb (100ms, GET /)␛[0m␛[31m ERROR 500␛[0m
        ├─ ␛[1mcart (80ms, GET /cart)␛[0m
        └─ ads (5ms, GET /ads)

        ␛[2mBold: the critical path, which the request waited for.␛[0m
    "#]]
    .assert_eq(&coloured.replace('\u{1b}', "␛"));
    let stripped = anstream::adapter::strip_str(&coloured).to_string();
    let legend = "\nBold: the critical path, which the request waited for.\n";
    assert_eq!(
        stripped.replace(legend, ""),
        trace_tree(&trace(text), &TimeZone::UTC, Screen::PLAIN)
    );
}

#[test]
fn redacted_hops_hold_a_trace_together_and_have_times_only() {
    let hop = |number: u64, parent: Option<&str>, start_ms: u64, ms: i64, children: &[u64]| {
        let id = |id: &u64| coral_trace::SpanId::try_from(*id).unwrap();
        RedactedHop {
            id: format!("redacted-{number}"),
            parent: parent.map(str::to_owned),
            start: UnixNanos(trace("1 pay server 0+1 a").start.0 + start_ms * 1_000_000),
            duration_us: ms * 1_000,
            children: children.iter().map(id).collect(),
        }
    };
    let shown = "2 pay server 20+60 POST /pay < 7
3 pay client 30+40 POST /cards < 2 | server.address=cards
4 pay server 85+5 POST /notify < 8";
    let whole = Trace {
        complete: false,
        redacted: 4,
        redacted_hops: vec![
            hop(1, None, 0, 100, &[]),
            hop(2, Some("redacted-1"), 10, 80, &[2]),
            hop(3, Some("0000000000000003"), 35, 30, &[]),
            hop(4, Some("redacted-1"), 82, 10, &[4]),
        ],
        ..trace(shown)
    };
    expect![[r#"
        Trace ID: 4bf92f3577b34da6a3ce929d0e0e4736
        Started: 2026-11-18 11:06:40.000 UTC
        Duration: 100ms
        Spans: 3, and 4 redacted
        Services: pay

        Span Tree:
        redacted (100ms)
        ├─ redacted (80ms)
        │  └─ pay (60ms, POST /pay)
        │     └─ pay (40ms, POST /cards)
        │        └─ redacted (30ms)
        └─ redacted (10ms)
           └─ pay (5ms, POST /notify)

        Redacted: 4 hops of services that you may not see; only their times are shown.
    "#]]
    .assert_eq(&trace_tree(&whole, &TimeZone::UTC, Screen::PLAIN));
    expect![[r#"
        redacted 18000
        redacted;redacted 25000
        redacted;redacted;pay: POST /notify 5000
        redacted;redacted;pay: POST /pay 20000
        redacted;redacted;pay: POST /pay;pay: POST /cards 10000
        redacted;redacted;pay: POST /pay;pay: POST /cards;redacted 30000
    "#]]
    .assert_eq(&folded(&whole));
    let page = critical_path(&whole, &TimeZone::UTC, Screen::PLAIN);
    assert!(page.contains("Critical path of redacted (100ms):"), "{page}");
}
