//! The journal: commits as they were acknowledged, in order of their receipts, until their rows are sealed.
//!
//! A journal is a directory of numbered logs. Only the newest is written; a log whose successor was begun never
//! is again. What a commit says is its owner's affair: spans and metrics each have a journal.

mod frame;
mod log;
mod replay;

use std::path::{Path, PathBuf};

pub(crate) use self::frame::Receipts;
use self::log::Log;
pub(crate) use self::replay::{OldFrame, OldLogs};
use crate::disk;
use crate::error::StoreError;

/// A journal that is being written.
pub(crate) struct Journal {
    dir: PathBuf,
    log: Log,
    next_number: u64,
    /// Finished logs of the rows that are neither sealed nor being sealed.
    older: Vec<PathBuf>,
    /// Logs of rows that are being sealed.
    sealing: Vec<PathBuf>,
    /// Logs whose rows are sealed: they go.
    obsolete: Vec<PathBuf>,
    /// Logs of rows that are not sealed also hold rows that are, or may soon: a damaged log was found to have a gap.
    mixed: bool,
}

/// Logs of no rows that are larger than this make room for another that begins with what is known now.
const MAX_IDLE_BYTES: u64 = 16 << 20;

impl Journal {
    /// Begins a log after the `old` ones, for rows from receipt `first` on. Of the old ones it keeps those that
    /// `keeps` rows that are not sealed.
    pub(crate) fn begin(
        dir: &Path,
        old: &OldLogs,
        keeps: impl Fn(&Path) -> bool,
        first: u64,
        head: impl FnOnce(&mut Vec<u8>),
    ) -> Result<Self, StoreError> {
        let number = old.next_number();
        let path = log_path(dir, number);
        let file = disk::create(&path).map_err(StoreError::log(&path))?;
        let log = Log::begin(file, path, first, head)?;
        // Only now does nothing depend on logs whose rows are sealed.
        let (older, obsolete) = old.paths().partition(|path| keeps(path));
        let dir = dir.to_owned();
        let (sealing, mixed) = (Vec::new(), false);
        Ok(Self { dir, log, next_number: number + 1, older, sealing, obsolete, mixed })
    }

    /// Whether [`mend`](Self::mend) is due before the next commit is prepared.
    pub(crate) fn is_broken(&self) -> bool {
        self.log.broken
    }

    /// Begins another log in place of one that cannot be written any more. `head` says what was committed, and
    /// nothing of a commit that failed.
    pub(crate) fn mend(
        &mut self,
        next: u64,
        head: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), StoreError> {
        let path = log_path(&self.dir, self.next_number);
        // A name is used once: half a file may be there under it when this fails.
        self.next_number += 1;
        let file = disk::create(&path).map_err(StoreError::log(&path))?;
        // Whatever is in that file if this fails, the log before it must not go on.
        self.log.broken = true;
        let log = Log::begin(file, path.clone(), next, head).inspect_err(|_| {
            if let Err(error) = disk::remove(&path) {
                tracing::debug!(%error, file = %path.display(), "half a log stays until the next start");
            }
        })?;
        let finished = std::mem::replace(&mut self.log, log);
        self.older.push(finished.path);
        Ok(())
    }

    /// Writes and syncs one commit. After an error nothing was committed, and the same call may succeed later.
    pub(crate) fn append(
        &mut self,
        receipts: Receipts,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), StoreError> {
        self.log.append(receipts, write)
    }

    /// From here on commits are of other rows than those that are about to be sealed.
    pub(crate) fn begin_generation(
        &mut self,
        next: u64,
        head: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), StoreError> {
        self.mend(next, head)?;
        self.sealing.append(&mut self.older);
        Ok(())
    }

    /// The rows that were being sealed are.
    pub(crate) fn end_sealing(&mut self) {
        self.obsolete.append(&mut self.sealing);
        self.mixed &= !self.older.is_empty();
    }

    /// The logs so far hold rows of several generations, which are sealed one after the other.
    pub(crate) fn mix(&mut self) {
        self.mixed = true;
    }

    /// Whether a log that stays holds sealed rows too.
    pub(crate) fn is_mixed(&self) -> bool {
        self.mixed
    }

    /// Whether another log is due although there are no rows: older ones are of no use any more, or the last one is large.
    pub(crate) fn is_worn(&self) -> bool {
        !self.older.is_empty() || self.log.len > MAX_IDLE_BYTES
    }

    /// Hands over the logs that nobody needs, for [`remove_logs`].
    pub(crate) fn take_obsolete(&mut self) -> Vec<PathBuf> {
        std::mem::take(&mut self.obsolete)
    }

    /// Takes back those that could not be removed. Until they are, sealed rows must not go: they would come back.
    pub(crate) fn put_back_obsolete(&mut self, logs: Vec<PathBuf>) {
        self.obsolete.extend(logs);
    }
}

/// Removes `logs`, and returns those that stay.
pub(crate) fn remove_logs(mut logs: Vec<PathBuf>) -> Vec<PathBuf> {
    logs.retain(|path| {
        let removed = disk::remove(path);
        if let Err(error) = &removed {
            tracing::warn!(%error, file = %path.display(), "could not remove a log; will try again");
        }
        removed.is_err()
    });
    logs
}

fn log_path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:012}.log"))
}
