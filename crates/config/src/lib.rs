//! Configuration in two layers: the settings of all sources with their origins ([`layers`]), and
//! the checked structs of this module, which the components read. [`keys`] is the table of all
//! keys.
#![warn(missing_docs)]

pub mod beyla;
mod document;
pub mod example;
pub mod keys;
mod kind;
pub mod layers;
mod pairs;
mod reading;
#[cfg(test)]
mod tests;
mod trust;
pub use self::kind::export::{ExportFrom, ExportProtocol, ExportTarget, export_targets};
pub use self::kind::shards::StorageEngine;
pub use self::kind::sign_in::{RoleRule, role_rules};
pub use self::kind::value;

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use coral_trace::Rule;

use self::beyla::BeylaConfig;
use self::keys::Roles;
use self::kind::{shards, sign_in};
pub use self::layers::{Layers, Origin, Sources};
pub use self::trust::{AuditConfig, OtlpConfig, TlsFiles, TransportConfig};

/// Checked settings of an agent. The defaults are in the key table ([`keys`]).
#[derive(Clone, Debug)]
pub struct AgentConfig {
    /// Directory of all data; the agent's store is in its subdirectory `agent/`.
    pub data_dir: PathBuf,
    /// Log level or filter.
    pub log: String,
    /// Time that the agent may take to stop after its Beyla has ended.
    pub drain_within: Duration,
    /// Id of the agent, unique among the agents of a colony.
    pub id: String,
    /// Address of the agent's RPC port.
    pub listen: SocketAddr,
    /// Names that the `Host` header of a request to the RPC port may have, besides this host's own
    /// names.
    pub allowed_hosts: Vec<String>,
    /// URL of the RPC port as the colony reaches it, if it differs from `listen`.
    pub advertise: Option<String>,
    /// URL of the colony with which the agent registers.
    pub colony: Option<String>,
    /// Address that receives OTLP/gRPC.
    pub otlp_grpc: SocketAddr,
    /// Address that receives OTLP/HTTP.
    pub otlp_http: SocketAddr,
    /// Who may export, and whether over TLS.
    pub otlp: OtlpConfig,
    /// Certificates and encryption.
    pub transport: TransportConfig,
    /// Largest OTLP request body, in bytes, before and after decompression.
    pub max_body: u64,
    /// Address that receives OTLP/gRPC from Beyla.
    pub beyla_grpc: SocketAddr,
    /// Address that receives OTLP/HTTP from Beyla.
    pub beyla_http: SocketAddr,
    /// Settings of Beyla.
    pub beyla: BeylaConfig,
    /// Retention of spans, from their arrival.
    pub keep_traces: Duration,
    /// Retention of RED metrics, from their arrival.
    pub keep_metrics: Duration,
    /// Data that is removed from spans and metrics before they are stored.
    pub privacy: PrivacyConfig,
    /// Rules that recognise eBPF collectors, in addition to the built-in rules.
    pub rules: Vec<Rule>,
    /// Limits of the store.
    pub storage: StorageConfig,
}

/// Checked settings of a colony. The defaults are in the key table ([`keys`]).
#[derive(Clone, Debug)]
pub struct ColonyConfig {
    /// Directory of all data; the colony's store is in its subdirectory `colony/`.
    pub data_dir: PathBuf,
    /// Log level or filter.
    pub log: String,
    /// Time that the colony may take to stop.
    pub drain_within: Duration,
    /// Address of all RPCs and HTTP routes.
    pub listen: SocketAddr,
    /// Names that the `Host` header of a request may have, besides this host's own names.
    pub allowed_hosts: Vec<String>,
    /// Certificates and encryption.
    pub transport: TransportConfig,
    /// Files of the certificate that browsers get, and of its key.
    pub https: Option<(PathBuf, PathBuf)>,
    /// Whether callers must say who they are; `None` when it is not set.
    pub auth: Option<bool>,
    /// URL of the colony as browsers see it, without a slash at its end.
    pub url: Option<String>,
    /// Time after which the session of a browser ends.
    pub session: Duration,
    /// Whether `/metrics` also has the requests of services and edges.
    pub span_metrics: bool,
    /// Directory of the web page's files, instead of those in the program; only for debugging.
    pub ui_dir: Option<PathBuf>,
    /// Sign-in with a provider; none if nobody signs in so.
    pub oidc: Option<OidcConfig>,
    /// Settings of the audit log.
    pub audit: AuditConfig,
    /// Interval between two polls of all that an agent has.
    pub poll_interval: Duration,
    /// Time that an agent may take to answer a poll.
    pub poll_timeout: Duration,
    /// Agents that the colony polls without their registration.
    pub agents: Vec<AgentAddress>,
    /// Retention of spans, from the poll that returned them.
    pub keep_traces: Duration,
    /// Retention of RED metrics, by protocol.
    pub keep_metrics: MetricRetention,
    /// Share of traces that is stored, from 0.0 to 1.0.
    pub trace_sampling_rate: f64,
    /// Limits of the store.
    pub storage: StorageConfig,
    /// The ClickHouse servers that have the store; `None` if it is in `data_dir`.
    pub clickhouse: Option<ClickHouseConfig>,
    /// Settings of SQL.
    pub sql: SqlConfig,
    /// Where stored spans are exported to.
    pub exports: Vec<ExportTarget>,
}

