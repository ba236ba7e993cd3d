//! Settings of Beyla's traces, and sampling.

use serde_json::{Value, json};

use super::{GLOBS, GenerateError, GenerateInput, endpoint, interval};
use crate::version::Version;
use coral_config::beyla::{BeylaConfig, ContextPropagation};

/// The first version that limits the number of unmatched routes by default.
const LOW_CARDINALITY: Version = Version::new(3, 7, 0);

/// The `otel_traces_export` section.
pub(super) fn export(version: Version, input: &GenerateInput) -> Value {
    json!({
        "endpoint": endpoint(input.self_info.otlp_http, "traces"),
        "protocol": "http/protobuf",
        "instrumentations": instrumentations(version, input.config),
        "sampler": sampler(input.config.sampling_rate),
        // A full batch is exported at once.
        "batch_timeout": interval(input.config.export_interval),
    })
}

/// The `sampler` section. Beyla samples by trace id, so that hosts with the same rate keep the same
/// traces.
fn sampler(rate: f64) -> Value {
    match rate {
        1.0 => json!({"name": "always_on"}),
        0.0 => json!({"name": "always_off"}),
        // The rate is written as text, because Beyla does not accept a number here.
        rate => json!({"name": "traceidratio", "arg": rate.to_string()}),
    }
}

/// Names of the protocols that the settings enable, and of the protocols that `version` supports
/// but the settings do not mention.
pub(super) fn instrumentations(version: Version, config: &BeylaConfig) -> Vec<&'static str> {
    let protocols = config.protocols;
    let switched = [
        ("http", protocols.http),
        ("grpc", protocols.grpc),
        ("sql", protocols.sql),
        ("redis", protocols.redis),
        ("kafka", protocols.kafka),
    ];
    let others: &[&str] = match version {
        version if version.major >= 3 => {
            &["mqtt", "nats", "amqp", "mongo", "couchbase", "memcached", "sunrpc", "aerospike"]
        }
        version if version >= GLOBS => &["mongo"],
        _ => &[],
    };
    let on = switched.into_iter().filter_map(|(name, on)| on.then_some(name));
    on.chain(others.iter().copied()).collect()
}

/// The `routes` section; `None` if it would be empty. Since [`LOW_CARDINALITY`], only patterns need
/// it.
pub(super) fn routes(version: Version, config: &BeylaConfig) -> Option<Value> {
    let mut routes = json!({});
    if version < LOW_CARDINALITY {
        routes["unmatched"] = json!("heuristic");
    }
    if !config.route_patterns.is_empty() {
        routes["patterns"] = json!(config.route_patterns);
    }
    (routes != json!({})).then_some(routes)
}

/// The `ebpf` section, which makes Beyla write trace context into outgoing requests; `None` if that
/// is disabled.
pub(super) fn context_propagation(
    version: Version,
    config: &BeylaConfig,
) -> Result<Option<Value>, GenerateError> {
    use ContextPropagation::{All, Disabled, Headers, Ip, Tcp};
    let mode = config.context_propagation;
    let refused = |needs| {
        let what = format!("beyla.context_propagation: {}", mode.as_str());
        Err(GenerateError::Version { what, needs, version })
    };
    let named = || Ok(Some(json!({"context_propagation": mode.as_str()})));
    match (version, mode) {
        (_, Disabled) => Ok(None),
        (version, Ip) if version.major >= 3 => refused("2.5.1 to 2.x"),
        (version, _) if version.major >= 3 => named(),
        (_, Tcp) => refused("3.0.0 or newer"),
        (version, _) if version >= GLOBS => named(),
        (_, Headers) => refused("2.5.1 or newer"),
        (_, Ip) => refused("2.5.1 to 2.x"),
        (version, All) if version.major >= 2 => {
            Ok(Some(json!({"enable_context_propagation": true})))
        }
        (_, All) => Ok(Some(json!({
            "traffic_control_context_propagation": true,
            "traffic_control_l7_context_propagation": true,
        }))),
    }
}
