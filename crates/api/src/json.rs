//! The JSON API under `/api/v1`: one GET per question, SQL, and the OpenAPI document. Answers are
//! those of `coral-query`, in the JSON form of `coral-text`.

#[cfg(test)]
mod tests;

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{RawPathParams, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use coral_query::{
    Ask, Budget, BudgetError, InvalidQuestion, InvalidScope, NOT_FOUND_FLOOR, QueryError,
    ServiceScope, SharedSources, for_each_question, question_from_url, with_numbers,
};
use coral_server::admission::{Admission, Identity, Surface};
use coral_server::audit::{AuditDetails, RowCount};
use coral_server::clock;
use coral_server::door::{Method, Permission, Route};
use coral_server::identity::Caller;
use coral_server::refusal::refusal;
use coral_sql::SqlQuestion;
use coral_sql::runner::SqlRunner;
use coral_text::json::Projection;
use coral_trace::chain;
use http::{Extensions, HeaderName, StatusCode, header};
use tokio::time::Instant;

use crate::{openapi, sql};

const JSON: &str = "application/json";
/// Time limit of one question.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(55);
/// Limit of rows that one question may read. On a small host, the time limit is reached first.
const MAX_ROWS: u64 = 2_000_000_000;
/// Limit of bytes that one question may read.
const MAX_BYTES: u64 = 1 << 40;

/// Dependencies of the routes.
pub struct ApiContext {
    /// Sources from which questions are answered.
    pub sources: SharedSources,
    /// Runs SQL statements.
    pub sql: SqlRunner,
    /// Limits how many questions run at once, fairly between clients.
    pub admission: Admission,
}

#[derive(Clone)]
struct Api {
    sources: SharedSources,
    admission: Admission,
}

/// All routes under `/api/v1`, with their permissions.
pub fn routes(context: ApiContext) -> Vec<Route> {
    let ApiContext { sources, sql, admission } = context;
    let api = Api { sources, admission };
    let sql = post(sql::sql).with_state(sql);
    // The document is built once, because the types do not change at run time.
    let description = Bytes::from(openapi::document().to_string());
    let description = get(async move || ([(header::CONTENT_TYPE, JSON)], description.clone()));
    macro_rules! routes {
        ($($question:ty,)*) => {
            vec![
                $(route::<$question>(&api),)*
                Route::new(Method::Post, SqlQuestion::PATH, Permission::SqlRead, sql),
                Route::new(Method::Get, openapi::PATH, Permission::SpecRead, description),
            ]
        };
    }
    for_each_question!(routes)
}

fn route<Q: Ask<Answer: Projection>>(api: &Api) -> Route {
    let permission = const { Permission::named(Q::PERMISSION) };
    Route::new(Method::Get, Q::PATH, permission, get(respond::<Q>).with_state(api.clone()))
}

async fn respond<Q: Ask<Answer: Projection>>(
    State(api): State<Api>,
    segments: RawPathParams,
    RawQuery(query): RawQuery,
    extensions: Extensions,
) -> Response {
    let segments: Vec<(String, String)> =
        segments.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let question = with_numbers::<Q>(query.as_deref().unwrap_or_default(), clock::now())
        .and_then(|query| question_from_url::<Q>(&segments, &query));
    match question {
        Ok(question) => {
            let asker = Identity::of_request(Surface::Json, &extensions);
            let details = audit_details(&question);
            let mut response = match scope(&extensions) {
                Ok(scope) => api.ask(question, asker, scope, details.rows.clone()).await,
                Err(error) => {
                    tracing::error!(%error, "a token has a scope that is not one");
                    defect()
                }
            };
            response.extensions_mut().insert(details);
            response
        }
        Err(error) => {
            let hint = "GET /api/v1/openapi.json lists the parameters of each path";
            refusal(status_of_invalid(&error), error.to_string(), Some(hint))
        }
    }
}

impl Api {
    /// Answers `question` on a blocking thread after admission, from what `scope` shows. If this
    /// future is dropped because the client has gone, the work ends soon afterwards.
    async fn ask<Q: Ask<Answer: Projection>>(
        &self,
        question: Q,
        asker: Identity,
        scope: Option<ServiceScope>,
        rows: RowCount,
    ) -> Response {
        // A limited caller cannot tell by the time whether others have a trace that it asks for.
        let earliest = scope.is_some().then(|| Instant::now() + NOT_FOUND_FLOOR);
        let permit = match Q::READS_ENGINE {
            true => match self.admission.admit(&asker).await {
                Ok(permit) => Some(permit),
                Err(error) => return error.into_response(),
            },
            false => None,
        };
        let budget = Budget::unlimited()
            .with_timeout(ANSWER_TIMEOUT)
            .with_max_rows(MAX_ROWS)
            .with_max_bytes(MAX_BYTES);
        let _cancel = budget.cancel_on_drop();
        let sources = match scope {
            Some(scope) => self.sources.limited_to(scope),
            None => self.sources.clone(),
        };
        let work = tokio::task::spawn_blocking(move || {
            let answer = question.answer(&sources.at(clock::now()), &budget);
            let is_cancelled =
                matches!(&answer, Err(QueryError::OverBudget(BudgetError::Cancelled)));
            // The answer is converted to JSON before its turn ends, so that the number of answers
            // in memory, with their JSON, is limited.
            if let Ok(answer) = &answer {
                rows.add(Q::rows(answer) as u64);
            }
            let outcome = json(answer);
            match permit {
                Some(permit) if is_cancelled => permit.cancel(),
                permit => drop(permit),
            }
            outcome
        });
        let done = work.await;
        if let Some(earliest) = earliest {
            tokio::time::sleep_until(earliest).await;
        }
        match done {
            Ok(Ok(json)) => (attachment(Q::NAME), json).into_response(),
            Ok(Err(Failure::Query(error))) => refusal(status(&error), chain(&error), hint(&error)),
            Ok(Err(Failure::Json(error))) => {
                tracing::error!(%error, question = Q::NAME, "an answer has no JSON form");
                defect()
            }
            Err(panic) => {
                tracing::error!(%panic, question = Q::NAME, "a question panicked");
                defect()
            }
        }
    }
}

/// Headers of an answer in JSON. A browser that opens its URL saves a file, and shows nothing of it.
pub(crate) fn attachment(name: &str) -> [(HeaderName, String); 2] {
    let disposition = format!("attachment; filename=\"coral-{name}.json\"");
    [(header::CONTENT_TYPE, JSON.to_owned()), (header::CONTENT_DISPOSITION, disposition)]
}

/// The services that the caller may see; `None` for every service.
fn scope(extensions: &Extensions) -> Result<Option<ServiceScope>, InvalidScope> {
    match extensions.get::<Caller>().map(Caller::services) {
        // A request that passed no guard has no caller: it sees nothing.
        None => ServiceScope::new([]).map(Some),
        Some([]) => Ok(None),
        Some(globs) => ServiceScope::new(globs.iter().cloned()).map(Some),
    }
}

/// What the audit log records of `question`.
fn audit_details<Q: Ask>(question: &Q) -> AuditDetails {
    let text = serde_urlencoded::to_string(question).unwrap_or_default();
    let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes()).collect();
    AuditDetails::of_parameters(pairs.iter().map(|(key, value)| (key.as_ref(), value.as_ref())))
}

