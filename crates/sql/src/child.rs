//! This program as a SQL child: it loads DuckDB, answers what stands on its standard input, and ends.

use std::ffi::OsString;
use std::io::{self, BufWriter, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use super::sandbox;
use coral_store::{SqlFailure, SqlRequest, answer_sql, export_sql, library_version};
use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};

/// The first argument that makes `coral` a SQL child. No command of people is called so.
const WORD: &str = "__sql";
/// What a child exits with when its standard input is not what its parent writes.
const CANNOT_RUN: u8 = 127;

/// What a child is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Task {
    /// Answer a [`SqlRequest`].
    Answer,
    /// Write a database: see [`coral_store::SqlExport`].
    Export,
    /// Say the version of a library, whose path is standard input.
    Version,
}

/// A command that becomes a SQL child, with the directory `dir` as its own and nothing of this environment.
///
/// The kernel kills the child when the thread that starts it ends: that thread waits for the child.
pub fn command(task: Task, dir: &Path) -> Command {
    // The file that is running, also after another one took its name.
    let mut command = Command::new("/proc/self/exe");
    command.args([WORD, task.as_str(), &std::process::id().to_string()]);
    command.env_clear().current_dir(dir);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// Is a SQL child, if `arguments` say so.
pub fn run(mut arguments: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    let _program = arguments.next();
    if arguments.next()? != WORD {
        return None;
    }
    let task = arguments.next().and_then(|task| Task::of(task.to_str()?));
    let parent = arguments.next().and_then(|parent| parent.to_str()?.parse().ok());
    let done = task.zip(parent).and_then(|(task, parent)| work(task, parent).ok());
    Some(done.unwrap_or(ExitCode::from(CANNOT_RUN)))
}

fn work(task: Task, parent: i32) -> io::Result<ExitCode> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // The parent may have died before that was asked for.
    if getppid() != Pid::from_raw(parent) {
        return Ok(ExitCode::from(CANNOT_RUN));
    }
    let (mut input, mut output) = (io::stdin().lock(), BufWriter::new(io::stdout().lock()));
    match task {
        Task::Answer => {
            let request: SqlRequest = serde_json::from_reader(&mut input)?;
            // Best effort: an old kernel has no Landlock, and the other layers hold there.
            let _ = sandbox::enter(Some(&request.spill_dir));
            answer_sql(&request, &mut output)?;
        }
        Task::Export => export_sql(&mut input, &mut output)?,
        Task::Version => {
            let mut path = String::new();
            input.read_to_string(&mut path)?;
            let _ = sandbox::enter(None);
            let version: Result<String, SqlFailure> = library_version(Path::new(&path));
            serde_json::to_writer(&mut output, &version)?;
            writeln!(output)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Task {
    const ALL: [Self; 3] = [Self::Answer, Self::Export, Self::Version];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Export => "export",
            Self::Version => "version",
        }
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|task| task.as_str() == word)
    }
}
