//! Requests of Grafana and others to a door in this process, with answers written by hand from the
//! types of Tempo's messages.

mod grafana;
mod input;
mod rights;
mod search;
mod streams;
mod tags;
mod traces;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use coral_query::answer::ColonyStatus;
use coral_query::{FleetState, SharedSources};
use coral_server::admission::{Admission, AdmissionLimits};
use coral_server::door::Door;
use coral_server::door::hosts::AllowedHosts;
use coral_server::listen;
use coral_store::{Store, StoreConfig};
use coral_trace::{
    Collector, Event, Link, Origin, Resource, Scope, Span, SpanId, SpanKind, Status, StatusCode,
    TraceId, UnixNanos,
};
use serde_json::Value as Json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::*;

/// 2026-11-25T12:00:00Z in seconds.
const NOON: u64 = 1_795_608_000;
/// The trace of the world: 32 digits, of which the first are zero.
const TRACE: &str = "00000000000000000123456789abcdef";
/// How long an answer may take, which takes milliseconds.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

struct NoAgents;

impl FleetState for NoAgents {
    fn status(&self, _: UnixNanos) -> ColonyStatus {
        ColonyStatus::default()
    }
}

/// A door that has Tempo's APIs alone.
struct World {
    address: SocketAddr,
    stop: CancellationToken,
    served: tokio::task::JoinSet<()>,
    _dir: tempfile::TempDir,
}

/// An answer over HTTP.
#[derive(Debug)]
struct Answered {
    status: u16,
    kind: String,
    body: Vec<u8>,
}

const TURNS: AdmissionLimits = AdmissionLimits {
    max_running: 4,
    max_running_per_identity: 4,
    max_waiting: 16,
    max_waiting_per_identity: 16,
    wait_timeout: Duration::from_secs(30),
};

impl World {
    /// With the spans of [`checkout`].
    async fn start() -> Self {
        Self::with(checkout(), |door| door).await
    }

    async fn with(spans: Vec<Span>, change: impl FnOnce(Door) -> Door) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = StoreConfig { dir: dir.path().join("store"), segment_rows: 1_000 };
        let store = Arc::new(Store::open(config).unwrap());
        store.append(&[spans], UnixNanos((NOON + 1) * 1_000_000_000)).unwrap();
        let sources =
            SharedSources { traces: store.clone(), metrics: store, fleet: Arc::new(NoAgents) };
        let answering = Answering { sources, admission: Admission::new(TURNS) };
        let hosts = AllowedHosts::of_this_host(&[], "colony.allowed_hosts");
        let door = Door::new(hosts, "a test").merge(routes(&answering, "1.2.3"));
        let door = change(super::grpc::add_rpcs(door, &answering));
        let listener = listen::bind(([127, 0, 0, 1], 0).into(), "a test").await.unwrap();
        let (address, stop) = (listen::local_address(&listener), CancellationToken::new());
        let mut served = tokio::task::JoinSet::new();
        let stopped = stop.clone();
        served.spawn(async move { listen::serve(listener, None, door, stopped).await.unwrap() });
        Self { address, stop, served, _dir: dir }
    }

    /// Asks as a client that names no form of the answer, and no compression.
    async fn get(&self, path: &str) -> Answered {
        self.get_as(path, "").await
    }

    /// `headers` are whole lines, each with its end.
    async fn get_as(&self, path: &str, headers: &str) -> Answered {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(ANSWER_TIMEOUT, stream.read_to_end(&mut bytes));
        read.await.expect("no answer came").unwrap();
        Answered::read(&bytes)
    }

    /// The JSON of an answer, whose type is checked.
    async fn json(&self, path: &str) -> Json {
        let answered = self.get_as(path, "accept: application/json\r\n").await;
        assert_eq!((answered.status, &*answered.kind), (200, "application/json"), "{answered:?}");
        serde_json::from_slice(&answered.body).unwrap()
    }

    async fn stop(mut self) {
        self.stop.cancel();
        self.served.join_next().await.unwrap().unwrap();
    }
}

impl Answered {
    fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_lowercase();
        let header = |name: &str| {
            let lines = head.lines().filter_map(|line| line.split_once(": "));
            lines.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
        };
        assert_eq!(header("transfer-encoding"), None, "{head}");
        assert_eq!(header("content-encoding"), None, "{head}");
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let kind = header("content-type").unwrap_or_default();
        Self { status, kind, body: bytes[end + 4..].to_vec() }
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// `POST /checkout` of `shop` at noon, which took 1.5 s; after 250 ms it called `cart`, which failed
/// after 1 s.
fn checkout() -> Vec<Span> {
    let at = |ms: u64| UnixNanos(NOON * 1_000_000_000 + ms * 1_000_000);
    let origin = |service: &str, scope: Scope| {
        let attributes = [("service.name", service)].into_iter().collect();
        let resource = Resource { attributes, ..Resource::default() };
        Arc::new(Origin { resource, scope, collector: Collector::Sdk })
    };
    let library = Scope { name: "net/http".into(), version: "1.0".into(), ..Scope::default() };
    let root = Span {
        trace_id: TRACE.parse().unwrap(),
        span_id: SpanId::try_from(1).unwrap(),
        parent_span_id: None,
        trace_state: String::new(),
        flags: 257,
        name: "POST /checkout".into(),
        kind: SpanKind::Server,
        start: at(0),
        end: at(1_500),
        attributes: [("http.route", "/checkout")].into_iter().collect(),
        dropped_attributes: 0,
        events: Vec::new(),
        dropped_events: 0,
        links: Vec::new(),
        dropped_links: 0,
        status: Status::default(),
        origin: origin("shop", library),
    };
    let event = Event {
        time: at(1_200),
        name: "exception".into(),
        attributes: [("exception.type", "Timeout")].into_iter().collect(),
        dropped_attributes: 0,
    };
    let link = Link {
        trace_id: TraceId::try_from(255u128).unwrap(),
        span_id: SpanId::try_from(7).unwrap(),
        trace_state: String::new(),
        attributes: [("reason", "retry")].into_iter().collect(),
        dropped_attributes: 0,
        flags: 0,
    };
    let call = Span {
        span_id: SpanId::try_from(2).unwrap(),
        parent_span_id: Some(root.span_id),
        flags: 0,
        name: "take".into(),
        kind: SpanKind::Internal,
        start: at(250),
        end: at(1_250),
        attributes: [("items", 3i64)].into_iter().collect(),
        events: vec![event],
        links: vec![link],
        status: Status { code: StatusCode::Error, message: "no stock".into() },
        origin: origin("cart", Scope::default()),
        ..root.clone()
    };
    vec![root, call]
}
