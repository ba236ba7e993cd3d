//! The configurations that are generated for different releases from the same settings.

use expect_test::{Expect, expect};
use serde_json::Value;

use super::*;
use coral_config::{AgentConfig, Sources};

fn config(beyla: &str) -> BeylaConfig {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("coral.yaml");
    std::fs::write(&file, format!("beyla: {beyla}")).unwrap();
    let host_name = "vm".to_owned();
    let data_dir = Some(("/var/lib/coral".to_owned(), coral_config::Origin::Default));
    let sources = Sources { file: Some(file), host_name, data_dir, ..Sources::default() };
    AgentConfig::load(&sources).unwrap_or_else(|error| panic!("{error}")).beyla
}

fn self_info() -> SelfInfo {
    SelfInfo {
        otlp_http: "127.0.0.1:4320".parse().unwrap(),
        ports: vec![9001, 4317],
        pid: 42,
        programs: vec!["/opt/coral{1}/coral".into()],
    }
}

fn generated(version: &str, beyla: &str) -> Result<GeneratedConfig, GenerateError> {
    let (config, self_info) = (config(beyla), self_info());
    let input = GenerateInput {
        config: &config,
        connected: &[],
        left_out: &["sshd*", "redis-server"],
        self_info: &self_info,
        health_port: Some(7070),
    };
    generate(version.parse().unwrap(), &input)
}

