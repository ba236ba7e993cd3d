//! A disk that is full and then has room again.
//!
//! A limit on file size stands for the full disk: the kernel refuses a write in the middle, as on a
//! full disk, and a test without privileges can set and lift the limit while the process runs.

use std::process::Command;

use coral_trace::{Span, TraceId, UnixNanos};

use super::path::reference_trace;
use super::process::{Coral, eventually};

fn numbered(trace: u128) -> Vec<Span> {
    let mut spans = reference_trace(UnixNanos(1_795_608_000_000_000_000));
    for span in &mut spans {
        span.trace_id = TraceId::try_from(trace).unwrap();
    }
    spans
}

fn limit_files(coral: &Coral, bytes: &str) {
    let pid = coral.addresses["pid"].as_u64().unwrap().to_string();
    // Only the soft limit is set, because only the superuser may raise the hard limit again.
    let limit = format!("--fsize={bytes}:");
    assert!(Command::new("prlimit").args(["--pid", &pid, &limit]).status().unwrap().success());
}

#[test]
fn a_full_disk_refuses_what_can_be_retried_loses_nothing_and_is_over_without_a_restart() {
    let agent = Coral::agent("web-1", &[]);
    for trace in 1..=5 {
        assert_eq!(agent.export(&numbered(trace)), 200);
    }
    let log = std::fs::read_dir(agent.dir.path().join("agent/log")).unwrap();
    let written = log.map(|log| log.unwrap().metadata().unwrap().len()).max().unwrap();
    // The limit leaves room for half a commit.
    limit_files(&agent, &(written + 500).to_string());
    for trace in 6..=8 {
        assert_eq!(agent.export(&numbered(trace)), 503, "trace {trace}");
    }
    assert_eq!(agent.counter("coral.agent.store.spans"), 40);
    limit_files(&agent, "unlimited");
    for trace in 6..=8 {
        assert_eq!(agent.export(&numbered(trace)), 200, "trace {trace}");
    }
    let mut agent = agent;
    agent.kill();
    let agent = agent.restart();
    eventually(|| match agent.counter("coral.agent.store.spans") {
        64 => Ok(()),
        other => Err(format!("{other} of 64 spans")),
    });
}
