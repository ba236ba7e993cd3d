//! What the server is: `/config.json`, `/health` and `/info`.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

use crate::answering::Answering;
use crate::json::attachment;

/// The settings of `zipkin-lens`, which are Zipkin's defaults.
pub(super) async fn config() -> Response {
    answer(
        StatusCode::OK,
        "config",
        &json!({
            "environment": "",
            "queryLimit": 10,
            "defaultLookback": 900_000,
            "searchEnabled": true,
            "logsUrl": null,
            "supportUrl": null,
            "archivePostUrl": null,
            "archiveUrl": null,
            "dependency": { "enabled": true, "lowErrorRate": 0.5, "highErrorRate": 0.75 },
        }),
    )
}

/// Whether the store can be read.
pub(super) async fn health(State(answering): State<Answering>) -> Response {
    let traces = answering.sources.traces;
    let is_up = tokio::task::spawn_blocking(move || traces.extent().is_ok()).await;
    let (status, word) = match is_up {
        Ok(true) => (StatusCode::OK, "UP"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "DOWN"),
    };
    let details = json!({ "CoralStore": { "status": word } });
    let zipkin = json!({ "status": word, "details": details });
    answer(status, "health", &json!({ "status": word, "zipkin": zipkin }))
}

/// The version of Coral, and of Zipkin's API.
pub(super) async fn info() -> Response {
    let coral = json!({ "version": env!("CARGO_PKG_VERSION") });
    answer(StatusCode::OK, "info", &json!({ "coral": coral, "zipkin": { "api": "v2" } }))
}

fn answer(status: StatusCode, name: &str, json: &Value) -> Response {
    (status, attachment(&format!("zipkin-{name}")), json.to_string()).into_response()
}
