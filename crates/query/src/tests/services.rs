//! The health of services: numbers compared with brute force and with other questions, verdicts of
//! what is failing, slow, gone or not seen.

use std::collections::BTreeMap;

use coral_trace::{Attributes, Collector, Span, SpanKind, StatusCode, TraceId, UnixNanos};
use proptest::prelude::*;
use tempfile::TempDir;

use super::coverage::{Colony, MINUTES, NOW, answered, silent};
use super::shop::{NOON, ask, request};
use crate::answer::{
    CoverageGap, Health, RedNumbers, RequestKind, ServiceNumbers, ServiceState, Services,
    UnknownHealth,
};
use crate::{RedProtocol, RedQuestion, RedSide, RedSource, ServicesQuestion, TracesQuestion};

pub(super) const MINUTE_US: i64 = 60_000_000;
pub(super) const WINDOW_US: i64 = 15 * MINUTE_US;

/// Asks about the last 15 minutes before noon, and as long a time before.
pub(super) fn question(service: Option<&str>) -> ServicesQuestion {
    ServicesQuestion {
        service: service.map(str::to_owned),
        since_unix_us: NOW - WINDOW_US,
        until_unix_us: NOW,
        baseline_us: WINDOW_US,
        find_beginning: false,
        points: 0,
    }
}

pub(super) fn named<'a>(answer: &'a Services, name: &str) -> &'a ServiceState {
    answer.services.iter().find(|of| of.name == name).unwrap()
}

/// A span that serves one request `secs` before noon.
pub(super) fn served(
    id: u64,
    (service, kind): (&str, RequestKind),
    secs: u64,
    ms: u64,
    failed: bool,
) -> Span {
    let attributes: Vec<(&str, &str)> = match kind {
        RequestKind::Http => vec![("http.request.method", "GET"), ("http.route", "/list")],
        RequestKind::Grpc => vec![("rpc.system", "grpc"), ("rpc.method", "/shop.v1/List")],
        RequestKind::Messages | RequestKind::Other => vec![],
    };
    let mut span = request(id, service, "/list", secs, ms);
    span.kind = if kind == RequestKind::Messages { SpanKind::Consumer } else { SpanKind::Server };
    span.attributes = attributes.into_iter().collect::<Attributes>();
    span.status.code = if failed { StatusCode::Error } else { StatusCode::Unset };
    span
}

fn of_collector(mut span: Span, collector: Collector) -> Span {
    let mut origin = (*span.origin).clone();
    origin.collector = collector;
    span.origin = origin.into();
    span
}

/// The sources of a store that received `spans` in the order in which they ended.
fn sources(mut spans: Vec<Span>) -> (TempDir, crate::SharedSources) {
    spans.sort_by_key(|span| span.end);
    super::shop::sources(spans)
}

const SERVICES: [&str; 3] = ["cart", "pay", "stock"];
const KINDS: [RequestKind; 4] =
    [RequestKind::Http, RequestKind::Grpc, RequestKind::Messages, RequestKind::Other];

/// Requests to three services in the last 32 minutes, of every kind, from either collector: the
/// index of the service and of the kind, seconds before noon, milliseconds, and whether it failed.
type Sent = (usize, usize, u64, u64, bool);

fn sent() -> impl Strategy<Value = Vec<Sent>> {
    let one = (0..3_usize, 0..4_usize, 1..1_920_u64, 1..500_u64, any::<bool>());
    prop::collection::vec(one, 0..120)
}

/// The number of requests, of failures, P50 and P95 in microseconds; `None` without requests.
fn brute_force(requests: &[&Sent]) -> Option<(u64, u64, i64, i64)> {
    let mut micros: Vec<i64> = requests.iter().map(|sent| sent.3 as i64 * 1_000).collect();
    micros.sort_unstable();
    let percentile = |percent: usize| {
        let reached = |at: &usize| (at + 1) * 100 >= micros.len() * percent;
        (0..micros.len()).find(reached).map(|at| micros[at])
    };
    let failed = requests.iter().filter(|sent| sent.4).count() as u64;
    Some((requests.len() as u64, failed, percentile(50)?, percentile(95)?))
}

fn numbers(of: &ServiceNumbers) -> (u64, u64, i64, i64) {
    assert!(of.exact && of.beyond_us.is_none());
    (of.requests, of.errors, of.p50_us.unwrap(), of.p95_us.unwrap())
}

fn red_numbers(of: &RedNumbers) -> Option<(u64, u64, i64, i64)> {
    (of.requests > 0).then(|| (of.requests, of.errors, of.p50_us.unwrap(), of.p95_us.unwrap()))
}

