//! A process of Jaeger.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value as Json;
use tempfile::TempDir;

/// A Jaeger that ends on drop, and after ten minutes in any case.
pub struct Jaeger {
    child: Child,
    /// The URL of its page and JSON APIs.
    url: String,
    /// The URL that receives spans.
    receiver: String,
    _dir: TempDir,
}

impl Jaeger {
    /// A Jaeger that keeps spans in memory.
    pub fn in_memory(program: &Path) -> Self {
        Self::start(program, "memory: {max_traces: 1000}")
    }

    /// A Jaeger that reads from the colony at `address`, a JSON text.
    pub fn on(program: &Path, address: &str) -> Self {
        Self::start(program, &format!("grpc: {{endpoint: {address}, tls: {{insecure: true}}}}"))
    }

    fn start(program: &Path, storage: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        // Jaeger does not say which port its receiver has.
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let config = dir.path().join("jaeger.yaml");
        std::fs::write(&config, settings(storage, &free.to_string())).unwrap();
        let mut child = Command::new("timeout")
            .arg("600")
            .arg(program)
            .arg("--config")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let (mut said, mark) = (String::new(), "Everything is ready");
        while !said.contains(mark) {
            assert!(log.read_line(&mut said).unwrap() > 0, "Jaeger ended: {said}");
        }
        let (_, rest) = said.split_once("\"http_addr\": \"").expect(&said);
        let url = format!("http://{}", rest.split('"').next().unwrap());
        #[expect(clippy::disallowed_methods, reason = "ends with the process that it reads from")]
        std::thread::spawn(move || log.read_to_string(&mut String::new()));
        Self { child, url, receiver: format!("http://{free}/v1/traces"), _dir: dir }
    }

    /// Sends spans in OTLP's JSON.
    pub fn send(&self, spans: &str) {
        let sent = http().post(&self.receiver).content_type("application/json").send(spans);
        assert_eq!(sent.unwrap().status(), 200);
    }

    /// Status and JSON of the answer to a `GET` of `path`.
    pub fn get(&self, path: &str) -> (u16, Json) {
        let mut answer = http().get(format!("{}{path}", self.url)).call().unwrap();
        (answer.status().as_u16(), answer.body_mut().read_json().unwrap())
    }
}

impl Drop for Jaeger {
    fn drop(&mut self) {
        // `timeout` passes the signal on.
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

fn http() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}

fn settings(storage: &str, receiver: &str) -> String {
    format!(
        "service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines:
    traces: {{receivers: [otlp], exporters: [jaeger_storage_exporter]}}
  telemetry: {{metrics: {{level: none}}, logs: {{level: info}}}}
extensions:
  jaeger_query:
    storage: {{traces: some}}
    http: {{endpoint: '127.0.0.1:0'}}
    grpc: {{endpoint: '127.0.0.1:0'}}
  jaeger_storage:
    backends: {{some: {{{storage}}}}}
receivers:
  otlp: {{protocols: {{http: {{endpoint: '{receiver}'}}}}}}
exporters:
  jaeger_storage_exporter: {{trace_storage: some}}
"
    )
}
