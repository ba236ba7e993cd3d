//! All surfaces are asked the same question about random requests. Their numbers must equal each
//! other, and those computed here from the requests as they were sent.

use std::collections::BTreeMap;

use coral_store::{Store, StoreConfig};
use coral_trace::{Attributes, Collector, Span, SpanId, SpanKind, StatusCode, UnixNanos};
use proptest::prelude::*;
use tempfile::TempDir;

use super::shop::{NOON, ask, request, shared};
use crate::answer::{English, Findings, RedNumbers, RedTable, TopologyEdge};
use crate::{
    EnglishQuestion, RedProtocol, RedQuestion, RedSide, RedSource, SharedSources, TopologyQuestion,
    TracesQuestion, WhyQuestion,
};

const SECOND: u64 = 1_000_000_000;
const WINDOW: u64 = 600 * SECOND;
/// When the questions are asked. Spans end before noon, when they are received.
const NOW: u64 = NOON - 400 * SECOND;
const SINCE_US: i64 = ((NOW - WINDOW) / 1_000) as i64;
const UNTIL_US: i64 = (NOW / 1_000) as i64 + 1;

/// One request to `front`, which calls `pay` over HTTP and `fraud` over gRPC. `pay` calls a
/// database. Durations are in nanoseconds.
#[derive(Clone, Debug)]
struct Sent {
    id: u64,
    start: u64,
    front: u64,
    /// How long after `start` the first call begins.
    delay: u64,
    /// The call of `pay` as `front` measured it, and as `pay` measured it.
    pay: [u64; 2],
    sql: u64,
    fraud: u64,
    route: bool,
    /// Whether `pay` fails, `front` gives up on `pay`, and the statement fails.
    fails: [bool; 3],
}

impl Sent {
    fn is_in_window(&self) -> bool {
        (SINCE_US..UNTIL_US).contains(&((self.start / 1_000) as i64))
    }

    fn spans(&self, collector: Collector) -> Vec<Span> {
        let Self { id, start, front, delay, pay: [called, served], sql, fraud, route, fails } =
            *self;
        let [fails, gives_up, sql_fails] = fails;
        let http = |route: &'static str, failed: bool| {
            let status = if failed { "503" } else { "200" };
            vec![
                ("http.request.method", "POST"),
                ("http.route", route),
                ("http.response.status_code", status),
            ]
        };
        let sql_attributes = vec![
            ("db.system.name", "postgresql"),
            ("db.operation.name", "SELECT"),
            ("db.collection.name", "cards"),
            ("server.address", "pg"),
        ];
        let grpc = vec![("rpc.system", "grpc"), ("rpc.method", "/fraud.v1/Check")];
        let pay_route = if route { "/charge" } else { "/refund" };
        let (server, client) = (SpanKind::Server, SpanKind::Client);
        // The number of the span, its parent, service, kind, duration, failure and attributes.
        [
            (0, None, "front", server, front, false, http("/checkout", false)),
            (1, Some(0), "front", client, called, fails || gives_up, http(pay_route, fails)),
            (2, Some(1), "pay", server, served, fails, http(pay_route, fails)),
            (3, Some(2), "pay", client, sql, sql_fails, sql_attributes),
            (4, Some(0), "front", client, fraud, false, grpc),
        ]
        .into_iter()
        .map(|(at, parent, service, kind, nanos, failed, attributes)| {
            let start = start + if at == 0 { 0 } else { delay + at * 1_000 };
            let span = request(id, service, "/", 0, 0);
            let span_id = |at: u64| SpanId::try_from(id * 8 + at).unwrap();
            let mut origin = (*span.origin).clone();
            origin.collector = collector;
            let mut status = span.status.clone();
            status.code = if failed { StatusCode::Error } else { StatusCode::Unset };
            Span {
                span_id: span_id(at),
                parent_span_id: parent.map(span_id),
                name: format!("POST {at}"),
                kind,
                start: UnixNanos(start),
                end: UnixNanos(start + nanos),
                attributes: attributes.into_iter().collect::<Attributes>(),
                status,
                origin: origin.into(),
                ..span
            }
        })
        .collect()
    }
}

