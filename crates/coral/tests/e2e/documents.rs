//! Every command of every document, run against real processes, and the output that the document
//! shows.
//!
//! `UPDATE_DOCUMENTS=1 cargo test -p coral --test e2e documents` rewrites the outputs; read the
//! diff.

#[path = "documents/console.rs"]
mod console;
#[path = "documents/recording.rs"]
mod recording;

use std::path::Path;
use std::process::Output;

use coral_trace::UnixNanos;
use coral_wire::otlp_out;

use self::console::{Command, blocks, commands, documents, not_run, read, root};
use super::process::{Coral, eventually};
use super::sql::libraries;
use super::traces::with_one_start;
use super::why::{checkouts, with_one_beginning};

const SECOND: u64 = 1_000_000_000;
/// Commands whose output depends on host or time: a test runs them and does not compare the output.
const VARIES: &[&str] = &[
    "coral colony status",
    "coral agent status",
    "coral beyla doctor",
    "curl ",
    "coral config show",
];
/// The end of an output of which a document shows the beginning.
const CUT: &str = "…";

#[test]
fn every_command_of_every_document_succeeds_and_prints_what_the_document_says() {
    let (recorded, slow) = (recorded(), slow());
    let files = tempfile::tempdir().unwrap();
    write_files(files.path());
    let (mut problems, mut run, mut compared) = (Vec::new(), 0, 0);
    for document in documents() {
        let mut outputs = Vec::new();
        for command in commands(&document) {
            let needs_duckdb = command.line.contains("coral sql");
            if not_run(&command.line).is_some() || (needs_duckdb && libraries().is_empty()) {
                continue;
            }
            let coral = match command.data.as_str() {
                "" => &recorded,
                "slow" => &slow,
                other => panic!("{}: no data is called `{other}`", command.place),
            };
            let output = execute(coral, files.path(), &command.line);
            run += 1;
            if !output.status.success() {
                let error = String::from_utf8_lossy(&output.stderr).into_owned();
                problems.push(format!("{}: `{}` failed: {error}", command.place, command.line));
            } else if !command.output.is_empty() && !varies(&command.line) {
                compared += 1;
                let printed = String::from_utf8(output.stdout).unwrap();
                outputs.push((command, with_one_start(&with_one_beginning(&printed))));
            }
        }
        problems.extend(settle(&document, &outputs));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(run > 20 && compared > 8, "only {run} commands were run, {compared} compared");
}

#[test]
fn every_metric_that_a_document_names_is_served() {
    let coral = Coral::standalone_with(&[
        "beyla.enabled=false",
        "colony.metrics.spans=true",
        "export=[{name: other, otlp: \"http://127.0.0.1:1\", protocol: http}]",
    ]);
    let agent_series = "coral_colony_agent_lag_seconds{";
    eventually(|| match coral.fetch("colony", "/metrics").1.contains(agent_series) {
        true => Ok(()),
        false => Err("the colony has not polled its agent".to_owned()),
    });
    let served = ["agent_rpc", "colony"].map(|socket| coral.fetch(socket, "/metrics").1).concat();
    let served: Vec<&str> =
        served.lines().filter_map(|line| line.split([' ', '{']).next()).collect();
    let mut named = 0;
    for document in documents() {
        let text = read(&document);
        let words = text.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_');
        let is_metric =
            |word: &&str| word.starts_with("coral_agent_") || word.starts_with("coral_colony_");
        for metric in words.filter(is_metric) {
            assert!(served.contains(&metric), "{document} names `{metric}`, which is not served");
            named += 1;
        }
    }
    assert!(named > 10, "only {named} metrics were found");
}

fn varies(line: &str) -> bool {
    VARIES.iter().any(|beginning| line.starts_with(beginning))
}

/// Compares outputs with a document, or writes them there.
fn settle(document: &str, outputs: &[(Command, String)]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut lines: Vec<String> = read(document).lines().map(str::to_owned).collect();
    // From the end, so that the numbers of earlier lines stay valid.
    for (command, printed) in outputs.iter().rev() {
        let expected = excerpt(&command.output, printed);
        if expected != command.output {
            let (was, is) = (command.output.join("\n"), expected.join("\n"));
            problems.push(format!("{}: `{}`\n{was}\nprints\n{is}", command.place, command.line));
            lines.splice(command.lines.clone(), expected);
        }
    }
    if std::env::var_os("UPDATE_DOCUMENTS").is_none() {
        return problems;
    }
    if !problems.is_empty() {
        std::fs::write(root().join(document), lines.join("\n") + "\n").unwrap();
    }
    vec![]
}

/// The part of an output that a document shows: all lines, or the first lines, as many as the
/// document has before `…`. A lone `…` stands for an output that is not written yet, and becomes
/// the whole output.
fn excerpt(shown: &[String], printed: &str) -> Vec<String> {
    let printed = printed.trim_end().lines().map(|line| line.trim_end().to_owned());
    match shown.split_last() {
        Some((last, before)) if last == CUT && !before.is_empty() => {
            printed.take(before.len()).chain([CUT.to_owned()]).collect()
        }
        _ => printed.collect(),
    }
}

/// Runs a shell line, with `coral` on its `PATH`, in the directory with the documents' files.
fn execute(coral: &Coral, files: &Path, line: &str) -> Output {
    let mut line = line.to_owned();
    for (usual, socket) in [("9000", "colony"), ("9001", "agent_rpc"), ("4318", "otlp_http")] {
        let address = coral.addresses[socket].as_str().unwrap();
        line = line.replace(&format!("127.0.0.1:{usual}"), address);
    }
    let path = format!("{}:{}", files.join("bin").display(), std::env::var("PATH").unwrap());
    std::process::Command::new("sh")
        .args(["-c", &line])
        .current_dir(files)
        .env_clear()
        .envs([("PATH", path.as_str()), ("HOME", "/nonexistent"), ("LANG", "C.UTF-8")])
        .env("CORAL_DATA_DIR", coral.dir.path())
        .output()
        .unwrap()
}

/// Writes `bin/coral`, and each YAML block that begins with a file name: `# agent-config.yaml`.
fn write_files(dir: &Path) {
    std::fs::create_dir(dir.join("bin")).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_coral"), dir.join("bin/coral")).unwrap();
    for document in documents() {
        let text = read(&document);
        for (.., lines) in blocks(&text, "yaml") {
            let name = lines.first().and_then(|line| line.strip_prefix("# "));
            if let Some(name) = name.filter(|name| name.ends_with(".yaml")) {
                std::fs::write(dir.join(name), lines.join("\n") + "\n").unwrap();
            }
        }
    }
}

fn now() -> u64 {
    coral_server::clock::now().0
}

/// A standalone with the recordings of Beyla 3.31.0, with their trace ids.
fn recorded() -> Coral {
    let coral = standalone(&[]);
    let mut spans = 0;
    // One time for all requests: some traces have spans in several requests.
    let now = UnixNanos(now());
    for request in recording::REQUESTS {
        let replayed = recording::replayed(request, now, 0);
        spans += replayed.len() as u64;
        assert_eq!(coral.export(&replayed), 200);
    }
    for body in recording::replayed_metrics(now) {
        assert_eq!(coral.post_to("otlp_http", "/v1/metrics", &body), 200);
    }
    coral.until_stored(spans);
    let rows = coral.counter("coral.agent.metrics.rows");
    eventually(|| {
        let status = coral.get("colony", "/api/v1/status");
        let polled = &status["counters"]["coral.colony.metrics.rows"];
        if *polled == rows { Ok(()) } else { Err(format!("{polled} of {rows} rows of metrics")) }
    });
    coral
}

/// A standalone with thirty checkouts of the last quarter of an hour, slow in the card validator,
/// and sixty checkouts of the hour before.
fn slow() -> Coral {
    let coral = standalone(&[]);
    let ago = |minutes: u64| now() - minutes * 60 * SECOND;
    // All times are minutes away from the start of a 15-minute window, so the result does not
    // depend on how long the test takes.
    let spans = checkouts(ago(17), 50, ago(11));
    assert_eq!(coral.post("otlp_http", &otlp_out::encode(&spans)), 200);
    coral.until_stored(spans.len() as u64);
    coral
}

fn standalone(more: &[&str]) -> Coral {
    match libraries().last() {
        Some(library) => {
            let library = format!("sql.library={}", library.display());
            Coral::standalone(&[&[library.as_str()], more].concat())
        }
        None => Coral::standalone(more),
    }
}
