//! RED metrics, from Beyla's exports to the terminal.

use std::path::PathBuf;

use serde_json::Value;

use super::process::{Coral, eventually};

/// Recorded requests whose names begin with any of `prefixes`, in order of arrival.
fn recorded(version: &str, prefixes: &[&str]) -> Vec<Vec<u8>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/beyla");
    let entries = std::fs::read_dir(root.join(version)).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        prefixes.iter().any(|prefix| name.starts_with(prefix))
    });
    files.sort();
    assert!(!files.is_empty(), "{prefixes:?}");
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// A standalone that received these recordings, each twice, and whose colony has polled everything.
pub(super) fn after(version: &str, metrics: &[&str], traces: &[&str]) -> Coral {
    let coral = Coral::standalone(&[]);
    let traces = if traces.is_empty() { vec![] } else { recorded(version, traces) };
    traces.iter().for_each(|body| assert_eq!(coral.post("beyla_http", body), 200));
    for body in recorded(version, metrics) {
        assert_eq!(coral.post_to("beyla_http", "/v1/metrics", &body), 200);
        assert_eq!(coral.post_to("otlp_http", "/v1/metrics", &body), 200);
    }
    let of = |role: &str, name: &str| {
        let status =
            coral.get(if role == "agent" { "agent_rpc" } else { "colony" }, "/api/v1/status");
        status["counters"][format!("coral.{role}.{name}")].as_u64().unwrap()
    };
    coral.until_stored(of("agent", "store.spans"));
    let rows = of("agent", "metrics.rows");
    eventually(|| match of("colony", "metrics.rows") {
        found if found == rows => Ok(()),
        found => Err(format!("{found} of {rows} rows of metrics")),
    });
    coral
}

/// Sends the recordings of Beyla 3.31.0 whose names begin with any of `prefixes`, each once.
pub(super) fn send(coral: &Coral, socket: &str, path: &str, prefixes: &[&str]) {
    for body in recorded("3.31.0", prefixes) {
        assert_eq!(coral.post_to(socket, path, &body), 200);
    }
}

/// Flags for a window around the time of the recordings.
const THEN: &str = "--since 2026-11-20T00:00:00Z --until 2026-12-01T00:00:00Z";

/// Requests by `METHOD route status`, of everything that the colony counted for `service`.
fn statuses(coral: &Coral, protocol: &str, service: &str, more: &str) -> Vec<String> {
    let table = coral.json(&format!("query beyla {protocol} {service} {THEN} {more}"));
    let mut rows = Vec::new();
    for row in table["rows"].as_array().unwrap() {
        let names = ["method", "route", "operation", "table"];
        let name: Vec<&str> = names.iter().filter_map(|name| row[name].as_str()).collect();
        let name = name.join(" ").trim().to_owned();
        for (status, count) in row["statuses"].as_object().unwrap() {
            rows.push(format!("{name} {status}: {count}"));
        }
    }
    rows.sort();
    rows
}

