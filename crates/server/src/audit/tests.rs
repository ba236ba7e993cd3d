//! Tests of the audit log, with a fake key.

mod crash;
mod full_disk;
mod mutation;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use coral_trace::UnixNanos;
use proptest::prelude::*;
use tempfile::TempDir;

use super::line::{Entry, Line};
use super::*;

const START: UnixNanos = UnixNanos(1_795_608_000_000_000_000);

/// A key whose signatures are the hash of the message with a secret before it.
struct FakeKey;

impl Signer for FakeKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(LineHash::of(&[b"secret", message].concat()).to_string().into_bytes())
    }

    fn name(&self) -> &str {
        "CN=colony"
    }
}

impl Verifier for FakeKey {
    fn verify(&self, signer: &str, message: &[u8], signature: &[u8]) -> Result<(), String> {
        match self.sign(message) {
            Ok(right) if right == signature && signer == self.name() => Ok(()),
            _ => Err("it is of another message".to_owned()),
        }
    }
}

/// A key that is not there.
struct NoKey;

impl Signer for NoKey {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SignError> {
        Err("the key is locked away".into())
    }

    fn name(&self) -> &str {
        "CN=colony"
    }
}

fn settings(dir: &Path) -> AuditSettings {
    AuditSettings {
        dir: dir.to_owned(),
        max_file_bytes: 2_000,
        max_file_age: Duration::from_secs(86_400),
        keep: None,
        refuse_when_full: true,
    }
}

fn open_with(settings: AuditSettings) -> AuditLog {
    AuditLog::open(settings, Some(Arc::new(FakeKey)), START).unwrap()
}

fn open(dir: &Path) -> AuditLog {
    open_with(settings(dir))
}

fn second(number: u64) -> UnixNanos {
    UnixNanos(START.0 + number * 1_000_000_000)
}

fn record(number: u64) -> AuditRecord {
    AuditRecord {
        time: second(number),
        requester: Requester {
            name: "ada".to_owned(),
            role: "reader".to_owned(),
            proof: "token 3f2a".to_owned(),
        },
        remote_address: Some(([10, 0, 0, 7], 40_123).into()),
        surface: AuditSurface::Http,
        method: "GET".to_owned(),
        path: "/api/v1/traces".to_owned(),
        question: format!("/api/v1/traces?service=payments&limit={number}"),
        services: vec!["payments".to_owned()],
        since: Some(START),
        until: None,
        trace_ids: Vec::new(),
        filters: vec!["status:error".to_owned()],
        rows: 20,
        bytes: 4_096,
        duration_us: 1_250,
        decision: Decision::Allowed,
        reason: None,
        status: Some(200),
    }
}

/// A closed log of `questions` questions, in several files.
fn log_of(questions: u64) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    for number in 0..questions {
        log.append(&record(number)).unwrap();
    }
    drop(log);
    dir
}

fn check(dir: &Path) -> Verified {
    verify(dir, Some(&FakeKey)).unwrap()
}

fn damage(dir: &Path) -> Vec<String> {
    check(dir).damage.iter().map(ToString::to_string).collect()
}

fn notes(dir: &Path) -> Vec<String> {
    check(dir).notes.iter().map(ToString::to_string).collect()
}

/// Every line of every file, with the name of the file.
fn lines_of(dir: &Path) -> Vec<(String, Line)> {
    let mut lines = Vec::new();
    for file in files(dir).unwrap() {
        let text = fs::read_to_string(&file.path).unwrap();
        lines.extend(text.lines().map(|line| (file.name(), Line::parse(line.as_bytes()).unwrap())));
    }
    lines
}

fn counters(log: &AuditLog) -> BTreeMap<String, u64> {
    log.counters().into_iter().collect()
}

#[test]
fn each_question_is_one_line_with_its_number_and_the_hash_of_the_line_before() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    log.append(&record(1)).unwrap();
    let text = fs::read_to_string(dir.path().join("audit-000000000001.jsonl")).unwrap();
    let hashless = |line: &str| {
        let (before, after) = line.split_at(line.find("prev").unwrap() + 7);
        format!("{before}…{}\n", &after[64..])
    };
    let shown: String = text.lines().map(hashless).collect();
    let expected = concat!(
        r#"{"seq":1,"prev":"…","kind":"header","time":"2026-11-25T12:00:00.000000Z","#,
        r#""file":"audit-000000000001.jsonl"}"#,
        "\n",
        r#"{"seq":2,"prev":"…","kind":"question","time":"2026-11-25T12:00:01.000000Z","#,
        r#""requester":{"name":"ada","role":"reader","proof":"token 3f2a"},"#,
        r#""remote_address":"10.0.0.7:40123","surface":"http","method":"GET","#,
        r#""path":"/api/v1/traces","question":"/api/v1/traces?service=payments&limit=1","#,
        r#""services":["payments"],"since":"2026-11-25T12:00:00.000000Z","#,
        r#""filters":["status:error"],"rows":20,"bytes":4096,"duration_us":1250,"#,
        r#""decision":"allowed","status":200}"#,
        "\n",
    );
    assert_eq!(shown, expected);
    let counters = counters(&log);
    assert_eq!(counters["coral.audit.written"], 2);
    assert_eq!(counters["coral.audit.bytes"], text.len() as u64);
}

