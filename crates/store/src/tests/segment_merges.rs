//! Merges of small neighbouring segments into one.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::time::Duration;

use coral_engine::{Budget, TraceReader as _, TraceSummary, WantedColumns};
use coral_trace::dependency::Topology;
use coral_trace::{Collector, Span, TimeRange, UnixNanos};
use proptest::prelude::*;

use super::{
    NOON, by_sdk, config, failed, of_service, segment_files, span, store, with_attributes,
};
use crate::disk::Operation;
use crate::disk::faults::{self, EIO, ENOSPC, Fault};
use crate::keep::merge::Progress;
use crate::{IndexedQuery, Order, SpanRetention, Store, StoreConfig};

const KEEP: SpanRetention = SpanRetention { age: Duration::from_secs(3_600), bytes: 1 << 30 };

/// What a store says about all its spans.
#[derive(PartialEq, Debug)]
struct Answers {
    searches: Vec<Vec<TraceSummary>>,
    maps: Vec<Topology>,
    services: BTreeSet<String>,
    pages: Vec<Vec<(u64, Span)>>,
    traces: Vec<(u64, Vec<Span>)>,
}

fn queries() -> Vec<IndexedQuery> {
    let all = IndexedQuery::newest(1_000);
    let slowest = IndexedQuery { order: Order::Slowest, ..all.clone() };
    let mut queries = vec![all.clone(), slowest.clone(), IndexedQuery::newest(3)];
    for service in ["shop", "stock", "mail"] {
        queries.push(IndexedQuery { services: vec![service.into()], ..slowest.clone() });
    }
    queries.push(IndexedQuery { failed: Some(true), ..all.clone() });
    queries.push(IndexedQuery { collector: Some(Collector::Sdk), ..all.clone() });
    queries.push(IndexedQuery { min_duration_us: Some(20_000), ..all.clone() });
    let attributes = vec![("user.tier".into(), "gold".into())];
    queries.push(IndexedQuery { attributes, ..all.clone() });
    let attributes = vec![("http.route".into(), "/cart".into())];
    queries.push(IndexedQuery { attributes, ..all });
    queries
}

fn answers(store: &Store) -> Answers {
    let collectors = [None, Some(Collector::Sdk), Some(Collector::Ebpf)];
    let map = |of| store.dependencies(TimeRange::ALL, of).unwrap().topology();
    let page = |collector, after| {
        let page = store.spans_after(collector, after, u32::MAX).unwrap();
        page.spans.into_iter().map(|stored| (0, stored.span)).collect()
    };
    let ids = store.search(&IndexedQuery::newest(1_000)).unwrap();
    let each = ids.iter().map(|found| {
        let trace = store.trace(found.trace_id, None, u32::MAX).unwrap();
        (trace.span_count, trace.spans.into_iter().map(|stored| stored.span).collect())
    });
    Answers {
        searches: queries().iter().map(|query| store.search(query).unwrap()).collect(),
        maps: collectors.map(map).into(),
        services: store.services(TimeRange::ALL).unwrap(),
        pages: [(Collector::Ebpf, 0), (Collector::Sdk, 0), (Collector::Ebpf, 11)]
            .map(|(collector, after)| page(collector, after))
            .into(),
        traces: each.collect(),
    }
}

/// Ten segments. Each trace has spans of both collectors in three segments, and the last trace in
/// every segment.
fn ten_segments(store: &Store) {
    for round in 0..10_u64 {
        let mut spans = Vec::new();
        for number in round..round + 3 {
            let (trace, at) = (u128::from(number) + 1, 7 * number + round);
            let id = 1_000 * number + 10 * round + 1;
            let is_first = round == number.saturating_sub(2);
            spans.push(span(trace, id, (!is_first).then(|| id - 10), at, 9));
            spans.push(by_sdk(span(trace, id + 1, Some(id), at + 1, 30 - round)));
            let call = failed(of_service(span(trace, id + 2, Some(id), at, 3), "stock"));
            spans.push(with_attributes(call, vec![("user.tier", "gold"), ("http.route", "/cart")]));
        }
        spans.push(of_service(span(999, 50_000 + round, None, round, 1), "mail"));
        store.append(&[spans], NOON).unwrap();
        store.seal().unwrap();
    }
}

fn names(dir: &tempfile::TempDir) -> Vec<String> {
    let files = segment_files(dir, "parquet");
    let names = files.iter().map(|path| path.file_name().unwrap().to_str().unwrap());
    names.filter_map(|name| name.strip_suffix(".spans.parquet")).map(str::to_owned).collect()
}

