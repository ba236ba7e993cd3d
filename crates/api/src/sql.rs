//! `POST /api/v1/sql`: answers an SQL question, row by row.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::response::{IntoResponse, Response};
use coral_sql::{LibraryError, SqlFailureKind};
use http::StatusCode;
use serde_json::json;
use tokio_stream::Stream;

use coral_query::answer::SqlLibrary;
use coral_server::audit::{AuditDetails, FailureSign, RowCount};
use coral_server::door::body::BodyError;
use coral_server::refusal::refusal;
use coral_sql::SqlQuestion;
use coral_sql::runner::{Piece, SqlError, SqlRunner, SqlStream};
use coral_trace::chain;

use crate::json::attachment;

/// Size of the chunks in which rows are sent, in bytes.
const CHUNK_BYTES: usize = 32 << 10;

pub(super) async fn sql(
    State(runner): State<SqlRunner>,
    question: Result<Json<SqlQuestion>, JsonRejection>,
) -> Response {
    let question = match question {
        Ok(Json(question)) => question,
        Err(rejection) => {
            let hint = r#"send JSON such as {"sql": "SELECT 1"}, with the header content-type: application/json"#;
            return match BodyError::of(&rejection) {
                Some(error) => refusal(error.status(), error.to_string(), None),
                None => refusal(rejection.status(), rejection.body_text(), Some(hint)),
            };
        }
    };
    let details = AuditDetails { question: Some(question.sql.clone()), ..AuditDetails::default() };
    let mut response = match runner.ask(question).await {
        Ok(stream) => {
            let document = Document::new(stream, &details);
            (attachment("sql"), Body::from_stream(document)).into_response()
        }
        Err(error) => refusal(status(&error), chain(&error), hint(&error)),
    };
    response.extensions_mut().insert(details);
    response
}

/// Where DuckDB's library was found, or why it was not, for the colony's status.
pub fn library(runner: &SqlRunner) -> SqlLibrary {
    match runner.clickhouse() {
        Some(Ok(url)) => {
            let found_by = Some("storage.clickhouse.sql.user".to_owned());
            return SqlLibrary { path: Some(url.to_owned()), found_by, reason: None };
        }
        Some(Err(error)) => {
            return SqlLibrary { reason: Some(chain(&error)), ..SqlLibrary::default() };
        }
        None => {}
    }
    match runner.library() {
        Ok(found) => SqlLibrary {
            path: Some(found.path.display().to_string()),
            found_by: Some(found.by.as_str().to_owned()),
            reason: None,
        },
        Err(error) => {
            let install = match error {
                LibraryError::Nowhere => ": `coral duckdb install` installs one",
                _ => "",
            };
            let reason = Some(format!("{}{install}", chain(&error)));
            SqlLibrary { reason, ..SqlLibrary::default() }
        }
    }
}

/// Streams the answer as one JSON object, in the form of [`coral_sql::SqlAnswer`].
struct Document {
    stream: SqlStream,
    /// Text that has not been sent yet.
    text: String,
    /// Rows so far, for the audit log.
    rows: RowCount,
    /// Given if the statement fails after its answer began.
    failure: FailureSign,
    is_first: bool,
    is_whole: bool,
}

impl Document {
    fn new(stream: SqlStream, details: &AuditDetails) -> Self {
        let (rows, failure) = (details.rows.clone(), details.failure.clone());
        let text = format!("{{\"columns\":{},\"rows\":[", json!(stream.columns));
        Self { stream, text, rows, failure, is_first: true, is_whole: false }
    }

    fn add(&mut self, piece: Piece) {
        match piece {
            Piece::Columns(_) => {}
            Piece::Row(row) => {
                self.rows.add(1);
                if !std::mem::take(&mut self.is_first) {
                    self.text.push(',');
                }
                self.text.push_str(&row);
            }
            Piece::End(more) => self.end(&format!("],\"more\":{more}}}")),
            Piece::Failed(error) => {
                self.failure.give();
                self.end(&format!("],\"more\":true,\"error\":{}}}", json!(chain(&error))));
            }
        }
    }

    fn end(&mut self, text: &str) {
        self.text.push_str(text);
        self.is_whole = true;
    }
}

impl Stream for Document {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        while !self.is_whole && self.text.len() < CHUNK_BYTES {
            match self.stream.poll_next(context) {
                Poll::Ready(piece) => self.add(piece),
                Poll::Pending if self.text.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        let text = std::mem::take(&mut self.text);
        Poll::Ready((!text.is_empty()).then(|| Ok(text.into())))
    }
}

fn status(error: &SqlError) -> StatusCode {
    match error {
        SqlError::NotSet(_) => StatusCode::NOT_IMPLEMENTED,
        SqlError::Busy | SqlError::Library(_) | SqlError::Store(_) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        SqlError::Failed(failure) => match failure.kind {
            SqlFailureKind::Statement => StatusCode::BAD_REQUEST,
            SqlFailureKind::Limit => StatusCode::UNPROCESSABLE_ENTITY,
            SqlFailureKind::Library => StatusCode::SERVICE_UNAVAILABLE,
            SqlFailureKind::Engine => StatusCode::INTERNAL_SERVER_ERROR,
        },
        SqlError::Killed(_) => StatusCode::UNPROCESSABLE_ENTITY,
        SqlError::Crashed | SqlError::Process(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The next step after `error`, if there is one.
pub(crate) fn hint(error: &SqlError) -> Option<&'static str> {
    let library =
        "`coral duckdb install` on the colony's host installs one, or name it in `sql.library`";
    Some(match error {
        SqlError::NotSet(_) => {
            "docs/scale.md says which user that is; with several shards, ask each of the servers itself"
        }
        SqlError::Busy => "ask again in a moment",
        SqlError::Library(LibraryError::Nowhere) => library,
        SqlError::Library(LibraryError::Unsafe { .. }) => {
            "make root or the colony's user the owner of the file and its directories, and remove the write permission of others"
        }
        SqlError::Failed(failure) => match failure.kind {
            SqlFailureKind::Limit => {
                "ask for less: a later --since, fewer columns, a LIMIT; or raise `sql.time_limit` or `sql.memory_limit`"
            }
            SqlFailureKind::Library => library,
            _ => return None,
        },
        SqlError::Killed(_) => "ask for less: a later --since, fewer columns, a LIMIT",
        SqlError::Crashed => {
            "the colony still runs; ask for less, or try another version of DuckDB"
        }
        _ => return None,
    })
}
