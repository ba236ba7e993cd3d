//! The journal: acknowledged commits, in order of receipt, until their rows are sealed.
//!
//! A journal is a directory of numbered logs. Only the newest log is written. Spans, metrics and the
//! coverage timeline have a journal each, and define the content of their commits. The rows of the
//! coverage timeline are never sealed: its logs stay until they expire.

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
    /// Whether any one log may hold rows of several generations, as after a damaged log.
    /// Generations are sealed one after the other; a log stays until all its rows are sealed.
    mixed: bool,
}

/// If there are no hot rows and the current log has more bytes than this, a new log, which holds
/// only the current state, replaces it.
const MAX_IDLE_BYTES: u64 = 16 << 20;

impl Journal {
    /// Begins a new log after the `old` logs, for rows from receipt `first` on. `head` appends the
    /// payload of its first frame. Old logs for which `keeps` returns true hold unsealed rows and
    /// stay; the others are obsolete. Old logs with a damaged header are set aside.
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
        // The state is in the new log, so old logs with sealed rows only are no longer needed.
        old.put_damaged_aside();
        let (older, obsolete) = old.paths().partition(|path| keeps(path));
        let dir = dir.to_owned();
        let (sealing, mixed) = (Vec::new(), false);
        Ok(Self { dir, log, next_number: number + 1, older, sealing, obsolete, mixed })
    }

    /// Whether [`mend`](Self::mend) must be called before the next commit is prepared.
    pub(crate) fn is_broken(&self) -> bool {
        self.log.broken
    }

    /// Begins a new log in place of a log that cannot be written any more. `next` is the receipt of
    /// the next row. `head` appends the state after all successful commits.
    pub(crate) fn mend(
        &mut self,
        next: u64,
        head: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), StoreError> {
        let path = log_path(&self.dir, self.next_number);
        // Each name is used only once, because a partial file may remain under a name.
        self.next_number += 1;
        let file = disk::create(&path).map_err(StoreError::log(&path))?;
        // If `Log::begin` fails, the new file may still be a valid log, so the current log must not
        // be written any more.
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

    /// Writes and syncs one commit. After an error nothing was committed. The call may be repeated,
    /// after [`mend`](Self::mend) if [`is_broken`](Self::is_broken).
    pub(crate) fn append(
        &mut self,
        receipts: Receipts,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), StoreError> {
        self.log.append(receipts, write)
    }

    /// Begins a new log for a new generation. All earlier logs now count as logs of rows that are
    /// being sealed.
    pub(crate) fn begin_generation(
        &mut self,
        next: u64,
        head: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), StoreError> {
        self.mend(next, head)?;
        self.sealing.append(&mut self.older);
        Ok(())
    }

    /// Marks the logs of the rows that were being sealed as obsolete, because these rows are sealed
    /// now.
    pub(crate) fn end_sealing(&mut self) {
        self.obsolete.append(&mut self.sealing);
        self.mixed &= !self.older.is_empty();
    }

    /// Records that the logs so far hold rows of several generations, which are sealed one after
    /// the other.
    pub(crate) fn mix(&mut self) {
        self.mixed = true;
    }

    /// Whether a log with unsealed rows may also hold sealed rows.
    pub(crate) fn is_mixed(&self) -> bool {
        self.mixed
    }

    /// If there are no hot rows: whether a new log should replace the current logs, because closed
    /// logs remain or the current log is larger than [`MAX_IDLE_BYTES`].
    pub(crate) fn is_worn(&self) -> bool {
        !self.older.is_empty() || self.log.len > MAX_IDLE_BYTES
    }

    /// Empties the list of obsolete logs and returns them, for [`remove_logs`].
    pub(crate) fn take_obsolete(&mut self) -> Vec<PathBuf> {
        std::mem::take(&mut self.obsolete)
    }

    /// The log that is being written.
    pub(crate) fn path(&self) -> &Path {
        &self.log.path
    }

    /// Marks closed `logs` as obsolete.
    pub(crate) fn retire(&mut self, logs: Vec<PathBuf>) {
        self.older.retain(|log| !logs.contains(log));
        self.obsolete.extend(logs);
    }

    /// Puts `logs`, which could not be removed, back on the list of obsolete logs. While such a log
    /// exists, the sealed files with its rows must not be removed, because a replay of the log
    /// would restore these rows.
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
