//! Answers that exceed the size limit.

mod agreement;
mod attributes;
pub(crate) mod beginning;
mod beginning_by_metrics;
mod coverage;
mod failures;
mod find;
mod heatmap;
mod limited;
mod loopback;
mod pages;
mod promql;
mod sampling;
mod sampling_changes;
mod search;
mod series;
mod services;
mod services_by_metrics;
mod slowdown;
mod span;
mod trace_health;
mod traceql;
mod usual;
mod waiting;
mod waterfall;

#[path = "../../../text/tests/shop/mod.rs"]
#[allow(dead_code, reason = "each crate uses a part of the module")]
pub(super) mod shop;

use std::sync::Arc;

use coral_store::{Store, StoreConfig};
use coral_trace::{Origin, Span, SpanId, TraceId, UnixNanos, testing};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

use self::shop::{ask, shared};
use crate::size::MAX_BYTES;
use crate::{SharedSources, Source, TraceQuestion, TracesQuestion};

/// `count` spans with names of 1 MB, starting one microsecond apart. `trace` gives the trace id of
/// each span.
fn sources(dir: &std::path::Path, count: u64, trace: fn(u64) -> u128) -> SharedSources {
    let store = Store::open(StoreConfig { dir: dir.to_owned(), segment_rows: 1_000 });
    let span = testing::span().new_tree(&mut TestRunner::deterministic()).unwrap().current();
    let span = Span { name: "x".repeat(1_000_000), origin: Arc::new(Origin::default()), ..span };
    let spans = (1..=count).map(|id| Span {
        trace_id: TraceId::try_from(trace(id)).unwrap(),
        span_id: SpanId::try_from(id).unwrap(),
        parent_span_id: (id > 1).then(|| SpanId::try_from(1).unwrap()),
        start: UnixNanos(id * 1_000),
        end: UnixNanos(id * 1_000 + 5_000),
        ..span.clone()
    });
    let store = store.unwrap();
    store.append(&[spans.collect()], UnixNanos(1)).unwrap();
    shared(store)
}

#[test]
fn a_trace_over_the_size_limit_is_cut_and_the_answer_counts_the_spans_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let id = "00000000000000000000000000000007".parse().unwrap();
    let question = TraceQuestion { id, source: Source::All, examine: false };
    let trace = ask(&sources(dir.path(), 100, |_| 7), &question);
    let bytes: usize = trace.spans.iter().map(|span| span.span.name.len()).sum();
    assert!((MAX_BYTES / 2..=MAX_BYTES).contains(&bytes), "{bytes}");
    assert_eq!((trace.span_count, trace.duration_us), (100, 104));
    assert_eq!(trace.spans_left_out, 100 - trace.spans.len() as u64);
    assert!(!trace.complete);
}

#[test]
fn a_list_over_the_size_limit_is_cut_and_the_answer_says_that_there_is_more() {
    let dir = tempfile::tempdir().unwrap();
    let sources = sources(dir.path(), 100, u128::from);
    let list = |limit| ask(&sources, &TracesQuestion { limit, ..TracesQuestion::default() });
    let cut = list(100);
    let bytes: usize = cut.traces.iter().map(|trace| trace.root_operation.len()).sum();
    assert!((MAX_BYTES / 2..=MAX_BYTES).contains(&bytes), "{bytes}");
    assert!(cut.more && list(20).more && list(20).traces.len() == 20);
}
