//! The files under `fixtures/golden`: rewritten on request, else compared. Each check returns the
//! differences.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use super::compare::{differences, missing_line, text_difference};

/// Largest number of differences that are printed.
const MAX_PRINTED: usize = 60;

/// Compares answers, by request, with those of `file`, or writes them there. A field that differs
/// in many answers is reported once, with the number of the others.
pub fn check_json(file: &str, answers: BTreeMap<String, Value>) -> Vec<String> {
    if is_recording() {
        let text = serde_json::to_string_pretty(&answers).unwrap();
        std::fs::write(path(file), text + "\n").unwrap();
        return vec![];
    }
    let recorded: BTreeMap<String, Value> = serde_json::from_str(&read(file)).unwrap();
    let mut found = Vec::new();
    let mut fields: BTreeMap<String, (String, usize)> = BTreeMap::new();
    for (request, recorded) in &recorded {
        let Some(answer) = answers.get(request) else {
            found.push(format!("{request}: was answered, is not asked"));
            continue;
        };
        for difference in differences(recorded, answer) {
            let first = || (format!("{request}: {difference}"), 0);
            fields.entry(difference.field()).or_insert_with(first).1 += 1;
        }
    }
    found.extend(fields.into_iter().map(|(field, (first, count))| match count {
        1 => first,
        _ => format!("{first} (and {} more of {field})", count - 1),
    }));
    let new = answers.keys().filter(|request| !recorded.contains_key(*request));
    found.extend(new.map(|request| format!("{request}: was not recorded")));
    of_file(file, found)
}

/// Compares the output of commands with the transcript in `file`, character by character, or writes
/// it there.
pub fn check_transcript(file: &str, outputs: &[(String, String)]) -> Vec<String> {
    check_texts(file, outputs, text_difference)
}

/// Like [`check_transcript`], for commands that print lists: lines may be added, but no recorded
/// line may be missing or out of order.
pub fn check_lines(file: &str, outputs: &[(String, String)]) -> Vec<String> {
    check_texts(file, outputs, missing_line)
}

fn check_texts(
    file: &str,
    outputs: &[(String, String)],
    difference: fn(&str, &str) -> Option<String>,
) -> Vec<String> {
    let transcript: String =
        outputs.iter().map(|(line, output)| format!("{PROMPT}{line}\n{output}\n")).collect();
    if is_recording() {
        std::fs::write(path(file), transcript).unwrap();
        return vec![];
    }
    let (recorded, answers) = (read(file), transcript);
    let (recorded, answers) = (commands(&recorded), commands(&answers));
    let mut found = Vec::new();
    for (line, output) in &recorded {
        match answers.get(line) {
            Some(answer) => {
                let difference = difference(output, answer);
                found.extend(difference.map(|difference| format!("{line}: {difference}")));
            }
            None => found.push(format!("{line}: was run, is not run")),
        }
    }
    let new = answers.keys().filter(|line| !recorded.contains_key(*line));
    found.extend(new.map(|line| format!("{line}: was not recorded")));
    of_file(file, found)
}

const PROMPT: &str = "$ coral ";

/// What each command of a transcript prints.
fn commands(transcript: &str) -> BTreeMap<&str, &str> {
    let blocks = transcript.strip_prefix(PROMPT).unwrap_or_default().split("\n$ coral ");
    blocks.map(|block| block.split_once('\n').unwrap_or((block, ""))).collect()
}

/// Fails when something is different, and says what.
pub fn expect_none(found: impl IntoIterator<Item = Vec<String>>) {
    let found: Vec<String> = found.into_iter().flatten().collect();
    let printed = found.iter().take(MAX_PRINTED).map(String::as_str).collect::<Vec<_>>();
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), printed.join("\n"));
}

fn of_file(file: &str, found: Vec<String>) -> Vec<String> {
    found.into_iter().map(|line| format!("{file}: {line}")).collect()
}

fn is_recording() -> bool {
    std::env::var_os("CORAL_RECORD_GOLDEN").is_some_and(|value| value == "1")
}

fn read(file: &str) -> String {
    let path = path(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/golden").join(file)
}
