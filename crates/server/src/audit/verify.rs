//! Checks an audit log: chain, files, signatures and head.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;

use coral_trace::{UnixNanos, chain};
use sha2::{Digest as _, Sha256};

use super::AuditError;
use super::directory::{LogFile, files};
use super::hash::LineHash;
use super::head::{self, Head, HeadContent};
use super::line::{Damage, Entry, FileEnd, Header, Line};
use super::rfc3339::text as time_text;
use super::signature::{FileSignature, Verifier};

/// The result of [`verify()`].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verified {
    /// The number of files.
    pub files: u64,
    /// The number of whole lines, headers and events included.
    pub lines: u64,
    /// The number of questions.
    pub questions: u64,
    /// The time of the first line.
    pub first: Option<UnixNanos>,
    /// The time of the last line.
    pub last: Option<UnixNanos>,
    /// The number of files whose signature is right.
    pub signed: u64,
    /// The number of finished files without a signature, because there was no key.
    pub unsigned: u64,
    /// The number of files whose signature was not checked, because there was no verifier.
    pub unchecked: u64,
    /// Changed, removed, inserted or reordered lines and files: at most [`Verified::MAX_DAMAGE`].
    pub damage: Vec<Finding>,
    /// The number of further places that are damaged.
    pub more_damage: u64,
    /// What is not damage: torn lines of crashes, questions that were not recorded.
    pub notes: Vec<Finding>,
}

/// What was found in one place of a log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The name of the file.
    pub file: String,
    /// The place of the line in its file, from 1; `None` if the finding is about the file.
    pub line: Option<u64>,
    /// What is wrong, as words that follow a colon.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}, line {line}: {}", self.file, self.what),
            None => write!(f, "{}: {}", self.file, self.what),
        }
    }
}

impl Verified {
    /// The largest number of damaged places that are described.
    pub const MAX_DAMAGE: usize = 100;

    /// Whether no line was changed, removed, inserted or reordered.
    pub fn is_whole(&self) -> bool {
        self.damage.is_empty()
    }
}

/// Checks the log in `dir`, line by line, in bounded memory. Without a `verifier`, hashes are checked
/// and signatures are not. The log may be open.
///
/// # Errors
/// A file cannot be read. What is wrong with a log is in [`Verified`].
pub fn verify(dir: &Path, verifier: Option<&dyn Verifier>) -> Result<Verified, AuditError> {
    /// How often a log is read whose oldest files expire meanwhile.
    const MAX_ATTEMPTS: usize = 100;
    let mut attempts = 1;
    loop {
        let before = files(dir)?;
        let found = verify_once(dir, verifier);
        let after = files(dir)?;
        if attempts == MAX_ATTEMPTS || before.iter().all(|file| after.contains(file)) {
            return found;
        }
        attempts += 1;
    }
}

fn verify_once(dir: &Path, verifier: Option<&dyn Verifier>) -> Result<Verified, AuditError> {
    // The head is read first: lines that are appended meanwhile come after it.
    let head = head::read(dir)?;
    let files = files(dir)?;
    let mut check = Check::new(head, verifier);
    for (at, file) in files.iter().enumerate() {
        check.file(file, at + 1 == files.len())?;
    }
    check.end();
    Ok(check.found)
}

/// The state of a check between two lines.
struct Check<'a> {
    head: HeadContent,
    /// The hash of the line with the number of the head.
    hash_at_head: Option<LineHash>,
    verifier: Option<&'a dyn Verifier>,
    found: Verified,
    /// Number and hash of the last line.
    last: Option<Head>,
    /// The name of the file before, and the place of its last line.
    before: Option<String>,
    /// The first file of the log says that this file came before.
    gone: Option<(String, FileEnd)>,
    /// Files that the log says expired.
    expired: HashSet<(String, LineHash)>,
}

impl<'a> Check<'a> {
    fn new(head: HeadContent, verifier: Option<&'a dyn Verifier>) -> Self {
        Self {
            head,
            hash_at_head: None,
            verifier,
            found: Verified::default(),
            last: None,
            before: None,
            gone: None,
            expired: HashSet::new(),
        }
    }

    fn file(&mut self, file: &LogFile, is_newest: bool) -> Result<(), AuditError> {
        self.found.files += 1;
        // The newest file may be finished after its lines were read, and its signature is then of
        // more lines.
        let is_open = is_newest && !file.signature().exists();
        let (mut digest, mut place) = (Sha256::new(), 0);
        let mut first = None;
        for raw in file.lines()? {
            let raw = raw?;
            place += 1;
            digest.update(&raw.bytes);
            if !raw.is_whole {
                self.torn(file, place, raw.bytes.len(), is_newest);
                continue;
            }
            digest.update(b"\n");
            self.line(file, place, &raw.bytes);
            first = first.or_else(|| self.last.map(|last| last.seq));
        }
        if place == 0 && !is_newest {
            self.damaged(file, None, "the file has no line");
        }
        let sha256 = LineHash::finished(digest);
        if !is_open {
            self.signature(file, first, sha256)?;
        }
        self.before = Some(file.name());
        Ok(())
    }