/// Requests around the window; some run when it begins or ends.
fn sent() -> impl Strategy<Value = Vec<Sent>> {
    let nanos = prop_oneof![4 => 100_000..SECOND, 1 => 1_000..3_000_u64, 3 => SECOND..150 * SECOND];
    let one = (0..WINDOW + 240 * SECOND, nanos, 0..100_u64, any::<bool>(), any::<[bool; 3]>());
    prop::collection::vec(one, 0..40).prop_map(|all| {
        let sent = |(id, (start, sql, percent, route, fails)): (u64, (u64, u64, u64, bool, _))| {
            let of = |nanos: u64| nanos + nanos * percent / 100;
            let served = of(sql) + 10_000;
            let called = of(served) + 10_000;
            let start = NOW - WINDOW - 120 * SECOND + start;
            let (front, fraud) = (sql + of(called) + 10_000, sql + percent * 1_000);
            Sent { id, start, front, delay: sql, pay: [called, served], sql, fraud, route, fails }
        };
        (1..).zip(all).map(sent).collect()
    })
}

/// What every surface must say of some requests.
#[derive(Clone, PartialEq, Debug)]
struct Expected {
    requests: u64,
    errors: u64,
    percentiles: [u64; 3],
}

/// The numbers of requests, each with its duration in nanoseconds and whether it failed; `None`
/// without requests.
fn expected(requests: impl Iterator<Item = (u64, bool)>) -> Option<Expected> {
    let (durations, failed): (Vec<u64>, Vec<bool>) = requests.unzip();
    let mut micros: Vec<u64> = durations.iter().map(|nanos| nanos / 1_000).collect();
    micros.sort_unstable();
    // Nearest rank: the smallest duration that so many percent do not exceed.
    let percentile = |percent: usize| {
        let enough = |micros: &&u64| {
            let within = durations.iter().filter(|nanos| *nanos / 1_000 <= **micros).count();
            within * 100 >= durations.len() * percent
        };
        micros.iter().find(enough).copied()
    };
    let percentiles = [percentile(50)?, percentile(95)?, percentile(99)?];
    let errors = failed.iter().filter(|failed| **failed).count() as u64;
    Some(Expected { requests: durations.len() as u64, errors, percentiles })
}

impl From<&RedNumbers> for Expected {
    fn from(numbers: &RedNumbers) -> Self {
        assert!(numbers.exact);
        let percentiles = [numbers.p50_us, numbers.p95_us, numbers.p99_us];
        let percentiles = percentiles.map(|micros| micros.unwrap() as u64);
        Self { requests: numbers.requests, errors: numbers.errors, percentiles }
    }
}

impl From<&TopologyEdge> for Expected {
    fn from(edge: &TopologyEdge) -> Self {
        assert!(edge.exact);
        let percentiles = [edge.p50_us, edge.p95_us, edge.p99_us];
        Self { requests: edge.calls, errors: edge.errors, percentiles }
    }
}

/// A store with the spans of `sent`, some of them sealed, in the order in which they ended.
fn store(sent: &[Sent], collector: Collector) -> (TempDir, SharedSources) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(StoreConfig { dir: dir.path().to_owned(), segment_rows: 64 }).unwrap();
    let mut spans: Vec<Span> = sent.iter().flat_map(|sent| sent.spans(collector)).collect();
    spans.sort_by_key(|span| span.end);
    for export in spans.chunks(spans.len().div_ceil(2).max(1)) {
        let received = export.iter().map(|span| span.end).max().unwrap();
        store.append(&[export.to_vec()], received).unwrap();
    }
    (dir, shared(store))
}

fn red(service: &str, protocol: RedProtocol, side: RedSide, slow: bool) -> RedQuestion {
    RedQuestion {
        protocol,
        service: service.to_owned(),
        side,
        source: None,
        since_unix_us: SINCE_US,
        until_unix_us: UNTIL_US,
        compare_us: None,
        slow,
        over_us: None,
    }
}

fn overall(table: &RedTable) -> Option<Expected> {
    (table.overall.requests > 0).then(|| Expected::from(&table.overall))
}

fn english(from: &SharedSources, question: &str) -> Findings {
    let question = format!("{question} in the last 10 minutes");
    let answer: English =
        ask(from, &EnglishQuestion { question, now_unix_us: UNTIL_US - 1, tz: String::new() });
    let window = answer.understanding.expect("the question fits the grammar").window;
    assert_eq!((window.since_unix_us, window.until_unix_us), (SINCE_US, UNTIL_US));
    answer.findings
}

