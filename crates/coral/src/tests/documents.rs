//! Documents name files, anchors and commands that exist, and keep to their maximum length.

#[path = "../../tests/e2e/documents/console.rs"]
#[allow(dead_code, reason = "the tests that run commands need more of it")]
pub(super) mod console;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Parser as _;

use self::console::{commands, documents, read, root};
use crate::args::Cli;

fn exists(path: &Path) -> bool {
    root().join(path).exists()
}

#[test]
fn every_path_that_a_document_names_exists() {
    let mut named = 0;
    for document in documents() {
        let text = read(&document);
        for path in text.split(|sign: char| !is_of_path(sign)).filter(|word| is_path(word)) {
            let path = path.trim_end_matches(['.', '/', ':', '-']);
            assert!(exists(Path::new(path)), "{document} names `{path}`, which does not exist");
            named += 1;
        }
    }
    assert!(named > 150, "only {named} paths were found");
}

/// A document may shorten a path: `roles/mod.rs` stands for every file whose path ends in it.
#[test]
fn every_source_file_that_a_document_names_in_short_exists() {
    let mut files = Vec::new();
    collect(&root().join("crates"), &mut files);
    let mut named = 0;
    for document in documents() {
        // What stands between two backticks.
        for file in read(&document).split('`').skip(1).step_by(2).filter(|word| is_source(word)) {
            let exists = files.iter().any(|path| path.ends_with(&format!("/{file}")));
            assert!(exists, "{document} names `{file}`, which does not exist");
            named += 1;
        }
    }
    assert!(named > 100, "only {named} files were found");
}

#[test]
fn every_link_of_a_document_leads_to_a_file_and_to_a_heading_in_it() {
    let mut links = 0;
    for document in documents() {
        let directory = Path::new(&document).parent().unwrap().to_owned();
        for target in targets(&read(&document)) {
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let file = match file {
                "" => PathBuf::from(&document),
                file => directory.join(file),
            };
            assert!(exists(&file), "{document} links to `{target}`: no such file");
            let headings = || anchors(&read(&file.to_string_lossy()));
            let exists = anchor.is_empty() || headings().contains(anchor);
            assert!(exists, "{document} links to `{target}`: no such heading");
            links += 1;
        }
    }
    assert!(links > 40, "only {links} links were found");
}

#[test]
fn the_readme_is_at_most_120_lines_and_the_architecture_at_most_1500_words() {
    let (readme, architecture) = (read("README.md"), read("ARCHITECTURE.md"));
    let (lines, words) = (readme.lines().count(), architecture.split_whitespace().count());
    assert!(lines <= 120, "README.md has {lines} lines");
    assert!(words <= 1_500, "ARCHITECTURE.md has {words} words");
}

#[test]
fn the_readme_has_the_two_commands_that_newcomers_and_ci_run() {
    let readme: Vec<String> = commands("README.md").into_iter().map(|found| found.line).collect();
    for command in ["cargo run -- demo", "cargo test --workspace"] {
        assert!(readme.iter().any(|line| line == command), "README.md lacks `{command}`");
    }
    let ci = read(".ci/run");
    assert!(ci.lines().any(|line| line == "cargo test --workspace"), "CI runs no tests");
}

/// Commands that no test can run (`console::NOT_RUN` says why) are only parsed, by this test.
#[test]
fn every_coral_command_of_a_document_is_a_valid_command_line() {
    let mut parsed = 0;
    for document in documents() {
        for command in commands(&document) {
            let words = words(&command.line);
            let words = match words.first().map(String::as_str) {
                Some("coral") => words,
                Some("sudo") if words[1] == "coral" => words[1..].to_vec(),
                Some("cargo") if command.line.contains("run -- ") => words[2..].to_vec(),
                _ => continue,
            };
            let outcome = Cli::try_parse_from(&words);
            assert!(outcome.is_ok(), "{}: {}", command.place, outcome.unwrap_err());
            parsed += 1;
        }
    }
    assert!(parsed > 30, "only {parsed} commands were found");
}

#[test]
fn every_dependency_of_the_workspace_has_a_line_in_the_table_of_dependencies() {
    let manifest = read("Cargo.toml");
    let (_, section) = manifest.split_once("[workspace.dependencies]").unwrap();
    let section = section.split("\n[").next().unwrap();
    let names = section.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name);
    let declared: BTreeSet<&str> = names.filter(|name| !name.starts_with("coral-")).collect();
    let text = read("docs/dependencies.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.filter_map(|row| row.split(" | ").next());
    let listed: BTreeSet<&str> = cells.flat_map(|cell| cell.split('`').step_by(2)).collect();
    let missing: Vec<_> = declared.difference(&listed).collect();
    assert!(missing.is_empty(), "docs/dependencies.md lacks {missing:?}");
    assert!(declared.len() > 50, "only {} dependencies were found", declared.len());
}

/// The words of a command line up to a redirection or a comment. Quotes join several words to one.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut is_quoted = false;
    for sign in line.chars() {
        match sign {
            '"' => is_quoted = !is_quoted,
            ' ' | '\n' if !is_quoted => words.push(std::mem::take(&mut word)),
            sign => word.push(sign),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    let end = words.iter().position(|word| matches!(word.as_str(), ">" | "|" | "#"));
    words.truncate(end.unwrap_or(words.len()));
    words
}

/// What a document links to within the repository.
fn targets(text: &str) -> Vec<String> {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    links.filter(|target| !target.contains("://")).map(str::to_owned).collect()
}

/// The anchors of a document's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |line: &str| {
        let title = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        title.chars().filter(|sign| sign.is_alphanumeric() || "-_".contains(*sign)).collect()
    };
    headings.map(anchor).collect()
}

/// The paths of all files below `dir`.
fn collect(dir: &Path, files: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => collect(&path, files),
            false => files.push(path.to_string_lossy().into_owned()),
        }
    }
}

fn is_source(word: &str) -> bool {
    word.ends_with(".rs") && word.chars().all(is_of_path) && !word.contains('*')
}

fn is_of_path(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || "/._-*".contains(sign)
}

fn is_path(word: &str) -> bool {
    let beginnings = ["crates/", "docs/", "fixtures/", "proto/", "tools/", "fuzz/", ".ci/"];
    beginnings.iter().any(|beginning| word.starts_with(beginning)) && !word.contains('*')
}
