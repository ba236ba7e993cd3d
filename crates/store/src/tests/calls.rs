//! The sums of the calls of a segment, from which service maps are made.

use coral_engine::{Budget, TraceReader};
use coral_trace::dependency::Topology;
use coral_trace::{Collector, Span, SpanKind, TimeRange, UnixNanos};

use super::{
    NOON, by_sdk, bytes_read, config, failed, of_service, segment_files, span, store,
    with_attributes,
};
use crate::Store;
use crate::disk::Operation;
use crate::disk::faults::{self, EIO, ENOSPC, Fault};

/// A request of trace `trace` and a call in it to another service, and if `sdk`, a span of the SDK.
fn trace(trace: u64, at_ms: u64, sdk: bool) -> Vec<Span> {
    let id = 10 * trace;
    let mut call = span(trace.into(), id + 1, Some(id), at_ms + 1, 5 + trace % 7);
    call.kind = SpanKind::Client;
    let call = with_attributes(call, vec![("server.address", "10.0.0.7")]);
    let answer =
        failed(of_service(span(trace.into(), id + 2, Some(id + 1), at_ms + 2, 3), "stock"));
    let mut spans = vec![span(trace.into(), id, None, at_ms, 10), call, answer];
    spans.extend(sdk.then(|| by_sdk(span(trace.into(), id + 3, Some(id), at_ms + 1, 1))));
    spans
}

/// Stores 300 traces in three segments and three minutes, a few of which go on in the next segment.
fn write(store: &Store) {
    for round in 0..3_u64 {
        let mut spans: Vec<Span> = (1..=100)
            .flat_map(|at| {
                trace(100 * round + at, 1_800 * (100 * round + at) % 180_000, at % 4 == 0)
            })
            .collect();
        for at in 1..=5 * u64::from(round > 0) {
            let number = 100 * round - at;
            spans.push(of_service(
                span(number.into(), 10 * number + 9, Some(10 * number), 900, 2),
                "mail",
            ));
        }
        store.append(&[spans], NOON).unwrap();
        store.seal().unwrap();
    }
}

fn written() -> tempfile::TempDir {
    let (dir, store) = store();
    write(&store);
    drop(store);
    dir
}

fn contents(dir: &tempfile::TempDir) -> Vec<Vec<u8>> {
    segment_files(dir, "calls").iter().map(|path| std::fs::read(path).unwrap()).collect()
}

fn window(from_ms: u64, to_ms: u64) -> TimeRange {
    let at = |ms: u64| UnixNanos(NOON.0 + ms * 1_000_000);
    TimeRange { start: at(from_ms), end: at(to_ms) }
}

/// Maps of several windows and collectors.
fn maps(store: &Store) -> Vec<Topology> {
    let windows = [TimeRange::ALL, window(60_000, 120_000), window(30_000, 150_000)];
    let collectors = [None, Some(Collector::Sdk), Some(Collector::Ebpf)];
    let each = windows.iter().flat_map(|window| collectors.map(|collector| (*window, collector)));
    each.map(|(window, collector)| store.dependencies(window, collector).unwrap().topology())
        .collect()
}

#[test]
fn a_store_without_sums_answers_the_same_and_has_them_again() {
    let dir = written();
    let with = maps(&Store::open(config(&dir)).unwrap());
    assert_eq!(with[0].counts.traces, 300);
    assert_eq!(with[0].counts.spans, 3 * 300 + 75 + 10);
    let before = contents(&dir);
    assert_eq!(before.len(), 3);
    segment_files(&dir, "calls").iter().for_each(|path| std::fs::remove_file(path).unwrap());
    let store = Store::open(config(&dir)).unwrap();
    for _ in 0..2 {
        assert_eq!(maps(&store), with);
    }
    assert_eq!(contents(&dir), before);
}

/// The map of a window without sums: from all spans of the traces that started in it.
fn from_spans(window: TimeRange, collector: Option<Collector>) -> Topology {
    let (_dir, store) = store();
    let mut hot = Vec::new();
    for trace in all_spans().chunk_by(|one, next| one.trace_id == next.trace_id) {
        let counted =
            || trace.iter().filter(|span| collector.is_none_or(|of| span.origin.collector == of));
        if counted().map(|span| span.start).min().is_some_and(|start| window.contains(start)) {
            hot.extend(counted().cloned());
        }
    }
    store.append(&[hot], NOON).unwrap();
    store.dependencies(TimeRange::ALL, None).unwrap().topology()
}

