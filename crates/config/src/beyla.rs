//! The `beyla:` section of an agent: what Beyla is asked to do, whatever its version.
//!
//! What a version cannot do is refused when its configuration is generated (`crates/beyla/src/generate.rs`).

pub mod glob;
mod ports;
pub(crate) mod selector;
pub(crate) mod value;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub use self::ports::Ports;
pub use self::selector::{Selector, services};
pub use self::value::{
    ContextPropagation, attributes, context_propagation, cpus, never, route_patterns,
};

use super::layers::Layers;
use super::value as scalar;

/// Checked settings of Beyla. Every default is in `agent.yaml`; none is in code.
#[derive(Clone, PartialEq, Debug)]
pub struct BeylaConfig {
    /// Whether it is run at all.
    pub enabled: bool,
    /// The program; without it the newest that was installed, else the one on `$PATH`.
    pub path: Option<PathBuf>,
    /// What to instrument. `coral connect` adds to it.
    pub services: Vec<Selector>,
    /// Which protocols are traced.
    pub protocols: Protocols,
    /// The share of traces that Beyla's own sampler keeps, from 0.0 to 1.0.
    pub sampling_rate: f64,
    /// Resource attributes for every span and metric.
    pub attributes: BTreeMap<String, String>,
    /// Routes such as `/users/:id`, for paths that have many values.
    pub route_patterns: Vec<String>,
    /// How trace context is written into outgoing requests.
    pub context_propagation: ContextPropagation,
    /// What Beyla may use.
    pub limits: BeylaLimits,
    /// How long it may take to end after SIGTERM.
    pub stop_within: Duration,
    /// How often its program and its health are looked at.
    pub check_interval: Duration,
}

/// Which protocols are traced; all others are too, as far as the version knows them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Protocols {
    /// HTTP and HTTPS.
    pub http: bool,
    /// gRPC.
    pub grpc: bool,
    /// SQL databases.
    pub sql: bool,
    /// Redis.
    pub redis: bool,
    /// Kafka.
    pub kafka: bool,
}

/// What Beyla may use; a limit that is not set does not bind.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct BeylaLimits {
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Cores; 0.5 is half of one.
    pub cpus: Option<f64>,
}

impl BeylaConfig {
    pub(super) fn of(layers: &Layers) -> Result<Self, String> {
        Ok(Self {
            enabled: layers.required("beyla.enabled", scalar::boolean)?,
            path: layers.optional("beyla.path", scalar::text)?.map(PathBuf::from),
            services: layers.required("beyla.discovery.services", services)?,
            protocols: Protocols::of(layers)?,
            sampling_rate: layers.required("beyla.sampling.rate", scalar::rate)?,
            attributes: layers.optional("beyla.attributes", attributes)?.unwrap_or_default(),
            route_patterns: layers
                .optional("beyla.protocols.http.route_patterns", route_patterns)?
                .unwrap_or_default(),
            context_propagation: layers
                .required("beyla.context_propagation", context_propagation)?,
            limits: BeylaLimits {
                memory: layers.optional("beyla.limits.memory", scalar::size)?,
                cpus: layers.optional("beyla.limits.cpu", cpus)?,
            },
            stop_within: layers.required("beyla.stop_within", scalar::duration)?,
            check_interval: layers.required("beyla.check_interval", scalar::duration)?,
        })
    }
}

impl Protocols {
    fn of(layers: &Layers) -> Result<Self, String> {
        let enabled = |name| layers.required(name, scalar::boolean);
        Ok(Self {
            http: enabled("beyla.protocols.http.enabled")?,
            grpc: enabled("beyla.protocols.grpc.enabled")?,
            sql: enabled("beyla.protocols.sql.enabled")?,
            redis: enabled("beyla.protocols.redis.enabled")?,
            kafka: enabled("beyla.protocols.kafka.enabled")?,
        })
    }
}
