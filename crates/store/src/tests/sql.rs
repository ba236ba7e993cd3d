//! Tests of SQL over a store's files, with each DuckDB library that is found.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use coral_trace::red::Protocol;
use coral_trace::{UnixNanos, Value as Attribute};
use serde_json::{Value, json};

use super::metrics::point;
use super::{NOON, by_sdk, config, span, store, with_attributes};
use crate::{SqlFailureKind, SqlFrame, SqlLimits, SqlRequest, Store, answer_sql, library_version};

/// The DuckDB libraries in the directory `CORAL_TEST_DUCKDB`, or else in `~/.cache/coral/duckdb`,
/// which has one directory per version.
fn libraries() -> Vec<PathBuf> {
    let dir = std::env::var_os("CORAL_TEST_DUCKDB").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache/coral/duckdb"));
    let entries = dir.or_else(home).and_then(|dir| std::fs::read_dir(dir).ok());
    let entries = entries.into_iter().flatten().map(|entry| entry.unwrap().path());
    let files = entries.map(|dir| dir.join("libduckdb.so"));
    let mut found: Vec<PathBuf> = files.filter(|file| file.exists()).collect();
    found.sort();
    found
}

const LIMITS: SqlLimits = SqlLimits {
    memory: 256 << 20,
    threads: 2,
    time: Duration::from_secs(60),
    rows: 10_000,
    bytes: 16 << 20,
};

/// The answer to one question.
#[derive(Debug)]
struct Answered {
    columns: Vec<(String, String)>,
    rows: Vec<Value>,
    end: SqlFrame,
}

fn ask(library: &Path, store: &Store, select: &str) -> Answered {
    ask_within(library, store, select, None, LIMITS)
}

fn ask_within(
    library: &Path,
    store: &Store,
    select: &str,
    since: Option<UnixNanos>,
    limits: SqlLimits,
) -> Answered {
    let snapshot = store.sql_snapshot(since).unwrap();
    let request = SqlRequest {
        library: library.to_owned(),
        select: select.to_owned(),
        span_files: snapshot.span_files().to_vec(),
        metric_files: snapshot.metric_files().to_vec(),
        since_unix_us: since.map(UnixNanos::as_micros),
        spill_dir: snapshot.dir().to_owned(),
        limits,
    };
    let mut lines = Vec::new();
    answer_sql(&request, &mut lines).unwrap();
    let lines = String::from_utf8(lines).unwrap();
    let (mut columns, mut rows, mut end) = (Vec::new(), Vec::new(), None);
    for line in lines.lines() {
        assert!(end.is_none(), "a line after the last: {line}");
        match line.starts_with('[') {
            true => rows.push(serde_json::from_str(line).unwrap()),
            false => match serde_json::from_str(line).unwrap() {
                SqlFrame::Columns(named) => {
                    columns = named.into_iter().map(|column| (column.name, column.kind)).collect();
                }
                last => end = Some(last),
            },
        }
    }
    Answered { columns, rows, end: end.unwrap() }
}

/// The rows of the answer.
fn rows(library: &Path, store: &Store, select: &str) -> Vec<Value> {
    let answered = ask(library, store, select);
    assert_eq!(answered.end, SqlFrame::End { more: false }, "{select}");
    answered.rows
}

/// The failure of a statement that is refused.
fn refusal(library: &Path, store: &Store, select: &str) -> (SqlFailureKind, String) {
    let answered = ask(library, store, select);
    match answered.end {
        SqlFrame::Error(failure) => (failure.kind, failure.text),
        end => panic!("{select} was answered: {:?}, {end:?}", answered.rows),
    }
}

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
fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => contents(&path),
            false => BTreeMap::from([(path.clone(), std::fs::read(&path).unwrap())]),
        })
        .collect()
}

