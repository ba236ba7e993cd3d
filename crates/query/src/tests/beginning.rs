//! The default question: when a change began, and what an agent that cannot be read does to it.

use std::time::Duration;

use coral_engine::{Checkpoint, Page, PageContent, PageWriter as _, TraceReader as _};
use coral_store::{Store, StoreConfig};
use coral_trace::{Attributes, Collector, Span, SpanId, SpanKind, UnixNanos};
use tempfile::TempDir;

use super::shop::{NOON, request};
use crate::answer::{ColonyStatus, Coverage, CoverageGap, LeftOut, Reason, Verdict, Why};
use crate::{AnomaliesQuestion, Ask, Budget, FleetState, Sources, WhyQuestion};

pub(super) const MINUTE_US: i64 = 60_000_000;
const MINUTES: u64 = 180;

/// A call of `stock` by the request `id`, seen by both: the client span, and the server span.
pub(crate) fn call(request: &Span, ms: u64) -> [Span; 2] {
    let id = request.span_id.as_u64();
    let attributes = [("http.request.method", "GET"), ("server.address", "stock")];
    let span = |add: u64, parent: u64, kind, from: &Span| Span {
        span_id: SpanId::try_from(add + id).unwrap(),
        parent_span_id: SpanId::try_from(parent).ok(),
        kind,
        trace_id: request.trace_id,
        start: UnixNanos(request.start.0 + 1_000_000),
        end: UnixNanos(request.start.0 + ms * 1_000_000),
        attributes: attributes.into_iter().collect::<Attributes>(),
        ..from.clone()
    };
    let other = super::shop::request(id, "stock", "/stock", 0, 0);
    let client = span(1_000_000, id, SpanKind::Client, request);
    let server = span(2_000_000, 1_000_000 + id, SpanKind::Server, &other);
    [client, server]
}

/// One agent of two is unreachable, or none is.
struct Fleet {
    answered: Option<UnixNanos>,
}

impl FleetState for Fleet {
    fn status(&self, _: UnixNanos) -> ColonyStatus {
        let agent = |answered: UnixNanos| {
            serde_json::from_value(serde_json::json!({
                "agent_id": "web-2", "address": "", "known_by": "registered", "state": "unreachable",
                "answered_at_unix_us": answered.as_micros(), "reachable": false,
                "lag_receipts": null, "lag_seconds": null, "last_error": null,
                "spans_stored": 0, "spans_missed": 0,
            }))
            .unwrap()
        };
        let agents = self.answered.map(agent).into_iter().collect();
        ColonyStatus { agents, ..ColonyStatus::default() }
    }
}

/// A store with six requests a minute; `stock` takes `ms` milliseconds by the minutes before noon,
/// and its spans are from the agent `web-2`, as long as `is_seen`.
fn store(ms: impl Fn(u64) -> u64, is_seen: impl Fn(u64) -> bool) -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let config = StoreConfig { dir: dir.path().to_owned(), segment_rows: 10_000 };
    let store = Store::open(config).unwrap();
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for number in 1..=6 * MINUTES {
        let secs = 10 * number;
        let took = 10 + number % 5 + ms(secs / 60);
        let request = request(number, "shop", "/list", secs, took + 5 + number % 7);
        let [client, server] = call(&request, took);
        first.extend([request, client]);
        second.extend(Some(server).filter(|_| is_seen(secs / 60)));
    }
    let pages = [("web-1", first), ("web-2", second)].map(|(agent, spans)| Page {
        checkpoint: Checkpoint {
            agent_id: agent.to_owned(),
            collector: Collector::Sdk,
            store_id: agent.to_owned(),
            next_receipt: spans.len() as u64,
            spans_stored: 0,
            spans_missed: 0,
        },
        content: PageContent::Spans(spans),
        received: UnixNanos(NOON),
    });
    store.append_pages(pages.into()).into_iter().for_each(|page| drop(page.unwrap()));
    (dir, store)
}

pub(super) fn ask<Q: Ask>(store: &Store, answered: Option<u64>, question: &Q) -> Q::Answer {
    let minutes_ago = |minutes| UnixNanos(NOON).earlier(Duration::from_secs(60 * minutes));
    let fleet = Fleet { answered: answered.map(minutes_ago) };
    let sources = Sources { traces: store, metrics: store, fleet: &fleet, now: UnixNanos(NOON) };
    question.answer(&sources, &Budget::unlimited()).unwrap()
}

fn why(store: &Store, answered: Option<u64>, find_beginning: bool) -> Why {
    let now = (NOON / 1_000) as i64;
    let question = WhyQuestion {
        since_unix_us: now - 15 * MINUTE_US,
        until_unix_us: now,
        baseline_us: 60 * MINUTE_US,
        find_beginning,
        ..WhyQuestion::default()
    };
    ask(store, answered, &question)
}

pub(super) fn minutes_ago(began: Option<UnixNanos>) -> Option<i64> {
    began.map(|began| (UnixNanos(NOON).since(began).as_secs_f64() / 60.0).round() as i64)
}

