//! `coral audit`: reads the audit log of this host.

mod otlp;

use std::collections::VecDeque;
use std::path::PathBuf;

use coral_server::audit::{self, AuditError, AuditRecord, Decision, LogFile, Question, Verifier};
use coral_trace::units::When;
use coral_trace::{UnixNanos, chain};
use coral_trust::authority::{certificates, is_signed_by};
use coral_trust::directory::TrustDir;
use rustls::pki_types::CertificateDer;
use serde::Serialize;

use super::asked_at::AskedAt;
use super::{Failure, print, print_serialized, usual_data_dir};
use crate::args::{
    AuditExportArgs, AuditFormat, AuditListArgs, AuditPlace, AuditVerifyArgs, StatusFormat,
};
use crate::show::audit as show;
use crate::terminal::{Progress, screen};

/// A question with the number of its line, as `coral audit` prints it in JSON.
#[derive(Serialize)]
pub(crate) struct NumberedQuestion {
    /// The number of the line.
    pub seq: u64,
    /// The question.
    #[serde(flatten)]
    pub record: Box<AuditRecord>,
}

/// The answer of `coral audit list`.
#[derive(Serialize, Default)]
pub(crate) struct QuestionList {
    /// The questions, the newest last.
    pub questions: VecDeque<NumberedQuestion>,
    /// The number of lines that cannot be read.
    pub unreadable: u64,
}

pub(super) fn list(args: &AuditListArgs, asked: &AskedAt) -> Result<(), Failure> {
    let dir = directory(&args.place)?;
    let since = instant(args.since, asked)?;
    let is_wanted = |record: &AuditRecord| {
        record.time >= since
            && args.who.as_ref().is_none_or(|who| *who == record.requester.name)
            && (!args.denied || record.decision == Decision::Denied)
    };
    let mut list = QuestionList::default();
    // From the newest file back, until there are enough questions or all older ones are too old.
    for file in audit::files(&dir).map_err(failure)?.iter().rev() {
        let room = args.last as usize - list.questions.len();
        let mut of_file = VecDeque::new();
        for question in file.questions().map_err(failure)? {
            match question.map_err(failure)? {
                Question::Recorded { seq, record } if is_wanted(&record) => {
                    if of_file.len() == room {
                        of_file.pop_front();
                    }
                    of_file.push_back(NumberedQuestion { seq, record });
                }
                Question::Recorded { .. } => {}
                Question::Unreadable => list.unreadable += 1,
            }
        }
        of_file.append(&mut list.questions);
        list.questions = of_file;
        if list.questions.len() == args.last as usize || !has_older(file, since)? {
            break;
        }
    }
    match args.format {
        StatusFormat::Json => print_serialized(&list),
        StatusFormat::Text => print(&show::list(&list, asked.zone(), screen())),
    }
}

pub(super) fn verify(args: &AuditVerifyArgs) -> Result<(), Failure> {
    let dir = directory(&args.place)?;
    let found = {
        let _waiting = Progress::of("Verifying the audit log");
        let roots = RootsVerifier::of(&args.place);
        let verifier = roots.as_ref().map(|roots| roots as &dyn Verifier);
        audit::verify(&dir, verifier).map_err(failure)?
    };
    print(&show::verified(&found))?;
    if found.is_whole() { Ok(()) } else { Err(Failure::silent()) }
}

pub(super) fn export(args: &AuditExportArgs, asked: &AskedAt) -> Result<(), Failure> {
    let dir = directory(&args.place)?;
    let since = instant(args.since, asked)?;
    let format = match (&args.to, args.format) {
        (Some(_), None | Some(AuditFormat::Otlp)) => AuditFormat::Otlp,
        (Some(_), Some(_)) => {
            return Err(Failure::with_hint("--to sends OTLP only", "add --format otlp"));
        }
        (None, format) => format.unwrap_or(AuditFormat::Jsonl),
    };
    let mut files = audit::files(&dir).map_err(failure)?;
    let mut begin = files.len();
    while begin > 0 {
        begin -= 1;
        if !has_older(&files[begin], since)? {
            break;
        }
    }
    files.drain(..begin);
    let mut sender = args.to.as_deref().map(otlp::Sender::new);
    if format == AuditFormat::Csv {
        print(show::CSV_HEADER)?;
    }
    let mut unreadable = 0;
    for file in files {
        for question in file.questions().map_err(failure)? {
            match question.map_err(failure)? {
                Question::Recorded { record, .. } if record.time < since => {}
                Question::Recorded { seq, record } => {
                    let question = NumberedQuestion { seq, record };
                    match (&mut sender, format) {
                        (Some(sender), _) => sender.add(question)?,
                        (None, AuditFormat::Otlp) => {
                            print_serialized(&otlp::request(&[question]))?;
                        }
                        (None, AuditFormat::Jsonl) => print_serialized(&question)?,
                        (None, AuditFormat::Csv) => print(&show::csv_row(&question))?,
                    }
                }
                Question::Unreadable => unreadable += 1,
            }
        }
    }
    if let Some(sender) = sender {
        print(&sender.finish()?)?;
    }
    match show::unreadable(unreadable) {
        None => Ok(()),
        Some(sentence) => {
            eprintln!("{sentence}");
            Ok(())
        }
    }
}

/// Whether files before `file` may have questions from `since` on.
fn has_older(file: &LogFile, since: UnixNanos) -> Result<bool, Failure> {
    Ok(file.began().map_err(failure)?.is_none_or(|began| began > since))
}

fn instant(since: Option<When>, asked: &AskedAt) -> Result<UnixNanos, Failure> {
    let since = since.map(|when| asked.instant(when)).transpose()?;
    Ok(since.map_or(UnixNanos(0), UnixNanos::from_micros))
}

/// The directory of the audit log of this host.
fn directory(place: &AuditPlace) -> Result<PathBuf, Failure> {
    let (data_dir, _) = usual_data_dir(place.data_dir.clone());
    let dir = data_dir.join("audit");
    match dir.metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Failure::with_hint(
            format!("there is no audit log in `{}`", dir.display()),
            "name the data directory of the colony with --data-dir DIR",
        )),
        // What else is wrong is said by the first attempt to read.
        _ => Ok(dir),
    }
}

/// Checks signatures with the CAs of the colony of this host.
struct RootsVerifier(Vec<CertificateDer<'static>>);

impl RootsVerifier {
    /// The CAs; `None` if the colony has none, or this user may not read them.
    fn of(place: &AuditPlace) -> Option<Self> {
        let (data_dir, _) = usual_data_dir(place.data_dir.clone());
        let pem = std::fs::read_to_string(TrustDir::of(&data_dir).path("ca-roots.crt")).ok()?;
        Some(Self(certificates(&pem)))
    }
}

impl Verifier for RootsVerifier {
    fn verify(&self, _signer: &str, message: &[u8], signature: &[u8]) -> Result<(), String> {
        match is_signed_by(&self.0, message, signature) {
            true => Ok(()),
            false => Err("it is not that of the colony's certificate authority".to_owned()),
        }
    }
}

fn failure(error: AuditError) -> Failure {
    let is_denied = std::error::Error::source(&error)
        .and_then(|source| source.downcast_ref::<std::io::Error>())
        .is_some_and(|source| source.kind() == std::io::ErrorKind::PermissionDenied);
    match is_denied {
        true => Failure::with_hint(chain(&error), "run this command as the user of the colony"),
        false => Failure::new(chain(&error)),
    }
}
