//! `docs/threat-model.md` names tests that exist.

use std::collections::BTreeSet;
use std::path::Path;

use super::documents::console::{read, root};

/// The names of every function with the attribute of a test, or in a block of properties.
fn tests(dir: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tests(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let mut is_test = false;
            for line in text.lines().map(str::trim_start) {
                let name = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
                if let Some(name) = name.filter(|_| is_test) {
                    found.insert(name.split('(').next().unwrap().to_owned());
                }
                is_test = line.starts_with("#[test]")
                    || line.starts_with("#[tokio::test")
                    || is_test && line.starts_with(['#', '/']);
            }
        }
    }
}

#[test]
fn each_attack_of_the_threat_model_names_a_test_that_exists() {
    let mut known = BTreeSet::new();
    tests(&root().join("crates"), &mut known);
    let text = read("docs/threat-model.md");
    let attacks = text.split("## Attacks").nth(1).unwrap().split("## What is not").next().unwrap();
    let rows: Vec<&str> = attacks.lines().filter(|line| line.starts_with("| ")).collect();
    let rows =
        rows.iter().filter(|row| !row.starts_with("| attack |") && !row.starts_with("| ---"));
    let mut attacks = 0;
    for row in rows {
        let last = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let named: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "no test is named: {row}");
        for name in named {
            assert!(known.contains(name), "`{name}` is no test: {row}");
        }
        attacks += 1;
    }
    assert!(attacks > 40, "{attacks} attacks");
}

#[test]
fn every_attack_test_is_in_the_threat_model() {
    let mut attacks = BTreeSet::new();
    tests(&root().join("crates/coral/tests/e2e/attack"), &mut attacks);
    assert!(attacks.len() > 15, "{attacks:?}");
    let text = read("docs/threat-model.md");
    for name in attacks {
        assert!(text.contains(&format!("`{name}`")), "{name} is not in the threat model");
    }
}
