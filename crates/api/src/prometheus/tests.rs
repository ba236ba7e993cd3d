//! Requests to Prometheus's API over its routes, and the bytes of their answers.

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
use coral_trace::UnixNanos;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::*;

struct NoAgents;

impl FleetState for NoAgents {
    fn status(&self, _: UnixNanos) -> ColonyStatus {
        ColonyStatus::default()
    }
}

/// A port with Prometheus's routes over an empty store.
struct Port {
    address: SocketAddr,
    stop: CancellationToken,
    served: JoinSet<()>,
    _dir: tempfile::TempDir,
}

impl Port {
    async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = StoreConfig { dir: dir.path().join("s"), segment_rows: 1_000 };
        let store = Arc::new(Store::open(config).unwrap());
        let fleet = Arc::new(NoAgents);
        let sources = SharedSources { traces: store.clone(), metrics: store, fleet };
        let admission = Admission::new(AdmissionLimits {
            max_running: 4,
            max_running_per_identity: 4,
            max_waiting: 4,
            max_waiting_per_identity: 4,
            wait_timeout: Duration::from_secs(60),
        });
        let hosts = AllowedHosts::of_this_host(&[], "colony.allowed_hosts");
        let door = Door::new(hosts, "a test").merge(routes(&Answering { sources, admission }));
        let door = add_refusals(door);
        let listener = listen::bind(([127, 0, 0, 1], 0).into(), "a test").await.unwrap();
        let (address, stop) = (listen::local_address(&listener), CancellationToken::new());
        let (mut served, stopped) = (JoinSet::new(), stop.clone());
        served.spawn(async move { listen::serve(listener, None, door, stopped).await.unwrap() });
        Self { address, stop, served, _dir: dir }
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let path = path.replace('"', "%22").replace('{', "%7B").replace('}', "%7D");
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"))
            .await
    }

    async fn post(&self, path: &str, kind: &str, form: &str) -> (u16, Value) {
        let length = form.len();
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: \
             {kind}\r\ncontent-length: {length}\r\n\r\n{form}"
        ))
        .await
    }

    async fn send(&self, request: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    async fn stop(mut self) {
        self.stop.cancel();
        self.served.join_next().await.unwrap().unwrap();
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn grafanas_health_check_is_answered_at_the_root_and_below_the_base() {
    let port = Port::start().await;
    let expected = json!({
        "status": "success",
        "data": {"resultType": "scalar", "result": [1_795_608_000, "2"]},
    });
    for base in ["", "/prometheus"] {
        let path = format!("{base}/api/v1/query");
        let form = "query=1%2B1&time=1795608000";
        assert_eq!(port.post(&path, FORM, form).await, (200, expected.clone()));
        assert_eq!(port.get(&format!("{path}?{form}")).await, (200, expected.clone()));
        let (status, about) = port.get(&format!("{base}/api/v1/status/buildinfo")).await;
        assert_eq!((status, &about["data"]["version"]), (200, &json!("2.55.0")));
    }
    port.stop().await;
}

#[tokio::test]
async fn a_client_that_looks_for_the_server_finds_it_below_the_base_only() {
    let port = Port::start().await;
    for (path, status) in [
        ("/prometheus/", 307),
        ("/prometheus/-/healthy", 200),
        ("/prometheus/-/ready", 200),
        ("/-/healthy", 404),
    ] {
        assert_eq!(port.get(path).await.0, status, "{path}");
    }
    port.stop().await;
}

#[tokio::test]
async fn a_range_vector_is_a_matrix_also_at_one_moment() {
    let port = Port::start().await;
    let (status, answer) = port.get("/api/v1/query?query=vector(1)[1m:30s]&time=100").await;
    let result = json!([{"metric": {}, "values": [[60, "1"], [90, "1"]]}]);
    let expected = json!({"resultType": "matrix", "result": result});
    assert_eq!((status, &answer["data"]), (200, &expected));
    port.stop().await;
}

#[tokio::test]
async fn a_path_that_is_none_below_the_base_has_an_error_of_prometheus() {
    let port = Port::start().await;
    let delete = |path: &str| {
        format!("DELETE {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
    };
    for path in ["/prometheus/api/v1/rules", "/prometheus", "/prometheus/../x"] {
        let (status, answer) = port.get(path).await;
        let error = format!("no such path: `{path}` (a test)");
        let expected = json!({"status": "error", "errorType": "not_found", "error": error});
        assert_eq!((status, answer), (404, expected), "{path}");
    }
    let (status, answer) = port.send(&delete("/prometheus/api/v1/query")).await;
    assert_eq!((status, &answer["errorType"]), (405, &json!("bad_data")));
    assert!(answer["error"].as_str().unwrap().contains("does not accept DELETE"), "{answer}");
    for path in ["/nowhere", "/prometheus2", "/api/v1/rules"] {
        let (status, answer) = port.get(path).await;
        assert_eq!((status, &answer["hint"]), (404, &json!("a test")), "{path}");
    }
    port.stop().await;
}

#[tokio::test]
async fn a_range_has_a_value_at_each_step() {
    let port = Port::start().await;
    let (status, answer) =
        port.get("/api/v1/query_range?query=vector(1)&start=10&end=11.5&step=500ms").await;
    let values = json!([[10, "1"], [10.5, "1"], [11, "1"], [11.5, "1"]]);
    assert_eq!(
        (status, &answer["data"]["result"]),
        (200, &json!([{"metric": {}, "values": values}]))
    );
    assert_eq!(answer["data"]["resultType"], "matrix");
    port.stop().await;
}

#[tokio::test]
async fn an_error_has_the_form_and_the_status_of_prometheus() {
    let port = Port::start().await;
    let range = "/api/v1/query_range?query=1&";
    for (path, status, kind, words) in [
        ("/api/v1/query", 400, "bad_data", "invalid parameter \"query\": 1:1: parse error: no exp"),
        ("/api/v1/query?query=sum(", 400, "bad_data", "1:5: parse error: unexpected end of input"),
        (
            "/api/v1/query?query=hour()",
            400,
            "bad_data",
            "Coral does not evaluate `hour`; it evaluates abs,",
        ),
        ("/api/v1/query?query=1&time=soon", 400, "bad_data", "invalid parameter \"time\": cannot"),
        ("/api/v1/query?query=1&query=2", 400, "bad_data", "several different values"),
        ("/api/v1/query?query=1&stats=all", 400, "bad_data", "invalid parameter \"stats\""),
        ("/api/v1/query?query=1&timeout=x", 400, "bad_data", "\"timeout\": cannot parse \"x\""),
        ("/api/v1/query?query=1&limit=-1", 400, "bad_data", "invalid parameter \"limit\""),
        (
            "/api/v1/query?query=label_replace(vector(1),\"-\",\"\",\"\",\"\")",
            422,
            "execution",
            "invalid destination label name",
        ),
        (&format!("{range}start=2&end=1&step=1"), 400, "bad_data", "must not be before start"),
        (&format!("{range}start=1&end=2&step=0"), 400, "bad_data", "zero or negative query resol"),
        (&format!("{range}start=1&end=20000&step=1"), 400, "bad_data", "maximum resolution of 11"),
        (&format!("{range}start=1&end=2"), 400, "bad_data", "invalid parameter \"step\""),
        (&format!("{range}end=2&step=1"), 400, "bad_data", "invalid parameter \"start\""),
        (&format!("{range}start=1e300&end=2&step=1"), 400, "bad_data", "invalid parameter \"start"),
        ("/api/v1/series", 400, "bad_data", "no match[] parameter provided"),
        ("/api/v1/series?match[]=1", 400, "bad_data", "invalid parameter \"match[]\": expected"),
        ("/api/v1/label/a-b/values", 400, "bad_data", "invalid label name: \"a-b\""),
        ("/api/v1/labels?limit=many", 400, "bad_data", "invalid parameter \"limit\""),
    ] {
        let (found, answer) = port.get(path).await;
        assert_eq!((found, &answer["status"]), (status, &json!("error")), "{path}: {answer}");
        assert_eq!(answer["errorType"], kind, "{path}");
        assert!(answer["error"].as_str().unwrap().contains(words), "{path}: {answer}");
    }
    let (status, answer) = port.post("/api/v1/query", "application/json", "{}").await;
    assert_eq!((status, &answer["errorType"]), (400, &json!("bad_data")));
    port.stop().await;
}

#[tokio::test]
async fn an_answer_that_takes_longer_than_the_timeout_is_none() {
    let port = Port::start().await;
    for path in ["query?query=1", "query_range?query=1&start=1&end=2&step=1", "labels?"] {
        for timeout in ["0", "0s", "0.0004", "-1"] {
            let (status, answer) = port.get(&format!("/api/v1/{path}&timeout={timeout}")).await;
            assert_eq!((status, &answer["errorType"]), (503, &json!("timeout")), "{answer}");
        }
        for timeout in ["50", "1m", "1e11", ""] {
            let (status, answer) = port.get(&format!("/api/v1/{path}&timeout={timeout}")).await;
            assert_eq!(status, 200, "{answer}");
        }
    }
    port.stop().await;
}

#[tokio::test]
async fn metrics_are_listed_although_no_series_is_stored() {
    let port = Port::start().await;
    let (status, names) = port.get("/prometheus/api/v1/label/__name__/values?limit=2").await;
    assert_eq!((status, names["data"].as_array().unwrap().len()), (200, 2));
    assert_eq!(names["warnings"], json!(["results truncated due to limit"]));
    let (_, about) = port.get("/api/v1/metadata?metric=traces_spanmetrics_latency").await;
    assert_eq!(about["data"]["traces_spanmetrics_latency"][0]["type"], "histogram");
    let (_, metadata) = port.get("/api/v1/metadata").await;
    assert_eq!(metadata["data"].as_object().unwrap().len(), 6);
    for path in [
        "/api/v1/labels",
        "/api/v1/label/service/values",
        "/api/v1/series?match[]={service=\"a\"}",
        "/api/v1/query_exemplars?query=traces_spanmetrics_latency_bucket",
    ] {
        let (status, answer) = port.get(path).await;
        assert_eq!((status, answer), (200, json!({"status": "success", "data": []})), "{path}");
    }
    port.stop().await;
}

#[tokio::test]
async fn a_form_that_is_too_long_is_refused_as_prometheus_refuses() {
    let port = Port::start().await;
    let form = |bytes: usize| {
        let head = "query=1%2B1&limit=";
        format!("{head}{}", "1".repeat(bytes - head.len()))
    };
    let (status, answer) = port.post("/api/v1/query", FORM, &form(200_000)).await;
    assert_eq!(status, 400, "{answer}");
    for path in ["/api/v1/query", "/prometheus/api/v1/query_range", "/api/v1/series"] {
        let (status, answer) = port.post(path, FORM, &form((1 << 20) + 1)).await;
        assert_eq!(status, 413, "{answer}");
        assert_eq!(
            (&answer["status"], &answer["errorType"]),
            (&json!("error"), &json!("bad_data"))
        );
        let error = answer["error"].as_str().unwrap();
        assert!(error.contains("more than 1048576 bytes"), "{answer}");
    }
    port.stop().await;
}
