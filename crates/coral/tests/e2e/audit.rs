//! `coral audit`, on logs that `coral-server` wrote.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use coral_server::audit::{
    AuditLog, AuditRecord, AuditSettings, AuditSurface, Decision, Requester,
};
use coral_trace::UnixNanos;
use expect_test::expect;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::process::coral;

const START: UnixNanos = UnixNanos(1_795_608_000_000_000_000);

fn record(number: u64, who: &str, decision: Decision) -> AuditRecord {
    AuditRecord {
        time: UnixNanos(START.0 + number * 60_000_000_000),
        requester: Requester {
            name: who.to_owned(),
            role: "reader".to_owned(),
            proof: "token 3f2a".to_owned(),
        },
        remote_address: Some(([10, 0, 0, 7], 40_123).into()),
        surface: AuditSurface::Http,
        method: "GET".to_owned(),
        path: "/api/v1/traces".to_owned(),
        question: format!("/api/v1/traces?service=pay&limit={number}"),
        services: vec!["pay".to_owned(), "cart".to_owned()],
        since: Some(START),
        until: None,
        trace_ids: Vec::new(),
        filters: vec!["status:error".to_owned()],
        rows: 20 * number,
        bytes: 4_096,
        duration_us: 1_250,
        decision,
        reason: (decision == Decision::Denied).then(|| "the role is too low".to_owned()),
        status: Some(if decision == Decision::Denied { 403 } else { 200 }),
    }
}

/// A data directory with an audit log of several files: `ada` asks each minute, and `eve` in vain
/// each fifth.
fn data_dir(questions: u64) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let settings = AuditSettings {
        dir: dir.path().join("audit"),
        max_file_bytes: 2_000,
        max_file_age: Duration::from_secs(86_400),
        keep: None,
        refuse_when_full: true,
    };
    let log = AuditLog::open(settings, None, START).unwrap();
    for number in 1..=questions {
        let record = match number % 5 {
            0 => record(number, "eve\u{1b}[2J", Decision::Denied),
            _ => record(number, "ada", Decision::Allowed),
        };
        log.append(&record).unwrap();
    }
    dir
}

