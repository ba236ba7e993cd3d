//! The file operations of journals, segments and metric files, in one place, so that tests can
//! make each of them fail.
//!
//! These bypass this module: directories, file sizes, truncation, bulk reads of logs, and the
//! files for SQL. Errors are those of the operating system, unchanged: an `EIO` stays an `EIO` up
//! to the caller.

#[cfg(any(test, feature = "faults"))]
pub(crate) mod faults;

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// A kind of file operation. A planned fault can be limited to one kind.
#[cfg_attr(
    not(any(test, feature = "faults")),
    expect(dead_code, reason = "only faults distinguish operations")
)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Operation {
    /// Creating or opening a file.
    Open,
    Read,
    Write,
    /// Syncing a file or a directory.
    Sync,
    Rename,
    Remove,
}

/// Creates `path` as an empty file.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    before(Operation::Open)?;
    File::create(path)
}

/// Opens `path` for reading.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    before(Operation::Open)?;
    File::open(path)
}

/// Writes all of `bytes`. After an error, any part of them may have been written.
pub(crate) fn write_all(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    #[cfg(any(test, feature = "faults"))]
    if let Some((written, error)) = faults::short_write(bytes.len()) {
        file.write_all(&bytes[..written])?;
        return Err(error);
    }
    file.write_all(bytes)
}

/// Syncs the content of `file` to disk.
pub(crate) fn sync_data(file: &File) -> io::Result<()> {
    before(Operation::Sync)?;
    file.sync_data()
}

/// Syncs `file` to disk, with its length and times.
pub(crate) fn sync_all(file: &File) -> io::Result<()> {
    before(Operation::Sync)?;
    file.sync_all()
}

/// Syncs the directory that contains `path`. Without this sync, a new or renamed file may be gone
/// after a power loss.
pub(crate) fn sync_directory_of(path: &Path) -> io::Result<()> {
    before(Operation::Sync)?;
    // The parent of a relative path with one component is empty, and stands for the working
    // directory.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

/// Renames `from` to `to`, replacing an existing file `to`.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    before(Operation::Rename)?;
    std::fs::rename(from, to)
}

/// Removes `path`. A missing file is not an error.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    before(Operation::Remove)?;
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

/// Fills `buffer` with the bytes of `file` from offset `at` on.
pub(crate) fn read_exact_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<()> {
    before(Operation::Read)?;
    file.read_exact_at(buffer, at)
}

/// Reads from offset `at` into `buffer`, with one system call. Returns the number of bytes read.
pub(crate) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    before(Operation::Read)?;
    file.read_at(buffer, at)
}

/// A file as [`std::io::Write`] whose writes go through [`write_all`], for the Parquet library.
pub(crate) struct Target(pub(crate) File);

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        write_all(&mut self.0, bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Called before each file operation. Fails, panics or hangs if a fault is due for it.
#[cfg(any(test, feature = "faults"))]
fn before(operation: Operation) -> io::Result<()> {
    faults::before(operation)
}

#[cfg(not(any(test, feature = "faults")))]
#[inline]
fn before(_: Operation) -> io::Result<()> {
    Ok(())
}
