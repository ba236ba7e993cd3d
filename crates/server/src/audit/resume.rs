//! Opens an audit log: goes on after its last whole line, and records what was lost.

use std::fs::{self, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;

use coral_trace::UnixNanos;
use sha2::{Digest as _, Sha256};

use super::directory::{LogFile, files};
use super::hash::LineHash;
use super::head::{Head, HeadContent, HeadFile};
use super::line::{Damage, Entry, FileEnd, Line, Torn};
use super::signature::{FileSignature, Signer};
use super::writer::{Current, Writer, write_once};
use super::{AuditCounters, AuditError, AuditSettings};

/// Opens the log of `settings`, or begins one.
pub(super) fn open(
    settings: AuditSettings,
    signer: Option<Arc<dyn Signer>>,
    now: UnixNanos,
    counters: &AuditCounters,
) -> Result<Writer, AuditError> {
    let dir = settings.dir.clone();
    let created = fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir);
    created.map_err(|source| AuditError::Directory { path: dir.clone(), source })?;
    let (head, last) = HeadFile::open(&dir)?;
    let files = files(&dir)?;
    let mut writer = Writer {
        settings,
        signer,
        head,
        next_seq: 1,
        prev: LineHash::ZERO,
        current: None,
        is_rotation_postponed: false,
        write: write_once,
    };
    let damage = writer.go_on_after(&files, last)?;
    let newest = writer.current.as_ref().map(|current| current.file.clone());
    let torn = newest.map(|file| move_torn_aside(&file, now)).transpose()?.flatten();
    writer.begin_if_needed(&files, now, counters)?;
    let torn = torn.map(Entry::Torn);
    let damage = damage.map(|damage| Entry::Damage(Damage { time: now, ..damage }));
    for event in torn.into_iter().chain(damage) {
        writer.append_event(&event, counters)?;
    }
    writer.expire(now, counters)?;
    Ok(writer)
}

impl Writer {
    /// Finds the end of the log. Returns what is wrong with it, compared with `head`.
    fn go_on_after(
        &mut self,
        files: &[LogFile],
        head: HeadContent,
    ) -> Result<Option<Damage>, AuditError> {
        let mut end = None;
        for file in files.iter().rev() {
            let scanned = Scan::of(file)?;
            let last = scanned.last;
            if self.current.is_none() {
                self.current = Some(scanned.current(file)?);
            }
            if last.is_some() {
                end = last;
                break;
            }
        }
        if let Some(Head { seq, hash }) = end {
            (self.next_seq, self.prev) = (seq + 1, hash);
        }
        let last = self.next_seq - 1;
        match head {
            // A new log, or a crash right after its first header.
            HeadContent::Missing if last <= 1 => Ok(None),
            HeadContent::Missing => Ok(Some(damage("the file `head` was missing", None))),
            HeadContent::Unreadable => Ok(Some(damage("the file `head` was not readable", None))),
            HeadContent::Known(head) if head.seq > last => {
                self.next_seq = head.seq + 1;
                let what = "lines at the end were lost";
                Ok(Some(damage(what, Some((last + 1, head.seq)))))
            }
            HeadContent::Known(head) if hash_of(files, head.seq)? != Some(head.hash) => {
                let what = "the last line in `head` was another one";
                Ok(Some(damage(what, Some((head.seq, head.seq)))))
            }
            HeadContent::Known(_) => Ok(None),
        }
    }

    /// Begins a file if there is none, or if the newest one is finished or has no line.
    fn begin_if_needed(
        &mut self,
        files: &[LogFile],
        now: UnixNanos,
        counters: &AuditCounters,
    ) -> Result<(), AuditError> {
        let Some(current) = &self.current else { return self.begin(now, None, counters) };
        if current.is_finished {
            return self.rotate(now, counters);
        }
        if current.len > 0 {
            return Ok(());
        }
        // A crash came between the file and its header.
        let path = current.file.path.clone();
        fs::remove_file(&path).map_err(|source| AuditError::Write { path, source })?;
        self.current = None;
        let before = files.iter().rev().nth(1);
        let after = before.map(|file| FileEnd { file: file.name(), hash: self.prev });
        self.begin(now, after, counters)
    }
}

