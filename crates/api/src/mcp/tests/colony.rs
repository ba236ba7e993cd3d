//! A colony with given spans, whose route is asked without a socket.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use coral_config::{SqlConfig, SqlLimits};
use coral_query::answer::ColonyStatus;
use coral_query::{FleetState, SharedSources};
use coral_server::admission::{Admission, AdmissionLimits};
use coral_server::audit::AuditDetails;
use coral_server::clock;
use coral_server::identity::{Caller, Principal};
use coral_sql::runner::{SqlRunner, SqlSource};
use coral_store::{Store, StoreConfig};
use coral_trace::{
    Attributes, Collector, Origin, Resource, Scope, Span, SpanKind, Status, StatusCode, UnixNanos,
};
use http::header::{ACCEPT, CONTENT_TYPE, HOST};
use serde_json::{Value, json};

use super::super::{Service, serve, service};
use crate::answering::Answering;

/// The trace whose card is declined.
pub(super) const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A colony that answers without a socket.
pub(super) struct Colony {
    service: Arc<Service>,
    caller: Caller,
    _dir: tempfile::TempDir,
}

struct NoFleet;

impl FleetState for NoFleet {
    fn status(&self, _: UnixNanos) -> ColonyStatus {
        ColonyStatus::default()
    }
}

impl Colony {
    /// A colony with `spans`, which asks nobody who they are.
    pub fn with(spans: Vec<Span>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = StoreConfig { dir: dir.path().join("store"), segment_rows: 10_000 };
        let store = Store::open(config).unwrap();
        store.append(&[spans], clock::now()).unwrap();
        let limits = SqlLimits {
            memory: 1 << 30,
            threads: 1,
            time: std::time::Duration::from_secs(20),
            rows: 1_000,
            bytes: 1 << 20,
        };
        let sql = SqlConfig { library: None, limits };
        let sql = SqlRunner::new(SqlSource::Files(store.clone()), dir.path().to_owned(), &sql);
        let admission = Admission::new(AdmissionLimits {
            max_running: 4,
            max_running_per_identity: 4,
            max_waiting: 8,
            max_waiting_per_identity: 8,
            wait_timeout: std::time::Duration::from_secs(60),
        });
        let store = Arc::new(store);
        let sources =
            SharedSources { traces: store.clone(), metrics: store, fleet: Arc::new(NoFleet) };
        let service = Arc::new(service(&Answering { sources, admission }, &sql));
        let proof = "none".to_owned();
        let caller = Caller { principal: Principal::Unasked, proof, has_session: false };
        Self { service, caller, _dir: dir }
    }

    /// The same colony, asked by `caller`.
    pub fn asked_by(self, caller: Caller) -> Self {
        Self { caller, ..self }
    }

    /// The text of a tool; the text of its error otherwise.
    pub async fn call(&self, name: &str, arguments: Value) -> Result<String, String> {
        let answer = self.ask("tools/call", json!({"name": name, "arguments": arguments})).await;
        let result = &answer["result"];
        let text = result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}"));
        match result["isError"] == json!(true) {
            true => Err(text.to_owned()),
            false => Ok(text.to_owned()),
        }
    }

    pub async fn ask(&self, method: &str, params: Value) -> Value {
        self.ask_with(method, params, &[]).await
    }

    pub async fn ask_with(&self, method: &str, params: Value, headers: &[(&str, &str)]) -> Value {
        let response = self.respond(method, params, headers).await;
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        serde_json::from_slice(&body).unwrap_or_else(|_| panic!("{body:?}"))
    }

    /// What the audit log records of a call.
    pub async fn recorded(&self, method: &str, params: Value) -> AuditDetails {
        let mut response = self.respond(method, params, &[]).await;
        response.extensions_mut().remove::<AuditDetails>().unwrap()
    }

    pub async fn respond(&self, method: &str, params: Value, headers: &[(&str, &str)]) -> Response {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        self.post(body.to_string(), headers).await
    }

    pub async fn post(&self, body: String, headers: &[(&str, &str)]) -> Response {
        let mut request = Request::post("/mcp")
            .header(HOST, "localhost:9000")
            .header(ACCEPT, "application/json, text/event-stream")
            .header(CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body)).unwrap();
        request.extensions_mut().insert(self.caller.clone());
        serve(State(self.service.clone()), request).await
    }
}

/// One span of a test: times in milliseconds from the beginning of its trace.
pub(super) struct TestSpan {
    pub trace: u128,
    pub id: u64,
    pub parent: Option<u64>,
    pub service: String,
    pub name: String,
    pub kind: SpanKind,
    pub at: (u64, u64),
    pub error: Option<String>,
    pub attributes: Vec<(String, String)>,
}

impl TestSpan {
    pub fn span(self, begin: UnixNanos) -> Span {
        let at = |millis: u64| UnixNanos(begin.0 + millis * 1_000_000);
        let resource = Resource {
            attributes: [("service.name", self.service.as_str())].into_iter().collect(),
            ..Resource::default()
        };
        let pairs = self.attributes.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let attributes: Attributes = pairs.collect();
        Span {
            trace_id: format!("{:032x}", self.trace).parse().unwrap(),
            span_id: format!("{:016x}", self.id).parse().unwrap(),
            parent_span_id: self.parent.map(|id| format!("{id:016x}").parse().unwrap()),
            trace_state: String::new(),
            flags: 0,
            name: self.name,
            kind: self.kind,
            start: at(self.at.0),
            end: at(self.at.0 + self.at.1),
            attributes,
            dropped_attributes: 0,
            events: Vec::new(),
            dropped_events: 0,
            links: Vec::new(),
            dropped_links: 0,
            status: Status {
                code: if self.error.is_some() { StatusCode::Error } else { StatusCode::Unset },
                message: self.error.unwrap_or_default(),
            },
            origin: Arc::new(Origin {
                resource,
                scope: Scope::default(),
                collector: Collector::Ebpf,
            }),
        }
    }
}

/// Six traces of the last minutes. In the one with [`TRACE_ID`] a card is declined, slowly.
pub(super) fn incident() -> Vec<Span> {
    let incident = u128::from_str_radix(TRACE_ID, 16).unwrap();
    let now = clock::now();
    let mut spans = Vec::new();
    for (minutes, trace) in [incident, 2, 3, 4, 5, 6].into_iter().enumerate() {
        let begin = UnixNanos(now.0 - (minutes as u64 * 60 + 30) * 1_000_000_000);
        let is_slow = trace == incident;
        let slow = if is_slow { 380 } else { 20 };
        let row = |id, parent, service: &str, name: &str, at| TestSpan {
            trace,
            id,
            parent,
            service: service.to_owned(),
            name: name.to_owned(),
            kind: SpanKind::Server,
            at,
            error: None,
            attributes: vec![("http.route".to_owned(), name.to_owned())],
        };
        let card = TestSpan {
            error: is_slow.then(|| "card declined".to_owned()),
            ..row(3, Some(2), "card-validator-svc", "POST /validate", (60, slow))
        };
        spans.push(row(1, None, "frontend-api", "POST /checkout", (0, 820 + slow)).span(begin));
        spans.push(row(2, Some(1), "payments-api", "POST /pay", (50, 70 + slow)).span(begin));
        spans.push(card.span(begin));
    }
    spans
}
