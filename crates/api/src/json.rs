//! The JSON API under `/api/v1`: one GET per question, SQL, and the OpenAPI document. Answers are
//! those of `coral-query`, in the JSON form of `coral-text`.

#[cfg(test)]
pub(crate) mod tests;

use axum::body::Bytes;
use axum::extract::{RawPathParams, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use coral_query::{
    Ask, Budget, InvalidQuestion, Sources, for_each_question, question_from_url, with_numbers,
};
use coral_server::admission::Surface;
use coral_server::audit::{AuditDetails, RowCount};
use coral_server::clock;
use coral_server::door::{Method, Permission, Route};
use coral_server::refusal::refusal;
use coral_sql::SqlQuestion;
use coral_sql::runner::SqlRunner;
use coral_text::json::Projection;
use http::{Extensions, HeaderName, StatusCode, header};

use crate::answering::{Answering, Asker, NotAnswered};
use crate::{openapi, sql};

const JSON: &str = "application/json";

/// All routes under `/api/v1`, with their permissions.
pub fn routes(answering: &Answering, sql: SqlRunner) -> Vec<Route> {
    let sql = post(sql::sql).with_state(sql);
    // The document is built once, because the types do not change at run time.
    let description = Bytes::from(openapi::document().to_string());
    let description = get(async move || ([(header::CONTENT_TYPE, JSON)], description.clone()));
    macro_rules! routes {
        ($($question:ty,)*) => {
            vec![
                $(route::<$question>(answering),)*
                Route::new(Method::Post, SqlQuestion::PATH, Permission::SqlRead, sql),
                Route::new(Method::Get, openapi::PATH, Permission::SpecRead, description),
            ]
        };
    }
    for_each_question!(routes)
}

fn route<Q: Ask<Answer: Projection>>(answering: &Answering) -> Route {
    let permission = const { Permission::named(Q::PERMISSION) };
    Route::new(Method::Get, Q::PATH, permission, get(respond::<Q>).with_state(answering.clone()))
}

async fn respond<Q: Ask<Answer: Projection>>(
    State(answering): State<Answering>,
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
            let details = audit_details(&question);
            let mut response = match Asker::of_request(Surface::Json, &extensions) {
                Ok(asker) => ask(&answering, question, asker, details.rows.clone()).await,
                Err(error) => error.into_response(),
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

async fn ask<Q: Ask<Answer: Projection>>(
    answering: &Answering,
    question: Q,
    asker: Asker,
    rows: RowCount,
) -> Response {
    let work = move |sources: &Sources<'_>, budget: &Budget| {
        let answer = question.answer(sources, budget)?;
        rows.add(Q::rows(&answer) as u64);
        Ok(answer.json())
    };
    let answered = match Q::READS_ENGINE {
        true => answering.answer(asker, work).await,
        false => answering.answer_at_once(asker, work).await,
    };
    match answered {
        Ok(Ok(json)) => (attachment(Q::NAME), json).into_response(),
        Ok(Err(error)) => {
            tracing::error!(%error, question = Q::NAME, "an answer has no JSON form");
            NotAnswered::Defect.into_response()
        }
        Err(error) => error.into_response(),
    }
}

/// Headers of an answer in JSON. A browser that opens its URL saves a file, and shows nothing of it.
pub(crate) fn attachment(name: &str) -> [(HeaderName, String); 2] {
    let disposition = format!("attachment; filename=\"coral-{name}.json\"");
    [(header::CONTENT_TYPE, JSON.to_owned()), (header::CONTENT_DISPOSITION, disposition)]
}

/// What the audit log records of `question`.
pub(crate) fn audit_details<Q: Ask>(question: &Q) -> AuditDetails {
    let text = serde_urlencoded::to_string(question).unwrap_or_default();
    let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes()).collect();
    AuditDetails::of_parameters(pairs.iter().map(|(key, value)| (key.as_ref(), value.as_ref())))
}

/// 404 for an unknown `protocol`, because it is a part of the path; 400 for every other invalid
/// parameter.
fn status_of_invalid(error: &InvalidQuestion) -> StatusCode {
    match error {
        InvalidQuestion::Path { field, .. } if field == "protocol" => StatusCode::NOT_FOUND,
        InvalidQuestion::Path { .. } | InvalidQuestion::Query(_) => StatusCode::BAD_REQUEST,
    }
}
