//! Tests of SQL over a store's files, with each DuckDB library that is found.

mod files;
mod limits;
mod views;

use std::path::{Path, PathBuf};
use std::time::Duration;

use coral_trace::UnixNanos;
use serde_json::Value;

use crate::{SqlFailureKind, SqlFrame, SqlLimits, SqlRequest, Store, answer_sql};

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
