//! Every read ends when its budget is exhausted or cancelled.

use std::collections::BTreeSet;

use coral_trace::red::Protocol;
use coral_trace::{Collector, TimeRange};

use super::spans::span;
use super::{Subject, append};
use crate::filter::{Comparison, Field, Literal, SpanField};
use crate::{
    Budget, BudgetError, Columns, DeltaQuery, Engine, EngineError, Filter, MetricReader, TraceQuery,
};

/// Every reader returns the right error when its budget is cancelled, has passed its deadline, or
/// allows fewer rows than the reader needs.
pub fn every_reader_ends_with_its_budget<S: Subject>() {
    let subject = S::new();
    for is_sealed in [false, true] {
        let first = if is_sealed { 1 } else { 1_000 };
        let spans = (first..first + 100).map(|id| span(7, id, None, id, 1));
        append(subject.engine(), spans.collect()).expect("a page is stored");
        if is_sealed {
            subject.seal();
        }
        for (reader, read) in readers() {
            let ask = |budget: &Budget| match read(subject.engine(), budget) {
                Err(EngineError::OverBudget(error)) => Some(error),
                Err(other) => panic!("{reader}: {other}"),
                Ok(()) => None,
            };
            assert_eq!(ask(&Budget::unlimited()), None, "{reader}");
            let cancelled = Budget::unlimited();
            cancelled.cancel_on_drop().cancel();
            assert_eq!(ask(&cancelled), Some(BudgetError::Cancelled), "{reader}");
            let late = Budget::unlimited().with_timeout(std::time::Duration::ZERO);
            assert_eq!(ask(&late), Some(BudgetError::Deadline), "{reader}");
            let small = Budget::unlimited().with_max_rows(10);
            if reads_many_rows(reader, is_sealed) {
                assert_eq!(ask(&small), Some(BudgetError::Rows { limit: 10 }), "{reader}");
            }
        }
    }
}

type Read = fn(&dyn Engine, &Budget) -> Result<(), EngineError>;

/// Whether a reader needs more than ten rows to read a trace with a hundred spans. A service map may be
/// made of sums of sealed spans.
fn reads_many_rows(reader: &str, is_sealed: bool) -> bool {
    if reader == "dependencies" {
        return !is_sealed;
    }
    !["services", "search", "contains", "traces with a prefix", "oldest start", "agent minutes"]
        .contains(&reader)
}

/// All readers of spans, by name.
fn readers() -> [(&'static str, Read); 12] {
    [
        ("trace", |engine, budget| {
            engine.trace(one(), None, Columns::CORE, 1_000, budget).map(drop)
        }),
        ("spans of traces", |engine, budget| {
            engine.spans_of(&[one()], None, Columns::ALL, 1_000, budget).map(drop)
        }),
        ("search", |engine, budget| engine.search(&TraceQuery::newest(10), budget).map(drop)),
        ("search with a filter", |engine, budget| {
            let name = Field::Span(SpanField::Name);
            let value = Literal::Text("GET /".to_owned());
            let filter = Filter::Compare { field: name, op: Comparison::Greater, value };
            let query = TraceQuery { filter: Some(filter), ..TraceQuery::newest(10) };
            engine.search(&query, budget).map(drop)
        }),
        ("contains", |engine, budget| engine.contains(one(), budget).map(drop)),
        ("traces with a prefix", |engine, budget| {
            let prefix = one().to_string()[..4].parse().expect("it is a prefix");
            engine.traces_with_prefix(prefix, 10, budget).map(drop)
        }),
        ("oldest start", |engine, budget| engine.oldest_start(Collector::Ebpf, budget).map(drop)),
        ("services", |engine, budget| engine.services(TimeRange::ALL, budget).map(drop)),
        ("operations", |engine, budget| {
            engine.operations("shop", TimeRange::ALL, budget).map(drop)
        }),
        ("dependencies", |engine, budget| {
            engine.dependencies(TimeRange::ALL, None, budget).map(drop)
        }),
        ("spans that ended", |engine, budget| {
            let all = TimeRange::ALL;
            let shop = BTreeSet::from(["shop".to_owned()]);
            engine.spans_ended(&shop, Collector::Ebpf, &[], all, budget, &mut |_| ())
        }),
        ("agent minutes", |engine, budget| engine.agent_minutes(TimeRange::ALL, budget).map(drop)),
    ]
}

fn one() -> coral_trace::TraceId {
    span(7, 1, None, 0, 1).trace_id
}

/// A reader of metrics ends when its budget allows no rows, or is cancelled. The engine of
/// `subject` must hold HTTP metrics.
pub fn a_reader_of_metrics_ends_with_its_budget<S: Subject>(subject: &S) {
    let wanted = DeltaQuery::all(Protocol::Http, TimeRange::ALL);
    let ask = |budget: &Budget| subject.engine().deltas(&wanted, budget, &mut |_| ());
    ask(&Budget::unlimited()).expect("rows are read");
    let none = Budget::unlimited().with_max_rows(0);
    assert!(matches!(ask(&none), Err(EngineError::OverBudget(BudgetError::Rows { limit: 0 }))));
    let cancelled = Budget::unlimited();
    cancelled.cancel_on_drop().cancel();
    assert!(matches!(ask(&cancelled), Err(EngineError::OverBudget(BudgetError::Cancelled))));
}