    fn torn(&mut self, file: &LogFile, place: u64, bytes: usize, is_newest: bool) {
        if is_newest {
            let what = format!(
                "the last {bytes} bytes are no whole line: the line is being written, or a crash \
                 tore it and the next start moves it aside"
            );
            self.note(file, Some(place), what);
        } else {
            self.damaged(file, Some(place), "the line has no line end");
        }
    }

    fn line(&mut self, file: &LogFile, place: u64, bytes: &[u8]) {
        self.found.lines += 1;
        let hash = LineHash::of(bytes);
        let due = self.last.map_or(file.first, |last| last.seq + 1);
        let line = match Line::parse(bytes) {
            Ok(line) => line,
            Err(error) => {
                self.damaged(file, Some(place), chain(&error));
                self.last = Some(Head { seq: due, hash });
                return;
            }
        };
        self.linked(file, place, &line, due);
        if let HeadContent::Known(head) = self.head
            && head.seq == line.seq
        {
            self.hash_at_head = Some(hash);
        }
        self.found.first = self.found.first.or(line.time());
        self.found.last = line.time().or(self.found.last);
        match (&line.entry, place) {
            (Entry::Header(header), 1) => self.header(file, header, line.prev),
            (Entry::Header(_), _) => {
                self.damaged(file, Some(place), "a header is not at the beginning of its file");
            }
            (_, 1) => self.damaged(file, Some(place), "the file does not begin with a header"),
            _ => {}
        }
        self.entry(file, place, &line.entry);
        self.last = Some(Head { seq: line.seq, hash });
    }

    /// Checks number and hash of a line against the line before, if there is one.
    fn linked(&mut self, file: &LogFile, place: u64, line: &Line, due: u64) {
        let seq = line.seq;
        if seq > due {
            let lost = lines(due, seq - 1);
            let what =
                format!("the line has the number {seq} in the place of {due}: {lost} missing");
            self.damaged(file, Some(place), what);
        } else if seq < due {
            let what = format!(
                "the line has the number {seq} in the place of {due}: a line was inserted, repeated \
                 or moved"
            );
            self.damaged(file, Some(place), what);
        }
        if let Some(last) = self.last
            && last.hash != line.prev
        {
            let what = "the line does not follow the line before: one of the two was changed, or \
                        lines between them were removed, inserted or moved";
            self.damaged(file, Some(place), what);
        }
    }

    /// Checks which file a file says it follows.
    fn header(&mut self, file: &LogFile, header: &Header, prev: LineHash) {
        let name = file.name();
        if header.file != name {
            let what = format!("the file was renamed: its header says `{}`", header.file);
            self.damaged(file, Some(1), what);
        }
        let after = header.after.as_ref();
        match (&self.before, after) {
            (Some(before), Some(after)) if *before == after.file => {
                if after.hash != prev {
                    let what = "the header contradicts itself about the file before";
                    self.damaged(file, Some(1), what);
                }
            }
            (Some(before), Some(after)) => {
                let what = format!("`{}` is missing before it; `{before}` is there", after.file);
                self.damaged(file, Some(1), what);
            }
            (Some(before), None) => {
                let what = format!("the header says that it is the first file, after `{before}`");
                self.damaged(file, Some(1), what);
            }
            // Whether the file before expired is said by a later line.
            (None, Some(after)) => self.gone = Some((name, after.clone())),
            (None, None) if file.first == 1 && prev == LineHash::ZERO => {}
            (None, None) => {
                let what = format!("{} missing before it", lines(1, file.first.saturating_sub(1)));
                self.damaged(file, Some(1), what);
            }
        }
    }

    fn entry(&mut self, file: &LogFile, place: u64, entry: &Entry) {
        match entry {
            Entry::Question(_) => self.found.questions += 1,
            Entry::Torn(torn) => {
                let what = format!(
                    "{} bytes of a torn line were moved aside at {}",
                    torn.bytes,
                    time_text(torn.time)
                );
                self.note(file, Some(place), what);
            }
            Entry::Damage(damage) => self.damaged(file, Some(place), sentence(damage)),
            Entry::Unrecorded(missing) => {
                let what = format!(
                    "{} answered and {} refused questions before {} are not in the log",
                    missing.answered,
                    missing.refused,
                    time_text(missing.time)
                );
                self.note(file, Some(place), what);
            }
            Entry::Expired(expired) => {
                self.expired.insert((expired.end.file.clone(), expired.end.hash));
            }
            Entry::Header(_) => {}
            Entry::Other => {
                let what = "the line is of a newer version of Coral: only its hash was checked";
                self.note(file, Some(place), what);
            }
        }
    }

