//! The web page below `/ui/`, and short URLs that lead to it.

use std::path::PathBuf;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use coral_server::door::{Method, Permission, Route};
use coral_server::refusal::refusal;
use coral_ui::{WebPage, redirect};
use http::{HeaderMap, StatusCode};

/// Longest trace id, in hex digits.
const TRACE_ID_DIGITS: usize = 32;

/// Where the page is.
#[derive(Clone)]
struct Source {
    embedded: Arc<WebPage>,
    /// Read at each request instead, for the authors of the page.
    dir: Option<PathBuf>,
}

/// Routes of the page, whose files are in `dir` or else in the program.
pub fn routes(dir: Option<PathBuf>) -> Vec<Route> {
    let source = Source { embedded: Arc::new(WebPage::embedded()), dir };
    let route = |path, handler| Route::new(Method::Get, path, Permission::PageRead, handler);
    let first = get(async |State(source): State<Source>, query, headers| {
        source.answer("", query, &headers).await
    });
    let other = get(
        async |State(source): State<Source>,
               name: Result<Path<String>, PathRejection>,
               query,
               headers| {
            // A name that is no text is the name of no page.
            let name = name.map_or_else(|_| "?".to_owned(), |Path(name)| name);
            source.answer(&name, query, &headers).await
        },
    );
    let to_page = || -> MethodRouter { get(async || sent("ui/")) };
    let to_trace = || -> MethodRouter { get(trace) };
    vec![
        route("/", to_page()),
        route("/ui", to_page()),
        route("/ui/", first.with_state(source.clone())),
        route("/ui/{name}", other.with_state(source)),
        route("/trace/{id}", to_trace()),
        route("/t/{id}", to_trace()),
    ]
}

impl Source {
    async fn answer(&self, name: &str, RawQuery(query): RawQuery, headers: &HeaderMap) -> Response {
        let page = match &self.dir {
            None => self.embedded.clone(),
            Some(dir) => {
                let dir = dir.clone();
                let read = tokio::task::spawn_blocking(move || {
                    WebPage::read(&dir).map_err(|error| {
                        format!("cannot read the page in `{}`: {error}", dir.display())
                    })
                });
                match read.await.expect("reading files does not panic") {
                    Ok(page) => Arc::new(page),
                    Err(error) => {
                        let hint =
                            "`just ui` writes the files; `colony.ui.dir` names their directory";
                        return refusal(StatusCode::INTERNAL_SERVER_ERROR, error, Some(hint));
                    }
                }
            }
        };
        page.answer(name, query.as_deref().unwrap_or_default(), headers).map(body)
    }
}

/// Sends a browser from `/trace/ID` to the page of that trace.
async fn trace(id: Result<Path<String>, PathRejection>) -> Response {
    let is_id = |id: &str| {
        (1..=TRACE_ID_DIGITS).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    match id {
        Ok(Path(id)) if is_id(&id) => sent(&format!("../ui/trace?id={}", id.to_ascii_lowercase())),
        _ => {
            let hint = "a trace id is 32 hex digits; its beginning is enough";
            refusal(StatusCode::NOT_FOUND, "this is not the id of a trace", Some(hint))
        }
    }
}

fn sent(location: &str) -> Response {
    match redirect(location) {
        Ok(response) => response.map(body),
        Err(error) => refusal(StatusCode::INTERNAL_SERVER_ERROR, error.to_string(), None),
    }
}

fn body(bytes: Bytes) -> Body {
    Body::from(bytes)
}
