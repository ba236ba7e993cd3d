//! Runs a demo once: from its start to its first screen, its commands, and its end.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::story::Story;
use crate::Failure;

/// A demo that ran and ended.
pub struct Session {
    /// What the demo said about itself.
    pub story: Story,
    /// From the start of the process to its first screen.
    pub first_screen: Duration,
    /// The commands that the demo printed, each with its output.
    pub answers: Vec<Answer>,
    /// What was wrong when the demo was stopped: an exit code other than 0, or files left behind.
    pub stopped: Result<(), String>,
}

/// A command and its output in a pipe.
pub struct Answer {
    /// The command line.
    pub command: String,
    /// Standard output. Standard error, with the exit code, if the command failed.
    pub output: Result<String, String>,
}

/// Settings of a demo with all sockets on free ports.
const FREE_PORTS: [&str; 6] = [
    "otlp.grpc",
    "otlp.http",
    "beyla.otlp.grpc",
    "beyla.otlp.http",
    "agent.listen",
    "colony.listen",
];
/// Variables that change what the program does.
const VARIABLES: [&str; 6] =
    ["CORAL_SET", "CORAL_COLONY", "CORAL_LOG", "CORAL_DATA_DIR", "CARGO", "COLUMNS"];
const START_TIMEOUT: Duration = Duration::from_secs(120);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

impl Session {
    /// Runs the demo of `program` with `fault`.
    ///
    /// # Errors
    /// The demo ended before its first screen; the error quotes what it printed.
    pub async fn run(program: &Path, fault: &str) -> Result<Self, Failure> {
        let temporary = tempfile::tempdir()?;
        let errors = tempfile::NamedTempFile::new()?;
        let begin = Instant::now();
        let mut demo = command(program)
            .args(["demo", "--fault", fault, "--format", "json"])
            .args(FREE_PORTS.map(|key| format!("--set={key}=127.0.0.1:0")))
            .env("TMPDIR", temporary.path())
            .stdout(Stdio::piped())
            .stderr(errors.reopen()?)
            .spawn()
            .map_err(|error| format!("cannot start `{}`: {error}", program.display()))?;
        let Some(output) = demo.stdout.take() else { return Err("the demo has no output".into()) };
        let mut lines = BufReader::new(output).lines();
        let line = timeout(START_TIMEOUT, lines.next_line()).await;
        let first_screen = begin.elapsed();
        let line = line.map_err(|_| "the demo has no first screen after two minutes")??;
        let Some(line) = line else {
            let printed = std::fs::read_to_string(errors.path())?;
            return Err(format!("the demo ended before its first screen: {printed}").into());
        };
        let story: Story = serde_json::from_str(&line)?;
        let mut answers = Vec::new();
        for of in &story.commands {
            answers.push(Answer::new(&of.command).await?);
        }
        let stopped = stop(demo, &temporary).await;
        Ok(Self { story, first_screen, answers, stopped })
    }
}

impl Answer {
    /// Runs `line` as a person does who copies it.
    async fn new(line: &str) -> Result<Self, Failure> {
        let ended = command("sh".as_ref()).args(["-c", line]).output();
        let ended = timeout(ANSWER_TIMEOUT, ended).await;
        let ended = ended.map_err(|_| format!("no answer after a minute: {line}"))??;
        let output = match ended.status.success() {
            true => Ok(String::from_utf8(ended.stdout)?),
            false => Err(format!("{}: {}", ended.status, String::from_utf8_lossy(&ended.stderr))),
        };
        Ok(Self { command: line.to_owned(), output })
    }
}

/// A command that is ended when it is dropped.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    for name in VARIABLES {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Sends SIGTERM, waits for the end, and looks for files that are left.
async fn stop(mut demo: Child, temporary: &TempDir) -> Result<(), String> {
    let pid = demo.id().ok_or("the demo ended before it was stopped")?.to_string();
    let signalled = command("kill".as_ref()).args(["-TERM", &pid]).status().await;
    signalled.map_err(|error| format!("cannot run `kill`: {error}"))?;
    let ended = timeout(STOP_TIMEOUT, demo.wait()).await;
    let status = ended.map_err(|_| "the demo did not stop within a minute")?;
    let status = status.map_err(|error| error.to_string())?;
    if status.code() != Some(0) {
        return Err(format!("the stopped demo ended with {status}"));
    }
    let left = std::fs::read_dir(temporary.path()).map_err(|error| error.to_string())?.count();
    match left {
        0 => Ok(()),
        _ => Err(format!("the stopped demo left {left} files in its temporary directory")),
    }
}
