//! The log: commits as they were acknowledged, kept until their rows are sealed.
//!
//! A file is a head (eight bytes of magic, the first receipt its rows have) and frames: length and CRC-32
//! of a payload, then the payload: the length of a JSON record, the record, and the rows as one Arrow IPC
//! message, LZ4. A crash leaves at most one frame that is cut short or garbled, the last, which nobody was
//! told is stored. Rows in DuckDB cost four times the CPU (ARCHITECTURE.md, "Storage").

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use arrow_array::RecordBatch;
use arrow_ipc::CompressionType;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::batch::SCHEMA;
use crate::checkpoint::{Checkpoint, KnownAgent};
use crate::error::StoreError;

/// A log that is being written.
pub(crate) struct Log {
    pub(crate) path: PathBuf,
    file: File,
    /// Bytes that hold whole, synced frames.
    len: u64,
    ipc: StreamWriter<Vec<u8>>,
    /// Bytes of the last record: the next one will hardly be longer.
    last_record: usize,
    /// A sync failed: what it was to sync may be on disk or not, and this file is not written any more.
    broken: bool,
}

/// What one commit stored.
#[derive(Debug, Default)]
pub(crate) struct Commit {
    pub(crate) record: Record,
    pub(crate) rows: Option<RecordBatch>,
}

/// What a commit stored beside its rows.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Resources and scopes that rows refer to by number, as they follow on those of earlier commits of the
    /// same generation; the number of the first.
    #[serde(default)]
    pub(crate) first_origin: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) origins: Vec<String>,
    /// How far the colony's agents were polled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) checkpoints: Vec<Checkpoint>,
    /// Agents that registered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) agents: Vec<KnownAgent>,
}

/// The last byte is the version of the format.
const MAGIC: [u8; 8] = *b"coralog\x01";
const HEAD: u64 = 16;
const FRAME_HEAD: usize = 8;
/// A frame that says it is longer was not written by us.
const MOST_FRAME_BYTES: u32 = 1 << 30;

impl Log {
    /// Makes the log `path` for rows from `first_receipt` on.
    pub(crate) fn create(path: PathBuf, first_receipt: u64) -> Result<Self, StoreError> {
        let ipc = message_writer();
        let created = File::create(&path).and_then(|mut file| {
            file.write_all(&MAGIC)?;
            file.write_all(&first_receipt.to_le_bytes())?;
            file.sync_all()?;
            sync_directory(&path)?;
            Ok(file)
        });
        let file = created.map_err(StoreError::log(&path))?;
        Ok(Self { path, file, len: HEAD, ipc, last_record: 0, broken: false })
    }

    /// Whether the next commit needs another log.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Writes and syncs one commit. After an error the log is as it was before.
    pub(crate) fn append(&mut self, commit: &Commit) -> Result<(), StoreError> {
        let frame = self.frame(commit);
        self.append_frame(frame)
    }

    /// Writes and syncs one commit of another kind of log, whose payload is `record` as postcard writes it.
    pub(crate) fn append_record(&mut self, record: &impl Serialize) -> Result<(), StoreError> {
        let mut frame = Vec::with_capacity(self.last_record);
        frame.extend([0; FRAME_HEAD]);
        let frame = postcard::to_extend(record, frame).expect("records are plain data");
        self.last_record = frame.len();
        self.append_frame(headed(frame))
    }

    fn append_frame(&mut self, frame: Vec<u8>) -> Result<(), StoreError> {
        let written = self.file.write_all(&frame);
        let outcome =
            written.and_then(|()| self.file.sync_data().inspect_err(|_| self.broken = true));
        match outcome {
            Ok(()) => {
                self.len += frame.len() as u64;
                Ok(())
            }
            Err(error) => {
                let restored = self
                    .file
                    .set_len(self.len)
                    .and_then(|()| self.file.seek(SeekFrom::Start(self.len)));
                self.broken |= restored.is_err();
                Err(StoreError::log(&self.path)(error))
            }
        }
    }

    fn frame(&mut self, commit: &Commit) -> Vec<u8> {
        let record = serde_json::to_vec(&commit.record).expect("records have a JSON form");
        let rows = commit.rows.as_ref().map(|rows| {
            self.ipc.write(rows).expect("memory takes rows of the schema");
            std::mem::take(self.ipc.get_mut())
        });
        let rows = rows.unwrap_or_default();
        let mut frame = Vec::with_capacity(FRAME_HEAD + 4 + record.len() + rows.len());
        frame.extend([0; FRAME_HEAD]);
        frame.extend((record.len() as u32).to_le_bytes());
        frame.extend(record);
        frame.extend(rows);
        headed(frame)
    }
}

