//! Configuration in two layers: what was typed ([`layers`]), and what it means (the structs here).
//!
//! The structs are plain and know no component: each component reads its own.
#![warn(missing_docs)]

pub mod beyla;
mod check;
mod document;
pub mod keys;
pub mod layers;
mod pairs;
mod reading;
#[cfg(test)]
mod tests;
pub mod value;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use coral_trace::Rule;

use self::beyla::BeylaConfig;
use self::keys::Roles;
pub use self::layers::{Layers, Origin, Sources};

/// Checked agent settings. Every default is in `agent.yaml`; none is in code.
#[derive(Clone, Debug)]
pub struct AgentConfig {
    /// Where all data lies; the agent's store is in `agent/`.
    pub data_dir: PathBuf,
    /// What is logged.
    pub log: String,
    /// How long the agent may take to stop, once its Beyla has.
    pub drain_within: Duration,
    /// Unique among a colony's agents.
    pub id: String,
    /// Where the agent's RPC listens.
    pub listen: SocketAddr,
    /// Names that HTTP requests to the RPC port may be addressed to, beside this host's own.
    pub allowed_hosts: Vec<String>,
    /// Where the colony reaches that, when it is another address.
    pub advertise: Option<String>,
    /// Where to register.
    pub colony: Option<String>,
    /// Where OTLP/gRPC listens.
    pub otlp_grpc: SocketAddr,
    /// Where OTLP/HTTP listens.
    pub otlp_http: SocketAddr,
    /// The largest request body, in bytes, as sent and when decompressed.
    pub max_body: u64,
    /// Where Beyla's OTLP/gRPC is taken.
    pub beyla_grpc: SocketAddr,
    /// Where Beyla's OTLP/HTTP is taken.
    pub beyla_http: SocketAddr,
    /// What Beyla is asked to do.
    pub beyla: BeylaConfig,
    /// How long spans are kept after they were received.
    pub keep_traces: Duration,
    /// How long RED metrics are kept, from their receipt on.
    pub keep_metrics: Duration,
    /// What is taken out of spans and metrics before they are stored.
    pub privacy: PrivacyConfig,
    /// Rules for recognising eBPF collectors, beside the built-in ones.
    pub rules: Vec<Rule>,
    /// The store's limits.
    pub storage: StorageConfig,
}

/// Checked colony settings. Every default is in `colony.yaml`; none is in code.
#[derive(Clone, Debug)]
pub struct ColonyConfig {
    /// Where all data lies; the colony's store is in `colony/`.
    pub data_dir: PathBuf,
    /// What is logged.
    pub log: String,
    /// How long the colony may take to stop.
    pub drain_within: Duration,
    /// Where everything is served.
    pub listen: SocketAddr,
    /// Names that HTTP requests may be addressed to, beside this host's own.
    pub allowed_hosts: Vec<String>,
    /// Between two polls of one agent.
    pub poll_interval: Duration,
    /// How long an agent may take to answer.
    pub poll_timeout: Duration,
    /// Agents that do not have to register.
    pub agents: Vec<AgentAddress>,
    /// How long spans are kept after they were polled.
    pub keep_traces: Duration,
    /// How long RED metrics are kept, by protocol.
    pub keep_metrics: MetricRetention,
    /// The share of traces that is kept.
    pub trace_sampling_rate: f64,
    /// The store's limits.
    pub storage: StorageConfig,
    /// Questions in SQL.
    pub sql: SqlConfig,
}

/// Both in one process, from one file with the sections of both. `storage` applies to each.
#[derive(Clone, Debug)]
pub struct StandaloneConfig {
    /// The agent.
    pub agent: AgentConfig,
    /// The colony.
    pub colony: ColonyConfig,
}

/// Limits of one store.
#[derive(Clone, Copy, Debug)]
pub struct StorageConfig {
    /// Bytes on disk; the oldest spans go first when there are more.
    pub max_size: u64,
    /// Rows that are kept unsealed, at most and roughly.
    pub segment_rows: u64,
}

