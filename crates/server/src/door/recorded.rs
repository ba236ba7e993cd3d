//! What the audit log has after requests to a door, over real sockets.

use std::io::Read as _;
use std::net::SocketAddr;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_stream::StreamExt as _;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::audit::{AuditDetails, AuditRecord, AuditSettings, Decision, Question};
use crate::identity::Guard;
use crate::{clock, listen};

/// A port whose questions are recorded.
struct Recorded {
    dir: TempDir,
    log: AuditLog,
    address: SocketAddr,
    /// Signalled when the question that never ends is asked.
    asked: Arc<Notify>,
    _served: JoinSet<()>,
}

impl Recorded {
    async fn open(guard: Option<Guard>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let settings = AuditSettings {
            dir: dir.path().join("audit"),
            max_file_bytes: 1 << 20,
            max_file_age: Duration::from_secs(86_400),
            keep: None,
            refuse_when_full: true,
        };
        let log = AuditLog::open(settings, None, clock::now()).unwrap();
        let asked = Arc::new(Notify::new());
        let hosts = AllowedHosts::of_this_host(&[], "colony.allowed_hosts");
        let mut door = Door::new(hosts, "ask").merge(routes(&asked)).audited(log.clone());
        if let Some(guard) = guard {
            door = door.guarded(Arc::new(guard));
        }
        let listener = listen::bind(([127, 0, 0, 1], 0).into(), "a test").await.unwrap();
        let address = listen::local_address(&listener);
        let mut served = JoinSet::new();
        served.spawn(async move {
            listen::serve(listener, None, door, CancellationToken::new()).await.unwrap();
        });
        Self { dir, log, address, asked, _served: served }
    }

    async fn ask(&self, path: &str) -> String {
        let mut stream = self.begin(path).await;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    }

    async fn begin(&self, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    }

    fn records(&self) -> Vec<AuditRecord> {
        self.log.sync(clock::now()).unwrap();
        let mut records = Vec::new();
        for file in crate::audit::files(&self.dir.path().join("audit")).unwrap() {
            for question in file.questions().unwrap() {
                if let Question::Recorded { record, .. } = question.unwrap() {
                    records.push(*record);
                }
            }
        }
        records
    }

