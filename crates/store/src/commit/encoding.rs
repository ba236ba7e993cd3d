//! The encoding of one commit of spans in the journal: the length of a JSON record, the record,
//! and the rows as one Arrow IPC message. The message of a large commit is compressed with LZ4.
//!
//! Storing rows in DuckDB's own tables instead would take four times the CPU time:
//! docs/design/0001-log-and-parquet.md.

use std::io;
use std::sync::LazyLock;

use arrow_array::RecordBatch;
use arrow_ipc::CompressionType;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use arrow_schema::ArrowError;
use coral_engine::{Checkpoint, KnownAgent};
use serde::{Deserialize, Serialize};

use crate::row::batch::SCHEMA;

/// The content of one commit.
#[derive(Debug, Default)]
pub(crate) struct Commit {
    pub(crate) record: Record,
    pub(crate) rows: Option<RecordBatch>,
}

/// The content of a commit besides its rows.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The number of the first of `origins`. If `origins` is empty: the number that the next new
    /// origin will get.
    #[serde(default)]
    pub(crate) first_origin: u32,
    /// Resources and scopes, to which rows refer by number. Numbers continue from earlier commits
    /// of the same generation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) origins: Vec<String>,
    /// Checkpoints of the colony's agents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) checkpoints: Vec<Checkpoint>,
    /// Agents that registered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) agents: Vec<KnownAgent>,
    /// Ids of agents that were removed from the registry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) forgotten: Vec<String>,
}

/// Encodes commits.
pub(crate) struct CommitEncoder {
    plain: StreamWriter<Vec<u8>>,
    compressed: StreamWriter<Vec<u8>>,
}

/// Commits of at least this many rows are compressed. Arrow compresses each of about 100 buffers
/// alone, which costs so much that smaller commits are cheaper to write as they are.
const MIN_COMPRESSED_ROWS: usize = 4_096;

impl CommitEncoder {
    pub(crate) fn new() -> Self {
        let writer = |compression| {
            let mut writer = schema_writer(compression);
            writer.get_mut().clear();
            writer
        };
        Self { plain: writer(None), compressed: writer(Some(CompressionType::LZ4_FRAME)) }
    }

    /// Appends `commit` to `payload`.
    pub(crate) fn encode(&mut self, commit: &Commit, payload: &mut Vec<u8>) {
        encode_record(&commit.record, payload);
        if let Some(rows) = &commit.rows {
            let is_large = rows.num_rows() >= MIN_COMPRESSED_ROWS;
            let writer = if is_large { &mut self.compressed } else { &mut self.plain };
            writer.write(rows).expect("memory takes rows of the schema");
            payload.append(writer.get_mut());
        }
    }
}

/// Appends a commit without rows to `payload`.
pub(crate) fn encode_record(record: &Record, payload: &mut Vec<u8>) {
    let record = serde_json::to_vec(record).expect("records have a JSON form");
    payload.extend((record.len() as u32).to_le_bytes());
    payload.extend(record);
}

/// Decodes a commit from `payload`.
///
/// # Errors
/// When `payload` was not written by [`CommitEncoder::encode`].
pub(crate) fn decode(payload: &[u8]) -> io::Result<Commit> {
    let invalid = |error: &dyn std::fmt::Display| {
        io::Error::new(io::ErrorKind::InvalidData, error.to_string())
    };
    let (length, rest) =
        payload.split_first_chunk::<4>().ok_or_else(|| invalid(&"a frame has no record"))?;
    let (record, rows) = rest
        .split_at_checked(u32::from_le_bytes(*length) as usize)
        .ok_or_else(|| invalid(&"a frame's record is longer than the frame"))?;
    let record = serde_json::from_slice(record).map_err(|error| invalid(&error))?;
    let rows = (!rows.is_empty()).then(|| read_rows(rows)).transpose();
    Ok(Commit { record, rows: rows.map_err(|error| invalid(&error))? })
}

fn read_rows(message: &[u8]) -> Result<RecordBatch, ArrowError> {
    use std::io::Read as _;
    let stream = SCHEMA_MESSAGE.as_slice().chain(message);
    let batch = StreamReader::try_new(stream, None)?.next();
    batch.unwrap_or_else(|| Err(ArrowError::IpcError("no rows".into())))
}

/// The Arrow IPC schema message. A reader needs it before a message of rows; logs do not store it.
static SCHEMA_MESSAGE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut writer = schema_writer(None);
    std::mem::take(writer.get_mut())
});

fn schema_writer(compression: Option<CompressionType>) -> StreamWriter<Vec<u8>> {
    IpcWriteOptions::default()
        .try_with_compression(compression)
        .and_then(|options| StreamWriter::try_new_with_options(Vec::new(), &SCHEMA, options))
        .expect("memory takes a schema")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::arrived::SpanRows;
    use crate::tests::span;

    #[test]
    fn small_commits_are_written_as_they_are_large_ones_compressed_and_both_are_read() {
        let mut encoder = CommitEncoder::new();
        let mut bytes_per_row = |rows: usize| {
            let spans: Vec<_> = (1..=rows as u64).map(|id| span(1, id, Some(1), 0, 1)).collect();
            let rows = Some(SpanRows::of(&spans).rows);
            let commit = Commit { rows, record: Record::default() };
            let mut payload = Vec::new();
            encoder.encode(&commit, &mut payload);
            assert_eq!(decode(&payload).unwrap().rows, commit.rows);
            payload.len() / spans.len()
        };
        assert!(bytes_per_row(MIN_COMPRESSED_ROWS - 1) > 3 * bytes_per_row(MIN_COMPRESSED_ROWS));
        // In turns, so that neither writer keeps anything of a commit.
        assert!(bytes_per_row(MIN_COMPRESSED_ROWS - 1) > 3 * bytes_per_row(MIN_COMPRESSED_ROWS));
    }
}
