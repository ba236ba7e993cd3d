//! What damage of a segment, a log or `store.json` costs, and how it is counted.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{RecordBatch, StringArray};
use coral_engine::PageWriter as _;
use coral_trace::Collector;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::bad_days::log_of;
use super::{NOON, config, span, store, with_attributes};
use crate::segment::write_spans;
use crate::{Extent, PageLimit, Store, StoreError};

#[test]
fn a_file_that_is_not_a_log_is_set_aside() {
    let (dir, store) = store();
    store.append(&[vec![span(1, 1, None, 0, 1)]], NOON).unwrap();
    drop(store);
    for logs in ["log", "metrics/log"] {
        let foreign = dir.path().join("store").join(logs).join("000000000009.log");
        std::fs::write(&foreign, b"something else entirely").unwrap();
        let store = Store::open(config(&dir)).unwrap();
        assert_eq!(store.extent().spans, 1);
        assert!(!foreign.exists() && foreign.with_extension("damaged").exists());
    }
}

#[test]
fn a_log_of_a_newer_version_is_refused_unchanged_with_advice() {
    let (dir, store) = store();
    drop(store);
    for logs in ["log", "metrics/log", "coverage"] {
        let logs = dir.path().join("store").join(logs);
        std::fs::create_dir_all(&logs).unwrap();
        let newer = logs.join("000000000009.log");
        std::fs::write(&newer, b"coralog\x03 and what a newer version writes").unwrap();
        let refused = Store::open(config(&dir)).err().unwrap();
        assert!(matches!(refused, StoreError::SchemaVersion { found: 3, .. }), "{refused}");
        let text = refused.to_string();
        assert!(text.contains("000000000009.log") && text.contains("Start the Coral"), "{text}");
        assert!(newer.exists());
        std::fs::remove_file(newer).unwrap();
    }
    Store::open(config(&dir)).unwrap();
}

#[test]
fn the_only_log_with_a_damaged_header_is_set_aside_and_its_spans_are_counted() {
    for damage in [7, 8, 12, 20] {
        let (dir, store) = store();
        for id in 1..=3 {
            store.append(&[vec![span(id.into(), id, None, 0, 1)]], NOON).unwrap();
        }
        drop(store);
        let log = log_of(&dir);
        let mut bytes = std::fs::read(&log).unwrap();
        bytes[damage] ^= 1;
        std::fs::write(&log, bytes).unwrap();
        let store = Store::open(config(&dir)).unwrap();
        let Extent { spans, damaged, last_receipt, .. } = store.extent();
        // The first 8 bytes are known, so damage of them costs nothing.
        let expected = if damage < 8 { (3, 0, 3) } else { (0, 3, 3) };
        assert_eq!((spans, damaged, last_receipt), expected, "byte {damage}");
        assert_eq!(log.with_extension("damaged").exists(), damage >= 8);
        store.append(&[vec![span(9, 9, None, 0, 1)]], NOON).unwrap();
        assert_eq!(store.extent().last_receipt, 4);
        drop(store);
        assert_eq!(Store::open(config(&dir)).unwrap().extent().spans, spans + 1);
    }
}

#[test]
fn a_store_json_that_is_cut_or_empty_is_refused_with_advice_that_keeps_the_spans() {
    for kept in [0, 20] {
        let (dir, store) = store();
        store.append(&[vec![span(1, 1, None, 0, 1)]], NOON).unwrap();
        drop(store);
        let file = dir.path().join("store/store.json");
        let bytes = std::fs::read(&file).unwrap();
        std::fs::write(&file, &bytes[..kept]).unwrap();
        let refused = Store::open(config(&dir)).err().unwrap();
        assert!(refused.to_string().contains("or delete only this file"), "{refused}");
        // As the error advises.
        std::fs::remove_file(&file).unwrap();
        assert_eq!(Store::open(config(&dir)).unwrap().extent().spans, 1);
    }
}

#[test]
fn damage_of_any_segment_is_counted_also_after_restarts_until_its_spans_expire() {
    for (file, damaged) in [
        ("000000000001.spans", 3),
        ("000000000001.traces", 3),
        ("000000000004.spans", 2),
        ("000000000006.spans", 1),
    ] {
        let (dir, store) = store();
        for ids in [1..=3_u64, 4..=5, 6..=6] {
            let spans = ids.map(|id| span(id.into(), id, None, 0, 1));
            store.append(&[spans.collect()], NOON).unwrap();
            store.seal().unwrap();
        }
        drop(store);
        let file = dir.path().join("store/segments").join(file).with_extension(match file {
            file if file.ends_with("spans") => "spans.parquet",
            _ => "traces.parquet",
        });
        assert!(file.exists(), "{}", file.display());
        std::fs::write(&file, b"not parquet").unwrap();
        for _ in 0..2 {
            let store = Store::open(config(&dir)).unwrap();
            let extent = store.extent();
            assert_eq!(
                (extent.spans, extent.damaged),
                (6 - damaged, damaged),
                "{}",
                file.display()
            );
        }
    }
}

