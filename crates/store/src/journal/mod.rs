//! The journal: acknowledged commits, in order of receipt, until their rows are sealed.
//!
//! A journal is a directory of numbered logs. Only the newest log is written. Spans and metrics
//! have a journal each, and define the content of their commits.

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
    /// Closed logs of rows that are neither sealed nor being sealed.
    older: Vec<PathBuf>,
    /// Logs of rows that are being sealed.
    sealing: Vec<PathBuf>,
    /// Logs whose rows are sealed, to be removed.
    obsolete: Vec<PathBuf>,
    /// Logs with unsealed rows also hold sealed rows, or rows that are sealed separately. A gap in
    /// a damaged log causes this.
    mixed: bool,
}

/// Logs without rows that are larger than this are replaced by a new log with the current state.
const MAX_IDLE_BYTES: u64 = 16 << 20;

impl Journal {
    /// Begins a log after the `old` ones, with rows from receipt `first` on. Keeps those old logs
    /// for which `keeps` returns true: they hold unsealed rows.
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
        // The new log is complete, so logs of sealed rows are no longer needed.
        let (older, obsolete) = old.paths().partition(|path| keeps(path));
        let dir = dir.to_owned();
        let (sealing, mixed) = (Vec::new(), false);
        Ok(Self { dir, log, next_number: number + 1, older, sealing, obsolete, mixed })
    }

    /// Whether [`mend`](Self::mend) must be called before the next commit is prepared.
    pub(crate) fn is_broken(&self) -> bool {
        self.log.broken
    }

    /// Begins a new log in place of one that cannot be written. `head` is the state of all commits,
    /// without failed ones.
    pub(crate) fn mend(
        &mut self,
        next: u64,
        head: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), StoreError> {
        let path = log_path(&self.dir, self.next_number);
        // A name is used once, because a partial file may remain under it.
        self.next_number += 1;
        let file = disk::create(&path).map_err(StoreError::log(&path))?;
        // Whatever the new file holds if this fails, the log before it must not be written again.
        self.log.broken = true;
        let log = Log::begin(file, path.clone(), next, head).inspect_err(|_| {
            if let Err(error) = disk::remove(&path) {
                tracing::debug!(%error, file = %path.display(), "a partial log stays until the next start");
            }
        })?;
        let finished = std::mem::replace(&mut self.log, log);
        self.older.push(finished.path);
        Ok(())
    }

    /// Writes and syncs one commit. After an error nothing was committed, and the same call may be
    /// repeated.
    pub(crate) fn append(
        &mut self,
        receipts: Receipts,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), StoreError> {
        self.log.append(receipts, write)
    }

    /// Begins a new log for a new generation. The logs so far are those of rows that are being
    /// sealed.
    pub(crate) fn begin_generation(
        &mut self,
        next: u64,
        head: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), StoreError> {
        self.mend(next, head)?;
        self.sealing.append(&mut self.older);
        Ok(())
    }

    /// Marks the logs of sealed rows as obsolete.
    pub(crate) fn end_sealing(&mut self) {
        self.obsolete.append(&mut self.sealing);
        self.mixed &= !self.older.is_empty();
    }

    /// Records that the logs so far hold rows of several generations, which are sealed one after
    /// the other.
    pub(crate) fn mix(&mut self) {
        self.mixed = true;
    }

    /// Whether a log that stays also holds sealed rows.
    pub(crate) fn is_mixed(&self) -> bool {
        self.mixed
    }

    /// Whether a new log is due although there are no rows: older logs are obsolete, or the last is
    /// large.
    pub(crate) fn is_worn(&self) -> bool {
        !self.older.is_empty() || self.log.len > MAX_IDLE_BYTES
    }

    /// Returns the obsolete logs, for [`remove_logs`].
    pub(crate) fn take_obsolete(&mut self) -> Vec<PathBuf> {
        std::mem::take(&mut self.obsolete)
    }

    /// Takes back the logs that could not be removed. While they exist, sealed rows must not be
    /// removed, because replay would bring the rows back.
    pub(crate) fn put_back_obsolete(&mut self, logs: Vec<PathBuf>) {
        self.obsolete.extend(logs);
    }
}

/// Removes `logs`, and returns those that could not be removed.
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
