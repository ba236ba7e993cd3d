//! One log file that is being written: a head, then frames, each synced before anybody is told.

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
    /// Bytes that hold whole, synced frames.
    pub(super) len: u64,
    /// What the checksums of this log's frames begin with.
    seed: u32,
    /// Bytes of the last frame: the next one will hardly be longer.
    last_frame: usize,
    /// Nothing is written to this file any more: a sync failed, and what it was to sync may be on disk or not; or
    /// a panic left it as it was.
    pub(super) broken: bool,
}

/// The last byte is the version of the format.
pub(super) const MAGIC: [u8; 8] = *b"coralog\x02";
/// Magic, the receipt of the first row to be, the seed of checksums, and a CRC-32 of those three.
pub(super) const HEAD: usize = 24;

impl Log {
    /// Begins the log `path`, whose file is new, for rows from receipt `first` on. Its first frame holds what a reader
    /// needs to know besides earlier rows.
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

    /// Writes and syncs one commit. After an error it was not committed.
    pub(super) fn append(
        &mut self,
        receipts: Receipts,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), StoreError> {
        let frame = frame::encode(self.seed, receipts, self.last_frame, write);
        let frame = frame.map_err(StoreError::log(&self.path))?;
        self.last_frame = frame.len();
        // Until it is known how this ends: a panic must not leave half a frame before the next one.
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

    /// Removes what a failed write left.
    fn cut_back(&mut self) -> io::Result<()> {
        self.file.set_len(self.len)?;
        self.file.seek(SeekFrom::Start(self.len)).map(drop)
    }
}