#[test]
fn eight_neighbours_become_one_segment_with_the_same_answers() {
    let (dir, store) = store();
    ten_segments(&store);
    let before = answers(&store);
    let extent = store.extent();
    assert_eq!(before.pages[0].len() + before.pages[1].len(), 100);
    assert_eq!(store.merge_all_segments(KEEP).unwrap(), 8);
    assert_eq!(names(&dir), ["000000000001-000000000080", "000000000081", "000000000091"]);
    assert_eq!(answers(&store), before);
    let after = store.extent();
    assert_eq!((after.spans, after.segments, after.damaged), (100, 3, 0));
    assert_eq!((after.first_receipt, after.last_receipt), (1, extent.last_receipt));
    for kind in ["index", "values", "calls", "footers"] {
        assert_eq!(segment_files(&dir, kind).len(), 3, "{kind}");
    }
    drop(store);
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!(answers(&store), before);
    assert_eq!(store.merge_all_segments(KEEP).unwrap(), 0);
    // Without the files that repeat what the Parquet files say.
    drop(store);
    for kind in ["index", "values", "calls", "footers"] {
        segment_files(&dir, kind).iter().for_each(|path| std::fs::remove_file(path).unwrap());
    }
    assert_eq!(answers(&Store::open(config(&dir)).unwrap()), before);
}

#[test]
fn a_trace_that_lies_in_one_merged_segment_is_not_split_any_more() {
    let (_dir, store) = store();
    ten_segments(&store);
    store.merge_all_segments(KEEP).unwrap();
    let segments = store.0.spans.live.segments();
    let split: BTreeSet<u128> =
        segments[0].split_rows().values().map(|trace| trace.as_u128()).collect();
    // Traces 9 and 10 began in the merged segment, and 999 is everywhere.
    assert_eq!(split, BTreeSet::from([9, 10, 999]));
}

#[test]
fn a_span_that_is_in_a_merged_segment_is_a_duplicate() {
    let (dir, mut store) = store();
    ten_segments(&store);
    store.merge_all_segments(KEEP).unwrap();
    for _ in 0..2 {
        let again: Vec<Span> = store
            .spans_after(Collector::Ebpf, 0, u32::MAX)
            .unwrap()
            .spans
            .into_iter()
            .map(|stored| stored.span)
            .collect();
        let stored = store.append(&[again], NOON).unwrap()[0];
        assert_eq!((stored.new, stored.duplicate), (0, 70));
        drop(store);
        store = Store::open(config(&dir)).unwrap();
    }
}

#[test]
fn large_segments_are_not_merged() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(StoreConfig { segment_rows: 4, ..config(&dir) }).unwrap();
    ten_segments(&store);
    assert_eq!(store.merge_all_segments(KEEP).unwrap(), 0);
}

#[test]
fn segments_that_would_be_too_large_a_part_of_the_size_limit_are_not_merged() {
    let (_dir, store) = store();
    ten_segments(&store);
    let small = SpanRetention { bytes: 16 << 10, ..KEEP };
    assert_eq!(store.merge_all_segments(small).unwrap(), 0);
}

#[test]
fn segments_received_over_more_than_a_quarter_of_the_retention_are_not_merged() {
    let (_dir, store) = store();
    for minutes in (0..30).step_by(3) {
        let received = UnixNanos(NOON.0 + minutes * 60_000_000_000);
        store.append(&[vec![span(1, minutes + 1, None, minutes, 1)]], received).unwrap();
        store.seal().unwrap();
    }
    assert_eq!(store.merge_all_segments(KEEP).unwrap(), 0);
    let longer = SpanRetention { age: Duration::from_secs(3 * 3_600), ..KEEP };
    assert_eq!(store.merge_all_segments(longer).unwrap(), 8);
}

#[test]
fn segments_between_which_one_is_missing_are_not_merged() {
    let (dir, store) = store();
    ten_segments(&store);
    drop(store);
    std::fs::write(&segment_files(&dir, "parquet")[10], b"not parquet").unwrap();
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!(store.extent().segments, 9);
    assert_eq!(store.merge_all_segments(KEEP).unwrap(), 0);
}

#[test]
fn a_reader_keeps_the_segments_that_were_merged_and_their_files_go_with_it() {
    let (dir, store) = store();
    ten_segments(&store);
    let before = answers(&store);
    let held = store.0.spans.live.segments();
    store.merge_all_segments(KEEP).unwrap();
    assert_eq!(names(&dir).len(), 11);
    let rows: Vec<u32> = (0..held[3].spans() as u32).collect();
    let budget = Budget::unlimited();
    assert_eq!(held[3].trace_rows(&rows, &budget).unwrap().len(), 10);
    drop(held);
    assert_eq!(names(&dir).len(), 3);
    assert_eq!(answers(&store), before);
}

