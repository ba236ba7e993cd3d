//! Reads logs when a store is opened.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::frame::{self, Receipts};
use super::log::{HEAD, MAGIC};
use crate::disk;
use crate::error::StoreError;

/// The logs of a closed journal, in order.
pub(crate) struct OldLogs(Vec<OldLog>);

struct OldLog {
    number: u64,
    path: PathBuf,
    /// `None` if the header is incomplete after a crash, so that the log has no commits, or if the
    /// header is damaged.
    head: Option<Head>,
    bytes: u64,
}

#[derive(Clone, Copy)]
struct Head {
    /// The receipt of the first row.
    first: u64,
    /// The seed of the frames' checksums.
    seed: u32,
}

/// One commit of a closed log.
pub(crate) struct OldFrame<'a> {
    /// The log that holds the commit.
    pub(crate) log: &'a Path,
    /// Whether this is the first frame, which holds the state at the beginning of the log.
    pub(crate) is_head: bool,
    pub(crate) receipts: Receipts,
    pub(crate) payload: Vec<u8>,
}

impl OldLogs {
    /// Lists the logs in `dir`.
    ///
    /// # Errors
    /// [`StoreError::Directory`]; [`StoreError::Log`] when a log cannot be read or has another
    /// version.
    pub(crate) fn list(dir: &Path) -> Result<Self, StoreError> {
        let failed = || StoreError::directory(dir);
        let mut logs = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(failed())? {
            let path = entry.map_err(failed())?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let Some(number) = name.and_then(|name| name.strip_suffix(".log")?.parse::<u64>().ok())
            else {
                continue;
            };
            let head = read_head(&path).map_err(StoreError::log(&path))?;
            let bytes = std::fs::metadata(&path).map_err(StoreError::log(&path))?.len();
            logs.push(OldLog { number, path, head, bytes });
        }
        logs.sort_by_key(|log| log.number);
        Ok(Self(logs))
    }

    pub(super) fn next_number(&self) -> u64 {
        self.0.last().map_or(1, |log| log.number + 1)
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = PathBuf> {
        self.0.iter().map(|log| log.path.clone())
    }

    /// A receipt that is above all receipts that these logs can hold. `shown` is the receipt after
    /// the last one that [`replay`](Self::replay) passed to `visit`. A log with an unreadable
    /// header is assumed to hold one row per byte.
    pub(crate) fn next_receipt(&self, shown: u64) -> u64 {
        let mut next = shown;
        for log in &self.0 {
            next = match log.head {
                Some(head) => next.max(head.first),
                None => next + log.bytes.saturating_sub(HEAD as u64),
            };
        }
        next
    }

    /// Calls `visit` with each readable frame, in order, including the first frame of each log.
    /// Skips logs without a readable header. Skips frames of commits that were not acknowledged: an
    /// incomplete frame at the end of a log, and a frame whose receipts the next log uses again. A
    /// damaged frame is skipped too, and leaves a gap between receipts.
    ///
    /// # Errors
    /// The error of `visit`; [`StoreError::Log`] when a log cannot be read.
    pub(crate) fn replay(
        &self,
        visit: impl FnMut(OldFrame<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.replay_of(|_| true, visit)
    }

    /// [`replay`](Self::replay) of the logs for which `is_wanted` returns true.
    pub(crate) fn replay_of(
        &self,
        is_wanted: impl Fn(&Path) -> bool,
        mut visit: impl FnMut(OldFrame<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        for (at, log) in self.0.iter().enumerate().filter(|(_, log)| is_wanted(&log.path)) {
            let Some(Head { seed, .. }) = log.head else { continue };
            let end = self.0[at + 1..].iter().find_map(|next| Some(next.head?.first));
            let end = end.unwrap_or(u64::MAX);
            let bytes = read(&log.path).map_err(StoreError::log(&log.path))?;
            let mut rest = &bytes[HEAD.min(bytes.len())..];
            let mut is_head = true;
            while !rest.is_empty() {
                let Some((frame, length)) = frame::decode(seed, rest) else {
                    let Some(skipped) = frame::find(seed, rest) else { break };
                    let file = log.path.display();
                    tracing::error!(%file, n_bytes = skipped, "damaged bytes of a log are skipped; their commits are lost");
                    rest = &rest[skipped..];
                    is_head = false;
                    continue;
                };
                rest = &rest[length..];
                if frame.receipts.rows == 0 || frame.receipts.first < end {
                    let (receipts, payload) = (frame.receipts, frame.payload);
                    visit(OldFrame { log: &log.path, is_head, receipts, payload })?;
                }
                is_head = false;
            }
        }
        Ok(())
    }
}

/// Reads the header of a log. Returns `None` if the header is incomplete or all zero after a
/// crash, or is damaged; the log's frames cannot be verified then. Fails if the log has another
/// version.
fn read_head(path: &Path) -> io::Result<Option<Head>> {
    let mut bytes = Vec::new();
    disk::open(path)?.take(HEAD as u64).read_to_end(&mut bytes)?;
    if bytes.len() < MAGIC.len() || bytes.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let (Some((magic, rest)), Some((_, checksum))) =
        (bytes.split_first_chunk::<8>(), bytes.split_last_chunk::<4>())
    else {
        return Ok(None);
    };
    if *magic != MAGIC {
        let message = "not a log of this version of Coral";
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    if bytes.len() < HEAD {
        return Ok(None);
    }
    let (Some((first, _)), Some(seed)) = (rest.split_first_chunk::<8>(), rest.get(8..12)) else {
        return Ok(None);
    };
    if crc32fast::hash(&bytes[..HEAD - 4]) != u32::from_le_bytes(*checksum) {
        tracing::error!(file = %path.display(), "the header of a log is damaged; its commits are lost");
        return Ok(None);
    }
    let seed = seed.try_into().map(u32::from_le_bytes).unwrap_or_default();
    Ok(Some(Head { first: u64::from_le_bytes(*first), seed }))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = disk::open(path)?;
    let mut bytes = Vec::new();
    disk::read_at(&file, &mut [0], 0)?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}
