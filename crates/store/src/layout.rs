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

/// The directory, below that of the segments, in which a merged segment is written.
pub(crate) const MERGE_DIR: &str = "merging";

/// The journal of metrics.
pub(crate) fn metric_log_dir(dir: &Path) -> PathBuf {
    dir.join("metrics/log")
}

/// Sealed metrics.
pub(crate) fn metric_file_dir(dir: &Path) -> PathBuf {
    dir.join("metrics/files")
}

/// The coverage timeline.
pub(crate) fn coverage_dir(dir: &Path) -> PathBuf {
    dir.join("coverage")
}

/// Temporary and empty files that SQL questions read.
pub(crate) fn sql_dir(dir: &Path) -> PathBuf {
    dir.join("sql")
}

/// Creates `dir` and its missing parents, and syncs the new directory entries to disk.
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

/// Total size in bytes of all files under `dir`, at any depth. Damaged and partial files count
/// too, and so do files of removed segments that readers still hold.
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
            // The file was removed after the directory was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}
