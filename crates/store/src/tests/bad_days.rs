//! Crashes, damaged files and foreign files.

use std::error::Error;

use coral_trace::Collector;

use super::{NOON, append_page, config, span, store};
use crate::{Checkpoint, IndexedQuery, KnownAgent, Store, StoreError};

fn checkpoint() -> Checkpoint {
    Checkpoint {
        agent_id: "web-1".into(),
        collector: Collector::Ebpf,
        store_id: "s".into(),
        next_receipt: 0,
        spans_stored: 0,
        spans_missed: 0,
    }
}

#[test]
fn a_page_and_its_checkpoint_are_stored_together() {
    let (dir, store) = store();
    let mut place = Checkpoint { next_receipt: 2, ..checkpoint() };
    let page = vec![span(1, 1, None, 0, 1), span(1, 2, Some(1), 0, 1)];
    append_page(&store, page.clone(), &mut place).unwrap();
    // The same page again, as after a poll that ended before it learned of the commit.
    append_page(&store, page, &mut place).unwrap();
    drop(store);
    let store = Store::open(config(&dir)).unwrap();
    let expected = Checkpoint { next_receipt: 2, spans_stored: 2, ..checkpoint() };
    assert_eq!(store.checkpoints(), [expected]);
    let stored = store.trace(super::trace_id(1), None, 10).unwrap();
    assert!(stored.spans.iter().all(|stored| &*stored.agent_id == "web-1"));
    assert_eq!(stored.span_count, 2);
}

#[test]
fn a_partial_file_of_a_crash_is_removed_and_its_rows_are_still_hot() {
    let (dir, store) = store();
    store.append(&[vec![span(1, 1, None, 0, 1)]], NOON).unwrap();
    drop(store);
    let segments = dir.path().join("store/segments");
    for orphan in ["000000000001.traces.parquet", "000000000001.spans.tmp", "hot-x.tmp"] {
        std::fs::write(segments.join(orphan), b"half a file").unwrap();
    }
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!(store.search(&IndexedQuery::newest(10)).unwrap().len(), 1);
    assert_eq!(std::fs::read_dir(segments).unwrap().count(), 0);
}

#[test]
fn a_damaged_segment_is_skipped_and_the_rest_is_readable() {
    let (dir, store) = store();
    for id in 1..=2 {
        store.append(&[vec![span(id.into(), id, None, 0, 1)]], NOON).unwrap();
        store.seal().unwrap();
    }
    drop(store);
    let first = dir.path().join("store/segments/000000000001.spans.parquet");
    std::fs::write(first, b"not parquet").unwrap();
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!(store.search(&IndexedQuery::newest(10)).unwrap().len(), 1);
}

#[test]
fn a_store_of_another_schema_version_is_refused_unchanged() {
    let (dir, store) = store();
    drop(store);
    let file = dir.path().join("store/store.json");
    let newer = std::fs::read_to_string(&file).unwrap().replace("\":5,", "\":99,");
    std::fs::write(&file, &newer).unwrap();
    let refused = Store::open(config(&dir)).err().unwrap();
    assert!(matches!(refused, StoreError::SchemaVersion { found: 99, .. }), "{refused}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), newer);
}

#[test]
fn a_store_of_schema_version_4_is_refused_unchanged() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("store")).unwrap();
    std::fs::write(dir.path().join("store/coral.duckdb"), vec![7u8; 20_000]).unwrap();
    let refused = Store::open(config(&dir)).err().unwrap();
    assert!(matches!(refused, StoreError::SchemaVersion { found: 4, .. }), "{refused}");
    assert!(!dir.path().join("store/store.json").exists());
}

#[test]
fn an_invalid_store_json_is_refused_with_its_path_and_the_cause() {
    let (dir, store) = store();
    drop(store);
    std::fs::write(dir.path().join("store/store.json"), [7u8; 200]).unwrap();
    let refused = Store::open(config(&dir)).err().unwrap();
    assert!(refused.to_string().contains("store.json"), "{refused}");
    assert!(refused.source().is_some());
}

