//! The SQL views: their columns, rows and cells.

use std::io::Write as _;
use std::sync::Arc;

use coral_trace::red::Protocol;
use coral_trace::{UnixNanos, Value as Attribute};
use serde_json::{Value, json};

use super::{LIMITS, ask, ask_within, libraries, rows};
use crate::tests::metrics::point;
use crate::tests::{NOON, by_sdk, span, store, with_attributes};
use crate::{SqlFrame, library_version};

#[test]
fn tests_of_sql_name_the_missing_duckdb_library_when_they_are_skipped() {
    let required = std::env::var_os("CORAL_TEST_DUCKDB_REQUIRED").is_some();
    let found = libraries();
    assert!(!required || found.len() >= 2, "SQL tests need two versions of DuckDB, not {found:?}");
    if found.is_empty() {
        // Directly to standard error, because the test harness hides printed text.
        let _ = std::io::stderr().write_all(
            b"tests of SQL skipped: no libduckdb. `tools/fetch-duckdb DIR` fetches one; then CORAL_TEST_DUCKDB=DIR\n",
        );
    }
    for library in found {
        let version = library_version(&library).unwrap();
        assert!(version.starts_with("v1.5") || version.starts_with("v2."), "{version}");
    }
}

#[test]
fn the_sql_views_have_their_columns_and_types_and_hold_ebpf_spans_hot_and_sealed() {
    for library in libraries() {
        let (_dir, store) = store();
        let attributes = vec![("http.method", Attribute::from("GET")), ("x", Attribute::Int(5))];
        store.append(&[vec![with_attributes(span(1, 1, None, 0, 450), attributes)]], NOON).unwrap();
        store.seal().unwrap();
        let hot = vec![span(1, 2, Some(1), 5, 10), by_sdk(span(1, 3, Some(1), 6, 1))];
        store.append(&[hot], NOON).unwrap();
        let described = |view: &str| -> Vec<String> {
            let pairs = ask(&library, &store, &format!("SELECT * FROM {view}")).columns.into_iter();
            pairs.map(|(name, kind)| format!("{name} {kind}")).collect()
        };
        let columns = [
            "trace_id VARCHAR",
            "span_id VARCHAR",
            "parent_span_id VARCHAR",
            "service_name VARCHAR",
            "span_name VARCHAR",
            "span_kind VARCHAR",
            "start_time TIMESTAMP WITH TIME ZONE",
            "duration_us BIGINT",
            "status_code SMALLINT",
            "attributes VARCHAR",
        ];
        assert_eq!(described("beyla_traces_local"), columns);
        let mut with_agent = columns.to_vec();
        with_agent.insert(3, "agent_id VARCHAR");
        assert_eq!(described("beyla_traces"), with_agent);
        let select = "SELECT trace_id, span_id, parent_span_id, span_kind, duration_us, attributes, start_time
                      FROM beyla_traces_local ORDER BY span_id";
        let rows = rows(&library, &store, select);
        assert_eq!(rows.len(), 2);
        assert_eq!(
            rows[0],
            json!([
                "00000000000000000000000000000001",
                "0000000000000001",
                null,
                "server",
                450_000,
                r#"{"x":5,"http.request.method":"GET"}"#,
                "2026-11-25T12:00:00.000000Z"
            ])
        );
        assert_eq!(self::rows(&library, &store, "SELECT 'x' FROM telemetry_spans").len(), 3);
        let described = self::rows(&library, &store, "DESCRIBE beyla_traces");
        assert_eq!(described[0][0], "trace_id");
    }
}