/// The rows of an English answer by route; no rows if the answer is about edges, which it is
/// without requests.
fn english_rows(findings: Findings) -> BTreeMap<String, Expected> {
    let Findings::Requests(found) = findings else { return BTreeMap::new() };
    let rows = found.rows.iter();
    rows.map(|row| (row.route.clone().unwrap(), Expected::from(&row.numbers))).collect()
}

fn edge(edges: &[TopologyEdge], from: &str, to: &str) -> Option<Expected> {
    let found = edges.iter().find(|edge| edge.from == from && edge.to.starts_with(to));
    found.map(Expected::from)
}

fn p95_and_traces(from: &SharedSources, service: &str) -> (u64, u64) {
    let question = WhyQuestion {
        service: Some(service.to_owned()),
        since_unix_us: SINCE_US,
        until_unix_us: UNTIL_US,
        baseline_us: UNTIL_US - SINCE_US,
        ..WhyQuestion::default()
    };
    let why = ask(from, &question);
    (why.p95_us as u64, why.traces)
}

/// What every surface must say of the requests of the window.
struct Numbers {
    front: Option<Expected>,
    /// The calls of `pay`, as `front` waited for them.
    called: Option<Expected>,
    served: Option<Expected>,
    sql: Option<Expected>,
    fraud: Option<Expected>,
    by_route: BTreeMap<String, Expected>,
}

impl Numbers {
    fn of(counted: &[&Sent]) -> Self {
        let each = |of: fn(&Sent) -> (u64, bool)| expected(counted.iter().map(|sent| of(sent)));
        let by_route =
            [("/charge", true), ("/refund", false)].into_iter().filter_map(|(route, is)| {
                let of_route = counted.iter().filter(|sent| sent.route == is);
                let numbers = expected(of_route.map(|sent| (sent.pay[1], sent.fails[0])))?;
                Some((route.to_owned(), numbers))
            });
        Self {
            front: each(|sent| (sent.front, false)),
            called: each(|sent| (sent.pay[0], sent.fails[0] || sent.fails[1])),
            served: each(|sent| (sent.pay[1], sent.fails[0])),
            sql: each(|sent| (sent.sql, sent.fails[2])),
            fraud: each(|sent| (sent.fraud, false)),
            by_route: by_route.collect(),
        }
    }
}

/// The tables have the numbers, and the requests at the P95 of each row or above, slowest first.
fn check_tables(from: &SharedSources, counted: &[&Sent], numbers: &Numbers) {
    let (http, grpc, client) = (RedProtocol::Http, RedProtocol::Grpc, RedSide::Client);
    let table = ask(from, &red("pay", http, RedSide::Server, true));
    assert_eq!(overall(&table), numbers.served);
    // Without spans of the window either, the table stays one of metrics.
    let is_empty = numbers.by_route.is_empty();
    assert_eq!(table.source, if is_empty { RedSource::Metrics } else { RedSource::Spans });
    assert!(table.metrics_missing);
    let rows = table.rows.iter();
    let rows: BTreeMap<String, Expected> =
        rows.map(|row| (row.route.clone().unwrap(), Expected::from(&row.numbers))).collect();
    assert_eq!(rows, numbers.by_route);
    let overall_of =
        |service, protocol, side| overall(&ask(from, &red(service, protocol, side, false)));
    assert_eq!(overall_of("front", http, RedSide::Server), numbers.front);
    assert_eq!(overall_of("front", http, client), numbers.called);
    assert_eq!(overall_of("front", grpc, client), numbers.fraud);
    assert_eq!(overall_of("pay", RedProtocol::Sql, client), numbers.sql);
    for row in table.slow.unwrap() {
        let of_row =
            |sent: &&&Sent| row.name == if sent.route { "POST /charge" } else { "POST /refund" };
        let mut slow: Vec<u64> =
            counted.iter().filter(of_row).map(|sent| sent.pay[1] / 1_000).collect();
        slow.sort_unstable_by_key(|micros| std::cmp::Reverse(*micros));
        slow.retain(|micros| *micros as i64 >= row.over_us);
        slow.truncate(5);
        let found: Vec<u64> = row.traces.iter().map(|trace| trace.latency_us as u64).collect();
        assert_eq!((found, row.none_because), (slow, None));
    }
}

