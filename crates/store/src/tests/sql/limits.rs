//! Statements that are refused, and answers that are cut.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;

use super::{LIMITS, ask_within, libraries, refusal, rows};
use crate::tests::{NOON, span, store};
use crate::{SqlFailureKind, SqlFrame, SqlLimits};

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

fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => contents(&path),
            false => BTreeMap::from([(path.clone(), std::fs::read(&path).unwrap())]),
        })
        .collect()
}
