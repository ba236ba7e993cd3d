//! Clients of Zipkin report to an agent: py_zipkin 1.2.8, and OpenTelemetry's exporter 1.45.1.

use std::process::Command;

use serde_json::Value;

use super::super::process::Coral;
use super::program;

const TOOL: &str = "tools/fetch-zipkin-clients";
const PYTHON: &str = "CORAL_TEST_ZIPKIN_PYTHON";

/// Runs `script` with the URL of the agent's spans as its argument, and returns what it prints.
fn run(python: &std::path::Path, script: &str, coral: &Coral) -> String {
    let url = format!("{}/api/v2/spans", coral.url("otlp_http"));
    let output = Command::new(python).args(["-c", script, &url]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A server span and a client span in it. Prints the trace id.
const PY_ZIPKIN: &str = r#"
import sys, requests
from py_zipkin import Encoding, Kind
from py_zipkin.zipkin import zipkin_span
from py_zipkin.transport import BaseTransportHandler

class Transport(BaseTransportHandler):
    def get_max_payload_bytes(self):
        return None
    def send(self, payload):
        answer = requests.post(sys.argv[1], data=payload,
                               headers={"content-type": "application/json"})
        assert answer.status_code == 202, (answer.status_code, answer.text)

with zipkin_span(service_name="shop", span_name="get /cart", kind=Kind.SERVER, sample_rate=100,
                 transport_handler=Transport(), encoding=Encoding.V2_JSON,
                 use_128bit_trace_id=True) as root:
    root.update_binary_annotations({"http.method": "GET"})
    with zipkin_span(service_name="shop", span_name="query", kind=Kind.CLIENT) as call:
        call.add_sa_binary_annotation(port=3306, service_name="mysql", host="127.0.0.1")
    print(root.zipkin_attrs.trace_id)
"#;

#[test]
fn py_zipkin_1_2_8_reports_a_trace_that_the_colony_returns() {
    let Some(python) = program(PYTHON, TOOL) else { return };
    let coral = Coral::standalone(&[]);
    let id = run(&python, PY_ZIPKIN, &coral);
    coral.until_stored(2);
    let trace = coral.get("colony", &format!("/zipkin/api/v2/trace/{id}"));
    let spans = trace.as_array().unwrap();
    let named = |name: &str| spans.iter().find(|span| span["name"] == name).unwrap();
    let (root, call) = (named("get /cart"), named("query"));
    assert_eq!((&root["kind"], &root["tags"]["http.method"]), (&"SERVER".into(), &"GET".into()));
    assert_eq!(call["parentId"], root["id"]);
    assert_eq!(call["remoteEndpoint"]["serviceName"], "mysql");
    assert_eq!(call["remoteEndpoint"]["port"], 3306);
}

/// A failed span with an event. Prints the trace id.
const OPENTELEMETRY: &str = r#"
import sys
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.exporter.zipkin.json import ZipkinExporter
from opentelemetry.trace import SpanKind, Status, StatusCode

results = []
exporter = ZipkinExporter(endpoint=sys.argv[1])
export = exporter.export
exporter.export = lambda spans: results.append(export(spans)) or results[-1]
provider = TracerProvider(resource=Resource.create({"service.name": "pay", "host.name": "web-1"}))
provider.add_span_processor(SimpleSpanProcessor(exporter))
with provider.get_tracer("checkout", "1.2").start_as_current_span("POST /pay", kind=SpanKind.SERVER) as span:
    span.set_attribute("n", 5)
    span.add_event("retry")
    span.set_status(Status(StatusCode.ERROR, "no card"))
    print(format(span.get_span_context().trace_id, "032x"))
assert results == [SpanExportResult.SUCCESS], results
"#;

#[test]
fn opentelemetrys_zipkin_exporter_1_45_1_reports_a_span_that_is_otlp_again() {
    let Some(python) = program(PYTHON, TOOL) else { return };
    let coral = Coral::standalone(&[]);
    let id = run(&python, OPENTELEMETRY, &coral);
    coral.until_stored(1);
    let found = coral.json(&format!("query beyla traces --trace-id {id}"));
    let span: &Value = &found["spans"][0];
    assert_eq!(span["service_name"], "pay");
    assert_eq!(span["span_kind"], "server");
    assert_eq!(
        (&span["span_status"], &span["status_message"]),
        (&"error".into(), &"no card".into())
    );
    assert_eq!(
        (&span["scope"]["name"], &span["scope"]["version"]),
        (&"checkout".into(), &"1.2".into())
    );
    assert_eq!(span["resource"]["host.name"], "web-1");
    // This exporter writes an event as JSON.
    assert_eq!(span["events"][0]["name"], "{\"retry\": {}}");
}
