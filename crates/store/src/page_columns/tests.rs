//! Rows and messages that no store writes.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, FixedSizeBinaryArray, Int16Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, UInt8Array, UInt32Array, UInt64Array,
};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use coral_engine::{CheckedColumns, ColumnsError, ColumnsLayout, PageColumns, PageWriter as _};
use coral_trace::Collector;

use super::check::{CheckedRows, check};
use super::layout::{LAYOUT, PAGE_SCHEMA};
use super::{MAX_ROW_BYTES, message};
use crate::PageLimit;
use crate::tests::{span, store};

/// The columns of three spans, and their origins.
fn three_rows() -> (RecordBatch, Vec<String>) {
    let (_dir, store) = store();
    let spans = (1..=3).map(|id| span(id.into(), id, Some(9), id, 1));
    store.append(&[spans.collect()], coral_trace::UnixNanos(1)).unwrap();
    let page = store.column_page(Collector::Ebpf, 0, PageLimit::of_spans(9)).unwrap().unwrap();
    let columns = page.columns.unwrap();
    (message::decode(columns.rows).unwrap(), columns.origins)
}

fn checked(rows: &RecordBatch, origins: &[String]) -> Result<CheckedColumns, ColumnsError> {
    let (layout, origins) = (*LAYOUT, origins.to_vec());
    let page = PageColumns { layout, origins, rows: message::encode(rows, 0) };
    check(page, Collector::Ebpf, &mut |_| true)
}

/// `rows` with another column.
fn with(rows: &RecordBatch, name: &str, column: ArrayRef) -> RecordBatch {
    let mut columns = rows.columns().to_vec();
    columns[PAGE_SCHEMA.index_of(name).unwrap()] = column;
    RecordBatch::try_new(PAGE_SCHEMA.clone(), columns).unwrap()
}

