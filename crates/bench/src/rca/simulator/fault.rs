//! Simulated faults and their culprits.

use super::topology::Topology;

/// A kind of fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    SlowNode,
    SlowEdge,
    HostCpu,
    SlowQuery,
    PoolWait,
    RetryStorm,
    NPlusOne,
    EarlyError,
    Timeout,
    BadVersion,
    CacheMiss,
    /// Three times as many requests, and everything is a little slower.
    LoadStep,
    /// No fault.
    None,
}

/// A fault at a service.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    pub kind: Kind,
    /// The index of the service with the fault; for a slow edge, the index of the callee.
    pub at: usize,
}

/// The name of every database.
pub const DATABASE: &str = "postgresql";
/// The name of every cache.
pub const CACHE: &str = "redis";

impl Kind {
    /// The kinds of faults that have a culprit.
    pub const FAULTS: [Self; 11] = [
        Self::SlowNode,
        Self::SlowEdge,
        Self::HostCpu,
        Self::SlowQuery,
        Self::PoolWait,
        Self::RetryStorm,
        Self::NPlusOne,
        Self::EarlyError,
        Self::Timeout,
        Self::BadVersion,
        Self::CacheMiss,
    ];

    /// The name of the kind in a report.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SlowNode => "slow node",
            Self::SlowEdge => "slow edge",
            Self::HostCpu => "cpu on host",
            Self::SlowQuery => "slow query",
            Self::PoolWait => "pool wait",
            Self::RetryStorm => "retry storm",
            Self::NPlusOne => "N+1",
            Self::EarlyError => "early error",
            Self::Timeout => "timeout",
            Self::BadVersion => "bad version on one instance",
            Self::CacheMiss => "cache miss",
            Self::LoadStep => "load step",
            Self::None => "no fault",
        }
    }

    /// The indices of the services at which the fault can happen.
    pub fn places(self, topology: &Topology) -> Vec<usize> {
        let can = |at: &usize| {
            let service = &topology.services[*at];
            match self {
                Self::SlowQuery | Self::PoolWait | Self::NPlusOne | Self::CacheMiss => {
                    service.has_database
                }
                Self::SlowEdge | Self::RetryStorm | Self::Timeout => *at > 0,
                Self::EarlyError => !service.calls.is_empty() || service.has_database,
                _ => true,
            }
        };
        (0..topology.services.len()).filter(can).collect()
    }
}

impl Fault {
    /// The first service that calls the service with the fault. A slow edge is between these two.
    pub fn caller(&self, topology: &Topology) -> Option<usize> {
        topology.services.iter().position(|caller| caller.calls.contains(&self.at))
    }

    /// The services that a correct answer may name. The time of a slow edge may be attributed to
    /// its caller or callee, and the time of a query to the service or its database.
    pub fn culprits(&self, topology: &Topology) -> Vec<String> {
        let mut culprits = vec![topology.services[self.at].name.clone()];
        match self.kind {
            Kind::SlowQuery | Kind::CacheMiss => culprits.push(DATABASE.to_owned()),
            Kind::SlowEdge => {
                culprits.extend(self.caller(topology).map(|at| topology.services[at].name.clone()));
            }
            _ => {}
        }
        culprits
    }
}
