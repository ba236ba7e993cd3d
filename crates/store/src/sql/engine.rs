//! Uses DuckDB through ADBC: loads it, restricts it, and runs statements.

use std::path::Path;

use adbc_core::options::{AdbcVersion, OptionStatement, OptionValue};
use adbc_core::{
    CancelHandle, Connection as _, Database as _, Driver as _, Optionable as _, Statement as _,
};
use adbc_driver_manager::{ManagedConnection, ManagedDriver};
use arrow_array::cast::AsArray;
use arrow_array::{RecordBatch, RecordBatchReader};

use super::quoted;
use super::request::{SqlColumn, SqlFailure, SqlFailureKind, SqlRequest};

/// The entry function of DuckDB's library for ADBC.
const ENTRY_POINT: &[u8] = b"duckdb_adbc_init";
/// The oldest version with the settings that [`Engine::lock_down`] needs.
const OLDEST: (u32, u32) = (1, 5);
/// Limit of the total size of DuckDB's temporary files, as a multiple of its memory limit.
const SPILL_PER_MEMORY: u64 = 8;

/// SQL that creates the views of spans.
pub(super) const SPAN_VIEWS: &str =
    concat!(include_str!("schema/span_attributes.sql"), include_str!("schema/span_views.sql"));
/// SQL that creates the views of RED metrics.
pub(super) const METRIC_VIEWS: &str = include_str!("schema/metric_views.sql");

/// One connection to a DuckDB database in memory.
pub(crate) struct Engine(ManagedConnection);

impl Engine {
    /// Loads the library at `path`. Loading runs the library's code, so the caller must have
    /// checked who can write the file.
    pub(crate) fn open(path: &Path) -> Result<Self, SqlFailure> {
        let failed = |error: adbc_core::error::Error| {
            let text = format!("cannot use `{}` as DuckDB: {}", path.display(), error.message);
            SqlFailure::new(SqlFailureKind::Library, text)
        };
        let version = AdbcVersion::V110;
        let mut driver =
            ManagedDriver::load_dynamic_from_filename(path, Some(ENTRY_POINT), version)
                .map_err(failed)?;
        let database = driver.new_database().map_err(failed)?;
        let mut engine = Self(database.new_connection().map_err(failed)?);
        let version = engine.text("SELECT version()")?;
        match parse_version(&version) {
            Some(version) if version >= OLDEST => Ok(engine),
            _ => {
                let (major, minor) = OLDEST;
                let path = path.display();
                let text =
                    format!("`{path}` is DuckDB {version}; Coral needs {major}.{minor} or later");
                Err(SqlFailure::new(SqlFailureKind::Library, text))
            }
        }
    }

    /// Creates the views over the request's files, then disables access to all other files and to
    /// settings.
    pub(super) fn lock_down(&mut self, request: &SqlRequest) -> Result<(), SqlFailure> {
        let limits = request.limits;
        let files = || request.span_files.iter().chain(&request.metric_files);
        // Access is restricted before a file is read, because DuckDB may download extensions to
        // read one.
        self.run(&format!(
            "SET autoinstall_known_extensions = false;
             SET autoload_known_extensions = false;
             SET allow_community_extensions = false;
             SET allow_persistent_secrets = false;
             SET temp_directory = {spill};
             SET extension_directory = {spill};
             SET home_directory = {spill};
             SET max_temp_directory_size = '{spill_bytes}B';
             SET memory_limit = '{memory}B';
             SET threads = {threads};
             SET parquet_metadata_cache = true;
             SET allowed_paths = {allowed};
             SET enable_external_access = false;",
            spill = quoted(&request.spill_dir.display().to_string()),
            spill_bytes = limits.memory.saturating_mul(SPILL_PER_MEMORY),
            memory = limits.memory,
            threads = limits.threads.max(1),
            allowed = list(files()),
        ))?;
        // This fails in builds without the extension `icu`, which have no time zone except UTC.
        let _ = self.run("SET TimeZone = 'UTC'");
        let since = request.since_unix_us.map_or("NULL".to_owned(), |since| since.to_string());
        self.run(&format!(
            "SET VARIABLE span_files = {};
             SET VARIABLE metric_files = {};
             SET VARIABLE since_us = {since}::BIGINT;",
            list(request.span_files.iter()),
            list(request.metric_files.iter()),
        ))?;
        self.run(SPAN_VIEWS)?;
        self.run(METRIC_VIEWS)?;
        self.run("SET lock_configuration = true")
    }

    /// Runs statements without a result.
    pub(crate) fn run(&mut self, sql: &str) -> Result<(), SqlFailure> {
        let mut statement = self.0.new_statement().map_err(failure)?;
        statement.set_sql_query(sql).map_err(failure)?;
        statement.execute_update().map(drop).map_err(failure)
    }

