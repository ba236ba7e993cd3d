//! The export of a colony to other receivers of OTLP, with real processes.

use coral_trace::{Span, TraceId, UnixNanos};

use super::path::reference_trace;
use super::process::{Coral, coral, eventually};

/// The reference trace of 8 spans under another id.
fn numbered(trace: u128) -> Vec<Span> {
    let mut spans = reference_trace(UnixNanos(1_795_608_000_000_000_000));
    for span in &mut spans {
        span.trace_id = TraceId::try_from(trace).unwrap();
    }
    spans
}

/// A colony that polls `agent` and exports as `export`, a list in YAML, says.
fn exporting(agent: &Coral, dir: &tempfile::TempDir, export: &str) -> Coral {
    let file = dir.path().join("colony.yaml");
    let address = agent.url("agent_rpc");
    let text =
        format!("colony: {{agents: [{{id: web-1, address: \"{address}\"}}]}}\nexport: {export}\n");
    std::fs::write(&file, text).unwrap();
    Coral::colony_with_file(&file)
}

/// The status of the only export of `colony`.
fn export_of(colony: &Coral) -> serde_json::Value {
    colony.get("colony", "/api/v1/status")["exports"][0].clone()
}

#[test]
fn every_span_arrives_at_another_coral_although_the_colony_is_killed_again_and_again() {
    let (agent, target) = (Coral::agent("web-1", &[]), Coral::standalone(&[]));
    let dir = tempfile::tempdir().unwrap();
    let export = format!(
        "[{{name: other, otlp: \"{}\", protocol: grpc, from: beginning}}]",
        target.url("otlp_grpc")
    );
    let mut colony = exporting(&agent, &dir, &export);
    for trace in 1..=30 {
        assert_eq!(agent.export(&numbered(trace)), 200);
        if trace % 6 == 0 {
            colony.kill();
            colony = colony.restart();
        }
    }
    target.until_stored(240);
    eventually(|| match export_of(&colony) {
        status if status["lag_receipts"] == 0 && status["state"] == "ok" => Ok(()),
        status => Err(status.to_string()),
    });
    let status = export_of(&colony);
    assert!(status["exported"].as_u64().unwrap() >= 240, "{status}");
    assert_eq!((&status["rejected"], &status["missed"]), (&0.into(), &0.into()));
    let (_, metrics) = colony.fetch("colony", "/metrics");
    assert!(metrics.contains("coral_colony_export_lag_receipts{target=\"other\"} 0"), "{metrics}");
    assert!(metrics.contains("coral_colony_export_behind_receipts 0"), "{metrics}");
    let shown = colony.answer("colony status");
    assert!(shown.contains("\nExport | State | Exported"), "{shown}");
}

#[test]
fn an_export_over_http_is_compressed_filtered_and_marked() {
    let (agent, target) = (Coral::agent("web-1", &[]), Coral::standalone(&[]));
    let dir = tempfile::tempdir().unwrap();
    let export = format!(
        "[{{name: other, otlp: \"{}\", protocol: http, from: beginning, filter: \"kind:server\"}}]",
        target.url("otlp_http")
    );
    let colony = exporting(&agent, &dir, &export);
    let spans = numbered(1);
    let servers = spans.iter().filter(|span| span.kind == coral_trace::SpanKind::Server).count();
    assert!(servers > 0 && servers < spans.len());
    assert_eq!(agent.export(&spans), 200);
    target.until_stored(servers as u64);
    eventually(|| match export_of(&colony) {
        status if status["lag_receipts"] == 0 => Ok(()),
        status => Err(status.to_string()),
    });
    let status = export_of(&colony);
    assert_eq!(status["filtered"], spans.len() - servers);
    let trace = target.get("colony", &format!("/api/v1/traces/{}", spans[0].trace_id));
    assert!(trace.to_string().contains("coral.exported_by"), "{trace}");
}

#[test]
fn a_standalone_that_would_export_to_itself_does_not_start() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let output = coral()
        .args(["standalone", "--set", "beyla.enabled=false", "--set", "colony.listen=127.0.0.1:0"])
        .args(["--set", "otlp.http=127.0.0.1:0", "--set", "agent.listen=127.0.0.1:0"])
        .args(["--set", "beyla.otlp.grpc=127.0.0.1:0", "--set", "beyla.otlp.http=127.0.0.1:0"])
        .args(["--set", &format!("otlp.grpc={free}")])
        .args([
            "--set",
            &format!("export=[{{name: own, otlp: \"http://{free}\", protocol: grpc}}]"),
        ])
        .arg("--data-dir")
        .arg(dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(said.contains(&format!("the export target `own` is http://{free}")), "{said}");
    assert!(said.contains("Hint: name the address of another receiver"), "{said}");
}
