//! SQL as people and programs use it, with each DuckDB library that the tests have.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::path::reference_trace;
use coral_trace::UnixNanos;
use serde_json::{Value, json};

use super::process::{Coral, coral, eventually};

/// The libraries under `CORAL_TEST_DUCKDB`, one in a directory for each version.
pub(super) fn libraries() -> Vec<PathBuf> {
    let dir = std::env::var_os("CORAL_TEST_DUCKDB").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache/coral/duckdb"));
    let entries = dir.or_else(home).and_then(|dir| std::fs::read_dir(dir).ok());
    let files =
        entries.into_iter().flatten().map(|entry| entry.unwrap().path().join("libduckdb.so"));
    let mut found: Vec<PathBuf> = files.filter(|file| file.exists()).collect();
    found.sort();
    found
}

const START: UnixNanos = UnixNanos(1_795_608_000_000_000_000);

/// A standalone with the reference trace, which answers SQL with `library`.
fn colony(library: &Path, more: &[&str]) -> Coral {
    let library = format!("sql.library={}", library.display());
    let coral = Coral::standalone(&[&[library.as_str()], more].concat());
    assert_eq!(coral.export(&reference_trace(START)), 200);
    coral.until_stored(8);
    coral
}

/// Exit code, standard output and standard error of `coral sql` with `words`.
fn sql(coral: &Coral, words: &[&str]) -> (Option<i32>, String, String) {
    let colony = coral.url("colony");
    let output = self::coral().arg("sql").args(words).args(["--colony", &colony]).output().unwrap();
    assert!(!output.stdout.contains(&0x1b), "control codes in a pipe");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn sql_through_processes_is_tested_where_there_is_a_duckdb_library_and_its_absence_is_said() {
    let required = std::env::var_os("CORAL_TEST_DUCKDB_REQUIRED").is_some();
    let found = libraries();
    assert!(!required || found.len() >= 2, "SQL tests need two versions of DuckDB, not {found:?}");
    if found.is_empty() {
        // Straight to standard error: the test harness hides what a test prints.
        let _ = std::io::stderr().write_all(
            b"tests of SQL left out: no libduckdb. `tools/fetch-duckdb DIR` fetches one; then CORAL_TEST_DUCKDB=DIR\n",
        );
    }
}

#[test]
fn a_sql_answer_is_a_table_csv_or_json_and_holds_hot_spans() {
    for library in libraries() {
        let coral = colony(&library, &[]);
        let select = "SELECT service_name, duration_us / 1000 AS ms, parent_span_id IS NULL AS root
                      FROM beyla_traces WHERE duration_us > 400000 ORDER BY duration_us DESC LIMIT 2";
        let (code, said, _) = sql(&coral, &[select, "--since", "all"]);
        assert_eq!(code, Some(0));
        expect_test::expect![[r#"
            service_name | ms     | root
            -------------|--------|------
            frontend-api | 1200.0 | true
            payments-api | 450.0  | false

            (2 rows)
        "#]]
        .assert_eq(&said);
        let (_, said, _) = sql(&coral, &[select, "--since", "all", "--format", "csv"]);
        assert_eq!(
            said,
            "service_name,ms,root\r\nfrontend-api,1200.0,true\r\npayments-api,450.0,false\r\n"
        );
        let json_of = |words: &[&str]| -> Value {
            let (code, said, error) = sql(&coral, &[words, &["--format", "json"]].concat());
            assert_eq!(code, Some(0), "{error}");
            serde_json::from_str(&said).unwrap()
        };
        assert_eq!(
            json_of(&[
                "SELECT start_time, status_code FROM beyla_traces WHERE parent_span_id IS NULL",
                "--since",
                "all"
            ]),
            json!({
                "columns": [
                    {"name": "start_time", "type": "TIMESTAMP WITH TIME ZONE"},
                    {"name": "status_code", "type": "SMALLINT"}
                ],
                "rows": [["2026-11-25T12:00:00.000000Z", 200]],
                "more": false
            })
        );
        // Without --since, only the last hour counts.
        assert_eq!(
            json_of(&[
                "SELECT count(*) FROM beyla_traces WHERE start_time < TIMESTAMPTZ '2026-11-25 13:00:00Z'",
                "--since",
                "2026-11-25T12:00:00.1Z"
            ])["rows"],
            json!([[4]])
        );
        let hostile = "SELECT chr(27) || '[2J' AS \"a\u{1b}b\", chr(10)";
        let (_, said, _) = sql(&coral, &[hostile]);
        assert!(said.contains("\\u{1b}[2J") && said.contains("a\\u{1b}b"), "{said}");
    }
}

#[test]
fn sql_that_writes_or_is_wrong_is_refused_with_duckdbs_words_and_exit_code_1() {
    for library in libraries() {
        let coral = colony(&library, &[]);
        let out = coral.dir.path().join("out.csv").display().to_string();
        for (statement, why) in [
            (format!("COPY (SELECT 1) TO '{out}'"), "`COPY` is not allowed"),
            (format!("SELECT 1; COPY (SELECT 1) TO '{out}'"), "only"),
            (format!("ATTACH '{out}'"), "`ATTACH` is not allowed"),
            ("SELECT * FROM read_csv('/etc/passwd')".into(), "disabled by configuration"),
            ("SELECT * FROM read_csv('https://127.0.0.1:9/x')".into(), "https://127.0.0.1:9/x"),
            ("SET threads = 64".into(), "`SET` is not allowed"),
            ("INSTALL httpfs".into(), "`INSTALL` is not allowed"),
            ("SELECT nothing FROM beyla_traces".into(), "nothing"),
            ("SELEKT 1".into(), "`SELEKT` is not allowed"),
        ] {
            let (code, said, error) = sql(&coral, &[&statement]);
            assert_eq!((code, said.as_str()), (Some(1), ""), "{statement}");
            assert!(error.starts_with("Error: ") && error.contains(why), "{statement}: {error}");
        }
        assert!(!Path::new(&out).exists());
        let (_, _, error) = sql(&coral, &["SELECT 1,\n  '\u{1b}[2J' AS x FROM nowhere"]);
        assert!(error.contains("LINE 2:   '\\u{1b}[2J' AS x FROM nowhere\n"), "{error}");
        assert!(!error.contains('\u{1b}'), "{error}");
    }
}

#[test]
fn a_sql_answer_keeps_to_the_colonys_limits() {
    for library in libraries() {
        let coral = colony(&library, &["sql.time_limit=1s"]);
        let (code, _, error) = sql(
            &coral,
            &[
                "SELECT count(*) FROM range(1000000000000) a, range(1000000000) b WHERE a.range = b.range + 1",
            ],
        );
        assert_eq!(code, Some(1));
        assert!(
            error.contains("took longer than 1 s") && error.contains("\nHint: ask for less"),
            "{error}"
        );
        let limits = ["sql.memory_limit=64MB", "sql.max_rows=3", "sql.max_bytes=1KB"];
        let coral = colony(&library, &limits);
        let (code, _, error) =
            sql(&coral, &["SELECT list(range::VARCHAR || repeat('x', 1000)) FROM range(1000000)"]);
        assert_eq!(code, Some(1));
        assert!(error.contains("Out of Memory Error") && error.contains("\nHint: "), "{error}");
        let (code, said, _) = sql(&coral, &["FROM range(4)"]);
        assert!(code == Some(0) && said.contains("(3 rows; more rows were left out, "), "{said}");
        let (_, said, error) =
            sql(&coral, &["SELECT repeat('x', 600) FROM range(2)", "--format", "csv"]);
        assert_eq!(said.lines().count(), 2);
        assert!(error.starts_with("more rows were left out, "), "{error}");
    }
}

/// The child processes of `parent` that run an SQL statement.
fn children(parent: u32) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| {
        let read = |file: &str| std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let status = String::from_utf8_lossy(&read("status")).into_owned();
        let answers = read("cmdline").split(|byte| *byte == 0).any(|word| word == b"__sql");
        answers && status.contains(&format!("PPid:\t{parent}\n"))
    })
    .collect()
}

#[test]
fn the_process_of_a_sql_answer_ends_when_its_asker_goes_or_its_colony_dies() {
    for library in libraries() {
        let mut coral = colony(&library, &["sql.time_limit=1h"]);
        let address = coral.addresses["colony"].as_str().unwrap().to_owned();
        let ask = || {
            let endless = json!({"sql": "SELECT count(*) FROM range(1000000000000) a, range(1000000000) b WHERE a.range = b.range + 1"}).to_string();
            let mut stream = TcpStream::connect(&address).unwrap();
            let length = endless.len();
            write!(stream, "POST /api/v1/sql HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{endless}").unwrap();
            stream
        };
        let pid = coral.pid();
        let is = |count: usize| {
            let found = children(pid);
            (found.len() == count).then_some(()).ok_or(format!("{found:?}, not {count}"))
        };
        let asker = ask();
        eventually(|| is(1));
        drop(asker);
        eventually(|| is(0));
        let runs = || {
            let entries = std::fs::read_dir(coral.dir.path().join("colony/sql")).unwrap();
            entries
                .filter(|entry| {
                    entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("run-")
                })
                .count()
        };
        eventually(|| (runs() == 0).then_some(()).ok_or("a directory is left".to_owned()));
        let _asker = ask();
        eventually(|| is(1));
        let child = children(pid)[0];
        coral.kill();
        eventually(|| match Path::new(&format!("/proc/{child}")).exists() {
            false => Ok(()),
            true => Err(format!("{child} outlived its colony")),
        });
        let coral = coral.restart();
        let (_, said, _) =
            sql(&coral, &["SELECT count(*) AS n FROM beyla_traces", "--since", "all"]);
        assert!(said.contains("8\n\n(1 row)"), "{said}");
    }
}

#[test]
fn one_sql_question_too_many_waits_for_a_place_and_is_told_to_come_back() {
    let Some(library) = libraries().pop() else { return };
    let coral = colony(&library, &["sql.time_limit=1h"]);
    let url = coral.url("colony");
    let endless = "SELECT count(*) FROM range(1000000000000) a, range(1000000000) b WHERE a.range = b.range + 1";
    let mut askers: Vec<_> = (0..3)
        .map(|_| self::coral().args(["sql", endless, "--colony", &url]).spawn().unwrap())
        .collect();
    eventually(|| {
        let found = children(coral.pid());
        (found.len() == 3).then_some(()).ok_or(format!("{found:?}"))
    });
    let (code, _, error) = sql(&coral, &["SELECT 1"]);
    assert_eq!(code, Some(1));
    assert!(error.contains("3 questions in SQL are being answered"), "{error}");
    assert!(error.contains("Hint: ask again in a moment"), "{error}");
    for asker in &mut askers {
        asker.kill().unwrap();
        asker.wait().unwrap();
    }
    let (code, _, error) = sql(&coral, &["SELECT 1"]);
    assert_eq!(code, Some(0), "{error}");
    eventually(|| {
        let counters = &coral.get("colony", "/api/v1/status")["counters"];
        let counted = |name: &str| counters[format!("coral.colony.sql.requests.{name}")].as_u64();
        let found = ["busy", "abandoned", "answered"].map(counted);
        (found == [Some(1), Some(3), Some(1)]).then_some(()).ok_or(format!("{found:?}"))
    });
}

#[test]
fn a_sql_answer_can_be_exported_as_a_duckdb_database() {
    for library in libraries() {
        let coral = colony(&library, &[]);
        let file = coral.dir.path().join("spans.duckdb");
        let (name, library) = (file.display().to_string(), library.display().to_string());
        let words = [
            "FROM beyla_traces",
            "--since",
            "all",
            "--export",
            &name,
            "--duckdb-library",
            &library,
        ];
        let (code, said, error) = sql(&coral, &words);
        assert_eq!(code, Some(0), "{error}");
        assert_eq!(said, format!("Wrote 8 rows to the table `answer` of {name}.\n"));
        // A DuckDB file has these letters behind its checksum.
        assert_eq!(&std::fs::read(&file).unwrap()[8..12], b"DUCK");
        let (code, _, error) = sql(&coral, &words);
        assert_eq!(code, Some(1));
        assert!(error.contains("exists already"), "{error}");
    }
}

#[test]
fn a_colony_without_duckdb_says_so_and_what_installs_it() {
    let coral = Coral::standalone(&["sql.library=/nonexistent/libduckdb.so"]);
    let (code, _, error) = sql(&coral, &["SELECT 1"]);
    assert_eq!(code, Some(1));
    assert!(
        error.contains("`sql.library` is `/nonexistent/libduckdb.so`, which cannot be read"),
        "{error}"
    );
    // Only the line about SQL is compared: whether the agent was polled already may vary.
    let status = String::from_utf8(coral.ask("colony status").stdout).unwrap();
    assert!(
        status
            .contains("\nSQL: `sql.library` is `/nonexistent/libduckdb.so`, which cannot be read"),
        "{status}"
    );
    let file = coral.dir.path().join("libduckdb.so");
    std::fs::write(&file, "no library").unwrap();
    let coral = Coral::standalone(&[&format!("sql.library={}", file.display())]);
    let (_, _, error) = sql(&coral, &["SELECT 1"]);
    assert!(
        error.contains("as DuckDB: ") && error.contains("Hint: `coral duckdb install`"),
        "{error}"
    );
    // Other users could have written this file, so it is refused.
    assert!(
        Command::new("chmod")
            .args(["0666", &file.display().to_string()])
            .status()
            .unwrap()
            .success()
    );
    let (_, _, error) = sql(&coral, &["SELECT 1"]);
    assert!(error.contains("is not loaded as DuckDB: others may write to"), "{error}");
}

/// Serves `requests` HTTP requests, each with the file of that path or else 404. Returns the
/// server's URL.
fn serve(requests: usize, files: Vec<(String, Vec<u8>)>) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    #[expect(clippy::disallowed_methods, reason = "ends with the requests, or with the process")]
    std::thread::spawn(move || {
        for stream in listener.incoming().take(requests) {
            let mut stream = stream.unwrap();
            let (mut request, mut chunk) = (Vec::new(), [0; 1024]);
            while !request.ends_with(b"\r\n\r\n") {
                let read = stream.read(&mut chunk).unwrap();
                request.extend(&chunk[..read]);
            }
            let request = String::from_utf8(request).unwrap();
            let path = request.split(' ').nth(1).unwrap();
            let found = files.iter().find(|(known, _)| known == path);
            let (status, body) =
                found.map_or(("404 Not Found", &b""[..]), |(_, body)| ("200 OK", body));
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
            )
            .unwrap();
            stream.write_all(body).unwrap();
        }
    });
    url
}

