//! A search of many segments, on all cores or together with others, finds what a search of one does.

use coral_engine::{
    Budget, BudgetError, EngineError, Order, TracePosition, TraceQuery, TraceReader,
};
use coral_trace::{Span, TimeRange, UnixNanos};
use proptest::prelude::*;
use tempfile::TempDir;

use super::{NOON, failed, of_service, span, store, with_attributes};
use crate::Store;

/// A span by what the tests choose of it: its trace, start, duration, service, and whether it failed.
type Chosen = (u128, u64, u64, u8, bool);

fn chosen() -> impl Strategy<Value = Vec<Chosen>> {
    prop::collection::vec((1..60_u128, 0..2_000_u64, 0..50_u64, 0..6_u8, any::<bool>()), 1..160)
}

fn spans(chosen: &[Chosen]) -> Vec<Span> {
    let span = |(id, &(trace, at, ms, service, fails)): (u64, &Chosen)| {
        let made = of_service(span(trace, id, None, at, ms), &format!("service-{service}"));
        let tier = if service == 3 { "gold" } else { "usual" };
        let made = with_attributes(made, vec![("user.tier", tier), ("http.route", tier)]);
        if fails { failed(made) } else { made }
    };
    (1..).zip(chosen).map(span).collect()
}

/// A store with `spans` in segments of `each` spans; the last of them stay in memory.
fn sealed(spans: &[Span], each: usize) -> (TempDir, Store) {
    let (dir, store) = store();
    let mut parts = spans.chunks(each).peekable();
    while let Some(part) = parts.next() {
        store.append(&[part.to_vec()], NOON).unwrap();
        if parts.peek().is_some() {
            store.seal().unwrap();
        }
    }
    (dir, store)
}

fn queries() -> Vec<TraceQuery> {
    let at = |ms: u64| UnixNanos(NOON.0 + ms * 1_000_000);
    let started = |from: u64, until: u64| TimeRange { start: at(from), end: at(until) };
    let newest = TraceQuery::newest;
    let services = vec!["service-2".to_owned()];
    let gold = |key: &str| vec![(key.to_owned(), "gold".to_owned())];
    let mut all = Vec::new();
    for limit in [0, 1, 3, 20, 1_000] {
        all.extend([
            newest(limit),
            TraceQuery { order: Order::Slowest, ..newest(limit) },
            TraceQuery { started: started(500, 1_200), ..newest(limit) },
            TraceQuery { services: services.clone(), ..newest(limit) },
            TraceQuery { services: services.clone(), order: Order::Slowest, ..newest(limit) },
            TraceQuery { attributes: gold("user.tier"), ..newest(limit) },
            TraceQuery { attributes: gold("http.route"), failed: Some(true), ..newest(limit) },
        ]);
    }
    all
}

fn search(store: &Store, query: &TraceQuery) -> Vec<coral_engine::TraceSummary> {
    TraceReader::search(store, query, &Budget::unlimited()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn many_segments_have_the_answers_of_one(chosen in chosen()) {
        let spans = spans(&chosen);
        let (_one, whole) = sealed(&spans, usize::MAX);
        let (_many, parts) = sealed(&spans, 1 + spans.len() / 12);
        for query in queries() {
            prop_assert_eq!(search(&parts, &query), search(&whole, &query), "{:?}", query);
        }
    }

    #[test]
    fn searches_that_are_asked_together_find_what_each_finds_alone(chosen in chosen()) {
        let spans = spans(&chosen);
        let (_dir, store) = sealed(&spans, 1 + spans.len() / 5);
        let mut queries = queries();
        // The next page of each, too.
        for query in queries.clone() {
            let last = search(&store, &query).last().cloned();
            let after = last.map(|trace| TracePosition {
                start: trace.start,
                duration_us: trace.duration_us,
                trace_id: trace.trace_id,
            });
            queries.push(TraceQuery { after, ..query });
        }
        let together = store.search_each(&queries, &Budget::unlimited()).unwrap();
        prop_assert_eq!(together.len(), queries.len());
        for (query, found) in queries.iter().zip(together) {
            prop_assert_eq!(found, search(&store, query), "{:?}", query);
        }
    }
}

#[test]
fn a_search_on_all_cores_ends_when_nobody_waits_for_it() {
    let all: Vec<Span> = (1..=40).map(|id| span(id.into(), id, None, id, 5)).collect();
    let (_dir, store) = sealed(&all, 4);
    let slowest = TraceQuery { order: Order::Slowest, ..TraceQuery::newest(20) };
    let budget = Budget::unlimited();
    budget.cancel_on_drop().cancel();
    for found in [
        TraceReader::search(&store, &slowest, &budget),
        store.search_each(std::slice::from_ref(&slowest), &budget).map(|found| found.concat()),
    ] {
        assert!(matches!(found, Err(EngineError::OverBudget(BudgetError::Cancelled))), "{found:?}");
    }
}
