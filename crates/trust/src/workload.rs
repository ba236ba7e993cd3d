//! The identity in a certificate: a SPIFFE id, as a URI among the subject's alternative names.
//!
//! Source: SPIFFE-ID, 2; X509-SVID, 2 (one URI SAN per certificate).

use std::fmt;
use std::str::FromStr;

/// The trust domain of every SPIFFE id of Coral. The CA tells one colony from another.
const PREFIX: &str = "spiffe://coral/";
/// Longest name of an agent in a certificate.
const MAX_NAME_BYTES: usize = 63;

/// Who a certificate is for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Workload {
    /// `spiffe://coral/colony`: a colony.
    Colony,
    /// `spiffe://coral/agent/NAME`: the agent with this id.
    Agent(AgentName),
}

/// The id of an agent that may stand in a certificate: 1 to 63 letters, digits, `.`, `_` and `-`, of
/// which the first is a letter or a digit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AgentName(String);

/// Why a text is not an agent's name in a certificate.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "`{0}` cannot be the name of an agent in a certificate: use 1 to 63 letters, digits, `.`, `_` and `-`, \
     beginning with a letter or a digit"
)]
pub struct InvalidAgentName(String);

impl Workload {
    /// The SPIFFE id.
    pub fn uri(&self) -> String {
        match self {
            Self::Colony => format!("{PREFIX}colony"),
            Self::Agent(name) => format!("{PREFIX}agent/{name}"),
        }
    }

    /// The workload with this SPIFFE id. Only the exact text of [`uri`](Self::uri) is accepted.
    pub fn of_uri(uri: &str) -> Option<Self> {
        let path = uri.strip_prefix(PREFIX)?;
        match path.strip_prefix("agent/") {
            Some(name) => name.parse().ok().map(Self::Agent),
            None => (path == "colony").then_some(Self::Colony),
        }
    }
}

impl AgentName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AgentName {
    type Err = InvalidAgentName;

    fn from_str(text: &str) -> Result<Self, InvalidAgentName> {
        let is_valid = text.len() <= MAX_NAME_BYTES
            && text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text.chars().all(|char| char.is_ascii_alphanumeric() || "._-".contains(char));
        match is_valid {
            true => Ok(Self(text.to_owned())),
            false => Err(InvalidAgentName(text.chars().take(80).collect())),
        }
    }
}

impl fmt::Display for AgentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Colony => f.write_str("a colony"),
            Self::Agent(name) => write!(f, "agent {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_exact_id_names_a_workload() {
        assert_eq!(Workload::of_uri("spiffe://coral/colony"), Some(Workload::Colony));
        let web = Workload::Agent("web-1".parse().unwrap());
        assert_eq!(Workload::of_uri("spiffe://coral/agent/web-1"), Some(web));
        for foreign in [
            "",
            "spiffe://coral/",
            "spiffe://coral/colony/",
            "spiffe://coral/Colony",
            "spiffe://other/colony",
            "https://coral/colony",
            "spiffe://coral/agent/",
            "spiffe://coral/agent/../colony",
            "spiffe://coral/agent/web-1/x",
            "spiffe://coral/agent/web%2d1",
            "spiffe://coral/agent/web-1?x",
            "spiffe://coral/agent/web 1",
        ] {
            assert_eq!(Workload::of_uri(foreign), None, "{foreign}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn whatever_text_is_a_workload_is_the_text_of_that_workload(text in "(spiffe://coral/)?(agent/)?.{0,12}") {
            if let Some(workload) = Workload::of_uri(&text) {
                prop_assert_eq!(workload.uri(), text);
            }
        }
    }
}
