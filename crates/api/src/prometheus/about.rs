//! What is known without reading the store: metrics, and the version.

use axum::response::Response;
use coral_query::promql;
use serde_json::{Map, Value, json};

use super::error::ApiError;
use super::json::success;
use super::parameters::Parameters;

/// The version of Prometheus whose API the answers follow. Grafana chooses by it what it asks for.
const API_VERSION: &str = "2.55.0";

/// `/api/v1/metadata`: type and help of each metric.
pub(super) async fn metadata(parameters: Parameters) -> Result<Response, ApiError> {
    let (wanted, limit) = (parameters.get("metric")?, parameters.limit()?);
    let all = promql::metrics().into_iter();
    let mut found: Vec<_> =
        all.filter(|metric| wanted.is_none_or(|name| name == metric.name)).collect();
    found.truncate(limit.unwrap_or(usize::MAX));
    let entries: Map<String, Value> = found
        .into_iter()
        .map(|metric| {
            let about = json!([{"type": metric.kind, "help": metric.help, "unit": ""}]);
            (metric.name.to_owned(), about)
        })
        .collect();
    Ok(success(&Value::Object(entries).to_string(), false))
}

/// `/api/v1/status/buildinfo`, which Grafana asks to know what the server can do.
pub(super) async fn buildinfo() -> Response {
    let about = json!({
        "version": API_VERSION,
        "revision": concat!("coral-", env!("CARGO_PKG_VERSION")),
        "branch": "",
        "buildUser": "",
        "buildDate": "",
        "goVersion": "",
    });
    success(&about.to_string(), false)
}
