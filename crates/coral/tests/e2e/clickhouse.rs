//! A colony that stores on ClickHouse: the same questions, the same answers, and servers that are not
//! there. Needs a real server: `tools/fetch-clickhouse`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Once;

use coral_cluster::testing::{self, TestServer};

use super::golden::{commands, data, expect_answers};
use super::process::{Coral, coral, eventually};
use crate::path::reference_trace;

/// The program of a ClickHouse server. `None`, and words on standard error, without one; a panic if
/// `CORAL_TEST_CLICKHOUSE_REQUIRED` is set.
fn program() -> Option<PathBuf> {
    let program = testing::program();
    let is_required = std::env::var_os("CORAL_TEST_CLICKHOUSE_REQUIRED").is_some();
    assert!(
        program.is_some() || !is_required,
        "CORAL_TEST_CLICKHOUSE_REQUIRED is set, and CORAL_TEST_CLICKHOUSE_SERVER is not: see tools/fetch-clickhouse"
    );
    if program.is_none() {
        static TOLD: Once = Once::new();
        TOLD.call_once(|| {
            // Straight to standard error: the test harness hides what a test prints.
            let _ = std::io::stderr().write_all(
                b"tests of a colony on ClickHouse left out: no server. `tools/fetch-clickhouse DIR` unpacks one and \
                  prints its path; then CORAL_TEST_CLICKHOUSE_SERVER=PATH\n",
            );
        });
    }
    program
}

/// The settings of a colony whose shards are `servers`.
fn settings(servers: &[TestServer]) -> [String; 2] {
    let urls: Vec<String> =
        servers.iter().map(|server| format!("[\"{}\"]", server.url())).collect();
    [
        "storage.engine=clickhouse".to_owned(),
        format!("storage.clickhouse.shards=[{}]", urls.join(",")),
    ]
}

fn standalone(servers: &[TestServer]) -> Coral {
    let [engine, shards] = settings(servers);
    Coral::standalone_with(&[&engine, &shards, "beyla.enabled=false"])
}

#[test]
fn clickhouse_answers_every_question_as_the_embedded_engine_does() {
    let Some(program) = program() else { return };
    let servers = [(); 2].map(|()| TestServer::start(&program).unwrap());
    let coral = data::filled(standalone(&servers));
    expect_answers(&coral);
    commands::expect_printed(&coral);
}

#[test]
fn a_shard_that_is_killed_is_named_and_nothing_is_lost_or_doubled() {
    let Some(program) = program() else { return };
    let mut servers = [(); 2].map(|()| TestServer::start(&program).unwrap());
    let coral = standalone(&servers);
    let trace = |start: u64| {
        let mut spans = reference_trace(coral_trace::UnixNanos(data::BASE + start));
        for span in &mut spans {
            span.trace_id = coral_trace::TraceId::try_from(u128::from(start)).unwrap();
        }
        spans
    };
    let send = |from: u64| {
        (from..from + 20).for_each(|number| assert_eq!(coral.export(&trace(1 + number)), 200));
    };
    let stored = || {
        let (status, answer) = coral.fetch("colony", "/api/v1/traces?limit=1000&since_unix_us=1");
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        (status, answer)
    };
    let spans_of_all = |wanted: usize| {
        eventually(|| {
            let (status, answer) = stored();
            let traces = answer["traces"].as_array().map_or(0, Vec::len);
            if status == 200 && traces == wanted { Ok(()) } else { Err(answer.to_string()) }
        });
    };
    send(0);
    spans_of_all(20);
    servers[1].kill().unwrap();
    send(20);
    let url = servers[1].url();
    let (status, answer) = stored();
    assert_eq!(status, 503, "{answer}");
    assert!(answer["error"].as_str().unwrap().contains(&url), "{answer}");
    eventually(|| {
        let status = coral.get("colony", "/api/v1/status");
        let shards = &status["store"]["shards"];
        assert_eq!(shards[0]["last_error"], serde_json::Value::Null, "{shards}");
        let problems = status["problems"].to_string();
        let is_named =
            shards[1]["last_error"].is_string() && problems.contains("shard_unavailable");
        if is_named { Ok(()) } else { Err(status.to_string()) }
    });
    let shown = coral.ask("colony status");
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("Degraded") && shown.contains("does not answer"), "{shown}");
    servers[1].run(&program).unwrap();
    spans_of_all(40);
    // Rounds of maintenance fail several times a second, and are not all logged.
    let said = coral.said();
    assert!(said.matches("could not seal or expire").count() <= 2, "{said}");
    let (_, answer) = stored();
    for trace in answer["traces"].as_array().unwrap() {
        assert_eq!(trace["span_count"], 8, "{trace}");
    }
}