#[test]
fn a_store_belongs_to_one_process() {
    let (dir, store) = store();
    let refused = Store::open(config(&dir)).err().unwrap();
    assert!(matches!(refused, StoreError::Locked { .. }), "{refused}");
    drop(store);
    Store::open(config(&dir)).unwrap();
}

#[test]
fn agents_that_registered_are_known_after_seals_and_restarts() {
    let (dir, store) = store();
    let agent = |address: &str| KnownAgent { agent_id: "web-1".into(), address: address.into() };
    store.register_agent(&agent("http://10.0.0.5:9001")).unwrap();
    store.append(&[vec![span(1, 1, None, 0, 1)]], NOON).unwrap();
    store.register_agent(&agent("http://10.0.0.6:9001")).unwrap();
    store.seal().unwrap();
    drop(store);
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!(store.agents(), [agent("http://10.0.0.6:9001")]);
    assert_eq!(store.extent().spans, 1);
}

#[test]
fn names_with_zero_bytes_quotes_and_64_kib_come_back_as_they_were() {
    let (_dir, store) = store();
    let mut odd = span(1, 1, None, 0, 1);
    odd.name = format!("a\0b'\"\\\u{1b}[31m{}", "x".repeat(65_536));
    store.append(&[vec![odd.clone()]], NOON).unwrap();
    store.seal().unwrap();
    assert_eq!(store.trace(super::trace_id(1), None, 10).unwrap().spans[0].span, odd);
}

/// The only log of a closed store.
pub(super) fn log_of(dir: &tempfile::TempDir) -> std::path::PathBuf {
    let logs = std::fs::read_dir(dir.path().join("store/log")).unwrap();
    let mut logs: Vec<_> = logs.map(|log| log.unwrap().path()).collect();
    logs.sort();
    logs.pop().unwrap()
}

#[test]
fn a_partial_commit_is_ignored_wherever_it_was_cut() {
    let (dir, store) = store();
    store.append(&[vec![span(1, 1, None, 0, 1)]], NOON).unwrap();
    let log = log_of(&dir);
    let acknowledged = std::fs::metadata(&log).unwrap().len();
    store.append(&[vec![span(2, 2, None, 0, 1)]], NOON).unwrap();
    drop(store);
    let whole = std::fs::read(&log).unwrap();
    for cut in (acknowledged as usize..whole.len()).step_by(97) {
        let copy = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(copy.path().join("store/log")).unwrap();
        let torn = copy.path().join("store/log").join(log.file_name().unwrap());
        std::fs::write(&torn, &whole[..cut]).unwrap();
        let store = Store::open(config(&copy)).unwrap();
        assert_eq!(store.extent().spans, 1, "cut at {cut}");
        // New commits work afterwards, also after another restart.
        store.append(&[vec![span(3, 3, None, 0, 1)]], NOON).unwrap();
        drop(store);
        let store = Store::open(config(&copy)).unwrap();
        assert_eq!((store.extent().spans, store.extent().last_receipt), (2, 2), "cut at {cut}");
    }
}

#[test]
fn a_corrupt_end_of_a_log_is_not_read_as_spans() {
    let (dir, store) = store();
    store.append(&[vec![span(1, 1, None, 0, 1)]], NOON).unwrap();
    let log = log_of(&dir);
    let acknowledged = std::fs::metadata(&log).unwrap().len() as usize;
    store.append(&[vec![span(2, 2, None, 0, 1)]], NOON).unwrap();
    drop(store);
    let mut bytes = std::fs::read(&log).unwrap();
    let middle = (acknowledged + bytes.len()) / 2;
    bytes[middle] ^= 0x40;
    std::fs::write(&log, bytes).unwrap();
    assert_eq!(Store::open(config(&dir)).unwrap().extent().spans, 1);
}

