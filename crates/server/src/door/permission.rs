//! Permissions. Every route and RPC names one; [`crate::identity::policy`] says who has it.

use std::fmt;

/// A permission. Each route and each RPC method needs exactly one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Permission {
    /// Read traces and their spans.
    TracesRead,
    /// Read RED metrics.
    MetricsRead,
    /// Read which services call which.
    TopologyRead,
    /// Read why requests are slow or fail.
    WhyRead,
    /// Read what changed since the baseline.
    AnomaliesRead,
    /// Ask in plain English, which may read all of the above.
    AskRead,
    /// Read everything that is stored, in SQL.
    SqlRead,
    /// Read the state of the process and of its agents.
    StatusRead,
    /// Read counters and gauges in the Prometheus text format.
    ExpositionRead,
    /// Read whether the process is healthy.
    HealthRead,
    /// Read the description of routes and RPCs.
    SpecRead,
    /// Read who one is, and what one may do.
    SelfRead,
    /// Read the files of the web page, which have no data.
    PageRead,
    /// Sign in in a browser, with a provider or a token, and out.
    SessionChange,
    /// Get a first certificate for an agent, with a join token.
    AgentJoin,
    /// Get a further certificate for an agent.
    CertificateRenew,
    /// Register an agent with a colony.
    AgentRegister,
    /// Make a colony forget an agent that is gone.
    AgentForget,
    /// Read the data that an agent has received, as a colony does.
    AgentPoll,
    /// Change what an agent's Beyla instruments.
    BeylaControl,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 20] = [
        Self::TracesRead,
        Self::MetricsRead,
        Self::TopologyRead,
        Self::WhyRead,
        Self::AnomaliesRead,
        Self::AskRead,
        Self::SqlRead,
        Self::StatusRead,
        Self::ExpositionRead,
        Self::HealthRead,
        Self::SpecRead,
        Self::SelfRead,
        Self::PageRead,
        Self::SessionChange,
        Self::AgentJoin,
        Self::CertificateRenew,
        Self::AgentRegister,
        Self::AgentForget,
        Self::AgentPoll,
        Self::BeylaControl,
    ];

    /// The permission with that name. An unknown name in a `const` fails to compile.
    ///
    /// # Panics
    /// When no permission has that name.
    pub const fn named(name: &str) -> Self {
        let mut at = 0;
        while at < Self::ALL.len() {
            if is_same(Self::ALL[at].as_str().as_bytes(), name.as_bytes()) {
                return Self::ALL[at];
            }
            at += 1;
        }
        panic!("no permission has this name")
    }

    /// The permission's name, such as `traces.read`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TracesRead => "traces.read",
            Self::MetricsRead => "metrics.read",
            Self::TopologyRead => "topology.read",
            Self::WhyRead => "why.read",
            Self::AnomaliesRead => "anomalies.read",
            Self::AskRead => "ask.read",
            Self::SqlRead => "sql.read",
            Self::StatusRead => "status.read",
            Self::ExpositionRead => "exposition.read",
            Self::HealthRead => "health.read",
            Self::SpecRead => "spec.read",
            Self::SelfRead => "self.read",
            Self::PageRead => "page.read",
            Self::SessionChange => "session.change",
            Self::AgentJoin => "agent.join",
            Self::CertificateRenew => "certificate.renew",
            Self::AgentRegister => "agent.register",
            Self::AgentForget => "agent.forget",
            Self::AgentPoll => "agent.poll",
            Self::BeylaControl => "beyla.control",
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}
