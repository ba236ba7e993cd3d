//! Clients of Prometheus in front of a colony: prometheus-api-client 0.7.2, and the strict parser of
//! OpenMetrics of prometheus_client 0.26.0.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use coral_query::answer::ColonyStatus;
use coral_query::span_metrics::SpanExposition;
use coral_query::{Budget, FleetState, SharedSources};
use coral_server::exposition::open_metrics;
use coral_store::{Store, StoreConfig};
use coral_trace::UnixNanos;
use serde_json::{Value, json};

use super::super::process::Coral;
use super::super::why::{checkouts, coral_with};
use super::program;

const TOOL: &str = "tools/fetch-prometheus-clients";
const PYTHON: &str = "CORAL_TEST_PROMETHEUS_PYTHON";
const MINUTE: u64 = 60_000_000_000;

/// What `script` prints as JSON, with `arguments`.
fn told(python: &Path, script: &str, arguments: &[&str]) -> Value {
    let output = Command::new(python).args(["-c", script]).args(arguments).output().unwrap();
    let failed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{failed}");
    serde_json::from_slice(&output.stdout).unwrap()
}

const API_CLIENT: &str = r#"
import json, sys
from datetime import datetime, timedelta
from prometheus_api_client import PrometheusConnect

client = PrometheusConnect(url=sys.argv[1], disable_ssl=True)
now = datetime.now()
hour = {"start_time": now - timedelta(hours=1), "end_time": now}
calls = 'traces_spanmetrics_calls_total{service="payments-api"}'
print(json.dumps({
    "connected": client.check_prometheus_connection(),
    "metrics": client.all_metrics(),
    "services": client.get_label_values("service"),
    "calls": client.custom_query(f"sum(increase({calls}[1h]))"),
    "highest": client.custom_query(f"max_over_time(sum(rate({calls}[5m]))[1h:1m]) > bool 0"),
    "samples": client.get_metric_range_data(
        "traces_spanmetrics_calls_total", {"service": "payments-api"}, **hour),
    "over_time": client.custom_query_range(f"sum(rate({calls}[5m]))", step="60", **hour),
}))
"#;

#[test]
fn prometheus_api_client_0_7_2_asks_for_metrics_labels_values_and_samples() {
    let Some(python) = program(PYTHON, TOOL) else { return };
    let now = coral_server::clock::now().0;
    let coral = coral_with(&checkouts(now - 20 * MINUTE, 35, now - 12 * MINUTE));
    let told = told(&python, API_CLIENT, &[&format!("{}/prometheus", coral.url("colony"))]);
    assert_eq!(told["connected"], true);
    assert_eq!(told["metrics"].as_array().unwrap().len(), 12);
    assert!(told["services"].as_array().unwrap().contains(&json!("payments-api")), "{told}");
    let calls: f64 = told["calls"][0]["value"][1].as_str().unwrap().parse().unwrap();
    assert!((85.0..=95.0).contains(&calls), "90 checkouts: {calls}");
    assert_eq!(told["highest"][0]["value"][1], "1");
    let samples = told["samples"][0]["values"].as_array().unwrap();
    assert!((239..=241).contains(&samples.len()), "one each 15 seconds: {}", samples.len());
    assert!(told["over_time"][0]["values"].as_array().unwrap().len() > 50);
}

/// Reads a file, or what a URL answers, with the parser of OpenMetrics.
const PARSER: &str = r#"
import json, sys, urllib.request
from prometheus_client.openmetrics.parser import text_string_to_metric_families

if sys.argv[1].startswith("http"):
    request = urllib.request.Request(
        sys.argv[1], headers={"accept": "application/openmetrics-text; version=1.0.0"})
    with urllib.request.urlopen(request) as answer:
        kind, text = answer.headers["content-type"], answer.read().decode()
else:
    kind, text = None, open(sys.argv[1]).read()
families = list(text_string_to_metric_families(text))
print(json.dumps({
    "kind": kind,
    "families": {family.name: family.type for family in families},
    "exemplars": [
        [sample.name, sample.labels["le"], sample.exemplar.labels["trace_id"], sample.exemplar.value]
        for family in families for sample in family.samples if sample.exemplar],
}))
"#;

#[test]
fn prometheus_client_0_26_0_parses_the_openmetrics_of_a_colony() {
    let Some(python) = program(PYTHON, TOOL) else { return };
    let coral = Coral::standalone_with(&["beyla.enabled=false", "colony.metrics.spans=true"]);
    let told = told(&python, PARSER, &[&format!("{}/metrics", coral.url("colony"))]);
    assert_eq!(told["kind"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let families = &told["families"];
    assert_eq!(families["traces_spanmetrics_calls"], "counter", "{families}");
    assert_eq!(families["traces_spanmetrics_latency"], "histogram");
    assert_eq!(families["coral_colony_span_metrics_up"], "gauge");
    assert_eq!(families["coral_colony_queries_answered"], "counter");
}

struct NoAgents;

impl FleetState for NoAgents {
    fn status(&self, _: UnixNanos) -> ColonyStatus {
        ColonyStatus::default()
    }
}

#[test]
fn prometheus_client_0_26_0_finds_traces_of_slow_requests_as_exemplars_of_their_buckets() {
    let Some(python) = program(PYTHON, TOOL) else { return };
    let dir = tempfile::tempdir().unwrap();
    let config = StoreConfig { dir: dir.path().join("store"), segment_rows: 10_000 };
    let store = Arc::new(Store::open(config).unwrap());
    let now = UnixNanos(1_795_608_000_000_000_000);
    let spans = checkouts(now.0 - 20 * MINUTE, 35, now.0 - 12 * MINUTE);
    store.append(&[spans], now).unwrap();
    let sources =
        SharedSources { traces: store.clone(), metrics: store, fleet: Arc::new(NoAgents) };
    let mut series = SpanExposition::new(UnixNanos(now.0 - 60 * MINUTE), 100);
    series.count(&sources.at(now), &Budget::unlimited()).unwrap();
    let file = dir.path().join("metrics");
    std::fs::write(&file, open_metrics(&series.text_with_exemplars())).unwrap();
    let told = told(&python, PARSER, &[&file.display().to_string()]);
    let exemplars = told["exemplars"].as_array().unwrap();
    let of = |name: &str| exemplars.iter().filter(|one| one[0] == name).count();
    assert!(of("traces_spanmetrics_latency_bucket") > 1, "{told}");
    assert!(of("traces_service_graph_request_client_seconds_bucket") > 1, "{told}");
    for exemplar in exemplars {
        let bound: f64 = exemplar[1].as_str().unwrap().replace('+', "").parse().unwrap();
        assert!(exemplar[3].as_f64().unwrap() <= bound, "{exemplar}");
        assert_eq!(exemplar[2].as_str().unwrap().len(), 32, "{exemplar}");
    }
}
