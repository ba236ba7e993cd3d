//! After any fault, acknowledged spans are stored once, with their own resource.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use coral_trace::{Collector, Origin, Resource, Scope, Span};
use proptest::prelude::*;

use super::{NOON, config, span, store, trace_id};
use crate::disk::Operation;
use crate::disk::faults::{self, EACCES, EIO, ENOSPC, Fault};
use crate::{IndexedQuery, SpanRetention, Store, StoreError};

/// A span of trace `trace`, whose resource names the trace.
pub(super) fn attributed(trace: u64, id: u64) -> Span {
    let service = format!("shop-{trace}");
    let attributes = [("service.name", service.as_str())].into_iter().collect();
    let resource = Resource { attributes, ..Resource::default() };
    let origin = Origin { resource, scope: Scope::default(), collector: Collector::Ebpf };
    Span { origin: Arc::new(origin), ..span(trace.into(), id, None, id, 1) }
}

fn all(store: &Store) -> Vec<Span> {
    let page = store.spans_after(Collector::Ebpf, 0, u32::MAX).unwrap();
    page.spans.into_iter().map(|stored| stored.span).collect()
}

pub(super) fn reopened(store: Store, dir: &tempfile::TempDir) -> Store {
    drop(store);
    Store::open(config(dir)).unwrap()
}

#[test]
fn after_a_failed_sync_and_a_restart_spans_have_their_own_resource() {
    let (dir, store) = store();
    store.append(&[vec![attributed(1, 1)]], NOON).unwrap();
    faults::plan(Some(Operation::Sync), 0, Fault::Fails(EIO));
    store.append(&[vec![attributed(2, 1)]], NOON).unwrap_err();
    // A commit of another span comes before the retry of the failed commit.
    store.append(&[vec![attributed(3, 1)]], NOON).unwrap();
    store.append(&[vec![attributed(2, 1)]], NOON).unwrap();
    let store = reopened(store, &dir);
    assert_eq!(all(&store), [attributed(1, 1), attributed(3, 1), attributed(2, 1)]);
}

#[test]
fn a_panic_in_a_commit_loses_no_page() {
    for operation in [Operation::Write, Operation::Sync] {
        let (dir, store) = store();
        faults::plan(Some(operation), 0, Fault::Panics);
        let page = || vec![attributed(1, 1), attributed(1, 2)];
        catch_unwind(AssertUnwindSafe(|| store.append(&[page()], NOON))).unwrap_err();
        let again = store.append(&[page()], NOON).unwrap();
        assert_eq!((again[0].new, again[0].duplicate), (2, 0), "{operation:?}");
        assert_eq!(all(&reopened(store, &dir)), page(), "{operation:?}");
    }
}

#[test]
fn a_failed_read_is_an_error_and_sets_no_segment_aside() {
    let (dir, store) = store();
    store.append(&[vec![attributed(1, 1)]], NOON).unwrap();
    store.seal().unwrap();
    let store = reopened(store, &dir);
    for number in [EIO, EACCES, 12] {
        for after in 0..4 {
            faults::plan(Some(Operation::Read), after, Fault::Fails(number));
            let outcome = store.trace(trace_id(1), None, 10);
            if faults::clear() == 0 {
                let error = outcome.unwrap_err();
                assert!(matches!(error, StoreError::Directory { .. }), "{error}");
            }
        }
    }
    assert_eq!(store.trace(trace_id(1), None, 10).unwrap().span_count, 1);
    assert_eq!((store.extent().segments, store.extent().damaged), (1, 0));
}

#[test]
fn a_segment_that_cannot_be_opened_stays_and_opening_the_store_fails() {
    let (dir, store) = store();
    store.append(&[vec![attributed(1, 1)]], NOON).unwrap();
    store.seal().unwrap();
    drop(store);
    for after in 0..8 {
        faults::plan(Some(Operation::Read), after, Fault::Fails(EACCES));
        let outcome = Store::open(config(&dir));
        if faults::clear() > 0 {
            break;
        }
        match outcome {
            Err(error) => {
                assert!(error.to_string().contains(dir.path().to_str().unwrap()), "{error}");
            }
            // The file that failed repeats what others have.
            Ok(store) => assert_eq!(all(&store), [attributed(1, 1)]),
        }
    }
    assert_eq!(all(&Store::open(config(&dir)).unwrap()), [attributed(1, 1)]);
}

