//! What commands print: text and CSV character by character, JSON field by field, and all options.

use std::process::Output;

use serde_json::{Map, Value, json};

use super::super::process::{Coral, coral};
use super::data;
use super::recording::{check_json, check_lines, check_transcript, expect_none};

/// `ALL`, `WINDOW` and `THEN` are those of `paths.rs`.
const TEXT: &[&str] = &[
    "query beyla traces ALL --limit 5",
    "query beyla traces ALL --limit 5 --format csv",
    "query beyla traces ALL --limit 2 --format tree",
    "query beyla traces WINDOW --service stock --min-duration 300ms --sort slowest --limit 5",
    "query beyla traces ALL --status error --limit 3 --format csv",
    "query beyla traces ALL --attr host.name=web-3 --attr http.route=/stock/{id} --limit 2",
    "query beyla traces ALL --name Check --source ebpf",
    "query beyla traces WINDOW --service nobody",
    "query beyla traces --trace-id 4bf92f3577b34da6a3ce929d0e0e4736",
    "query beyla traces --trace-id 4bf92f3577b34da6a3ce929d0e0e4736 --format table",
    "query beyla traces --trace-id 4bf92f3577b34da6a3ce929d0e0e4736 --format csv",
    "query beyla traces --trace-id 4bf92f3577b34da6a3ce929d0e0e4736 --format critical-path",
    "query beyla traces --trace-id 4bf92f3577b34da6a3ce929d0e0e4736 --format folded",
    "query beyla traces --trace-id 4bf92f3577b34da6a3ce929d0e0e4700",
    "query beyla traces --trace-id 4bf92f3577b34da6a3ce929d0e0e4700 --format csv",
    "query beyla traces --trace-id 4bf92f3577b34da6a3ce929d0e0e4700 --format spans",
    "query beyla traces --trace-id 4bf92f3577b34da6a3ce929d0e0e4736 --span 0000000000000002 --tz Asia/Tokyo",
    "query beyla traces --trace-id 4bf92f3577b34da6a3ce929d0e0e4736 --span 000000000000000f",
    "query beyla traces WINDOW service:stock --by host.name --limit 2",
    "query beyla traces --trace-id 0f0f0000000000000000000000000001",
    "query beyla traces --trace-id 0f0f0000000000000000000000000002",
    "query beyla traces --trace-id 0f0f0000000000000000000000000002 --format critical-path",
    "query beyla traces --trace-id 0f0f0000000000000000000000000003",
    "query beyla traces --trace-id 0f0f0000000000000000000000000003 --adjust-clocks",
    "query beyla traces --trace-id 4bf9",
    "query beyla traces --trace-id abcdef",
    "query beyla traces --trace-id xyz",
    "query beyla http frontend-api THEN",
    "query beyla http frontend-api THEN --compare 1h",
    "query beyla http frontend-api THEN --side client --format csv",
    "query beyla http frontend-api THEN --source spans",
    "query beyla http payments-api THEN --slow --over 1ms",
    "query beyla http shop WINDOW --source spans --compare 1h",
    "query beyla http nobody THEN",
    "query beyla grpc fraud-detector THEN",
    "query beyla grpc fraud-detector THEN --format csv",
    "query beyla sql card-validator THEN",
    "query beyla sql card-validator THEN --format csv",
    "why shop WINDOW",
    "why WINDOW --baseline 30m",
    "why shop --route /cart/{id} WINDOW",
    "why shopp WINDOW",
    "why --trace-id 000000000000000017d17f35528f80f6",
    "services WINDOW",
    "services THEN",
    "services WINDOW --format csv",
    "services shop WINDOW",
    "services card-validator THEN",
    "services shopp WINDOW",
    "query topology WINDOW --diff 1h",
    "query topology ALL",
    "query topology ALL --source sdk",
    "query topology WINDOW --format dot",
    "query topology WINDOW --format mermaid",
    "query anomalies WINDOW",
    "ask what calls stock, last 3000 days",
    "ask slowest endpoints of frontend-api, last 3000 days",
    "ask errors, last 3000 days",
    "ask tell me a story",
];

const JSON: &[&str] = &[
    "query beyla traces ALL --limit 2",
    "query beyla traces WINDOW --service stock --min-duration 300ms --sort slowest --limit 2",
    "query beyla traces --trace-id 4bf92f3577b34da6a3ce929d0e0e4700",
    "query beyla traces --trace-id 0f0f0000000000000000000000000002",
    "query beyla http frontend-api THEN --compare 1h",
    "query beyla http payments-api THEN --slow --over 1ms",
    "query beyla grpc fraud-detector THEN",
    "query beyla sql card-validator THEN",
    "why shop WINDOW",
    "services shop WINDOW",
    "query topology WINDOW --diff 1h",
    "query anomalies WINDOW",
    "ask what calls stock, last 3000 days",
];

fn expanded(line: &str) -> String {
    let between = |since: &str, until: &str| format!("--since {since} --until {until}");
    line.replace("ALL", &between("2024-05-21T10:00:00Z", "2024-05-21T14:00:00Z"))
        .replace("WINDOW", &between("2024-05-21T12:00:00Z", "2024-05-21T12:15:00Z"))
        .replace("THEN", &between("2026-11-20T00:00:00Z", "2026-12-01T00:00:00Z"))
}

