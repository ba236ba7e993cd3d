//! A configuration that sets every key is still read as recorded.

use std::fs;

use serde_json::Value;

use super::super::process::coral;
use super::commands::printed;
use super::recording::{check_json, check_lines, expect_none};

const AGENT: &str = r#"
data_dir: /data
log: warn
drain_within: 5s
agent: {id: web-1, listen: "0.0.0.0:9001", advertise: "http://10.0.0.5:9001", colony: "http://colony:9000"}
otlp: {grpc: "0.0.0.0:4317", http: "0.0.0.0:4318", max_body: 8MiB}
privacy:
  mask_sql: false
  keep_url_queries: true
  headers: [x-request-id]
  drop: [user.email]
  hash: [user.id]
  hash_key: secret
recognise: {rules: ["resource.telemetry.sdk.name=ours", "scope.name=ours"]}
storage: {max_size: 1GB, segment_rows: 1000}
beyla:
  enabled: false
  path: /opt/beyla
  otlp: {grpc: "127.0.0.1:14319", http: "127.0.0.1:14320"}
  storage_retention_hours: 2
  storage_retention_hours_traces: 0.5
  attributes: {environment: production}
  check_interval: 3s
  context_propagation: headers
  discovery:
    services:
      - {name: cart, open_port: 8080}
      - {name: shop, exe_path: "/opt/*/shop"}
      - {name: pay, k8s_namespace: prod, k8s_pod_label: {app: pay}, k8s_deployment_name: "pay-*"}
  limits: {cpu: 0.5, memory: 500MB}
  protocols:
    http: {enabled: true, capture_headers: false, route_patterns: ["/users/:id"]}
    grpc: {enabled: false}
    sql: {enabled: false}
    redis: {enabled: false}
    kafka: {enabled: false}
  sampling: {rate: 0.1}
  stop_within: 1m
"#;

const COLONY: &str = r#"
data_dir: /data
log: coral=debug
drain_within: 5s
colony:
  listen: 0.0.0.0:9000
  poll_interval: 1s
  poll_timeout: 3s
  agents: [{id: web-1, address: "http://10.0.0.5:9001"}]
storage:
  max_size: 10GB
  segment_rows: 1000
  beyla:
    retention: {http_metrics: 1d, grpc_metrics: 2d, sql_metrics: 3d, traces: 4d}
    trace_sampling_rate: 0.5
sql:
  library: /opt/libduckdb.so
  max_bytes: 1MB
  max_rows: 10
  memory_limit: 100MB
  threads: 1
  time_limit: 5s
"#;

const ALIASES: &str =
    "data_dir: /data\nbeyla: {trace_retention_days: 3, trace_sampling_rate: 0.25}\n";

const STANDALONE: &str = "
data_dir: /data
log: debug
agent: {id: web-1}
colony: {poll_interval: 1s}
storage: {max_size: 1GB, beyla: {retention: {traces: 1d}}}
";

const WRONG: &str = "
drain_within: soon
otlp: {grcp: 1, http: nowhere, max_body: 0}
beyla:
  sampling: {rate: 2}
  context_propagation: odd
  discovery: {services: [{name: a}]}
  limits: {max_traced_connections: 1}
  protocols: {http: {capture_headers: true}}
recognise: {rules: [odd]}
";

/// Configuration files, and the commands that read each. No recorded line of their output may be
/// missing.
const COMMANDS: &[(&str, &str, &str)] = &[
    ("agent", AGENT, "show --role agent"),
    ("agent", AGENT, "check --role agent"),
    ("agent", AGENT, "show --role agent --set otlp.grpc=127.0.0.1:1"),
    ("colony", COLONY, "show --role colony"),
    ("colony", COLONY, "check --role colony"),
    ("aliases", ALIASES, "show --role colony"),
    ("standalone", STANDALONE, "show --role standalone"),
    ("standalone", STANDALONE, "check"),
    ("wrong", WRONG, "check --role agent"),
];

#[test]
fn golden_configuration_of_every_key_is_read_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let run = |name: &str, text: &str, line: &str| {
        let file = dir.path().join(format!("{name}.yaml"));
        fs::write(&file, text).unwrap();
        let mut command = coral();
        command.arg("config").args(line.split_whitespace()).arg("-c").arg(&file);
        command.env_remove("CORAL_DATA_DIR").env("CORAL_SET", set_for(name));
        let output = command.output().unwrap();
        let plain = printed(&output).replace(&format!("{}/", dir.path().display()), "");
        (format!("config {line} -c {name}.yaml"), plain)
    };
    let squeezed = |text: &str| {
        let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        lines.map(|line| line + "\n").collect::<String>()
    };
    let outputs = COMMANDS.iter().map(|(name, text, line)| {
        let (command, output) = run(name, text, line);
        (command, squeezed(&output))
    });
    let texts = check_lines("configuration.txt", &outputs.collect::<Vec<_>>());
    let shown = COMMANDS.iter().filter(|(_, _, line)| line.starts_with("show"));
    let answers = shown.map(|(name, text, line)| {
        let (command, output) = run(name, text, &format!("{line} --format json"));
        (command, serde_json::from_str(&output).unwrap_or(Value::String(output)))
    });
    expect_none([texts, check_json("configuration.json", answers.collect())]);
}

/// The value of `CORAL_SET` that is used with a file.
fn set_for(name: &str) -> &'static str {
    if name == "standalone" { "agent.listen=127.0.0.1:19001" } else { "" }
}

#[test]
fn golden_configuration_of_beyla_is_generated_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("agent.yaml");
    fs::write(
        &file,
        AGENT.replace("context_propagation: headers", "context_propagation: disabled"),
    )
    .unwrap();
    let outputs = ["1.8.9", "2.8.5", "3.31.0"].map(|version| {
        let mut command = coral();
        command.args(["beyla", "config", "--for", version, "-c"]).arg(&file);
        let printed = printed(&command.output().unwrap());
        // The generated configuration excludes Coral's own program, whose path differs between
        // runs.
        let lines = printed.lines().filter(|line| !line.starts_with("  - exe_path: \""));
        (format!("beyla config --for {version}"), lines.map(|line| format!("{line}\n")).collect())
    });
    expect_none([check_lines("beyla-configuration.txt", &outputs)]);
}
