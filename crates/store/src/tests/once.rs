//! A repeated span is stored once, and read back unchanged.

use coral_trace::{Collector, Span, testing};
use proptest::prelude::*;

use super::{NOON, config, span, store};
use crate::{Appended, Store};

fn all_spans(store: &Store) -> Vec<Span> {
    let page = |collector| store.spans_after(collector, 0, u32::MAX).unwrap().spans;
    let both = page(Collector::Ebpf).into_iter().chain(page(Collector::Sdk));
    both.map(|stored| stored.span).collect()
}

#[test]
fn an_export_repeated_three_times_is_stored_once() {
    let (_dir, store) = store();
    let export = vec![span(1, 1, None, 0, 10), span(1, 2, Some(1), 1, 5)];
    let first = store.append(std::slice::from_ref(&export), NOON).unwrap();
    assert_eq!(first, [Appended { new: 2, duplicate: 0 }]);
    for _ in 0..2 {
        let again = store.append(std::slice::from_ref(&export), NOON).unwrap();
        assert_eq!(again, [Appended { new: 0, duplicate: 2 }]);
    }
    assert_eq!(all_spans(&store).len(), 2);
}

#[test]
fn a_span_in_two_exports_of_one_commit_is_stored_once() {
    let (_dir, store) = store();
    let one = vec![span(1, 1, None, 0, 10)];
    let outcome = store.append(&[one.clone(), one], NOON).unwrap();
    assert_eq!(outcome, [Appended { new: 1, duplicate: 0 }, Appended { new: 0, duplicate: 1 }]);
}

#[test]
fn a_repeated_span_is_a_duplicate_after_sealing_and_after_a_restart() {
    let (dir, store) = store();
    let export = vec![span(1, 1, None, 0, 10)];
    store.append(std::slice::from_ref(&export), NOON).unwrap();
    drop(store);
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!(store.append(std::slice::from_ref(&export), NOON).unwrap()[0].duplicate, 1);
    assert_eq!(store.seal().unwrap(), 1);
    assert_eq!(store.append(std::slice::from_ref(&export), NOON).unwrap()[0].duplicate, 1);
    drop(store);
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!(store.append(&[export], NOON).unwrap()[0].duplicate, 1);
    assert_eq!(all_spans(&store).len(), 1);
}

#[test]
fn a_repeated_span_is_a_duplicate_if_its_trace_got_spans_during_the_seal() {
    let (_dir, store) = store();
    let before = vec![span(1, 1, None, 0, 10)];
    store.append(std::slice::from_ref(&before), NOON).unwrap();
    half_seal(&store);
    store.append(&[vec![span(1, 2, Some(1), 1, 5)]], NOON).unwrap();
    half_seal(&store);
    assert_eq!(store.append(&[before], NOON).unwrap()[0].duplicate, 1);
    assert_eq!(all_spans(&store).len(), 2);
}

#[test]
fn the_same_span_id_in_another_trace_is_another_span() {
    let (_dir, store) = store();
    let outcome = store.append(&[vec![span(1, 7, None, 0, 1), span(2, 7, None, 0, 1)]], NOON);
    assert_eq!(outcome.unwrap(), [Appended { new: 2, duplicate: 0 }]);
}

/// An action of a test on a store.
#[derive(Clone, Debug)]
enum Step {
    /// Exports these spans, by index. Most were exported before.
    Export(Vec<prop::sample::Index>),
    /// Begins a seal, or ends the one that was begun.
    HalfSeal,
    Seal,
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop::collection::vec(any::<prop::sample::Index>(), 1..8).prop_map(Step::Export),
        2 => Just(Step::HalfSeal),
        1 => Just(Step::Seal),
        1 => Just(Step::Reopen),
    ]
}

fn half_seal(store: &Store) {
    let begun = store.0.spans.live.read().sealing.first().cloned();
    match begun {
        Some(generation) => drop(store.0.spans.seal_generation(&generation).unwrap()),
        None => drop(store.0.spans.begin_sealing().unwrap()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_exports_seals_and_restarts_loses_or_doubles_a_span(
        spans in testing::distinct_spans(1..20),
        steps in prop::collection::vec(step(), 1..12),
    ) {
        let (dir, mut store) = store();
        let mut expected: Vec<Span> = Vec::new();
        let mut received = 0;
        for step in steps {
            match step {
                Step::Export(picks) => {
                    let export: Vec<Span> =
                        picks.iter().map(|pick| pick.get(&spans).clone()).collect();
                    received += export.len() as u64;
                    let stored = store.append(std::slice::from_ref(&export), NOON).unwrap()[0];
                    prop_assert_eq!(stored.new + stored.duplicate, export.len() as u64);
                    for span in export {
                        if !expected.contains(&span) {
                            expected.push(span);
                        }
                    }
                }
                Step::HalfSeal => half_seal(&store),
                Step::Seal => drop(store.seal().unwrap()),
                Step::Reopen => {
                    drop(store);
                    store = Store::open(config(&dir)).unwrap();
                }
            }
        }
        let mut found = all_spans(&store);
        prop_assert!(found.len() as u64 <= received);
        prop_assert_eq!(store.extent().spans, expected.len() as u64);
        prop_assert_eq!(store.extent().last_receipt, expected.len() as u64);
        testing::sort(&mut found);
        testing::sort(&mut expected);
        prop_assert_eq!(found, expected);
    }
}
