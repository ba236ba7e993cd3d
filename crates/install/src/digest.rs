//! SHA-256 digests, and their text forms on the command line, in files and from GitHub.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// A digest in progress.
#[derive(Default)]
pub struct Digest(Sha256);

impl Digest {
    /// Adds bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest, as 64 lower-case hex digits.
    pub fn hex(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Parses a digest: `HEX`, or `HEX  FILE` as sha256sum writes it.
pub fn parse(text: &str) -> Option<String> {
    let word = text.split_whitespace().next()?.to_ascii_lowercase();
    (word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(word)
}

/// The digest of the asset `name` in GitHub's description of a release.
///
/// Source: GitHub's REST API, "Get a release by tag name": `assets[].digest` is `sha256:HEX`.
pub fn of_asset(release: &str, name: &str) -> Option<String> {
    let release: Value = serde_json::from_str(release).ok()?;
    let asset = release["assets"].as_array()?.iter().find(|asset| asset["name"] == name)?;
    parse(asset["digest"].as_str()?.strip_prefix("sha256:")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_digest_is_read_as_it_is_usually_written() {
        assert_eq!(Digest::default().hex(), HEX);
        for text in [HEX.to_owned(), HEX.to_uppercase(), format!("{HEX}  beyla.tar.gz\n")] {
            assert_eq!(parse(&text).as_deref(), Some(HEX), "{text}");
        }
        for text in ["", "abc", "<html>", &format!("x{}", &HEX[1..]), &format!("{HEX}00")] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn github_says_the_digest_of_each_asset() {
        let release = format!(
            r#"{{"assets": [{{"name": "a.tar.gz", "digest": null}}, {{"name": "b.tar.gz", "digest": "sha256:{HEX}"}}]}}"#
        );
        assert_eq!(of_asset(&release, "b.tar.gz").as_deref(), Some(HEX));
        assert_eq!(of_asset(&release, "a.tar.gz"), None);
        assert_eq!(of_asset("<html>", "b.tar.gz"), None);
    }
}
