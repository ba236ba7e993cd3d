//! The index of a segment, which lets a store open without reading its Parquet files.

use coral_trace::TimeRange;

use super::{
    NOON, by_sdk, bytes_read, config, failed, of_service, segment_files, span, store, trace_id,
};
use crate::disk::Operation;
use crate::disk::faults::{self, EIO, ENOSPC, Fault};
use crate::{IndexedQuery, Store};

/// A closed store with three segments: traces of both collectors, traces that go on in the next
/// segment, and two services.
fn written() -> tempfile::TempDir {
    let (dir, store) = store();
    for round in 0..3_u64 {
        let spans = (1..=200_u64).flat_map(|trace| {
            let (trace, id) = (u128::from(100 * round + trace), 1_000 * round + 4 * trace);
            [
                by_sdk(span(trace, id, None, id, 10)),
                failed(of_service(span(trace, id + 1, Some(id), id + 5, 30), "stock")),
            ]
        });
        store.append(&[spans.collect()], NOON).unwrap();
        store.seal().unwrap();
    }
    drop(store);
    dir
}

/// Everything that the index decides about the answers of a store.
fn answers(store: &Store) -> String {
    let mut all = String::new();
    for query in [
        IndexedQuery::newest(1_000),
        IndexedQuery { min_duration_us: Some(20_000), ..IndexedQuery::newest(50) },
        IndexedQuery { services: vec!["stock".to_owned()], ..IndexedQuery::newest(7) },
    ] {
        all += &format!("{:?}\n", store.search(&query).unwrap());
    }
    for id in [1, 150, 400, 999] {
        all += &format!("{:?}\n", store.trace(trace_id(id), None, 10).unwrap());
    }
    let map = store.dependencies(TimeRange::ALL, None).unwrap().topology();
    all + &format!("{:?} {:?}", store.services(TimeRange::ALL).unwrap(), map.counts)
}

#[test]
fn a_store_without_indexes_answers_the_same_and_has_them_again() {
    let dir = written();
    let with = answers(&Store::open(config(&dir)).unwrap());
    let before: Vec<Vec<u8>> =
        segment_files(&dir, "index").iter().map(|path| std::fs::read(path).unwrap()).collect();
    assert_eq!(before.len(), 3);
    segment_files(&dir, "index").iter().for_each(|path| std::fs::remove_file(path).unwrap());
    assert_eq!(answers(&Store::open(config(&dir)).unwrap()), with);
    let after: Vec<Vec<u8>> =
        segment_files(&dir, "index").iter().map(|path| std::fs::read(path).unwrap()).collect();
    assert_eq!(after, before);
}

#[test]
fn footers_of_row_groups_that_are_damaged_cut_or_missing_change_no_answer() {
    let dir = written();
    let with = answers(&Store::open(config(&dir)).unwrap());
    let file = segment_files(&dir, "footers").remove(1);
    let bytes = std::fs::read(&file).unwrap();
    for at in (0..bytes.len()).step_by(bytes.len() / 40) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        for content in [&damaged, &bytes[..at]] {
            std::fs::write(&file, content).unwrap();
            let store = Store::open(config(&dir)).unwrap();
            assert_eq!(answers(&store), with, "byte {at}");
            assert_eq!((store.extent().segments, store.extent().damaged), (3, 0), "byte {at}");
        }
    }
    // Those of another segment.
    std::fs::copy(segment_files(&dir, "footers").remove(2), &file).unwrap();
    assert_eq!(answers(&Store::open(config(&dir)).unwrap()), with);
    std::fs::write(&file, bytes).unwrap();
    let store = Store::open(config(&dir)).unwrap();
    segment_files(&dir, "footers").iter().for_each(|file| std::fs::remove_file(file).unwrap());
    assert_eq!(answers(&store), with);
    drop(store);
    assert_eq!(answers(&Store::open(config(&dir)).unwrap()), with);
}

#[test]
fn an_index_that_is_cut_or_damaged_anywhere_is_made_again() {
    let dir = written();
    let with = answers(&Store::open(config(&dir)).unwrap());
    let index = segment_files(&dir, "index").remove(1);
    let bytes = std::fs::read(&index).unwrap();
    for at in (0..bytes.len()).step_by(bytes.len() / 40) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        for content in [&damaged, &bytes[..at]] {
            std::fs::write(&index, content).unwrap();
            let store = Store::open(config(&dir)).unwrap();
            assert_eq!(store.extent().damaged, 0);
            assert_eq!(answers(&store), with, "byte {at}");
            drop(store);
            assert_eq!(std::fs::read(&index).unwrap(), bytes, "byte {at}");
        }
    }
}

#[test]
fn the_index_of_another_segment_is_not_believed() {
    let dir = written();
    let with = answers(&Store::open(config(&dir)).unwrap());
    let indexes = segment_files(&dir, "index");
    std::fs::copy(&indexes[0], &indexes[1]).unwrap();
    assert_eq!(answers(&Store::open(config(&dir)).unwrap()), with);
}

#[test]
fn an_index_that_cannot_be_written_costs_nothing_but_time() {
    for (operation, error) in
        [(Operation::Rename, EIO), (Operation::Write, ENOSPC), (Operation::Open, ENOSPC)]
    {
        let (dir, store) = store();
        store.append(&[vec![span(1, 1, None, 0, 1)]], NOON).unwrap();
        let sealed = (0..30).find(|after| {
            faults::plan(Some(operation), *after, Fault::Fails(error));
            let sealed = store.seal().is_ok_and(|spans| spans == 1);
            faults::clear();
            sealed
        });
        assert!(sealed.is_some(), "{operation:?}");
        assert_eq!(store.trace(trace_id(1), None, 10).unwrap().span_count, 1);
        drop(store);
        let store = Store::open(config(&dir)).unwrap();
        assert_eq!(store.trace(trace_id(1), None, 10).unwrap().span_count, 1);
        assert_eq!((segment_files(&dir, "index").len(), store.extent().damaged), (1, 0));
    }
}

#[test]
fn an_index_without_its_segment_is_removed() {
    let dir = written();
    let stray = dir.path().join("store/segments/000000099999.index");
    std::fs::write(&stray, b"of a segment that expired").unwrap();
    drop(Store::open(config(&dir)).unwrap());
    assert!(!stray.exists());
}

#[test]
fn a_segment_is_opened_by_its_index_alone() {
    let (dir, store) = store();
    let spans = (1..=5_000_u64).map(|id| span(id.into(), id, None, id, 1));
    store.append(&[spans.collect()], NOON).unwrap();
    store.seal().unwrap();
    drop(store);
    let size = std::fs::metadata(&segment_files(&dir, "index")[0]).unwrap().len();
    // One segment is opened on the calling thread.
    let before = bytes_read();
    let store = Store::open(config(&dir)).unwrap();
    let read = bytes_read() - before;
    assert!(read < size + 20_000, "{read} bytes were read, and the index has {size}");
    assert!(store.contains(trace_id(77)).unwrap());
}
