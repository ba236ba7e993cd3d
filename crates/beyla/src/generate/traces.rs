//! Settings of Beyla's traces, and sampling.

use serde_json::{Value, json};

use super::{GenerateError, GenerateInput, endpoint, interval};
use crate::feature::{
    GLOBS, LOW_CARDINALITY, LOW_CARDINALITY_DEFAULT, MORE_PROTOCOLS, PROPAGATION_SWITCH,
    TCP_PROPAGATION,
};
use crate::release::Release;
use coral_config::beyla::{BeylaConfig, ContextPropagation};

/// The `otel_traces_export` section.
pub(super) fn export(release: Release, input: &GenerateInput) -> Value {
    json!({
        "endpoint": endpoint(input.self_info.otlp_http, "traces"),
        "protocol": "http/protobuf",
        "instrumentations": instrumentations(release, input.config),
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

/// Names of the protocols that the settings enable, and of the protocols that `release` supports
/// but the settings do not mention.
pub(super) fn instrumentations(release: Release, config: &BeylaConfig) -> Vec<&'static str> {
    let protocols = config.protocols;
    let switched = [
        ("http", protocols.http),
        ("grpc", protocols.grpc),
        ("sql", protocols.sql),
        ("redis", protocols.redis),
        ("kafka", protocols.kafka),
    ];
    let others: &[&str] = match release {
        release if release.has(MORE_PROTOCOLS) => {
            &["mqtt", "nats", "amqp", "mongo", "couchbase", "memcached", "sunrpc", "aerospike"]
        }
        release if release.has(GLOBS) => &["mongo"],
        _ => &[],
    };
    let on = switched.into_iter().filter_map(|(name, on)| on.then_some(name));
    on.chain(others.iter().copied()).collect()
}

/// The `routes` section; `None` if it would be empty. Where [`LOW_CARDINALITY_DEFAULT`] holds, only
/// patterns need it.
pub(super) fn routes(release: Release, config: &BeylaConfig) -> Option<Value> {
    let mut routes = json!({});
    if !release.has(LOW_CARDINALITY_DEFAULT) {
        let limited = release.has(LOW_CARDINALITY);
        routes["unmatched"] = json!(if limited { "low-cardinality" } else { "heuristic" });
    }
    if !config.route_patterns.is_empty() {
        routes["patterns"] = json!(config.route_patterns);
    }
    (routes != json!({})).then_some(routes)
}

/// The `ebpf` section, which makes Beyla write trace context into outgoing requests; `None` if that
/// is disabled.
pub(super) fn context_propagation(
    release: Release,
    config: &BeylaConfig,
) -> Result<Option<Value>, GenerateError> {
    use ContextPropagation::{All, Disabled, Headers, Ip, Tcp};
    let mode = config.context_propagation;
    let refused = |needs: String| {
        let what = format!("beyla.context_propagation: {}", mode.as_str());
        Err(GenerateError::Release { what, needs, release })
    };
    let named = || Ok(Some(json!({"context_propagation": mode.as_str()})));
    match mode {
        Disabled => Ok(None),
        Ip if release.has(TCP_PROPAGATION) || !release.has(GLOBS) => {
            refused("Beyla 2.5.1 to 2.x".to_owned())
        }
        Tcp if !release.has(TCP_PROPAGATION) => refused(TCP_PROPAGATION.to_string()),
        _ if release.has(GLOBS) => named(),
        Headers => refused(GLOBS.to_string()),
        All if release.has(PROPAGATION_SWITCH) => {
            Ok(Some(json!({"enable_context_propagation": true})))
        }
        _ => Ok(Some(json!({
            "traffic_control_context_propagation": true,
            "traffic_control_l7_context_propagation": true,
        }))),
    }
}
