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
    head: Header,
    bytes: u64,
}

enum Header {
    Valid(Head),
    /// The header is incomplete after a crash, so the log has no commits.
    Incomplete,
    /// The header is damaged, so frames cannot be verified, and their commits are lost. Has the
    /// receipts of the frames as far as they follow each other; `None` if there is no frame.
    Damaged(Option<Receipts>),
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
    /// [`StoreError::Directory`]; [`StoreError::Log`] when a log cannot be read;
    /// [`StoreError::SchemaVersion`] when another version of Coral wrote a log.
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
            let head = read_head(&path)?;
            let bytes = std::fs::metadata(&path).map_err(StoreError::log(&path))?.len();
            logs.push(OldLog { number, path, head, bytes });
        }
        logs.sort_by_key(|log| log.number);
        Ok(Self(logs))
    }

    pub(super) fn next_number(&self) -> u64 {
        self.0.last().map_or(1, |log| log.number + 1)
    }

    /// The logs whose header is not damaged.
    pub(super) fn paths(&self) -> impl Iterator<Item = PathBuf> {
        let intact = self.0.iter().filter(|log| !matches!(log.head, Header::Damaged(_)));
        intact.map(|log| log.path.clone())
    }

    /// Renames logs with a damaged header to `*.damaged`. A log that cannot be renamed stays.
    pub(super) fn put_damaged_aside(&self) {
        for log in self.0.iter().filter(|log| matches!(log.head, Header::Damaged(_))) {
            let file = log.path.display();
            match disk::rename(&log.path, &log.path.with_extension("damaged")) {
                Ok(()) => tracing::error!(%file, "a log with a damaged header was set aside"),
                Err(error) => {
                    tracing::warn!(%error, %file, "could not set a damaged log aside; will try again");
                }
            }
        }
    }

    /// The receipts of the rows that are lost in damaged logs before the first intact log: those of
    /// later logs leave a gap between the receipts that are read.
    pub(crate) fn lost_first(&self) -> Option<Receipts> {
        let logs = self.0.iter().take_while(|log| !matches!(log.head, Header::Valid(_)));
        let lost = logs.filter_map(|log| match log.head {
            Header::Damaged(receipts) => receipts,
            _ => None,
        });
        lost.reduce(|first, next| Receipts {
            first: first.first,
            rows: next.next().saturating_sub(first.first) as u32,
        })
    }

    /// A receipt that is above all receipts that these logs can hold. `shown` is the receipt after
    /// the last one that [`replay`](Self::replay) passed to `visit`. A log with a damaged header
    /// holds the rows that its frames name if they continue the log before; otherwise it is assumed
    /// to hold one row per byte.
    pub(crate) fn next_receipt(&self, shown: u64) -> u64 {
        let mut next = shown;
        for log in &self.0 {
            let bound = next + log.bytes.saturating_sub(HEAD as u64);
            next = match log.head {
                Header::Valid(head) => next.max(head.first),
                Header::Damaged(Some(receipts)) if log.is_plausible(receipts, shown) => {
                    next.max(receipts.next())
                }
                Header::Damaged(_) | Header::Incomplete => bound,
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
            let Header::Valid(Head { seed, .. }) = log.head else { continue };
            let end = self.0[at + 1..].iter().find_map(|next| match next.head {
                Header::Valid(head) => Some(head.first),
                _ => None,
            });
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

impl OldLog {
    /// Whether unverified receipts may be those of the log.
    fn is_plausible(&self, receipts: Receipts, shown: u64) -> bool {
        shown <= 1 || receipts.next() <= shown + self.bytes
    }
}

/// Reads the header of a log. If only its first 8 bytes are damaged, the header is valid.
///
/// # Errors
/// [`StoreError::Log`]; [`StoreError::SchemaVersion`] if another version of Coral wrote the log.
fn read_head(path: &Path) -> Result<Header, StoreError> {
    let mut bytes = Vec::new();
    let opened = disk::open(path).map_err(StoreError::log(path))?;
    opened.take(HEAD as u64).read_to_end(&mut bytes).map_err(StoreError::log(path))?;
    let file = path.display();
    let is_blank = bytes.iter().all(|byte| *byte == 0);
    let Some((magic, rest)) = bytes.split_first_chunk::<8>().filter(|_| !is_blank) else {
        return Ok(Header::Incomplete);
    };
    let (fixed, checksum) = rest.split_at(rest.len().min(CHECKED - MAGIC.len()));
    let is_valid = |magic: &[u8]| {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(magic);
        hasher.update(fixed);
        checksum == hasher.finalize().to_le_bytes()
    };
    let is_ours = *magic == MAGIC;
    if is_valid(&MAGIC)
        && let Some(head) = Head::read(fixed)
    {
        if !is_ours {
            tracing::error!(%file, "the first bytes of a log are damaged; its commits are read");
        }
        return Ok(Header::Valid(head));
    }
    let (version, needed) = (magic[VERSION_AT], MAGIC[VERSION_AT]);
    let is_other_version = magic[..VERSION_AT] == MAGIC[..VERSION_AT] && version != needed;
    if is_other_version && (version > needed || is_valid(magic)) {
        let (found, needed) = (version.into(), needed.into());
        return Err(StoreError::SchemaVersion { path: path.to_owned(), found, needed });
    }
    if is_ours && bytes.len() < HEAD {
        return Ok(Header::Incomplete);
    }
    tracing::error!(%file, "the header of a log is damaged; its commits are lost");
    let bytes = read(path).map_err(StoreError::log(path))?;
    Ok(Header::Damaged(frame::receipts_named(&bytes[HEAD.min(bytes.len())..])))
}

/// The number of bytes of a header before its checksum.
const CHECKED: usize = HEAD - 4;
/// The index in [`MAGIC`] of the version.
const VERSION_AT: usize = MAGIC.len() - 1;

impl Head {
    /// `fixed` is the header after the magic, without the checksum.
    fn read(fixed: &[u8]) -> Option<Self> {
        let (first, seed) = fixed.split_first_chunk::<8>()?;
        let seed = seed.try_into().ok().map(u32::from_le_bytes)?;
        Some(Self { first: u64::from_le_bytes(*first), seed })
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = disk::open(path)?;
    let mut bytes = Vec::new();
    disk::read_at(&file, &mut [0], 0)?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}
