//! Extracts a program or a library from its archive. No name in the archive decides where a file
//! is written.

use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use tar::{Archive, Entry, EntryType};

/// Why an archive was refused.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The archive is not a gzipped tar, or is truncated.
    #[error("it is not a complete .tar.gz")]
    Read(#[source] io::Error),
    /// The archive unpacks to too many bytes.
    #[error("it unpacks to more than {0} bytes")]
    TooLarge(u64),
    /// The archive has too many entries.
    #[error("it has more than {MAX_ENTRIES} entries")]
    TooMany,
    /// The path of an entry is absolute or has a `..`, and so leads outside the archive.
    #[error("it has an entry `{0}`, which points out of it")]
    Outside(String),
    /// The program is not a plain file.
    #[error("its `{0}` is not a plain file")]
    NotAFile(&'static str),
    /// Two entries have the same name.
    #[error("it has two entries `{0}`")]
    Twice(&'static str),
    /// The archive does not contain the program.
    #[error("it holds no `{0}`")]
    NoProgram(&'static str),
}

/// Files to extract from an archive.
#[derive(Clone, Copy, Debug)]
pub struct Contents {
    /// The program or library, which must be in the archive.
    pub program: &'static str,
    /// Further files, which the licence requires to keep with the program.
    pub beside: &'static [&'static str],
    /// Whether the files may be in directories of the archive.
    pub in_directories: bool,
}

/// Largest size of an unpacked archive, in bytes. A release unpacks to 150 MB.
const MAX_BYTES: u64 = 1 << 30;
const MAX_ENTRIES: usize = 64;

/// Extracts the files of `contents` from `archive` into `dir`, where they must not exist yet.
///
/// # Errors
/// [`ArchiveError`]; the caller must then remove partial files.
pub fn unpack(contents: Contents, archive: &Path, dir: &Path) -> Result<(), ArchiveError> {
    unpack_at_most(MAX_BYTES, contents, archive, dir)
}

/// As [`unpack`], with another limit of bytes.
///
/// # Errors
/// As [`unpack`].
pub fn unpack_at_most(
    most: u64,
    contents: Contents,
    archive: &Path,
    dir: &Path,
) -> Result<(), ArchiveError> {
    let file = File::open(archive).map_err(ArchiveError::Read)?;
    let reached = Cell::new(false);
    let limited = LimitedReader { input: MultiGzDecoder::new(file), left: most, reached: &reached };
    take_out(contents, Archive::new(limited), dir).map_err(|error| match error {
        ArchiveError::Read(_) if reached.get() => ArchiveError::TooLarge(most),
        error => error,
    })
}

fn take_out<R: Read>(
    contents: Contents,
    mut archive: Archive<R>,
    dir: &Path,
) -> Result<(), ArchiveError> {
    let mut has_program = false;
    // Raw entries: extension entries, whose names may be long, are visible and are skipped.
    let entries = archive.entries().map_err(ArchiveError::Read)?.raw(true);
    for (at, entry) in entries.enumerate() {
        if at >= MAX_ENTRIES {
            return Err(ArchiveError::TooMany);
        }
        let mut entry = entry.map_err(ArchiveError::Read)?;
        if let Some(name) = wanted(contents, &entry)? {
            write(&mut entry, &dir.join(name), name)?;
            has_program |= name == contents.program;
        }
    }
    has_program.then_some(()).ok_or(ArchiveError::NoProgram(contents.program))
}

/// A reader that fails when a limit of bytes is exceeded.
struct LimitedReader<'a, R> {
    input: R,
    left: u64,
    reached: &'a Cell<bool>,
}

impl<R: Read> Read for LimitedReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => {
                self.left = left;
                Ok(read)
            }
            None => {
                self.reached.set(true);
                Err(io::Error::other("the limit was reached"))
            }
        }
    }
}

/// The wanted file that an entry is, if any. An entry whose path leads outside the archive refuses
/// the whole archive.
fn wanted<R: Read>(
    contents: Contents,
    entry: &Entry<R>,
) -> Result<Option<&'static str>, ArchiveError> {
    let path = entry.path_bytes();
    let shown =
        || String::from_utf8_lossy(&path).chars().filter(|c| !c.is_control()).take(100).collect();
    let parts =
        || path.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".");
    if path.first() == Some(&b'/') || parts().any(|part| part == b"..") {
        return Err(ArchiveError::Outside(shown()));
    }
    let Some(name) = parts().next_back() else { return Ok(None) };
    if parts().count() > 1 && !contents.in_directories {
        return Ok(None);
    }
    let mut names = contents.beside.iter().copied().chain([contents.program]);
    let Some(name) = names.find(|wanted| wanted.as_bytes() == name) else { return Ok(None) };
    match entry.header().entry_type() {
        EntryType::Regular | EntryType::Continuous => Ok(Some(name)),
        // An extension entry has the same name as the entry that follows.
        EntryType::XHeader | EntryType::XGlobalHeader | EntryType::GNULongName => Ok(None),
        _ => Err(ArchiveError::NotAFile(name)),
    }
}

fn write<R: Read>(entry: &mut Entry<R>, to: &Path, name: &'static str) -> Result<(), ArchiveError> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o755).open(to);
    let mut file = opened.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => ArchiveError::Twice(name),
        _ => ArchiveError::Read(error),
    })?;
    let written = io::copy(entry, &mut file).map_err(ArchiveError::Read)?;
    if written < entry.size() {
        return Err(ArchiveError::Read(io::ErrorKind::UnexpectedEof.into()));
    }
    file.sync_all().map_err(ArchiveError::Read)
}
