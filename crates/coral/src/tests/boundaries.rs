//! Which folder may know what (design §2). Cargo enforces what lies between crates; this the rest.

use std::path::{Path, PathBuf};

/// A folder or file of `src`, and words that its `use` lines and paths must not hold.
const RULES: &[(&str, &[&str])] = &[
    ("agent", &["crate::colony"]),
    ("colony", &["crate::agent"]),
    ("query", &["coral_wire", "crate::agent", "crate::colony"]),
    ("show", &["coral_store", "coral_wire", "crate::agent", "crate::colony"]),
    ("client.rs", &["coral_store", "coral_wire"]),
];

/// Foreign words, and the only places that may say them.
const HOMES: &[(&str, &[&str])] = &[
    (
        "tonic",
        &[
            "agent/receive",
            "agent/serve",
            "agent/register.rs",
            "agent/mod.rs",
            "colony/poll/client.rs",
            "colony/serve",
            "colony/mod.rs",
        ],
    ),
    ("ureq", &["client.rs", "demo", "install"]),
    ("clap", &["args", "main.rs", "query/question"]),
    ("adbc_core", &[]),
    ("prost", &[]),
];

fn sources(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    found.filter(|path| path.extension().is_some_and(|kind| kind == "rs")).collect()
}

/// Every line of code outside tests, with its file relative to `src`.
fn lines() -> Vec<(String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&src).into_iter().filter(|path| !path.to_string_lossy().contains("tests"));
    files
        .flat_map(|path| {
            let file = path.strip_prefix(&src).unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap().to_owned();
            let lines: Vec<_> = code
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .map(|line| (file.clone(), line.to_owned()))
                .collect();
            lines
        })
        .collect()
}

#[test]
fn no_folder_imports_what_it_must_not_know() {
    for (file, line) in lines() {
        for (place, forbidden) in RULES.iter().filter(|(place, _)| file.starts_with(place)) {
            let broken = forbidden.iter().find(|word| line.contains(*word));
            assert!(broken.is_none(), "{file}: {place} must not know {broken:?}: {line}");
        }
    }
}

#[test]
fn every_foreign_word_has_its_home() {
    for (file, line) in lines() {
        for (word, homes) in HOMES {
            let said =
                line.contains(&format!("{word}::")) || line.contains(&format!("{word}_types::"));
            let home = homes.iter().any(|home| file.starts_with(home));
            assert!(!said || home, "{file} says `{word}`: {line}");
        }
    }
}