/// Why there is no JSON of an answer.
enum Failure {
    /// The question failed.
    Query(QueryError),
    /// The answer cannot be serialised.
    Json(serde_json::Error),
}

/// The answer in the JSON form of `coral-text`.
fn json<A: Projection>(answer: Result<A, QueryError>) -> Result<Vec<u8>, Failure> {
    answer.map_err(Failure::Query)?.json().map_err(Failure::Json)
}

fn status(error: &QueryError) -> StatusCode {
    match error {
        QueryError::Ambiguous { .. } => StatusCode::CONFLICT,
        QueryError::Invalid { .. } => StatusCode::BAD_REQUEST,
        QueryError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        QueryError::Damaged(_) => StatusCode::INTERNAL_SERVER_ERROR,
        QueryError::Unsupported(_) => StatusCode::UNPROCESSABLE_ENTITY,
        QueryError::OverBudget(BudgetError::Deadline | BudgetError::Cancelled) => {
            StatusCode::GATEWAY_TIMEOUT
        }
        QueryError::OverBudget(_) => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// 404 for an unknown `protocol`, because it is a part of the path; 400 for every other invalid
/// parameter.
fn status_of_invalid(error: &InvalidQuestion) -> StatusCode {
    match error {
        InvalidQuestion::Path { field, .. } if field == "protocol" => StatusCode::NOT_FOUND,
        InvalidQuestion::Path { .. } | InvalidQuestion::Query(_) => StatusCode::BAD_REQUEST,
    }
}

/// The next step after an error, if there is one.
fn hint(error: &QueryError) -> Option<&'static str> {
    match error {
        QueryError::Unavailable(_) => Some("ask again in a moment; the colony's log says more"),
        QueryError::Damaged(_) => Some(
            "the colony's log names the file; `coral store repair` brings back what can be read",
        ),
        QueryError::Unsupported(_) => Some("ask without it"),
        QueryError::OverBudget(_) => Some("ask for less: a shorter window, a lower limit"),
        QueryError::Invalid { .. } | QueryError::Ambiguous { .. } => None,
    }
}

fn defect() -> Response {
    refusal(StatusCode::INTERNAL_SERVER_ERROR, "the colony has an internal error", None)
}
