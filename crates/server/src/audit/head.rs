//! The file `head`: number and hash of the last line, so that removed last lines are noticed. Both
//! stand there twice, so that a reader notices that it read while the writer wrote.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::AuditError;
use super::hash::LineHash;

const NAME: &str = "head";

/// Number and hash of the last line of a log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Head {
    pub seq: u64,
    pub hash: LineHash,
}

/// The content of the file `head`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum HeadContent {
    /// There is no file, or the file is new.
    Missing,
    /// The file has other content than Coral writes.
    Unreadable,
    /// The last line.
    Known(Head),
}

/// The file `head`, locked: one process writes a log.
#[derive(Debug)]
pub(super) struct HeadFile(File);

impl HeadFile {
    /// Opens and locks the file `head` in `dir`, and reads its content.
    pub fn open(dir: &Path) -> Result<(Self, HeadContent), AuditError> {
        let path = dir.join(NAME);
        let open = |source| AuditError::Open { path: path.clone(), source };
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&path).map_err(open)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => AuditError::Locked { dir: dir.to_owned() },
            TryLockError::Error(source) => open(source),
        })?;
        let content = content(&file).map_err(open)?;
        Ok((Self(file), content))
    }

    /// Writes the last line, twice, with one `pwrite` over the line before.
    pub fn write(&self, head: Head) -> io::Result<()> {
        let text = format!("{:020} {}\n", head.seq, head.hash).repeat(2);
        self.0.write_all_at(text.as_bytes(), 0)
    }

    pub fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

/// How often a reader tries again that read while the writer wrote.
const TRIES: usize = 1_000;

/// Reads the file `head` of a log that may be open.
pub(super) fn read(dir: &Path) -> Result<HeadContent, AuditError> {
    let path = dir.join(NAME);
    let read = || File::open(&path).and_then(|file| content(&file));
    let whole =
        (0..TRIES).map(|_| read()).find(|read| !matches!(read, Ok(HeadContent::Unreadable)));
    match whole.unwrap_or(Ok(HeadContent::Unreadable)) {
        Ok(content) => Ok(content),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(HeadContent::Missing),
        Err(source) => Err(AuditError::Open { path, source }),
    }
}

fn content(mut file: &File) -> io::Result<HeadContent> {
    const LENGTH: usize = 20 + 1 + 64 + 1;
    let mut bytes = Vec::new();
    file.by_ref().take(2 * LENGTH as u64 + 1).read_to_end(&mut bytes)?;
    let parsed = || {
        let text = std::str::from_utf8(&bytes).ok().filter(|text| text.len() == 2 * LENGTH)?;
        let (text, again) = text.split_at_checked(LENGTH)?;
        if text != again {
            return None;
        }
        let (seq, hash) = text.strip_suffix('\n')?.split_once(' ')?;
        let is_digits = seq.bytes().all(|digit| digit.is_ascii_digit());
        let seq = seq.parse().ok().filter(|_| is_digits)?;
        Some(Head { seq, hash: hash.parse().ok()? })
    };
    Ok(match bytes.is_empty() {
        true => HeadContent::Missing,
        false => parsed().map_or(HeadContent::Unreadable, HeadContent::Known),
    })
}
