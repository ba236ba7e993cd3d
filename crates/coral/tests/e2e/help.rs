//! Examples in help texts: what they show is what the program prints.

use std::path::Path;

use super::process::coral;
use super::traces::with_one_start;
use super::why::{checkouts, coral_with, with_one_beginning};

/// A line of an example that stands for any number of lines.
const ANYTHING: &str = "…";
const MINUTE: u64 = 60_000_000_000;

/// A command, and what it prints.
struct Example {
    line: String,
    output: Vec<String>,
}

/// The examples of one help text that show their output, which is indented below the command.
fn examples(help: &str) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    for line in help.lines() {
        if let Some(command) = line.strip_prefix("  $ coral ") {
            let line = command.split("  ").next().unwrap().to_owned();
            found.push(Example { line, output: vec![] });
        } else if line.is_empty() || line.starts_with("  ") {
            let output = line.strip_prefix("  ").unwrap_or_default().to_owned();
            found.iter_mut().last().into_iter().for_each(|last| last.output.push(output.clone()));
        } else if !line.is_empty() && !found.is_empty() {
            break;
        }
    }
    for example in &mut found {
        while example.output.last().is_some_and(String::is_empty) {
            example.output.pop();
        }
    }
    found.into_iter().filter(|example| !example.output.is_empty()).collect()
}

/// Whether `lines` are those of `expected`, in which `…` stands for any number of lines.
fn is_like(expected: &[String], lines: &[&str]) -> bool {
    match expected.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first == ANYTHING => {
            (0..=lines.len()).any(|skipped| is_like(rest, &lines[skipped..]))
        }
        Some((first, rest)) => {
            lines.first().is_some_and(|line| line == first) && is_like(rest, &lines[1..])
        }
    }
}

#[test]
fn every_output_in_a_help_text_is_what_the_command_prints() {
    let now = coral_server::clock::now().0;
    // Slow checkouts are in the last 15 minutes and all checkouts in the last hour, however long
    // this test takes.
    let coral_of_examples = coral_with(&checkouts(now - 20 * MINUTE, 35, now - 12 * MINUTE));
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/args/examples");
    let mut compared = 0;
    let mut wrong = String::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        for Example { line, output } in examples(&std::fs::read_to_string(&path).unwrap()) {
            let printed = coral()
                .args(line.split_whitespace())
                .env("CORAL_DATA_DIR", coral_of_examples.dir.path())
                .output()
                .unwrap();
            let text = with_one_beginning(&String::from_utf8(printed.stdout).unwrap());
            let text = with_one_start(&text);
            let lines: Vec<&str> = text.lines().collect();
            if !is_like(&output, &lines) {
                let error = String::from_utf8(printed.stderr).unwrap();
                wrong.push_str(&format!("{}: {line}\n{text}{error}\n", path.display()));
            }
            compared += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(compared >= 12, "{compared}");
}
