//! `coral demo`, as a new user runs it.

use super::process::coral;

const PORTS: &str =
    "otlp.grpc otlp.http beyla.otlp.grpc beyla.otlp.http agent.listen colony.listen";

/// Runs `coral demo` with free ports until it ends.
fn demo(args: &[&str], tmp: &std::path::Path) -> std::process::Output {
    let set = PORTS.split(' ').map(|key| format!("--set={key}=127.0.0.1:0"));
    coral().arg("demo").args(args).args(set).env("TMPDIR", tmp).output().unwrap()
}

#[test]
fn the_demo_prints_four_commands_ends_when_it_was_told_to_and_leaves_nothing_behind() {
    let tmp = tempfile::tempdir().unwrap();
    let output = demo(&["--for", "1s"], tmp.path());
    let (said, warned) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!((output.status.code(), warned.as_str()), (Some(0), ""), "{said}");
    let commands: Vec<&str> = said.lines().filter(|line| line.contains(" --colony ")).collect();
    assert_eq!(commands.len(), 4, "{said}");
    for command in commands {
        // The colony has ended. Each command must report that, and not an invalid command line.
        let words: Vec<&str> = command.split_whitespace().skip(1).collect();
        let output = coral().args(words).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(
            error.contains("cannot reach the colony at http://127.0.0.1:"),
            "{command}: {error}"
        );
    }
    assert_eq!(std::fs::read_dir(tmp.path()).unwrap().count(), 0);
}

#[test]
fn the_demo_prints_its_commands_as_one_line_of_json() {
    let tmp = tempfile::tempdir().unwrap();
    let output = demo(&["--for", "1s", "--format", "json", "--fault", "retry-storm"], tmp.path());
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    let said: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(said["fault"], "retry-storm");
    assert_eq!(said["commands"].as_array().map(Vec::len), Some(4));
    assert_eq!(said["trace_id"].as_str().map(str::len), Some(32));
}

#[test]
fn the_demo_refuses_to_ask_for_tokens_instead_of_waiting_without_end() {
    let tmp = tempfile::tempdir().unwrap();
    let output = demo(&["--for", "1s", "--set", "colony.auth=true"], tmp.path());
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{error}");
    assert!(error.contains("`colony.auth` is on") && error.contains("Hint: "), "{error}");
    assert_eq!(std::fs::read_dir(tmp.path()).unwrap().count(), 0);
}
