//! Opening a database: safe settings first, then tables and macros.

use std::path::Path;

use duckdb::{Config, Connection};

use crate::error::StoreError;
use crate::segment::SegmentFiles;
use crate::statement::{CREATE_META, EMPTY_PARTS, EMPTY_SPANS, MACROS, META, Statement, TABLES};

/// Written into every store; another number is refused before anything is read.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// What a process grants its store. See DuckDB's settings of the same names.
#[derive(Clone, Debug)]
pub struct Resources {
    /// Bytes DuckDB may hold in memory before it spills. Its own default is 80% of the host.
    pub memory_limit: u64,
    /// Threads DuckDB may use beside the caller's.
    pub threads: usize,
}

/// What stands in `store_meta`.
pub(crate) struct Meta {
    pub(crate) store_id: String,
    pub(crate) next_receipt: u64,
}

/// Opens or creates `dir/coral.duckdb`, with files allowed under `dir/segments` and nowhere else.
pub(crate) fn open(dir: &Path, resources: &Resources) -> Result<(Connection, Meta), StoreError> {
    let segments = dir.join("segments");
    std::fs::create_dir_all(&segments).map_err(StoreError::directory(&segments))?;
    let path = dir.join("coral.duckdb");
    let opening = |source| StoreError::Open { path: path.clone(), source };
    let connection =
        Connection::open_with_flags(&path, safe_config().map_err(opening)?).map_err(opening)?;
    lock_down(&connection, &segments, resources)?;
    if let Some(found) = foreign_schema(&connection)? {
        return Err(StoreError::SchemaVersion { path, found });
    }
    execute_all(&connection, TABLES)?;
    execute_all(&connection, MACROS)?;
    connection
        .execute(CREATE_META.sql, [SCHEMA_VERSION])
        .map_err(StoreError::statement(CREATE_META.name))?;
    make_empty_segment(&connection, &segments)?;
    crate::views::create(&connection, &SegmentFiles::empty(&segments))?;
    let meta = read_meta(&connection)?;
    Ok((connection, meta))
}

/// No downloads: what is not compiled in does not exist.
fn safe_config() -> Result<Config, duckdb::Error> {
    Config::default()
        .with("autoinstall_known_extensions", "false")?
        .with("autoload_known_extensions", "false")
}

/// Shuts every door but the segment directory, then the door to these settings.
///
/// The automatic checkpoint is out of the way at 1 GB: it would stall a commit by up to a second
/// (spec/duckdb-and-crates.md §2.1). The store checkpoints after sealing, when little is left to write.
fn lock_down(
    connection: &Connection,
    segments: &Path,
    resources: &Resources,
) -> Result<(), StoreError> {
    let segments = segments.display().to_string().replace('\'', "''");
    let settings = format!(
        "SET allowed_directories = ['{segments}/'];
         SET temp_directory = '{segments}/spill';
         SET max_temp_directory_size = '4GB';
         SET memory_limit = '{}B';
         SET threads = {};
         SET checkpoint_threshold = '1GB';
         SET arrow_lossless_conversion = true;
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

fn make_empty_segment(connection: &Connection, segments: &Path) -> Result<(), StoreError> {
    for (statement, kind) in [(EMPTY_SPANS, "spans"), (EMPTY_PARTS, "parts")] {
        let file = segments.join(format!("empty.{kind}.parquet"));
        connection
            .execute(statement.sql, [file.display().to_string()])
            .map_err(StoreError::statement(statement.name))?;
    }
    Ok(())
}

fn read_meta(connection: &Connection) -> Result<Meta, StoreError> {
    connection
        .query_row(META.sql, [], |row| {
            Ok(Meta { store_id: row.get(1)?, next_receipt: row.get(2)? })
        })
        .map_err(StoreError::statement(META.name))
}

/// Runs the statements of a schema file.
pub(crate) fn execute_all(connection: &Connection, statement: Statement) -> Result<(), StoreError> {
    connection.execute_batch(statement.sql).map_err(StoreError::statement(statement.name))
}
