//! What is answered in plain English to what is stored.

use std::sync::Arc;

use coral_store::{Store, StoreConfig};
use coral_trace::{
    Attributes, Collector, Origin, Resource, Scope, Span, SpanId, SpanKind, Status, TraceId,
    UnixNanos, testing,
};
use expect_test::expect;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use tempfile::TempDir;

use coral_query::Fleet;
use coral_query::answer::ColonyStatus;
use coral_query::{Ask, Budget, EnglishQuestion, SharedSources};

const MS: u64 = 1_000_000;
/// 2026-11-25T12:00:00Z.
const NOON: u64 = 1_795_608_000_000 * MS;

/// A store, and the directory that goes with it.
fn sources(spans: Vec<Span>) -> (TempDir, SharedSources) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(StoreConfig { dir: dir.path().to_owned(), segment_rows: 10_000 });
    let store = store.unwrap();
    store.append(&[spans], UnixNanos(NOON)).unwrap();
    (dir, shared(store))
}

/// A trace of one request, `secs` before noon, as the SDK of `service` tells it.
fn request(id: u64, service: &str, route: &str, secs: u64, ms: u64) -> Span {
    let span = testing::span().new_tree(&mut TestRunner::deterministic()).unwrap().current();
    let resource = Resource {
        attributes: [("service.name", service)].into_iter().collect(),
        ..Resource::default()
    };
    let said = [("http.request.method", "GET"), ("http.route", route)];
    let start = NOON - secs * 1_000 * MS;
    Span {
        trace_id: TraceId::try_from(u128::from(id)).unwrap(),
        span_id: SpanId::try_from(id).unwrap(),
        parent_span_id: None,
        name: format!("GET {route}"),
        kind: SpanKind::Server,
        start: UnixNanos(start),
        end: UnixNanos(start + ms * MS),
        attributes: said.into_iter().collect::<Attributes>(),
        status: Status::default(),
        events: Vec::new(),
        links: Vec::new(),
        origin: Arc::new(Origin { resource, scope: Scope::default(), collector: Collector::Sdk }),
        ..span
    }
}

/// A colony without agents.
struct NoAgents;

impl Fleet for NoAgents {
    fn status(&self, _: UnixNanos) -> ColonyStatus {
        ColonyStatus::default()
    }
}

/// What is asked of `store` alone.
fn shared(store: Store) -> SharedSources {
    let store = Arc::new(store);
    SharedSources { traces: store.clone(), metrics: store, fleet: Arc::new(NoAgents) }
}

/// The answer to `question`.
fn ask<Q: Ask>(sources: &SharedSources, question: &Q) -> Q::Answer {
    question.answer(&sources.at(UnixNanos(NOON)), &Budget::unlimited()).unwrap()
}

/// The page for `question`, asked at noon.
fn answer(sources: &SharedSources, question: &str) -> String {
    let filter =
        EnglishQuestion { question: question.to_owned(), now_unix_us: (NOON / 1_000) as i64 };
    coral_text::english::plain(&ask(sources, &filter))
}

/// Requests of two routes, one of them slow, and of another service.
fn shop() -> (TempDir, SharedSources) {
    let list = (1..=20).map(|n| request(n, "shop", "/list", 60 * n, 5 + n % 3));
    let pay = (21..=30).map(|n| request(n, "shop", "/pay", 60 * (n - 20), 300 + n));
    let cart = (31..=33).map(|n| request(n, "cart", "/list", 60 * (n - 30), 7));
    sources(list.chain(pay).chain(cart).collect())
}

#[test]
fn a_service_is_known_however_many_traces_came_after_its_own() {
    let newer = (2..1_300).map(|n| request(n, "shop", "/list", 1, 5));
    let (_dir, sources) =
        sources([request(1, "dbl2", "/", 1_800, 5)].into_iter().chain(newer).collect());
    let told = answer(&sources, "show me traces for dbl2");
    assert!(
        told.starts_with("Analyzing dbl2, last 1h...\n") && told.contains("GET /, 1 span"),
        "{told}"
    );
}

