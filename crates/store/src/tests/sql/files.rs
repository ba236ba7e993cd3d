//! The files that SQL reads, and the files that it exports.

use std::path::PathBuf;
use std::time::Duration;

use coral_trace::UnixNanos;
use coral_trace::red::Protocol;
use serde_json::json;

use super::{LIMITS, libraries, rows};
use crate::tests::metrics::point;
use crate::tests::{NOON, config, span, store};
use crate::{SqlRequest, Store, answer_sql};

#[test]
fn sql_files_stay_while_a_question_runs_and_are_removed_afterwards() {
    let (dir, store) = store();
    store.append(&[vec![span(1, 1, None, 0, 1)]], NOON).unwrap();
    store.append_points(&[vec![point(Protocol::Http, "/a", 10, [2, 1])]], NOON).unwrap();
    store.seal().unwrap();
    store.seal_metrics().unwrap();
    let snapshot = store.sql_snapshot(None).unwrap();
    let never = crate::SpanRetention { age: Duration::ZERO, bytes: 0 };
    let much_later = UnixNanos(NOON.0 + 86_400_000_000_000);
    assert_eq!(store.maintain(never, much_later).unwrap().expired, 1);
    let zero = Duration::ZERO;
    let never = crate::MetricRetention { http: zero, grpc: zero, sql: zero, bytes: 0 };
    assert_eq!(store.maintain_metrics(never, much_later).unwrap().expired, 1);
    let files: Vec<PathBuf> =
        snapshot.span_files().iter().chain(snapshot.metric_files()).cloned().collect();
    assert_eq!((files.len(), files.iter().filter(|file| file.exists()).count()), (4, 4));
    for library in libraries() {
        let request = SqlRequest {
            library,
            select: "SELECT (SELECT count(*) FROM beyla_traces), (SELECT sum(count) FROM beyla_http_metrics)".into(),
            span_files: snapshot.span_files().to_vec(),
            metric_files: snapshot.metric_files().to_vec(),
            since_unix_us: None,
            spill_dir: snapshot.dir().to_owned(),
            limits: LIMITS,
        };
        let mut lines = Vec::new();
        answer_sql(&request, &mut lines).unwrap();
        let lines = String::from_utf8(lines).unwrap();
        assert!(lines.contains(r#"[1,"3"]"#), "{lines}");
    }
    drop(snapshot);
    assert!(files.iter().all(|file| !file.exists()));
    // Files of a killed process are removed when the store is opened next.
    drop(store);
    let left = dir.path().join("store/sql/run-1-1");
    std::fs::create_dir_all(&left).unwrap();
    std::fs::write(left.join("hot.spans.parquet"), "x").unwrap();
    Store::open(config(&dir)).unwrap();
    assert!(!left.exists());
}

/// The files of a directory, with their content.
#[test]
fn coral_sql_lets_any_duckdb_read_an_empty_store_and_later_segments() {
    for library in libraries() {
        let dir = tempfile::tempdir().unwrap();
        let mut config = config(&dir);
        // A path with the special characters of SQL and globs.
        config.dir = dir.path().join("it's [a] s*ore?");
        let store = Store::open(config.clone()).unwrap();
        let script = std::fs::read_to_string(config.dir.join("coral.sql")).unwrap();
        let mut duckdb = crate::sql::Engine::open(&library).unwrap();
        duckdb.run(&script).unwrap();
        let mut counted = || {
            let count = "SELECT (SELECT count(*) FROM beyla_traces)::VARCHAR || ' ' ||
                                (SELECT coalesce(sum(count), 0) FROM beyla_http_metrics)::VARCHAR";
            duckdb.text(count).unwrap()
        };
        assert_eq!(counted(), "0 0");
        store.append(&[vec![span(1, 1, None, 0, 1)]], NOON).unwrap();
        store.append_points(&[vec![point(Protocol::Http, "/a", 10, [2, 1])]], NOON).unwrap();
        store.seal().unwrap();
        store.seal_metrics().unwrap();
        assert_eq!(counted(), "1 3");
        assert_eq!(rows(&library, &store, "SELECT count(*) FROM beyla_traces"), [json!([1])]);
    }
}

#[test]
fn any_duckdb_reads_every_column_of_a_spans_file() {
    let (dir, store) = store();
    let spans = (1..=5_000_u64).map(|id| {
        let mut span = span(id.into(), id, (id > 1).then_some(id - 1), id, 1);
        span.start.0 += id * 7 % 1_000;
        span.end = UnixNanos(span.start.0 + 1_000_000 + id * 11 % 1_000);
        span
    });
    store.append(&[spans.collect()], NOON).unwrap();
    store.seal().unwrap();
    let file = dir.path().join("store/segments/000000000001.spans.parquet");
    let below_micros: u64 = (1..=5_000).map(|id| id * 7 % 1_000 * 1_000 + id * 11 % 1_000).sum();
    for library in libraries() {
        let mut duckdb = crate::sql::Engine::open(&library).unwrap();
        let from = format!("FROM read_parquet('{}') AS s", file.display());
        let sums = "sum(span_id)::BIGINT, sum(parent_span_id)::BIGINT, sum(sub_us)::BIGINT, sum(duration_us)::BIGINT";
        let sums = duckdb.text(&format!("SELECT [{sums}]::VARCHAR {from}")).unwrap();
        let (ids, parents) = (5_000 * 5_001 / 2, 4_999 * 5_000 / 2);
        assert_eq!(sums, format!("[{ids}, {parents}, {below_micros}, 5000000]"));
        let rows = format!("SELECT count(DISTINCT hash(s))::VARCHAR {from}");
        assert_eq!(duckdb.text(&rows).unwrap(), "5000");
    }
}

#[test]
fn an_exported_answer_is_a_database_with_the_columns_and_types_of_the_answer() {
    for library in libraries() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("it's.duckdb");
        let column = |name: &str, kind: &str| json!({"name": name, "type": kind});
        let columns = [
            column("service", "VARCHAR"),
            column("service", "BIGINT"),
            column("at", "TIMESTAMP WITH TIME ZONE"),
            column("list", "INTEGER[]"),
            column("none", "\"NULL\""),
        ];
        let head = json!({"library": library, "columns": columns, "file": file});
        let row = json!(["a \"b\"\n", 5, "2026-11-25T12:00:00.500000Z", [1, 2], null]);
        let input = format!("{head}\n{row}\n{row}\n");
        let mut output = Vec::new();
        crate::export_sql(&mut input.as_bytes(), &mut output).unwrap();
        assert_eq!(String::from_utf8(output).unwrap(), "{\"end\":{\"more\":false}}\n");
        let mut duckdb = crate::sql::Engine::open(&library).unwrap();
        duckdb
            .run(&format!("ATTACH '{}' AS it", file.display().to_string().replace('\'', "''")))
            .unwrap();
        let kinds =
            "SELECT string_agg(column_name || ' ' || column_type, ', ') FROM (DESCRIBE it.answer)";
        assert_eq!(
            duckdb.text(kinds).unwrap(),
            "service VARCHAR, service_1 BIGINT, at TIMESTAMP WITH TIME ZONE, list INTEGER[], none VARCHAR"
        );
        let count = "SELECT (count(*) + sum(service_1) + sum(list[2]))::VARCHAR FROM it.answer";
        assert_eq!(duckdb.text(count).unwrap(), "16");
    }
}