#[test]
fn a_shard_that_hangs_is_named_within_seconds_and_what_it_missed_comes_later() {
    let Some(program) = program() else { return };
    let servers = [(); 2].map(|()| TestServer::start(&program).unwrap());
    let coral = standalone(&servers);
    let signal = |name: &str| {
        let pid = servers[1].process_id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args([name, &pid]).status().unwrap().success());
    };
    signal("-STOP");
    let begun = std::time::Instant::now();
    let status = coral.get("colony", "/api/v1/status");
    let (code, metrics) = coral.fetch("colony", "/metrics");
    // Of the servers, each is waited for two seconds. A busy host takes longer, and not a minute.
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
    assert!(status["problems"].to_string().contains("shard_unavailable"), "{status}");
    assert!(code == 200 && metrics.contains("coral_colony_agent_up"), "{metrics}");
    assert_eq!(coral.export(&reference_trace(coral_trace::UnixNanos(data::BASE))), 200);
    signal("-CONT");
    eventually(|| {
        let (_, answer) = coral.fetch("colony", "/api/v1/traces?since_unix_us=1");
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        if answer["traces"][0]["span_count"] == 8 { Ok(()) } else { Err(answer.to_string()) }
    });
}

#[test]
fn a_colony_whose_clickhouse_is_not_there_or_refuses_says_so_and_what_to_do() {
    let Some(program) = program() else { return };
    let dir = tempfile::tempdir().unwrap();
    let start = |servers: &[TestServer], more: &[String]| {
        let settings = settings(servers);
        let all = settings.iter().chain(more).flat_map(|setting| ["--set", setting]);
        let output = coral()
            .args(["colony", "start", "--set", "colony.listen=127.0.0.1:0", "--data-dir"])
            .arg(dir.path())
            .args(all)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let mut servers = [TestServer::start(&program).unwrap()];
    let password = dir.path().join("password");
    std::fs::write(&password, "wrong\n").unwrap();
    let file = [format!("storage.clickhouse.password_file={}", password.display())];
    let (code, text) = start(&servers, &file);
    assert!(code == Some(1) && text.contains("Hint:"), "{code:?} {text}");
    assert!(!text.contains("wrong\n") && text.contains(&servers[0].url()), "{text}");
    servers[0].kill().unwrap();
    let (code, text) = start(&servers, &[]);
    assert!(code == Some(1) && text.contains("/ping"), "{code:?} {text}");
    let remote = ["storage.clickhouse.shards=[[\"http://10.0.0.7:8123\"]]".to_owned()];
    let (_, text) = start(&servers, &remote);
    assert!(text.contains("insecure_plaintext"), "{text}");
}

/// The SHA-256 of the passwords `coral` and `reader`.
const PASSWORDS: [(&str, &str); 2] = [
    ("CORAL_PASSWORD_SHA256", "f39fd9073457c8ee45820dace49b45d4b9fab3456cacc18a2083df023a95b203"),
    (
        "CORAL_READER_PASSWORD_SHA256",
        "3d0941964aa3ebdcb00ccef58b1bb399f9f898465e9886d5aec7f31090a0fb30",
    ),
];

/// A server with the settings of `deploy/clickhouse`.
fn deployed(program: &Path) -> TestServer {
    let mut server = TestServer::start(program).unwrap();
    server.kill().unwrap();
    let deploy = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy/clickhouse");
    for part in ["config.d", "users.d"] {
        let mut text = std::fs::read_to_string(deploy.join(part).join("coral.xml")).unwrap();
        for (name, hash) in PASSWORDS {
            // Variables of this process are the same for all tests.
            let from = format!("password_sha256_hex from_env=\"{name}\"/>");
            text =
                text.replace(&from, &format!("password_sha256_hex>{hash}</password_sha256_hex>"));
        }
        std::fs::create_dir(server.dir().join(part)).unwrap();
        std::fs::write(server.dir().join(part).join("coral.xml"), text).unwrap();
    }
    server.run(program).unwrap();
    server
}

#[test]
fn clickhouse_with_the_settings_of_deploy_answers_sql_as_a_user_who_only_reads() {
    let Some(program) = program() else { return };
    let servers = [deployed(&program)];
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, format!("{name}\n")).unwrap();
        path.display().to_string()
    };
    let [engine, shards] = settings(&servers);
    let settings = |reader: &str| {
        [
            engine.clone(),
            shards.clone(),
            "beyla.enabled=false".to_owned(),
            "storage.clickhouse.user=coral".to_owned(),
            format!("storage.clickhouse.password_file={}", file("coral")),
            format!("storage.clickhouse.sql.user={reader}"),
            format!(
                "storage.clickhouse.sql.password_file={}",
                file(reader.trim_start_matches("coral_"))
            ),
            "sql.max_rows=5".to_owned(),
        ]
    };
    let start =
        |reader: &str| Coral::standalone_with(&settings(reader).each_ref().map(String::as_str));
    let coral = start("coral_reader");
    assert_eq!(coral.export(&reference_trace(coral_trace::UnixNanos(data::BASE))), 200);
    let ask = |coral: &Coral, statement: &str| {
        let body = serde_json::json!({ "sql": statement, "since_unix_us": null });
        coral.post_json("colony", "/api/v1/sql", &body)
    };
    let count =
        "SELECT uniqExact(trace_id, span_id) AS spans, 'a\tb' AS text, NULL AS nothing FROM spans";
    eventually(|| {
        let (status, answer) = ask(&coral, count);
        let is_whole = answer["rows"] == serde_json::json!([[8, "a\tb", null]]);
        if status == 200 && is_whole { Ok(()) } else { Err(format!("{answer} {}", coral.said())) }
    });
    let (_, answer) = ask(&coral, count);
    assert_eq!(answer["columns"][0], serde_json::json!({ "name": "spans", "type": "UInt64" }));
    let (_, cut) = ask(&coral, "SELECT span_name FROM spans");
    assert_eq!((cut["rows"].as_array().unwrap().len(), &cut["more"]), (5, &true.into()), "{cut}");
    for refused in [
        "DROP TABLE spans",
        "INSERT INTO spans (trace_id) VALUES ('1')",
        "CREATE TABLE coral.mine (x UInt8) ENGINE = Memory",
        "SELECT nothing FROM nowhere",
        "SELECT * FROM url('http://127.0.0.1:1/', CSV, 'x String')",
        "SELECT span_name FROM spans SETTINGS max_execution_time = 10000",
        "SELECT * FROM other.secrets",
    ] {
        let (status, answer) = ask(&coral, refused);
        assert_eq!(status, 400, "{refused}: {answer}");
        assert!(answer["error"].as_str().unwrap().contains("Code: "), "{answer}");
    }
    let shown = String::from_utf8(coral.ask("colony status").stdout).unwrap();
    assert!(shown.contains("SQL: ClickHouse at http://127.0.0.1:"), "{shown}");
    // Who may write is not asked.
    let (status, answer) = ask(&start("coral"), count);
    assert_eq!(status, 501, "{answer}");
    assert!(answer["error"].as_str().unwrap().contains("may write"), "{answer}");
}
