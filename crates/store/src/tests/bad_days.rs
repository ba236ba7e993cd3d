//! Crashes, damage and strangers.

use std::error::Error;

use coral_trace::Collector;

use super::{NOON, config, span, store};
use crate::{Checkpoint, Store, StoreError, TraceQuery};

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
    store.append_page(page.clone(), NOON, &mut place).unwrap();
    // The same page again, as after a poll that was cut off before it heard of the commit.
    store.append_page(page, NOON, &mut place).unwrap();
    drop(store);
    let store = Store::open(config(&dir)).unwrap();
    let expected = Checkpoint { next_receipt: 2, spans_stored: 2, ..checkpoint() };
    assert_eq!(store.checkpoints().unwrap(), [expected]);
    let stored = store.trace(super::trace_id(1), None, 10).unwrap();
    assert!(stored.spans.iter().all(|stored| &*stored.agent_id == "web-1"));
    assert_eq!(stored.span_count, 2);
}

#[test]
fn a_file_that_a_crash_left_uncatalogued_is_swept_and_its_rows_are_still_hot() {
    let (dir, store) = store();
    store.append(&[vec![span(1, 1, None, 0, 1)]], NOON).unwrap();
    drop(store);
    let segments = dir.path().join("store/segments");
    for orphan in ["000000000001.traces.parquet", "000000000001.spans.tmp", "hot-x.tmp"] {
        std::fs::write(segments.join(orphan), b"half a file").unwrap();
    }
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!(store.search(&TraceQuery::newest(10)).unwrap().len(), 1);
    assert_eq!(std::fs::read_dir(segments).unwrap().count(), 0);
}

#[test]
fn a_damaged_segment_is_left_out_and_the_rest_is_readable() {
    let (dir, store) = store();
    for id in 1..=2 {
        store.append(&[vec![span(id.into(), id, None, 0, 1)]], NOON).unwrap();
        store.seal().unwrap();
    }
    drop(store);
    let first = dir.path().join("store/segments/000000000001.spans.parquet");
    std::fs::write(first, b"not parquet").unwrap();
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!(store.search(&TraceQuery::newest(10)).unwrap().len(), 1);
}

#[test]
fn a_store_of_another_schema_version_is_refused_untouched() {
    let (dir, store) = store();
    let newer = "UPDATE store_meta SET schema_version = 99";
    store
        .0
        .database
        .with(|c| c.execute_batch(newer).map_err(StoreError::statement("test")))
        .unwrap();
    drop(store);
    let refused = Store::open(config(&dir)).err().unwrap();
    assert!(matches!(refused, StoreError::SchemaVersion { found: 99, .. }), "{refused}");
}

#[test]
fn a_file_that_is_no_database_is_refused_with_its_path_and_the_cause() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("store")).unwrap();
    std::fs::write(dir.path().join("store/coral.duckdb"), vec![7u8; 20_000]).unwrap();
    let refused = Store::open(config(&dir)).err().unwrap();
    assert!(refused.to_string().contains("coral.duckdb"), "{refused}");
    assert!(refused.source().is_some());
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
