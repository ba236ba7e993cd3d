//! The commands of the documents: every `$ ` line of a `console` block, with the output below it.

use std::path::{Path, PathBuf};

/// One command of a document.
pub struct Command {
    /// The document and the line (from 1), as `docs/guide.md:12`.
    pub place: String,
    /// What follows the prompt. An open quote or a backslash continues the command on the next
    /// line.
    pub line: String,
    /// The second word of the block's info string: which data the command is run against.
    pub data: String,
    /// The lines below the command, up to the next prompt or the end of the block.
    pub output: Vec<String>,
    /// The lines of the document that the output takes, from 0.
    pub lines: std::ops::Range<usize>,
}

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every Markdown file at the top of the repository and below `docs/`, relative to the repository.
pub fn documents() -> Vec<String> {
    let mut found = Vec::new();
    markdown(&root(), "", false, &mut found);
    markdown(&root().join("docs"), "docs/", true, &mut found);
    found.sort();
    found
}

fn markdown(dir: &Path, prefix: &str, deep: bool, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match path.is_dir() {
            true if deep => markdown(&path, &format!("{prefix}{name}/"), true, found),
            false if name.ends_with(".md") => found.push(format!("{prefix}{name}")),
            _ => {}
        }
    }
}

/// The text of a document.
pub fn read(document: &str) -> String {
    std::fs::read_to_string(root().join(document)).unwrap()
}

/// The fenced blocks of a document whose info string begins with `language`: info string, first
/// line (from 0), lines.
pub fn blocks<'a>(text: &'a str, language: &str) -> Vec<(&'a str, usize, Vec<&'a str>)> {
    let mut found = Vec::new();
    let mut open: Option<(&str, usize, Vec<&str>)> = None;
    for (number, line) in text.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => open = Some((info, number + 1, vec![])),
            (Some(_), Some("")) => found.extend(open.take()),
            (Some((.., lines)), _) => lines.push(line),
            (None, None) => {}
        }
    }
    found.retain(|(info, ..)| info.split_whitespace().next() == Some(language));
    found
}

/// The commands of a document, in order.
pub fn commands(document: &str) -> Vec<Command> {
    let text = read(document);
    let mut found: Vec<Command> = Vec::new();
    for (info, first, lines) in blocks(&text, "console") {
        let data = info.split_whitespace().nth(1).unwrap_or_default();
        let mut goes_on = false;
        for (number, line) in (first..).zip(lines) {
            let place = format!("{document}:{}", number + 1);
            if let (Some(rest), false) = (line.strip_prefix("$ "), goes_on) {
                let data = data.to_owned();
                let (output, lines) = (vec![], number + 1..number + 1);
                found.push(Command { place, line: rest.to_owned(), data, output, lines });
            } else {
                let command = found.last_mut().filter(|command| command.lines.end == number);
                let command = command.unwrap_or_else(|| panic!("{place}: no prompt before it"));
                match goes_on {
                    true => {
                        command.line.push('\n');
                        command.line.push_str(line);
                        command.lines = number + 1..number + 1;
                    }
                    false => {
                        command.output.push(line.to_owned());
                        command.lines.end = number + 1;
                    }
                }
            }
            let command = found.last().unwrap();
            goes_on = command.output.is_empty()
                && (command.line.ends_with('\\') || command.line.matches('"').count() % 2 == 1);
        }
    }
    found
}

/// Beginnings of commands that no test runs, with the reasons. Those of `coral`, also behind `sudo`,
/// are only parsed.
pub const NOT_RUN: &[(&str, &str)] = &[
    ("UPDATE_DOCUMENTS=1 cargo ", "rewrites documents"),
    ("cargo ", "CI builds and tests the workspace; `demo.rs` runs the demo"),
    (".ci/run", "runs this test"),
    ("tools/", "needs the registries, or is run by CI"),
    ("fuzz/run", "needs the nightly compiler, for hours"),
    ("just ", "is a convenience that few have"),
    ("sudo ", "needs root"),
    ("duckdb ", "needs DuckDB's own program"),
    ("target/release/", "needs a release build, and minutes"),
    ("coral demo", "runs until it is interrupted; `demo.rs` runs it"),
    ("coral standalone", "runs until it is interrupted; all tests beside this one run it"),
    ("coral agent start", "runs until it is interrupted; `path.rs` runs it"),
    ("coral colony start", "runs until it is interrupted; `path.rs` runs it"),
    ("coral beyla install", "needs the internet; `beyla.rs` installs from a file"),
    ("coral duckdb install", "needs the internet; `sql.rs` installs from a file"),
    ("coral connect", "needs an agent with a running Beyla; `beyla.rs` has one"),
    ("coral disconnect", "needs an agent with a running Beyla; `beyla.rs` has one"),
    ("coral colony status --colony", "needs a second host"),
    ("coral login", "needs a colony with a token; `trust.rs` logs in"),
    ("coral colony forget", "needs an agent that is gone; `bad_day.rs` has one"),
    ("coral audit", "needs questions that were recorded; `audit.rs` has some"),
    ("coral store repair", "needs stopped roles; the tests of `coral-store` repair stores"),
];

/// Why a command is not run, if it is not.
pub fn not_run(line: &str) -> Option<&'static str> {
    let known = NOT_RUN.iter().find(|(beginning, _)| line.starts_with(beginning));
    known.map(|(_, reason)| *reason)
}