/// The newest log of a closed store.
fn newest_log(dir: &tempfile::TempDir) -> std::path::PathBuf {
    let logs = std::fs::read_dir(dir.path().join("store/log")).unwrap();
    logs.map(|log| log.unwrap().path()).max().unwrap()
}

#[test]
fn only_the_damaged_commit_of_a_log_is_lost_and_counted_and_its_receipts_are_not_reused() {
    // Offsets in the frame: mark, length, checksum, receipt, payload.
    for at in [0, 5, 9, 14, 40] {
        let (dir, store) = store();
        let mut ends = Vec::new();
        for id in 1..=5 {
            store.append(&[vec![attributed(1, id)]], NOON).unwrap();
            ends.push(std::fs::metadata(newest_log(&dir)).unwrap().len() as usize);
        }
        drop(store);
        let log = newest_log(&dir);
        let mut bytes = std::fs::read(&log).unwrap();
        bytes[ends[1] + at] ^= 0x55;
        std::fs::write(&log, bytes).unwrap();
        let mut store = Store::open(config(&dir)).unwrap();
        for _ in 0..2 {
            let expected: Vec<_> = [1, 2, 4, 5].map(|id| attributed(1, id)).into();
            assert_eq!(all(&store), expected, "at {at}");
            assert_eq!((store.extent().damaged, store.extent().last_receipt), (1, 5), "at {at}");
            let trace = &store.search(&IndexedQuery::newest(1)).unwrap()[0];
            assert_eq!(trace.spans, 4, "at {at}");
            store = reopened(store, &dir);
        }
        store.seal().unwrap();
        assert_eq!((store.extent().spans, store.extent().damaged), (4, 1), "at {at}");
        store.append(&[vec![attributed(1, 3)]], NOON).unwrap();
        let store = reopened(store, &dir);
        assert_eq!((store.extent().spans, store.extent().last_receipt), (5, 6), "at {at}");
    }
}

#[test]
fn spans_whose_resource_was_lost_with_a_damaged_commit_are_dropped_and_get_no_other() {
    let (dir, store) = store();
    store.append(&[vec![attributed(1, 1)]], NOON).unwrap();
    let begin = std::fs::metadata(newest_log(&dir)).unwrap().len() as usize;
    store.append(&[vec![attributed(2, 1)]], NOON).unwrap();
    for (trace, id) in [(2, 2), (1, 2), (3, 1)] {
        store.append(&[vec![attributed(trace, id)]], NOON).unwrap();
    }
    drop(store);
    let log = newest_log(&dir);
    let mut bytes = std::fs::read(&log).unwrap();
    bytes[begin + 60] ^= 0x55;
    std::fs::write(&log, bytes).unwrap();
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!(all(&store), [attributed(1, 1), attributed(1, 2), attributed(3, 1)]);
    assert_eq!((store.extent().damaged, store.extent().last_receipt), (2, 5));
}

#[test]
fn a_trace_is_counted_without_reading_it_and_a_limit_bounds_what_is_read() {
    let (_dir, store) = store();
    for id in 1..=40 {
        store.append(&[vec![attributed(1, id)]], NOON).unwrap();
        if id % 10 == 0 {
            store.seal().unwrap();
        }
    }
    let found = store.trace(trace_id(1), None, 3).unwrap();
    assert_eq!((found.spans.len(), found.span_count), (3, 40));
    let ids: Vec<u64> = found.spans.iter().map(|stored| stored.span.span_id.as_u64()).collect();
    assert_eq!(ids, [1, 2, 3], "the first by start");
    assert!(store.contains(trace_id(1)).unwrap());
    assert!(!store.contains(trace_id(2)).unwrap());
}

#[test]
fn a_failed_seal_is_retried_later_and_leaves_no_partial_file() {
    let (dir, store) = store();
    let keep = SpanRetention { age: Duration::from_secs(3_600), bytes: u64::MAX };
    store.append(&[(1..=1_000).map(|id| attributed(1, id)).collect()], NOON).unwrap();
    faults::plan(Some(Operation::Write), 2, Fault::CutShort(ENOSPC));
    store.maintain(keep, NOON).unwrap_err();
    assert_eq!(std::fs::read_dir(dir.path().join("store/segments")).unwrap().count(), 0);
    faults::plan(None, 0, Fault::Panics);
    assert_eq!(faults::clear(), 1);
    // The next round comes too early for another seal, and so does not write.
    faults::plan(Some(Operation::Write), 0, Fault::Fails(ENOSPC));
    assert_eq!(store.maintain(keep, NOON).unwrap().sealed, 0);
    assert_eq!(faults::clear(), 1);
    assert_eq!(store.seal().unwrap(), 1_000);
}

