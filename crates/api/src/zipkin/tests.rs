//! The routes over sockets, on spans that Zipkin's clients sent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{RawQuery, State};
use coral_query::answer::ColonyStatus;
use coral_query::{FleetState, SharedSources};
use coral_server::admission::{Admission, AdmissionLimits};
use coral_server::door::Door;
use coral_server::door::hosts::AllowedHosts;
use coral_server::identity::{self, Principal};
use coral_server::listen;
use coral_store::{Store, StoreConfig};
use coral_trace::{Recogniser, UnixNanos};
use coral_trust::ledger::TokenEntry;
use coral_trust::role::Role;
use coral_trust::secret::SecretHash;
use coral_wire::zipkin_in;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::*;

/// A call whose two halves share an id, and a failed request, as Zipkin's writer writes them.
const CALL: &str = concat!(
    r#"[{"traceId":"5af7183fb1d4cf5f","id":"352bff9a74ca9ad2","kind":"CLIENT","name":"get /cart","#,
    r#""timestamp":1000000,"duration":900,"localEndpoint":{"serviceName":"web"},"#,
    r#""remoteEndpoint":{"serviceName":"shop"},"tags":{"http.method":"GET"}},"#,
    r#"{"traceId":"5af7183fb1d4cf5f","id":"352bff9a74ca9ad2","kind":"SERVER","name":"get /cart","#,
    r#""timestamp":1000100,"duration":700,"localEndpoint":{"serviceName":"shop"},"shared":true}]"#,
);
const FAILED: &str = concat!(
    r#"[{"traceId":"463ac35c9f6413ad48485a3953bb6124","id":"1000000000000000","kind":"SERVER","#,
    r#""name":"get /pay","timestamp":2000000,"duration":50,"localEndpoint":{"serviceName":"pay"},"#,
    r#""tags":{"error":"no card"}}]"#,
);

struct NoFleet;

impl FleetState for NoFleet {
    fn status(&self, _: UnixNanos) -> ColonyStatus {
        ColonyStatus::default()
    }
}

const LIMITS: AdmissionLimits = AdmissionLimits {
    max_running: 4,
    max_running_per_identity: 4,
    max_waiting: 4,
    max_waiting_per_identity: 4,
    wait_timeout: Duration::from_secs(60),
};

fn answering(dir: &std::path::Path) -> Answering {
    let store = Store::open(StoreConfig { dir: dir.join("s"), segment_rows: 1_000 }).unwrap();
    for sent in [CALL, FAILED] {
        let spans = zipkin_in::decode(sent.as_bytes(), &Recogniser::default()).unwrap().spans;
        store.append(&[spans], UnixNanos(1)).unwrap();
    }
    let store = Arc::new(store);
    let sources = SharedSources { traces: store.clone(), metrics: store, fleet: Arc::new(NoFleet) };
    Answering { sources, admission: Admission::new(LIMITS) }
}

struct Colony {
    address: SocketAddr,
    stop: CancellationToken,
    served: tokio::task::JoinSet<()>,
    _dir: tempfile::TempDir,
}

