//! Answers in plain English to questions about the stored requests of a shop.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod shop;

use coral_query::answer::English;
use coral_query::{EnglishQuestion, SharedSources};
use coral_text::json::Projection;
use coral_text::screen::Screen;
use expect_test::expect;

use self::shop::{NOON, ask, request, shop, sources};

/// The page for `question` at noon. Checks too that the answer can be read back from its JSON, and
/// then has the same JSON.
fn answer(sources: &SharedSources, question: &str) -> String {
    let question = EnglishQuestion {
        question: question.to_owned(),
        now_unix_us: (NOON / 1_000) as i64,
        tz: String::new(),
    };
    let answer = ask(sources, &question);
    let json = answer.json().unwrap();
    let read: English = serde_json::from_slice(&json).unwrap();
    assert_eq!(read.json().unwrap(), json);
    let text = coral_text::english::text(&answer, Screen::PLAIN);
    assert_eq!(coral_text::english::text(&read, Screen::PLAIN), text);
    text
}

#[test]
fn a_service_is_known_however_many_traces_came_after_its_own() {
    let newer = (2..1_300).map(|n| request(n, "shop", "/list", 1, 5));
    let (_dir, sources) =
        sources([request(1, "dbl2", "/", 1_800, 5)].into_iter().chain(newer).collect());
    let page = answer(&sources, "show me traces for dbl2");
    assert!(
        page.starts_with("Analyzing dbl2, last 1h...\n") && page.contains("GET /, 1 span"),
        "{page}"
    );
}

#[test]
fn a_name_that_nobody_has_is_answered_with_those_that_there_are() {
    let (_dir, sources) = shop();
    expect![[r#"
        Unknown service:
          - no stored trace has a span of frontend
          - services with traces: cart, shop
    "#]]
    .assert_eq(&answer(&sources, "why is the frontend slow"));
    expect![[r#"
        Unknown service:
          - no stored trace has a span of shops
          - did you mean shop?
    "#]]
    .assert_eq(&answer(&sources, "why is the shops slow"));
}

#[test]
fn words_about_time_that_are_not_understood_are_told() {
    let (_dir, sources) = shop();
    expect![[r#"
        Not understood:
          - the question is not answered, because of these words: "last night"

        Questions that are understood, by example:
          - what is wrong?
          - why is cart slow?
          - is cart ok?
          - slowest endpoints of cart, last 15 minutes
          - p99 of cart
          - errors today
          - which host has errors?
          - what calls cart?
          - what changed in the last hour?
          - what happened between 02:30 and 03:00?
          - show me slow traces of cart
          - slow queries
          - services: cart, shop
    "#]]
    .assert_eq(&answer(&sources, "errors of cart last night"));
}

#[test]
fn traces_are_those_of_the_route() {
    let (_dir, sources) = shop();
    expect![[r#"
        Analyzing /list of cart, last 2m...

        Traces, newest first:
          - 0000000000000000000000000000001f 7ms GET /list, 1 span, 11:59:00, cart
          - 00000000000000000000000000000020 7ms GET /list, 1 span, 11:58:00, cart
          - Started on 2026-11-25 (UTC).

        Query behind these lines:
          coral query beyla traces --service cart --attr http.route=/list --since 2m --limit 5
    "#]]
    .assert_eq(&answer(&sources, "show me traces for /list of cart, last 2 minutes"));
    expect![[r#"
        Analyzing /nope of everything, last 1h...

        Traces, newest first:
          - no traces match
          - None of the 33 newest spans has http.route=/nope

        Query behind these lines:
          coral query beyla traces --attr http.route=/nope --since 1h --limit 5
    "#]]
    .assert_eq(&answer(&sources, "show me traces for /nope"));
}

#[test]
fn rows_are_those_of_the_route_and_from_spans_where_there_are_no_metrics() {
    let (_dir, sources) = shop();
    expect![[r#"
        Analyzing shop, last 1h...

        Slowest first, by P95:
          - Counted from spans: no RED metrics (HTTP Requests) of shop in this window
          - GET /pay: P95 330ms, 10 requests, 0% failed
          - GET /list: P95 7ms, 20 requests, 0% failed

        Query behind these lines:
          coral query beyla http shop --source spans --since 1h
    "#]]
    .assert_eq(&answer(&sources, "slowest endpoints of shop"));
    expect![[r#"
        Analyzing /list of shop, last 1h...

        Slowest first, by P95:
          - Counted from spans: no RED metrics (HTTP Requests) of shop in this window
          - GET /list: P95 7ms, 20 requests, 0% failed

        Query behind these lines:
          coral query beyla http shop --source spans --since 1h
    "#]]
    .assert_eq(&answer(&sources, "how slow is /list of shop"));
}

#[test]
fn what_has_no_routes_says_that_it_is_of_all_of_them() {
    let (_dir, sources) = shop();
    expect![[r#"
        Not understood:
          - the question is not answered, because of these words: "/list"

        Questions that are understood, by example:
          - what is wrong?
          - why is cart slow?
          - is cart ok?
          - slowest endpoints of cart, last 15 minutes
          - p99 of cart
          - errors today
          - which host has errors?
          - what calls cart?
          - what changed in the last hour?
          - what happened between 02:30 and 03:00?
          - show me slow traces of cart
          - slow queries
          - services: cart, shop
    "#]]
    .assert_eq(&answer(&sources, "what calls /list of shop"));
    expect![[r#"
        Analyzing /list of everything, last 1h...

        Requests by service, most failures first:
          - no failed requests in this window

        Query behind these lines:
          coral query beyla traces '(kind:server OR kind:consumer)' --attr http.route=/list --by service --since 1h
    "#]]
    .assert_eq(&answer(&sources, "errors of /list"));
    expect![[r#"
        Analyzing /list of shop, last 1h...

        Changes against the 1h before:
          - only changes that name /list; `coral why shop --route /list` looks at the services that it calls
          - there is nothing to compare with: no trace started in the baseline
          - Coral has stored spans only since 11:59 UTC (1 minute ago); the baseline would begin earlier

        Query behind these lines:
          coral query anomalies
    "#]]
    .assert_eq(&answer(&sources, "what changed in /list of shop"));
}

#[test]
fn a_route_that_nobody_asked_for_is_answered_with_those_that_there_are() {
    let (_dir, sources) = shop();
    expect![[r#"
        Analyzing /lists of shop, last 15m...

        RED Metrics (last 15m):
          - neither RED metrics nor stored requests of /lists of shop in this window

        Trace Analysis:
          - Compared 0 traces with 0 of the baseline; 0% of the window's traces have every parent span

        Root Cause:
          - not enough evidence: no trace in the window matches the question
          - routes with traces: /list, /pay

        Query behind these lines:
          coral why shop --route /lists
    "#]]
    .assert_eq(&answer(&sources, "why is /lists of shop slow"));
}