#[test]
fn sql_that_does_more_than_read_the_views_is_refused_and_changes_no_file() {
    for library in libraries() {
        let (dir, store) = store();
        store.append(&[vec![span(1, 1, None, 0, 1)]], NOON).unwrap();
        store.seal().unwrap();
        let segments = dir.path().join("store/segments").canonicalize().unwrap();
        let before = contents(&segments);
        let segment =
            before.keys().find(|file| file.to_string_lossy().contains(".spans.")).unwrap();
        let (segment, beside) = (segment.display(), segments.join("new.parquet"));
        let beside = beside.display();
        let elsewhere = dir.path().join("elsewhere");
        let out = elsewhere.display();
        for statement in [
            format!("COPY (SELECT 1) TO '{out}'"),
            format!("COPY (SELECT 1) TO '{segment}' (FORMAT parquet)"),
            format!("COPY (SELECT 1) TO '{segment}' (FORMAT parquet, USE_TMP_FILE false)"),
            format!("COPY (SELECT 1) TO '{beside}'"),
            format!("EXPORT DATABASE '{out}'"),
            format!("ATTACH '{out}' AS other"),
            format!("SELECT 1; COPY (SELECT 1) TO '{segment}' (USE_TMP_FILE false)"),
            format!(
                "SELECT 1) AS answer(c0); COPY (SELECT 1) TO '{segment}'; SELECT c0 FROM (SELECT 1"
            ),
            format!("WITH a AS (COPY (SELECT 1) TO '{segment}') SELECT 1"),
            format!("SELECT * FROM query('COPY (SELECT 1) TO ''{segment}''')"),
            format!(
                "FROM enable_logging('QueryLog', storage = 'file', storage_config = {{'path': '{out}'}}) SELECT 1 UNION ALL SELECT 1 FROM read_csv('{out}')"
            ),
            format!("SELECT * FROM enable_profiling(save_location = '{out}')"),
            "SELECT * FROM read_csv('/etc/passwd')".into(),
            "SELECT * FROM read_text('/etc/passwd')".into(),
            "SELECT * FROM read_blob('/proc/self/environ')".into(),
            "SELECT * FROM '/etc/passwd'".into(),
            "FROM sniff_csv('/etc/passwd')".into(),
            "SELECT * FROM glob('/etc/*')".into(),
            "SELECT * FROM glob('*')".into(),
            "SELECT * FROM read_parquet('../*')".into(),
            format!("SELECT * FROM read_parquet('{}/*')", segments.display()),
            format!("SELECT * FROM read_text('{}')", dir.path().join("store/store.json").display()),
            "SELECT * FROM read_parquet('https://127.0.0.1:9/x.parquet')".into(),
            "SELECT * FROM read_parquet('s3://a/x.parquet')".into(),
            "SELECT getenv('PATH')".into(),
            "INSTALL httpfs".into(),
            "LOAD httpfs".into(),
            "SET enable_external_access = true".into(),
            "RESET memory_limit".into(),
            "PRAGMA memory_limit = '8GB'".into(),
            "CREATE TABLE x AS SELECT 1".into(),
            "INSERT INTO beyla_traces VALUES (1)".into(),
            "DROP VIEW beyla_traces".into(),
            "CREATE SECRET (TYPE http)".into(),
            "CALL duckdb_settings()".into(),
            "CHECKPOINT".into(),
            "SELECT ?".into(),
            "EXPLAIN ANALYZE SELECT 1".into(),
            "BEGIN".into(),
            ";".into(),
        ] {
            let (kind, text) = refusal(&library, &store, &statement);
            assert_eq!(kind, SqlFailureKind::Statement, "{statement}: {text}");
            assert!(!text.contains('\0') && !text.is_empty(), "{statement}");
        }
        assert_eq!(contents(&segments), before);
        assert!(!elsewhere.exists());
        assert_eq!(rows(&library, &store, "SELECT count(*) FROM beyla_traces"), [json!([1])]);
    }
}

#[test]
fn a_sql_statement_ends_at_its_limits_of_time_and_memory() {
    for library in libraries() {
        let (_dir, store) = store();
        let endless = "SELECT count(*) FROM range(1000000000000) a, range(1000000000000) b WHERE a.range = b.range + 1";
        let begin = Instant::now();
        let limits = SqlLimits { time: Duration::from_millis(300), ..LIMITS };
        let answered = ask_within(&library, &store, endless, None, limits);
        let SqlFrame::Error(failure) = answered.end else { panic!("{:?}", answered.end) };
        assert_eq!(failure.kind, SqlFailureKind::Limit);
        assert_eq!(failure.text, "the statement took longer than 0.3 s, and was ended");
        assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
        let large = "SELECT list(range::VARCHAR || repeat('x', 1000)) FROM range(1000000)";
        let limits = SqlLimits { memory: 64 << 20, ..LIMITS };
        let answered = ask_within(&library, &store, large, None, limits);
        let SqlFrame::Error(failure) = answered.end else { panic!("{:?}", answered.end) };
        assert_eq!(failure.kind, SqlFailureKind::Limit, "{}", failure.text);
    }
}

#[test]
fn an_sql_answer_is_cut_at_its_limits_of_rows_and_bytes_and_marked() {
    for library in libraries() {
        let (_dir, store) = store();
        let cut = |select: &str, rows, bytes| {
            let limits = SqlLimits { rows, bytes, ..LIMITS };
            let answered = ask_within(&library, &store, select, None, limits);
            let SqlFrame::End { more } = answered.end else { panic!("{:?}", answered.end) };
            (answered.rows.len(), more)
        };
        assert_eq!(cut("FROM range(10)", 10, 1 << 20), (10, false));
        assert_eq!(cut("FROM range(11)", 10, 1 << 20), (10, true));
        // An endless answer is cut without computing all of it.
        assert_eq!(cut("FROM range(1000000000000)", 3, 1 << 20), (3, true));
        assert_eq!(cut("SELECT repeat('x', 100) FROM range(10)", 100, 350), (3, true));
        assert_eq!(cut("SELECT repeat('x', 1000)", 100, 350), (0, true));
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
