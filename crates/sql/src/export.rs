//! Writes an answer as a DuckDB database, and determines the version of a library. Both run in a
//! SQL child.

use std::io;
use std::path::Path;

use coral_store::{SqlExport, SqlFailure, SqlFrame};

use super::child::{Task, command};
use super::lines::ChildSlot;
use crate::SqlAnswer;

/// Why a SQL child that was started by [`export`] or [`version`] failed.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The child could not be started, or its output not be read.
    #[error("cannot run the child process that loads DuckDB")]
    Process(#[from] io::Error),
    /// DuckDB reported an error.
    #[error(transparent)]
    Failed(#[from] SqlFailure),
    /// The child wrote no valid answer. Usually DuckDB crashed.
    #[error("the child process that loads DuckDB ended before its answer")]
    Crashed,
}

/// Longest line that a child may write, in bytes.
const MAX_LINE: u64 = 1 << 20;

/// Writes `answer` to the new database `file` with the DuckDB library at `library`.
///
/// # Errors
/// [`ExportError`]; the caller must then remove a partial file.
pub fn export(library: &Path, answer: &SqlAnswer, file: &Path) -> Result<(), ExportError> {
    let head = SqlExport {
        library: library.to_owned(),
        columns: answer.columns.clone(),
        file: std::path::absolute(file)?,
    };
    let mut input = serde_json::to_vec(&head).map_err(io::Error::from)?;
    for row in &answer.rows {
        input.push(b'\n');
        serde_json::to_writer(&mut input, row).map_err(io::Error::from)?;
    }
    input.push(b'\n');
    let line = only_line(Task::Export, &input)?;
    match serde_json::from_str(&line).map_err(|_| ExportError::Crashed)? {
        SqlFrame::End { .. } => Ok(()),
        SqlFrame::Error(failure) => Err(failure.into()),
        SqlFrame::Columns(_) => Err(ExportError::Crashed),
    }
}

/// The version of the DuckDB library at `library`, such as `v2.0.0`.
///
/// # Errors
/// [`ExportError`] when the file is not a library that Coral can use.
pub fn version(library: &Path) -> Result<String, ExportError> {
    let path = std::path::absolute(library)?;
    let line = only_line(Task::Version, path.display().to_string().as_bytes())?;
    let version: Result<String, SqlFailure> =
        serde_json::from_str(&line).map_err(|_| ExportError::Crashed)?;
    Ok(version?)
}

/// Starts a child for `task`, writes `input` to it, and returns its first line of output.
fn only_line(task: Task, input: &[u8]) -> Result<String, ExportError> {
    let slot = ChildSlot::default();
    let lines = slot.start(command(task, Path::new("/")), input)?;
    let line = lines.map(|mut lines| lines.next(MAX_LINE)).transpose();
    slot.reap();
    line.ok().flatten().flatten().ok_or(ExportError::Crashed)
}