/// An agent and a colony in one process. One file configures both; keys that both read apply to
/// each.
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
    /// Largest size on disk, in bytes. Above it, the oldest data is deleted.
    pub max_size: u64,
    /// Number of hot rows at which they are sealed as a segment.
    pub segment_rows: u64,
}

/// The ClickHouse servers of a colony, and who the colony is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClickHouseConfig {
    /// The shards, each with the URLs of its replicas.
    pub shards: Vec<Vec<String>>,
    /// The database, on every server.
    pub database: String,
    /// The user; ClickHouse's `default` if `None`.
    pub user: Option<String>,
    /// File with the password of the user.
    pub password_file: Option<PathBuf>,
    /// The user for `coral sql`.
    pub sql_user: Option<String>,
    /// File with the password of that user.
    pub sql_password_file: Option<PathBuf>,
    /// File with the certificate authorities of the servers.
    pub ca_file: Option<PathBuf>,
}

/// Sign-in of people with an OpenID provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OidcConfig {
    /// The provider.
    pub issuer: String,
    /// Name of the colony at the provider.
    pub client_id: String,
    /// File with the secret of that name.
    pub client_secret_file: PathBuf,
    /// What members of groups may do: the first rule that fits decides.
    pub roles: Vec<RoleRule>,
    /// Claim that has the groups of a person.
    pub groups_claim: String,
    /// File with the certificate authorities of the provider.
    pub ca_file: Option<PathBuf>,
}

/// Settings with which a colony answers questions in SQL.
#[derive(Clone, Debug)]
pub struct SqlConfig {
    /// DuckDB's shared library; `None` searches for it (`crates/store/src/sql/library.rs`).
    pub library: Option<PathBuf>,
    /// Limits of one statement.
    pub limits: SqlLimits,
}

/// Limits of one SQL statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SqlLimits {
    /// Memory that the statement may use, in bytes.
    pub memory: u64,
    /// Threads that the statement may use.
    pub threads: usize,
    /// Longest time from the start of the statement to its end.
    pub time: Duration,
    /// Largest number of rows in the answer.
    pub rows: u64,
    /// Largest size of the answer, in bytes.
    pub bytes: u64,
}

/// An agent that a colony polls without the agent's registration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AgentAddress {
    /// The agent's id.
    pub id: String,
    /// URL of the agent's RPC port: `http://HOST:PORT`.
    pub address: String,
}

/// Retention of RED metrics, by protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MetricRetention {
    /// Retention of the RED metrics of HTTP requests.
    pub http: Duration,
    /// Retention of the RED metrics of gRPC calls.
    pub grpc: Duration,
    /// Retention of the RED metrics of SQL queries.
    pub sql: Duration,
}

/// Data that is removed from spans and metrics before they are stored: the keys `privacy.*`.
#[derive(Clone, PartialEq, Debug)]
pub struct PrivacyConfig {
    /// Whether `?` replaces the literals of SQL statements.
    pub mask_sql: bool,
    /// Whether URLs keep their query, fragment and user name.
    pub keep_url_queries: bool,
    /// Names of the headers that are stored, in lower case.
    pub headers: BTreeSet<String>,
    /// Names of attributes that are removed.
    pub drop: BTreeSet<String>,
    /// Names of attributes whose value is replaced by a keyed hash. Equal values have equal hashes.
    pub hash: BTreeSet<String>,
    /// Secret key of the hashes; empty when none is configured.
    pub hash_key: String,
}

/// All problems of a configuration, one sentence each.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(pub Vec<String>);

