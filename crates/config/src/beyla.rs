//! The `beyla` section of an agent's configuration, for every version of Beyla.
//!
//! Settings that a version does not support are refused when the configuration for that version is
//! generated (`crates/beyla/src/generate.rs`).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub use super::kind::beyla_value::{
    ContextPropagation, attributes, context_propagation, cpus, never, route_patterns,
};
pub use super::kind::glob;
pub use super::kind::ports::Ports;
pub use super::kind::selector::{Selector, services};

use super::layers::Layers;
use super::value as scalar;

/// Checked settings of Beyla. The defaults are in the key table (`keys/beyla.rs`).
#[derive(Clone, PartialEq, Debug)]
pub struct BeylaConfig {
    /// Whether the agent runs Beyla.
    pub enabled: bool,
    /// Executable file; `None` selects the newest installed version, else what is in `$PATH`.
    pub path: Option<PathBuf>,
    /// Processes to instrument. `coral connect` adds more.
    pub services: Vec<Selector>,
    /// Protocols that Beyla traces.
    pub protocols: Protocols,
    /// Share of traces that Beyla's sampler keeps, from 0.0 to 1.0.
    pub sampling_rate: f64,
    /// Resource attributes that Beyla adds to every span and metric.
    pub attributes: BTreeMap<String, String>,
    /// Routes such as `/users/:id` that replace URL paths.
    pub route_patterns: Vec<String>,
    /// Where Beyla writes the trace context of outgoing requests.
    pub context_propagation: ContextPropagation,
    /// Resources that Beyla may use.
    pub limits: BeylaLimits,
    /// Time that Beyla may take to end after SIGTERM; then the agent sends SIGKILL.
    pub stop_within: Duration,
    /// Interval of the checks of Beyla's health and executable file.
    pub check_interval: Duration,
    /// How long Beyla gathers spans before it exports them.
    pub export_interval: Duration,
}

/// Protocols that can be turned off. Beyla traces every other protocol that its version supports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Protocols {
    /// Whether Beyla traces HTTP and HTTPS.
    pub http: bool,
    /// Whether Beyla traces gRPC.
    pub grpc: bool,
    /// Whether Beyla traces SQL databases.
    pub sql: bool,
    /// Whether Beyla traces Redis.
    pub redis: bool,
    /// Whether Beyla traces Kafka.
    pub kafka: bool,
}

/// Resources that Beyla may use; `None` is no limit.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct BeylaLimits {
    /// Memory that Beyla may use, in bytes.
    pub memory: Option<u64>,
    /// CPU cores that Beyla may use, such as 0.5.
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
            export_interval: layers.required("beyla.export_interval", scalar::duration)?,
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