fn read(yaml: &str) -> Value {
    serde_saphyr::from_str(yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"))
}

fn check(version: &str, beyla: &str, expected: Expect) {
    expected.assert_eq(&generated(version, beyla).unwrap().yaml);
}

const PAYMENTS: &str = "{discovery: {services: [{name: payments-api, open_port: 8080}]}}";

#[test]
fn a_service_is_configured_for_the_newest_beyla() {
    check(
        "3.31.0",
        PAYMENTS,
        expect![[r#"
        discovery:
          exclude_instrument:
          - target_pids:
            - 42
          - exe_path: "/opt/coral\\{1\\}/coral"
          instrument:
          - name: 'payments-api'
            open_ports: '8080'
        health_check:
          port: 7070
        log_level: 'INFO'
        metrics:
          features:
          - 'application'
        otel_metrics_export:
          endpoint: 'http://127.0.0.1:4320/v1/metrics'
          instrumentations:
          - 'http'
          - 'grpc'
          - 'sql'
          - 'redis'
          - 'kafka'
          - 'mqtt'
          - 'nats'
          - 'amqp'
          - 'mongo'
          - 'couchbase'
          - 'memcached'
          - 'sunrpc'
          - 'aerospike'
          interval: '5s'
          protocol: 'http/protobuf'
        otel_traces_export:
          batch_timeout: '1s'
          endpoint: 'http://127.0.0.1:4320/v1/traces'
          instrumentations:
          - 'http'
          - 'grpc'
          - 'sql'
          - 'redis'
          - 'kafka'
          - 'mqtt'
          - 'nats'
          - 'amqp'
          - 'mongo'
          - 'couchbase'
          - 'memcached'
          - 'sunrpc'
          - 'aerospike'
          protocol: 'http/protobuf'
          sampler:
            name: 'always_on'
        shutdown_timeout: '3s'
    "#]],
    );
}

#[test]
fn before_2_5_1_selectors_are_regular_expressions_under_another_key() {
    for (version, section) in [
        ("1.8.9", "services"),
        ("2.5.0", "services"),
        ("2.5.1", "instrument"),
        ("3.0.0", "instrument"),
    ] {
        let yaml =
            generated(version, "{discovery: {services: [{exe_path: '/opt/*.bin'}]}}").unwrap();
        let value = read(&yaml.yaml);
        let expected = if section == "instrument" { "/opt/*.bin" } else { r"(?s)\A/opt/.*\.bin\z" };
        assert_eq!(value["discovery"][section][0]["exe_path"], expected, "{version}");
        let others = value["discovery"].as_object().unwrap().keys().filter(|key| *key == section);
        assert_eq!((others.count(), value["discovery"].as_object().unwrap().len()), (1, 2));
    }
}

#[test]
fn the_agents_own_ports_program_and_process_are_excluded() {
    let excluded = |version, key: &str| {
        read(&generated(version, PAYMENTS).unwrap().yaml)["discovery"][key].to_string()
    };
    expect![[r#"[{"target_pids":[42]},{"exe_path":"/opt/coral\\{1\\}/coral"}]"#]]
        .assert_eq(&excluded("3.31.0", "exclude_instrument"));
    expect![[r#"[{"open_ports":"9001,4317"},{"exe_path":"(?s)\\A/opt/coral\\{1\\}/coral\\z"}]"#]]
        .assert_eq(&excluded("1.8.9", "exclude_services"));
}

#[test]
fn a_name_survives_yaml_whatever_it_looks_like() {
    for name in [
        "yes",
        "null",
        "~",
        "0x1f",
        "1e3",
        "2026-11-23",
        "- a",
        "a: b",
        "#x",
        "'",
        "\"",
        "\\",
        "@a",
        "%a",
        "{a: b}",
        "[a]",
        "*a",
        "&a",
        "!a",
        "a # b",
        "| b",
        "> c",
        "naïve ✓ 注文",
        " pad ",
        "---",
    ] {
        let selector = Selector {
            name: Some(name.to_owned()),
            open_ports: Some("80".parse().unwrap()),
            ..Selector::default()
        };
        let (config, self_info) = (config("{}"), self_info());
        let input = GenerateInput {
            config: &config,
            connected: &[selector],
            left_out: &[],
            self_info: &self_info,
            health_port: None,
        };
        let yaml = generate("3.31.0".parse().unwrap(), &input).unwrap().yaml;
        assert_eq!(read(&yaml)["discovery"]["instrument"][1]["name"], name, "{yaml}");
    }
}

#[test]
fn a_dollar_is_doubled_so_that_beyla_expands_nothing() {
    let services = "{discovery: {services: [{name: 'a${HOME}$b', open_port: 1, exe_path: '/$x'}]}}";
    let value = read(&generated("3.31.0", services).unwrap().yaml);
    assert_eq!(value["discovery"]["instrument"][0]["name"], "a$${HOME}$$b");
    assert_eq!(value["discovery"]["instrument"][0]["exe_path"], "/$$x");
    let yaml = generated("1.8.9", services).unwrap().yaml;
    assert!(!yaml.replace("$$", "").contains('$'), "{yaml}");
}

#[test]
fn sampling_uses_beylas_sampler_by_trace_id() {
    let sampler = |rate: &str| {
        let beyla =
            format!("{{sampling: {{rate: {rate}}}, discovery: {{services: [{{open_port: 1}}]}}}}");
        read(&generated("2.8.5", &beyla).unwrap().yaml)["otel_traces_export"]["sampler"].to_string()
    };
    assert_eq!(sampler("1.0"), r#"{"name":"always_on"}"#);
    assert_eq!(sampler("0"), r#"{"name":"always_off"}"#);
    assert_eq!(sampler("0.1"), r#"{"arg":"0.1","name":"traceidratio"}"#);
}

#[test]
fn a_disabled_protocol_is_left_out_and_protocols_without_a_setting_stay() {
    let beyla = "{protocols: {sql: {enabled: false}, kafka: {enabled: false}}, discovery: {services: [{open_port: 1}]}}";
    for (version, expected) in [
        ("1.8.9", r#"["http","grpc","redis"]"#),
        ("2.8.5", r#"["http","grpc","redis","mongo"]"#),
        (
            "3.31.0",
            r#"["http","grpc","redis","mqtt","nats","amqp","mongo","couchbase","memcached","sunrpc","aerospike"]"#,
        ),
    ] {
        let value = read(&generated(version, beyla).unwrap().yaml);
        for exporter in ["otel_traces_export", "otel_metrics_export"] {
            assert_eq!(value[exporter]["instrumentations"].to_string(), expected, "{version}");
        }
    }
}

#[test]
fn metrics_health_and_routes_are_written_where_the_version_expects_them() {
    let beyla = "{protocols: {http: {route_patterns: ['/users/:id']}}, discovery: {services: [{open_port: 1}]}}";
    let value = |version| read(&generated(version, beyla).unwrap().yaml);
    let (old, middle, new) = (value("2.8.5"), value("3.6.0"), value("3.16.0"));
    assert_eq!(old["otel_metrics_export"]["features"][0], "application");
    assert_eq!((&old["metrics"], &old["health_check"]), (&Value::Null, &Value::Null));
    assert_eq!(old["routes"].to_string(), r#"{"patterns":["/users/:id"],"unmatched":"heuristic"}"#);
    assert_eq!(middle["metrics"]["features"][0], "application");
    assert_eq!(
        (&middle["otel_metrics_export"]["features"], &middle["health_check"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(new["health_check"]["port"], 7070);
    assert_eq!((&old["shutdown_timeout"], &new["shutdown_timeout"]), (&"3s".into(), &"3s".into()));
    assert_eq!(value("1.8.9")["shutdown_timeout"], Value::Null);
    assert_eq!(new["routes"].to_string(), r#"{"patterns":["/users/:id"]}"#);
}

#[test]
fn context_propagation_is_written_in_the_versions_form_or_refused_with_the_version_needed() {
    let of = |version: &str, mode: &str| {
        let beyla =
            format!("{{context_propagation: {mode}, discovery: {{services: [{{open_port: 1}}]}}}}");
        match generated(version, &beyla) {
            Ok(generated) => read(&generated.yaml)["ebpf"].to_string(),
            Err(refused) => refused.to_string(),
        }
    };
    for (version, mode, expected) in [
        ("3.31.0", "disabled", "null"),
        ("3.31.0", "tcp", r#"{"context_propagation":"tcp"}"#),
        (
            "3.31.0",
            "ip",
            "`beyla.context_propagation: ip` needs Beyla 2.5.1 to 2.x; this one is Beyla 3.31.0",
        ),
        (
            "obi-0.12.1",
            "ip",
            "`beyla.context_propagation: ip` needs Beyla 2.5.1 to 2.x; this one is OBI 0.12.1",
        ),
        ("obi-0.9.0", "tcp", r#"{"context_propagation":"tcp"}"#),
        ("2.8.5", "ip", r#"{"context_propagation":"ip"}"#),
        (
            "2.8.5",
            "tcp",
            "`beyla.context_propagation: tcp` needs Beyla 3.0.0, OBI 0.9.0 or newer; this one is Beyla 2.8.5",
        ),
        ("2.0.3", "all", r#"{"enable_context_propagation":true}"#),
        (
            "2.0.3",
            "headers",
            "`beyla.context_propagation: headers` needs Beyla 2.5.1, OBI 0.9.0 or newer; this one is Beyla 2.0.3",
        ),
        (
            "1.8.9",
            "all",
            r#"{"traffic_control_context_propagation":true,"traffic_control_l7_context_propagation":true}"#,
        ),
        (
            "1.8.9",
            "ip",
            "`beyla.context_propagation: ip` needs Beyla 2.5.1 to 2.x; this one is Beyla 1.8.9",
        ),
    ] {
        assert_eq!(of(version, mode), expected, "{version} {mode}");
    }
}

#[test]
fn kubernetes_selectors_are_written_in_the_versions_form() {
    let beyla = "{discovery: {services: [{k8s_namespace: prod, k8s_pod_label: {app: 'pay*'}}]}}";
    let item = |version, key: &str| {
        read(&generated(version, beyla).unwrap().yaml)["discovery"][key][0].to_string()
    };
    assert_eq!(
        item("3.31.0", "instrument"),
        r#"{"k8s_namespace":"prod","k8s_pod_labels":{"app":"pay*"}}"#
    );
    assert_eq!(
        item("2.0.0", "services"),
        r#"{"k8s_namespace":"(?s)\\Aprod\\z","k8s_pod_labels":{"app":"(?s)\\Apay.*\\z"}}"#
    );
    let annotated = "{discovery: {services: [{k8s_pod_annotation: {team: a}}]}}";
    assert_eq!(
        generated("1.9.0", annotated).unwrap_err().to_string(),
        "`beyla.discovery.services: k8s_pod_annotation` needs Beyla 2.0.0, OBI 0.9.0 or newer; this one is Beyla 1.9.0"
    );
}

#[test]
fn attributes_are_only_in_the_environment() {
    let beyla = "{attributes: {environment: production, cluster: us-west-2}, discovery: {services: [{open_port: 1}]}}";
    let generated = generated("3.31.0", beyla).unwrap();
    let variable = (
        "OTEL_RESOURCE_ATTRIBUTES".to_owned(),
        "cluster=us-west-2,environment=production".to_owned(),
    );
    assert_eq!(generated.environment, [variable]);
}

#[test]
fn a_beyla_or_obi_that_is_too_old_is_not_configured() {
    assert_eq!(
        generated("1.6.4", PAYMENTS).unwrap_err(),
        GenerateError::TooOld("1.6.4".parse().unwrap())
    );
    assert_eq!(
        generated("obi-0.8.0", PAYMENTS).unwrap_err().to_string(),
        "OBI 0.8.0 is too old; this coral runs Beyla 1.7.0, OBI 0.9.0 or newer"
    );
}

#[test]
fn without_a_selection_every_service_is_instrumented_but_for_those_that_are_left_out() {
    let yaml = generated("3.31.0", "{}").unwrap().yaml;
    let discovery = &read(&yaml)["discovery"];
    assert_eq!(discovery["instrument"], json!([{"open_ports": "1-65535"}]));
    let excluded = discovery["exclude_instrument"].as_array().unwrap();
    assert!(excluded.contains(&json!({"exe_path": "*/{sshd*,redis-server}"})), "{yaml}");
    let yaml = generated("1.9.0", "{}").unwrap().yaml;
    let discovery = &read(&yaml)["discovery"];
    assert_eq!(discovery["services"], json!([{"open_ports": "1-65535"}]));
    let excluded = discovery["exclude_services"].as_array().unwrap();
    let regex = r"(?s)\A.*/(?:sshd.*|redis\-server)\z";
    assert!(excluded.contains(&json!({"exe_path": regex})), "{yaml}");
    let selected = generated("3.31.0", r#"{"discovery": {"services": [{"open_port": 80}]}}"#);
    assert!(!selected.unwrap().yaml.contains("sshd"));
}

#[test]
fn an_obi_is_configured_as_the_beyla_that_contains_it() {
    let value = |release| read(&generated(release, PAYMENTS).unwrap().yaml);
    // Beyla's own default, which has to be said to OBI.
    let mut beyla = value("3.31.0");
    beyla["routes"] = serde_json::json!({"unmatched": "low-cardinality"});
    assert_eq!(value("obi-0.12.1"), beyla);
    let (with_health, without) = (value("obi-0.11.0"), value("obi-0.9.0"));
    assert_eq!(with_health["health_check"]["port"], 7070);
    assert_eq!(without["health_check"], Value::Null);
    for older in [with_health, without] {
        assert_eq!(
            older["discovery"]["exclude_instrument"][0].to_string(),
            r#"{"open_ports":"9001,4317"}"#
        );
    }
}
