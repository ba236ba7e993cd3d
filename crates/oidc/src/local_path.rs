//! Where a browser goes after a sign-in: a page of the colony, and of no other site.

use std::str::FromStr;

/// Longest path, in bytes.
const MAX_BYTES: usize = 2_000;

/// A path of the colony with an optional query.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LocalPath(String);

/// A text is not a path of the colony.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`next` is not a path of this colony, such as /traces")]
pub struct InvalidPath;

impl LocalPath {
    /// The text, which begins with one `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for LocalPath {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl FromStr for LocalPath {
    type Err = InvalidPath;

    /// Browsers read `//host` and `/\host` as another site, and leave out tabs and line breaks.
    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
        let is_local = text.starts_with('/')
            && !text.starts_with("//")
            && text.len() <= MAX_BYTES
            && text.bytes().all(is_plain);
        if is_local { Ok(Self(text.to_owned())) } else { Err(InvalidPath) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_the_colony_is_accepted() {
        for right in ["/", "/traces?service=pay&next=//a", "/a/%2f%2fb", "/why#x"] {
            assert!(right.parse::<LocalPath>().is_ok(), "{right}");
        }
        let long = format!("/{}", "a".repeat(MAX_BYTES));
        for wrong in [
            "",
            "traces",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example/",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/a\r\nset-cookie: a=b",
            " /",
            "/é",
            &long,
        ] {
            assert_eq!(wrong.parse::<LocalPath>(), Err(InvalidPath), "{wrong}");
        }
    }
}