/// The spans that [`write`] stores, by trace.
fn all_spans() -> Vec<Span> {
    let (_dir, store) = store();
    write(&store);
    let ids = (1..=300_u128).map(super::trace_id).collect::<Vec<_>>();
    let stored = store.spans_of(&ids, None, None, u32::MAX).unwrap();
    stored.into_iter().map(|stored| stored.span).collect()
}

#[test]
fn a_window_that_cuts_minutes_anywhere_has_exactly_the_traces_that_started_in_it() {
    let dir = written();
    let store = Store::open(config(&dir)).unwrap();
    // Of the first and the last minute, a part of any size.
    for (from, to) in [
        (0, 180_000),
        (1, 179_999),
        (9_000, 171_000),
        (29_000, 151_000),
        (31_000, 149_000),
        (58_000, 122_000),
        (5_000, 55_000),
        (61_000, 118_000),
        (100_000, 101_000),
    ] {
        for collector in [None, Some(Collector::Sdk), Some(Collector::Ebpf)] {
            let window = window(from, to);
            let map = store.dependencies(window, collector).unwrap().topology();
            assert_eq!(map, from_spans(window, collector), "{from} to {to}, {collector:?}");
        }
    }
}

#[test]
fn a_map_that_leaves_out_a_second_of_a_minute_reads_the_spans_of_that_second() {
    let dir = written();
    let store = Store::open(config(&dir)).unwrap();
    let budget = Budget::unlimited();
    TraceReader::dependencies(&store, window(1_000, 179_000), None, &budget).unwrap();
    // One column of all spans, and all columns of the first trace of each segment.
    let spans = store.extent().spans;
    assert!(budget.rows() <= spans + 3 * 5, "{} of {spans}", budget.rows());
}

#[test]
fn sums_that_are_cut_or_damaged_anywhere_are_made_again() {
    let dir = written();
    let with = maps(&Store::open(config(&dir)).unwrap());
    let file = segment_files(&dir, "calls").remove(1);
    let bytes = std::fs::read(&file).unwrap();
    for at in (0..bytes.len()).step_by(bytes.len() / 20) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        for content in [&damaged, &bytes[..at]] {
            std::fs::write(&file, content).unwrap();
            let store = Store::open(config(&dir)).unwrap();
            assert_eq!(maps(&store), with, "byte {at}");
            assert_eq!(store.extent().damaged, 0);
            assert_eq!(std::fs::read(&file).unwrap(), bytes, "byte {at}");
        }
    }
}

#[test]
fn the_sums_of_another_segment_are_not_believed() {
    let dir = written();
    let with = maps(&Store::open(config(&dir)).unwrap());
    let files = segment_files(&dir, "calls");
    std::fs::copy(&files[0], &files[1]).unwrap();
    assert_eq!(maps(&Store::open(config(&dir)).unwrap()), with);
}

#[test]
fn sums_that_cannot_be_written_or_read_cost_nothing_but_time() {
    let expected = maps(&Store::open(config(&written())).unwrap());
    for (operation, error) in
        [(Operation::Rename, EIO), (Operation::Write, ENOSPC), (Operation::Open, ENOSPC)]
    {
        let (dir, store) = store();
        // Every seal fails to write its sums, whichever operation of the seal that is.
        for after in 0..40 {
            store.append(&[trace(1_000 + after, 0, true)], NOON).unwrap();
            faults::plan(Some(operation), after, Fault::Fails(error));
            let sealed = store.seal();
            faults::clear();
            if sealed.is_err() {
                store.seal().unwrap();
            }
        }
        let map = store.dependencies(TimeRange::ALL, None).unwrap().topology();
        assert_eq!((map.counts.traces, map.counts.spans), (40, 160), "{operation:?}");
        assert_eq!(store.extent().damaged, 0);
        drop(store);
        let store = Store::open(config(&dir)).unwrap();
        assert_eq!(store.dependencies(TimeRange::ALL, None).unwrap().topology(), map);
        assert!(segment_files(&dir, "tmp").is_empty());
    }
    let dir = written();
    segment_files(&dir, "calls").iter().for_each(|path| {
        std::fs::remove_file(path).unwrap();
        std::fs::create_dir(path).unwrap();
    });
    assert_eq!(maps(&Store::open(config(&dir)).unwrap()), expected);
}

#[test]
fn sums_without_their_segment_are_removed() {
    let dir = written();
    let stray = dir.path().join("store/segments/000000099999.calls");
    std::fs::write(&stray, b"of a segment that expired").unwrap();
    drop(Store::open(config(&dir)).unwrap());
    assert!(!stray.exists());
}