#[test]
fn a_question_during_which_segments_are_merged_reads_each_span_once() {
    let (_dir, store) = store();
    ten_segments(&store);
    let (mut spans, mut merged) = (0, 0);
    let wanted = WantedColumns { columns: Vec::new(), ids: false };
    let is_read = store
        .visit_columns(TimeRange::ALL, &wanted, &Budget::unlimited(), &mut |batch| {
            spans += batch.starts.len();
            merged += store.merge_all_segments(KEEP).unwrap();
            ControlFlow::Continue(())
        })
        .unwrap();
    assert!(is_read);
    assert_eq!((spans, merged), (100, 8));
}

#[test]
fn after_a_crash_before_the_merged_segments_are_removed_each_span_is_there_once() {
    let (dir, store) = store();
    ten_segments(&store);
    let before = answers(&store);
    // A reader that never ends.
    std::mem::forget(store.0.spans.live.segments());
    store.merge_all_segments(KEEP).unwrap();
    drop(store);
    assert_eq!(names(&dir).len(), 11);
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!(names(&dir).len(), 3);
    assert_eq!(answers(&store), before);
    assert_eq!(store.extent().damaged, 0);
}

#[test]
fn a_merged_segment_that_is_damaged_gives_way_to_its_inputs_if_they_are_there() {
    let (dir, store) = store();
    ten_segments(&store);
    let before = answers(&store);
    std::mem::forget(store.0.spans.live.segments());
    store.merge_all_segments(KEEP).unwrap();
    drop(store);
    let merged = dir.path().join("store/segments/000000000001-000000000080");
    std::fs::write(merged.with_extension("spans.parquet"), b"not parquet").unwrap();
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!(names(&dir).len(), 10);
    assert_eq!(answers(&store), before);
    assert_eq!(store.extent().damaged, 0);
}

#[test]
fn a_damaged_input_is_set_aside_and_costs_no_other_segment() {
    let (dir, store) = store();
    ten_segments(&store);
    // The pages, not the footer, so that the store opens it.
    let file = dir.path().join("store/segments/000000000021.traces.parquet");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 3;
    bytes[4..middle].fill(0xff);
    std::fs::write(&file, bytes).unwrap();
    store.merge_all_segments(KEEP).unwrap_err();
    assert_eq!(store.extent().segments, 9);
    assert_eq!((store.extent().damaged, store.merge_all_segments(KEEP).unwrap()), (10, 0));
    assert!(
        segment_files(&dir, "damaged").iter().all(|path| path.to_str().unwrap().contains("21."))
    );
}

#[test]
fn a_merge_that_fails_or_panics_anywhere_loses_nothing_and_succeeds_later() {
    let (_dir, untouched) = store();
    ten_segments(&untouched);
    let expected = answers(&untouched);
    for (operation, fault) in [
        (None, || Fault::Panics),
        (None, || Fault::Fails(EIO)),
        (Some(Operation::Write), || Fault::CutShort(ENOSPC)),
    ] as [(Option<Operation>, fn() -> Fault); 3]
    {
        for after in (0..).step_by(89) {
            let (dir, store) = store();
            ten_segments(&store);
            faults::plan(operation, after, fault());
            let merged = catch_unwind(AssertUnwindSafe(|| store.merge_all_segments(KEEP)));
            let left = faults::clear();
            if !matches!(merged, Ok(Ok(8))) {
                // Damage is not taken for granted.
                assert_eq!(store.extent().damaged, 0, "{operation:?} {after}");
            }
            assert_eq!(answers(&store), expected, "{operation:?} {after}");
            drop(store);
            let store = Store::open(config(&dir)).unwrap();
            assert_eq!(answers(&store), expected, "{operation:?} {after}, opened again");
            store.merge_all_segments(KEEP).unwrap();
            assert_eq!(names(&dir).len(), 3, "{operation:?} {after}");
            assert_eq!(answers(&store), expected, "{operation:?} {after}, merged");
            if left > 0 {
                break;
            }
        }
    }
}

#[test]
fn a_merge_that_fails_three_times_lets_others_go_on() {
    let (dir, store) = store();
    ten_segments(&store);
    for _ in 0..3 {
        faults::plan(Some(Operation::Write), 3, Fault::Fails(ENOSPC));
        store.merge_all_segments(KEEP).unwrap_err();
    }
    faults::clear();
    assert_eq!(store.merge_all_segments(KEEP).unwrap(), 8);
    assert_eq!(names(&dir)[1], "000000000011-000000000090");
}