/// The numbers of the window and of the baseline, as `coral query beyla http` or `grpc` has them.
fn red(
    from: &crate::SharedSources,
    service: &str,
    protocol: RedProtocol,
) -> [Option<(u64, u64, i64, i64)>; 2] {
    let table = ask(
        from,
        &RedQuestion {
            protocol,
            service: service.to_owned(),
            side: RedSide::Server,
            source: Some(RedSource::Spans),
            since_unix_us: NOW - WINDOW_US,
            until_unix_us: NOW,
            compare_us: Some(WINDOW_US),
            slow: false,
            over_us: None,
        },
    );
    [red_numbers(&table.overall), table.overall_before.as_ref().and_then(red_numbers)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn numbers_of_services_are_those_of_brute_force_and_of_red_tables(
        sent in sent(),
        is_ebpf in any::<bool>(),
    ) {
        let collector = if is_ebpf { Collector::Ebpf } else { Collector::Sdk };
        let spans = (1..).zip(&sent).map(|(id, (service, kind, secs, ms, failed))| {
            let of = (SERVICES[*service], KINDS[*kind]);
            of_collector(served(id, of, *secs, *ms, *failed), collector)
        });
        let (_dir, from) = sources(spans.collect());
        let answer = ask(&from, &question(None));
        let mut found = BTreeMap::new();
        for service in &answer.services {
            for of in &service.requests {
                prop_assert_eq!(of.source, RedSource::Spans);
                let now = (of.now.requests > 0).then(|| numbers(&of.now));
                let before = of.before.as_ref().map(numbers);
                found.insert((service.name.clone(), of.kind), [now, before]);
            }
            let sum = |of: fn(&ServiceNumbers) -> u64| {
                service.requests.iter().map(|kind| of(&kind.now)).sum::<u64>()
            };
            prop_assert_eq!(service.now.requests, sum(|of| of.requests));
            prop_assert_eq!(service.now.errors, sum(|of| of.errors));
            // The stored data begins with the span that ended first.
            let first = sent.iter().min_by_key(|sent| 500_000 - 1_000 * sent.2 as i64 + sent.3 as i64);
            let covered = first.map_or(0, |first| first.2).min(900);
            let rate = service.now.requests as f64 / covered as f64;
            prop_assert!((service.now.requests_per_second - rate).abs() < 1e-9 || covered == 0);
        }
        for (service, name) in SERVICES.into_iter().enumerate() {
            for (kind, of_kind) in KINDS.into_iter().enumerate() {
                let between = |least: u64, most: u64| {
                    let is_in = |one: &&Sent| {
                        (one.0, one.1) == (service, kind) && (least..=most).contains(&one.2)
                    };
                    brute_force(&sent.iter().filter(is_in).collect::<Vec<_>>())
                };
                let expected = [between(1, 900), between(901, 1_800)];
                let of = (name.to_owned(), of_kind);
                prop_assert_eq!(found.get(&of).copied().unwrap_or_default(), expected);
                let protocol = match of_kind {
                    RequestKind::Http => RedProtocol::Http,
                    RequestKind::Grpc => RedProtocol::Grpc,
                    _ => continue,
                };
                prop_assert_eq!(red(&from, name, protocol), expected);
            }
        }
        // One service alone has the same numbers, and its operations and hosts add up to them.
        for state in &answer.services {
            let one = ask(&from, &question(Some(&state.name)));
            let alone = named(&one, &state.name);
            prop_assert_eq!(&alone.requests, &state.requests);
            let detail = one.detail.as_ref().unwrap();
            let operations = detail.operations.iter().map(|of| of.now.requests).sum::<u64>();
            prop_assert_eq!(operations, state.now.requests);
            let groups = &detail.hosts.as_ref().unwrap().groups;
            let spans = groups.iter().map(|group| (group.spans, group.errors));
            let (spans, errors): (Vec<u64>, Vec<u64>) = spans.unzip();
            prop_assert_eq!(spans.iter().sum::<u64>(), state.now.requests);
            prop_assert_eq!(errors.iter().sum::<u64>(), state.now.errors);
        }
    }
}

/// Requests to `service`, one every five seconds of the last 30 minutes, of which those of the
/// window are changed by `change`.
fn steady(first: u64, service: &str, change: impl Fn(u64, &mut Span)) -> Vec<Span> {
    let spans = (0..360).map(|number| {
        let secs = number * 5 + 3;
        let kind = (service, RequestKind::Http);
        let mut span = served(first + number, kind, secs, 20 + number % 7, false);
        if secs <= 900 {
            change(number, &mut span);
        }
        span
    });
    spans.collect()
}

#[test]
fn services_are_sorted_by_what_is_wrong_and_the_numbers_before_are_beside() {
    let fails = |number: u64, span: &mut Span| {
        if number.is_multiple_of(10) {
            span.status.code = StatusCode::Error;
        }
    };
    let slower = |_: u64, span: &mut Span| span.end = UnixNanos(span.end.0 + 50_000_000);
    let mut spans = [
        steady(1_000, "well", |_, _| ()),
        steady(2_000, "failing", fails),
        steady(3_000, "slow", slower),
        steady(4_000, "gone", |_, _| ()),
    ]
    .concat();
    let window = UnixNanos::from_micros(NOW - WINDOW_US);
    spans.retain(|span| span.origin.service_name() != "gone" || span.start < window);
    let (_dir, from) = sources(spans);
    let answer = ask(&from, &question(None));
    let health: Vec<(&str, Health)> =
        answer.services.iter().map(|of| (of.name.as_str(), of.health)).collect();
    assert_eq!(
        health,
        [
            ("failing", Health::Failing),
            ("slow", Health::Slow),
            ("gone", Health::NotSeen),
            ("well", Health::Well),
        ]
    );
    assert!(answer.services.iter().all(|of| !of.is_slow_too));
    let failing = named(&answer, "failing");
    assert_eq!((failing.now.requests, failing.now.errors), (180, 18));
    assert_eq!(failing.before.as_ref().map(|before| before.errors), Some(0));
    let slow = named(&answer, "slow");
    let p95 = [&slow.now, slow.before.as_ref().unwrap()].map(|of| of.p95_us);
    assert_eq!(p95, [Some(76_000), Some(26_000)]);
    let gone = named(&answer, "gone");
    assert_eq!((gone.now.requests, gone.before.as_ref().unwrap().requests), (0, 180));
    assert!(gone.last_seen.unwrap() < UnixNanos::from_micros(NOW - WINDOW_US));
}

#[test]
fn one_operation_that_fails_is_named_where_few_of_all_requests_do() {
    let charge = |number: u64, span: &mut Span| {
        if number == 100 {
            span.attributes =
                [("http.request.method", "POST"), ("http.route", "/charge")].into_iter().collect();
            span.status.code = StatusCode::Error;
        }
    };
    // So many requests that 12 failures are less than 1%.
    let all = (0..12).flat_map(|part| steady(1_000 * (part + 1), "pay", charge));
    let (_dir, from) = sources(all.collect());
    let answer = ask(&from, &question(None));
    let pay = named(&answer, "pay");
    assert_eq!(pay.health, Health::Failing);
    assert_eq!(pay.operation.as_ref().unwrap().name, "POST /charge");
    let detail = ask(&from, &question(Some("pay"))).detail.unwrap();
    let names: Vec<(&str, u64, u64)> = detail
        .operations
        .iter()
        .map(|of| (of.name.as_str(), of.now.requests, of.now.errors))
        .collect();
    assert_eq!(names, [("GET /list", 2_148, 0), ("POST /charge", 12, 12)]);
}

#[test]
fn a_service_that_is_new_or_has_few_requests_is_not_called_well() {
    let new: Vec<Span> = (0..100)
        .map(|number| served(number + 1, ("new", RequestKind::Http), number * 8 + 1, 20, false))
        .collect();
    let rare = (0..19).map(|number| {
        served(number + 1_000, ("rare", RequestKind::Http), number * 40 + 1, 20, false)
    });
    let mut client = request(5_000, "client", "/", 5, 3);
    client.kind = SpanKind::Client;
    let (_dir, from) = sources(new.into_iter().chain(rare).chain([client]).collect());
    let answer = ask(&from, &question(None));
    let why = |name: &str| {
        let service = named(&answer, name);
        assert_eq!(service.health, Health::Unknown);
        service.unknown_because.unwrap()
    };
    assert_eq!(why("new"), UnknownHealth::NoBaseline);
    assert_eq!(why("rare"), UnknownHealth::FewRequests);
    assert_eq!(why("client"), UnknownHealth::NoRequests);
    assert!(answer.stored_since.is_some());
}

#[test]
fn services_of_an_agent_that_is_unreachable_are_unknown_and_nothing_else_is() {
    let colony = Colony::new(|_| 20, |minutes, _| minutes >= 30);
    colony.record("web-2", "stock", 0..MINUTES, |minutes| match minutes {
        0..30 => silent(30),
        _ => answered(MINUTES, minutes),
    });
    colony.record("web-2", "cart", 0..MINUTES, |minutes| match minutes {
        0..30 => silent(30),
        _ => answered(MINUTES, minutes),
    });
    let ask = |service| {
        let question = ServicesQuestion { baseline_us: 60 * MINUTE_US, ..question(service) };
        super::beginning::ask(&colony.store, None, &question)
    };
    let answer = ask(None);
    // No span of this service is stored: only the timeline knows it.
    let cart = named(&answer, "cart");
    assert_eq!((cart.unknown_because, cart.last_seen), (Some(UnknownHealth::Coverage), None));
    let alone = ask(Some("stock")).services;
    assert_eq!(alone.iter().map(|of| of.name.as_str()).collect::<Vec<_>>(), ["stock"]);
    assert_eq!(named(&answer, "shop").health, Health::Well);
    let stock = named(&answer, "stock");
    assert_eq!(
        (stock.health, stock.unknown_because),
        (Health::Unknown, Some(UnknownHealth::Coverage))
    );
    let gaps: Vec<CoverageGap> = answer.coverage.iter().map(|gap| gap.gap).collect();
    assert_eq!(gaps, [CoverageGap::Unreachable]);
}

#[test]
fn one_of_a_thousand_more_slow_requests_makes_no_service_slow_whatever_their_number() {
    // Of 16,200 requests each, 4.9% took 90 ms before, and 5.1% do now.
    let one = served(1, ("pay", RequestKind::Http), 0, 0, false);
    let spans = (0..32_400_u64).map(|number| {
        let secs = 1 + number / 18;
        let is_tail = number * 7 % 1_000 < if secs <= 900 { 51 } else { 49 };
        let start = UnixNanos(NOON - secs * 1_000_000_000);
        let ms = if is_tail { 90 } else { 20 };
        Span {
            trace_id: TraceId::try_from(u128::from(number + 1)).unwrap(),
            start,
            end: UnixNanos(start.0 + ms * 1_000_000),
            ..one.clone()
        }
    });
    let (_dir, from) = sources(spans.collect());
    let answer = ask(&from, &question(None));
    let pay = named(&answer, "pay");
    let p95 = [&pay.now, pay.before.as_ref().unwrap()].map(|of| of.p95_us);
    assert_eq!((p95, pay.health), ([Some(90_000), Some(20_000)], Health::Well));
}

#[test]
fn a_caller_that_stopped_is_still_shown_with_its_calls_before() {
    let mut spans = Vec::new();
    for number in 1..=360 {
        let secs = number * 5;
        let root = request(number, "shop", "/list", secs, 30);
        let [client, server] = super::beginning::call(&root, 20);
        spans.extend(if secs > 900 { vec![root, client, server] } else { vec![root] });
    }
    let (_dir, from) = sources(spans);
    let callers = ask(&from, &question(Some("stock"))).detail.unwrap().callers;
    assert_eq!(callers.len(), 1, "{callers:?}");
    assert_eq!((callers[0].edge.from.as_str(), callers[0].edge.calls), ("shop", 0));
    assert_eq!(callers[0].before.as_ref().unwrap().calls, 180);
}

#[test]
fn the_hosts_of_a_service_are_those_of_its_spans_and_have_the_numbers_of_groups() {
    let on_host = |number: u64, span: &mut Span| {
        let mut origin = (*span.origin).clone();
        let host = if number.is_multiple_of(3) { "web-1" } else { "web-2" };
        origin.resource.attributes =
            [("service.name", "pay"), ("host.name", host), ("service.version", "1.2")]
                .into_iter()
                .collect();
        span.origin = origin.into();
    };
    let (_dir, from) = sources(steady(1, "pay", on_host));
    let answer = ask(&from, &question(Some("pay")));
    let pay = named(&answer, "pay");
    assert_eq!(
        (&pay.hosts.values[..], pay.hosts.count),
        (&["web-1".into(), "web-2".into()][..], 2)
    );
    assert_eq!((&pay.versions.values[..], pay.instances.count), (&["1.2".into()][..], 0));
    let list = TracesQuestion {
        q: "service:pay kind:server".to_owned(),
        by: "host.name".to_owned(),
        since_unix_us: Some(NOW - WINDOW_US),
        until_unix_us: Some(NOW),
        ..TracesQuestion::default()
    };
    let groups = ask(&from, &list).groups.unwrap().groups;
    assert_eq!(answer.detail.unwrap().hosts.unwrap().groups, groups);
    // A key that no span has is told with the nearest.
    let unmatched = ask(&from, &TracesQuestion { by: "host".to_owned(), ..list }).unmatched;
    assert_eq!((unmatched.len(), &unmatched[0].similar[..]), (1, &["host.name".to_owned()][..]));
}

#[test]
fn an_unknown_name_has_no_service_and_suggests_the_nearest() {
    let (_dir, from) = sources(steady(1, "payments", |_, _| ()));
    let answer = ask(&from, &question(Some("payment")));
    assert_eq!((answer.services.len(), answer.did_you_mean), (0, vec!["payments".to_owned()]));
}
