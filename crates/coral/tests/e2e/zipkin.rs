//! Zipkin's JSON through real processes: sent to an agent, asked of a colony, written to files of
//! other projects and imported from them.

use serde_json::{Value, json};

use super::process::{Coral, http};

/// A call whose two halves have one span id. The ids have 64 bits.
fn call() -> Value {
    let now_us = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_micros() as u64;
    json!([
        {
            "traceId": "5af7183fb1d4cf5f", "id": "352bff9a74ca9ad2", "kind": "CLIENT",
            "name": "get /cart", "timestamp": now_us, "duration": 900,
            "localEndpoint": {"serviceName": "web", "ipv4": "10.0.0.1"},
            "remoteEndpoint": {"serviceName": "shop"},
            "annotations": [{"timestamp": now_us + 5, "value": "ws"}],
            "tags": {"http.method": "GET"},
        },
        {
            "traceId": "5af7183fb1d4cf5f", "id": "352bff9a74ca9ad2", "kind": "SERVER",
            "name": "get /cart", "timestamp": now_us + 100, "duration": 700,
            "localEndpoint": {"serviceName": "shop"}, "tags": {"error": "no card"},
            "shared": true,
        },
    ])
}

/// Sends `spans` to the port `socket`, and returns the status of the answer.
fn post(coral: &Coral, socket: &str, spans: &Value) -> u16 {
    let url = format!("{}/api/v2/spans", coral.url(socket));
    http().post(url).send_json(spans).unwrap().status().as_u16()
}

/// Runs `coral import FILE --to URL`.
fn import(file: &std::path::Path, url: &str) -> std::process::Output {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_coral"));
    command.arg("import").arg(file).args(["--to", url]).output().unwrap()
}

const TRACE: &str = "/api/v2/trace/5af7183fb1d4cf5f";

#[test]
fn a_call_that_zipkin_reported_comes_back_with_both_halves() {
    let coral = Coral::standalone(&[]);
    let call = call();
    assert_eq!(post(&coral, "otlp_http", &call), 202);
    coral.until_stored(2);
    assert_eq!(coral.get("colony", TRACE), call);
    assert_eq!(coral.get("colony", "/zipkin/api/v2/services"), json!(["shop", "web"]));
    assert_eq!(coral.get("colony", "/api/v2/traces?annotationQuery=error&limit=5"), json!([call]));
    let links =
        coral.get("colony", "/api/v2/dependencies?endTs=9999999999999&lookback=9999999999999");
    let expected = json!([{"parent": "web", "child": "shop", "callCount": 1, "errorCount": 1}]);
    assert_eq!(links, expected);
    // What was sent again is a duplicate.
    assert_eq!(post(&coral, "otlp_http", &call), 202);
    let counts = ["received", "stored", "duplicate"]
        .map(|name| coral.counter(&format!("coral.agent.spans.{name}")));
    assert_eq!(counts, [4, 2, 2]);
    assert_eq!(post(&coral, "colony", &call), 405);
}

#[test]
fn a_trace_that_was_written_as_a_file_is_imported_elsewhere() {
    let coral = Coral::standalone(&[]);
    let call = call();
    assert_eq!(post(&coral, "otlp_http", &call), 202);
    coral.until_stored(2);
    let dir = tempfile::tempdir().unwrap();
    for (format, name) in
        [("otlp", "OTLP JSON"), ("jaeger", "Jaeger JSON"), ("zipkin", "Zipkin JSON")]
    {
        let written =
            coral.answer(&format!("query beyla traces --trace-id 0000 --format {format}"));
        let file = dir.path().join(format);
        std::fs::write(&file, &written).unwrap();
        let other = Coral::standalone(&[]);
        let url = other.url("otlp_http");
        let import = import(&file, &url);
        assert!(import.status.success(), "{}", String::from_utf8_lossy(&import.stderr));
        let said = String::from_utf8(import.stdout).unwrap();
        assert!(
            said.contains(&format!("Read 2 spans of 1 trace from {}", file.display())),
            "{said}"
        );
        assert!(said.contains(&format!("({name})")), "{said}");
        assert!(said.contains(&format!("{url} accepted 2 spans")), "{said}");
        other.until_stored(2);
        assert_eq!(other.get("colony", TRACE), call, "by {format}");
    }
    let unknown = dir.path().join("unknown");
    std::fs::write(&unknown, "{\"a\":1}").unwrap();
    let zeros = unknown.with_file_name("zeros");
    std::fs::write(&zeros, [0; 4_096]).unwrap();
    let refused = import(&zeros, "http://127.0.0.1:1");
    assert!(!refused.status.success());
    assert!(String::from_utf8(refused.stderr).unwrap().contains("has no spans"));
    let refused = import(&unknown, "http://127.0.0.1:1");
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && said.contains("none of OTLP"), "{said}");
}