#[test]
fn a_row_that_is_no_span_is_refused_with_a_reason_and_the_others_are_not() {
    let (rows, origins) = three_rows();
    let ids = [[1; 16], [0; 16], [3; 16]];
    let ids = FixedSizeBinaryArray::try_from_iter(ids.into_iter()).unwrap();
    let long = "x".repeat(MAX_ROW_BYTES as usize + 1);
    let texts =
        |middle: &str| -> ArrayRef { Arc::new(StringArray::from(vec![None, Some(middle), None])) };
    let starts = |start| Arc::new(TimestampMicrosecondArray::from(vec![1, start, 3]));
    let cases: Vec<(&str, ArrayRef, &str)> = vec![
        ("trace_id", Arc::new(ids), "trace_id"),
        ("span_id", Arc::new(UInt64Array::from(vec![1, 0, 3])), "span_id"),
        ("parent_span_id", Arc::new(UInt64Array::from(vec![1, 0, 3])), "parent_span_id"),
        ("span_kind", Arc::new(UInt8Array::from(vec![1, 6, 3])), "span_kind"),
        ("span_status", Arc::new(UInt8Array::from(vec![1, 3, 2])), "span_status"),
        ("start_time", starts(-1), "start_time"),
        ("start_time", starts(i64::MAX), "start_time"),
        ("duration_us", Arc::new(Int64Array::from(vec![1, i64::MIN, 3])), "duration_us"),
        ("sub_us", Arc::new(UInt32Array::from(vec![1, 1_000_000, 3])), "sub_us"),
        ("status_code", Arc::new(Int16Array::from(vec![None, Some(-1), None])), "status_code"),
        ("origin_id", Arc::new(UInt32Array::from(vec![0, 7, 0])), "origin_id"),
        ("span_name", Arc::new(StringArray::from(vec!["a", &long, "c"])), "too long"),
        ("attributes", texts("{"), "attributes"),
        ("attributes", texts(r#"{"a":{"$bytes":"?"}}"#), "attributes"),
        (
            "attributes",
            texts(&format!(r#"{{"a":{}{}}}"#, "[".repeat(25), "]".repeat(25))),
            "attributes",
        ),
        ("extra", texts("[]]"), "extra"),
        ("extra", texts(r#"{"links":[{"trace_id":"0","span_id":"0","attributes":{}}]}"#), "extra"),
    ];
    for (name, column, reason) in cases {
        let checked = checked(&with(&rows, name, column), &origins).unwrap();
        assert_eq!((checked.spans, checked.refused.rows), (2, 1), "{name}: {reason}");
        assert!(checked.refused.reason.contains(reason), "{name}: {}", checked.refused.reason);
    }
    for origin in ["", "{", r#"{"resource":{"attributes":{"a":{"$map":1}}}}"#] {
        let checked = checked(&rows, &[origin.to_owned()]).unwrap();
        assert_eq!((checked.spans, checked.refused.rows), (0, 3), "{origin}");
    }
}

#[test]
fn a_row_that_this_version_would_write_otherwise_is_read_as_a_span() {
    let (rows, origins) = three_rows();
    let texts =
        |middle: &str| -> ArrayRef { Arc::new(StringArray::from(vec![None, Some(middle), None])) };
    let cases: Vec<(&str, ArrayRef)> = vec![
        ("attributes", texts(r#"{ "a":1}"#)),
        ("attributes", texts("{}")),
        ("attributes", texts(r#"{"http.route":"/pay"}"#)),
        ("extra", texts("{}")),
        ("extra", texts(r#"{"flags":1,"unknown":2}"#)),
        ("spellings", Arc::new(UInt32Array::from(vec![0, 1 << 31, 0]))),
        ("spellings", Arc::new(UInt32Array::from(vec![0, 5, 0]))),
        ("status_code", Arc::new(Int16Array::from(vec![None, Some(500), None]))),
    ];
    for (name, column) in cases {
        let checked = checked(&with(&rows, name, column), &origins).unwrap();
        let rows = checked.rows.downcast_ref::<CheckedRows>().unwrap();
        assert_eq!((checked.spans, rows.spans().len()), (3, 1), "{name}");
    }
    let rows = checked(&rows, &origins).unwrap().rows;
    assert!(rows.downcast_ref::<CheckedRows>().unwrap().spans().is_empty());
}

#[test]
fn a_message_with_anything_unused_or_compressed_is_malformed() {
    let (rows, _) = three_rows();
    let valid = message::encode(&rows, 0);
    assert_eq!(message::decode(valid.clone()), Ok(rows.clone()));
    assert!(message::decode([valid.as_slice(), &[0; 8]].concat()).is_err());
    assert!(message::decode(valid[..valid.len() - 8].to_vec()).is_err());
    assert!(message::decode([valid.as_slice(), &valid].concat()).is_err());
    assert!(message::decode(Vec::new()).is_err());
    let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME));
    let writer = StreamWriter::try_new_with_options(Vec::new(), &PAGE_SCHEMA, options.unwrap());
    let mut writer = writer.unwrap();
    writer.get_mut().clear();
    writer.write(&rows).unwrap();
    let compressed = std::mem::take(writer.get_mut());
    assert!(message::decode(compressed).unwrap_err().contains("compressed"));
    assert!(message::decode(message::encode(&rows.slice(0, 0), 0)).is_err());
}

#[test]
fn columns_of_another_layout_are_not_read() {
    let (_dir, store) = store();
    let layout = ColumnsLayout(LAYOUT.0 + 1);
    let page = PageColumns { layout, origins: Vec::new(), rows: Vec::new() };
    let read = store.check_columns(page, Collector::Sdk, &mut |_| true);
    assert_eq!(read.unwrap_err(), ColumnsError::Layout { found: layout });
}

#[test]
fn a_page_whose_rows_copy_a_long_name_of_a_service_is_asked_for_as_spans() {
    let rows = |count: u64| {
        let (_dir, store) = store();
        let spans = (1..=count).map(|id| span(id.into(), id, Some(9), id, 1));
        store.append(&[spans.collect()], coral_trace::UnixNanos(1)).unwrap();
        let limit = PageLimit::of_spans(count as usize);
        let page = store.column_page(Collector::Ebpf, 0, limit).unwrap().unwrap();
        message::decode(page.columns.unwrap().rows).unwrap()
    };
    let named = |bytes: usize| {
        let name = "x".repeat(bytes);
        vec![format!(r#"{{"resource":{{"attributes":{{"service.name":"{name}"}}}}}}"#)]
    };
    // 300 copies of 200 kB are above 32 MiB, and 100 are below.
    let refused = checked(&rows(300), &named(200_000));
    assert!(
        matches!(refused, Err(ColumnsError::Malformed(_))),
        "{:?}",
        refused.map(|page| page.spans)
    );
    assert_eq!(checked(&rows(100), &named(200_000)).unwrap().spans, 100);
}
