//! The file `N.calls` of a segment, whose content [`crate::calls`] makes and reads.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use crate::disk;

/// The file, which may be missing.
pub(crate) struct CallsFile {
    path: PathBuf,
    /// The sizes of the segment's Parquet files in bytes: another size means other files.
    sizes: [u64; 2],
    /// Held while the content is made and written.
    making: Mutex<()>,
    /// Size of the file in bytes; 0 if it is missing.
    bytes: AtomicU64,
    /// How many rows of the traces file the content leaves out because their traces are split;
    /// `usize::MAX` if that is not known.
    split: AtomicUsize,
}

/// The first bytes of the file; the last of them is the version.
const MAGIC: [u8; 8] = *b"coralcl\x01";
/// The bytes before the content: those of [`MAGIC`], a checksum of all bytes after it, and the sizes.
const HEAD_BYTES: usize = 8 + 4 + 16;

impl CallsFile {
    /// The file at `path` of a segment whose Parquet files have these sizes.
    pub(super) fn of(path: PathBuf, sizes: [u64; 2]) -> Self {
        let bytes = std::fs::metadata(&path).map_or(0, |file| file.len());
        let (bytes, split) = (AtomicU64::new(bytes), AtomicUsize::new(usize::MAX));
        Self { path, sizes, making: Mutex::default(), bytes, split }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Size of the file in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Whether the content is known to leave out `split` rows of split traces.
    pub(crate) fn is_without(&self, split: usize) -> bool {
        self.split.load(Ordering::Relaxed) == split
    }

    /// The content; `None` if the file is missing, cannot be read, or is damaged.
    pub(crate) fn read(&self) -> Option<Vec<u8>> {
        let mut content = Vec::with_capacity(self.bytes() as usize + 1);
        let read = disk::open(&self.path).and_then(|mut file| file.read_to_end(&mut content));
        match read {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(%error, file = %self.path.display(), "could not read the sums of the calls of a segment, which are made again");
                return None;
            }
            Ok(_) => {}
        }
        if !self.fits(&content) {
            tracing::info!(file = %self.path.display(), "the sums of the calls of a segment do not fit it and are made again");
            return None;
        }
        content.drain(..HEAD_BYTES);
        Some(content)
    }

    /// Writes `content`, which leaves out `split` rows of split traces.
    pub(crate) fn write(&self, content: &[u8], split: usize) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(HEAD_BYTES + content.len());
        bytes.extend(MAGIC);
        bytes.extend([0; 4]);
        bytes.extend(self.sizes.iter().flat_map(|size| size.to_le_bytes()));
        bytes.extend(content);
        let checksum = crc32fast::hash(&bytes[12..]);
        bytes[8..12].copy_from_slice(&checksum.to_le_bytes());
        let aside = self.path.with_extension("calls.tmp");
        let written = disk::create(&aside)
            .and_then(|mut file| disk::write_all(&mut file, &bytes))
            .and_then(|()| disk::rename(&aside, &self.path));
        if written.is_err() {
            let _ = disk::remove(&aside);
            return written;
        }
        self.bytes.store(bytes.len() as u64, Ordering::Relaxed);
        self.split.store(split, Ordering::Relaxed);
        Ok(())
    }

    /// Waits until no other thread makes the content.
    pub(crate) fn lock(&self) -> MutexGuard<'_, ()> {
        self.making.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`lock`](Self::lock); `None` if another thread makes the content.
    pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, ()>> {
        match self.making.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn fits(&self, bytes: &[u8]) -> bool {
        let sizes = self.sizes.iter().flat_map(|size| size.to_le_bytes());
        bytes.len() >= HEAD_BYTES
            && bytes[..8] == MAGIC
            && bytes[8..12] == crc32fast::hash(&bytes[12..]).to_le_bytes()
            && bytes[12..HEAD_BYTES].iter().copied().eq(sizes)
    }
}
