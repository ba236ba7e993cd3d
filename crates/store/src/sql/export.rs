//! Writes an answer as a DuckDB database, in an SQL child process.

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::write_frame;
use super::cells::is_nested;
use super::engine::Engine;
use super::quoted;
use super::request::{SqlColumn, SqlFailure, SqlFailureKind, SqlFrame};

/// A database to write. The first line of the child's standard input is this as JSON, and every
/// further line is a row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SqlExport {
    /// DuckDB's shared library.
    pub library: PathBuf,
    /// The columns of every row.
    pub columns: Vec<SqlColumn>,
    /// The database file, which must not exist yet.
    pub file: PathBuf,
}

/// The table in the database.
const TABLE: &str = "answer";
/// The temporary table with the rows as text, before the values are cast to their types.
const STAGED: &str = "staged";
/// Rows that are passed to DuckDB at a time.
const BATCH_ROWS: usize = 8_192;

/// Reads an [`SqlExport`] and its rows from `input`, writes the table `answer` of the database,
/// and writes the result to `output`: [`SqlFrame::End`] or [`SqlFrame::Error`].
///
/// # Errors
/// The operating system's error when `output` cannot be written.
pub fn export_sql(input: &mut impl BufRead, output: &mut impl Write) -> io::Result<()> {
    let last = match export(input) {
        Ok(()) => SqlFrame::End { more: false },
        Err(failure) => SqlFrame::Error(failure),
    };
    write_frame(output, &last)?;
    output.flush()
}

fn export(input: &mut impl BufRead) -> Result<(), SqlFailure> {
    let engine = |error: String| SqlFailure::new(SqlFailureKind::Engine, error);
    let mut lines = input.lines();
    let first = lines.next().transpose().map_err(|error| engine(error.to_string()))?;
    let export: SqlExport = serde_json::from_str(&first.unwrap_or_default())
        .map_err(|error| engine(error.to_string()))?;
    let mut duckdb = Engine::open(&export.library)?;
    duckdb.run(
        "SET autoinstall_known_extensions = false;
         SET autoload_known_extensions = false;",
    )?;
    let _ = duckdb.run("SET TimeZone = 'UTC'");
    let mut staged = Staged::new(&export.columns);
    for line in lines {
        let line = line.map_err(|error| engine(error.to_string()))?;
        let row: Vec<Value> =
            serde_json::from_str(&line).map_err(|error| engine(error.to_string()))?;
        staged.push(row);
        if staged.rows() == BATCH_ROWS {
            staged.flush(&mut duckdb)?;
        }
    }
    staged.flush(&mut duckdb)?;
    write(&mut duckdb, &export.columns, &export.file)
}

/// Casts the staged rows to their types, and writes them to the database.
fn write(duckdb: &mut Engine, columns: &[SqlColumn], file: &Path) -> Result<(), SqlFailure> {
    let mut names: Vec<String> = Vec::new();
    for column in columns {
        // Columns of a table must have different names.
        let taken = |name: &String| names.iter().any(|other| other.eq_ignore_ascii_case(name));
        let numbered = (1..).map(|number| format!("{}_{number}", column.name));
        let name = std::iter::once(column.name.clone()).chain(numbered).find(|name| !taken(name));
        names.extend(name);
    }
    let cells = columns.iter().zip(&names).enumerate().map(|(at, (column, name))| {
        let json = if is_nested(&column.kind) { "::JSON" } else { "" };
        let kind = if column.kind == "\"NULL\"" { "VARCHAR" } else { &column.kind };
        format!("CAST(c{at}{json} AS {kind}) AS \"{}\"", name.replace('"', "\"\""))
    });
    let cells: Vec<String> = cells.collect();
    duckdb.run(&format!(
        "ATTACH {} AS exported;
         CREATE TABLE exported.{TABLE} AS SELECT {} FROM {STAGED};
         DETACH exported;",
        quoted(&file.display().to_string()),
        cells.join(", "),
    ))
}

/// Rows as text, by column.
struct Staged {
    columns: Vec<Vec<Option<String>>>,
    schema: Arc<Schema>,
}

impl Staged {
    fn new(columns: &[SqlColumn]) -> Self {
        let fields: Vec<Field> = (0..columns.len())
            .map(|at| Field::new(format!("c{at}"), DataType::Utf8, true))
            .collect();
        Self { columns: vec![Vec::new(); columns.len()], schema: Arc::new(Schema::new(fields)) }
    }

    fn rows(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }

    fn push(&mut self, row: Vec<Value>) {
        let cells = row.into_iter().map(|cell| match cell {
            Value::Null => None,
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        });
        let cells = cells.chain(std::iter::repeat(None));
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.push(cell);
        }
    }

    /// Passes the rows to DuckDB.
    fn flush(&mut self, duckdb: &mut Engine) -> Result<(), SqlFailure> {
        let columns: Vec<ArrayRef> = self
            .columns
            .iter_mut()
            .map(|column| Arc::new(StringArray::from(std::mem::take(column))) as ArrayRef)
            .collect();
        let batch = RecordBatch::try_new(self.schema.clone(), columns)
            .map_err(|error| SqlFailure::new(SqlFailureKind::Engine, error.to_string()))?;
        duckdb.ingest(batch, STAGED)
    }
}