#[test]
fn the_sql_views_of_metrics_have_their_names_and_columns() {
    for library in libraries() {
        let (_dir, store) = store();
        let mut points = Protocol::ALL.map(|protocol| point(protocol, "/a", 10, [2, 1])).to_vec();
        Arc::make_mut(&mut points[0].series).status = Some(503);
        store.append_points(&[points], NOON).unwrap();
        for seal in [false, true] {
            if seal {
                store.seal_metrics().unwrap();
            }
            let rows = |select: &str| Value::from(rows(&library, &store, select));
            assert_eq!(
                rows(
                    "SELECT timestamp, agent_id, service_name, http_method, http_route, http_status_code,
                            latency_bucket_ms, count
                     FROM beyla_http_metrics ORDER BY latency_bucket_ms"
                ),
                json!([
                    ["2026-11-25T12:00:10.000000Z", "", "cart", "GET", "/a", 503, 10.0, 2],
                    ["2026-11-25T12:00:10.000000Z", "", "cart", "GET", "/a", 503, "Infinity", 1]
                ])
            );
            assert_eq!(
                rows(
                    "SELECT service_name, grpc_method, grpc_status_code, sum(count), attributes
                     FROM beyla_grpc_metrics_local GROUP BY ALL"
                ),
                json!([[
                    "cart",
                    "/a",
                    null,
                    "3",
                    r#"{"server.address":"x","span.kind":"server"}"#
                ]])
            );
            assert_eq!(
                rows(
                    "SELECT service_name, sql_operation, table_name, max(latency_bucket_ms)
                     FROM beyla_sql_metrics_local GROUP BY ALL"
                ),
                json!([["cart", "/a", null, "Infinity"]])
            );
        }
    }
}

#[test]
fn sql_since_leaves_out_rows_and_files_that_are_older() {
    for library in libraries() {
        let (_dir, store) = store();
        let later = UnixNanos(NOON.0 + 3_600_000_000_000);
        let minutes = |minutes: u64| minutes * 60_000;
        store.append(&[vec![span(1, 1, None, 0, 1)]], NOON).unwrap();
        store.seal().unwrap();
        store.append(&[vec![span(2, 2, None, minutes(61), 1)]], later).unwrap();
        store.seal().unwrap();
        // A trace that began long before `since`: the answer includes its last span and not its
        // first.
        let late = vec![span(3, 3, None, 0, 1), span(3, 4, Some(3), minutes(62), 1)];
        store.append(&[late], later).unwrap();
        store.seal().unwrap();
        assert_eq!(store.sql_snapshot(None).unwrap().span_files().len(), 4);
        assert_eq!(store.sql_snapshot(Some(later)).unwrap().span_files().len(), 3);
        let select = "SELECT span_id FROM telemetry_spans ORDER BY ALL";
        let since = |since| ask_within(&library, &store, select, since, LIMITS).rows;
        assert_eq!(since(None).len(), 4);
        assert_eq!(since(Some(later)), [json!(["0000000000000002"]), json!(["0000000000000004"])]);
    }
}

#[test]
fn sql_cells_are_json_numbers_times_and_text() {
    for library in libraries() {
        let (_dir, store) = store();
        let check = |select: &str, kinds: &[&str], row: Value| {
            let answered = ask(&library, &store, select);
            assert_eq!(answered.end, SqlFrame::End { more: false }, "{select}");
            let found: Vec<&str> = answered.columns.iter().map(|(_, kind)| kind.as_str()).collect();
            assert_eq!(
                (found.as_slice(), answered.rows.as_slice()),
                (kinds, &[row][..]),
                "{select}"
            );
        };
        check(
            "SELECT 9223372036854775807, 18446744073709551615::UBIGINT, 1::HUGEINT, 1.50, 0.5::DOUBLE, true, NULL::INTEGER",
            &["BIGINT", "UBIGINT", "HUGEINT", "DECIMAL(3,2)", "DOUBLE", "BOOLEAN", "INTEGER"],
            json!([
                9_223_372_036_854_775_807u64,
                18_446_744_073_709_551_615u64,
                "1",
                "1.50",
                0.5,
                true,
                null
            ]),
        );
        check(
            "SELECT TIMESTAMP '2026-11-25 12:00:00.5', DATE '2026-11-25', INTERVAL 1 HOUR, 'NaN'::FLOAT",
            &["TIMESTAMP", "DATE", "INTERVAL", "FLOAT"],
            json!(["2026-11-25T12:00:00.500000Z", "2026-11-25", "01:00:00", "NaN"]),
        );
        check(
            "SELECT [1, 2], {'a': 1.5::DOUBLE}, 'x'::BLOB, chr(27) || '[31m' || chr(10), 1 AS a, 2 AS a -- done",
            &["INTEGER[]", "STRUCT(a DOUBLE)", "BLOB", "VARCHAR", "INTEGER", "INTEGER"],
            json!([[1, 2], {"a": 1.5}, "x", "\u{1b}[31m\n", 1, 2]),
        );
    }
}