fn damage(what: &str, lines: Option<(u64, u64)>) -> Damage {
    let (first, last) = lines.unzip();
    Damage { time: UnixNanos(0), what: what.to_owned(), first, last }
}

/// The hash of the line with the number `seq`, if the log has it.
fn hash_of(files: &[LogFile], seq: u64) -> Result<Option<LineHash>, AuditError> {
    let Some(file) = files.iter().rev().find(|file| file.first <= seq) else { return Ok(None) };
    for raw in file.lines()? {
        let raw = raw?;
        if raw.is_whole && Line::parse(&raw.bytes).is_ok_and(|line| line.seq == seq) {
            return Ok(Some(LineHash::of(&raw.bytes)));
        }
    }
    Ok(None)
}

/// The whole lines of a file.
struct Scan {
    began: UnixNanos,
    len: u64,
    digest: Sha256,
    last: Option<Head>,
}

impl Scan {
    fn of(file: &LogFile) -> Result<Self, AuditError> {
        let mut scan = Self { began: UnixNanos(0), len: 0, digest: Sha256::new(), last: None };
        let mut pieces: Vec<u8> = Vec::new();
        for (raw, seq) in file.lines()?.zip(file.first..) {
            let raw = raw?;
            pieces.extend_from_slice(&raw.bytes);
            if !raw.is_whole {
                continue;
            }
            let line = Line::parse(&pieces).ok();
            if let (0, Some(time)) = (scan.len, line.as_ref().and_then(Line::time)) {
                scan.began = time;
            }
            let seq = line.map_or(seq, |line| line.seq);
            scan.last = Some(Head { seq, hash: LineHash::of(&pieces) });
            pieces.push(b'\n');
            scan.len += pieces.len() as u64;
            scan.digest.update(&pieces);
            pieces.clear();
        }
        Ok(scan)
    }

    /// The file, to which lines are appended.
    fn current(self, file: &LogFile) -> Result<Current, AuditError> {
        let opened = OpenOptions::new().append(true).open(&file.path);
        let opened =
            opened.map_err(|source| AuditError::Open { path: file.path.clone(), source })?;
        let signature = FileSignature::read(file)
            .map_err(|source| AuditError::Read { path: file.signature(), source })?;
        Ok(Current {
            file: file.clone(),
            opened: Arc::new(opened),
            began: self.began,
            len: self.len,
            digest: self.digest,
            is_dirty: false,
            is_finished: signature.is_some(),
        })
    }
}

/// Moves the bytes after the last line end of `file` to `NAME.torn`.
fn move_torn_aside(file: &LogFile, now: UnixNanos) -> Result<Option<Torn>, AuditError> {
    let len = Scan::of(file)?.len;
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| AuditError::Write { path, source }
    };
    let mut options = OpenOptions::new();
    let mut opened = options.read(true).write(true).open(&file.path).map_err(failed(&file.path))?;
    let mut torn = Vec::new();
    opened
        .seek(SeekFrom::Start(len))
        .and_then(|_| opened.read_to_end(&mut torn))
        .map_err(failed(&file.path))?;
    if torn.is_empty() {
        return Ok(None);
    }
    let path = file.torn();
    let mut options = OpenOptions::new();
    let aside = options.append(true).create(true).mode(0o600).open(&path);
    aside
        .and_then(|mut aside| aside.write_all(&torn).and_then(|()| aside.sync_all()))
        .map_err(failed(&path))?;
    opened.set_len(len).map_err(failed(&file.path))?;
    let bytes = torn.len() as u64;
    Ok(Some(Torn { time: now, file: file.name(), bytes, hash: LineHash::of(&torn) }))
}
