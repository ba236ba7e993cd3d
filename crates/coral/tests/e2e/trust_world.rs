//! A colony that asks callers who they are, agents that joined it, and a person with a home.

use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use coral_trust::authority::certificates;
use coral_trust::material::Holder;
use serde_json::Value;
use tempfile::TempDir;

use super::process::{Coral, coral, eventually};

/// Settings of an agent whose other sockets are on free ports.
pub const AGENT: &[&str] = &[
    "beyla.enabled=false",
    "otlp.grpc=127.0.0.1:0",
    "otlp.http=127.0.0.1:0",
    "beyla.otlp.grpc=127.0.0.1:0",
    "beyla.otlp.http=127.0.0.1:0",
    "agent.listen=127.0.0.1:0",
];

/// A colony after `coral colony init`.
pub struct World {
    pub colony: Coral,
    home: TempDir,
}

impl World {
    pub fn new() -> Self {
        Self::with(&[])
    }

    pub fn with(settings: &[&str]) -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let init = run(dir.path(), "colony init --listen 127.0.0.1:0", None);
        assert!(init.status.success(), "{}", String::from_utf8_lossy(&init.stderr));
        let settings = [&["colony.poll_interval=50ms"], settings].concat();
        let colony = Coral::of_dir(&["colony", "start"], &settings, &dir);
        Self { colony, home: tempfile::tempdir().unwrap() }
    }

    pub fn data_dir(&self) -> &Path {
        self.colony.dir.path()
    }

    pub fn url(&self) -> String {
        self.colony.url("colony").replace("http://", "https://")
    }

    /// What a command of the colony's host prints; it must succeed.
    pub fn here(&self, line: &str) -> String {
        let output = run(self.data_dir(), line, None);
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn status(&self) -> Value {
        // The exit code is 1 if something is wrong; the answer is there all the same.
        let output = run(self.data_dir(), "colony status --format json", None);
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }

    /// The line that a command printed for another host, without `coral`, and with the URL at which
    /// this colony listens.
    pub fn line_of(&self, create: &str) -> String {
        let line = self.here(&format!("{create} --url {}", self.url()));
        line.trim().strip_prefix("coral ").unwrap().to_owned()
    }

    /// A data directory of an agent that joined by the line that `token create` printed.
    pub fn joined(&self, name: &str) -> Arc<TempDir> {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let line = self.line_of(&format!("colony token create --agent {name}"));
        let output = run(dir.path(), &line, None);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        dir
    }

    pub fn agent(&self, name: &str) -> Coral {
        Coral::of_dir(&["agent", "start"], AGENT, &self.joined(name))
    }

    /// What a command of a person on a laptop prints.
    pub fn person(&self, line: &str) -> Output {
        run(self.home.path(), line, Some(self.home.path()))
    }

    /// Logs a new person in. `options` are those of `token create`.
    pub fn login(&self, options: &str) {
        let line = self.line_of(&format!("colony token create --user ana {options}"));
        let output = self.person(&line);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Waits until the colony polls `agent`, or does not any more.
    pub fn until_listed(&self, agent: &str, is_listed: bool) {
        eventually(|| {
            let status = self.status();
            let agents = status["agents"].as_array().cloned().unwrap_or_default();
            let lists = agents
                .iter()
                .any(|listed| listed["agent_id"] == agent && listed["reachable"] == true);
            if lists == is_listed { Ok(()) } else { Err(format!("{status}")) }
        });
    }

    pub fn until_stored(&self, spans: u64) {
        eventually(|| match &self.status()["counters"]["coral.colony.store.spans"] {
            Value::Number(stored) if stored.as_u64() == Some(spans) => Ok(()),
            other => Err(format!("{other} of {spans} spans")),
        });
    }
}

/// Runs a command with its data in `data_dir`, as a user whose home is `home`.
pub fn run(data_dir: &Path, line: &str, home: Option<&Path>) -> Output {
    let mut command = coral();
    command.args(line.split_whitespace()).env("CORAL_DATA_DIR", data_dir);
    if let Some(home) = home {
        command.env("XDG_CONFIG_HOME", home);
    }
    command.output().unwrap()
}

/// What the certificate of the agent in `data_dir` says.
pub fn holder(data_dir: &Path) -> Holder {
    let pem = std::fs::read_to_string(data_dir.join("trust/agent.crt")).unwrap();
    Holder::of(&certificates(&pem)[0]).unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
