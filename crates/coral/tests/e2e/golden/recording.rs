//! The files under `fixtures/golden`: written when asked for, else compared.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use super::compare::{differences, missing_line, text_difference};

/// Differences that are printed at most: one renamed field is in every answer.
const MAX_PRINTED: usize = 40;

/// Compares answers, by request, with those of `file`, or writes them there.
pub fn check_json(file: &str, answers: BTreeMap<String, Value>) {
    if is_recording() {
        let text = serde_json::to_string_pretty(&answers).unwrap();
        std::fs::write(path(file), text + "\n").unwrap();
        return;
    }
    let recorded: BTreeMap<String, Value> = serde_json::from_str(&read(file)).unwrap();
    let mut found = Vec::new();
    for (request, recorded) in &recorded {
        match answers.get(request) {
            Some(answer) => found.extend(
                differences(recorded, answer).iter().map(|line| format!("{request}: {line}")),
            ),
            None => found.push(format!("{request}: was answered, is not asked")),
        }
    }
    let new = answers.keys().filter(|request| !recorded.contains_key(*request));
    found.extend(new.map(|request| format!("{request}: was not recorded")));
    end(file, &found);
}

/// Compares what commands print with the transcript in `file`, letter by letter, or writes it there.
pub fn check_transcript(file: &str, outputs: &[(String, String)]) {
    check_texts(file, outputs, text_difference);
}

/// The same of commands that list things, of which there may be more: no line is gone, and their order stays.
pub fn check_lines(file: &str, outputs: &[(String, String)]) {
    check_texts(file, outputs, missing_line);
}

fn check_texts(
    file: &str,
    outputs: &[(String, String)],
    difference: fn(&str, &str) -> Option<String>,
) {
    let transcript: String =
        outputs.iter().map(|(line, output)| format!("{PROMPT}{line}\n{output}\n")).collect();
    if is_recording() {
        std::fs::write(path(file), transcript).unwrap();
        return;
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
    end(file, &found);
}

const PROMPT: &str = "$ coral ";

/// What each command of a transcript prints.
fn commands(transcript: &str) -> BTreeMap<&str, &str> {
    let blocks = transcript.strip_prefix(PROMPT).unwrap_or_default().split("\n$ coral ");
    blocks.map(|block| block.split_once('\n').unwrap_or((block, ""))).collect()
}

fn end(file: &str, found: &[String]) {
    let printed = found.iter().take(MAX_PRINTED).map(String::as_str).collect::<Vec<_>>();
    assert!(
        found.is_empty(),
        "{} differences from fixtures/golden/{file}:\n{}",
        found.len(),
        printed.join("\n")
    );
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
