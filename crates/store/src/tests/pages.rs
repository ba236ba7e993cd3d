//! Pages of several agents, each stored with its checkpoint or failing alone; and pages that are
//! read.

use coral_engine::{Budget, Checkpoint, Page, PageContent, PageWriter};
use coral_trace::{Collector, Span};

use super::faults::{attributed, reopened};
use super::{NOON, append_page, span, store, trace_id};
use crate::PageLimit;
use crate::disk::Operation;
use crate::disk::faults::{self, EIO, Fault};
use crate::read::page::{self, Wanted};

#[test]
fn concurrent_pages_of_many_agents_are_each_stored_with_their_checkpoint_even_if_a_sync_fails() {
    let (dir, store) = store();
    std::thread::scope(|threads| {
        for agent in 1..=8_u64 {
            let store = &store;
            threads.spawn(move || {
                let mut place = Checkpoint {
                    agent_id: format!("web-{agent}"),
                    collector: Collector::Ebpf,
                    store_id: "s".into(),
                    next_receipt: 0,
                    spans_stored: 0,
                    spans_missed: 0,
                };
                for id in 1..=10 {
                    place.next_receipt = id;
                    let page = || vec![attributed(agent, id)];
                    if id == agent {
                        faults::plan(Some(Operation::Sync), 0, Fault::Fails(EIO));
                    }
                    while append_page(store, page(), &mut place).is_err() {}
                }
                assert_eq!(place.spans_stored, 10);
            });
        }
    });
    let places = store.checkpoints();
    let store = reopened(store, &dir);
    assert_eq!(store.checkpoints(), places);
    assert!(places.iter().all(|place| (place.next_receipt, place.spans_stored) == (10, 10)));
    let page = store.spans_after(Collector::Ebpf, 0, u32::MAX).unwrap();
    assert_eq!(page.spans.len(), 80);
    for stored in page.spans {
        let trace = stored.span.trace_id.as_u128();
        assert_eq!(*stored.agent_id, format!("web-{trace}"));
        assert_eq!(stored.span, attributed(trace as u64, stored.span.span_id.as_u64()));
    }
}

/// A page of `agent` with one new span of the trace `agent`.
fn one_span_page(agent: u64) -> Page {
    let checkpoint = Checkpoint {
        agent_id: format!("web-{agent}"),
        collector: Collector::Ebpf,
        store_id: "s".into(),
        next_receipt: 1,
        spans_stored: 0,
        spans_missed: 0,
    };
    let content = PageContent::Spans(vec![attributed(agent, 1)]);
    Page { content, received: NOON, checkpoint }
}

#[test]
fn a_page_that_cannot_be_stored_does_not_prevent_other_pages_of_the_call() {
    let (dir, store) = store();
    let ends = |pages: Vec<Page>| -> Vec<bool> {
        store.append_pages(pages).iter().map(Result::is_ok).collect()
    };
    let mut failed_alone = Vec::new();
    for syncs in 1..12 {
        // The commit of all three pages fails, and so does a later sync, usually that of one page
        // alone.
        faults::plan(Some(Operation::Sync), 0, Fault::Fails(EIO));
        faults::plan(Some(Operation::Sync), syncs, Fault::Fails(EIO));
        let first = 3 * syncs;
        let stored = ends((first..first + 3).map(one_span_page).collect());
        faults::clear();
        let lost = stored.iter().filter(|stored| !**stored).count();
        assert!(lost <= 1, "one fault cost {lost} pages");
        failed_alone.push(stored.iter().position(|stored| !*stored));
        let checkpoints = store.checkpoints();
        for (agent, is_stored) in (first..).zip(stored) {
            let id = format!("web-{agent}");
            let has_checkpoint = checkpoints.iter().any(|checkpoint| checkpoint.agent_id == id);
            assert_eq!(has_checkpoint, is_stored, "{id}");
            let trace = trace_id(agent.into());
            assert_eq!(store.contains(trace).unwrap(), is_stored, "{id}");
        }
    }
    faults::clear();
    for position in [Some(0), Some(1), Some(2), None] {
        assert!(failed_alone.contains(&position), "{failed_alone:?}");
    }
    let checkpoints = store.checkpoints();
    assert_eq!(reopened(store, &dir).checkpoints(), checkpoints);
}

/// A span whose row takes about `bytes` bytes.
fn big_span(id: u64, bytes: usize) -> Span {
    super::with_attributes(
        span(id.into(), id, None, id, 1),
        vec![("payload", "x".repeat(bytes).as_str())],
    )
}

const PAGE: usize = 1 << 16;

#[test]
fn a_page_of_big_spans_reads_about_as_many_rows_as_it_has() {
    for sealed in [false, true] {
        let (_dir, store) = store();
        for first in [1, 21] {
            let spans = (first..first + 20).map(|id| big_span(id, PAGE / 4));
            store.append(&[spans.collect()], NOON).unwrap();
        }
        if sealed {
            store.seal().unwrap();
        }
        let live = &store.0.spans.live;
        let wanted = Wanted {
            kinds: &[],
            collector: Some(Collector::Ebpf),
            services: None,
            columns: coral_engine::Columns::ALL,
        };
        let limit = PageLimit { spans: 10_000, bytes: PAGE };
        let mut receipts = Vec::new();
        let mut after = 0;
        loop {
            let budget = Budget::unlimited();
            let page = page::page(live, wanted, after, limit, &budget).unwrap();
            if page.spans.is_empty() {
                break;
            }
            assert!((4..=5).contains(&page.spans.len()), "{sealed}: {}", page.spans.len());
            if sealed {
                let bytes = budget.bytes();
                assert!(bytes < 3 * PAGE as u64, "{bytes} bytes were read for a page of 64 KiB");
            } else {
                assert!(budget.rows() <= 6, "{} hot rows were read", budget.rows());
            }
            receipts.extend(page.spans.iter().map(|stored| stored.receipt));
            after = page.next_receipt;
        }
        assert_eq!(receipts, (1..=40).collect::<Vec<_>>());
    }
}

#[test]
fn a_page_has_one_span_even_if_that_span_exceeds_the_limit_of_bytes() {
    let (_dir, store) = store();
    store.append(&[vec![big_span(1, PAGE), big_span(2, PAGE)]], NOON).unwrap();
    let limit = PageLimit { spans: 10, bytes: 1 };
    let page = store.span_page(Collector::Ebpf, 0, limit).unwrap();
    assert_eq!((page.spans.len(), page.next_receipt, page.last_receipt), (1, 1, 2));
    store.seal().unwrap();
    let page = store.span_page(Collector::Ebpf, 1, limit).unwrap();
    assert_eq!((page.spans.len(), page.next_receipt), (1, 2));
}
