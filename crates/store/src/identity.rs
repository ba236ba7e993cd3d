//! The identity of a store directory, and the lock of the process that has opened it.

use std::fs::{File, TryLockError};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::disk;
use crate::error::StoreError;

/// Version of the format. Other versions are refused before anything else is read. Version 5 has
/// the identity in `store.json` and agents in the log; earlier versions had a DuckDB database.
pub(crate) const SCHEMA_VERSION: u32 = 5;

/// An open store directory. No other process can open the directory until this value is dropped.
pub(crate) struct Identity {
    store_id: String,
    /// The operating system releases the lock when the file is closed, also after `kill -9`.
    _lock: File,
}

/// The contents of `store.json`.
#[derive(Serialize, Deserialize)]
struct StoreFile {
    schema_version: u32,
    /// 32 lower-case hexadecimal digits.
    store_id: String,
}

impl Identity {
    /// Locks the directory `dir` and reads its `store.json`. Creates the file if there is none.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process has opened the store,
    /// [`StoreError::SchemaVersion`] when another version of Coral wrote it,
    /// [`StoreError::Identity`] when `store.json` cannot be parsed, [`StoreError::Directory`] when
    /// a file cannot be read or written.
    pub(crate) fn open(dir: &Path) -> Result<Self, StoreError> {
        let lock = lock(&dir.join("LOCK"))?;
        let path = dir.join("store.json");
        let store_id = match std::fs::read(&path) {
            Ok(bytes) => read(&path, &bytes)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => create(dir, &path)?,
            Err(error) => return Err(StoreError::directory(path)(error)),
        };
        Ok(Self { store_id, _lock: lock })
    }

    pub(crate) fn store_id(&self) -> &str {
        &self.store_id
    }
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let failed = || StoreError::directory(path);
    let file = File::options().create(true).append(true).open(path).map_err(failed())?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(failed()(error)),
    }
}

fn read(path: &Path, bytes: &[u8]) -> Result<String, StoreError> {
    let file: StoreFile = serde_json::from_slice(bytes)
        .map_err(|source| StoreError::Identity { path: path.to_owned(), source })?;
    match file.schema_version {
        SCHEMA_VERSION => Ok(file.store_id),
        found => Err(schema_version(path, found)),
    }
}

/// Creates `store.json` atomically.
fn create(dir: &Path, path: &Path) -> Result<String, StoreError> {
    let database = dir.join("coral.duckdb");
    if database.exists() {
        // Up to version 4, the identity was in a DuckDB database.
        return Err(schema_version(&database, 4));
    }
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| StoreError::directory(path)(error.into()))?;
    let store_id = format!("{:032x}", u128::from_be_bytes(random));
    let file = StoreFile { schema_version: SCHEMA_VERSION, store_id };
    let json = serde_json::to_vec(&file).expect("numbers and text have a JSON form");
    let aside = path.with_extension("tmp");
    let written = || {
        let mut target = disk::create(&aside)?;
        disk::write_all(&mut target, &json)?;
        disk::sync_all(&target)?;
        disk::rename(&aside, path)?;
        disk::sync_directory_of(path)
    };
    written().map_err(StoreError::directory(path))?;
    Ok(file.store_id)
}

fn schema_version(path: &Path, found: u32) -> StoreError {
    StoreError::SchemaVersion { path: path.to_owned(), found, needed: SCHEMA_VERSION }
}