#[test]
fn the_line_of_a_question_is_read_back_as_it_was_written() {
    let record = AuditRecord { question: "a\n\"b\"\u{1}\u{2028}é".to_owned(), ..record(3) };
    let entry = Entry::Question(Box::new(record.clone()));
    let body = line::question(&record).unwrap();
    assert_eq!(body, line::body(&entry).unwrap());
    let bytes = line::compose(7, &LineHash::of(b"x"), &body);
    let parsed = Line::parse(bytes.strip_suffix(b"\n").unwrap()).unwrap();
    assert_eq!(parsed, Line { seq: 7, prev: LineHash::of(b"x"), entry });
    assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), 1);
}

#[test]
fn a_line_with_further_fields_or_of_a_newer_kind_is_read() {
    let dir = log_of(0);
    let mut header = serde_json::to_value(&lines_of(dir.path())[0].1).unwrap();
    header["colour"] = "blue".into();
    assert!(Line::parse(header.to_string().as_bytes()).is_ok());
    header["kind"] = "postcard".into();
    let newer = Line::parse(header.to_string().as_bytes()).unwrap();
    assert_eq!(newer.entry, Entry::Other);
}

#[test]
fn a_log_of_several_files_verifies_with_every_finished_file_signed() {
    let dir = log_of(20);
    let found = check(dir.path());
    assert_eq!((found.damage.len(), found.notes.len(), found.questions), (0, 0, 20));
    assert!(found.files >= 3 && found.signed == found.files - 1, "{found:?}");
    assert_eq!((found.first, found.last), (Some(START), Some(second(19))));
    let unchecked = verify(dir.path(), None).unwrap();
    assert_eq!((unchecked.signed, unchecked.unchecked), (0, found.signed));
    let mode = |path: &Path| {
        use std::os::unix::fs::PermissionsExt as _;
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    };
    for entry in fs::read_dir(dir.path()).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

#[test]
fn a_directory_without_a_log_verifies_as_empty() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(verify(&dir.path().join("audit"), None).unwrap(), Verified::default());
}

#[test]
fn a_log_that_is_opened_again_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    for number in 0..12 {
        open(dir.path()).append(&record(number)).unwrap();
    }
    let found = check(dir.path());
    assert_eq!((damage(dir.path()), found.questions), (vec![], 12));
    let numbers: Vec<u64> = lines_of(dir.path()).iter().map(|(_, line)| line.seq).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
}

#[test]
fn lines_of_several_threads_are_one_chain() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let log = log.clone();
            scope.spawn(move || {
                (0..25).for_each(|number| log.append(&record(thread * 25 + number)).unwrap());
            });
        }
    });
    // The log is verified while it is open.
    let found = check(dir.path());
    assert_eq!((found.damage, found.questions), (vec![], 100));
    assert_eq!(counters(&log)["coral.audit.rotated"], found.files - 1);
}

#[test]
fn a_log_verifies_at_any_moment_while_questions_are_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let keep = Some(Duration::from_secs(20));
    let log = open_with(AuditSettings { keep, ..settings(dir.path()) });
    std::thread::scope(|scope| {
        let writing =
            scope.spawn(|| (0..200).for_each(|number| log.append(&record(number)).unwrap()));
        while !writing.is_finished() {
            assert_eq!(damage(dir.path()), Vec::<String>::new());
        }
    });
}

#[test]
fn a_second_process_cannot_write_the_same_log() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path());
    let second = AuditLog::open(settings(dir.path()), None, START).err().unwrap();
    assert!(matches!(second, AuditError::Locked { .. }), "{second}");
    drop(first);
    open(dir.path());
}

