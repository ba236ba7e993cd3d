//! Pages of several agents: each is stored with its checkpoint, or fails alone.

use coral_engine::{Checkpoint, Page, PageContent, PageWriter};
use coral_trace::Collector;

use super::faults::{attributed, reopened};
use super::{NOON, append_page, store, trace_id};
use crate::disk::Operation;
use crate::disk::faults::{self, EIO, Fault};

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
