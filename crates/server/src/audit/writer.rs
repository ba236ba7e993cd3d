//! The end of an audit log: appends lines, begins new files, deletes expired ones.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::Arc;

use coral_trace::{UnixNanos, chain};
use sha2::{Digest as _, Sha256};

use super::directory::{LogFile, file_name, files};
use super::hash::LineHash;
use super::head::{Head, HeadFile};
use super::line::{self, Entry, Expired, FileEnd, Header, MAX_LINE_BYTES};
use super::signature::{FileSignature, Signer, sync_directory};
use super::{AuditCounters, AuditError, AuditSettings};

/// The end of a log, which one caller at a time changes.
pub(super) struct Writer {
    pub settings: AuditSettings,
    pub signer: Option<Arc<dyn Signer>>,
    pub head: HeadFile,
    /// The number of the next line.
    pub next_seq: u64,
    /// The hash of the last line.
    pub prev: LineHash,
    /// The file to which lines are appended; `None` until one is begun.
    pub current: Option<Current>,
    /// Whether rotation failed since the last [`Writer::prepare_sync`]: it is tried again then, and not for
    /// each question.
    pub is_rotation_postponed: bool,
    pub write: WriteCall,
}

/// The call that writes a line: `write(2)`, or a failing one in tests.
pub(super) type WriteCall = fn(&File, &[u8]) -> io::Result<usize>;

/// The file to which lines are appended.
pub(super) struct Current {
    pub file: LogFile,
    pub opened: Arc<File>,
    /// When the file was begun.
    pub began: UnixNanos,
    /// The size of the whole lines.
    pub len: u64,
    /// Digest of the whole lines.
    pub digest: Sha256,
    /// Whether bytes of a failed write may follow the whole lines.
    pub is_dirty: bool,
    /// Whether the file has its signature: no line is appended to it.
    pub is_finished: bool,
}

/// Appends `bytes` with one call of `write(2)`.
pub(super) fn write_once(mut file: &File, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match file.write(bytes) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            written => return written,
        }
    }
}

impl Writer {
    /// Appends the line of the entry `body`, in a new file if the current one is finished.
    pub fn append(
        &mut self,
        body: &[u8],
        now: UnixNanos,
        counters: &AuditCounters,
    ) -> Result<(), AuditError> {
        self.rotate_if_due(now, counters)?;
        self.append_here(body, counters)
    }

    /// Appends the line of an event.
    pub fn append_event(
        &mut self,
        entry: &Entry,
        counters: &AuditCounters,
    ) -> Result<(), AuditError> {
        self.append_here(&line::body(entry).map_err(AuditError::Encode)?, counters)
    }

    fn append_here(&mut self, body: &[u8], counters: &AuditCounters) -> Result<(), AuditError> {
        let line = line::compose(self.next_seq, &self.prev, body);
        let current = self.current.as_mut().ok_or(AuditError::NoFile)?;
        current.append(&line, self.write)?;
        self.prev = LineHash::of(line.strip_suffix(b"\n").unwrap_or(&line));
        let head = Head { seq: self.next_seq, hash: self.prev };
        self.next_seq += 1;
        counters.written(line.len() as u64);
        // The log may be ahead of its head, so the line counts as recorded.
        if let Err(error) = self.head.write(head) {
            counters.failed("could not write the head of the audit log", &error);
        }
        Ok(())
    }

    /// Begins a new file if the current one has reached its size or age. If that fails, the log goes
    /// on in the current file.
    ///
    /// # Errors
    /// The current file has its signature already, and a new one cannot be begun.
    fn rotate_if_due(
        &mut self,
        now: UnixNanos,
        counters: &AuditCounters,
    ) -> Result<(), AuditError> {
        let is_finished = self.current.as_ref().is_none_or(|current| current.is_finished);
        if !is_finished && (self.is_rotation_postponed || !self.is_due(now)) {
            return Ok(());
        }
        let Err(error) = self.rotate(now, counters) else { return Ok(()) };
        if self.current.as_ref().is_none_or(|current| current.is_finished) {
            return Err(error);
        }
        self.is_rotation_postponed = true;
        counters.failed("could not begin a new file of the audit log; will try again", &error);
        Ok(())
    }

    fn is_due(&self, now: UnixNanos) -> bool {
        let Some(current) = &self.current else { return true };
        // A file with nothing but its header is not finished.
        let has_lines = self.next_seq > current.file.first + 1;
        let is_old = now.since(current.began) >= self.settings.max_file_age;
        has_lines && (current.len >= self.settings.max_file_bytes || is_old)
    }

    /// Finishes the current file, and begins a new one.
    pub fn rotate(&mut self, now: UnixNanos, counters: &AuditCounters) -> Result<(), AuditError> {
        let mut after = None;
        if let Some(current) = &mut self.current {
            let (last, last_hash) = (self.next_seq - 1, self.prev);
            current.finish(last, last_hash, now, self.signer.as_deref())?;
            after = Some(FileEnd { file: current.file.name(), hash: last_hash });
        }
        self.begin(now, after, counters)?;
        counters.rotated();
        self.expire(now, counters)
    }

