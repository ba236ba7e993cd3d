//! Documents name files that there are.

use std::path::Path;

const DOCUMENTS: [&str; 4] =
    ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/glossary.md"];

#[test]
fn every_path_that_a_document_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut named = 0;
    for document in DOCUMENTS {
        let text = std::fs::read_to_string(root.join(document)).unwrap();
        for path in text.split(|sign: char| !is_of_path(sign)).filter(|word| is_path(word)) {
            let path = path.trim_end_matches(['.', '/', ':']);
            assert!(root.join(path).exists(), "{document} names `{path}`, which is not there");
            named += 1;
        }
    }
    assert!(named > 50, "only {named} paths were found");
}

/// `roles/mod.rs` is short for a file that ends so.
#[test]
fn every_source_file_that_a_document_names_in_short_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    collect(&root.join("crates"), &mut files);
    let mut named = 0;
    for document in DOCUMENTS {
        let text = std::fs::read_to_string(root.join(document)).unwrap();
        // What stands between two backticks.
        for file in text.split('`').skip(1).step_by(2).filter(|word| is_source(word)) {
            let is_there = files.iter().any(|path| path.ends_with(&format!("/{file}")));
            assert!(is_there, "{document} names `{file}`, which is not there");
            named += 1;
        }
    }
    assert!(named > 30, "only {named} files were found");
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
    let beginnings = ["crates/", "docs/", "fixtures/", "proto/", "tools/", "fuzz/"];
    beginnings.iter().any(|beginning| word.starts_with(beginning)) && !word.contains('*')
}
