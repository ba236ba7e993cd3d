//! The grammar of Grafana's editor as a second parser, on `fixtures/traceql/corpus.txt`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

const CORPUS: &str = include_str!("../../../fixtures/traceql/corpus.txt");

/// Queries that the editor's grammar and Coral do not judge alike, each with whether Coral accepts it.
const DIFFERENT: &[(&str, bool)] = &[
    // What the editor's grammar lacks.
    ("{ duration > 1h30m }", true),
    ("{ nestedSetParent < 0 }", true),
    ("{ nestedSetLeft > 1 && nestedSetRight < 9 }", true),
    ("{ span:childCount > 2 }", true),
    ("{ } | quantile_over_time(duration, .5)", true),
    ("{ } | rate() with (exemplars=true)", true),
    ("{ } | rate() with (sample=true)", true),
    ("{nestedSetParent<0 && true} | rate()  with(sample=true)", true),
    // Metrics follow a spanset, and `topk` follows metrics; the editor suggests while one types.
    ("{ } | topk(5)", false),
    // Spaces may follow the colon of a scope.
    ("{ span: name = \"x\" }", true),
    ("rate()", false),
];

#[test]
fn coral_accepts_and_refuses_what_lezer_traceql_1_0_0_does() {
    let required = std::env::var_os("CORAL_TEST_PEERS_REQUIRED").is_some();
    let dir = std::env::var_os("CORAL_TEST_TRACEQL_GRAMMAR").filter(|dir| !dir.is_empty());
    assert!(!required || dir.is_some(), "CORAL_TEST_TRACEQL_GRAMMAR names no grammar");
    let Some(dir) = dir else {
        // Straight to standard error: the test harness hides what a test prints.
        let _ = std::io::stderr().write_all(
            b"test left out: CORAL_TEST_TRACEQL_GRAMMAR is not set; \
              CORAL_TEST_TRACEQL_GRAMMAR=\"$(tools/fetch-traceql-grammar DIR)\"\n",
        );
        return;
    };
    let judged = judged_by_editor(Path::new(&dir));
    assert_eq!(judged.len(), CORPUS.lines().count());
    let mut found = Vec::new();
    for (query, editor_accepts) in CORPUS.lines().zip(judged).filter(|(query, _)| !query.is_empty())
    {
        let is_accepted = coral_traceql::parse_syntax(query).is_ok();
        if is_accepted != editor_accepts {
            found.push((query, is_accepted));
        }
    }
    assert_eq!(found, DIFFERENT);
}

/// Whether the editor's grammar in `dir` accepts each line of the corpus.
fn judged_by_editor(dir: &Path) -> Vec<bool> {
    let mut node = Command::new("node")
        .arg(dir.join("parse.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node can be run");
    node.stdin.take().unwrap().write_all(CORPUS.as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "node failed");
    String::from_utf8(output.stdout).unwrap().lines().map(|line| line == "1").collect()
}