/// Exit code, standard output and standard error of `coral audit LINE --data-dir DIR`.
fn audit(line: &str, dir: &Path) -> (Option<i32>, String, String) {
    let mut command = coral();
    command.arg("audit").args(line.split_whitespace()).arg("--data-dir").arg(dir);
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn answer(line: &str, dir: &Path) -> String {
    let (code, answer, error) = audit(line, dir);
    assert_eq!((code, error.as_str()), (Some(0), ""), "{line}: {answer}");
    answer
}

#[test]
fn the_last_questions_are_listed_with_the_newest_at_the_bottom() {
    let dir = data_dir(12);
    let page = answer("list --last 3", dir.path());
    let lines: Vec<&str> = page.lines().collect();
    assert_eq!(lines.len(), 6, "{page}");
    let expected = [
        "2026-11-25 12:10:00 | eve\\u{1b}[2J (token 3f2a) | 10.0.0.7 | denied ",
        "2026-11-25 12:11:00 | ada (token 3f2a) ",
        "2026-11-25 12:12:00 | ada (token 3f2a) ",
    ];
    for (line, expected) in lines[2..].iter().zip(expected) {
        assert!(line.starts_with(expected), "{page}");
    }
    assert_eq!(lines[5], "3 questions. Times are UTC.");
}

#[test]
fn questions_are_selected_by_requester_decision_and_time() {
    let dir = data_dir(23);
    let limits = |line: &str| {
        let answer: Value = serde_json::from_str(&answer(line, dir.path())).unwrap();
        let questions = answer["questions"].as_array().unwrap().clone();
        let rows = questions.iter().map(|question| question["rows"].as_u64().unwrap() / 20);
        rows.collect::<Vec<_>>()
    };
    assert_eq!(limits("list --format json --denied"), [5, 10, 15, 20]);
    assert_eq!(limits("list --format json --denied --last 2"), [15, 20]);
    assert_eq!(limits("list --format json --who ada --last 3"), [21, 22, 23]);
    assert_eq!(limits("list --format json --since 2026-11-25T12:20:30Z"), [21, 22, 23]);
    assert_eq!(limits("list --format json --who nobody"), Vec::<u64>::new());
    assert_eq!(limits("list --format json --last 100"), (1..=23).collect::<Vec<_>>());
    assert_eq!(answer("list --who nobody", dir.path()), "No such question is recorded.\n");
}

#[test]
fn an_untouched_log_verifies_and_a_changed_one_is_exit_code_1_with_the_place() {
    let dir = data_dir(12);
    expect![[r#"
        3 files, 15 lines, 12 questions, from 2026-11-25T12:00:00.000000Z to 2026-11-25T12:12:00.000000Z.
        2 finished files without a signature: the colony had no key.
        No line was changed, removed, inserted or reordered.
    "#]]
    .assert_eq(&answer("verify", dir.path()));
    let file = dir.path().join("audit/audit-000000000001.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("limit=2", "limit=3")).unwrap();
    let (code, page, error) = audit("verify", dir.path());
    assert_eq!((code, error.as_str()), (Some(1), ""));
    expect![[r#"
        3 files, 15 lines, 12 questions, from 2026-11-25T12:00:00.000000Z to 2026-11-25T12:12:00.000000Z.
        2 finished files without a signature: the colony had no key.
        Damage: audit-000000000001.jsonl, line 4: the line does not follow the line before: one of the two was changed, or lines between them were removed, inserted or moved.
        Damage: audit-000000000001.jsonl: the file, or its signature, was changed.
        The audit log was changed or is damaged.
    "#]]
    .assert_eq(&page);
}

#[test]
fn a_directory_without_a_log_is_a_failure_with_the_next_step() {
    let dir = tempfile::tempdir().unwrap();
    for line in ["list", "verify", "export"] {
        let (code, _, error) = audit(line, dir.path());
        assert_eq!(code, Some(1), "{line}");
        assert!(error.contains("Error: there is no audit log in `"), "{error}");
        assert!(error.contains("Hint: name the data directory of the colony with --data-dir"));
    }
}

#[test]
fn questions_are_exported_as_json_lines_csv_and_otlp() {
    let dir = data_dir(9);
    let jsonl = answer("export --since 2026-11-25T12:08:30Z", dir.path());
    expect![[r#"
        {"seq":12,"time":"2026-11-25T12:09:00.000000Z","requester":{"name":"ada","role":"reader","proof":"token 3f2a"},"remote_address":"10.0.0.7:40123","surface":"http","method":"GET","path":"/api/v1/traces","question":"/api/v1/traces?service=pay&limit=9","services":["pay","cart"],"since":"2026-11-25T12:00:00.000000Z","filters":["status:error"],"rows":180,"bytes":4096,"duration_us":1250,"decision":"allowed","status":200}
    "#]]
    .assert_eq(&jsonl);
    assert_eq!(answer("export", dir.path()).lines().count(), 9);
    let csv = answer("export --format csv", dir.path());
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert_eq!(lines.len(), 11);
    let columns = lines[0].split(',').count();
    assert!(lines[..10].iter().all(|line| line.split(',').count() == columns), "{csv}");
    assert!(lines[5].contains(",eve\\u{1b}[2J,reader,token 3f2a,"), "{csv}");
    assert!(lines[1].contains(",pay cart,2026-11-25T12:00:00.000000Z,,,status:error,20,"), "{csv}");
    let otlp = answer("export --format otlp", dir.path());
    let first: Value = serde_json::from_str(otlp.lines().next().unwrap()).unwrap();
    let resource = &first["resourceLogs"][0];
    let name = json!({ "key": "service.name", "value": { "stringValue": "coral-colony" } });
    assert_eq!(resource["resource"]["attributes"], json!([name]));
    let record = &resource["scopeLogs"][0]["logRecords"][0];
    assert_eq!(record["timeUnixNano"], "1795608060000000000");
    assert_eq!(record["body"]["stringValue"], "/api/v1/traces?service=pay&limit=1");
    let attributes = record["attributes"].as_array().unwrap();
    for attribute in [
        json!({ "key": "user.name", "value": { "stringValue": "ada" } }),
        json!({ "key": "client.port", "value": { "intValue": "40123" } }),
        json!({ "key": "coral.audit.decision", "value": { "stringValue": "allowed" } }),
        json!({ "key": "coral.audit.services", "value": { "arrayValue": { "values": [
            { "stringValue": "pay" }, { "stringValue": "cart" }
        ] } } }),
    ] {
        assert!(attributes.contains(&attribute), "{attribute}");
    }
}

/// Accepts one request of OTLP/HTTP, and answers with `status` and `body`. Returns the URL, and the
/// number of log records once the request came.
fn collector(status: &'static str, body: &'static str) -> (String, std::thread::JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/logs", listener.local_addr().unwrap());
    #[expect(clippy::disallowed_methods, reason = "the test joins it")]
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let (mut length, mut head) = (0, String::new());
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if line.trim().is_empty() {
                break;
            }
            let line = line.to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            head += &line;
        }
        assert!(head.starts_with("post /v1/logs "), "{head}");
        assert!(head.contains("content-type: application/json"), "{head}");
        let mut bytes = vec![0; length];
        reader.read_exact(&mut bytes).unwrap();
        let size = body.len();
        write!(stream, "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {size}\r\nconnection: close\r\n\r\n{body}").unwrap();
        let request: Value = serde_json::from_slice(&bytes).unwrap();
        request["resourceLogs"][0]["scopeLogs"][0]["logRecords"].as_array().unwrap().len()
    });
    (url, thread)
}

#[test]
fn questions_are_sent_to_an_endpoint_and_their_number_is_said() {
    let dir = data_dir(9);
    let (url, received) = collector("200 OK", "{}");
    let said = answer(&format!("export --to {url}"), dir.path());
    assert_eq!(said, format!("Sent 9 questions to {url}.\n"));
    assert_eq!(received.join().unwrap(), 9);
}

#[test]
fn an_endpoint_that_rejects_questions_is_a_failure() {
    let dir = data_dir(9);
    for (status, body, expected) in [
        (
            "200 OK",
            r#"{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"too old"}}"#,
            "rejected 2 of 9 questions: too old",
        ),
        ("503 Service Unavailable", "{}", "503 Service Unavailable {}; 0 questions sent before"),
        ("503 Service Unavailable", "{}", "send the rest with --since 2026-11-25T12:01:00"),
    ] {
        let (url, received) = collector(status, body);
        let (code, _, error) = audit(&format!("export --to {url}"), dir.path());
        assert_eq!(code, Some(1));
        assert!(error.contains(expected), "{error}");
        assert_eq!(received.join().unwrap(), 9);
    }
    let (code, _, error) = audit("export --to http://127.0.0.1:1/v1/logs", dir.path());
    assert_eq!(code, Some(1));
    assert!(error.contains("cannot send questions to http://127.0.0.1:1/v1/logs"), "{error}");
    let (_, _, error) = audit("export --to http://127.0.0.1:1 --format csv", dir.path());
    assert!(error.contains("--to sends OTLP only"), "{error}");
}
