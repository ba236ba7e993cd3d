//! The files of an audit log in their order, and their lines.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use coral_trace::UnixNanos;

use super::AuditError;
use super::line::{Entry, Line, MAX_LINE_BYTES};
use super::record::AuditRecord;

/// A file of an audit log. Its name has the number of its first line.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct LogFile {
    /// The number of the first line.
    pub first: u64,
    /// The path of the file.
    pub path: PathBuf,
}

/// The name of the file whose first line has the number `first`.
pub(super) fn file_name(first: u64) -> String {
    format!("audit-{first:012}.jsonl")
}

fn first_line(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("audit-")?.strip_suffix(".jsonl")?;
    let first = digits.parse().ok()?;
    (file_name(first) == name).then_some(first)
}

/// The files of the log in `dir`, oldest first. Empty if there is no such directory.
///
/// # Errors
/// [`AuditError::Directory`].
pub fn files(dir: &Path) -> Result<Vec<LogFile>, AuditError> {
    let failed = |source| AuditError::Directory { path: dir.to_owned(), source };
    let entries = match dir.read_dir() {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(first) = name.and_then(first_line) {
            files.push(LogFile { first, path });
        }
    }
    files.sort();
    Ok(files)
}

impl LogFile {
    /// The name of the file.
    pub fn name(&self) -> String {
        file_name(self.first)
    }

    /// The path of the signature of the file.
    pub(super) fn signature(&self) -> PathBuf {
        self.path.with_extension("jsonl.sig")
    }

    /// The path to which torn lines of the file are moved.
    pub(super) fn torn(&self) -> PathBuf {
        self.path.with_extension("jsonl.torn")
    }

    pub(super) fn lines(&self) -> Result<RawLines, AuditError> {
        let open = |source| AuditError::Open { path: self.path.clone(), source };
        let file = File::open(&self.path).map_err(open)?;
        Ok(RawLines { file: BufReader::with_capacity(64 << 10, file), path: self.path.clone() })
    }

    /// When the file was begun; `None` if its first line is not a header.
    ///
    /// # Errors
    /// [`AuditError::Open`], [`AuditError::Read`].
    pub fn began(&self) -> Result<Option<UnixNanos>, AuditError> {
        let first = self.lines()?.next().transpose()?;
        let line = first.and_then(|raw| Line::parse(&raw.bytes).ok());
        Ok(line.and_then(|line| match line.entry {
            Entry::Header(header) => Some(header.time),
            _ => None,
        }))
    }

    /// The questions of the file, in the order in which they were recorded.
    ///
    /// # Errors
    /// [`AuditError::Open`]; an item is [`AuditError::Read`].
    pub fn questions(
        &self,
    ) -> Result<impl Iterator<Item = Result<Question, AuditError>>, AuditError> {
        let lines = self.lines()?.filter(|raw| raw.as_ref().map_or(true, |raw| raw.is_whole));
        Ok(lines.filter_map(|raw| match raw.map(|raw| Line::parse(&raw.bytes)) {
            Ok(Ok(Line { seq, entry: Entry::Question(record), .. })) => {
                Some(Ok(Question::Recorded { seq, record }))
            }
            Ok(Ok(_)) => None,
            Ok(Err(_)) => Some(Ok(Question::Unreadable)),
            Err(error) => Some(Err(error)),
        }))
    }
}

/// A question of a log, or a line that cannot be read and may have been one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Question {
    /// A question with the number of its line.
    Recorded {
        /// The number of the line.
        seq: u64,
        /// The question.
        record: Box<AuditRecord>,
    },
    /// Bytes that are not a line of an audit log.
    Unreadable,
}

/// The lines of a file, without their line ends.
pub(super) struct RawLines {
    file: BufReader<File>,
    path: PathBuf,
}

/// The bytes of a line.
pub(super) struct RawLine {
    pub bytes: Vec<u8>,
    /// Whether the line has a line end. Only the last line of a file may lack one.
    pub is_whole: bool,
}

impl RawLines {
    fn read(&mut self) -> io::Result<Option<RawLine>> {
        let mut bytes = Vec::new();
        let limit = MAX_LINE_BYTES as u64 + 1;
        self.file.by_ref().take(limit).read_until(b'\n', &mut bytes)?;
        let is_whole = bytes.last() == Some(&b'\n');
        if is_whole {
            bytes.pop();
        }
        Ok((is_whole || !bytes.is_empty()).then_some(RawLine { bytes, is_whole }))
    }
}

impl Iterator for RawLines {
    type Item = Result<RawLine, AuditError>;

    /// The next line. A line of more than [`MAX_LINE_BYTES`] is returned in pieces that are not
    /// whole.
    fn next(&mut self) -> Option<Self::Item> {
        let read = self.read();
        read.map_err(|source| AuditError::Read { path: self.path.clone(), source }).transpose()
    }
}
