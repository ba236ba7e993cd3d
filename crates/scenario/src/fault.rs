//! Faults and their culprits.

use crate::random::pick;
use crate::topology::{Operation, Topology};

/// A kind of fault.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// The own work of all instances of a service takes ten times as long.
    SlowNode,
    /// The network between a service and its first caller takes 40 ms longer.
    SlowEdge,
    /// Everything that a service does takes six times as long.
    HostCpu,
    /// One statement of a service takes ten times as long, or thirty times when it writes.
    SlowQuery,
    /// A service waits 30 ms for a connection to its database.
    PoolWait,
    /// Four of five requests to a service fail, and its callers repeat them twice.
    RetryStorm,
    /// A service queries its database twenty times instead of once.
    NPlusOne,
    /// Seven of ten requests to a service fail before it calls anything.
    EarlyError,
    /// Three of five requests to a service take 2 s; callers stop waiting after 1 s.
    Timeout,
    /// One instance of a service runs a new version, whose own work takes ten times as long.
    BadVersion,
    /// Nineteen of twenty lookups in the cache of a service miss.
    CacheMiss,
    /// Three times as many requests, and everything is a little slower. Not a fault.
    LoadStep,
    /// No fault.
    None,
    /// One of five requests to the instance of a service on one host fails with status 503.
    ErrorsOnHost,
    /// Three of ten requests to a service fail with status 500.
    ErrorsEverywhere,
    /// A quarter of the requests to a service that no entry calls fail; its callers answer 502.
    DeepError,
    /// Everything that runs on one host takes six times as long.
    SlowHost,
    /// The network between a service and all of its callers takes 40 ms longer.
    SlowNetwork,
    /// The own work of one operation, of a service with several, takes ten times as long.
    SlowRoute,
    /// Three of five requests to a host without spans are not answered within a second.
    DependencyTimeout,
    /// Messages wait 3 s in their queue.
    QueueLag,
}

/// A fault at a service.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Fault {
    /// What is wrong.
    pub kind: Kind,
    /// The index of the service with the fault; for a slow network, the index of the callee.
    pub service: usize,
    /// The index of the operation, for a kind that is about one operation.
    pub operation: usize,
    /// The index of the instance, for a kind that is about one instance or one host.
    pub instance: usize,
}

/// The name of every database, and of its spans' `db.system.name`.
pub const DATABASE: &str = "postgresql";
/// The name of every cache, and of its spans' `db.system.name`.
pub const CACHE: &str = "redis";
/// The name of the message broker, and of its spans' `messaging.system`.
pub const BROKER: &str = "kafka";
/// The version of all services.
pub const VERSION: &str = "2.3.1";
/// The version of what is deployed.
pub const NEW_VERSION: &str = "2.4.0";

impl Kind {
    /// The kinds that `coral-bench rca` simulates.
    pub(crate) const COMPARED: [Self; 11] = [
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

    /// The kinds of faults that an incident may have. A topology without the services that a kind
    /// needs has no incident of this kind: see [`places`](Self::places).
    pub const FAULTS: [Self; 17] = [
        Self::SlowQuery,
        Self::ErrorsOnHost,
        Self::ErrorsEverywhere,
        Self::RetryStorm,
        Self::NPlusOne,
        Self::BadVersion,
        Self::SlowHost,
        Self::SlowNetwork,
        Self::CacheMiss,
        Self::SlowRoute,
        Self::PoolWait,
        Self::DependencyTimeout,
        Self::Timeout,
        Self::DeepError,
        Self::QueueLag,
        Self::SlowNode,
        Self::EarlyError,
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
            Self::ErrorsOnHost => "errors on one host",
            Self::ErrorsEverywhere => "errors everywhere",
            Self::DeepError => "deep error",
            Self::SlowHost => "slow host",
            Self::SlowNetwork => "slow network to one service",
            Self::SlowRoute => "one slow route",
            Self::DependencyTimeout => "dependency timeout",
            Self::QueueLag => "queue lag",
        }
    }

    /// The indices of the services at which the fault can happen.
    pub fn places(self, topology: &Topology) -> Vec<usize> {
        (0..topology.services.len())
            .filter(|at| {
                self.is_possible(topology, *at) && !self.operations(topology, *at).is_empty()
            })
            .collect()
    }

    fn is_possible(self, topology: &Topology, at: usize) -> bool {
        let service = &topology.services[at];
        let is_called = topology.callers(at).next().is_some();
        match self {
            Self::SlowEdge | Self::RetryStorm | Self::Timeout | Self::SlowNetwork => is_called,
            Self::ErrorsOnHost | Self::SlowHost | Self::BadVersion => {
                self == Self::BadVersion
                    || service.hosts.iter().any(|host| *host != service.hosts[0])
            }
            Self::DeepError => {
                is_called
                    && !topology.entries.iter().any(|entry| {
                        topology.operation(entry.call).calls.iter().any(|call| call.service == at)
                    })
            }
            Self::SlowRoute => service.operations.len() > 1,
            _ => true,
        }
    }