#[test]
fn a_segment_that_retention_removed_is_not_counted_as_damaged() {
    let (dir, store) = store();
    for id in 1..=3 {
        store.append(&[vec![span(id.into(), id, None, 0, 1)]], NOON).unwrap();
        store.seal().unwrap();
    }
    drop(store);
    // The oldest segment is damaged, and the next one evicted. Then neither is left.
    let segments = dir.path().join("store/segments");
    std::fs::write(segments.join("000000000001.spans.parquet"), b"not parquet").unwrap();
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!(store.extent().damaged, 1);
    let size = |id: u64| {
        let name = |kind: &str| segments.join(format!("{id:012}.{kind}.parquet"));
        ["spans", "traces"]
            .map(|kind| std::fs::metadata(name(kind)).unwrap().len())
            .iter()
            .sum::<u64>()
    };
    let age = std::time::Duration::from_secs(3600);
    let keep = crate::SpanRetention { age, bytes: size(3) * 4 };
    let evicted =
        store.maintain(crate::SpanRetention { bytes: keep.bytes / 4, ..keep }, NOON).unwrap();
    assert!(evicted.evicted > 0, "{evicted:?}");
    drop(store);
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!(store.extent().damaged, 0);
    assert!(
        segments
            .read_dir()
            .unwrap()
            .all(|file| { !file.unwrap().file_name().to_string_lossy().ends_with("damaged") })
    );
}

#[test]
fn segments_that_become_damaged_one_after_the_other_are_all_counted() {
    for order in [[1_u64, 2], [2, 1]] {
        let (dir, store) = store();
        for id in 1..=3 {
            store.append(&[vec![span(id.into(), id, None, 0, 1)]], NOON).unwrap();
            store.seal().unwrap();
        }
        for (counted, id) in (1..).zip(order) {
            let file = dir.path().join(format!("store/segments/{id:012}.spans.parquet"));
            let length = std::fs::metadata(&file).unwrap().len() as usize;
            std::fs::write(&file, vec![0xff; length]).unwrap();
            store.trace(super::trace_id(id.into()), None, 10).unwrap();
            assert_eq!(store.extent().damaged, counted);
        }
        drop(store);
        assert_eq!(Store::open(config(&dir)).unwrap().extent().damaged, 2);
    }
}

/// Writes the spans file of segment 1 again, with the JSON of the first span's attributes cut.
fn cut_json_of_first_row(dir: &tempfile::TempDir) {
    let path = dir.path().join("store/segments/000000000001.spans.parquet");
    let file = bytes::Bytes::from(std::fs::read(&path).unwrap());
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let batches: Vec<RecordBatch> = reader
        .map(|batch| {
            let batch = batch.unwrap();
            let at = batch.schema().index_of("attributes").unwrap();
            let mut texts: Vec<Option<&str>> = batch.column(at).as_string::<i32>().iter().collect();
            texts[0] = Some("{\"user.tier\":");
            let mut columns = batch.columns().to_vec();
            columns[at] = Arc::new(StringArray::from(texts));
            RecordBatch::try_new(batch.schema(), columns).unwrap()
        })
        .collect();
    write_spans(&path, batches.into_iter()).unwrap();
}

#[test]
fn a_row_that_cannot_be_decoded_costs_its_segment_and_stops_no_reader_of_pages() {
    let (dir, store) = store();
    for id in 1..=2_u64 {
        let span = with_attributes(span(id.into(), id, None, 0, 1), vec![("user.tier", "gold")]);
        store.append(&[vec![span]], NOON).unwrap();
        store.seal().unwrap();
    }
    drop(store);
    cut_json_of_first_row(&dir);
    // As columns the row travels unread, and whoever takes the page refuses it alone.
    let store = Store::open(config(&dir)).unwrap();
    let limit = PageLimit { spans: 10, bytes: 1 << 20 };
    let page = store.column_page(Collector::Ebpf, 0, limit).unwrap().unwrap();
    let columns = page.columns.unwrap();
    let checked = store.check_columns(columns, Collector::Ebpf, &mut |_| true).unwrap();
    assert_eq!((checked.spans, checked.refused.rows, store.extent().damaged), (1, 1, 0));
    // As spans it cannot be read: its segment is set aside, and the page goes on behind it.
    let page = store.spans_after(Collector::Ebpf, 0, 10).unwrap();
    assert_eq!((page.spans.len(), page.next_receipt, store.extent().damaged), (1, 2, 1));
}