#[test]
fn a_map_of_whole_minutes_reads_the_sums_alone_also_after_a_late_span_was_sealed() {
    let (dir, store) = store();
    store
        .append(&[(1..=2_000).flat_map(|at| trace(at, 50 * at, at % 4 == 0)).collect()], NOON)
        .unwrap();
    store.seal().unwrap();
    let read = |window| {
        // One segment is read on the calling thread.
        let before = bytes_read();
        let map = store.dependencies(window, None).unwrap().topology();
        (map.counts, bytes_read() - before)
    };
    let size = || std::fs::metadata(&segment_files(&dir, "calls")[0]).unwrap().len();
    for window in [TimeRange::ALL, window(0, 120_000)] {
        let (counts, bytes) = read(window);
        assert_eq!((counts.traces, counts.spans), (2_000, 6_500));
        assert!(bytes < size() + 2_000, "{bytes} bytes were read, and the sums have {}", size());
    }
    let (counts, bytes) = read(window(0, 30_000));
    assert_eq!(counts.traces, 599, "a window that cuts a minute");
    assert!(bytes > 2 * size(), "{bytes} bytes were read");
    // A late span moves a trace to the minute before.
    let late = span(1_500, 15_005, Some(9), 1, 1);
    store.append(&[vec![late]], NOON).unwrap();
    let minutes = [window(0, 60_000), window(60_000, 120_000)];
    let hot = minutes.map(|minute| read(minute).0);
    assert_eq!(hot.map(|counts| counts.traces), [1_200, 800]);
    assert_eq!(hot.map(|counts| counts.orphans), [1, 0]);
    store.seal().unwrap();
    let sums = std::fs::read(&segment_files(&dir, "calls")[0]).unwrap();
    assert_eq!(minutes.map(|minute| read(minute).0), hot);
    drop(store);
    let store = Store::open(config(&dir)).unwrap();
    let again = minutes.map(|minute| store.dependencies(minute, None).unwrap().topology().counts);
    assert_eq!(again, hot);
    assert_eq!(std::fs::read(&segment_files(&dir, "calls")[0]).unwrap(), sums, "the sums stay");
}

#[test]
fn names_that_a_hostile_exporter_makes_up_do_not_make_the_sums_large() {
    let (dir, store) = store();
    let spans =
        (1..=21_000_u64).map(|id| of_service(span(1, id, None, id, 1), &format!("made-up-{id}")));
    store.append(&[spans.collect()], NOON).unwrap();
    store.seal().unwrap();
    assert!(std::fs::metadata(&segment_files(&dir, "calls")[0]).unwrap().len() < 100);
    let map = store.dependencies(TimeRange::ALL, None).unwrap().topology();
    assert_eq!(map.counts.spans, 21_000);
}

/// Seals each of `pieces` in a segment of its own. The maps must be those of the same spans in memory.
fn check_pieces(pieces: &[Vec<Span>]) -> (tempfile::TempDir, Store) {
    let (_hot_dir, hot) = store();
    let (dir, sealed) = store();
    for piece in pieces {
        for store in [&hot, &sealed] {
            store.append(std::slice::from_ref(piece), NOON).unwrap();
        }
        assert_eq!(maps(&sealed), maps(&hot), "before a seal");
        sealed.seal().unwrap();
        assert_eq!(maps(&sealed), maps(&hot), "after a seal");
    }
    segment_files(&dir, "calls").iter().for_each(|path| std::fs::remove_file(path).unwrap());
    assert_eq!(maps(&sealed), maps(&hot), "sums made again");
    drop(sealed);
    let sealed = Store::open(config(&dir)).unwrap();
    assert_eq!(maps(&sealed), maps(&hot), "after a restart");
    (dir, sealed)
}

#[test]
fn a_segment_most_of_whose_traces_go_on_is_summed_up_without_their_spans() {
    let numbers = 1..=60_u64;
    let first = numbers.clone().flat_map(|at| trace(at, 2_500 * at, at % 4 == 0)).collect();
    let late = |number: u64| span(number.into(), 10 * number + 9, Some(10 * number), 20_000, 2);
    let (dir, _store) = check_pieces(&[first, numbers.skip(5).map(late).collect()]);
    let sizes = contents(&dir).into_iter().map(|content| content.len());
    assert!(sizes.max().unwrap() < 4_000, "the spans of split traces are not in the file");
}

#[test]
fn a_minute_whose_sums_are_too_coarse_for_a_late_span_is_read_from_spans() {
    let call = |at: u64| {
        let mut spans = trace(at, 600 * at, false);
        let address = format!("10.0.0.{at}");
        spans[1] = with_attributes(spans[1].clone(), vec![("server.address", address.as_str())]);
        spans
    };
    let late = of_service(span(3, 39, Some(32), 4_000, 2), "mail");
    check_pieces(&[(1..=200).flat_map(call).collect(), vec![late]]);
}