/// Standard output, then the lines of standard error, then the exit code if it is not 0.
pub fn printed(output: &Output) -> String {
    let mut text = String::from_utf8(output.stdout.clone()).unwrap();
    for line in String::from_utf8(output.stderr.clone()).unwrap().lines() {
        text.push_str(&format!("stderr: {line}\n"));
    }
    match output.status.code() {
        Some(0) => text,
        Some(code) => format!("{text}exit code: {code}\n"),
        None => format!("{text}ended by a signal\n"),
    }
}

/// `text` with each number replaced by `N`, and runs of spaces or dashes by one: which items are
/// listed, without their amounts.
fn without_numbers(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let words: Vec<String> = line.split_whitespace().map(word_without_numbers).collect();
        words.join(" ") + "\n"
    });
    lines.collect()
}

fn word_without_numbers(word: &str) -> String {
    let mut kept = String::new();
    for letter in word.chars() {
        match letter {
            '0'..='9' if !kept.ends_with('N') => kept.push('N'),
            '0'..='9' | '.' | ',' if kept.ends_with('N') => {}
            '-' if kept.ends_with('-') => {}
            _ => kept.push(letter),
        }
    }
    kept
}

#[test]
fn golden_commands_print_what_they_printed() {
    expect_printed(&data::loaded(&[]));
}

/// Asserts that `coral`, which has the whole data set, prints what was recorded.
pub fn expect_printed(coral: &Coral) {
    let ask = |line: &&str| {
        let line = expanded(line);
        let output = coral.at_usual_address(&printed(&coral.ask(&line)));
        (line, output)
    };
    let texts = check_transcript("commands.txt", &TEXT.iter().map(ask).collect::<Vec<_>>());
    let answers = JSON.iter().map(|line| {
        let line = expanded(line);
        let answer = coral.json(&line);
        (format!("coral {line} --format json"), answer)
    });
    expect_none([texts, check_json("commands.json", answers.collect())]);
}

#[test]
fn golden_status_commands_list_what_they_listed() {
    // A path without a library gives the same output on every host, with or without DuckDB.
    let coral = data::loaded(&["sql.library=/nonexistent/libduckdb.so"]);
    let agent =
        self::coral().args(["agent", "status", "--agent", &coral.url("agent_rpc")]).output();
    let colony = without_numbers(&printed(&coral.ask("colony status --counters")));
    let outputs = [
        // A rate is known a second after the first poll, the version after a registration.
        (
            "colony status --counters".to_owned(),
            colony
                .replace("| ok | - |", "| ok | N |")
                .replace("| off | not known yet", "| off | N"),
        ),
        ("agent status".to_owned(), without_numbers(&printed(&agent.unwrap()))),
    ];
    expect_none([check_lines("status.txt", &outputs)]);
}

const COMMANDS: &[&str] = &[
    "",
    "agent",
    "agent start",
    "agent status",
    "colony",
    "colony start",
    "colony status",
    "standalone",
    "demo",
    "query",
    "query beyla",
    "query beyla traces",
    "query beyla http",
    "query beyla grpc",
    "query beyla sql",
    "query topology",
    "query sql",
    "query anomalies",
    "ask",
    "why",
    "doctor",
    "doctor traces",
    "beyla",
    "beyla install",
    "beyla doctor",
    "beyla config",
    "sql",
    "duckdb",
    "duckdb install",
    "connect",
    "disconnect",
    "store",
    "store repair",
    "config",
    "config show",
    "config check",
];

#[test]
fn golden_commands_options_and_their_values_are_still_taken() {
    let answers = COMMANDS.iter().map(|command| {
        let output = coral().args(command.split_whitespace()).arg("-h").output().unwrap();
        assert!(output.status.success(), "{command}");
        let help = String::from_utf8(output.stdout).unwrap();
        (format!("coral {command}"), interface(&help))
    });
    expect_none([check_json("options.json", answers.collect())]);
}

/// The commands, arguments and options of a help text, each option with its default and its
/// possible values.
fn interface(help: &str) -> Value {
    let mut entries: Vec<(&str, String)> = Vec::new();
    let mut section = "";
    for line in help.lines() {
        let indent = line.len() - line.trim_start().len();
        let is_option = section == "Options" && line.trim_start().starts_with('-');
        match section {
            // The commands of `coral` itself are in groups.
            _ if indent == 0 => {
                section = match line.trim_end_matches(':') {
                    "Look" | "Explain" | "Run" | "Maintain" => "Commands",
                    title => title,
                }
            }
            "Commands" | "Arguments" | "Options" if indent == 2 || is_option => {
                entries.push((section, line.trim().to_owned()));
            }
            // A description continues on the next line.
            "Commands" | "Arguments" | "Options" => {
                let (_, entry) = entries.last_mut().unwrap();
                *entry = format!("{entry} {}", line.trim());
            }
            _ => {}
        }
    }
    let mut sections = json!({});
    for (section, entry) in &entries {
        let (name, said) = entry.split_once("  ").unwrap_or((entry, ""));
        sections[section][name] = notes(said);
    }
    assert!(sections["Options"].is_object(), "{help}");
    sections
}

/// The notes in brackets: `[default: 1h]`, `[possible values: table, csv]`, `[env: NAME]`.
fn notes(said: &str) -> Value {
    let mut notes = Map::new();
    for note in said.split('[').skip(1) {
        let Some((name, value)) = note.split(']').next().and_then(|note| note.split_once(": "))
        else {
            continue;
        };
        let value = match name {
            "possible values" => value
                .split(", ")
                .map(|one| (one.to_owned(), Value::from(true)))
                .collect::<Map<_, _>>()
                .into(),
            _ => Value::from(value),
        };
        notes.insert(name.to_owned(), value);
    }
    notes.into()
}