fn check_map(from: &SharedSources, traces: u64, numbers: &Numbers) {
    let (since_unix_us, until_unix_us) = (SINCE_US, UNTIL_US);
    let question = TopologyQuestion { since_unix_us, until_unix_us, ..TopologyQuestion::default() };
    let map = ask(from, &question);
    assert_eq!(map.traces, traces);
    assert_eq!(edge(&map.edges, "front", "pay"), numbers.called);
    assert_eq!(edge(&map.edges, "pay", "postgresql"), numbers.sql);
}

fn check_english(from: &SharedSources, numbers: &Numbers) {
    let slowest = english(from, "what are the slowest endpoints of pay");
    assert_eq!(english_rows(slowest), numbers.by_route);
    let mut failing = numbers.by_route.clone();
    failing.retain(|_, numbers| numbers.errors > 0);
    assert_eq!(english_rows(english(from, "show errors in pay")), failing);
    if let Findings::ServiceCalls(found) = english(from, "what calls pay") {
        assert_eq!(edge(&found.callers, "front", "pay"), numbers.called);
        assert_eq!(edge(&found.callees, "pay", "postgresql"), numbers.sql);
    }
    if let Findings::Calls(found) = english(from, "show errors") {
        let failing = numbers.called.clone().filter(|called| called.errors > 0);
        assert_eq!(edge(&found.edges, "front", "pay"), failing);
    }
    if let Findings::Why(found) = english(from, "why is front slow") {
        let requests = found.requests.map(|found| Expected::from(&found.overall));
        assert_eq!(requests, numbers.front);
        let why = (found.why.p95_us as u64, found.why.traces);
        assert_eq!(why, p95_and_traces(from, "front"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn all_surfaces_give_the_numbers_of_what_was_sent(sent in sent(), is_ebpf in any::<bool>()) {
        let collector = if is_ebpf { Collector::Ebpf } else { Collector::Sdk };
        let (_dir, from) = store(&sent, collector);
        let counted: Vec<&Sent> = sent.iter().filter(|sent| sent.is_in_window()).collect();
        let numbers = Numbers::of(&counted);
        check_tables(&from, &counted, &numbers);
        check_map(&from, counted.len() as u64, &numbers);
        check_english(&from, &numbers);
        // Causes: a call takes as long as its caller waited for it.
        for (service, numbers) in [("front", numbers.front), ("pay", numbers.called)] {
            let p95_and_count = numbers.map_or((0, 0), |numbers| (numbers.percentiles[1], numbers.requests));
            prop_assert_eq!(p95_and_traces(&from, service), p95_and_count);
        }
        let list = TracesQuestion {
            service: Some("pay".to_owned()),
            since_unix_us: Some(SINCE_US),
            until_unix_us: Some(UNTIL_US),
            limit: 1_000,
            ..TracesQuestion::default()
        };
        prop_assert_eq!(ask(&from, &list).traces.len(), counted.len());
    }
}

#[test]
fn a_window_that_begins_before_the_stored_data_is_covered_from_there_on() {
    let first = NOW - 100 * SECOND;
    let sent: Vec<Sent> = (1..=5)
        .map(|id| Sent {
            id,
            start: first + (id - 1) * SECOND,
            front: SECOND,
            delay: 0,
            pay: [30_000, 20_000],
            sql: 10_000,
            fraud: 10_000,
            route: true,
            fails: [false; 3],
        })
        .collect();
    let (_dir, from) = store(&sent, Collector::Ebpf);
    let table = ask(&from, &red("front", RedProtocol::Http, RedSide::Server, false));
    // The statement of the first request ended first, so it was received first.
    assert_eq!(table.covered_since_unix_us, (first / 1_000) as i64 + 3);
    let later = RedQuestion {
        since_unix_us: UNTIL_US - 50_000_000,
        ..red("front", RedProtocol::Http, RedSide::Server, false)
    };
    assert_eq!(ask(&from, &later).covered_since_unix_us, later.since_unix_us);
}
