//! The services that a caller may see.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The services that a caller may see: a list of patterns. A service is in the scope when its name
/// matches one of them as a whole.
///
/// In a pattern, `*` stands for any run of characters, also an empty one, and `?` for any one
/// character. Every other character stands for itself, upper and lower case apart. The patterns for
/// Beyla's selectors are another language, with classes and alternatives: see
/// `crates/config/src/kind/glob.rs`.
///
/// The text form is the patterns with commas between them: `payments-*,ledger`. The serde form is a
/// list of texts.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct ServiceScope(Vec<String>);

/// Why patterns are not a scope.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidScope {
    /// There is no pattern.
    #[error("no service is named")]
    NoPattern,
    /// A pattern has no characters.
    #[error("a pattern of services is empty")]
    EmptyPattern,
    /// There are too many patterns.
    #[error("{found} patterns of services are more than {}", ServiceScope::MAX_PATTERNS)]
    TooMany {
        /// How many there are.
        found: usize,
    },
    /// A pattern is too long.
    #[error(
        "the pattern `{beginning}…` has {found} characters, which is more than {}",
        ServiceScope::MAX_CHARACTERS
    )]
    TooLong {
        /// The first characters of the pattern.
        beginning: String,
        /// How many characters the pattern has.
        found: usize,
    },
    /// A pattern has a comma, which separates patterns.
    #[error("the pattern `{pattern}` has a comma, which separates patterns")]
    Comma {
        /// The pattern.
        pattern: String,
    },
}

/// How many characters of a pattern that is too long are quoted.
const QUOTED_CHARACTERS: usize = 20;

impl ServiceScope {
    /// The largest number of patterns.
    pub const MAX_PATTERNS: usize = 64;
    /// The largest number of characters of a pattern.
    pub const MAX_CHARACTERS: usize = 256;

    /// The scope of `patterns`. Spaces around a pattern are removed.
    ///
    /// # Errors
    /// [`InvalidScope`].
    pub fn new(patterns: impl IntoIterator<Item = String>) -> Result<Self, InvalidScope> {
        let patterns: Vec<String> =
            patterns.into_iter().map(|pattern| pattern.trim().to_owned()).collect();
        if patterns.is_empty() {
            return Err(InvalidScope::NoPattern);
        }
        if patterns.len() > Self::MAX_PATTERNS {
            return Err(InvalidScope::TooMany { found: patterns.len() });
        }
        patterns.iter().try_for_each(|pattern| check(pattern))?;
        Ok(Self(patterns))
    }

    /// Whether the scope has `service`.
    pub fn allows(&self, service: &str) -> bool {
        self.0.iter().any(|pattern| matches(pattern, service))
    }

    /// The patterns, in the order in which they were given.
    pub fn patterns(&self) -> &[String] {
        &self.0
    }

    /// The services of the scope, if each pattern is the name of one.
    pub(super) fn exact(&self) -> Option<&[String]> {
        let is_name = |pattern: &String| !pattern.contains(['*', '?']);
        self.0.iter().all(is_name).then_some(&self.0)
    }
}

impl InvalidScope {
    /// What would be valid.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoPattern | Self::EmptyPattern => {
                "name services or patterns with commas between them, such as `payments-*,ledger`; \
                 `*` names every service"
            }
            Self::TooMany { .. } => "join patterns: `payments-*` stands for any run of characters",
            Self::TooLong { .. } => "shorten the pattern with a `*`",
            Self::Comma { .. } => "write `?` in place of a comma in the name of a service",
        }
    }
}

fn check(pattern: &str) -> Result<(), InvalidScope> {
    let found = pattern.chars().count();
    match found {
        0 => Err(InvalidScope::EmptyPattern),
        _ if found > ServiceScope::MAX_CHARACTERS => {
            let beginning = pattern.chars().take(QUOTED_CHARACTERS).collect();
            Err(InvalidScope::TooLong { beginning, found })
        }
        _ if pattern.contains(',') => Err(InvalidScope::Comma { pattern: pattern.to_owned() }),
        _ => Ok(()),
    }
}