/// How a colony answers questions in SQL.
#[derive(Clone, Debug)]
pub struct SqlConfig {
    /// DuckDB's library; `None` looks for it: the SQL runner says where.
    pub library: Option<PathBuf>,
    /// What one answer may take.
    pub limits: SqlLimits,
}

/// What one answer in SQL may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SqlLimits {
    /// Bytes of memory.
    pub memory: u64,
    /// Threads.
    pub threads: usize,
    /// Time, from the statement's start on.
    pub time: Duration,
    /// Rows of the answer.
    pub rows: u64,
    /// Bytes of the answer.
    pub bytes: u64,
}

/// An agent that a colony polls without being asked to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AgentAddress {
    /// The agent's id.
    pub id: String,
    /// `http://HOST:PORT` of its RPC.
    pub address: String,
}

/// How long RED metrics are kept, by protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MetricRetention {
    /// HTTP's.
    pub http: Duration,
    /// gRPC's.
    pub grpc: Duration,
    /// SQL's.
    pub sql: Duration,
}

/// What is taken out of spans and metrics before anything is stored: the keys `privacy.*`.
#[derive(Clone, PartialEq, Debug)]
pub struct PrivacyConfig {
    /// Literals of SQL become `?`.
    pub mask_sql: bool,
    /// URLs keep what stands behind their `?`.
    pub keep_url_queries: bool,
    /// Names of headers that are stored, lower case.
    pub headers: BTreeSet<String>,
    /// Attributes that are not stored.
    pub drop: BTreeSet<String>,
    /// Attributes of which only a hash is stored: equal values stay equal.
    pub hash: BTreeSet<String>,
    /// The secret key of those hashes; empty when none is configured.
    pub hash_key: String,
}

/// Everything that is wrong with a configuration.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(pub Vec<String>);

impl AgentConfig {
    /// Reads an agent's configuration.
    ///
    /// # Errors
    /// [`ConfigError`] lists every problem.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        checked(Layers::read(sources, Roles::Agent, false), Self::of)
    }

    fn of(layers: &Layers) -> Result<Self, String> {
        Ok(Self {
            data_dir: path(layers)?,
            log: layers.required("log", value::text)?,
            drain_within: layers.required("drain_within", value::duration)?,
            id: layers.required("agent.id", value::text)?,
            listen: layers.required("agent.listen", value::address)?,
            allowed_hosts: layers.required("agent.allowed_hosts", value::hosts)?,
            advertise: layers.optional("agent.advertise", value::url)?,
            colony: layers.optional("agent.colony", value::url)?,
            otlp_grpc: layers.required("otlp.grpc", value::address)?,
            otlp_http: layers.required("otlp.http", value::address)?,
            max_body: layers.required("otlp.max_body", value::size)?,
            beyla_grpc: layers.required("beyla.otlp.grpc", value::address)?,
            beyla_http: layers.required("beyla.otlp.http", value::address)?,
            keep_metrics: layers.required("beyla.storage_retention_hours", |hours| {
                value::multiple(hours, 3_600.0)
            })?,
            beyla: BeylaConfig::of(layers)?,
            keep_traces: layers.required("beyla.storage_retention_hours_traces", |hours| {
                value::multiple(hours, 3_600.0)
            })?,
            privacy: privacy(layers)?,
            rules: layers.required("recognise.rules", value::rules)?,
            storage: StorageConfig::of(layers)?,
        })
    }
}