#[test]
fn a_merged_segment_that_cannot_be_opened_once_costs_nothing_that_only_it_has() {
    let (dir, store) = store();
    ten_segments(&store);
    let before = answers(&store);
    // One input is held, so its files stay.
    let held = store.0.spans.live.segments()[0].clone();
    store.merge_all_segments(KEEP).unwrap();
    std::mem::forget(held);
    drop(store);
    assert_eq!(names(&dir).len(), 4);
    // A directory in the place of the file: an error of the operating system, and not damage.
    let traces = dir.path().join("store/segments/000000000001-000000000080.traces.parquet");
    let elsewhere = dir.path().join("elsewhere");
    std::fs::rename(&traces, &elsewhere).unwrap();
    std::fs::create_dir(&traces).unwrap();
    assert!(Store::open(config(&dir)).is_err());
    std::fs::remove_dir(&traces).unwrap();
    std::fs::rename(&elsewhere, &traces).unwrap();
    assert_eq!(answers(&Store::open(config(&dir)).unwrap()), before);
}

#[test]
fn a_trace_that_goes_on_in_a_merged_segment_is_whole_in_the_time_in_which_it_began() {
    let (dir, mut store) = store();
    const HOUR_MS: u64 = 3_600_000;
    // All segments but the last are of a later hour. The third has a part of trace 500, which
    // began in the last.
    for round in 0..9_u64 {
        let later = span(1_000 + u128::from(round), 10 * round + 1, None, 2 * HOUR_MS, 5);
        let part = of_service(span(500, 7, Some(5), 2 * HOUR_MS, 5), "stock");
        let spans = [later].into_iter().chain((round == 2).then_some(part));
        store.append(&[spans.collect()], NOON).unwrap();
        store.seal().unwrap();
    }
    store.append(&[vec![span(500, 5, None, 0, 5)]], NOON).unwrap();
    store.seal().unwrap();
    let hour = TimeRange { start: NOON, end: UnixNanos(NOON.0 + HOUR_MS * 1_000_000) };
    let query = IndexedQuery { started: hour, ..IndexedQuery::newest(10) };
    let of_stock = IndexedQuery { services: vec!["stock".into()], ..query.clone() };
    let found = |store: &Store| {
        let map = store.dependencies(hour, None).unwrap().topology();
        (store.search(&query).unwrap(), store.search(&of_stock).unwrap(), map)
    };
    let before = found(&store);
    assert_eq!(before.0.iter().map(|trace| trace.spans).collect::<Vec<_>>(), [2]);
    assert_eq!((before.1.len(), before.2.counts.spans), (1, 2));
    assert_eq!(store.merge_all_segments(KEEP).unwrap(), 8);
    assert_eq!(found(&store), before);
    drop(store);
    store = Store::open(config(&dir)).unwrap();
    assert_eq!(found(&store), before);
}

#[test]
fn spans_that_arrive_while_a_merged_segment_is_published_are_part_of_their_traces() {
    let ((dir, store), (_other, oracle)) = (store(), store());
    ten_segments(&store);
    ten_segments(&oracle);
    let merge_step = |store: &Store| {
        let mut merges = store.0.spans.merges.lock().unwrap();
        store.0.spans.merge_step(&mut merges, KEEP).unwrap()
    };
    // As many pieces as the merge has, without the last.
    let (_counted, counted) = super::store();
    ten_segments(&counted);
    let pieces = (0..).find(|_| merge_step(&counted) == Progress::Done(8)).unwrap();
    (0..pieces).for_each(|_| assert_eq!(merge_step(&store), Progress::Working));
    let (go_on, wait) = mpsc::sync_channel(1);
    std::thread::scope(|scope| {
        let last = scope.spawn(|| {
            // The sums of calls are written after a look at which traces are split.
            faults::plan(Some(Operation::Write), 0, Fault::Hangs(wait));
            merge_step(&store)
        });
        let sums = dir.path().join("store/segments/merging/000000000001-000000000080.calls.tmp");
        while !sums.exists() {
            std::thread::yield_now();
        }
        // Trace 1 was in one segment, and trace 3 in three that are merged.
        let late = vec![span(1, 77_001, None, 3, 400), by_sdk(span(3, 77_003, None, 3, 500))];
        store.append(std::slice::from_ref(&late), NOON).unwrap();
        oracle.append(&[late], NOON).unwrap();
        go_on.send(()).unwrap();
        assert_eq!(last.join().unwrap(), Progress::Done(8));
    });
    assert_eq!(answers(&store), answers(&oracle));
    store.seal().unwrap();
    assert_eq!(answers(&store), answers(&oracle));
}