/// Whether `text` as a whole matches `pattern`. Takes at most the product of their lengths in
/// steps: only the last `*` is tried again, because an earlier one needs no other length.
fn matches(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // The pattern behind the last `*`, and the text at which it is tried.
    let mut again: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let rest = text.clone();
        match (pattern.next(), text.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                again = Some((pattern.clone(), rest.clone()));
                text = rest;
                continue;
            }
            (Some('?'), Some(_)) => continue,
            (Some(wanted), Some(found)) if wanted == found => continue,
            _ => {}
        }
        let Some((behind, from)) = &mut again else { return false };
        if from.next().is_none() {
            return false;
        }
        (pattern, text) = (behind.clone(), from.clone());
    }
}

impl FromStr for ServiceScope {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        match text.trim() {
            "" => Err(InvalidScope::NoPattern),
            text => Self::new(text.split(',').map(str::to_owned)),
        }
    }
}

impl fmt::Display for ServiceScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}

impl TryFrom<Vec<String>> for ServiceScope {
    type Error = InvalidScope;

    fn try_from(patterns: Vec<String>) -> Result<Self, InvalidScope> {
        Self::new(patterns)
    }
}

impl From<ServiceScope> for Vec<String> {
    fn from(scope: ServiceScope) -> Self {
        scope.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scope(text: &str) -> ServiceScope {
        text.parse().unwrap()
    }

    #[test]
    fn a_pattern_matches_the_whole_name_of_a_service() {
        for (pattern, yes, no) in [
            ("payments", vec!["payments"], vec!["payments-api", "Payments", "payment", ""]),
            ("payments-*", vec!["payments-", "payments-api"], vec!["payments", "my-payments-x"]),
            ("*-api", vec!["a-api", "-api", "-api-api"], vec!["api", "a-apis"]),
            ("p?y", vec!["pay", "pöy", "p?y"], vec!["py", "paay"]),
            ("a*b*c", vec!["abc", "axbxbxc", "abcc"], vec!["ab", "acb", "abcd"]),
            ("*", vec!["", "anything"], vec![]),
            ("[ab]{c}.", vec!["[ab]{c}."], vec!["a", "ac."]),
            ("a,b*", vec!["a", "b", "bc"], vec!["a,b", "ab"]),
        ] {
            for service in yes {
                assert!(scope(pattern).allows(service), "{pattern} {service}");
            }
            for service in no {
                assert!(!scope(pattern).allows(service), "{pattern} {service}");
            }
        }
    }

    #[test]
    fn what_is_not_a_scope_is_refused_with_a_sentence_and_a_hint() {
        let many = vec!["a"; 65].join(",");
        let long = "x".repeat(257);
        for (text, error) in [
            (" ", "no service is named"),
            ("a,,b", "a pattern of services is empty"),
            (&*many, "65 patterns of services are more than 64"),
            (
                &*long,
                "the pattern `xxxxxxxxxxxxxxxxxxxx…` has 257 characters, which is more than 256",
            ),
        ] {
            let found = text.parse::<ServiceScope>().unwrap_err();
            assert_eq!(found.to_string(), error);
            assert!(!found.hint().is_empty());
        }
        let comma = ServiceScope::new(["a,b".to_owned()]).unwrap_err();
        assert_eq!(comma.to_string(), "the pattern `a,b` has a comma, which separates patterns");
    }

    #[test]
    fn a_scope_is_a_list_in_json_and_its_text_is_read_back() {
        let both = scope("payments-*, ledger");
        assert_eq!(both.to_string().parse(), Ok(both.clone()));
        let json = serde_json::to_string(&both).unwrap();
        assert_eq!(json, r#"["payments-*","ledger"]"#);
        assert_eq!(serde_json::from_str::<ServiceScope>(&json).unwrap(), both);
        assert!(serde_json::from_str::<ServiceScope>("[]").is_err());
    }

    /// The definition, by recursion.
    fn expected(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            (['*', rest @ ..], _) => (0..=text.len()).any(|at| expected(rest, &text[at..])),
            (['?', rest @ ..], [_, more @ ..]) => expected(rest, more),
            ([wanted, rest @ ..], [found, more @ ..]) if wanted == found => expected(rest, more),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn a_match_is_what_the_definition_says(pattern in "[ab*?]{0,8}", text in "[ab]{0,10}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(matches(&pattern, &text), expected(&chars(&pattern), &chars(&text)));
        }
    }
}