#[test]
fn a_segment_that_becomes_damaged_is_set_aside_and_counted_and_the_rest_is_readable() {
    let (dir, store) = store();
    for id in 1..=3 {
        store.append(&[vec![span(id.into(), id, None, 0, 1)]], NOON).unwrap();
        store.seal().unwrap();
    }
    let second = dir.path().join("store/segments/000000000002.spans.parquet");
    let length = std::fs::metadata(&second).unwrap().len() as usize;
    std::fs::write(&second, vec![0xff; length]).unwrap();
    assert_eq!(store.trace(super::trace_id(2), None, 10).unwrap().span_count, 0);
    assert_eq!(store.trace(super::trace_id(3), None, 10).unwrap().span_count, 1);
    assert_eq!(store.search(&IndexedQuery::newest(10)).unwrap().len(), 2);
    let extent = store.extent();
    assert_eq!((extent.spans, extent.segments, extent.damaged), (2, 2, 1));
    assert!(second.with_extension("damaged").exists());
    drop(store);
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!((store.extent().spans, store.extent().damaged), (2, 1));
    let page = store.spans_after(Collector::Ebpf, 0, 10).unwrap();
    assert_eq!(page.spans.iter().map(|stored| stored.receipt).collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn a_missing_segment_is_counted_and_the_rest_is_readable() {
    let (dir, store) = store();
    for id in 1..=3 {
        store.append(&[vec![span(id.into(), id, None, 0, 1)]], NOON).unwrap();
        store.seal().unwrap();
    }
    drop(store);
    std::fs::remove_file(dir.path().join("store/segments/000000000002.spans.parquet")).unwrap();
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!((store.extent().spans, store.extent().damaged), (2, 1));
    assert_eq!(store.search(&IndexedQuery::newest(10)).unwrap().len(), 2);
}

/// A directory takes the place of the file that sealing writes, as on a disk where no file can be
/// created.
#[test]
fn rows_that_cannot_be_sealed_stay_readable_and_are_sealed_later() {
    let (dir, store) = store();
    store.append(&[vec![span(1, 1, None, 0, 1)]], NOON).unwrap();
    let blocked = dir.path().join("store/segments/000000000001.traces.tmp");
    std::fs::create_dir(&blocked).unwrap();
    assert!(store.seal().is_err());
    store.append(&[vec![span(1, 2, Some(1), 5, 100)]], NOON).unwrap();
    let all = || store.search(&IndexedQuery::newest(10)).unwrap();
    assert_eq!((all().len(), all()[0].spans, all()[0].duration_us), (1, 2, 105_000));
    std::fs::remove_dir(&blocked).unwrap();
    assert_eq!(store.seal().unwrap(), 2);
    assert_eq!((all().len(), all()[0].spans, store.extent().segments), (1, 2, 2));
}

#[test]
fn a_repaired_segment_is_restored_and_its_spans_are_stored_once() {
    let (dir, store) = store();
    for id in 1..=3 {
        store
            .append(&[vec![span(1, id, None, id, 1), span(id.into(), 9, None, 0, 1)]], NOON)
            .unwrap();
        store.seal().unwrap();
    }
    drop(store);
    let second = dir.path().join("store/segments/000000000003.spans.parquet");
    let third = dir.path().join("store/segments/000000000005.spans.parquet");
    let whole = std::fs::read(&second).unwrap();
    std::fs::write(&second, b"not parquet").unwrap();
    std::fs::write(&third, b"not parquet").unwrap();
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!((store.extent().spans, store.extent().damaged), (2, 4));
    // One of the segments became readable again. One of its spans was sent again.
    std::fs::write(second.with_extension("damaged"), whole).unwrap();
    store.append(&[vec![span(1, 2, None, 2, 1)]], NOON).unwrap();
    let repaired = store.repair(NOON).unwrap();
    assert_eq!((repaired.spans, repaired.known, repaired.left.len()), (1, 1, 1));
    drop(store);
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!(store.extent().spans, 4);
    let trace = store.trace(super::trace_id(1), None, 10).unwrap();
    let ids: Vec<u64> = trace.spans.iter().map(|stored| stored.span.span_id.as_u64()).collect();
    assert_eq!(ids, [9, 1, 2]);
    assert_eq!(store.search(&IndexedQuery::newest(10)).unwrap().len(), 2);
    assert_eq!(store.repair(NOON).unwrap().left.len(), 1);
}

#[test]
fn a_store_with_any_damaged_byte_in_a_log_opens_and_no_span_gets_another_resource() {
    let (dir, store) = store();
    let of = |service: &str, id: u64| super::of_service(span(id.into(), id, None, id, 1), service);
    store.append(&[vec![of("a", 1)], vec![of("b", 2)]], NOON).unwrap();
    // Begins a seal: the next log numbers its origins from 0.
    store.0.spans.begin_sealing().unwrap();
    store.append(&[vec![of("c", 3)]], NOON).unwrap();
    store.append(&[vec![of("a", 4)]], NOON).unwrap();
    drop(store);
    let log = log_of(&dir);
    let whole = std::fs::read(&log).unwrap();
    let service = |id: u64| ["", "a", "b", "c", "a"][id as usize];
    for at in (0..whole.len()).filter(|at| at % 7 == 0 || (8..80).contains(at)) {
        let copy = tempfile::tempdir().unwrap();
        copy_logs(&dir, &copy);
        let mut bytes = whole.clone();
        bytes[at] ^= 0x41;
        std::fs::write(copy.path().join("store/log").join(log.file_name().unwrap()), bytes)
            .unwrap();
        let store = Store::open(config(&copy)).unwrap();
        let page = store.spans_after(Collector::Ebpf, 0, 10).unwrap();
        for stored in &page.spans {
            let id = stored.span.span_id.as_u64();
            assert_eq!(stored.span.origin.service_name(), service(id), "byte {at}");
        }
        assert!(page.spans.len() >= 2, "byte {at}: what the other log holds is there");
        let is_set_aside = (8..24).contains(&at);
        let kept = if is_set_aside { 2 } else { 4 };
        assert!(at >= 24 || page.spans.len() == kept, "byte {at}: the header");
        let aside = copy.path().join("store/log").join(log.file_name().unwrap());
        assert_eq!(aside.with_extension("damaged").exists(), is_set_aside, "byte {at}");
        if at < 24 {
            assert_eq!(store.extent().damaged, 4 - kept as u64, "byte {at}");
        }
        let last = store.extent().last_receipt;
        store.append(&[vec![of("b", 9)]], NOON).unwrap();
        let next = store.spans_after(Collector::Ebpf, last, 10).unwrap().spans[0].receipt;
        assert!(page.spans.iter().all(|stored| stored.receipt < next), "byte {at}");
        drop(store);
        Store::open(config(&copy)).unwrap();
    }
}

fn copy_logs(from: &tempfile::TempDir, to: &tempfile::TempDir) {
    std::fs::create_dir_all(to.path().join("store/log")).unwrap();
    for log in std::fs::read_dir(from.path().join("store/log")).unwrap() {
        let log = log.unwrap();
        std::fs::copy(log.path(), to.path().join("store/log").join(log.file_name())).unwrap();
    }
}

#[test]
fn a_store_with_any_damaged_byte_in_a_segment_opens_and_answers_without_a_panic() {
    let (dir, store) = store();
    store.append(&[vec![span(1, 1, None, 0, 1), span(2, 2, None, 0, 1)]], NOON).unwrap();
    store.seal().unwrap();
    // The second segment continues a trace of the first, so that opening reads details of the
    // first.
    store.append(&[vec![span(1, 3, Some(1), 0, 1)]], NOON).unwrap();
    store.seal().unwrap();
    drop(store);
    for name in ["000000000003.traces.parquet", "000000000001.traces.parquet"] {
        let whole = std::fs::read(dir.path().join("store/segments").join(name)).unwrap();
        for at in (0..whole.len()).step_by(13) {
            let copy = tempfile::tempdir().unwrap();
            let segments = copy.path().join("store/segments");
            std::fs::create_dir_all(&segments).unwrap();
            for file in std::fs::read_dir(dir.path().join("store/segments")).unwrap() {
                let file = file.unwrap();
                std::fs::copy(file.path(), segments.join(file.file_name())).unwrap();
            }
            let mut bytes = whole.clone();
            bytes[at] ^= 0x41;
            std::fs::write(segments.join(name), bytes).unwrap();
            let store = Store::open(config(&copy)).unwrap_or_else(|error| panic!("{at}: {error}"));
            store.search(&IndexedQuery::newest(10)).unwrap();
            store.trace(super::trace_id(1), None, 10).unwrap();
        }
    }
}
