//! A span that is sent again is stored once.

use std::collections::BTreeSet;

use super::spans::{any_span, span};
use super::{Subject, page, run, steps, take};
use crate::{Budget, Columns, Fleet, KnownAgent, PageWriter, TraceReader};
use proptest::prelude::*;

/// Whatever the order of pages, seals and restarts, no span is lost or stored twice, and a
/// checkpoint counts the new spans.
pub fn nothing_is_lost_or_stored_twice<S: Subject>() {
    run(48, steps(any_span()), |steps| {
        let (mut subject, mut stored) = (S::new(), Vec::new());
        for step in steps {
            let Some((new, appended)) = take(&mut subject, step, &mut stored) else { continue };
            let engine = subject.engine();
            if engine.capabilities().counts_duplicates {
                prop_assert_eq!(appended.stored, new as u64);
                prop_assert_eq!(
                    &engine.checkpoints().expect("they are read")[0],
                    &appended.checkpoint
                );
                prop_assert_eq!(appended.checkpoint.spans_stored, stored.len() as u64);
            }
        }
        let traces: Vec<_> = stored.iter().map(|span| span.trace_id).collect();
        let budget = Budget::unlimited();
        let found = subject.engine().spans_of(&traces, None, Columns::CORE, 1_000, &budget);
        let found = found.expect("the spans are read");
        let ids = |trace, span| (trace, span);
        let distinct: BTreeSet<_> =
            found.iter().map(|found| ids(found.span.trace_id, found.span.span_id)).collect();
        let expected: BTreeSet<_> =
            stored.iter().map(|span| ids(span.trace_id, span.span_id)).collect();
        prop_assert_eq!(found.len(), distinct.len());
        prop_assert_eq!(distinct, expected);
        Ok(())
    });
}

/// A forgotten agent stays forgotten after a restart, and its checkpoints stay.
pub fn an_agent_that_is_forgotten_keeps_its_checkpoints<S: Subject>() {
    let mut subject = S::new();
    for id in ["a", "b"] {
        let agent = KnownAgent { agent_id: id.to_owned(), address: format!("http://{id}:9001") };
        subject.engine().register_agent(&agent).expect("it is remembered");
    }
    let stored = subject.engine().append_pages(vec![page("a", vec![span(1, 1, None, 0, 1)], 0)]);
    assert!(stored[0].is_ok());
    for id in ["a", "unknown"] {
        subject.engine().forget_agent(id).expect("it is forgotten");
    }
    for restarted in [false, true] {
        if restarted {
            subject.seal();
            subject.restart();
        }
        let agents = subject.engine().agents().expect("they are read");
        let ids: Vec<&str> = agents.iter().map(|agent| agent.agent_id.as_str()).collect();
        assert_eq!(ids, ["b"], "restarted: {restarted}");
        assert_eq!(subject.engine().checkpoints().expect("they are read").len(), 1);
    }
}

/// If one call has pages of several agents, each page is stored, and the results are in the order
/// of the pages.
pub fn pages_of_several_agents_are_answered_in_their_order<S: Subject>() {
    let mut subject = S::new();
    let spans = |first: u64| vec![span(first.into(), first, None, 0, 1), span(9, 9, None, 0, 1)];
    let pages = vec![page("a", spans(1), 0), page("b", vec![], 0), page("c", spans(2), 0)];
    let answers = subject.engine().append_pages(pages);
    let agents: Vec<String> = answers
        .into_iter()
        .map(|answer| answer.expect("it is stored").checkpoint.agent_id)
        .collect();
    assert_eq!(agents, ["a", "b", "c"]);
    subject.restart();
    let checkpoints = subject.engine().checkpoints().expect("they are read");
    assert_eq!(checkpoints.len(), 3, "an empty page moves its checkpoint");
    let totals = subject.engine().signal_totals().expect("it is read");
    assert_eq!(totals.len(), 3);
    assert!(totals.iter().all(|row| row.since == Some(super::NOON) && row.missed == 0));
    for trace in [1, 2, 9] {
        let trace = span(trace, 1, None, 0, 1).trace_id;
        assert!(subject.engine().contains(trace, &Budget::unlimited()).expect("it is looked for"));
    }
}
