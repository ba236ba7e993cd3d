//! Paths in a store's directory.

use std::io;
use std::path::{Path, PathBuf};

/// The journal of spans.
pub(crate) fn log_dir(dir: &Path) -> PathBuf {
    dir.join("log")
}

/// Sealed spans.
pub(crate) fn segment_dir(dir: &Path) -> PathBuf {
    dir.join("segments")
}

/// The journal of metrics.
pub(crate) fn metric_log_dir(dir: &Path) -> PathBuf {
    dir.join("metrics/log")
}

/// Sealed metrics.
pub(crate) fn metric_file_dir(dir: &Path) -> PathBuf {
    dir.join("metrics/files")
}

/// Files for SQL questions.
pub(crate) fn sql_dir(dir: &Path) -> PathBuf {
    dir.join("sql")
}

/// Creates `dir` and its parents, and syncs their names to disk.
pub(crate) fn create_dir(dir: &Path) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        create_dir(parent)?;
    }
    match std::fs::create_dir(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    crate::disk::sync_directory_of(dir)
}

/// Size of every file under `dir`, including damaged, partial and removed ones.
pub(crate) fn bytes_under(dir: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let counted = match entry.metadata() {
            Ok(file) if file.is_dir() => bytes_under(&entry.path()),
            Ok(file) => Ok(file.len()),
            Err(error) => Err(error),
        };
        match counted {
            Ok(counted) => bytes += counted,
            // The file was removed meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}