impl Colony {
    async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let hosts = AllowedHosts::of_this_host(&[], "colony.allowed_hosts");
        let door = Door::new(hosts, "a test").merge(routes(&answering(dir.path())));
        let listener = listen::bind(([127, 0, 0, 1], 0).into(), "a test").await.unwrap();
        let (address, stop) = (listen::local_address(&listener), CancellationToken::new());
        let mut served = tokio::task::JoinSet::new();
        let stopped = stop.clone();
        served.spawn(async move { listen::serve(listener, None, door, stopped).await.unwrap() });
        Self { address, stop, served, _dir: dir }
    }

    /// The status, the head and the body of the answer.
    async fn ask(&self, method: &str, path: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head =
            format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let read = stream.read_to_string(&mut answer);
        tokio::time::timeout(Duration::from_secs(20), read).await.expect("no answer").unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), head.to_lowercase(), body.to_owned())
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let (status, _, body) = self.ask("GET", path).await;
        (status, body)
    }

    async fn stop(mut self) {
        self.stop.cancel();
        self.served.join_next().await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn each_question_is_answered_at_the_root_and_below_the_base() {
    let colony = Colony::start().await;
    let search = "endTs=10000&lookback=10000";
    let both = format!("[{FAILED},{CALL}]");
    for (path, expected) in [
        ("/api/v2/services".to_owned(), r#"["pay","shop","web"]"#),
        ("/api/v2/spans?serviceName=WEB".to_owned(), r#"["get /cart"]"#),
        ("/api/v2/spans?serviceName=none".to_owned(), "[]"),
        ("/api/v2/remoteServices?serviceName=web".to_owned(), r#"["shop"]"#),
        ("/api/v2/autocompleteKeys".to_owned(), r#"["error","http.method"]"#),
        ("/api/v2/autocompleteValues?key=http.method".to_owned(), r#"["GET"]"#),
        ("/api/v2/autocompleteValues?key=service".to_owned(), "[]"),
        (format!("/api/v2/traces?{search}"), &both),
        (format!("/api/v2/traces?{search}&limit=1&spanName=all"), &both[..FAILED.len() + 1]),
        (format!("/api/v2/traces?{search}&annotationQuery=error+and+x"), "[]"),
        // Zipkin leaves out a condition without a key too.
        (format!("/api/v2/traces?{search}&annotationQuery=%3D%3D"), &both),
        (format!("/api/v2/traces?{search}&annotationQuery=http.method%3D%3DGET"), "[]"),
        (format!("/api/v2/traces?{search}&serviceName=&minDuration=1000"), "[]"),
        ("/api/v2/traces".to_owned(), "[]"),
        ("/api/v2/trace/5af7183fb1d4cf5f".to_owned(), CALL),
        ("/api/v2/trace/00000000000000005AF7183FB1D4CF5F?raw".to_owned(), CALL),
        (
            "/api/v2/traceMany?traceIds=463ac35c9f6413ad48485a3953bb6124,5af7183fb1d4cf5f,9"
                .to_owned(),
            &both,
        ),
        (
            "/api/v2/dependencies?endTs=10000".to_owned(),
            r#"[{"parent":"web","child":"shop","callCount":1}]"#,
        ),
        ("/api/v2/dependencies?endTs=500".to_owned(), "[]"),
    ] {
        let expected = match path.contains("limit=1") {
            true => format!("{expected}]"),
            false => expected.to_owned(),
        };
        for base in ["", "/zipkin"] {
            let found = colony.get(&format!("{base}{path}")).await;
            assert_eq!(found, (200, expected.clone()), "{base}{path}");
        }
    }
    colony.stop().await;
}

#[tokio::test]
async fn the_page_reads_its_settings_and_probes_read_the_health() {
    let colony = Colony::start().await;
    let (status, config) = colony.get("/config.json").await;
    let config: serde_json::Value = serde_json::from_str(&config).unwrap();
    assert_eq!((status, &config["defaultLookback"]), (200, &900_000.into()));
    assert_eq!(config["dependency"]["enabled"], true);
    let (status, health) = colony.get("/zipkin/health").await;
    assert!(status == 200 && health.starts_with(r#"{"status":"UP""#), "{health}");
    assert_eq!(colony.get("/zipkin/info").await.0, 200);
    assert_eq!((colony.get("/health").await.0, colony.get("/info").await.0), (404, 404));
    colony.stop().await;
}

#[tokio::test]
async fn what_is_not_valid_is_refused_by_name_as_text() {
    let colony = Colony::start().await;
    let long = format!("/api/v2/spans?serviceName={}", "x".repeat(16 * 1_024 + 1));
    let twins = "/api/v2/traceMany?traceIds=5af7183fb1d4cf5f,00000000000000005af7183fb1d4cf5f";
    for (path, status, reason) in [
        ("/api/v2/spans", 400, "the parameter `serviceName` is missing"),
        ("/api/v2/spans?serviceName=", 400, "`serviceName` is missing"),
        ("/api/v2/spans?servicename=a", 400, "unknown parameter `servicename`; this path takes"),
        ("/api/v2/spans?serviceName=a&serviceName=b", 400, "`serviceName` is repeated"),
        (&long, 400, "16385 bytes are more than 16384"),
        ("/api/v2/services?x", 400, "unknown parameter `x`; this path takes none"),
        ("/api/v2/remoteServices", 400, "`serviceName` is missing"),
        ("/api/v2/autocompleteValues", 400, "`key` is missing"),
        ("/api/v2/traces?limit=0", 400, "limit <= 0"),
        ("/api/v2/traces?limit=-5", 400, "limit <= 0"),
        ("/api/v2/traces?limit=1001", 400, "limit: 1001 is not between 1 and 1000"),
        (&format!("/api/v2/traces?limit={}", "9".repeat(50)), 400, "is not between 1 and 1000"),
        (&format!("/api/v2/traces?limit=-{}", "9".repeat(50)), 400, "limit <= 0"),
        ("/api/v2/traces?limit=ten", 400, "limit: `ten` is not a whole number"),
        ("/api/v2/traces?endTs=2026-08-01", 400, "endTs: `2026-08-01` is not a whole number"),
        ("/api/v2/traces?lookback=0", 400, "lookback <= 0"),
        ("/api/v2/traces?maxDuration=5", 400, "maxDuration is only valid with minDuration"),
        ("/api/v2/traces?minDuration=5&maxDuration=4", 400, "maxDuration < minDuration"),
        ("/api/v2/traces?annotationQuery=w3c.tracestate", 400, "the tag `w3c.tracestate`"),
        ("/api/v2/trace/xyz", 400, "trace id `xyz`: 'x' is not a hex digit"),
        ("/api/v2/trace/0", 400, "all zero"),
        ("/api/v2/trace/7", 404, "7 not found"),
        ("/api/v2/traceMany", 400, "`traceIds` is missing"),
        ("/api/v2/traceMany?traceIds=7", 400, "one id"),
        ("/api/v2/traceMany?traceIds=7,", 400, "expected 32 hex digits"),
        (twins, 400, "is repeated"),
        ("/api/v2/dependencies", 400, "`endTs` is missing"),
    ] {
        let (found, head, body) = colony.ask("GET", path).await;
        assert_eq!(found, status, "{path}: {body}");
        assert!(head.contains("content-type: text/plain"), "{head}");
        assert!(body.contains(reason), "{path}: {body}");
    }
    let huge = format!("/api/v2/traces?endTs={0}&lookback={0}", "9".repeat(50));
    assert_eq!(colony.get(&huge).await.0, 200, "the range ends with the last instant");
    colony.stop().await;
}

#[tokio::test]
async fn a_colony_that_is_sent_spans_names_the_place_where_they_are_taken() {
    let colony = Colony::start().await;
    let (status, head, body) = colony.ask("POST", "/api/v2/spans").await;
    assert_eq!(status, 405);
    assert!(head.contains("allow: get, head"), "{head}");
    assert!(body.contains("http://HOST:4318/api/v2/spans"), "{body}");
    colony.stop().await;
}

/// What a request has that shows a token for `services`.
fn extensions_of_a_token(services: &[&str]) -> Extensions {
    let token = TokenEntry {
        hash: SecretHash([0; 32]),
        user: "ada".to_owned(),
        role: Role::Analyst,
        services: services.iter().map(|name| (*name).to_owned()).collect(),
        sql: false,
        created: 0,
        expires: None,
        revoked: None,
    };
    let mut extensions = Extensions::new();
    extensions.insert(identity::Caller::new(Principal::Person(Arc::new(token)), "a token"));
    extensions
}

#[tokio::test(start_paused = true)]
async fn a_limited_caller_sees_its_services_only() {
    let dir = tempfile::tempdir().unwrap();
    let answering = answering(dir.path());
    let limited = || Caller(asker(&extensions_of_a_token(&["shop"])).unwrap_or_else(|_| panic!()));
    let body = async |response: Response| {
        let bytes = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    };
    let state = || State(answering.clone());
    let services = names::services(state(), RawQuery(None), limited()).await;
    assert_eq!(body(services.into_response()).await, r#"["shop"]"#);
    let query = |text: &str| RawQuery(Some(text.to_owned()));
    let search = query("endTs=10000&lookback=10000");
    let traces = body(search::traces(state(), search, limited()).await.into_response()).await;
    assert!(traces.contains(r#""serviceName":"shop""#), "{traces}");
    assert!(!traces.contains("web") && !traces.contains("pay"), "{traces}");
}
