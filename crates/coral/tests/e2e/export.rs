//! The export of a colony to other receivers of OTLP, with real processes.

use std::time::Duration;

use coral_server::clock;
use coral_trace::{Span, TraceId, UnixNanos};

use super::path::reference_trace;
use super::process::{Coral, coral, eventually};
use super::trust_world::World;

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

#[test]
fn coral_export_sends_whole_traces_page_by_page_and_counts_them() {
    let (source, target) = (Coral::standalone(&[]), Coral::standalone(&[]));
    for first in (1..=1_200).step_by(100) {
        let spans: Vec<Span> = (first..first + 100).flat_map(numbered).collect();
        assert_eq!(source.export(&spans), 200);
    }
    source.until_stored(9_600);
    let since = "--since 2026-01-01T00:00:00Z --until 2027-01-01T00:00:00Z";
    let line = format!("export --to {} --protocol grpc {since}", target.url("otlp_grpc"));
    let said = source.answer(&line);
    assert!(said.starts_with("Exported 9,600 spans of 1,200 traces in "), "{said}");
    target.until_stored(9_600);
    // A repeated export changes nothing, because a span is stored once.
    source.answer(
        &line.replace("grpc", "http").replace(&target.url("otlp_grpc"), &target.url("otlp_http")),
    );
    target.until_stored(9_600);
    let none = source.answer(&format!("{line} --q service:nobody"));
    assert!(none.starts_with("Exported 0 spans of 0 traces in 0 requests to "), "{none}");
}

#[test]
fn coral_export_ends_with_a_failure_when_something_was_not_accepted() {
    let (source, target) = (Coral::standalone(&[]), Coral::standalone(&[]));
    assert_eq!(source.export(&numbered(1)), 200);
    source.until_stored(8);
    let refused = |line: &str| {
        let output = source
            .ask(&format!("{line} --since 2026-01-01T00:00:00Z --until 2027-01-01T00:00:00Z"));
        assert_eq!(output.status.code(), Some(1), "{line}");
        String::from_utf8(output.stderr).unwrap()
    };
    // A colony is no receiver of OTLP.
    let said = refused(&format!("export --to {} --protocol http", target.url("colony")));
    assert!(said.contains("the export ended early: the target answers 404 Not Found"), "{said}");
    let said = refused("export --to http://192.0.2.1:4317");
    assert!(said.contains("everybody on the way could read the spans"), "{said}");
    let said = refused("export --to http://127.0.0.1:4317 --ca-file /nowhere/ca.pem");
    assert!(said.contains("cannot read --ca-file /nowhere/ca.pem: No such file"), "{said}");
    let said = refused("export --to http://127.0.0.1:9");
    assert!(said.contains("`protocol` is not set"), "{said}");
    let said = refused("export --to http://127.0.0.1:4317 --q duration>");
    assert!(said.contains("column"), "{said}");
}

#[test]
fn coral_export_says_on_ctrl_c_what_was_sent() {
    let source = Coral::standalone(&[]);
    assert_eq!(source.export(&numbered(1)), 200);
    source.until_stored(8);
    // A receiver that accepts a connection, reads the request and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let child = coral()
        .args(["export", "--protocol", "http", "--to", &url, "--colony", &source.url("colony")])
        .args(["--since", "2026-01-01T00:00:00Z", "--until", "2027-01-01T00:00:00Z"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let (mut connection, _) = silent.accept().unwrap();
    assert!(std::io::Read::read(&mut connection, &mut [0; 100]).unwrap() > 0);
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with("Exported 0 spans of 0 traces in 0 requests to "), "{said}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("the export was interrupted"), "{said}");
    assert!(said.contains("Hint: the same command sends everything again"), "{said}");
}

#[test]
fn coral_export_refuses_the_coral_of_this_host() {
    let source = Coral::standalone(&[]);
    for (receiver, protocol) in [("otlp_grpc", "grpc"), ("otlp_http", "http"), ("colony", "http")] {
        let output = coral()
            .args(["export", "--protocol", protocol, "--to", &source.url(receiver)])
            .arg("--data-dir")
            .arg(source.dir.path())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("is the Coral of this host, which has these spans"), "{said}");
        assert!(said.contains("Hint: name the address of another receiver"), "{said}");
    }
}

#[test]
fn a_limited_person_exports_the_spans_of_its_services_and_no_others() {
    let (world, target) = (World::new(), Coral::standalone(&[]));
    let agent = world.agent("web-1");
    world.until_listed("web-1", true);
    let spans = reference_trace(clock::now().earlier(Duration::from_secs(60)));
    let is_own = |span: &&Span| span.origin.service_name().starts_with("payments-");
    let own = spans.iter().filter(is_own).count() as u64;
    assert!(own > 0 && own < spans.len() as u64);
    assert_eq!(agent.export(&spans), 200);
    world.until_stored(spans.len() as u64);
    world.login("--services payments-*");
    let output = world.person(&format!("export --protocol grpc --to {}", target.url("otlp_grpc")));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with(&format!("Exported {own} span")), "{said}");
    target.until_stored(own);
    let trace = target.get("colony", &format!("/api/v1/traces/{}", spans[0].trace_id)).to_string();
    for span in spans.iter().filter(|span| !is_own(span)) {
        let other = format!("\"{}\"", span.origin.service_name());
        assert!(!trace.contains(&other), "{other} is in {trace}");
    }
}