#[test]
fn a_name_that_nobody_has_is_answered_with_those_that_there_are() {
    let (_dir, sources) = shop();
    expect![[r#"
        No such service:
          - no trace here has a service called frontend
          - there are cart, shop
    "#]]
    .assert_eq(&answer(&sources, "why is the frontend slow"));
    expect![[r#"
        No such service:
          - no trace here has a service called shops
          - services of a similar name: shop
    "#]]
    .assert_eq(&answer(&sources, "why is the shops slow"));
}

#[test]
fn words_about_time_that_are_not_understood_are_told() {
    let (_dir, sources) = shop();
    expect![[r#"
        Analyzing cart, last 1h; no time was read in "last night"...

        What fails, most often first:
          - nothing in this window [1]

        Queries:
          [1] coral query beyla http cart --source spans --since 1h
    "#]]
    .assert_eq(&answer(&sources, "errors of cart last night"));
}

#[test]
fn traces_are_those_of_the_route() {
    let (_dir, sources) = shop();
    expect![[r#"
        Analyzing /list of cart, last 2m...

        Traces, the newest first:
          - 0000000000000000000000000000001f 7ms GET /list, 1 span [1]
          - 00000000000000000000000000000020 7ms GET /list, 1 span [1]

        Queries:
          [1] coral query beyla traces --service cart --attr http.route=/list --since 2m --limit 5
    "#]]
    .assert_eq(&answer(&sources, "show me traces for /list of cart, last 2 minutes"));
    expect![[r#"
        Analyzing /nope of everything, last 1h...

        Traces, the newest first:
          - none [1]

        Queries:
          [1] coral query beyla traces --attr http.route=/nope --since 1h --limit 5
    "#]]
    .assert_eq(&answer(&sources, "show me traces for /nope"));
}

#[test]
fn rows_are_those_of_the_route_and_from_spans_where_there_are_no_metrics() {
    let (_dir, sources) = shop();
    expect![[r#"
        Analyzing shop, last 1h...

        The slowest first, by P95:
          - GET /pay: P95 487ms, 10 requests, 0% failed [1]
          - GET /list: P95 9.6ms, 20 requests, 0% failed [1]

        Queries:
          [1] coral query beyla http shop --source spans --since 1h
    "#]]
    .assert_eq(&answer(&sources, "slowest endpoints of shop"));
    expect![[r#"
        Analyzing /list of shop, last 1h...

        The slowest first, by P95:
          - GET /list: P95 9.6ms, 20 requests, 0% failed [1]

        Queries:
          [1] coral query beyla http shop --source spans --since 1h
    "#]]
    .assert_eq(&answer(&sources, "how slow is /list of shop"));
}

#[test]
fn what_has_no_routes_says_that_it_is_of_all_of_them() {
    let (_dir, sources) = shop();
    expect![[r#"
        Analyzing shop, last 1h...

        What calls shop:
          - not narrowed to /list: these calls are counted by service, of all routes
          - nobody whose spans are stored [1]

        What shop calls:
          - nothing [1]

        Queries:
          [1] coral query topology --since 1h
    "#]]
    .assert_eq(&answer(&sources, "what calls /list of shop"));
    expect![[r#"
        Analyzing everything, last 1h...

        What fails, most often first:
          - not narrowed to /list: these calls are counted by service, of all routes
          - nothing in this window [1]

        Queries:
          [1] coral query topology --since 1h
    "#]]
    .assert_eq(&answer(&sources, "errors of /list"));
    expect![[r#"
        Analyzing /list of shop, last 1h...

        Changes against the 1h before:
          - only what names /list; `coral why shop --route /list` has what is below
          - nothing that chance would not make as much otherwise [1]

        Queries:
          [1] coral query anomalies --since 1h --baseline 1h
    "#]]
    .assert_eq(&answer(&sources, "what changed in /list of shop"));
}

#[test]
fn a_route_that_nobody_asked_for_is_answered_with_those_that_there_are() {
    let (_dir, sources) = shop();
    expect![[r#"
        Analyzing /lists of shop, last 15m...

        RED Metrics (last 15m):
          - no metrics of /lists of shop in this window

        Trace Analysis:
          - Analyzed 0 traces against 0 of the baseline; 0% whole [1]

        Root Cause:
          - not enough evidence: no trace of the window has the spans that were asked about [1]
          - there are traces with /list, /pay [1]

        Queries:
          [1] coral why shop --route /lists --since 15m --baseline 1h
    "#]]
    .assert_eq(&answer(&sources, "why is /lists of shop slow"));
}