#[test]
fn sealed_rows_do_not_come_back_from_a_log_that_could_not_be_removed() {
    let (dir, store) = store();
    store.append(&[vec![attributed(1, 1)]], NOON).unwrap();
    faults::plan(Some(Operation::Remove), 0, Fault::Fails(EACCES));
    store.seal().unwrap();
    assert_eq!(faults::clear(), 0);
    let keep = SpanRetention { age: Duration::ZERO, bytes: u64::MAX };
    faults::plan(Some(Operation::Remove), 0, Fault::Fails(EACCES));
    assert_eq!(store.maintain(keep, NOON).unwrap().expired, 0);
    assert_eq!(store.maintain(keep, NOON).unwrap().expired, 1);
    assert_eq!(reopened(store, &dir).extent().spans, 0);
}

#[test]
fn reading_the_extent_of_a_store_does_not_wait_for_a_disk_that_hangs() {
    let (_dir, store) = store();
    let (end, hang) = mpsc::sync_channel::<()>(1);
    let (begun, begins) = mpsc::sync_channel(1);
    #[expect(clippy::disallowed_methods, reason = "joined below")]
    let writing = std::thread::spawn({
        let store = store.clone();
        move || {
            faults::plan(Some(Operation::Sync), 0, Fault::Hangs(hang));
            begun.send(()).unwrap();
            store.append(&[vec![attributed(1, 1)]], NOON)
        }
    });
    begins.recv().unwrap();
    let (answer, answers) = mpsc::sync_channel(1);
    #[expect(clippy::disallowed_methods, reason = "joined below")]
    let asking = std::thread::spawn(move || {
        let places = store.checkpoints().len() + store.metric_checkpoints().len();
        let agents = store.agents().len();
        answer.send((store.extent(), store.metric_extent(), places, agents)).unwrap();
    });
    // The sync hangs until the test releases it, five seconds from here at the latest.
    let answered = answers.recv_timeout(Duration::from_secs(5));
    drop(end);
    assert_eq!(answered.unwrap().0.spans, 0);
    writing.join().unwrap().unwrap_err();
    asking.join().unwrap();
}

/// An action of a test on a store.
#[derive(Clone, Debug)]
enum Step {
    /// Stores spans: trace, then id.
    Append(Vec<(u64, u64)>),
    Register(u8),
    HalfSeal,
    Seal,
    Maintain,
    Read,
    Reopen,
    /// Plans a fault after this number of operations; the second value chooses the fault.
    Fault(u64, u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let spans = prop::collection::vec((1..5_u64, 1..12_u64), 1..6);
    let step = prop_oneof![
        8 => spans.prop_map(Step::Append),
        1 => any::<u8>().prop_map(Step::Register),
        2 => Just(Step::HalfSeal),
        2 => Just(Step::Seal),
        1 => Just(Step::Maintain),
        2 => Just(Step::Read),
        2 => Just(Step::Reopen),
        6 => (0..12_u64, 0..5_u8).prop_map(|(after, fault)| Step::Fault(after, fault)),
    ];
    prop::collection::vec(step, 1..24)
}

fn plan(after: u64, fault: u8) {
    let fault = match fault {
        0 => Fault::Fails(EIO),
        1 => Fault::Fails(ENOSPC),
        2 => Fault::Fails(EACCES),
        3 => Fault::CutShort(ENOSPC),
        _ => Fault::Panics,
    };
    faults::plan(None, after, fault);
}

/// A store under test, with what it acknowledged.
struct Trial {
    dir: tempfile::TempDir,
    store: Option<Store>,
    /// Acknowledged spans, whether new or duplicate.
    acknowledged: Vec<Span>,
    /// Receipts seen by a poller, each with its span.
    receipts: Vec<(u64, Span)>,
}

impl Trial {
    /// Runs `act` on the store, and ignores an error or a panic.
    fn attempt<T>(&self, act: impl FnOnce(&Store) -> Result<T, StoreError>) -> Option<T> {
        let store = self.store.as_ref()?;
        catch_unwind(AssertUnwindSafe(|| act(store))).ok()?.ok()
    }

