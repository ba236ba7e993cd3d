//! Programs of other projects, of the versions that their tests name, beside a real Coral.
//!
//! A test is left out and says so where the environment variable of its program is not set, unless
//! `CORAL_TEST_PEERS_REQUIRED` is set, as `just acceptance` does.

mod collector;
mod jaeger;
mod mcp;
mod prometheus;
mod zipkin;

use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A program of another project that runs. It is killed on drop.
struct Peer {
    child: Child,
    dir: tempfile::TempDir,
}

impl Peer {
    /// Runs `program` with the configuration `yaml`.
    fn start(program: &Path, yaml: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.yaml");
        std::fs::write(&file, yaml).unwrap();
        let log = std::fs::File::create(dir.path().join("log")).unwrap();
        let child = Command::new(program)
            .args(["--config".as_ref(), file.as_os_str()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Self { child, dir }
    }

    /// What the program has logged.
    fn said(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program that `variable` names; `None` if the tests have none. `tool` makes it.
fn program(variable: &str, tool: &str) -> Option<PathBuf> {
    let required = std::env::var_os("CORAL_TEST_PEERS_REQUIRED").is_some();
    let program = std::env::var_os(variable).filter(|program| !program.is_empty());
    assert!(!required || program.is_some(), "{variable} is not set: {tool}");
    if program.is_none() {
        // Straight to standard error: the test harness hides what a test prints.
        let left_out =
            format!("test left out: {variable} is not set; {variable}=\"$({tool} DIR)\"\n");
        let _ = std::io::stderr().write_all(left_out.as_bytes());
    }
    program.map(PathBuf::from)
}

/// An address with a free port, for a program that cannot say which port it was given.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// `value` with every array sorted, for answers whose order means nothing. Jaeger in memory repeats
/// a warning at each reading, so texts that are repeated are there once.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(sorted).collect();
            items.sort_by_key(Value::to_string);
            items.dedup_by(|one, other| {
                (one.is_string() || one["stringValue"].is_string()) && one == other
            });
            Value::Array(items)
        }
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), sorted(value))).collect()
        }
        other => other.clone(),
    }
}