#[test]
fn a_recording_that_is_sent_twice_counts_what_its_readme_says_and_agrees_with_its_spans() {
    let traces = ["traces-001", "traces-002", "traces-003", "traces-004"];
    let coral = after("3.31.0", &["metrics-0"], &traces);
    assert_eq!(
        statuses(&coral, "http", "frontend-api", ""),
        [
            "GET /boom 500: 1",
            "GET /checkout/{id} 200: 48",
            "GET /checkout/{id} 403: 1",
            "GET /checkout/{id} 500: 1",
            "GET /checkout/{id} 502: 1",
            "GET /checkout/{id} 503: 1",
            "GET /deadend 502: 1",
            "GET /missing/{id} 404: 1",
        ]
    );
    assert_eq!(
        statuses(&coral, "grpc", "fraud-detector", ""),
        [
            "/fraud.v1.FraudDetector/Check INTERNAL: 1",
            "/fraud.v1.FraudDetector/Check OK: 48",
            "/fraud.v1.FraudDetector/Check PERMISSION_DENIED: 1",
        ]
    );
    assert_eq!(
        statuses(&coral, "sql", "card-validator", ""),
        ["SELECT error: 1", "SELECT ok: 50", "UPDATE ok: 50"]
    );
    for (protocol, service, side) in [
        ("http", "frontend-api", "server"),
        ("http", "frontend-api", "client"),
        ("http", "payments-api", "server"),
        ("http", "inventory-api", "server"),
        ("http", "card-validator", "server"),
        ("grpc", "fraud-detector", "server"),
        ("grpc", "payments-api", "client"),
    ] {
        let side = format!("--side {side}");
        let spans = statuses(&coral, protocol, service, &format!("{side} --source spans"));
        assert_eq!(
            spans,
            statuses(&coral, protocol, service, &side),
            "{protocol} {service} {side}"
        );
        let said =
            coral.answer(&format!("query beyla {protocol} {service} {THEN} {side} --source spans"));
        assert!(said.contains("Metrics count the same number of requests."), "{said}");
    }
    let received = coral.counter("coral.agent.metric_points.received");
    let fates = ["stored", "duplicate", "refused.invalid", "dropped"];
    let fates = fates.map(|name| coral.counter(&format!("coral.agent.metric_points.{name}")));
    assert_eq!(received, fates.iter().sum::<u64>());
    assert!(fates[1] >= received / 2, "each was sent twice");
    assert!(coral.counter("coral.agent.metric_points.ignored.unknown") > 100);
}

#[test]
fn every_other_recording_counts_what_its_readme_says() {
    let sampled = after("3.31.0", &["metrics-1"], &["traces-1"]);
    assert_eq!(
        statuses(&sampled, "http", "frontend-api", ""),
        ["GET /checkout/{id} 200: 72", "GET /checkout/{id} 500: 4", "GET /checkout/{id} 503: 4"]
    );
    let said = sampled.answer(&format!("query beyla http frontend-api {THEN} --source spans"));
    assert!(said.contains("Metrics count 80: 56 have no stored span"), "{said}");
    let exponential = after("3.31.0", &["metrics-4"], &["traces-4"]);
    assert_eq!(
        statuses(&exponential, "http", "frontend-api", ""),
        ["GET /checkout/{id} 200: 5", "GET /checkout/{id} 503: 1", "GET /missing/{id} 404: 1"]
    );
    assert_eq!(
        statuses(&exponential, "http", "frontend-api", ""),
        statuses(&exponential, "http", "frontend-api", "--source spans")
    );
    let old = after("1.8.9", &["metrics-"], &[]);
    assert_eq!(
        statuses(&old, "http", "payments-api", ""),
        [
            "POST /api/v1/payments 200: 30",
            "POST /api/v1/payments 403: 1",
            "POST /api/v1/payments 500: 1",
            "POST /api/v1/payments 502: 1",
            "POST /api/v1/payments 503: 1",
        ]
    );
}

#[test]
fn slow_requests_lead_to_traces_that_are_there_and_others_say_not_sampled() {
    let coral = after("3.31.0", &["metrics-0"], &["traces-0"]);
    let slow = coral.json(&format!("query beyla http payments-api {THEN} --slow --over 1ms"));
    let rows = slow["slow"].as_array().unwrap();
    assert!(!rows.is_empty(), "{slow}");
    for trace in rows.iter().flat_map(|row| row["traces"].as_array().unwrap()) {
        assert_eq!(trace["stored"], true, "{trace}");
        let id = trace["trace_id"].as_str().unwrap();
        let whole: Value = coral.json(&format!("query beyla traces --trace-id {id}"));
        assert!(whole["span_count"].as_u64().unwrap() > 0, "{id}");
    }
    let said = coral.answer(&format!("query beyla http frontend-api {THEN} --slow --over 10s"));
    assert!(said.contains("No row has a P95 above the threshold."), "{said}");
    let sampled = after("3.31.0", &["metrics-1"], &["traces-1"]);
    let said = sampled.answer(&format!("query beyla http frontend-api {THEN} --slow --over 1ms"));
    assert!(said.contains("(not stored)"), "{said}");
    let without = after("3.31.0", &["metrics-0"], &[]);
    let said = without.answer(&format!("query beyla http frontend-api {THEN} --slow --over 1ms"));
    assert!(said.contains("No trace: no traces are stored at all"), "{said}");
}

