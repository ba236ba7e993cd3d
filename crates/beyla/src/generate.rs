//! From the agent's `beyla:` section to a configuration for one version of Beyla.
//!
//! Source: spec of Beyla, §4.1 and §4.2. An unknown key in an item of `discovery` ends Beyla, and one elsewhere
//! is ignored in silence; so nothing is written that the version does not know, and what it cannot do is refused.

mod discovery;
mod traces;

use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::environment;
use super::version::Version;
use coral_config::beyla::{BeylaConfig, Selector};

/// What is asked of Beyla, and by whom.
#[derive(Clone, Debug)]
pub struct GenerateInput<'a> {
    /// The agent's section.
    pub config: &'a BeylaConfig,
    /// What `coral connect` added.
    pub connected: &'a [Selector],
    /// Who asks.
    pub self_info: &'a SelfInfo,
    /// Where Beyla shall answer whether it is well; versions before 3.16 cannot.
    pub health_port: Option<u16>,
}

/// The agent's own sockets and programs: where data goes, and what is never instrumented.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SelfInfo {
    /// The receiver of Beyla's OTLP/HTTP.
    pub otlp_http: SocketAddr,
    /// Every port that this process listens on.
    pub ports: Vec<u16>,
    /// This process.
    pub pid: u32,
    /// Our program and Beyla's.
    pub programs: Vec<PathBuf>,
}

/// A configuration for one version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GeneratedConfig {
    /// For `beyla -config`.
    pub yaml: String,
    /// Variables beside [`environment::base`].
    pub environment: Vec<(String, String)>,
}

/// Why there is no configuration for this version.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum GenerateError {
    /// The version cannot do what is asked.
    #[error("`{what}` needs Beyla {needs}; this one is {version}")]
    Version {
        /// The key, and its value where that matters.
        what: String,
        /// The versions that can.
        needs: &'static str,
        /// The version that cannot.
        version: Version,
    },
    /// The version is older than any that can be configured.
    #[error("Beyla {0} is too old; this coral runs {OLDEST} and newer")]
    TooOld(Version),
    /// Beyla would end at once.
    #[error(
        "nothing to instrument; name services in `beyla.discovery.services`, or use `coral connect NAME:PORT`"
    )]
    Nothing,
    /// The text could not be written.
    #[error("cannot write YAML: {0}")]
    Yaml(String),
}

/// The oldest version that takes `instrumentations`. Source: grafana/alloy#1356.
pub const OLDEST: Version = Version::new(1, 7, 0);
/// Globs instead of regular expressions.
const GLOBS: Version = Version::new(2, 5, 1);
/// `health_check`.
pub const HEALTH: Version = Version::new(3, 16, 0);
/// How often metrics are sent.
const METRICS_INTERVAL: &str = "10s";

/// Writes the configuration for `version`.
///
/// # Errors
/// [`GenerateError`] names the key and the versions that can.
pub fn generate(version: Version, input: &GenerateInput) -> Result<GeneratedConfig, GenerateError> {
    if version < OLDEST {
        return Err(GenerateError::TooOld(version));
    }
    let mut config = Map::new();
    let mut set = |key: &str, value: Option<Value>| {
        value.and_then(|value| config.insert(key.to_owned(), value));
    };
    set("log_level", Some(json!("INFO")));
    set("discovery", Some(discovery::section(version, input)?));
    set("otel_traces_export", Some(traces::export(version, input)));
    set("otel_metrics_export", Some(metrics(version, input)));
    set("metrics", (version.major >= 3).then(|| json!({"features": ["application"]})));
    set("routes", traces::routes(version, input.config));
    set("ebpf", traces::context_propagation(version, input.config)?);
    let health_port = input.health_port.filter(|_| version >= HEALTH);
    set("health_check", health_port.map(|port| json!({"port": port})));
    let environment = environment::resource_attributes(&input.config.attributes);
    Ok(GeneratedConfig {
        yaml: yaml(escaped(Value::Object(config)))?,
        environment: environment.into_iter().collect(),
    })
}

fn metrics(version: Version, input: &GenerateInput) -> Value {
    let mut export = json!({
        "endpoint": endpoint(input.self_info.otlp_http, "metrics"),
        "protocol": "http/protobuf",
        "interval": METRICS_INTERVAL,
        "instrumentations": traces::instrumentations(version, input.config),
    });
    if version.major < 3 {
        export["features"] = json!(["application"]);
    }
    export
}

fn endpoint(receiver: SocketAddr, signal: &str) -> String {
    format!("http://{}/v1/{signal}", coral_server::addresses::on_this_host(receiver))
}

/// Every text with `$` as `$$`: Beyla expands `${VAR}` in the file before it reads it.
fn escaped(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace('$', "$$")),
        Value::Array(list) => list.into_iter().map(escaped).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, value)| (key.replace('$', "$$"), escaped(value)))
            .collect(),
        other => other,
    }
}

/// All text is quoted: a name may look like anything.
fn yaml(value: Value) -> Result<String, GenerateError> {
    let options = serde_saphyr::ser_options! { quote_all: true };
    serde_saphyr::to_string_with_options(&value, options)
        .map_err(|error| GenerateError::Yaml(error.to_string()))
}

#[cfg(test)]
mod tests;
