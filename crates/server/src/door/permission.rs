//! What a request needs to be allowed to do. Nothing enforces permissions yet; every route and RPC names one.

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
    /// Read counters, as Prometheus does.
    ExpositionRead,
    /// Read whether the process is well.
    HealthRead,
    /// Read which routes and RPCs there are.
    SpecRead,
    /// Register an agent with a colony.
    AgentRegister,
    /// Read what an agent has received, as a colony does.
    AgentPoll,
    /// Change what an agent's Beyla instruments.
    BeylaControl,
}

impl Permission {
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
            Self::AgentRegister => "agent.register",
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
