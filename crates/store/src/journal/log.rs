//! Writes one log file: a header, then frames. Each frame is synced before its commit is
//! acknowledged.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::frame::{self, Receipts};
use crate::disk;
use crate::error::StoreError;

/// A log that is being written.
pub(super) struct Log {
    pub(super) path: PathBuf,
    file: File,
    /// Length in bytes of the header and all complete, synced frames.
    pub(super) len: u64,
    /// The seed of the frames' checksums.
    seed: u32,
    /// Size in bytes of the last frame, as an estimate of the next frame's size.
    last_frame: usize,
    /// Whether the file must not be written any more, because a sync failed or a panic interrupted
    /// a write. It is then unknown what the disk holds after the first `len` bytes.
    pub(super) broken: bool,
}

/// The first bytes of a log. The last of them is the version of the log format.
pub(super) const MAGIC: [u8; 8] = *b"coralog\x02";
/// Size of the header in bytes: magic (8), the receipt of the first row (8), the seed of the
/// frames' checksums (4), and a CRC-32 of these three (4).
pub(super) const HEAD: usize = 24;

impl Log {
    /// Begins the log in the empty file `file` at `path`: writes and syncs the header and the first
    /// frame. Rows will start at receipt `first`. `write` appends the first frame's payload, which
    /// is the state that a reader needs besides rows.
    pub(super) fn begin(
        mut file: File,
        path: PathBuf,
        first: u64,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<Self, StoreError> {
        let mut seed = [0; 4];
        getrandom::fill(&mut seed).map_err(|error| StoreError::log(&path)(error.into()))?;
        let seed = u32::from_le_bytes(seed);
        let begin = |path: &Path| {
            let mut head = MAGIC.to_vec();
            head.extend(first.to_le_bytes());
            head.extend(seed.to_le_bytes());
            head.extend(crc32fast::hash(&head).to_le_bytes());
            head.extend(frame::encode(seed, Receipts { first, rows: 0 }, 0, write)?);
            disk::write_all(&mut file, &head)?;
            disk::sync_all(&file)?;
            disk::sync_directory_of(path)?;
            Ok(head.len() as u64)
        };
        let len = begin(&path).map_err(StoreError::log(&path))?;
        Ok(Self { path, file, len, seed, last_frame: 0, broken: false })
    }

    /// Writes and syncs one commit. After an error, the commit has failed. If its bytes may still
    /// be in the file, the log is marked as `broken`, and a new log must follow that uses the
    /// receipts again.
    pub(super) fn append(
        &mut self,
        receipts: Receipts,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), StoreError> {
        let frame = frame::encode(self.seed, receipts, self.last_frame, write);
        let frame = frame.map_err(StoreError::log(&self.path))?;
        self.last_frame = frame.len();
        // `broken` stays set until the frame is synced, so that after a panic no frame follows a
        // partial one.
        self.broken = true;
        match disk::write_all(&mut self.file, &frame) {
            Ok(()) => disk::sync_data(&self.file).map_err(StoreError::log(&self.path))?,
            Err(error) => {
                self.broken = self.cut_back().is_err();
                return Err(StoreError::log(&self.path)(error));
            }
        }
        self.broken = false;
        self.len += frame.len() as u64;
        Ok(())
    }

    /// Removes the bytes of a failed write.
    fn cut_back(&mut self) -> io::Result<()> {
        self.file.set_len(self.len)?;
        self.file.seek(SeekFrom::Start(self.len)).map(drop)
    }
}
