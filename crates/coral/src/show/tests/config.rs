//! What `coral config show` prints.

use expect_test::{Expect, expect};

use coral_config::keys::Roles;
use coral_config::{Layers, Origin, Sources};

use crate::show::config;

/// A file `coral.yaml` with `text`, and the sources that name it.
fn sources(text: &str, flags: &[&str]) -> (tempfile::TempDir, Sources) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("coral.yaml");
    std::fs::write(&file, text).unwrap();
    let sources = Sources {
        file: Some(file),
        flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
        data_dir: Some(("/var/lib/coral".to_owned(), Origin::Default)),
        host_name: "vm".to_owned(),
        ..Sources::default()
    };
    (dir, sources)
}

fn check(role: Roles, text: &str, flags: &[&str], expected: Expect) {
    let (dir, sources) = sources(text, flags);
    let shown = config::text(&[("role", Layers::read(&sources, role, false))]);
    expected.assert_eq(&shown.replace(&format!("{}/", dir.path().display()), ""));
}

#[test]
fn every_key_of_an_agent_is_shown_with_its_value_and_origin() {
    check(
        Roles::Agent,
        "agent:\n  id: web-1\n  colony: http://colony:9000\nbeyla:\n  sampling:\n    rate: 0.5\n",
        &["otlp.grpc=0.0.0.0:4317"],
        expect![[r#"
            agent.allowed_hosts                   []                  default
            agent.colony                          http://colony:9000  coral.yaml:3
            agent.id                              web-1               coral.yaml:2
            agent.listen                          127.0.0.1:9001      default
            beyla.check_interval                  10s                 default
            beyla.context_propagation             disabled            default
            beyla.discovery.services              []                  default
            beyla.enabled                         true                default
            beyla.otlp.grpc                       127.0.0.1:4319      default
            beyla.otlp.http                       127.0.0.1:4320      default
            beyla.protocols.grpc.enabled          true                default
            beyla.protocols.http.enabled          true                default
            beyla.protocols.kafka.enabled         true                default
            beyla.protocols.redis.enabled         true                default
            beyla.protocols.sql.enabled           true                default
            beyla.sampling.rate                   0.5                 coral.yaml:6
            beyla.stop_within                     2m                  default
            beyla.storage_retention_hours         1                   default
            beyla.storage_retention_hours_traces  1                   default
            data_dir                              /var/lib/coral      default
            drain_within                          10s                 default
            log                                   info                default
            otlp.grpc                             0.0.0.0:4317        --set
            otlp.http                             127.0.0.1:4318      default
            otlp.max_body                         16MiB               default
            privacy.drop                          []                  default
            privacy.hash                          []                  default
            privacy.headers                       []                  default
            privacy.keep_url_queries              false               default
            privacy.mask_sql                      true                default
            recognise.rules                       []                  default
            storage.max_size                      2GB                 default
            storage.segment_rows                  163840              default
        "#]],
    );
}

#[test]
fn every_key_of_a_colony_is_shown_with_its_value_and_origin() {
    check(
        Roles::Colony,
        "beyla: {trace_retention_days: 3}\n",
        &["colony.agents=[{id: web-1, address: \"http://10.0.0.5:9001\"}]"],
        expect![[r#"
            colony.agents                         [{"address":"http://10.0.0.5:9001","id":"web-1"}]  --set
            colony.allowed_hosts                  []                                                default
            colony.listen                         127.0.0.1:9000                                    default
            colony.poll_interval                  5s                                                default
            colony.poll_timeout                   10s                                               default
            data_dir                              /var/lib/coral                                    default
            drain_within                          10s                                               default
            log                                   info                                              default
            sql.max_bytes                         64MB                                              default
            sql.max_rows                          100000                                            default
            sql.memory_limit                      512MB                                             default
            sql.threads                           2                                                 default
            sql.time_limit                        30s                                               default
            storage.beyla.retention.grpc_metrics  30d                                               default
            storage.beyla.retention.http_metrics  30d                                               default
            storage.beyla.retention.sql_metrics   14d                                               default
            storage.beyla.retention.traces        3d                                                coral.yaml:1
            storage.beyla.trace_sampling_rate     1.0                                               default
            storage.max_size                      50GB                                              default
            storage.segment_rows                  262144                                            default
        "#]],
    );
}

#[test]
fn the_json_form_has_value_and_origin_by_key() {
    let (_dir, sources) = sources("", &["sql.threads=4"]);
    let json = config::json(&[("colony", Layers::read(&sources, Roles::Colony, false))]);
    expect![[r#"{"origin":"--set","value":4}"#]]
        .assert_eq(&json["colony"]["sql.threads"].to_string());
}