#[test]
fn the_traces_since_the_beginning_are_compared_with_those_before_it_at_every_age() {
    for age in [4, 25, 90] {
        let (_dir, store) = store(|ago| if ago < age { 200 } else { 0 }, |_| true);
        let found = why(&store, None, true);
        let began = minutes_ago(found.began);
        assert!(began.is_some_and(|began| (began - age as i64).abs() <= 1), "{age}: {began:?}");
        assert_eq!(found.verdict, Verdict::Cause, "{age}: {:?}", found.because);
        assert_eq!(found.ranking[0].service, "stock", "{age}");
    }
}

#[test]
fn a_baseline_before_the_first_stored_span_says_since_when_spans_are_stored() {
    let (_dir, store) = store(|_| 0, |_| true);
    let now = (NOON / 1_000) as i64;
    let oldest = store.oldest_start(Collector::Sdk, &Budget::unlimited()).unwrap();
    assert!(oldest.is_some());
    for (since, expected) in [(200, oldest), (60, None)] {
        let (since_unix_us, baseline_us) = (now - since * MINUTE_US, 60 * MINUTE_US);
        let question =
            WhyQuestion { since_unix_us, until_unix_us: now, baseline_us, ..Default::default() };
        let found = ask(&store, None, &question);
        assert_eq!(found.stored_since, expected, "{since}");
        let question = AnomaliesQuestion {
            since_unix_us,
            until_unix_us: now,
            baseline_us,
            find_beginning: false,
        };
        assert_eq!(ask(&store, None, &question).stored_since, expected, "{since}");
    }
}

#[test]
fn a_window_that_was_given_is_compared_as_it_is() {
    let (_dir, store) = store(|ago| if ago < 45 { 200 } else { 0 }, |_| true);
    let found = why(&store, None, false);
    assert_eq!((found.began, found.traces, found.baseline_traces), (None, 90, 360));
}

#[test]
fn without_a_change_the_window_is_the_one_that_was_given() {
    let (_dir, store) = store(|_| 0, |_| true);
    let found = why(&store, None, true);
    assert_eq!((found.began, found.traces, found.baseline_traces), (None, 90, 360));
    assert_eq!(found.verdict, Verdict::NoCause);
}

#[test]
fn an_agent_that_is_unreachable_is_no_cause_and_the_answer_says_since_when() {
    let (_dir, store) = store(|_| 0, |ago| ago >= 10);
    let question = |find_beginning| {
        let now = (NOON / 1_000) as i64;
        AnomaliesQuestion {
            since_unix_us: now - 10 * MINUTE_US,
            until_unix_us: now,
            baseline_us: 60 * MINUTE_US,
            find_beginning,
        }
    };
    let expected = Coverage {
        agent_id: "web-2".to_owned(),
        gap: CoverageGap::Unreachable,
        since: Some(UnixNanos(NOON).earlier(Duration::from_secs(600))),
        until: None,
        services: vec!["stock".to_owned()],
        left_out: LeftOut::Spans,
        services_cut: false,
        traces_affected: 60,
        sampling: None,
    };
    for find_beginning in [true, false] {
        let found = why(&store, Some(10), find_beginning);
        // Of 90 traces, 60 started since then, and one shortly before.
        let coverage = Coverage { traces_affected: 61, ..expected.clone() };
        assert_eq!((found.began, &found.coverage), (None, &vec![coverage]));
        let completeness = 29.0 / 90.0;
        assert_eq!(found.completeness, completeness);
        assert_eq!(found.because, Reason::TornTraces { completeness });
        assert_eq!(found.verdict, Verdict::NotEnoughEvidence);
        let found = ask(&store, Some(10), &question(find_beginning));
        assert_eq!((found.anomalies, found.coverage), (vec![], vec![expected.clone()]));
    }
    // The same spans with an agent that answers are a change.
    assert_ne!(ask(&store, None, &question(false)).anomalies, vec![]);
}

#[test]
fn an_agent_that_joined_is_no_cause_and_the_answer_says_when() {
    let (_dir, store) = store(|_| 0, |ago| ago < 10);
    let found = why(&store, None, true);
    assert_eq!((found.verdict, found.began), (Verdict::NoCause, None), "{:?}", found.because);
    let gap = &found.coverage[0];
    assert_eq!((gap.gap, minutes_ago(gap.since)), (CoverageGap::Joined, Some(10)));
}

#[test]
fn the_traces_of_a_service_whose_agent_is_unreachable_are_still_compared() {
    let (_dir, store) = store(|ago| if ago < 45 { 200 } else { 0 }, |ago| ago >= 10);
    let now = (NOON / 1_000) as i64;
    let question = WhyQuestion {
        service: Some("stock".to_owned()),
        since_unix_us: now - 45 * MINUTE_US,
        until_unix_us: now,
        baseline_us: 60 * MINUTE_US,
        ..WhyQuestion::default()
    };
    let found = ask(&store, Some(10), &question);
    assert_eq!(found.verdict, Verdict::Cause, "{:?}", found.because);
}
