//! Documents name files that there are.

use std::path::Path;

#[test]
fn every_path_that_a_document_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut named = 0;
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/glossary.md"] {
        let text = std::fs::read_to_string(root.join(document)).unwrap();
        for path in text.split(|sign: char| !is_of_path(sign)).filter(|word| is_path(word)) {
            let path = path.trim_end_matches(['.', '/', ':']);
            assert!(root.join(path).exists(), "{document} names `{path}`, which is not there");
            named += 1;
        }
    }
    assert!(named > 50, "only {named} paths were found");
}

fn is_of_path(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || "/._-*".contains(sign)
}

fn is_path(word: &str) -> bool {
    let beginnings = ["crates/", "docs/", "fixtures/", "proto/", "tools/", "fuzz/"];
    beginnings.iter().any(|beginning| word.starts_with(beginning)) && !word.contains('*')
}