impl AgentConfig {
    /// Reads the configuration of an agent.
    ///
    /// # Errors
    /// [`ConfigError`] lists every problem.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        checked(Layers::read(sources, Roles::Agent, false), Self::of)
    }

    /// What is valid and probably not intended, one sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let colony = self.colony.as_deref().filter(|url| !is_on_this_host(url));
        if let Some(colony) = colony
            && self.advertise.is_none()
            && self.listen.ip().is_loopback()
        {
            warnings.push(format!(
                "the colony at {colony} cannot poll this agent: `agent.listen` is {}, which only this host \
                 reaches; set `agent.listen`, or `agent.advertise` if a proxy forwards to it",
                self.listen
            ));
        }
        warnings.extend(self.beyla.services.iter().filter_map(|service| {
            let ports = service.open_ports.as_ref().filter(|of| of.are_among(&self.ports()))?;
            let name = service.name.as_deref().unwrap_or("a service");
            Some(format!(
                "Beyla will not trace {name}: the agent itself listens on {ports}, and is left out; name a \
                 port of the service in `beyla.discovery.services`"
            ))
        }));
        warnings
    }

    /// The ports on which the agent listens.
    pub fn ports(&self) -> [u16; 5] {
        let Self { listen, otlp_grpc, otlp_http, beyla_grpc, beyla_http, .. } = self;
        [listen, otlp_grpc, otlp_http, beyla_grpc, beyla_http].map(|address| address.port())
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
            otlp: OtlpConfig::of(layers)?,
            transport: TransportConfig::of(layers)?,
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
    /// Reads the configuration of a colony.
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
            transport: TransportConfig::of(layers)?,
            https: trust::https(layers)?,
            auth: layers.optional("colony.auth", value::switch)?,
            url: layers.optional("oidc.url", sign_in::origin)?,
            session: layers.required("oidc.session", value::duration)?,
            span_metrics: layers.required("colony.metrics.spans", value::boolean)?,
            ui_dir: layers.optional("colony.ui.dir", value::text)?.map(PathBuf::from),
            oidc: OidcConfig::of(layers)?,
            audit: AuditConfig::of(layers)?,
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
            clickhouse: ClickHouseConfig::of(layers)?,
            sql: SqlConfig::of(layers)?,
            exports: layers.required("export", export_targets)?,
        })
    }
}

impl StandaloneConfig {
    /// Reads the configuration of both roles from the same sources.
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
                // Both roles report a problem with a key that both read.
                let mut seen = std::collections::HashSet::new();
                all.retain(|problem| seen.insert(problem.clone()));
                Err(ConfigError(all))
            }
        }
    }
}

impl OidcConfig {
    fn of(layers: &Layers) -> Result<Option<Self>, String> {
        let issuer = layers.optional("oidc.issuer", sign_in::site)?;
        let client_id = layers.optional("oidc.client_id", value::text)?;
        let file = layers.optional("oidc.client_secret_file", value::text)?;
        let roles = layers.optional("oidc.roles", sign_in::role_rules)?.unwrap_or_default();
        let (issuer, client_id, file) = match (issuer, client_id, file, roles.is_empty()) {
            (None, None, None, true) => return Ok(None),
            (Some(issuer), Some(client_id), Some(file), false) => (issuer, client_id, file),
            _ => {
                return Err("set `oidc.issuer`, `oidc.client_id`, `oidc.client_secret_file` and `oidc.roles` \
                            together, or none of them"
                    .to_owned());
            }
        };
        Ok(Some(Self {
            issuer,
            client_id,
            client_secret_file: PathBuf::from(file),
            roles,
            groups_claim: layers.required("oidc.groups_claim", value::text)?,
            ca_file: layers.optional("oidc.ca_file", value::text)?.map(PathBuf::from),
        }))
    }
}

impl StorageConfig {
    fn of(layers: &Layers) -> Result<Self, String> {
        Ok(Self {
            max_size: layers.required("storage.max_size", value::size)?,
            segment_rows: layers.required("storage.segment_rows", value::rows)?,
        })
    }
}

impl ClickHouseConfig {
    fn of(layers: &Layers) -> Result<Option<Self>, String> {
        if layers.required("storage.engine", shards::engine)? == StorageEngine::Embedded {
            return Ok(None);
        }
        let Some(shards) = layers.optional("storage.clickhouse.shards", shards::shards)? else {
            return Err("`storage.engine` is `clickhouse`, and `storage.clickhouse.shards` names no server: such as \
                        [[\"http://127.0.0.1:8123\"]]"
                .to_owned());
        };
        let file = |key| Ok::<_, String>(layers.optional(key, value::text)?.map(PathBuf::from));
        Ok(Some(Self {
            shards,
            database: layers.required("storage.clickhouse.database", value::text)?,
            user: layers.optional("storage.clickhouse.user", value::text)?,
            password_file: file("storage.clickhouse.password_file")?,
            sql_user: layers.optional("storage.clickhouse.sql.user", value::text)?,
            sql_password_file: file("storage.clickhouse.sql.password_file")?,
            ca_file: file("storage.clickhouse.tls.ca_file")?,
        }))
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
                rows: layers.required("sql.max_rows", value::rows)?,
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

/// Whether `url` has the scheme `https`, or a host that is a loopback address.
pub fn is_encrypted_or_local(url: &str) -> bool {
    url.starts_with("https://") || is_on_this_host(url)
}

/// Whether the host of `url` is a loopback address or `localhost`.
fn is_on_this_host(url: &str) -> bool {
    let uri: Option<http::Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(http::Uri::host).unwrap_or_default();
    let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
}

fn path(layers: &Layers) -> Result<PathBuf, String> {
    layers.required("data_dir", value::text).map(PathBuf::from)
}