/// `frame` with its head filled in.
fn headed(mut frame: Vec<u8>) -> Vec<u8> {
    let payload = &frame[FRAME_HEAD..];
    let (length, checksum) = (payload.len() as u32, crc32fast::hash(payload));
    frame[..4].copy_from_slice(&length.to_le_bytes());
    frame[4..FRAME_HEAD].copy_from_slice(&checksum.to_le_bytes());
    frame
}

/// A log that was written before.
pub(crate) struct OldLog {
    path: PathBuf,
    file: io::BufReader<File>,
    /// The first receipt that its rows have.
    pub(crate) first_receipt: u64,
}

impl OldLog {
    /// Opens the log at `path`; `None` when a crash left it without a head, and so without commits.
    ///
    /// # Errors
    /// [`StoreError::Log`] when it cannot be read, or is no log of this version.
    pub(crate) fn open(path: &Path) -> Result<Option<Self>, StoreError> {
        let failed = || StoreError::log(path);
        let mut file = File::open(path).map(io::BufReader::new).map_err(failed())?;
        let mut head = [0; HEAD as usize];
        if read_up_to(&mut file, &mut head).map_err(failed())? < head.len() {
            return Ok(None);
        }
        let (magic, first_receipt) = head.split_at(MAGIC.len());
        if magic != MAGIC {
            let message = "it is not a log of this version of Coral";
            return Err(failed()(io::Error::new(io::ErrorKind::InvalidData, message)));
        }
        let first_receipt = u64::from_le_bytes(first_receipt.try_into().expect("eight bytes"));
        Ok(Some(Self { path: path.to_owned(), file, first_receipt }))
    }

    /// The next commit; `None` at the end, and before one that was not written to its end.
    ///
    /// # Errors
    /// [`StoreError::Log`] when the file cannot be read, or a whole frame is not what is written.
    pub(crate) fn next(&mut self) -> Result<Option<Commit>, StoreError> {
        let payload = next_payload(&mut self.file).map_err(StoreError::log(&self.path))?;
        payload.map(|payload| decode(&payload)).transpose().map_err(StoreError::log(&self.path))
    }

    /// The next commit of [`Log::append_record`], likewise.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub(crate) fn next_record<T: DeserializeOwned>(&mut self) -> Result<Option<T>, StoreError> {
        let payload = next_payload(&mut self.file).map_err(StoreError::log(&self.path))?;
        let record = payload.map(|payload| postcard::from_bytes(&payload)).transpose();
        record.map_err(|error| StoreError::log(&self.path)(io::Error::other(error)))
    }
}

/// The next frame's payload; `None` at the end and before a frame that was not written to its end.
fn next_payload(file: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut head = [0; FRAME_HEAD];
    if read_up_to(file, &mut head)? < FRAME_HEAD {
        return Ok(None);
    }
    let [length, checksum] = [&head[..4], &head[4..]]
        .map(|word| u32::from_le_bytes(word.try_into().expect("four bytes")));
    if length > MOST_FRAME_BYTES {
        return Ok(None);
    }
    let mut payload = Vec::new();
    file.take(u64::from(length)).read_to_end(&mut payload)?;
    let whole = payload.len() == length as usize && crc32fast::hash(&payload) == checksum;
    Ok(whole.then_some(payload))
}

fn read_up_to(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn decode(payload: &[u8]) -> io::Result<Commit> {
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

fn read_rows(message: &[u8]) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let stream = SCHEMA_MESSAGE.as_slice().chain(message);
    let batch = StreamReader::try_new(stream, None)?.next();
    batch.unwrap_or_else(|| Err(arrow_schema::ArrowError::IpcError("no rows".into())))
}

/// Every message follows on this one, which no file repeats.
static SCHEMA_MESSAGE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut writer = schema_writer();
    std::mem::take(writer.get_mut())
});

fn schema_writer() -> StreamWriter<Vec<u8>> {
    IpcWriteOptions::default()
        .try_with_compression(Some(CompressionType::LZ4_FRAME))
        .and_then(|options| StreamWriter::try_new_with_options(Vec::new(), &SCHEMA, options))
        .expect("memory takes a schema")
}

fn message_writer() -> StreamWriter<Vec<u8>> {
    let mut writer = schema_writer();
    writer.get_mut().clear();
    writer
}

/// A new or renamed file survives a power loss when its directory is on disk too.
pub(crate) fn sync_directory(of: &Path) -> io::Result<()> {
    let dir = of.parent().unwrap_or(Path::new("."));
    File::open(dir)?.sync_all()
}
