//! The sender of a request.

use std::fmt;
use std::sync::Arc;

use coral_trust::ledger::TokenEntry;
use coral_trust::role::Role;
use coral_trust::workload::AgentName;

/// Who sends a request, and how that was proved.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who it is.
    pub principal: Principal,
    /// How it proved that: `token 3f2a91cc`, `session of token 3f2a91cc`, `oidc SUBJECT`, `certificate
    /// 41…`, `key of this host`, `loopback`, `none`.
    pub proof: String,
    /// Whether it is a browser with a session, which can end.
    pub has_session: bool,
}

/// A kind of caller, with its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Principal {
    /// Shows nothing.
    Anybody,
    /// Any process, where callers are not asked who they are: on loopback.
    Unasked,
    /// A process that can read the key file of this host's service.
    Local,
    /// The agent with this id, by its certificate.
    Agent(AgentName),
    /// A colony, by its certificate.
    Colony,
    /// A person or tool, by its token; or a person, by the session of its browser.
    Person(Arc<TokenEntry>),
}

impl Caller {
    /// A caller that proves who it is with each request.
    pub fn new(principal: Principal, proof: impl Into<String>) -> Self {
        Self { principal, proof: proof.into(), has_session: false }
    }

    /// A caller that is not asked who it is.
    pub fn unasked() -> Self {
        Self::new(Principal::Unasked, "loopback")
    }

    /// A caller of whom nothing is known.
    pub fn nobody() -> Self {
        Self::new(Principal::Anybody, "none")
    }

    /// Globs of the services that the caller may see; empty for every service.
    pub fn services(&self) -> &[String] {
        match &self.principal {
            Principal::Person(token) => &token.services,
            _ => &[],
        }
    }

    /// The role of a person; `admin` for a process of this host.
    pub fn role(&self) -> Option<Role> {
        match &self.principal {
            Principal::Person(token) => Some(token.role),
            Principal::Unasked | Principal::Local => Some(Role::Admin),
            Principal::Anybody | Principal::Agent(_) | Principal::Colony => None,
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anybody => f.write_str("anybody"),
            Self::Unasked => f.write_str("not asked"),
            Self::Local => f.write_str("this host"),
            Self::Agent(name) => write!(f, "agent {name}"),
            Self::Colony => f.write_str("colony"),
            Self::Person(token) => f.write_str(&token.user),
        }
    }
}
