//! Whole traces as OTLP, page by page: `GET /api/v1/export`.

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use coral_query::{Budget, Sources, TracesQuestion, question_from_url, with_numbers};
use coral_server::admission::Surface;
use coral_server::audit::AuditDetails;
use coral_server::clock;
use coral_server::door::{Method, Permission, Route};
use coral_server::refusal::refusal;
use coral_wire::otlp_out;
use http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};

use crate::answering::{Answering, Asker};

/// The path of the route. Its parameters are those of `/api/v1/traces`.
pub const PATH: &str = "/api/v1/export";
/// The header with the `after` of the next page; absent after the last page.
pub const NEXT: &str = "coral-next";
/// The header with the number of traces of the page.
pub const TRACES: &str = "coral-traces";
/// The header with the number of spans that did not fit into the page.
pub const LEFT_OUT: &str = "coral-left-out";

/// The route, which answers with an `ExportTraceServiceRequest` in protobuf.
pub fn route(answering: &Answering) -> Route {
    let handler = get(respond).with_state(answering.clone());
    Route::new(Method::Get, PATH, Permission::TracesRead, handler)
}

async fn respond(
    State(answering): State<Answering>,
    RawQuery(query): RawQuery,
    extensions: Extensions,
) -> Response {
    let question =
        with_numbers::<TracesQuestion>(query.as_deref().unwrap_or_default(), clock::now())
            .and_then(|query| question_from_url::<TracesQuestion>(&[], &query));
    let question = match question {
        Ok(question) => question,
        Err(error) => {
            let hint = "the parameters are those of /api/v1/traces in /api/v1/openapi.json";
            return refusal(StatusCode::BAD_REQUEST, error.to_string(), Some(hint));
        }
    };
    let text = serde_urlencoded::to_string(&question).unwrap_or_default();
    let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes()).collect();
    let details = AuditDetails::of_parameters(
        pairs.iter().map(|(key, value)| (key.as_ref(), value.as_ref())),
    );
    let rows = details.rows.clone();
    let work = move |sources: &Sources<'_>, budget: &Budget| {
        let page = question.whole(sources, budget)?;
        rows.add(page.spans.len() as u64);
        let mut headers = HeaderMap::new();
        let kind = HeaderValue::from_static("application/x-protobuf");
        headers.insert(header::CONTENT_TYPE, kind);
        headers.insert(TRACES, page.traces.into());
        headers.insert(LEFT_OUT, page.left_out.into());
        if let Some(Ok(next)) = page.next.as_deref().map(HeaderValue::from_str) {
            headers.insert(NEXT, next);
        }
        Ok((headers, otlp_out::encode(&page.spans)))
    };
    let mut response = match Asker::of_request(Surface::Json, &extensions) {
        Ok(asker) => answering.answer(asker, work).await.into_response(),
        Err(error) => error.into_response(),
    };
    response.extensions_mut().insert(details);
    response
}
