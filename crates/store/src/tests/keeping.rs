//! Retention and the size cap.

use std::time::Duration;

use coral_trace::{Collector, UnixNanos};

use super::{NOON, config, span, store};
use crate::{Keep, Maintained, Store, TraceQuery};

const HOUR: Keep = Keep { age: Duration::from_secs(3600), bytes: u64::MAX };

fn minutes(minutes: u64) -> UnixNanos {
    NOON.later(Duration::from_secs(60 * minutes))
}

fn segment_files(dir: &tempfile::TempDir) -> usize {
    let files = std::fs::read_dir(dir.path().join("store/segments")).unwrap();
    files
        .filter(|file| !file.as_ref().unwrap().file_name().to_string_lossy().starts_with("empty"))
        .count()
}

#[test]
fn spans_go_by_when_they_were_received_and_their_files_with_them() {
    let (dir, store) = store();
    store.append(&[vec![span(1, 1, None, 0, 1)]], minutes(0)).unwrap();
    store.append(&[vec![span(2, 2, None, 0, 1)]], minutes(10)).unwrap();
    // Nothing is due: the oldest row is younger than a quarter of the hour.
    assert_eq!(store.maintain(HOUR, minutes(14)).unwrap(), Maintained::default());
    assert_eq!(store.maintain(HOUR, minutes(20)).unwrap().sealed, 2);
    store.append(&[vec![span(3, 3, None, 0, 1)]], minutes(50)).unwrap();
    assert_eq!(segment_files(&dir), 2);
    let done = store.maintain(HOUR, minutes(71)).unwrap();
    assert_eq!((done.sealed, done.expired), (1, 2));
    assert_eq!(store.search(&TraceQuery::newest(10)).unwrap().len(), 1);
    assert_eq!((store.extent().spans, store.extent().first_receipt), (1, 3));
    assert_eq!(segment_files(&dir), 2);
    assert_eq!(store.maintain(HOUR, minutes(200)).unwrap().expired, 1);
    assert_eq!(segment_files(&dir), 0);
    assert_eq!(store.extent().spans, 0);
}

#[test]
fn receipts_go_on_when_everything_has_expired_and_the_process_has_restarted() {
    let (dir, store) = store();
    store.append(&[vec![span(1, 1, None, 0, 1)]], minutes(0)).unwrap();
    store.maintain(HOUR, minutes(60)).unwrap();
    store.maintain(HOUR, minutes(120)).unwrap();
    assert_eq!(store.extent().spans, 0);
    let id = store.id().to_owned();
    drop(store);
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!(store.id(), id);
    assert_eq!((store.extent().last_receipt, store.extent().first_receipt), (1, 2));
    store.append(&[vec![span(2, 2, None, 0, 1)]], minutes(121)).unwrap();
    let page = store.spans_after(Collector::Ebpf, 1, 10).unwrap();
    assert_eq!((page.spans[0].receipt, page.first_receipt), (2, 2));
}

#[test]
fn the_size_cap_lets_the_oldest_go_first_and_counts_what_went() {
    let (_dir, store) = store();
    for id in 1..=3 {
        store.append(&[vec![span(id.into(), id, None, 0, 1)]], minutes(id)).unwrap();
        store.seal().unwrap();
    }
    let cap = store.extent().bytes - 1;
    let done = store.maintain(Keep { bytes: cap, ..HOUR }, minutes(4)).unwrap();
    assert_eq!((done.evicted, done.expired), (1, 0));
    assert!(store.extent().bytes <= cap);
    let left = store.search(&TraceQuery::newest(10)).unwrap();
    assert_eq!(left.iter().map(|trace| trace.trace_id.as_u128()).min(), Some(2));
}

#[test]
fn hot_rows_are_sealed_when_there_are_many() {
    let (_dir, store) = store();
    let many = (1..=1_000).map(|id| span(id.into(), id, None, id, 1)).collect();
    store.append(&[many], NOON).unwrap();
    assert_eq!(store.maintain(HOUR, NOON).unwrap().sealed, 1_000);
    assert_eq!((store.extent().segments, store.extent().spans), (1, 1_000));
    assert_eq!(store.search(&TraceQuery::newest(2_000)).unwrap().len(), 1_000);
}

#[test]
fn a_new_store_has_another_identity() {
    let ((_a, one), (_b, other)) = (store(), store());
    assert_ne!(one.id(), other.id());
    assert_eq!(one.id().len(), 32);
    let _: &Store = &one;
}

#[test]
fn the_age_of_hot_rows_begins_anew_with_every_seal() {
    let (_dir, store) = store();
    store.append(&[vec![span(1, 1, None, 0, 1)]], minutes(0)).unwrap();
    assert_eq!(store.maintain(HOUR, minutes(16)).unwrap().sealed, 1);
    store.append(&[vec![span(2, 2, None, 0, 1)]], minutes(16)).unwrap();
    assert_eq!(store.maintain(HOUR, minutes(17)).unwrap().sealed, 0);
    assert_eq!(store.maintain(HOUR, minutes(31)).unwrap().sealed, 1);
}