#[test]
fn a_file_of_its_largest_age_is_finished_by_the_next_question_or_sync() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_with(AuditSettings { max_file_bytes: u64::MAX, ..settings(dir.path()) });
    let day = 86_400;
    // A file without a line beside its header stays.
    log.sync(second(2 * day)).unwrap();
    assert_eq!(files(dir.path()).unwrap().len(), 1);
    log.append(&record(day - 1)).unwrap();
    assert_eq!(files(dir.path()).unwrap().len(), 1);
    log.append(&record(day)).unwrap();
    assert_eq!(files(dir.path()).unwrap().len(), 2);
    log.sync(second(3 * day)).unwrap();
    assert_eq!(files(dir.path()).unwrap().len(), 3);
    assert_eq!(damage(dir.path()), Vec::<String>::new());
}

#[test]
fn files_are_deleted_at_the_end_of_their_retention_and_the_log_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let keep = Some(Duration::from_secs(5));
    let log = open_with(AuditSettings { keep, ..settings(dir.path()) });
    (0..40).for_each(|number| log.append(&record(number)).unwrap());
    let oldest = files(dir.path()).unwrap().remove(0);
    assert!(oldest.first > 1);
    assert_eq!(damage(dir.path()), Vec::<String>::new());
    let expired = lines_of(dir.path())
        .iter()
        .filter(|(_, line)| matches!(line.entry, Entry::Expired(_)))
        .count();
    assert!(expired > 0);
    // A file that goes without such a line is missing.
    fs::remove_file(&oldest.path).unwrap();
    let found = damage(dir.path());
    let expected = format!("`{}` is missing before it, and did not expire", oldest.name());
    assert!(found[0].contains(&expected), "{found:?}");
}

#[test]
fn files_without_a_key_are_unsigned_and_verify_counts_them() {
    let dir = tempfile::tempdir().unwrap();
    let log = AuditLog::open(settings(dir.path()), None, START).unwrap();
    (0..20).for_each(|number| log.append(&record(number)).unwrap());
    let found = check(dir.path());
    assert_eq!((found.damage, found.signed, found.unsigned), (vec![], 0, found.files - 1));
}

#[test]
fn a_signature_that_is_taken_away_is_found() {
    let dir = log_of(20);
    let newest = files(dir.path()).unwrap().remove(1);
    let path = newest.signature();
    let mut signature: serde_json::Value =
        serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let signature = signature["signature"].take();
    let unsigned = text
        .replace(&signature.to_string(), "null")
        .replace(r#""signed_by":"CN=colony""#, r#""signed_by":null"#);
    fs::write(&path, unsigned).unwrap();
    let expected = format!("{}: the file is unsigned, after files with a signature", newest.name());
    assert_eq!(damage(dir.path()), [expected]);
}

#[test]
fn a_log_whose_key_is_not_there_goes_on_in_its_file() {
    let dir = tempfile::tempdir().unwrap();
    let log = AuditLog::open(settings(dir.path()), Some(Arc::new(NoKey)), START).unwrap();
    (0..20).for_each(|number| log.append(&record(number)).unwrap());
    log.sync(second(20)).unwrap();
    let found = check(dir.path());
    assert_eq!((found.damage, found.files, found.questions), (vec![], 1, 20));
    // One attempt by a question, one by the sync.
    assert_eq!(counters(&log)["coral.audit.failures"], 2);
    drop(log);
    open(dir.path()).append(&record(20)).unwrap();
    let found = check(dir.path());
    assert_eq!((found.damage, found.files, found.signed), (vec![], 2, 1));
}

#[test]
fn a_question_that_is_longer_than_a_line_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let long = AuditRecord { question: "x".repeat(line::MAX_LINE_BYTES), ..record(1) };
    assert!(matches!(log.append(&long), Err(AuditError::TooLong { .. })));
    log.append(&record(2)).unwrap();
    assert_eq!(damage(dir.path()), Vec::<String>::new());
}

proptest! {
    #[test]
    fn no_bytes_make_the_line_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Line::parse(&bytes);
    }

    #[test]
    fn what_is_read_of_a_changed_line_is_the_same_after_it_is_written_again(
        at in any::<prop::sample::Index>(),
        digit in b' '..=b'~',
    ) {
        let body = line::question(&record(1)).unwrap();
        let mut bytes = line::compose(1, &LineHash::ZERO, &body);
        bytes.pop();
        let at = at.index(bytes.len());
        bytes[at] = digit;
        if let Ok(line) = Line::parse(&bytes) {
            let written = serde_json::to_vec(&line).unwrap();
            prop_assert_eq!(Line::parse(&written).unwrap(), line);
        }
    }
}