#[test]
fn after_a_failed_merge_the_same_process_merges_later() {
    let (dir, store) = store();
    ten_segments(&store);
    let before = answers(&store);
    for operation in [Operation::Rename, Operation::Sync, Operation::Open, Operation::Write] {
        for after in [0, 7] {
            faults::plan(Some(operation), after, Fault::Fails(EIO));
            let _ = store.merge_all_segments(KEEP);
            faults::clear();
            assert_eq!(answers(&store), before, "{operation:?} {after}");
        }
    }
    store.merge_all_segments(KEEP).unwrap();
    assert_eq!(names(&dir).len(), 3);
    assert_eq!(answers(&store), before);
}

#[test]
fn pieces_of_a_merge_have_pauses() {
    let (_dir, store) = store();
    ten_segments(&store);
    // The pause after a look for segments is a second.
    let mut merged = store.merge_segments(KEEP).unwrap();
    merged += store.merge_segments(KEEP).unwrap();
    assert_eq!(merged, 8);
    store.append(&[vec![span(1, 70_000, None, 0, 1)]], NOON).unwrap();
    assert_eq!(store.merge_segments(KEEP).unwrap(), 0);
}

/// An action on a store.
#[derive(Clone, Debug)]
enum Step {
    /// Stores spans: trace, id, milliseconds after noon, kind.
    Append(Vec<(u8, u8, u8, u8)>),
    Seal,
    /// Does this many pieces of a merge.
    Merge(u8),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let spans = prop::collection::vec((0..12_u8, any::<u8>(), any::<u8>(), any::<u8>()), 1..6);
    prop_oneof![
        4 => spans.clone().prop_map(Step::Append),
        6 => Just(Step::Seal),
        2 => (1..4_u8).prop_map(Step::Merge),
        1 => Just(Step::Merge(255)),
        1 => Just(Step::Reopen),
    ]
}

fn made((trace, id, at, kind): (u8, u8, u8, u8)) -> Span {
    let parent = (kind & 1 == 1).then_some(u64::from(id / 2) + 1);
    let made =
        span(u128::from(trace) + 1, u64::from(id) + 1, parent, at.into(), (kind >> 2).into());
    let made = match kind % 5 {
        0 => by_sdk(made),
        1 => of_service(made, "stock"),
        2 => of_service(made, &format!("service-{}", id % 90)),
        _ => made,
    };
    match kind % 7 {
        0 => failed(made),
        1 => with_attributes(made, vec![("user.tier", "gold"), ("http.route", "/cart")]),
        _ => made,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn a_store_that_merges_answers_as_one_that_does_not(
        first in prop::collection::vec(prop::collection::vec(
            (0..12_u8, any::<u8>(), any::<u8>(), any::<u8>()), 1..6), 7..9),
        steps in prop::collection::vec(step(), 1..24),
    ) {
        let ((dir, mut store), (_other, oracle)) = (store(), store());
        let seal_each = first.into_iter().flat_map(|spans| [Step::Append(spans), Step::Seal]);
        for step in seal_each.chain(steps) {
            match step {
                Step::Append(spans) => {
                    let spans: Vec<Span> = spans.into_iter().map(made).collect();
                    let stored = store.append(std::slice::from_ref(&spans), NOON).unwrap();
                    prop_assert_eq!(stored, oracle.append(&[spans], NOON).unwrap());
                }
                Step::Seal => {
                    store.seal().unwrap();
                    oracle.seal().unwrap();
                }
                Step::Merge(pieces) => {
                    for _ in 0..pieces {
                        let spans = &store.0.spans;
                        let mut merges = spans.merges.lock().unwrap();
                        if spans.merge_step(&mut merges, KEEP).unwrap() == Progress::Idle {
                            break;
                        }
                    }
                }
                Step::Reopen => {
                    drop(store);
                    store = Store::open(config(&dir)).unwrap();
                }
            }
        }
        prop_assert_eq!(answers(&store), answers(&oracle));
        store.merge_all_segments(KEEP).unwrap();
        prop_assert_eq!(answers(&store), answers(&oracle));
        drop(store);
        let store = Store::open(config(&dir)).unwrap();
        prop_assert_eq!(answers(&store), answers(&oracle));
        prop_assert_eq!(store.extent().damaged, 0);
    }
}
