//! Column pages store what pages of spans store, and nothing that cannot be read.

use std::sync::Arc;

use coral_engine::{
    Budget, CheckedColumns, Checkpoint, Columns, ColumnsError, Page, PageColumns, PageContent,
    PageSpan, PageWriter as _,
};
use coral_trace::red::protocol_of_span;
use coral_trace::{Collector, Span, testing};
use proptest::prelude::*;
use tempfile::TempDir;

use super::faults::reopened;
use super::{NOON, span, store, with_attributes};
use crate::disk::Operation;
use crate::disk::faults::{self, EIO, Fault};
use crate::hot::part::TracePart;
use crate::{ColumnPage, PageLimit, Store};

const ALL: PageLimit = PageLimit { spans: 10_000, bytes: 3_500_000 };

/// A store with `spans`, one commit for each of `commits` parts.
fn agent(spans: &[Span], commits: usize) -> (TempDir, Store) {
    let (dir, store) = store();
    for part in spans.chunks(spans.len().div_ceil(commits).max(1)) {
        store.append(&[part.to_vec()], NOON).unwrap();
    }
    (dir, store)
}

fn checkpoint(collector: Collector) -> Checkpoint {
    Checkpoint {
        agent_id: "web-1".to_owned(),
        collector,
        store_id: "s".to_owned(),
        next_receipt: 9,
        spans_stored: 0,
        spans_missed: 0,
    }
}

/// What a colony does with a page of `collector`.
fn take(store: &Store, content: PageContent, collector: Collector) -> (u64, Option<u64>) {
    let page = Page { content, received: NOON, checkpoint: checkpoint(collector) };
    let appended = store.append_pages(vec![page]).remove(0).unwrap();
    assert_eq!(appended.checkpoint.spans_stored, appended.stored);
    (appended.stored, appended.duplicate)
}

fn check(
    store: &Store,
    columns: PageColumns,
    of: Collector,
) -> Result<CheckedColumns, ColumnsError> {
    store.check_columns(columns, of, &mut |_| true)
}

fn column_page(store: &Store, collector: Collector) -> ColumnPage {
    store.column_page(collector, 0, ALL).unwrap().expect("the spans are small")
}

fn all_spans(store: &Store) -> Vec<Span> {
    let all = [Collector::Ebpf, Collector::Sdk].map(|collector| {
        let page = store.spans_after(collector, 0, u32::MAX).unwrap();
        page.spans.into_iter().map(|stored| stored.span)
    });
    let mut all: Vec<Span> = all.into_iter().flatten().collect();
    testing::sort(&mut all);
    all
}

/// The sums of the hot rows of each trace, and the number of rows.
fn parts(store: &Store) -> Vec<(u128, Collector, Arc<TracePart>, usize)> {
    let state = store.0.spans.live.read();
    let mut parts = Vec::new();
    for (trace, hot) in &state.hot.traces {
        for collector in [Collector::Ebpf, Collector::Sdk] {
            let part = hot.of(collector);
            parts.extend(
                part.map(|part| (trace.as_u128(), collector, part.part.clone(), part.rows.len())),
            );
        }
    }
    parts.sort_by_key(|(trace, collector, ..)| (*trace, *collector));
    parts
}

/// Some spans like those of Beyla, and some of any kind.
fn spans() -> impl Strategy<Value = Vec<Span>> {
    let usual = (1..6_u128, 1..40_u64, 0..9_u64, any::<bool>(), 0..4_usize).prop_map(
        |(trace, id, ms, is_root, name)| {
            let name = ["GET /pay", "in queue", "processing", "SELECT cards"][name].to_owned();
            let parent = (!is_root).then_some(1);
            let mut usual = Span { name, ..span(trace, id, parent, ms, ms) };
            if ms.is_multiple_of(3) {
                usual.kind = coral_trace::SpanKind::Internal;
            }
            match ms % 4 {
                0 => with_attributes(usual, vec![("span.metrics.skip", true)]),
                1 => with_attributes(usual, vec![("http.route", "/pay"), ("user", "gold")]),
                2 => with_attributes(usual, vec![("http.response.status_code", 503_i64)]),
                _ => usual,
            }
        },
    );
    let any = prop_oneof![3 => usual.boxed(), 1 => testing::span().boxed()];
    prop::collection::vec(any, 1..30).prop_map(|mut spans| {
        spans.sort_by_key(|span| (span.trace_id, span.span_id));
        spans.dedup_by_key(|span| (span.trace_id, span.span_id));
        spans
    })
}

