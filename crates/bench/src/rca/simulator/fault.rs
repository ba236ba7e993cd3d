//! What goes wrong, and whom to blame for it.

use super::topology::Topology;

/// A kind of fault. Factors are of what is usual.
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
    /// Three times the requests, and everything a little slower.
    LoadStep,
    /// Nothing at all.
    None,
}

/// A fault at a service.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    pub kind: Kind,
    /// Where; of an edge, the callee.
    pub at: usize,
}

/// What is called the database, whoever asks it.
pub const DATABASE: &str = "postgresql";
/// What is called the cache.
pub const CACHE: &str = "redis";

impl Kind {
    /// Those with a culprit.
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

    /// What it is called in a report.
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

    /// Services at which it can happen.
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
    /// The first service that calls where it happens: a slow edge is between these two.
    pub fn caller(&self, topology: &Topology) -> Option<usize> {
        topology.services.iter().position(|caller| caller.calls.contains(&self.at))
    }

    /// Whom an answer may name. Time between two is rightly laid at either's door: an edge between a
    /// caller and its callee, a query between a service and its database.
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
