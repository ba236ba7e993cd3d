//! The directory `sql/` of a store: empty Parquet files for empty stores, and a private directory
//! for each running question. Also writes the script `coral.sql`.

use std::fs::{DirBuilder, File};
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::script;
use crate::error::StoreError;
use crate::layout::sql_dir;
use crate::metrics::write_rows;
use crate::segment::write_spans;

/// Prefix of the names of questions' directories.
const RUN: &str = "run-";

/// Creates the files that SQL needs in the store at `dir`, and removes the directories of
/// questions whose process was killed.
///
/// # Errors
/// [`StoreError::Directory`] or [`StoreError::Segment`]; usually the disk is full.
pub(crate) fn prepare(dir: &Path) -> Result<(), StoreError> {
    let sql = sql_dir(dir);
    let files = sql.join("files");
    std::fs::create_dir_all(&files).map_err(StoreError::directory(&files))?;
    for entry in std::fs::read_dir(&sql).map_err(StoreError::directory(&sql))?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(RUN) {
            let path = entry.path();
            std::fs::remove_dir_all(&path).map_err(StoreError::directory(path))?;
        }
    }
    // DuckDB fails on a glob without matches. These files match when nothing is sealed yet.
    replace(&sql.join("empty.spans.parquet"), |aside| write_spans(aside, std::iter::empty()))?;
    replace(&files.join("empty.parquet"), |aside| write_rows(aside, std::iter::empty(), None))?;
    let absolute = std::path::absolute(dir).map_err(StoreError::directory(dir))?;
    let script = script::text(&absolute);
    let path = dir.join("coral.sql");
    replace(&path, |aside| {
        let written = || {
            let mut file = File::create(aside)?;
            file.write_all(script.as_bytes())?;
            file.sync_all()
        };
        written().map_err(StoreError::directory(aside))
    })
}

/// Writes the file `path` atomically: `write` writes a temporary file, which is then renamed.
fn replace(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let aside = path.with_extension("tmp");
    write(&aside)?;
    std::fs::rename(&aside, path).map_err(StoreError::directory(path))
}

/// A private directory of one question, removed with its content on drop.
#[derive(Debug)]
pub(super) struct RunDir(PathBuf);

impl RunDir {
    /// Creates a directory in the store at `dir`.
    pub(super) fn make(dir: &Path) -> Result<Self, StoreError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = sql_dir(dir).join(format!("{RUN}{}-{number}", std::process::id()));
        let path = std::path::absolute(&path).map_err(StoreError::directory(path))?;
        let made = DirBuilder::new().recursive(false).mode(0o700).create(&path);
        made.map_err(StoreError::directory(&path))?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for RunDir {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            let dir = self.0.display();
            tracing::warn!(%error, %dir, "could not remove the directory of an SQL question");
        }
    }
}