    /// Begins a file after the file `after`.
    pub fn begin(
        &mut self,
        now: UnixNanos,
        after: Option<FileEnd>,
        counters: &AuditCounters,
    ) -> Result<(), AuditError> {
        let name = file_name(self.next_seq);
        let file = LogFile { first: self.next_seq, path: self.settings.dir.join(&name) };
        let header = Entry::Header(Header { time: now, file: name, after });
        let begun = Current::create(file, now)?;
        let before = self.current.replace(begun);
        let outcome = self.append_event(&header, counters);
        if outcome.is_err() {
            // The next attempt begins the file again.
            if let Some(begun) = std::mem::replace(&mut self.current, before) {
                let _ = fs::remove_file(&begun.file.path);
            }
        }
        outcome
    }

    /// Deletes files whose signature is older than the retention, the oldest first.
    pub fn expire(&mut self, now: UnixNanos, counters: &AuditCounters) -> Result<(), AuditError> {
        let Some(keep) = self.settings.keep else { return Ok(()) };
        let current = self.current.as_ref().map(|current| current.file.first);
        for file in files(&self.settings.dir)? {
            if Some(file.first) == current {
                break;
            }
            let signature = FileSignature::read(&file)
                .map_err(|source| AuditError::Read { path: file.signature(), source })?;
            let Some(Some(signature)) = signature.filter(|signature| {
                signature.as_ref().is_some_and(|signature| {
                    now.since(signature.time) >= keep && signature.time <= now
                })
            }) else {
                break;
            };
            let end = FileEnd { file: file.name(), hash: signature.last_hash };
            let (first, last) = (signature.first, signature.last);
            // The log says that a file is gone before the file goes.
            self.append_event(&Entry::Expired(Expired { time: now, first, last, end }), counters)?;
            for path in [file.torn(), file.path.clone(), file.signature()] {
                match fs::remove_file(&path) {
                    Err(source) if source.kind() != ErrorKind::NotFound => {
                        return Err(AuditError::Write { path, source });
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Begins a new file if the current one is old enough. Returns the file to sync.
    pub fn prepare_sync(
        &mut self,
        now: UnixNanos,
        counters: &AuditCounters,
    ) -> Result<Option<(Arc<File>, LogFile)>, AuditError> {
        self.is_rotation_postponed = false;
        self.rotate_if_due(now, counters)?;
        Ok(self.current.as_ref().map(|current| (current.opened.clone(), current.file.clone())))
    }
}

impl Current {
    fn create(file: LogFile, began: UnixNanos) -> Result<Self, AuditError> {
        let create = || {
            let mut options = OpenOptions::new();
            let created = options.append(true).create_new(true).mode(0o600).open(&file.path);
            let opened = match created {
                // Empty: an earlier attempt to begin this file failed.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    let opened = OpenOptions::new().append(true).open(&file.path)?;
                    if opened.metadata()?.len() > 0 {
                        return Err(error);
                    }
                    opened
                }
                created => created?,
            };
            sync_directory(&file.path)?;
            Ok(opened)
        };
        let opened =
            create().map_err(|source| AuditError::Open { path: file.path.clone(), source })?;
        Ok(Self {
            file,
            opened: Arc::new(opened),
            began,
            len: 0,
            digest: Sha256::new(),
            is_dirty: false,
            is_finished: false,
        })
    }

    /// Appends `line`, or leaves the file as it was.
    fn append(&mut self, line: &[u8], write: WriteCall) -> Result<(), AuditError> {
        if line.len() > MAX_LINE_BYTES {
            return Err(AuditError::TooLong { bytes: line.len() });
        }
        let failed = |source| AuditError::Write { path: self.file.path.clone(), source };
        if self.is_dirty {
            self.opened.set_len(self.len).map_err(failed)?;
            self.is_dirty = false;
        }
        let error = match write(&self.opened, line) {
            Ok(written) if written == line.len() => {
                self.len += line.len() as u64;
                self.digest.update(line);
                return Ok(());
            }
            Ok(written) => {
                let error = format!("{written} of {} bytes were written", line.len());
                io::Error::new(ErrorKind::WriteZero, error)
            }
            Err(error) => error,
        };
        // A failed rollback is repeated before the next line.
        self.is_dirty = self.opened.set_len(self.len).is_err();
        Err(failed(error))
    }

    /// Writes the signature of the file, unless it has one.
    fn finish(
        &mut self,
        last: u64,
        last_hash: LineHash,
        now: UnixNanos,
        signer: Option<&dyn Signer>,
    ) -> Result<(), AuditError> {
        if self.is_finished {
            return Ok(());
        }
        let failed = |source| AuditError::Write { path: self.file.path.clone(), source };
        if self.is_dirty {
            self.opened.set_len(self.len).map_err(failed)?;
            self.is_dirty = false;
        }
        self.opened.sync_data().map_err(failed)?;
        let sha256 = LineHash::finished(self.digest.clone());
        let (file, first) = (self.file.name(), self.file.first);
        let (signed_by, signature) = (None, None);
        let signature =
            FileSignature { file, first, last, last_hash, sha256, time: now, signed_by, signature };
        let signature = signature
            .signed(signer)
            .map_err(|source| AuditError::Sign { path: self.file.path.clone(), source })?;
        let path = self.file.signature();
        signature.write(&self.file).map_err(|source| AuditError::Write { path, source })?;
        self.is_finished = true;
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Some(current) = &self.current
            && let Err(error) = current.opened.sync_data().and_then(|()| self.head.sync())
        {
            tracing::warn!(error = %chain(&error), "could not sync the audit log at its end");
        }
    }
}
