//! The counts of a colony add up: each received span is stored, refused, sampled out or a
//! duplicate.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

/// What happens before a poll.
#[derive(Clone, Debug)]
enum Step {
    /// The next answers have this fault.
    Fault(Fault),
    /// The agent receives spans: indexes into the spans of the test, some of which it has already.
    Receive(Vec<usize>),
    /// From now on, the span with the receipt `idless` is sent without a trace id, and the page
    /// with the span with the receipt `garbled` is not valid OTLP.
    Spoil { idless: Option<u64>, garbled: Option<u64> },
    /// The agent's store is replaced by a store with this id and these spans.
    Wipe { store_id: &'static str, holds: Vec<usize> },
}

const SPANS: usize = 12;

fn step() -> impl Strategy<Value = Step> {
    let held = || prop::collection::vec(0..SPANS, 0..6);
    let receipt = || prop::option::of(1..10u64);
    let fault = prop::sample::select(vec![
        Fault::Silent,
        Fault::Drip,
        Fault::Refuse,
        Fault::Old,
        Fault::LongId,
        Fault::Repeat,
        Fault::Garbage,
    ]);
    prop_oneof![
        4 => fault.prop_map(Step::Fault),
        3 => held().prop_map(Step::Receive),
        1 => (receipt(), receipt()).prop_map(|(idless, garbled)| Step::Spoil { idless, garbled }),
        1 => (prop::sample::select(vec!["first", "second"]), held())
            .prop_map(|(store_id, holds)| Step::Wipe { store_id, holds }),
    ]
}

/// Applies `step` to `script`. A fault is repeated `times` times.
fn take(script: &mut Script, step: Step, times: usize, all: &[Span]) {
    let of = |held: Vec<usize>| held.into_iter().map(|at| all[at].clone()).collect::<Vec<_>>();
    match step {
        Step::Fault(fault) => script.faults.extend(std::iter::repeat_n(fault, times)),
        Step::Receive(held) => script.spans.extend(of(held)),
        Step::Spoil { idless, garbled } => (script.idless, script.garbled) = (idless, garbled),
        Step::Wipe { store_id, holds } => {
            (script.store_id, script.spans) = (store_id.into(), of(holds));
        }
    }
}

/// The number of spans in `sent` that a colony has to account for. The colony discards a page of
/// another store, and then polls that store from its beginning. It also discards a page that is not
/// valid OTLP, unless this happens twice in a row to a page of a single span.
fn received(sent: &[(SpanPageRequest, SpanPage)]) -> u64 {
    let (mut store_id, mut has_failed_alone, mut received) = ("", false, 0);
    for (wanted, page) in sent {
        let is_known = !store_id.is_empty();
        let is_another = page.store_id != store_id || page.last_receipt < wanted.after;
        if page.store_id.len() > 128 {
            continue;
        }
        if is_known && is_another {
            store_id = &page.store_id;
            continue;
        }
        let says_nothing = is_known && page.spans == 0 && page.next_receipt <= wanted.after;
        if page.otlp == [0xff; 9] && !says_nothing {
            let is_alone = wanted.most_spans == 1;
            if !is_alone || !std::mem::replace(&mut has_failed_alone, true) {
                continue;
            }
        }
        has_failed_alone = false;
        store_id = &page.store_id;
        received += match page.otlp == [0xff; 9] && !says_nothing {
            true => u64::from(page.spans.max(1)),
            false => u64::from(page.spans),
        };
    }
    received
}

async fn check(
    steps: Vec<(Step, usize)>,
    page_spans: usize,
    rate: f64,
) -> Result<(), TestCaseError> {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(vec![]));
    agent.change(|script| script.page_spans = page_spans);
    let mut poller = colony.poller(&agent, Sampling::keeping(rate));
    let all = spans(SPANS);
    for (step, times) in steps {
        agent.change(|script| take(script, step, times, &all));
        let _ = poll(&mut poller).await;
    }
    // An agent that answers again is caught up with, whatever happened before.
    agent.change(|script| script.faults.clear());
    for _ in 0..2 {
        let _ = poll(&mut poller).await;
    }
    let outcome = poll(&mut poller).await;
    prop_assert!(outcome.is_ok(), "{:?}", outcome);

    let count = |name: &str| colony.counter(&format!("spans.{name}"));
    let refused =
        ["invalid", "undecodable", "unstorable"].map(|by| count(&format!("refused.{by}")));
    let outcomes = [count("stored"), count("sampled_out"), count("duplicate")];
    let script = agent.0.lock().unwrap();
    prop_assert_eq!(
        received(&script.sent),
        outcomes.iter().sum::<u64>() + refused.iter().sum::<u64>(),
        "stored, sampled out, duplicate {:?}, refused {:?}",
        outcomes,
        refused
    );
    let stored = colony.spans();
    prop_assert_eq!(stored.len() as u64, count("stored"));
    let distinct: HashSet<_> = stored.iter().map(|span| (span.trace_id, span.span_id)).collect();
    prop_assert_eq!(distinct.len(), stored.len());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn received_spans_are_stored_refused_sampled_out_or_duplicate_in_whatever_order_they_come(
        steps in prop::collection::vec((step(), 1..8usize), 1..12),
        page_spans in 1..5usize,
        rate in prop::sample::select(vec![1.0, 0.5]),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(check(steps, page_spans, rate))?;
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_no_otlp_twice_is_stepped_over_also_when_columns_were_requested() {
    let fault = |fault, times| (Step::Fault(fault), times);
    let steps = vec![
        fault(Fault::Garbage, 3),
        fault(Fault::Silent, 4),
        fault(Fault::Garbage, 2),
        fault(Fault::Silent, 1),
        (Step::Receive(vec![0]), 1),
        fault(Fault::Silent, 1),
    ];
    check(steps, 1, 1.0).await.unwrap();
}