impl ColonyConfig {
    /// Reads a colony's configuration.
    ///
    /// # Errors
    /// [`ConfigError`] lists every problem.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        checked(Layers::read(sources, Roles::Colony, false), Self::of)
    }

    fn of(layers: &Layers) -> Result<Self, String> {
        let agents = layers.required("colony.agents", value::agents)?;
        let agents =
            agents.into_iter().map(|(agent_id, address)| AgentAddress { id: agent_id, address });
        Ok(Self {
            data_dir: path(layers)?,
            log: layers.required("log", value::text)?,
            drain_within: layers.required("drain_within", value::duration)?,
            listen: layers.required("colony.listen", value::address)?,
            allowed_hosts: layers.required("colony.allowed_hosts", value::hosts)?,
            poll_interval: layers.required("colony.poll_interval", value::duration)?,
            poll_timeout: layers.required("colony.poll_timeout", value::duration)?,
            agents: agents.collect(),
            keep_traces: layers.required("storage.beyla.retention.traces", value::duration)?,
            keep_metrics: MetricRetention {
                http: layers.required("storage.beyla.retention.http_metrics", value::duration)?,
                grpc: layers.required("storage.beyla.retention.grpc_metrics", value::duration)?,
                sql: layers.required("storage.beyla.retention.sql_metrics", value::duration)?,
            },
            trace_sampling_rate: layers
                .required("storage.beyla.trace_sampling_rate", value::rate)?,
            storage: StorageConfig::of(layers)?,
            sql: SqlConfig::of(layers)?,
        })
    }
}

impl StandaloneConfig {
    /// Reads one file for both roles.
    ///
    /// # Errors
    /// [`ConfigError`] lists every problem.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let agent = checked(Layers::read(sources, Roles::Agent, true), AgentConfig::of);
        let colony = checked(Layers::read(sources, Roles::Colony, true), ColonyConfig::of);
        match (agent, colony) {
            (Ok(agent), Ok(colony)) => Ok(Self { agent, colony }),
            (agent, colony) => {
                let problems = [agent.err(), colony.err()].into_iter().flatten();
                let mut all: Vec<String> = problems.flat_map(|problem| problem.0).collect();
                // What both read, both complain of.
                let mut seen = std::collections::HashSet::new();
                all.retain(|problem| seen.insert(problem.clone()));
                Err(ConfigError(all))
            }
        }
    }
}

impl StorageConfig {
    fn of(layers: &Layers) -> Result<Self, String> {
        Ok(Self {
            max_size: layers.required("storage.max_size", value::size)?,
            segment_rows: layers.required("storage.segment_rows", value::count)?,
        })
    }
}

impl SqlConfig {
    fn of(layers: &Layers) -> Result<Self, String> {
        let threads = layers.required("sql.threads", value::threads)?;
        Ok(Self {
            library: layers.optional("sql.library", value::text)?.map(PathBuf::from),
            limits: SqlLimits {
                memory: layers.required("sql.memory_limit", value::size)?,
                threads: usize::try_from(threads).unwrap_or(usize::MAX),
                time: layers.required("sql.time_limit", value::duration)?,
                rows: layers.required("sql.max_rows", value::count)?,
                bytes: layers.required("sql.max_bytes", value::size)?,
            },
        })
    }
}

fn privacy(layers: &Layers) -> Result<PrivacyConfig, String> {
    let headers = layers.required("privacy.headers", value::texts)?;
    Ok(PrivacyConfig {
        mask_sql: layers.required("privacy.mask_sql", value::boolean)?,
        keep_url_queries: layers.required("privacy.keep_url_queries", value::boolean)?,
        headers: headers.iter().map(|name| name.to_ascii_lowercase()).collect(),
        drop: layers.required("privacy.drop", value::texts)?,
        hash: layers.required("privacy.hash", value::texts)?,
        hash_key: layers.optional("privacy.hash_key", value::text)?.unwrap_or_default(),
    })
}

fn checked<C>(
    layers: Layers,
    read: impl FnOnce(&Layers) -> Result<C, String>,
) -> Result<C, ConfigError> {
    if !layers.problems.is_empty() {
        return Err(ConfigError(layers.problems));
    }
    read(&layers).map_err(|problem| ConfigError(vec![problem]))
}

fn path(layers: &Layers) -> Result<PathBuf, String> {
    layers.required("data_dir", value::text).map(PathBuf::from)
}