    /// The records, when there are `count` of them.
    async fn until(&self, count: usize) -> Vec<AuditRecord> {
        for _ in 0..1_000 {
            let records = self.records();
            if records.len() >= count {
                return records;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{:?}", self.records());
    }
}

fn routes(asked: &Arc<Notify>) -> Vec<Route> {
    let details = || AuditDetails::of_parameters([("service", "cart"), ("limit", "3")]);
    let list = get(async move || {
        let details = details();
        details.rows.add(2);
        with(details, "two rows".into_response())
    });
    let endless = {
        let asked = asked.clone();
        get(async move || {
            asked.notify_one();
            std::future::pending::<&str>().await
        })
    };
    let rows = get(async || {
        let details =
            AuditDetails { question: Some("SELECT 1".to_owned()), ..AuditDetails::default() };
        let counted = details.rows.clone();
        let pieces = tokio_stream::iter(["row 1,", "row 2"]).map(move |row| {
            counted.add(1);
            Ok::<_, std::convert::Infallible>(Bytes::from_static(row.as_bytes()))
        });
        with(details, Body::from_stream(pieces).into_response())
    });
    let torn = get(async || {
        let details = AuditDetails::default();
        let failure = details.failure.clone();
        let pieces = tokio_stream::iter(["row 1,", "an error"]).map(move |row| {
            failure.give();
            Ok::<_, std::convert::Infallible>(Bytes::from_static(row.as_bytes()))
        });
        with(details, Body::from_stream(pieces).into_response())
    });
    let broken = get(async || http::StatusCode::SERVICE_UNAVAILABLE);
    vec![
        Route::new(Method::Get, "/list/{id}", Permission::TracesRead, list),
        Route::new(Method::Get, "/endless", Permission::WhyRead, endless),
        Route::new(Method::Get, "/rows", Permission::SqlRead, rows),
        Route::new(Method::Get, "/torn", Permission::SqlRead, torn),
        Route::new(Method::Get, "/broken", Permission::AskRead, broken),
        Route::new(Method::Get, "/healthz", Permission::HealthRead, get(async || "ok")),
    ]
}

fn with(details: AuditDetails, mut response: Response) -> Response {
    response.extensions_mut().insert(details);
    response
}

#[tokio::test]
async fn an_answered_question_is_recorded_with_what_it_named_and_got() {
    let port = Recorded::open(None).await;
    assert!(port.ask("/list/7?limit=3").await.ends_with("two rows"));
    assert!(port.ask("/healthz").await.ends_with("ok"));
    let [record] = port.records().try_into().unwrap();
    assert_eq!((record.path.as_str(), record.question.as_str()), ("/list/{id}", "/list/7?limit=3"));
    assert_eq!((record.rows, record.bytes, record.status), (2, 8, Some(200)));
    assert_eq!((record.services, record.filters), (vec!["cart".into()], vec!["limit=3".into()]));
    assert_eq!(record.decision, Decision::Allowed);
    assert_eq!(record.requester.proof, "loopback");
    assert!(record.remote_address.unwrap().ip().is_loopback());
}

#[tokio::test]
async fn a_question_whose_client_goes_away_is_recorded_as_cancelled() {
    let port = Recorded::open(None).await;
    let stream = port.begin("/endless").await;
    port.asked.notified().await;
    drop(stream);
    let records = port.until(1).await;
    assert_eq!(records[0].decision, Decision::Cancelled);
}

#[tokio::test]
async fn a_streamed_answer_is_recorded_when_it_begins_and_when_it_ends() {
    let port = Recorded::open(None).await;
    assert!(port.ask("/rows").await.contains("row 2"));
    let records = port.until(2).await;
    let facts = |record: &AuditRecord| (record.rows, record.bytes, record.decision);
    assert_eq!(records[0].question, "SELECT 1");
    assert!(records[0].reason.as_ref().unwrap().contains("begins"));
    assert_eq!(facts(&records[1]), (2, 11, Decision::Allowed));
    port.ask("/torn").await;
    assert_eq!(port.until(4).await[3].decision, Decision::Failed);
}

#[tokio::test]
async fn a_failed_question_and_a_denied_one_are_recorded_with_their_status() {
    let port = Recorded::open(None).await;
    port.ask("/broken").await;
    assert_eq!(port.records()[0].decision, Decision::Failed);
    let guarded = Recorded::open(Some(Guard::new())).await;
    assert!(guarded.ask("/list/7").await.starts_with("HTTP/1.1 401"));
    let [denied] = guarded.records().try_into().unwrap();
    assert_eq!((denied.decision, denied.status), (Decision::Denied, Some(401)));
    assert_eq!(denied.reason.as_deref(), Some("this needs a token"));
    // Who asks in vain again and again does not fill the disk.
    for _ in 0..50 {
        guarded.ask("/list/7").await;
    }
    assert!(guarded.records().len() <= 5, "{}", guarded.records().len());
}

#[tokio::test]
async fn no_line_of_the_log_has_what_a_header_says() {
    let port = Recorded::open(Some(Guard::new())).await;
    let mut stream = TcpStream::connect(port.address).await.unwrap();
    let head = "GET /list/7 HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer coral_secret\r\n\
                cookie: coral=secret\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.read_to_end(&mut Vec::new()).await.unwrap();
    assert_eq!(port.records().len(), 1);
    for file in crate::audit::files(&port.dir.path().join("audit")).unwrap() {
        let mut text = String::new();
        let path = port.dir.path().join("audit").join(file.name());
        std::fs::File::open(path).unwrap().read_to_string(&mut text).unwrap();
        assert!(!text.contains("secret"), "{text}");
    }
}

#[tokio::test]
async fn a_long_url_is_cut_with_its_length_and_hash_and_a_statement_is_whole() {
    let port = Recorded::open(None).await;
    let padding = "a".repeat(9_000);
    port.ask(&format!("/list/7?x={padding}")).await;
    let [record] = port.records().try_into().unwrap();
    assert!(record.question.starts_with("/list/7?x=aaa") && record.question.len() < 4_300);
    assert!(record.question.contains("… (9010 bytes, sha256:"), "{}", record.question);
    let statement = format!("/* {padding} */ SELECT 1 -- the end");
    assert_eq!(super::record::recorded(&statement, 65_536), statement);
}
