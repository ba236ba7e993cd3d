//! The DuckDB database: the store's identity and lock, small tables, and the views for people.
//!
//! Spans are not rows of it: it reads them from the segments' Parquet.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use duckdb::{Config, Connection};

use crate::error::StoreError;
use crate::statement::{CREATE_META, META, Statement, TABLES};

/// Written into every store; another number is refused before anything is read. 2: rows in a log and in
/// segments by receipt, no longer in tables.
pub(crate) const SCHEMA_VERSION: u32 = 4;

/// What a process grants its store. See DuckDB's settings of the same names.
#[derive(Clone, Debug)]
pub struct Resources {
    /// Bytes DuckDB may hold in memory before it spills. Its own default is 80% of the host.
    pub memory_limit: u64,
    /// Threads DuckDB may use beside the caller's.
    pub threads: usize,
}

/// An open database. One process has it.
pub(crate) struct Database {
    store_id: String,
    root: Mutex<Connection>,
    idle: Mutex<Vec<Connection>>,
}

/// Idle connections above this are closed.
const MOST_IDLE: usize = 8;

impl Database {
    /// Opens or creates `dir/coral.duckdb`, with files allowed under `dir/segments` and
    /// `dir/metrics`, and nowhere else.
    pub(crate) fn open(dir: &Path, resources: &Resources) -> Result<Self, StoreError> {
        let path = dir.join("coral.duckdb");
        let opening = |source| StoreError::Open { path: path.clone(), source };
        let connection =
            Connection::open_with_flags(&path, safe_config().map_err(opening)?).map_err(opening)?;
        lock_down(&connection, &crate::store::segment_dir(dir), resources)?;
        if let Some(found) = foreign_schema(&connection)? {
            return Err(StoreError::SchemaVersion { path, found });
        }
        execute_all(&connection, TABLES)?;
        connection
            .execute(CREATE_META.sql, [SCHEMA_VERSION])
            .map_err(StoreError::statement(CREATE_META.name))?;
        let store_id = connection
            .query_row(META.sql, [], |row| row.get(1))
            .map_err(StoreError::statement(META.name))?;
        Ok(Self { store_id, root: Mutex::new(connection), idle: Mutex::default() })
    }

    pub(crate) fn store_id(&self) -> &str {
        &self.store_id
    }

    /// Runs `ask` on a connection of its own.
    pub(crate) fn with<T>(
        &self,
        ask: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let connection = self.take()?;
        let answer = ask(&connection);
        if answer.is_ok() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < MOST_IDLE {
                idle.push(connection);
            }
        }
        answer
    }

    fn take(&self) -> Result<Connection, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(connection) => Ok(connection),
            None => {
                let root = self.root.lock().unwrap_or_else(PoisonError::into_inner);
                root.try_clone().map_err(StoreError::statement("clone connection"))
            }
        }
    }
}

/// No downloads: what is not compiled in does not exist.
fn safe_config() -> Result<Config, duckdb::Error> {
    Config::default()
        .with("autoinstall_known_extensions", "false")?
        .with("autoload_known_extensions", "false")
}

/// Shuts every door but the directories of segments and metrics, then the door to these settings.
fn lock_down(
    connection: &Connection,
    segments: &Path,
    resources: &Resources,
) -> Result<(), StoreError> {
    let metrics = segments.with_file_name("metrics").display().to_string().replace('\'', "''");
    let segments = segments.display().to_string().replace('\'', "''");
    let settings = format!(
        "SET allowed_directories = ['{segments}/', '{metrics}/'];
         SET temp_directory = '{segments}/spill';
         SET max_temp_directory_size = '4GB';
         SET memory_limit = '{}B';
         SET threads = {};
         SET enable_external_access = false;
         SET lock_configuration = true;",
        resources.memory_limit,
        resources.threads.max(1),
    );
    connection.execute_batch(&settings).map_err(StoreError::statement("settings"))
}

/// The schema version of a store that this build must not touch.
fn foreign_schema(connection: &Connection) -> Result<Option<u32>, StoreError> {
    let exists = connection.prepare("FROM store_meta").is_ok();
    if !exists {
        return Ok(None);
    }
    let mut meta = connection.prepare(META.sql).map_err(StoreError::statement(META.name))?;
    let found = meta.query_row([], |row| row.get(0)).map_err(StoreError::statement(META.name))?;
    Ok((found != SCHEMA_VERSION).then_some(found))
}

/// Runs the statements of a schema file.
pub(crate) fn execute_all(connection: &Connection, statement: Statement) -> Result<(), StoreError> {
    connection.execute_batch(statement.sql).map_err(StoreError::statement(statement.name))
}

/// Bytes of the database and its log.
pub(crate) fn bytes(dir: &Path) -> u64 {
    ["coral.duckdb", "coral.duckdb.wal"]
        .iter()
        .filter_map(|name| std::fs::metadata(dir.join(name)).ok())
        .map(|file| file.len())
        .sum()
}
