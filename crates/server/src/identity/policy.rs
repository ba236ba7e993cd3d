//! The table of who may do what. A permission that the table does not list is denied.

use coral_trust::role::Role;

use super::{Caller, Principal};
use crate::door::Permission;

/// A kind of caller in the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// Whoever shows nothing.
    Anybody,
    /// An agent, by its certificate.
    Agent,
    /// A colony, by its certificate.
    Colony,
    /// A viewer, analyst or admin whose token is limited to services.
    Limited,
    /// A viewer.
    Viewer,
    /// An analyst.
    Analyst,
    /// An analyst whose token allows SQL.
    AnalystWithSql,
    /// An admin.
    Admin,
    /// A process that can read the key file of this host's service, or that is not asked who it is.
    Local,
}

use Kind::{Admin, Agent, Analyst, AnalystWithSql, Anybody, Colony, Limited, Local, Viewer};
use Permission as Needs;

/// Everybody who may ask questions about the data, within what a token is limited to.
const READERS: &[Kind] = &[Limited, Viewer, Analyst, AnalystWithSql, Admin, Local];
/// Everybody who may read what tells of every service.
const UNLIMITED: &[Kind] = &[Viewer, Analyst, AnalystWithSql, Admin, Local];
/// Everybody.
const ALL: &[Kind] =
    &[Anybody, Agent, Colony, Limited, Viewer, Analyst, AnalystWithSql, Admin, Local];

/// The table.
pub const POLICY: &[(Permission, &[Kind])] = &[
    (Needs::HealthRead, ALL),
    // The page asks for data with the permissions of whoever looks at it.
    (Needs::PageRead, ALL),
    // The secret in the request decides.
    (Needs::AgentJoin, ALL),
    // The provider decides who signs in, or the token does.
    (Needs::SessionChange, ALL),
    (Needs::SelfRead, READERS),
    (Needs::SpecRead, READERS),
    (Needs::TracesRead, READERS),
    (Needs::MetricsRead, READERS),
    (Needs::TopologyRead, READERS),
    (Needs::WhyRead, READERS),
    (Needs::AnomaliesRead, READERS),
    (Needs::AskRead, READERS),
    (Needs::StatusRead, UNLIMITED),
    (Needs::ExpositionRead, UNLIMITED),
    (Needs::SqlRead, &[AnalystWithSql, Admin, Local]),
    (Needs::AgentRegister, &[Agent, Local]),
    (Needs::CertificateRenew, &[Agent]),
    (Needs::AgentForget, &[Admin, Local]),
    (Needs::AgentPoll, &[Colony, Local]),
    (Needs::BeylaControl, &[Local]),
];

impl Kind {
    /// Every kind, in the order of the table's columns.
    pub const ALL: &[Self] = ALL;

    /// The kind of `caller`.
    pub fn of(caller: &Caller) -> Self {
        match &caller.principal {
            Principal::Anybody => Anybody,
            Principal::Unasked | Principal::Local => Local,
            Principal::Agent(_) => Agent,
            Principal::Colony => Colony,
            Principal::Person(token) if !token.services.is_empty() => Limited,
            Principal::Person(token) => match token.role {
                Role::Viewer => Viewer,
                Role::Analyst if token.sql => AnalystWithSql,
                Role::Analyst => Analyst,
                Role::Admin => Admin,
            },
        }
    }

    /// The name in the documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Anybody => "anybody",
            Agent => "agent",
            Colony => "colony",
            Limited => "limited token",
            Viewer => "viewer",
            Analyst => "analyst",
            AnalystWithSql => "analyst with SQL",
            Admin => "admin",
            Local => "this host",
        }
    }

    /// Whether this kind of caller has `permission`.
    pub fn may(self, permission: Permission) -> bool {
        let row = POLICY.iter().find(|(listed, _)| *listed == permission);
        row.is_some_and(|(_, kinds)| kinds.contains(&self))
    }
}

/// The table in Markdown, one row for each permission.
pub fn markdown() -> String {
    let columns = ALL.iter().map(|kind| format!(" {} |", kind.as_str())).collect::<String>();
    let line = ALL.iter().map(|_| " --- |").collect::<String>();
    let mut text = format!("| permission |{columns}\n| --- |{line}\n");
    for permission in Permission::ALL {
        let marks = ALL.iter().map(|kind| if kind.may(permission) { " yes |" } else { "  |" });
        text += &format!("| `{permission}` |{}\n", marks.collect::<String>());
    }
    text
}
