//! The JSON API: the questions of `query/` as URLs. Shapes: design §7 and `query/answer.rs`.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use coral_trace::TraceIdPrefix;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use coral_query::answer::ColonyStatus;
use coral_sql::SqlQuestion;
use coral_sql::runner::SqlRunner;

use crate::sql;
use coral_query::{
    AnomaliesFilter, PlainFilter, QueryError, RedFilter, RedProtocol, Source, Sources,
    TopologyFilter, TraceFilter, WhyFilter,
};
use coral_trace::chain;

/// An error as JSON. `error` says what failed and with what.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ApiError {
    /// One line, lower case, no full stop.
    pub error: String,
    /// What to do about it, when there is something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Queries at a time; more wait.
const QUERIES: usize = 4;

/// What a colony answers from.
pub struct ApiContext {
    /// Its spans and metrics.
    pub sources: Sources,
    /// How the colony is, now.
    pub status: Box<dyn Fn() -> ColonyStatus + Send + Sync>,
    /// Questions in SQL.
    pub sql: SqlRunner,
}

#[derive(Clone)]
struct Api {
    context: Arc<ApiContext>,
    queries: Arc<Semaphore>,
}

#[derive(Deserialize)]
struct TraceParameters {
    #[serde(default)]
    source: Source,
}

/// Every question under `/api/v1`.
pub fn router(context: ApiContext) -> Router {
    let sql = post(sql::sql).with_state(context.sql.clone());
    let sql = Router::new().route(SqlQuestion::PATH, sql);
    let api = Api { context: Arc::new(context), queries: Arc::new(Semaphore::new(QUERIES)) };
    Router::new()
        .route("/api/v1/traces", get(traces))
        .route("/api/v1/traces/{id}", get(trace))
        .route("/api/v1/red/{protocol}", get(red))
        .route("/api/v1/why", get(why))
        .route("/api/v1/topology", get(topology))
        .route("/api/v1/anomalies", get(anomalies))
        .route("/api/v1/ask", get(plain))
        .route("/api/v1/status", get(async |State(api): State<Api>| Json((api.context.status)())))
        .with_state(api)
        .merge(sql)
}

async fn traces(
    State(api): State<Api>,
    filter: Result<Query<TraceFilter>, QueryRejection>,
) -> Response {
    match filter {
        Ok(Query(filter)) => api.answer(move |sources| sources.traces(&filter)).await,
        Err(rejection) => refusal(StatusCode::BAD_REQUEST, rejection.body_text()),
    }
}

async fn why(State(api): State<Api>, filter: Result<Query<WhyFilter>, QueryRejection>) -> Response {
    match filter {
        Ok(Query(filter)) => api.answer(move |sources| sources.why(&filter)).await,
        Err(rejection) => refusal(StatusCode::BAD_REQUEST, rejection.body_text()),
    }
}

async fn topology(
    State(api): State<Api>,
    filter: Result<Query<TopologyFilter>, QueryRejection>,
) -> Response {
    match filter {
        Ok(Query(filter)) => api.answer(move |sources| sources.topology(&filter)).await,
        Err(rejection) => refusal(StatusCode::BAD_REQUEST, rejection.body_text()),
    }
}

async fn plain(
    State(api): State<Api>,
    filter: Result<Query<PlainFilter>, QueryRejection>,
) -> Response {
    match filter {
        Ok(Query(filter)) => api.answer(move |sources| sources.plain(&filter)).await,
        Err(rejection) => refusal(StatusCode::BAD_REQUEST, rejection.body_text()),
    }
}

async fn anomalies(
    State(api): State<Api>,
    filter: Result<Query<AnomaliesFilter>, QueryRejection>,
) -> Response {
    match filter {
        Ok(Query(filter)) => api.answer(move |sources| sources.anomalies(&filter)).await,
        Err(rejection) => refusal(StatusCode::BAD_REQUEST, rejection.body_text()),
    }
}

async fn red(
    State(api): State<Api>,
    Path(protocol): Path<String>,
    filter: Result<Query<RedFilter>, QueryRejection>,
) -> Response {
    let protocol = match protocol.as_str() {
        "http" => RedProtocol::Http,
        "grpc" => RedProtocol::Grpc,
        "sql" => RedProtocol::Sql,
        _ => {
            let error = format!("`{protocol}` has no RED metrics; http, grpc and sql have");
            return refusal(StatusCode::NOT_FOUND, error);
        }
    };
    match filter {
        Ok(Query(filter)) => api.answer(move |sources| sources.red(protocol, &filter)).await,
        Err(rejection) => refusal(StatusCode::BAD_REQUEST, rejection.body_text()),
    }
}

async fn trace(
    State(api): State<Api>,
    Path(id): Path<String>,
    Query(parameters): Query<TraceParameters>,
) -> Response {
    match id.parse::<TraceIdPrefix>() {
        Ok(prefix) => api.answer(move |sources| sources.trace(prefix, parameters.source)).await,
        Err(reason) => refusal(StatusCode::BAD_REQUEST, format!("trace id `{id}`: {reason}")),
    }
}

impl Api {
    /// Answers on a thread that may block.
    async fn answer<T: Serialize + Send + 'static>(
        &self,
        ask: impl FnOnce(&Sources) -> Result<T, QueryError> + Send + 'static,
    ) -> Response {
        let Ok(place) = self.queries.clone().acquire_owned().await else {
            return refusal(StatusCode::SERVICE_UNAVAILABLE, "the colony is stopping".to_owned());
        };
        let sources = self.context.sources.clone();
        let asked = tokio::task::spawn_blocking(move || {
            // Given up when the query ends, and not when its caller goes.
            let _place = place;
            ask(&sources)
        });
        match asked.await {
            Ok(Ok(answer)) => Json(answer).into_response(),
            Ok(Err(error)) => refusal(status(&error), chain(&error)),
            Err(panic) => {
                tracing::error!(%panic, "a query panicked");
                refusal(StatusCode::INTERNAL_SERVER_ERROR, "a defect of the colony".to_owned())
            }
        }
    }
}

fn status(error: &QueryError) -> StatusCode {
    match error {
        QueryError::Ambiguous { .. } => StatusCode::CONFLICT,
        QueryError::Invalid { .. } => StatusCode::BAD_REQUEST,
        QueryError::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn refusal(status: StatusCode, error: String) -> Response {
    (status, Json(ApiError { error, hint: None })).into_response()
}
