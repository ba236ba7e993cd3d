//! The SQL child: this program, started again as a child process that loads DuckDB, answers one
//! request from its standard input, and ends.

use std::ffi::OsString;
use std::io::{self, BufWriter, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use super::sandbox;
use coral_store::{SqlFailure, SqlRequest, answer_sql, export_sql, library_version};
use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};

/// First argument that makes `coral` a SQL child. No command of the CLI has this name.
const WORD: &str = "__sql";
/// Exit code of a child that failed to run its task, for example because its standard input is not
/// a valid request.
const CANNOT_RUN: u8 = 127;

/// Task of a child.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Task {
    /// Answer a [`SqlRequest`].
    Answer,
    /// Write the database that a [`coral_store::SqlExport`] describes.
    Export,
    /// Print the version of the library whose path is on standard input.
    Version,
}

/// A command that starts a SQL child in the directory `dir`, with an empty environment.
///
/// The kernel kills the child when the thread that started it ends. That thread must therefore
/// wait for the child.
pub fn command(task: Task, dir: &Path) -> Command {
    // The executable file of this process, even after an upgrade has replaced it on disk.
    let mut command = Command::new("/proc/self/exe");
    command.args([WORD, task.as_str(), &std::process::id().to_string()]);
    command.env_clear().current_dir(dir);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// If `arguments`, after the program's name, begin with `__sql`: does the task of a SQL child and
/// returns its exit code. Otherwise returns `None`.
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
    // The parent may have ended before the signal was set up. Then the kernel sends none.
    if getppid() != Pid::from_raw(parent) {
        return Ok(ExitCode::from(CANNOT_RUN));
    }
    let (mut input, mut output) = (io::stdin().lock(), BufWriter::new(io::stdout().lock()));
    match task {
        Task::Answer => {
            let request: SqlRequest = serde_json::from_reader(&mut input)?;
            // A failure is ignored: an old kernel lacks Landlock, and the other restrictions apply
            // anyway.
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
