//! The audit log: one line for each question, in files whose lines are chained by hashes.
//!
//! - A line has a number and the hash of the line before, across files.
//! - A finished file has a signature in `NAME.sig`.
//! - The file `head` has number and hash of the last line.
//!
//! [`verify()`] finds every changed, removed, inserted or reordered line. See `docs/audit.md`.

mod details;
mod directory;
mod hash;
mod head;
pub mod line;
mod record;
mod resume;
mod rfc3339;
mod signature;
#[cfg(test)]
mod tests;
mod verify;
mod writer;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use coral_trace::{UnixNanos, chain};

pub use self::details::{AuditDetails, FailureSign, RowCount};
pub use self::directory::{LogFile, Question, files};
pub use self::hash::LineHash;
use self::line::{Entry, Unrecorded};
pub use self::record::{AuditRecord, AuditSurface, Decision, Requester};
pub use self::rfc3339::text as rfc3339;
pub use self::signature::{SignError, Signer, Verifier};
pub use self::verify::{Finding, Verified, verify};
use self::writer::Writer;

/// Where and how questions are recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditSettings {
    /// The directory of the log: `DATA_DIR/audit`.
    pub dir: PathBuf,
    /// A file of at least this size is finished, and a new one is begun.
    pub max_file_bytes: u64,
    /// A file of at least this age is finished, and a new one is begun.
    pub max_file_age: Duration,
    /// How long finished files are kept; `None` keeps them for ever.
    pub keep: Option<Duration>,
    /// Whether a question that cannot be recorded is refused.
    pub refuse_when_full: bool,
}

/// An open audit log. Clones share it; the last one syncs it when it is dropped.
#[derive(Clone)]
pub struct AuditLog(Arc<Shared>);

struct Shared {
    refuse_when_full: bool,
    writer: Mutex<Writer>,
    counters: AuditCounters,
    /// Questions that were not recorded since the last line.
    missing: Mutex<Unrecorded>,
}

/// Why a question could not be recorded, or a log not be opened, read or verified.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The directory cannot be created or listed.
    #[error("cannot use the audit directory `{path}`")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// Another process writes the log.
    #[error("another process writes the audit log `{dir}`")]
    Locked {
        /// The directory.
        dir: PathBuf,
    },
    /// A file cannot be opened.
    #[error("cannot open `{path}`")]
    Open {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A file cannot be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A file cannot be written, for example because the disk is full.
    #[error("cannot write `{path}`")]
    Write {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The line of a question is longer than [`line::MAX_LINE_BYTES`].
    #[error(
        "the line of the question has {bytes} bytes; the audit log takes {}",
        line::MAX_LINE_BYTES
    )]
    TooLong {
        /// The size of the line.
        bytes: usize,
    },
    /// A record has no JSON form.
    #[error("cannot write the question as JSON")]
    Encode(#[source] serde_json::Error),
    /// A finished file cannot be signed.
    #[error("cannot sign `{path}`")]
    Sign {
        /// The file.
        path: PathBuf,
        /// The error of the signer.
        source: SignError,
    },
    /// There is no file to append to, because none could be begun.
    #[error("the audit log has no open file")]
    NoFile,
}

impl AuditLog {
    /// Opens the log of `settings`, or begins one. Goes on after the last whole line. If the end of
    /// the log was lost or is torn, the next line says so.
    ///
    /// # Errors
    /// [`AuditError`].
    pub fn open(
        settings: AuditSettings,
        signer: Option<Arc<dyn Signer>>,
        now: UnixNanos,
    ) -> Result<Self, AuditError> {
        let counters = AuditCounters::default();
        let refuse_when_full = settings.refuse_when_full;
        let writer = Mutex::new(resume::open(settings, signer, now, &counters)?);
        let missing = Mutex::default();
        Ok(Self(Arc::new(Shared { refuse_when_full, writer, counters, missing })))
    }

