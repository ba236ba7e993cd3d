//! How a limited reader reads: all pages, no more than it must, and within its budget.

use std::sync::Arc;

use coral_engine::{Columns, EngineError, Order, TraceQuery};
use coral_trace::{TimeRange, TraceId, UnixNanos};

use super::{Agents, Made, OWN, SECOND, sources, store};
use crate::tests::shop::NOON;
use crate::{Budget, BudgetError, SharedSources};

/// One kind of read.
type Read<'a> = dyn Fn(&Budget) -> Result<(), EngineError> + 'a;

/// A trace that another service begins, `at` milliseconds after the first one. An own span of `ms`
/// starts `wait` milliseconds later.
fn shared(trace: u64, at: u64, wait: u64, ms: u64) -> [Made; 2] {
    let made = |id, parent, service, at, ms| Made {
        trace: u128::from(trace),
        id,
        parent,
        service,
        kind: 1,
        at,
        ms,
        fails: false,
        ebpf: false,
        route: 0,
        link: None,
    };
    [made(1, None, 3, at, wait + ms), made(2, Some(1), 0, at + wait, ms)]
}

fn limited(made: &[Made]) -> (tempfile::TempDir, SharedSources) {
    limited_with(10_000, made)
}

fn limited_with(segment_rows: u64, made: &[Made]) -> (tempfile::TempDir, SharedSources) {
    let spans: Vec<_> = made.iter().map(Made::span).collect();
    let (dir, store) = store(segment_rows, &spans, Vec::new(), Vec::new());
    let all = sources(store, Arc::new(Agents));
    (dir, all.limited_to("payments-*,ledger".parse().unwrap()))
}

fn ids(from: &SharedSources, query: &TraceQuery) -> Vec<u64> {
    let found = from.traces.search(query, &Budget::unlimited()).unwrap();
    found.iter().map(|trace| trace.trace_id.as_u128() as u64).collect()
}

/// 700 traces, one a second, of which every tenth has an own span two minutes after its start.
fn many() -> Vec<Made> {
    let late = |number: u64| if number.is_multiple_of(10) { 120_000 } else { 1 };
    (1..=700).flat_map(|n| shared(n, n * 1_000, late(n), 5 + n * 7 % 100)).collect()
}

#[test]
fn a_search_orders_by_own_spans_and_finds_those_that_started_long_after_their_trace() {
    let (_dir, from) = limited(&many());
    let own_start = |n: u64| n * 1_000 + if n.is_multiple_of(10) { 120_000 } else { 1 };
    let mut newest: Vec<u64> = (1..=700).collect();
    newest.sort_by_key(|n| (std::cmp::Reverse(own_start(*n)), *n));
    for limit in [1, 3, 20, 100, 700, 1_000] {
        let expected = &newest[..newest.len().min(limit as usize)];
        assert_eq!(ids(&from, &TraceQuery::newest(limit)), expected, "{limit}");
    }
    let at = |ms: u64| UnixNanos(NOON - 3_600 * SECOND + ms * 1_000_000);
    let started = TimeRange { start: at(200_000), end: at(210_000) };
    let inside: Vec<u64> =
        newest.iter().copied().filter(|n| (200_000..210_000).contains(&own_start(*n))).collect();
    assert_eq!(ids(&from, &TraceQuery { started, ..TraceQuery::newest(100) }), inside);
    let mut slowest: Vec<u64> = (1..=700).collect();
    slowest.sort_by_key(|n| (std::cmp::Reverse((5 + n * 7 % 100, own_start(*n))), *n));
    let order = Order::Slowest;
    assert_eq!(ids(&from, &TraceQuery { order, ..TraceQuery::newest(30) }), slowest[..30]);
}

#[test]
fn a_map_counts_every_page_of_traces() {
    let (_dir, from) = limited(&many());
    let map = from.traces.dependencies(TimeRange::ALL, None, &Budget::unlimited()).unwrap();
    let counts = map.topology().counts;
    assert_eq!((counts.traces, counts.spans, counts.orphans), (700, 700, 700));
}

#[test]
fn a_trace_of_others_costs_what_a_trace_costs_that_is_not_stored() {
    let [other, _] = shared(1, 0, 0, 5);
    let all: Vec<Made> = (1..=2_000).map(|id| Made { id, ..other.clone() }).collect();
    // In memory the sums of a trace are there. From each segment, one row is read in each of three
    // reads, with the places of the spans.
    for (segment_rows, max_rows, max_bytes) in [(10_000, 0, 0), (8, 12, 1 << 15)] {
        let (_dir, from) = limited_with(segment_rows, &all);
        let cost = |id: u128| {
            let budget = Budget::unlimited();
            let id = TraceId::try_from(id).unwrap();
            let found = from.traces.trace(id, None, Columns::ALL, 100_000, &budget).unwrap();
            assert_eq!(found.span_count, 0);
            assert!(!from.traces.contains(id, &budget).unwrap());
            assert_eq!(from.traces.redacted(id, None, 10, &budget).unwrap().count, 0);
            (budget.rows(), budget.bytes())
        };
        let [(rows, bytes), unknown] = [cost(1), cost(2)];
        assert_eq!(unknown, (0, 0));
        assert!(rows <= max_rows && bytes <= max_bytes, "{rows} rows, {bytes} bytes");
    }
}

#[test]
fn reads_end_at_their_deadline_and_at_their_limit_of_rows() {
    let (_dir, from) = limited(&many());
    let late = || Budget::unlimited().with_timeout(std::time::Duration::ZERO);
    let reads: [&Read<'_>; 7] = [
        &|budget| from.traces.search(&TraceQuery::newest(9), budget).map(drop),
        &|budget| from.traces.dependencies(TimeRange::ALL, None, budget).map(drop),
        &|budget| from.traces.services(TimeRange::ALL, budget).map(drop),
        &|budget| from.traces.operations(OWN[0], TimeRange::ALL, budget).map(drop),
        &|budget| from.traces.operations("others", TimeRange::ALL, budget).map(drop),
        &|budget| from.traces.traces_with_prefix("0".parse().unwrap(), 5, budget).map(drop),
        &|budget| {
            let id = TraceId::try_from(7_u128).unwrap();
            from.traces.trace(id, None, Columns::ALL, 5, budget).map(drop)
        },
    ];
    for (at, read) in reads.iter().enumerate() {
        let outcome = read(&late());
        assert!(
            matches!(outcome, Err(EngineError::OverBudget(BudgetError::Deadline))),
            "{at}: {outcome:?}"
        );
    }
    let few = Budget::unlimited().with_max_rows(100);
    let outcome = from.traces.dependencies(TimeRange::ALL, None, &few);
    assert!(matches!(outcome, Err(EngineError::OverBudget(BudgetError::Rows { .. }))));
}

#[test]
fn a_service_is_listed_for_the_times_of_its_own_traces() {
    let (_dir, from) = limited(&many());
    let at = |ms: u64| UnixNanos(NOON - 3_600 * SECOND + ms * 1_000_000);
    let services = |start, end| {
        let started = TimeRange { start: at(start), end: at(end) };
        from.traces.services(started, &Budget::unlimited()).unwrap()
    };
    assert_eq!(services(0, 900_000), [OWN[0].to_owned()].into());
    // Another service began traces then, and the own spans of none of them started.
    assert_eq!(services(500, 1_000), [].into());
    assert_eq!(services(810_000, 830_000), [OWN[0].to_owned()].into());
    assert_eq!(services(830_000, 900_000), [].into());
}
