//! The file operations of a store, in one place, so that a test can make each of them fail.
//!
//! Journals, segments and files of metrics read and write through these functions and nothing else. What they
//! return is the operating system's own error: an `EIO` stays an `EIO` up to the caller.

#[cfg(any(test, feature = "faults"))]
pub(crate) mod faults;

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// What is done to a file; what a fault is injected into.
#[cfg_attr(
    not(any(test, feature = "faults")),
    expect(dead_code, reason = "only faults tell a write from others")
)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Operation {
    /// Making a file, or opening one.
    Open,
    Read,
    Write,
    /// Of a file or of a directory.
    Sync,
    Rename,
    Remove,
}

/// Makes `path`, empty.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    before(Operation::Open)?;
    File::create(path)
}

/// Opens `path` for reading.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    before(Operation::Open)?;
    File::open(path)
}

/// Writes all of `bytes`; after an error any part of them may have been written.
pub(crate) fn write_all(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    #[cfg(any(test, feature = "faults"))]
    if let Some((written, error)) = faults::short_write(bytes.len()) {
        file.write_all(&bytes[..written])?;
        return Err(error);
    }
    file.write_all(bytes)
}

/// Brings what was written to `file` to the disk.
pub(crate) fn sync_data(file: &File) -> io::Result<()> {
    before(Operation::Sync)?;
    file.sync_data()
}

/// Likewise, with its length and times.
pub(crate) fn sync_all(file: &File) -> io::Result<()> {
    before(Operation::Sync)?;
    file.sync_all()
}

/// Brings the names in the directory of `path` to the disk: a new or renamed file survives a power loss only then.
pub(crate) fn sync_directory_of(path: &Path) -> io::Result<()> {
    before(Operation::Sync)?;
    // The parent of a relative path of one name is empty, and means the working directory.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

/// Gives `from` the name `to`, in place of what has it.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    before(Operation::Rename)?;
    std::fs::rename(from, to)
}

/// Removes `path`; one that is not there is as good as removed.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    before(Operation::Remove)?;
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

/// Fills `buffer` from byte `at` on.
pub(crate) fn read_exact_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<()> {
    before(Operation::Read)?;
    file.read_exact_at(buffer, at)
}

/// Reads from byte `at` on as much as comes at once.
pub(crate) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    before(Operation::Read)?;
    file.read_at(buffer, at)
}

/// A file that is written from its beginning to its end, for libraries that write.
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

/// Fails when a fault is due.
#[cfg(any(test, feature = "faults"))]
fn before(operation: Operation) -> io::Result<()> {
    faults::before(operation)
}

#[cfg(not(any(test, feature = "faults")))]
#[inline]
fn before(_: Operation) -> io::Result<()> {
    Ok(())
}
