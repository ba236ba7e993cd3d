//! `/api/v1`: every question as one GET that answers JSON. The shapes are those of the answers in `coral-query`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{RawPathParams, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use coral_query::{
    Ask, Budget, BudgetError, InvalidQuestion, QueryError, SharedSources, for_each_question,
    question_from_url,
};
use coral_server::clock;
use coral_sql::SqlQuestion;
use coral_sql::runner::SqlRunner;
use coral_text::json::Projection;
use coral_trace::chain;
use http::{StatusCode, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::{openapi, sql};

/// An error as JSON. `error` says what failed and with what.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ApiError {
    /// One line, lower case, no full stop.
    pub error: String,
    /// What to do about it, when there is something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Questions that are answered at a time; more wait.
const MAX_RUNNING: usize = 4;
/// How long one question may be worked on.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(55);
/// Rows that one question may read: some minutes of one core.
const MAX_ROWS: u64 = 2_000_000_000;
/// Bytes that one question may read.
const MAX_BYTES: u64 = 1 << 40;

/// What a colony answers from.
pub struct ApiContext {
    /// Questions.
    pub sources: SharedSources,
    /// Questions in SQL.
    pub sql: SqlRunner,
}

#[derive(Clone)]
struct Api {
    sources: SharedSources,
    running: Arc<Semaphore>,
}

/// Every question under `/api/v1`.
pub fn router(context: ApiContext) -> Router {
    macro_rules! routes {
        ($($question:ty,)*) => {
            Router::new()$(.route(<$question>::PATH, get(answer::<$question>)))*
        };
    }
    let sql = post(sql::sql).with_state(context.sql);
    let running = Arc::new(Semaphore::new(MAX_RUNNING));
    let api = Api { sources: context.sources, running };
    for_each_question!(routes)
        .with_state(api)
        .route(SqlQuestion::PATH, sql)
        .route(openapi::PATH, get(async || Json(openapi::document())))
}

async fn answer<Q: Ask<Answer: Projection>>(
    State(api): State<Api>,
    segments: RawPathParams,
    RawQuery(query): RawQuery,
) -> Response {
    let segments: Vec<(String, String)> =
        segments.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    match question_from_url::<Q>(&segments, query.as_deref().unwrap_or_default()) {
        Ok(question) => api.answer(question).await,
        Err(error) => refusal(unanswerable(&error), error.to_string()),
    }
}

impl Api {
    /// Answers on a thread that may block. The work ends soon after this future is dropped: when its asker goes.
    async fn answer<Q: Ask<Answer: Projection>>(&self, question: Q) -> Response {
        let permit = match Q::READS_ENGINE {
            true => self.running.clone().acquire_owned().await.ok(),
            false => None,
        };
        let budget = Budget::unlimited()
            .with_timeout(ANSWER_TIMEOUT)
            .with_max_rows(MAX_ROWS)
            .with_max_bytes(MAX_BYTES);
        let _cancel = budget.cancel_on_drop();
        let sources = self.sources.clone();
        let work = tokio::task::spawn_blocking(move || {
            // Given back when the work ends, which may be after its asker went.
            let _permit = permit;
            let answer = question.answer(&sources.at(clock::now()), &budget)?;
            Ok::<_, QueryError>(answer.json())
        });
        match work.await {
            Ok(Ok(Ok(json))) => {
                ([(header::CONTENT_TYPE, "application/json")], json).into_response()
            }
            Ok(Ok(Err(error))) => {
                tracing::error!(%error, question = Q::NAME, "an answer has no JSON form");
                refusal(StatusCode::INTERNAL_SERVER_ERROR, "a defect of the colony".to_owned())
            }
            Ok(Err(error)) => refusal(status(&error), chain(&error)),
            Err(panic) => {
                tracing::error!(%panic, question = Q::NAME, "a question panicked");
                refusal(StatusCode::INTERNAL_SERVER_ERROR, "a defect of the colony".to_owned())
            }
        }
    }
}

fn status(error: &QueryError) -> StatusCode {
    match error {
        QueryError::Ambiguous { .. } => StatusCode::CONFLICT,
        QueryError::Invalid { .. } => StatusCode::BAD_REQUEST,
        QueryError::Engine(_) => StatusCode::SERVICE_UNAVAILABLE,
        QueryError::OverBudget(BudgetError::Deadline | BudgetError::Cancelled) => {
            StatusCode::GATEWAY_TIMEOUT
        }
        QueryError::OverBudget(_) => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// A table that does not exist is not found; any other parameter that makes no sense is the asker's to mend.
fn unanswerable(error: &InvalidQuestion) -> StatusCode {
    match error {
        InvalidQuestion::Path { field, .. } if field == "protocol" => StatusCode::NOT_FOUND,
        InvalidQuestion::Path { .. } | InvalidQuestion::Query(_) => StatusCode::BAD_REQUEST,
    }
}

fn refusal(status: StatusCode, error: String) -> Response {
    (status, Json(ApiError { error, hint: None })).into_response()
}
