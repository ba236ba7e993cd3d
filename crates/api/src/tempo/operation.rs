//! What a client asks, over HTTP or gRPC, with one answer for both.

use axum::response::{IntoResponse, Response};
use coral_query::{Budget, QueryError, Sources};
use coral_server::admission::Surface;
use coral_server::audit::AuditDetails;
use coral_wire::tempo_rpc;
use http::{Extensions, HeaderMap};
use serde_json::Value as Json;

use super::form::{self, Form, JSON, LLM_JSON, PROTOBUF};
use super::refused::Refused;
use crate::answering::{Answering, Asker};

/// A question with checked parameters.
pub(super) trait Operation: Send + Sync + 'static {
    /// The answer: a message of `tempopb`.
    type Answer: Answer;

    /// What precedes the reason why a query in TraceQL is wrong.
    const INVALID_QUERY: &str = "invalid TraceQL query";

    /// What the audit log records.
    fn audit(&self) -> AuditDetails;

    /// Computes the answer. Blocks the calling thread.
    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Self::Answer, QueryError>;
}

/// A message of `tempopb`.
pub(super) trait Answer: tempo_rpc::Message + Send + 'static {
    /// The message in protobuf's JSON mapping.
    fn json(&self) -> Json;

    /// The message in JSON for language models; `None` if it has no such form.
    fn llm(&self) -> Option<Json> {
        None
    }

    /// Leaves out how many bytes were read. The number counts the spans that a limited caller may not
    /// see.
    fn leave_out_bytes(&mut self) {}

    /// The number of rows, for the audit log.
    fn rows(&self) -> usize;
}

/// Answers `operation` over HTTP in the form that `headers` name.
pub(super) async fn respond<O: Operation>(
    answering: &Answering,
    extensions: &Extensions,
    headers: &HeaderMap,
    operation: Result<O, Refused>,
) -> Response {
    let operation = match operation {
        Ok(operation) => operation,
        Err(refused) => return refused.into_response(),
    };
    let form = Form::of(headers);
    let (details, answer) = ask(answering, extensions, operation, move |answer| match form {
        Form::Protobuf => (PROTOBUF, tempo_rpc::encode(&answer)),
        Form::Llm => match answer.llm() {
            Some(json) => (LLM_JSON, json.to_string().into_bytes()),
            None => (JSON, answer.json().to_string().into_bytes()),
        },
        Form::Json => (JSON, answer.json().to_string().into_bytes()),
    })
    .await;
    let mut response = match answer {
        Ok((kind, bytes)) => (form::headers(kind), bytes).into_response(),
        Err(refused) => refused.into_response(),
    };
    response.extensions_mut().insert(details);
    response
}

/// Answers `operation` for whoever sent a request with these `extensions`; `finish` converts the
/// answer while the number of answers in memory is limited.
pub(super) async fn ask<O: Operation, T: Send + 'static>(
    answering: &Answering,
    extensions: &Extensions,
    operation: O,
    finish: impl FnOnce(O::Answer) -> T + Send + 'static,
) -> (AuditDetails, Result<T, Refused>) {
    let details = operation.audit();
    let rows = details.rows.clone();
    let asker = Asker::of_request(Surface::Tempo, extensions);
    let is_limited = asker.as_ref().is_ok_and(Asker::is_limited);
    let work = move |sources: &Sources<'_>, budget: &Budget| {
        let mut answer = operation.answer(sources, budget)?;
        if is_limited {
            answer.leave_out_bytes();
        }
        rows.add(answer.rows() as u64);
        Ok(finish(answer))
    };
    let answer = match asker {
        Ok(asker) => {
            let answered = answering.answer(asker, work).await;
            answered.map_err(|error| Refused::of(&error, O::INVALID_QUERY))
        }
        Err(error) => Err(error.into()),
    };
    (details, answer)
}