#[test]
fn an_agent_that_is_killed_counts_nothing_twice_when_beyla_goes_on() {
    let mut agent = Coral::agent("web-1", &[]);
    let bodies = recorded("3.31.0", &["metrics-0"]);
    let (before, after) = bodies.split_at(7);
    let send = |agent: &Coral, bodies: &[Vec<u8>]| {
        for body in bodies {
            assert_eq!(agent.post_to("beyla_http", "/v1/metrics", body), 200);
        }
    };
    send(&agent, before);
    agent.kill();
    let agent = agent.restart();
    // Sends the last requests again, as an exporter does that got no response, and then the next
    // ones.
    send(&agent, &before[4..]);
    send(&agent, after);
    let address = agent.url("agent_rpc");
    let list = format!("colony: {{agents: [{{id: web-1, address: \"{address}\"}}]}}");
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("colony.yaml"), list).unwrap();
    let colony = Coral::colony_with_file(&dir.path().join("colony.yaml"));
    let rows = agent.counter("coral.agent.metrics.rows");
    eventually(|| {
        let status = colony.get("colony", "/api/v1/status");
        let found = status["counters"]["coral.colony.metrics.rows"].as_u64().unwrap();
        if found == rows { Ok(()) } else { Err(format!("{found} of {rows}")) }
    });
    assert_eq!(
        statuses(&colony, "http", "frontend-api", "")[1],
        "GET /checkout/{id} 200: 48".to_owned()
    );
}

#[test]
fn the_table_has_a_row_for_each_route() {
    let coral = after("3.31.0", &["metrics-0"], &[]);
    let said = coral.answer(&format!("query beyla http frontend-api {THEN} --compare 30d"));
    for line in [
        "Route              | Requests | P50     | P95     | P99     | Errors | Before",
        "GET /checkout/{id}",
        "Overall: 55 requests, P95 ",
        "Before:  no requests\n",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    let nothing = coral.answer("query beyla http nobody");
    assert!(nothing.starts_with("No HTTP Requests of nobody (last 1 hour).\nHint: "), "{nothing}");
}

/// The recorded SQL contains a card number, on purpose.
#[test]
fn a_card_number_in_recorded_sql_is_in_no_file_no_log_and_no_answer() {
    const PAN: &[u8] = b"4242424242424242";
    let has = |bytes: &[u8]| bytes.windows(PAN.len()).any(|window| window == PAN);
    let mut coral = after("3.31.0", &["metrics-1"], &["traces-1"]);
    assert!(recorded("3.31.0", &["traces-101"]).iter().any(|body| has(body)), "it was sent");
    assert!(coral.counter("coral.agent.privacy.sql_masked") >= 40);
    let said = coral.answer("query beyla traces --since 2026-11-20T00:00:00Z --attr db.operation.name=UPDATE --format json --limit 1000");
    let list: Value = serde_json::from_str(&said).unwrap();
    let mut masked = 0;
    for trace in list["traces"].as_array().unwrap() {
        let id = trace["trace_id"].as_str().unwrap();
        let whole = coral.answer(&format!("query beyla traces --trace-id {id} --format json"));
        assert!(!has(whole.as_bytes()), "{whole}");
        masked += whole.matches("pan = ?").count();
    }
    assert!(masked > 0, "the statement is there, without the number");
    assert_eq!(coral.terminate(), Some(0));
    assert!(!has(coral.said().as_bytes()), "{}", coral.said());
    let mut files = 0;
    let mut left = vec![coral.dir.path().to_owned()];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            assert!(!has(&std::fs::read(&path).unwrap()), "{}", path.display());
            files += 1;
        }
    }
    assert!(files > 4);
}