    fn run(&mut self, step: Step) {
        match step {
            Step::Append(ids) => {
                let spans: Vec<Span> =
                    ids.into_iter().map(|(trace, id)| attributed(trace, id)).collect();
                let outcome =
                    self.attempt(|store| store.append(std::slice::from_ref(&spans), NOON));
                if outcome.is_some() {
                    for span in spans {
                        if !self.acknowledged.contains(&span) {
                            self.acknowledged.push(span);
                        }
                    }
                }
            }
            Step::Register(port) => {
                let address = format!("http://10.0.0.5:{port}");
                let agent = crate::KnownAgent { agent_id: "web-1".into(), address };
                self.attempt(|store| store.register_agent(&agent));
            }
            Step::HalfSeal => {
                self.attempt(|store| {
                    let waiting = store.0.spans.live.read().sealing.first().cloned();
                    match waiting {
                        Some(generation) => store.0.spans.seal_generation(&generation).map(drop),
                        None => store.0.spans.begin_sealing().map(drop),
                    }
                });
            }
            Step::Seal => drop(self.attempt(|store| store.seal())),
            Step::Maintain => {
                let keep = SpanRetention { age: Duration::from_secs(3_600), bytes: u64::MAX };
                self.attempt(|store| store.maintain(keep, NOON));
            }
            Step::Read => {
                self.attempt(|store| store.trace(trace_id(1), None, u32::MAX));
                self.attempt(|store| store.search(&IndexedQuery::newest(10)));
                self.look();
            }
            Step::Reopen => {
                self.store = None;
                let opened = catch_unwind(AssertUnwindSafe(|| Store::open(config(&self.dir))));
                self.store = opened.ok().and_then(Result::ok);
                if self.store.is_none() {
                    faults::clear();
                    self.store = Some(Store::open(config(&self.dir)).unwrap());
                }
            }
            Step::Fault(after, fault) => plan(after, fault),
        }
    }

    /// Records the receipts that a poller sees now.
    fn look(&mut self) {
        let page = self.attempt(|store| store.spans_after(Collector::Ebpf, 0, u32::MAX));
        for stored in page.into_iter().flat_map(|page| page.spans) {
            let seen = self.receipts.iter().find(|(receipt, _)| *receipt == stored.receipt);
            match seen {
                Some((receipt, span)) => {
                    assert_eq!(*span, stored.span, "receipt {receipt} was given out twice");
                }
                None => self.receipts.push((stored.receipt, stored.span)),
            }
        }
    }

    /// Checks that every acknowledged span is stored once and unchanged, through each way of
    /// reading.
    fn check(&mut self) {
        faults::clear();
        self.look();
        let store = self.store.as_ref().unwrap();
        let found = all(store);
        for span in &self.acknowledged {
            let times = found.iter().filter(|other| *other == span).count();
            assert_eq!(times, 1, "{:?} of {:?}", span.span_id, span.trace_id);
        }
        let mut keys: Vec<_> = found.iter().map(|span| (span.trace_id, span.span_id)).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), found.len(), "a span is there twice");
        assert_eq!(store.extent().spans, found.len() as u64);
        assert_eq!(store.extent().damaged, 0, "a fault was taken for damage");
        for trace in store.search(&IndexedQuery::newest(100)).unwrap() {
            let id = trace.trace_id;
            let spans = found.iter().filter(|span| span.trace_id == id).count() as u64;
            assert_eq!(trace.spans, spans);
            assert_eq!(trace.services, [format!("shop-{}", id.as_u128())]);
            assert_eq!(store.trace(id, None, 1).unwrap().span_count, spans);
        }
        // Sending all spans again reports duplicates and changes nothing.
        let again = store.append(std::slice::from_ref(&self.acknowledged), NOON).unwrap();
        assert_eq!(again[0].new, 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn no_fault_loses_doubles_or_misattributes_an_acknowledged_span(
        steps in steps(),
    ) {
        let (dir, store) = store();
        faults::clear();
        let mut trial =
            Trial { dir, store: Some(store), acknowledged: Vec::new(), receipts: Vec::new() };
        for step in steps {
            trial.run(step);
        }
        trial.check();
        trial.run(Step::Reopen);
        trial.check();
        trial.run(Step::Seal);
        trial.run(Step::Reopen);
        trial.check();
    }
}
