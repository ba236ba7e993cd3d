//! Generates a configuration for a release of Beyla or OBI from the agent's `beyla:` section.
//!
//! Both exit if an item of `discovery` has an unknown key, and ignore unknown keys elsewhere. So a
//! key that the release does not know is never written, and a setting that the release lacks is an
//! error. See docs/beyla.md.

mod discovery;
mod traces;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::environment;
use super::feature::{HEALTH, METRICS_SECTION, RUN, SHUTDOWN_TIMEOUT};
use super::release::Release;
use coral_config::beyla::{BeylaConfig, Selector};

/// The settings to generate a configuration from.
#[derive(Clone, Debug)]
pub struct GenerateInput<'a> {
    /// The agent's `beyla:` section.
    pub config: &'a BeylaConfig,
    /// Services added by `coral connect`.
    pub connected: &'a [Selector],
    /// Globs for the names of programs that are left out when every listening service is
    /// instrumented: see [`left_out`](crate::left_out).
    pub left_out: &'a [&'static str],
    /// The agent's ports and programs.
    pub self_info: &'a SelfInfo,
    /// The port of Beyla's health check; ignored for a release without one.
    pub health_port: Option<u16>,
}

/// The agent's sockets and programs: where Beyla sends data, and what it must not instrument.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SelfInfo {
    /// The address of the agent's receiver for Beyla's OTLP/HTTP.
    pub otlp_http: SocketAddr,
    /// All ports on which this process listens.
    pub ports: Vec<u16>,
    /// The id of this process.
    pub pid: u32,
    /// The paths of the programs of Coral and Beyla.
    pub programs: Vec<PathBuf>,
}

/// A configuration for one release.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GeneratedConfig {
    /// The file for `beyla -config`.
    pub yaml: String,
    /// Environment variables in addition to [`environment::base`].
    pub environment: Vec<(String, String)>,
}

/// Why there is no configuration for a release.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum GenerateError {
    /// The release lacks a configured feature.
    #[error("`{what}` needs {needs}; this one is {release}")]
    Release {
        /// The setting, with its value if that matters.
        what: String,
        /// The releases that have the feature.
        needs: String,
        /// The release that lacks the feature.
        release: Release,
    },
    /// The release is older than all supported ones.
    #[error("{0} is too old; this coral runs {RUN}")]
    TooOld(Release),
    /// The YAML could not be written.
    #[error("cannot write YAML: {0}")]
    Yaml(String),
}

/// How many export intervals of spans an export interval of metrics has. Spans are needed one by one,
/// metrics are counted by the minute.
const METRICS_INTERVALS: u32 = 5;
/// How long Beyla may take to stop its pipelines. Beyla's default is 10 s, and a Beyla with probes of
/// Go programs always took that long, because detaching the probes takes longer. The leader of Beyla
/// then exits, and the kernel detaches the probes.
const STOP_WITHIN: &str = "3s";

/// Generates the configuration for `release`.
///
/// # Errors
/// [`GenerateError`] names the setting and the releases that support it.
pub fn generate(release: Release, input: &GenerateInput) -> Result<GeneratedConfig, GenerateError> {
    if !release.has(RUN) {
        return Err(GenerateError::TooOld(release));
    }
    let mut config = Map::new();
    let mut set = |key: &str, value: Option<Value>| {
        value.and_then(|value| config.insert(key.to_owned(), value));
    };
    set("log_level", Some(json!("INFO")));
    set("discovery", Some(discovery::section(release, input)?));
    set("otel_traces_export", Some(traces::export(release, input)));
    set("otel_metrics_export", Some(metrics(release, input)));
    set("metrics", release.has(METRICS_SECTION).then(|| json!({"features": ["application"]})));
    set("routes", traces::routes(release, input.config));
    set("ebpf", traces::context_propagation(release, input.config)?);
    let health_port = input.health_port.filter(|_| release.has(HEALTH));
    set("health_check", health_port.map(|port| json!({"port": port})));
    set("shutdown_timeout", release.has(SHUTDOWN_TIMEOUT).then(|| json!(STOP_WITHIN)));
    let environment = environment::resource_attributes(&input.config.attributes);
    Ok(GeneratedConfig {
        yaml: yaml(escaped(Value::Object(config)))?,
        environment: environment.into_iter().collect(),
    })
}

fn metrics(release: Release, input: &GenerateInput) -> Value {
    let mut export = json!({
        "endpoint": endpoint(input.self_info.otlp_http, "metrics"),
        "protocol": "http/protobuf",
        "interval": interval(input.config.export_interval * METRICS_INTERVALS),
        "instrumentations": traces::instrumentations(release, input.config),
    });
    if !release.has(METRICS_SECTION) {
        export["features"] = json!(["application"]);
    }
    export
}

/// A duration as Go reads it: `5s` or `1500ms`.
fn interval(of: Duration) -> String {
    match of.subsec_millis() {
        0 => format!("{}s", of.as_secs()),
        _ => format!("{}ms", of.as_millis()),
    }
}

fn endpoint(receiver: SocketAddr, signal: &str) -> String {
    format!("http://{}/v1/{signal}", coral_server::addresses::on_this_host(receiver))
}

/// Doubles every `$` in texts, because Beyla expands `${VAR}` in the file before parsing.
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

/// Writes `value` as YAML with all strings quoted, because a name without quotes could be read as a
/// number, a boolean or null.
fn yaml(value: Value) -> Result<String, GenerateError> {
    let options = serde_saphyr::ser_options! { quote_all: true };
    serde_saphyr::to_string_with_options(&value, options)
        .map_err(|error| GenerateError::Yaml(error.to_string()))
}

#[cfg(test)]
mod tests;