    /// Records one question with one `write(2)`, which is not synced: see [`AuditLog::sync`].
    ///
    /// # Errors
    /// The question is not in the log, and the caller refuses it. Without `refuse_when_full`, the
    /// question is counted as unrecorded instead, and the result is `Ok`.
    pub fn append(&self, record: &AuditRecord) -> Result<(), AuditError> {
        let body = line::question(record).map_err(AuditError::Encode);
        let counters = &self.0.counters;
        let appended = body.and_then(|body| {
            let mut writer = self.writer();
            writer.append(&body, record.time, counters)?;
            self.record_missing(&mut writer, record.time);
            Ok(())
        });
        match appended {
            Ok(()) => {
                counters.is_failing.store(false, Ordering::Relaxed);
                Ok(())
            }
            Err(error) => self.not_recorded(error),
        }
    }

    /// Syncs what was appended, and begins a new file if the current one is old enough. The caller
    /// calls this each second, on a thread that may block.
    ///
    /// # Errors
    /// [`AuditError`]. The next call tries again.
    pub fn sync(&self, now: UnixNanos) -> Result<(), AuditError> {
        let syncing = self.writer().prepare_sync(now, &self.0.counters)?;
        // Questions are recorded while the disk works.
        if let Some((opened, file)) = syncing {
            let synced = opened.sync_data();
            synced.map_err(|source| AuditError::Write { path: file.path, source })?;
        }
        Ok(())
    }

    /// Names and values of the counters.
    pub fn counters(&self) -> [(String, u64); 6] {
        self.0.counters.snapshot()
    }

    /// Says in the log how many questions are not in it. A failure is repeated with the next
    /// question.
    fn record_missing(&self, writer: &mut Writer, now: UnixNanos) {
        let mut missing = self.missing();
        if missing.answered == 0 && missing.refused == 0 {
            return;
        }
        let entry = Entry::Unrecorded(Unrecorded { time: now, ..*missing });
        if writer.append_event(&entry, &self.0.counters).is_ok() {
            *missing = Unrecorded::default();
        }
    }

    fn not_recorded(&self, error: AuditError) -> Result<(), AuditError> {
        let counters = &self.0.counters;
        let mut missing = self.missing();
        if self.0.refuse_when_full {
            missing.refused += 1;
            counters.refused.fetch_add(1, Ordering::Relaxed);
            return Err(error);
        }
        missing.answered += 1;
        counters.unrecorded.fetch_add(1, Ordering::Relaxed);
        if !counters.is_failing.swap(true, Ordering::Relaxed) {
            let error = chain(&error);
            tracing::error!(error, "could not record questions in the audit log; answers go on");
        }
        Ok(())
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        // A line is in the file, in the digest and in the chain, or in none of them.
        self.0.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn missing(&self) -> MutexGuard<'_, Unrecorded> {
        self.0.missing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts since the start of the process.
#[derive(Debug, Default)]
struct AuditCounters {
    written: AtomicU64,
    bytes: AtomicU64,
    unrecorded: AtomicU64,
    refused: AtomicU64,
    rotated: AtomicU64,
    failures: AtomicU64,
    /// Whether the last question was not recorded: the next failure is not logged again.
    is_failing: AtomicBool,
}

impl AuditCounters {
    fn written(&self, bytes: u64) {
        self.written.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn rotated(&self) {
        self.rotated.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a failure that loses no question. The first one is logged.
    fn failed(&self, what: &'static str, error: &(dyn std::error::Error + 'static)) {
        if self.failures.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::warn!(error = %chain(error), "{what}");
        }
    }

    fn snapshot(&self) -> [(String, u64); 6] {
        [
            ("written", &self.written),
            ("bytes", &self.bytes),
            ("unrecorded", &self.unrecorded),
            ("refused", &self.refused),
            ("rotated", &self.rotated),
            ("failures", &self.failures),
        ]
        .map(|(name, count)| (format!("coral.audit.{name}"), count.load(Ordering::Relaxed)))
    }
}
