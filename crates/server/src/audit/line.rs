//! One line of an audit log: its number, the hash of the line before, and what it records.

use coral_trace::UnixNanos;
use serde::{Deserialize, Serialize};

use super::hash::LineHash;
use super::record::AuditRecord;

/// The largest line, in bytes. A statement in SQL of 1 MiB fits, even if every byte is escaped.
pub const MAX_LINE_BYTES: usize = 8 << 20;

/// One line of an audit log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Line {
    /// The number of the line in the log, from 1. Numbers go on across files.
    pub seq: u64,
    /// The hash of the bytes of the line before, without its line end, across files.
    pub prev: LineHash,
    /// What the line records.
    #[serde(flatten)]
    pub entry: Entry,
}

/// What a line records, by its `kind`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    /// A question.
    Question(Box<AuditRecord>),
    /// The first line of a file.
    Header(Header),
    /// A torn last line was moved aside when the log was opened.
    Torn(Torn),
    /// The log was found damaged when it was opened.
    Damage(Damage),
    /// A signed file reached the end of its retention.
    Expired(Expired),
    /// Questions could not be recorded, for example because the disk was full.
    Unrecorded(Unrecorded),
    /// A kind of a newer version.
    #[serde(other)]
    Other,
}

/// The first line of a file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Header {
    /// When the file was begun.
    #[serde(with = "super::rfc3339")]
    pub time: UnixNanos,
    /// The name of the file.
    pub file: String,
    /// The file before; `None` in the first file of a log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<FileEnd>,
}

/// The end of a file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FileEnd {
    /// The name of the file.
    pub file: String,
    /// The hash of the last line of the file.
    pub hash: LineHash,
}

/// A last line without a line end, which a crash left behind.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Torn {
    /// When the log was opened.
    #[serde(with = "super::rfc3339")]
    pub time: UnixNanos,
    /// The file that ended in a torn line.
    pub file: String,
    /// The size of the torn line.
    pub bytes: u64,
    /// The hash of the torn line.
    pub hash: LineHash,
}

/// What was wrong with the log when it was opened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Damage {
    /// When the log was opened.
    #[serde(with = "super::rfc3339")]
    pub time: UnixNanos,
    /// What was wrong, as a sentence without a full stop.
    pub what: String,
    /// The number of the first line that is lost or changed, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// The number of the last line that is lost or changed, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<u64>,
}

/// A file that was deleted at the end of its retention.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Expired {
    /// When the file was deleted.
    #[serde(with = "super::rfc3339")]
    pub time: UnixNanos,
    /// The number of the first line of the file.
    pub first: u64,
    /// The number of the last line of the file.
    pub last: u64,
    /// The file, and the hash of its last line.
    #[serde(flatten)]
    pub end: FileEnd,
}

/// Questions that are not in the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Unrecorded {
    /// When a question was recorded again.
    #[serde(with = "super::rfc3339")]
    pub time: UnixNanos,
    /// The number of questions that were answered all the same.
    pub answered: u64,
    /// The number of questions that were refused.
    pub refused: u64,
}

/// Why bytes are not a line of an audit log.
#[derive(Debug, thiserror::Error)]
#[error("it is not a line of an audit log")]
pub struct InvalidLine(#[source] serde_json::Error);

impl Line {
    /// Reads the bytes of a line, without its line end.
    ///
    /// # Errors
    /// [`InvalidLine`] for any bytes that are not a line.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidLine> {
        serde_json::from_slice(bytes).map_err(InvalidLine)
    }

    /// When the line was written, or when its question arrived; `None` for kinds of newer versions.
    pub fn time(&self) -> Option<UnixNanos> {
        match &self.entry {
            Entry::Question(record) => Some(record.time),
            Entry::Header(header) => Some(header.time),
            Entry::Torn(torn) => Some(torn.time),
            Entry::Damage(damage) => Some(damage.time),
            Entry::Expired(expired) => Some(expired.time),
            Entry::Unrecorded(unrecorded) => Some(unrecorded.time),
            Entry::Other => None,
        }
    }
}

/// The JSON object of an entry.
pub(super) fn body(entry: &Entry) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(entry)
}

/// The JSON object of the entry of a question: what [`body`] would write, without a copy of the
/// record.
pub(super) fn question(record: &AuditRecord) -> serde_json::Result<Vec<u8>> {
    let mut body = Vec::with_capacity(1_024);
    body.extend_from_slice(br#"{"kind":"question""#);
    let fields = body.len();
    serde_json::to_writer(&mut body, record)?;
    // The fields follow the kind in one object: the `{` before them becomes a comma.
    body[fields] = b',';
    Ok(body)
}

/// The bytes of a line with the entry `body`, with its line end.
pub(super) fn compose(seq: u64, prev: &LineHash, body: &[u8]) -> Vec<u8> {
    let mut line = format!(r#"{{"seq":{seq},"prev":"{prev}","#).into_bytes();
    line.reserve(body.len());
    // The object of the entry, without its `{`.
    line.extend_from_slice(body.get(1..).unwrap_or_default());
    line.push(b'\n');
    line
}