fn sha256(file: &Path) -> String {
    let output = Command::new("sha256sum").arg(file).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn duckdb_is_installed_from_an_archive_or_a_file_whose_digest_is_right_and_answers_then() {
    let Some(library) = libraries().pop() else { return };
    let dir = tempfile::tempdir().unwrap();
    let version = library.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
    let archive = dir.path().join("archive.tar.gz");
    let tar = Command::new("tar")
        .args(["-C", &library.parent().unwrap().display().to_string(), "-I", "gzip -1", "-cf"])
        .args([archive.as_os_str(), "libduckdb.so".as_ref()])
        .status();
    assert!(tar.unwrap().success());
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let path = format!("/v{version}/duckdb-shared-libs-linux-{arch}.tar.gz");
    let digest = sha256(&archive);
    let files = vec![
        (path.clone(), std::fs::read(&archive).unwrap()),
        (format!("{path}.sha256"), digest.clone().into_bytes()),
    ];
    let url = serve(2, files);
    let data_dir = dir.path().join("data").display().to_string();
    let install = |words: &[&str]| {
        let words = [&["duckdb", "install", "--data-dir", &data_dir], words].concat();
        let output = coral().args(words).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let installed = dir.path().join("data/lib/libduckdb.so");
    let from = library.display().to_string();
    for (words, why) in [
        (vec!["--from", from.as_str()], "cannot be verified: there is no"),
        (vec!["--from", from.as_str(), "--sha256", &"0".repeat(64)], "but --sha256 says 0000"),
        (vec!["--from", "/etc/hostname", "--allow-unverified"], "cannot be loaded on this host"),
        (vec!["--mirror", "http://127.0.0.1:1"], "cannot fetch `http://127.0.0.1:1/v2.0.0/"),
    ] {
        let (code, _, error) = install(&words);
        assert_eq!(code, Some(1), "{words:?}");
        assert!(error.contains(why), "{words:?}: {error}");
        assert!(!installed.exists());
    }
    let (code, said, error) = install(&["--version", &version, "--mirror", &url]);
    assert_eq!(code, Some(0), "{error}");
    assert!(
        said.starts_with(&format!("Installed DuckDB v{version} as {}\n", installed.display())),
        "{said}"
    );
    assert!(said.contains(&format!("as {url}{path}.sha256 says")), "{said}");
    let (code, said, error) = install(&["--from", &from, "--sha256", &sha256(&library)[..64]]);
    assert_eq!(code, Some(0), "{error}");
    assert!(said.contains("as --sha256 says"), "{said}");
    let left: Vec<_> = std::fs::read_dir(installed.parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}