#[test]
fn pages_of_both_forms_are_committed_together_and_each_fails_alone() {
    let agents = [
        agent(&[span(1, 1, None, 0, 1), span(2, 2, None, 1, 1)], 1),
        agent(&[span(3, 3, None, 2, 1)], 1),
    ];
    for fault in [false, true] {
        let (dir, colony) = store();
        let page = |id: &str, content| {
            let checkpoint = Checkpoint { agent_id: id.to_owned(), ..checkpoint(Collector::Ebpf) };
            Page { content, received: NOON, checkpoint }
        };
        let columns = |(_, agent): &(TempDir, Store)| {
            let columns = column_page(agent, Collector::Ebpf).columns.unwrap();
            PageContent::Columns(check(&colony, columns, Collector::Ebpf).unwrap())
        };
        let foreign = CheckedColumns { rows: Arc::new(()), spans: 1, refused: Default::default() };
        let pages = vec![
            page("a", columns(&agents[0])),
            page("b", PageContent::Spans(vec![span(2, 2, None, 1, 1), span(4, 4, None, 3, 1)])),
            page("c", PageContent::Columns(foreign)),
            page("d", columns(&agents[1])),
        ];
        if fault {
            faults::plan(Some(Operation::Sync), 0, Fault::Fails(EIO));
        }
        let stored: Vec<_> = colony.append_pages(pages).into_iter().map(|page| page.ok()).collect();
        faults::clear();
        let counts: Vec<_> = stored
            .iter()
            .map(|page| page.as_ref().map(|page| (page.stored, page.duplicate)))
            .collect();
        assert_eq!(counts, [Some((2, Some(0))), Some((1, Some(1))), None, Some((1, Some(0)))]);
        let spans = all_spans(&colony);
        assert_eq!(spans.len(), 4);
        let checkpoints = colony.checkpoints();
        assert_eq!(checkpoints.len(), 3);
        let colony = reopened(colony, &dir);
        assert_eq!((all_spans(&colony), colony.checkpoints()), (spans, checkpoints));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn columns_store_what_spans_store(
        spans in spans(), commits in 1..4_usize, is_sealed in any::<bool>(), known in 0..4_usize,
    ) {
        let (_agent_dir, agent) = agent(&spans, commits);
        if is_sealed {
            agent.seal().unwrap();
        }
        let ((dir, by_columns), (_dir, by_spans)) = (store(), store());
        for store in [&by_columns, &by_spans] {
            store.append(&[spans[..known.min(spans.len())].to_vec()], NOON).unwrap();
        }
        for collector in [Collector::Ebpf, Collector::Sdk] {
            let page = column_page(&agent, collector);
            let messages = agent.spans_after(collector, 0, u32::MAX).unwrap();
            prop_assert_eq!(page.spans, messages.spans.len());
            prop_assert_eq!(page.next_receipt, messages.next_receipt);
            prop_assert_eq!(page.last_receipt, messages.last_receipt);
            prop_assert_eq!(page.first_receipt, messages.first_receipt);
            let Some(columns) = page.columns else { continue };
            let checked = check(&by_columns, columns, collector).unwrap();
            prop_assert_eq!(&checked.refused.reason, "");
            prop_assert_eq!(checked.spans, page.spans as u64);
            let sent = messages.spans.into_iter().map(|stored| stored.span).collect();
            prop_assert_eq!(
                take(&by_columns, PageContent::Columns(checked), collector),
                take(&by_spans, PageContent::Spans(sent), collector)
            );
        }
        prop_assert_eq!(all_spans(&by_columns), all_spans(&by_spans));
        prop_assert_eq!(parts(&by_columns), parts(&by_spans));
        prop_assert_eq!(by_columns.extent().spans, by_spans.extent().spans);
        let by_columns = reopened(by_columns, &dir);
        prop_assert_eq!(all_spans(&by_columns), all_spans(&by_spans));
        prop_assert_eq!(parts(&by_columns), parts(&by_spans));
        by_columns.seal().unwrap();
        prop_assert_eq!(all_spans(&by_columns), all_spans(&by_spans));
    }

    #[test]
    fn a_colony_counts_the_same_facts_of_columns_as_of_spans(spans in spans()) {
        let (_dir, agent) = agent(&spans, 1);
        for collector in [Collector::Ebpf, Collector::Sdk] {
            let Some(columns) = column_page(&agent, collector).columns else { continue };
            let mut seen = Vec::new();
            let checked = agent.check_columns(columns, collector, &mut |span| {
                seen.push(format!("{span:?}"));
                span.trace_id.as_u128().is_multiple_of(2)
            });
            let of = |span: &&Span| span.origin.collector == collector;
            let even = |span: &&Span| span.trace_id.as_u128().is_multiple_of(2);
            let kept = spans.iter().filter(of).filter(even).count() as u64;
            prop_assert_eq!(checked.unwrap().spans, kept);
            let expected = spans.iter().filter(of).map(|span| {
                let fact = PageSpan {
                    trace_id: span.trace_id,
                    start: span.start,
                    kind: span.kind,
                    protocol: protocol_of_span(span),
                    trace_state: &span.trace_state,
                    origin: &span.origin,
                };
                format!("{fact:?}")
            });
            let mut expected: Vec<String> = expected.collect();
            seen.sort();
            expected.sort();
            prop_assert_eq!(seen, expected);
        }
    }

    #[test]
    fn changed_bytes_never_panic_and_never_store_what_cannot_be_read(
        spans in spans(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
        is_origin in any::<bool>(),
    ) {
        let (_agent_dir, agent) = agent(&spans, 1);
        let (dir, colony) = store();
        let collector = spans[0].origin.collector;
        let mut columns = column_page(&agent, collector).columns.unwrap();
        for (place, byte) in flips {
            let place = place.index(columns.rows.len());
            columns.rows[place] = byte;
        }
        if let Some(cut) = cut {
            let cut = cut.index(columns.rows.len());
            columns.rows.truncate(cut);
        }
        if is_origin {
            columns.origins[0].pop();
        }
        if let Ok(checked) = check(&colony, columns, collector) {
            let count = checked.spans;
            let (stored, duplicate) = take(&colony, PageContent::Columns(checked), collector);
            prop_assert_eq!(stored + duplicate.unwrap(), count);
            let hot = all_spans(&colony);
            prop_assert_eq!(hot.len() as u64, stored);
            let before = parts(&colony);
            let colony = reopened(colony, &dir);
            prop_assert_eq!(&all_spans(&colony), &hot);
            prop_assert_eq!(parts(&colony), before);
            colony.seal().unwrap();
            prop_assert_eq!(&all_spans(&colony), &hot);
            prop_assert_eq!(colony.extent().damaged, 0);
            let traces: Vec<_> = hot.iter().map(|span| span.trace_id).collect();
            let budget = Budget::unlimited();
            let found = coral_engine::TraceReader::spans_of(&colony, &traces, None, Columns::ALL, 99, &budget);
            prop_assert_eq!(found.unwrap().len(), hot.len());
        }
    }
}
