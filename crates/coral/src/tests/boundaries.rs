//! Boundaries that Cargo cannot enforce: which folders of a crate may use a foreign API.

use std::path::{Path, PathBuf};

/// Foreign crates, each with the only places under `crates/` that may name it. An entry includes
/// crates whose names begin with its name and `_`.
const HOMES: &[(&str, &[&str])] = &[
    ("clap", &["coral/src/args", "bench/"]),
    ("clickhouse", &["cluster/"]),
    (
        "tonic",
        &[
            "wire/",
            "server/src/rpc.rs",
            "api/src/jaeger/rpc",
            "api/src/tempo/grpc.rs",
            "agent/src/receive",
            "agent/src/serve",
            "agent/src/register.rs",
            "agent/src/join.rs",
            "colony/src/poll/client.rs",
            "colony/src/serve/register.rs",
            "bench/",
        ],
    ),
];

fn sources(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    found.filter(|path| path.extension().is_some_and(|kind| kind == "rs")).collect()
}

/// Every line of code outside tests, with its file relative to `crates/`.
fn lines() -> Vec<(String, String)> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let files =
        sources(crates).into_iter().filter(|path| !path.to_string_lossy().contains("tests"));
    files
        .flat_map(|path| {
            let file = path.strip_prefix(crates).unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
            let lines: Vec<_> = code
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .map(|line| (file.clone(), line.to_owned()))
                .collect();
            lines
        })
        .collect()
}

/// Whether `line` names something of `word` or of `word_…`, as `tonic::Status` and
/// `tonic_health::pb` do.
fn says(line: &str, word: &str) -> bool {
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let rest = &line[at + word.len()..];
        let path = rest.trim_start_matches(is_of_name);
        let is_whole = path.len() == rest.len() || rest.starts_with('_');
        !line[..at].ends_with(is_of_name) && is_whole && path.starts_with("::")
    })
}

#[test]
fn a_foreign_word_is_found_with_what_belongs_to_it_and_nothing_else() {
    let said =
        ["tonic::Status", "use tonic_health::pb;", "#[tonic::async_trait]", "a(tonic::Code)"];
    let unsaid =
        ["tonic", "monotonic::now()", "tonics::Status", "let tonic = a::b;", "tonic_health"];
    for line in said.iter().chain(&unsaid) {
        assert_eq!(says(line, "tonic"), said.contains(line), "{line}");
    }
}

#[test]
fn the_web_page_knows_no_other_crate() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let manifest = std::fs::read_to_string(crates.join("ui/Cargo.toml")).unwrap();
    let known: Vec<&str> = manifest.lines().filter(|line| line.starts_with("coral-")).collect();
    assert_eq!(known, [] as [&str; 0]);
}

#[test]
fn foreign_apis_are_used_only_in_their_folders() {
    let lines = lines();
    assert!(lines.len() > 10_000, "only {} lines were read", lines.len());
    for (word, homes) in HOMES {
        for (file, line) in lines.iter().filter(|(_, line)| says(line, word)) {
            assert!(
                homes.iter().any(|home| file.starts_with(home)),
                "{file} says `{word}`: {line}"
            );
        }
        let unused = homes.iter().filter(|home| {
            !lines.iter().any(|(file, line)| file.starts_with(*home) && says(line, word))
        });
        assert_eq!(unused.collect::<Vec<_>>(), [] as [&&str; 0], "homes that do not say `{word}`");
    }
}