    /// Runs one statement and streams its rows.
    pub(super) fn rows(&mut self, sql: &str) -> Result<Rows, SqlFailure> {
        let mut statement = self.0.new_statement().map_err(failure)?;
        statement.set_sql_query(sql).map_err(failure)?;
        let reader = statement.execute().map_err(failure)?;
        Ok(Rows { reader, _statement: statement })
    }

    /// Runs a statement and returns the text in the first cell.
    pub(crate) fn text(&mut self, sql: &str) -> Result<String, SqlFailure> {
        let batch = self.rows(sql)?.next_batch()?.filter(|batch| batch.num_rows() > 0);
        let text = batch.and_then(|batch| texts(&batch, 0).into_iter().next());
        let none = || SqlFailure::new(SqlFailureKind::Engine, "DuckDB returned no text".to_owned());
        text.ok_or_else(none)
    }

    /// The columns of `statement`.
    pub(super) fn columns(&mut self, statement: &str) -> Result<Vec<SqlColumn>, SqlFailure> {
        let describe = format!(
            "SELECT column_name::VARCHAR, column_type::VARCHAR FROM (DESCRIBE SELECT * FROM (\n{statement}\n))"
        );
        let mut rows = self.rows(&describe)?;
        let mut columns = Vec::new();
        while let Some(batch) = rows.next_batch()? {
            let pairs = texts(&batch, 0).into_iter().zip(texts(&batch, 1));
            columns.extend(pairs.map(|(name, kind)| SqlColumn { name, kind }));
        }
        Ok(columns)
    }

    /// Appends the rows of `batch` to table `table`, which is created if it does not exist.
    pub(super) fn ingest(&mut self, batch: RecordBatch, table: &str) -> Result<(), SqlFailure> {
        let mut statement = self.0.new_statement().map_err(failure)?;
        let text = |text: &str| OptionValue::String(text.to_owned());
        let mode = text("adbc.ingest.mode.create_append");
        statement.set_option(OptionStatement::IngestMode, mode).map_err(failure)?;
        statement.set_option(OptionStatement::TargetTable, text(table)).map_err(failure)?;
        statement.bind(batch).map_err(failure)?;
        statement.execute_update().map(drop).map_err(failure)
    }

    /// A handle that cancels the running statement from another thread.
    pub(super) fn cancel_handle(&self) -> Box<dyn CancelHandle> {
        self.0.get_cancel_handle()
    }
}

/// The rows of a statement.
pub(super) struct Rows {
    reader: Box<dyn RecordBatchReader + Send>,
    /// Keeps the statement alive while its rows are read.
    _statement: <ManagedConnection as adbc_core::Connection>::StatementType,
}

impl Rows {
    /// The next rows; `None` at the end.
    pub(super) fn next_batch(&mut self) -> Result<Option<RecordBatch>, SqlFailure> {
        self.reader.next().transpose().map_err(|error| of_text(&error.to_string()))
    }
}

/// The version of the DuckDB library at `path`, such as `v2.0.0`. Loads the library, and so runs
/// its code.
///
/// # Errors
/// [`SqlFailure`] when the file is not a DuckDB library that Coral can use.
pub fn library_version(path: &Path) -> Result<String, SqlFailure> {
    Engine::open(path)?.text("SELECT version()")
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim_start_matches('v').split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn texts(batch: &RecordBatch, column: usize) -> Vec<String> {
    let texts = batch.column(column).as_string_opt::<i32>();
    texts
        .into_iter()
        .flat_map(|texts| texts.iter().map(|text| text.unwrap_or_default().to_owned()))
        .collect()
}

/// An SQL list of the texts of `paths`.
fn list<'a>(paths: impl Iterator<Item = &'a std::path::PathBuf>) -> String {
    let quoted: Vec<String> = paths.map(|path| quoted(&path.display().to_string())).collect();
    format!("[{}]", quoted.join(", "))
}

fn failure(error: adbc_core::error::Error) -> SqlFailure {
    of_text(&error.message)
}

/// A failure with DuckDB's message, classified by that message.
fn of_text(text: &str) -> SqlFailure {
    let text = text.trim().trim_start_matches("C Data interface error: ");
    let text = text.lines().map(own_line).collect::<Vec<_>>().join("\n");
    let kind = match text.contains("Out of Memory Error") {
        true => SqlFailureKind::Limit,
        false => SqlFailureKind::Statement,
    };
    SqlFailure::new(kind, text)
}

/// Corrects the line number in DuckDB's message (`LINE 2: …`): in the SQL that Coral runs, the
/// user's statement starts on the second line.
fn own_line(line: &str) -> String {
    let numbered = line.strip_prefix("LINE ").and_then(|rest| rest.split_once(": "));
    match numbered.and_then(|(number, rest)| Some((number.parse::<u32>().ok()?, rest))) {
        Some((number @ 2.., rest)) => format!("LINE {}: {rest}", number - 1),
        _ => line.to_owned(),
    }
}
