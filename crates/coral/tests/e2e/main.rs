//! The real program: processes, sockets on port 0, DuckDB libraries where there are any, and
//! recordings of real Beyla.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod agent_rpc;
mod ask;
mod ask_kinds;
mod attack;
mod audit;
mod bad_day;
mod beyla;
mod cause;
mod cli;
mod clickhouse;
mod connect;
mod demo;
mod documents;
mod door;
mod export;
mod fake_beyla;
mod full_disk;
mod golden;
mod help;
mod hostile;
mod hostile_apis;
mod mcp;
mod page;
mod path;
mod peers;
mod process;
mod red;
mod services;
mod sign_in;
mod sql;
mod tasks;
mod topology;
mod traces;
mod trust;
mod trust_world;
mod two_hosts;
mod units;
mod why;
mod zipkin;

use std::collections::BTreeMap;
use std::path::PathBuf;

use coral_trace::{Recogniser, Span};
use coral_wire::otlp_in::{self, Encoding};

/// Every recorded request of traces, by its file, as `1.8.9/traces-001.otlp.pb`.
fn recordings() -> BTreeMap<String, Vec<u8>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/beyla");
    let mut found = BTreeMap::new();
    for version in ["1.8.9", "3.31.0"] {
        for entry in std::fs::read_dir(root.join(version)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with("traces-") {
                found.insert(format!("{version}/{name}"), std::fs::read(&path).unwrap());
            }
        }
    }
    assert!(found.len() > 90, "{}", found.len());
    found
}

fn decode(otlp: &[u8]) -> Vec<Span> {
    otlp_in::decode(otlp, Encoding::Protobuf, &Recogniser::default()).unwrap().spans
}
