//! The newest traces are found slice by slice, and are those that a look at every trace finds.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use coral_engine::conformance::NOON;
use coral_engine::{
    Budget, Checkpoint, Page, PageContent, PageWriter, TracePosition, TraceQuery, TraceReader,
};
use coral_trace::{Collector, Span, TimeRange, TraceId, UnixNanos};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::exactly_once::spans;
use super::server::{config, drop_database, shared};
use crate::Cluster;

/// How long the traces are spread over.
const SPREAD: u64 = 30 * 3_600;

/// A span: its trace, when it starts in seconds before noon, and how long after that it is received.
type Place = (u64, u64, u64);

fn made(places: &[Place]) -> Vec<(Span, UnixNanos)> {
    let template = spans(1, 1).remove(0);
    let span = |(number, (trace, before, delay)): (usize, &Place)| {
        let start = NOON.earlier(Duration::from_secs(SPREAD.min(*before)));
        let span = Span {
            trace_id: TraceId::try_from(u128::from(1 + trace)).unwrap(),
            span_id: coral_trace::SpanId::try_from(1 + number as u64).unwrap(),
            start,
            end: start.later(Duration::from_millis(5)),
            ..template.clone()
        };
        (span, start.later(Duration::from_secs(*delay)))
    };
    places.iter().enumerate().map(span).collect()
}

fn store(cluster: &Cluster, mut all: Vec<(Span, UnixNanos)>) {
    all.sort_by_key(|(_, received)| *received);
    let mut checkpoint = Checkpoint {
        agent_id: "web-1".to_owned(),
        collector: Collector::Ebpf,
        store_id: "store".to_owned(),
        next_receipt: 0,
        spans_stored: 0,
        spans_missed: 0,
    };
    for page in all.chunk_by(|one, next| next.1.0 - one.1.0 < 600_000_000_000) {
        checkpoint.next_receipt += page.len() as u64;
        let content = PageContent::Spans(page.iter().map(|(span, _)| span.clone()).collect());
        let page = Page { content, received: page[0].1, checkpoint };
        checkpoint = cluster.append_pages(vec![page]).remove(0).unwrap().checkpoint;
    }
}

/// The ids and the starts of all traces in the query's time, newest first.
fn expected(all: &[(Span, UnixNanos)], query: &TraceQuery) -> Vec<(TraceId, UnixNanos)> {
    let mut starts: BTreeMap<TraceId, UnixNanos> = BTreeMap::new();
    for (span, _) in all {
        let start = starts.entry(span.trace_id).or_insert(span.start);
        *start = span.start.min(*start);
    }
    let mut traces: Vec<(TraceId, UnixNanos)> =
        starts.into_iter().filter(|(_, start)| query.started.contains(*start)).collect();
    traces.sort_by_key(|(id, start)| (Reverse(*start), *id));
    traces
}

#[test]
fn the_newest_traces_are_those_of_all_traces_whatever_the_order_of_receipt() {
    let Some(servers) = shared() else { return };
    // Most spans are received at once, and some hours later.
    let delay = prop_oneof![4 => 0..20_u64, 1 => 0..20_000_u64];
    // Many spans start in the same second, and some traces go on for hours.
    let before = prop_oneof![1 => 0..SPREAD, 2 => 0..900_u64];
    let place = (0..200_u64, before, delay);
    let window = (0..SPREAD, 0..SPREAD);
    let input = (prop::collection::vec(place, 1..300), window, 1..40_u32);
    let property = Config { cases: 6, failure_persistence: None, ..Config::default() };
    let tested = TestRunner::new(property).run(&input, |(places, (since, until), limit)| {
        let cluster = Cluster::open(&config(&servers.urls, servers.urls.len().min(2))).unwrap();
        let all = made(&places);
        store(&cluster, all.clone());
        let at = |before| NOON.earlier(Duration::from_secs(before));
        let window = TimeRange { start: at(since.max(until)), end: at(since.min(until)) };
        for started in [TimeRange::ALL, window] {
            let query = TraceQuery { started, ..TraceQuery::newest(limit) };
            let expected = expected(&all, &query);
            // Page by page, each after the last trace of the page before.
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let page = TraceQuery { after, ..query.clone() };
                let page = cluster.search(&page, &Budget::unlimited()).unwrap();
                found.extend(page.iter().map(|trace| (trace.trace_id, trace.start)));
                after = page.last().map(TracePosition::of);
                if page.len() < limit as usize {
                    break;
                }
            }
            prop_assert_eq!(found, expected);
        }
        // Times side by side, and one of them apart, are searched at once.
        let quarter = |part: u64| TimeRange {
            start: at(SPREAD - part * SPREAD / 8),
            end: at(SPREAD - (part + 1) * SPREAD / 8),
        };
        let queries: Vec<TraceQuery> = [3, 6, 7, 4]
            .map(|part| TraceQuery { started: quarter(part), ..TraceQuery::newest(limit) })
            .into();
        let found = cluster.search_each(&queries, &Budget::unlimited()).unwrap();
        for (query, found) in queries.iter().zip(found) {
            let found: Vec<_> = found.iter().map(|trace| (trace.trace_id, trace.start)).collect();
            let mut expected = expected(&all, query);
            expected.truncate(limit as usize);
            prop_assert_eq!(found, expected);
        }
        drop_database(&cluster);
        Ok(())
    });
    if let Err(error) = tested {
        panic!("{error}");
    }
}