    /// The indices of the operations of `service` that the fault can be about.
    fn operations(self, topology: &Topology, service: usize) -> Vec<usize> {
        let is_of_kind = |operation: &Operation| match self {
            Self::SlowQuery | Self::PoolWait | Self::NPlusOne => operation.database.is_some(),
            Self::CacheMiss => operation.database.as_ref().is_some_and(|of| of.cache.is_some()),
            Self::EarlyError => !operation.calls.is_empty() || operation.database.is_some(),
            Self::DependencyTimeout => operation.external.is_some(),
            Self::QueueLag => operation.publishes.is_some(),
            _ => true,
        };
        let operations = topology.services[service].operations.iter().enumerate();
        operations.filter(|(_, operation)| is_of_kind(operation)).map(|(at, _)| at).collect()
    }
}

impl Fault {
    /// A fault at the service with this index: of its first operation, and of its second instance.
    pub const fn at(kind: Kind, service: usize) -> Self {
        Self { kind, service, operation: 0, instance: 1 }
    }

    /// A fault of this kind at a service, an operation and an instance that follow from `random`;
    /// `None` when the topology has no place for it.
    pub fn choose(kind: Kind, topology: &Topology, random: u64) -> Option<Self> {
        let service = pick(&kind.places(topology), random ^ 1)?;
        let operation = pick(&kind.operations(topology, service), random ^ 2)?;
        let instances: Vec<usize> = (0..topology.services[service].hosts.len()).collect();
        Some(Self { kind, service, operation, instance: pick(&instances, random ^ 3)? })
    }

    /// The first service that calls the service with the fault. A slow edge is between these two.
    pub fn caller(&self, topology: &Topology) -> Option<usize> {
        topology.callers(self.service).next()
    }

    /// The host of the instance with the fault.
    pub fn host<'a>(&self, topology: &'a Topology) -> &'a str {
        &topology.services[self.service].hosts[self.instance]
    }

    /// The services that a correct answer may name. The time of a call may be attributed to its
    /// caller or its callee, and the time of a query to the service or its database.
    pub fn culprits(&self, topology: &Topology) -> Vec<String> {
        let this = &topology.services[self.service];
        let operation = &this.operations[self.operation];
        let named = |at: usize| topology.services[at].name.clone();
        let mut culprits = vec![this.name.clone()];
        match self.kind {
            Kind::SlowQuery | Kind::CacheMiss => culprits.push(DATABASE.to_owned()),
            Kind::SlowEdge => culprits.extend(self.caller(topology).map(named)),
            Kind::SlowNetwork => culprits.extend(topology.callers(self.service).map(named)),
            Kind::SlowHost => {
                let host = self.host(topology).to_owned();
                let runs = topology.services.iter().filter(|of| of.hosts.contains(&host));
                culprits = runs.map(|service| service.name.clone()).collect();
            }
            Kind::DependencyTimeout => {
                culprits.extend(operation.external.map(|external| external.address.to_owned()));
            }
            Kind::QueueLag => {
                culprits.push(BROKER.to_owned());
                let consumers = operation.publishes.iter().flat_map(|of| &of.consumers);
                culprits.extend(consumers.map(|call| named(call.service)));
            }
            _ => {}
        }
        culprits
    }

    /// The value that the first sentence of an answer has to name: a host, a version, a route or a
    /// statement; `None` when a service is all there is to name.
    pub fn culprit_value(&self, topology: &Topology) -> Option<String> {
        let operation = &topology.services[self.service].operations[self.operation];
        let database = operation.database.as_ref();
        match self.kind {
            Kind::ErrorsOnHost | Kind::SlowHost => Some(self.host(topology).to_owned()),
            Kind::BadVersion => Some(NEW_VERSION.to_owned()),
            Kind::SlowRoute => Some(operation.name()),
            Kind::SlowQuery => database.map(|of| of.statement().name.to_owned()),
            Kind::NPlusOne => database.map(|of| of.read.name.to_owned()),
            _ => None,
        }
    }

    /// Whether `name`, as an answer names a service, is one of [`Fault::culprits`]. A database or
    /// broker may be named together with its address: `postgresql pg-seats`.
    pub fn is_culprit(&self, topology: &Topology, name: &str) -> bool {
        let culprits = self.culprits(topology);
        if culprits.iter().any(|culprit| culprit == name) {
            return true;
        }
        let operation = &topology.services[self.service].operations[self.operation];
        let own = operation.database.as_ref().map(|of| of.address);
        let own = own.filter(|_| culprits.iter().any(|culprit| culprit == DATABASE));
        let address = name.strip_prefix(DATABASE).unwrap_or(name).trim();
        let address = address.split(':').next().unwrap_or_default();
        own == Some(address) || culprits.iter().any(|culprit| culprit == address)
    }
}