    /// Checks `NAME.sig` of a finished file.
    fn signature(
        &mut self,
        file: &LogFile,
        first: Option<u64>,
        sha256: LineHash,
    ) -> Result<(), AuditError> {
        let read = FileSignature::read(file)
            .map_err(|source| AuditError::Read { path: file.signature(), source })?;
        let signature = match read {
            None => {
                self.damaged(file, None, "the signature is missing");
                return Ok(());
            }
            Some(None) => {
                self.damaged(file, None, "the signature was changed: it is not readable");
                return Ok(());
            }
            Some(Some(signature)) => signature,
        };
        let last = self.last.map(|last| (last.seq, last.hash));
        let is_same = signature.file == file.name()
            && Some(signature.first) == first
            && Some((signature.last, signature.last_hash)) == last
            && signature.sha256 == sha256;
        if !is_same {
            self.damaged(file, None, "the file, or its signature, was changed");
        }
        match (&signature.signature, &signature.signed_by, self.verifier) {
            (None, None, _) if self.found.signed + self.found.unchecked > 0 => {
                self.damaged(file, None, "the file is unsigned, after files with a signature");
            }
            (None, None, _) => self.found.unsigned += 1,
            (Some(_), Some(_), None) => self.found.unchecked += 1,
            (Some(_), Some(signer), Some(verifier)) => {
                let bytes = signature.signature_bytes();
                let bytes = bytes.ok_or_else(|| "it is not base64".to_owned());
                let checked =
                    bytes.and_then(|bytes| verifier.verify(signer, &signature.message(), &bytes));
                match checked {
                    Ok(()) => self.found.signed += 1,
                    Err(why) => {
                        let what = format!("the signature of `{signer}` is not accepted: {why}");
                        self.damaged(file, None, what);
                    }
                }
            }
            _ => self.damaged(file, None, "the signature was changed: a part of it is missing"),
        }
        Ok(())
    }

    /// Checks what only the end of the log shows.
    fn end(&mut self) {
        if let Some((file, after)) = self.gone.take()
            && !self.expired.contains(&(after.file.clone(), after.hash))
        {
            let what = format!("`{}` is missing before it, and did not expire", after.file);
            self.push(Finding { file, line: Some(1), what });
        }
        let last = self.last.map_or(0, |last| last.seq);
        let wrong = match self.head {
            HeadContent::Missing if last <= 1 => None,
            HeadContent::Missing => Some("the file is missing".to_owned()),
            HeadContent::Unreadable => Some("the file was changed: it is not readable".to_owned()),
            HeadContent::Known(head) if head.seq > last => Some(format!(
                "the log ended with line {}: {} missing at its end",
                head.seq,
                lines(last + 1, head.seq)
            )),
            HeadContent::Known(head) if self.hash_at_head != Some(head.hash) => {
                Some(format!("line {} is not the line that was written last", head.seq))
            }
            HeadContent::Known(_) => None,
        };
        if let Some(what) = wrong {
            self.push(Finding { file: "head".to_owned(), line: None, what });
        }
    }

    fn damaged(&mut self, file: &LogFile, line: Option<u64>, what: impl Into<String>) {
        self.push(Finding { file: file.name(), line, what: what.into() });
    }

    fn push(&mut self, finding: Finding) {
        if self.found.damage.len() < Verified::MAX_DAMAGE {
            self.found.damage.push(finding);
        } else {
            self.found.more_damage += 1;
        }
    }

    fn note(&mut self, file: &LogFile, line: Option<u64>, what: impl Into<String>) {
        self.found.notes.push(Finding { file: file.name(), line, what: what.into() });
    }
}

fn sentence(damage: &Damage) -> String {
    let numbers = match (damage.first, damage.last) {
        (Some(first), Some(last)) => format!(" ({})", numbers(first, last)),
        _ => String::new(),
    };
    format!("{}{numbers} when the log was opened at {}", damage.what, time_text(damage.time))
}

/// `line 7`, `lines 7 to 9`.
fn numbers(first: u64, last: u64) -> String {
    if first >= last { format!("line {first}") } else { format!("lines {first} to {last}") }
}

/// `line 7 is`, `lines 7 to 9 are`.
fn lines(first: u64, last: u64) -> String {
    let verb = if first >= last { "is" } else { "are" };
    format!("{} {verb}", numbers(first, last))
}
