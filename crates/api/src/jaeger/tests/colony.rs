//! A colony that serves the APIs of Jaeger, and a client of HTTP.

use std::net::SocketAddr;
use std::sync::Arc;

use coral_query::answer::ColonyStatus;
use coral_query::{FleetState, ServiceScope, SharedSources};
use coral_server::admission::{Admission, AdmissionLimits};
use coral_server::door::Door;
use coral_server::door::hosts::AllowedHosts;
use coral_server::listen;
use coral_store::{Store, StoreConfig};
use coral_trace::{Span, UnixNanos};
use serde_json::Value as Json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::answering::Answering;

struct NoAgents;

impl FleetState for NoAgents {
    fn status(&self, _: UnixNanos) -> ColonyStatus {
        ColonyStatus::default()
    }
}

/// Served while it lives.
pub(in crate::jaeger) struct Colony {
    pub(in crate::jaeger) address: SocketAddr,
    _served: tokio::task::JoinSet<()>,
    _dir: tempfile::TempDir,
}

const LIMITS: AdmissionLimits = AdmissionLimits {
    max_running: 4,
    max_running_per_identity: 4,
    max_waiting: 16,
    max_waiting_per_identity: 16,
    wait_timeout: std::time::Duration::from_secs(60),
};

impl Colony {
    /// A colony that has stored `spans`.
    pub(in crate::jaeger) async fn with(spans: Vec<Span>) -> Self {
        Self::limited(spans, None).await
    }

    /// A colony that has stored `spans`, for a caller who may see the services of `scope`.
    pub(in crate::jaeger) async fn limited(spans: Vec<Span>, scope: Option<ServiceScope>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = StoreConfig { dir: dir.path().to_owned(), segment_rows: 1_000 };
        let store = Arc::new(Store::open(config).unwrap());
        store.append(&[spans], UnixNanos(super::NOON)).unwrap();
        let sources =
            SharedSources { traces: store.clone(), metrics: store, fleet: Arc::new(NoAgents) };
        let sources = match scope {
            Some(scope) => sources.limited_to(scope),
            None => sources,
        };
        let answering = Answering { sources, admission: Admission::new(LIMITS) };
        let hosts = AllowedHosts::of_this_host(&[], "colony.allowed_hosts");
        let door = Door::new(hosts, "a test").merge(super::super::routes(&answering));
        let door = super::super::add_rpcs(door, &answering);
        let listener = listen::bind(([127, 0, 0, 1], 0).into(), "a test").await.unwrap();
        let address = listen::local_address(&listener);
        let mut served = tokio::task::JoinSet::new();
        served.spawn(async move {
            listen::serve(listener, None, door, CancellationToken::new()).await.unwrap();
        });
        Self { address, _served: served, _dir: dir }
    }

    /// The status and the body of the answer to `GET path`.
    pub(in crate::jaeger) async fn get(&self, path: &str) -> (u16, Json) {
        self.send(&format!("GET {path} HTTP/1.1"), "").await
    }

    /// The status and the body of the answer to `POST path` with `body`.
    pub(in crate::jaeger) async fn post(&self, path: &str, body: &str) -> (u16, Json) {
        self.send(&format!("POST {path} HTTP/1.1"), body).await
    }

    async fn send(&self, line: &str, body: &str) -> (u16, Json) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let length = body.len();
        let request = format!(
            "{line}\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head[9..12].parse().unwrap();
        let chunked = head.to_lowercase().contains("transfer-encoding: chunked");
        assert!(!chunked, "{head}");
        let json = serde_json::from_str(body);
        (status, json.unwrap_or_else(|error| panic!("{line}: {error}: {answer}")))
    }
}
