//! Errors about invalid configurations.

use expect_test::{Expect, expect};

use super::{agent, colony};

/// Checks the error of an agent with these flags and a file `coral.yaml` with `text`; `fine` stands
/// for no error.
fn check(text: &str, flags: &[&str], expected: Expect) {
    let said = agent(text, flags).map_or_else(|error| error, |_| "fine".to_owned());
    expected.assert_eq(&said);
}

fn check_colony(text: &str, flags: &[&str], expected: Expect) {
    let said = colony(text, flags).map_or_else(|error| error, |_| "fine".to_owned());
    expected.assert_eq(&said);
}

#[test]
fn an_unknown_key_is_named_with_the_one_that_was_meant() {
    check(
        "otlp: {grcp: 127.0.0.1:1}",
        &[],
        expect!["coral.yaml:1: unknown key `otlp.grcp`; did you mean `otlp.grpc`?"],
    );
    check(
        "\notpl:\n  grpc: 127.0.0.1:1",
        &[],
        expect!["coral.yaml:3: unknown key `otpl`; did you mean `otlp`?"],
    );
    check(
        "grpc: 127.0.0.1:1",
        &[],
        expect!["coral.yaml:1: unknown key `grpc`; did you mean `otlp.grpc`?"],
    );
    check(
        "retention: 7d",
        &[],
        expect![
            "coral.yaml:1: unknown key `retention`; valid there: agent, beyla, data_dir, drain_within, insecure_plaintext, log, otlp, privacy, recognise, storage, tls"
        ],
    );
    check(
        "",
        &["beyla.sampling_rate=1"],
        expect!["--set: unknown key `beyla.sampling_rate`; did you mean `beyla.sampling.rate`?"],
    );
    check_colony(
        "retention: 7d",
        &[],
        expect!["coral.yaml:1: unknown key `retention`; did you mean `storage.beyla.retention`?"],
    );
}

#[test]
fn an_unknown_key_like_no_other_is_answered_with_those_that_are_valid_there() {
    check(
        "x: 1",
        &[],
        expect![
            "coral.yaml:1: unknown key `x`; valid there: agent, beyla, data_dir, drain_within, insecure_plaintext, log, otlp, privacy, recognise, storage, tls"
        ],
    );
    check(
        "otlp: {port: 1}",
        &[],
        expect![
            "coral.yaml:1: unknown key `otlp.port`; valid there: client_certificates, grpc, http, max_body, tls, token_file"
        ],
    );
    check(
        "beyla:\n  otlp:\n    compression: {gzip: true}",
        &[],
        expect!["coral.yaml:3: unknown key `beyla.otlp.compression`; valid there: grpc, http"],
    );
    check_colony(
        "storage: {beyla: {retention: {everything: 7d}}}",
        &[],
        expect![
            "coral.yaml:1: unknown key `storage.beyla.retention.everything`; valid there: grpc_metrics, http_metrics, sql_metrics, traces"
        ],
    );
}

#[test]
fn a_wrong_value_is_shown_with_what_would_be_right() {
    check(
        "",
        &["otlp.http=nonsense"],
        expect!["--set: `otlp.http` is `nonsense`: expected IP:PORT, such as 127.0.0.1:4317"],
    );
    check(
        "log: loud",
        &[],
        expect![
            "coral.yaml:1: `log` is `loud`: expected error, warn, info, debug or trace, or a filter such as coral=debug"
        ],
    );
    check(
        "log: coral=loud",
        &[],
        expect![
            "coral.yaml:1: `log` is `coral=loud`: expected error, warn, info, debug or trace, or a filter such as coral=debug"
        ],
    );
    check(
        "agent: {id: 42}",
        &[],
        expect![[
            r#"coral.yaml:1: `agent.id` is `42`: expected text; write it in quotes, such as "42""#
        ]],
    );
    check(
        "agent: {id: ''}",
        &[],
        expect![
            "coral.yaml:1: `agent.id` is ``: expected text that is not empty; for example `agent.id: web-1`"
        ],
    );
    check(
        "agent: {colony: colony}",
        &[],
        expect![
            "coral.yaml:1: `agent.colony` is `colony`: expected a URL of the form http://HOST:PORT or https://HOST:PORT, such as http://10.0.0.5:9001"
        ],
    );
    check(
        "agent: {colony: }",
        &[],
        expect![
            "coral.yaml:1: `agent.colony` is `null`: expected a URL of the form http://HOST:PORT or https://HOST:PORT, such as http://10.0.0.5:9001"
        ],
    );
    check(
        "beyla: {enabled: maybe}",
        &[],
        expect![
            "coral.yaml:1: `beyla.enabled` is `maybe`: expected true or false; for example `beyla.enabled: true`"
        ],
    );
    check(
        "recognise: {rules: [nonsense]}",
        &[],
        expect![[
            r#"coral.yaml:1: `recognise.rules` is `["nonsense"]`: `nonsense`: expected RESOURCE_ATTRIBUTE=TEXT or scope.name=TEXT, neither side empty; for example `recognise.rules: [telemetry.sdk.name=my-ebpf]`"#
        ]],
    );
    check_colony(
        "sql: {threads: 1.5}",
        &[],
        expect![
            "coral.yaml:1: `sql.threads` is `1.5`: expected a whole number from 1 to 1024, such as 2"
        ],
    );
}

#[test]
fn durations_and_sizes_that_are_wrong_negative_nothing_or_endless_are_refused() {
    check(
        "drain_within: 5 fortnights",
        &[],
        expect![
            "coral.yaml:1: `drain_within` is `5 fortnights`: expected a duration such as 500ms, 90s, 5m, 1h or 7d"
        ],
    );
    check(
        "drain_within: 5",
        &[],
        expect![
            "coral.yaml:1: `drain_within` is `5`: expected a duration such as 500ms, 90s, 5m, 1h or 7d"
        ],
    );
    check(
        "drain_within: -5s",
        &[],
        expect![
            "coral.yaml:1: `drain_within` is `-5s`: expected a duration such as 500ms, 90s, 5m, 1h or 7d"
        ],
    );
    check(
        "drain_within: 0s",
        &[],
        expect![
            "coral.yaml:1: `drain_within` is `0s`: must be more than zero; expected a duration such as 500ms, 90s, 5m, 1h or 7d"
        ],
    );
    check(
        "drain_within: 9999999w",
        &[],
        expect![
            "coral.yaml:1: `drain_within` is `9999999w`: longer than 100 years; expected a duration such as 500ms, 90s, 5m, 1h or 7d"
        ],
    );
    check(
        "drain_within: 99999999999999999999999w",
        &[],
        expect![
            "coral.yaml:1: `drain_within` is `99999999999999999999999w`: longer than 100 years; expected a duration such as 500ms, 90s, 5m, 1h or 7d"
        ],
    );
    check(
        "beyla: {storage_retention_hours_traces: 0}",
        &[],
        expect![
            "coral.yaml:1: `beyla.storage_retention_hours_traces` is `0`: must be more than zero; expected a number above zero, such as 1 or 0.5"
        ],
    );
    check(
        "beyla: {storage_retention_hours_traces: -1}",
        &[],
        expect![
            "coral.yaml:1: `beyla.storage_retention_hours_traces` is `-1`: must be more than zero; expected a number above zero, such as 1 or 0.5"
        ],
    );
    check(
        "beyla: {storage_retention_hours_traces: 1e300}",
        &[],
        expect![
            "coral.yaml:1: `beyla.storage_retention_hours_traces` is `1e+300`: longer than 100 years; expected a number above zero, such as 1 or 0.5"
        ],
    );
    check(
        "storage: {max_size: 2 elephants}",
        &[],
        expect![
            "coral.yaml:1: `storage.max_size` is `2 elephants`: expected a size such as 500MB, 2GB or 512MiB"
        ],
    );
    check(
        "storage: {max_size: 0GB}",
        &[],
        expect![
            "coral.yaml:1: `storage.max_size` is `0GB`: must be more than zero; expected a size such as 500MB, 2GB or 512MiB"
        ],
    );
    check(
        "storage: {max_size: 99999999TB}",
        &[],
        expect![
            "coral.yaml:1: `storage.max_size` is `99999999TB`: more than any disk holds; expected a size such as 500MB, 2GB or 512MiB"
        ],
    );
    check_colony(
        "colony: {poll_interval: 0s}",
        &[],
        expect![
            "coral.yaml:1: `colony.poll_interval` is `0s`: must be more than zero; expected a duration such as 500ms, 90s, 5m, 1h or 7d"
        ],
    );
    check_colony(
        "beyla: {trace_retention_days: 1e9}",
        &[],
        expect![
            "coral.yaml:1: `beyla.trace_retention_days` is `1000000000.0`: longer than 100 years; expected a number above zero, such as 1 or 0.5"
        ],
    );
}

#[test]
fn a_number_beyond_its_range_is_refused() {
    check(
        "beyla: {sampling: {rate: 7}}",
        &[],
        expect![
            "coral.yaml:1: `beyla.sampling.rate` is `7`: expected a number from 0.0 to 1.0, such as 0.1"
        ],
    );
    check_colony(
        "sql: {threads: 100000}",
        &[],
        expect![
            "coral.yaml:1: `sql.threads` is `100000`: expected a whole number from 1 to 1024, such as 2"
        ],
    );
    check(
        "storage: {segment_rows: 0}",
        &[],
        expect![
            "coral.yaml:1: `storage.segment_rows` is `0`: expected a whole number above zero, such as 100000"
        ],
    );
    check_colony(
        "",
        &["storage.beyla.trace_sampling_rate=-0.1"],
        expect![
            "--set: `storage.beyla.trace_sampling_rate` is `-0.1`: expected a number from 0.0 to 1.0, such as 0.1"
        ],
    );
}

#[test]
fn a_wrong_entry_of_a_list_is_named() {
    check(
        "beyla: {discovery: {services: [{open_port: 99999}]}}",
        &[],
        expect![[
            r#"coral.yaml:1: `beyla.discovery.services` is `[{"open_port":99999}]`: `open_port`: expected a port from 1 to 65535, such as 8080"#
        ]],
    );
    check(
        "beyla: {discovery: {services: [{nmae: a}]}}",
        &[],
        expect![[
            r#"coral.yaml:1: `beyla.discovery.services` is `[{"nmae":"a"}]`: `nmae`: unknown key; a service has name, open_port, open_ports, exe_path, k8s_namespace, k8s_pod_name, k8s_pod_label, k8s_pod_annotation, k8s_deployment_name, k8s_replicaset_name, k8s_daemonset_name, k8s_statefulset_name, k8s_owner_name; for example `beyla.discovery.services: [{name: cart, open_port: 8080}]`"#
        ]],
    );
    check_colony(
        "colony: {allowed_hosts: ['colony.example:9000']}",
        &[],
        expect![[
            r#"coral.yaml:1: `colony.allowed_hosts` is `["colony.example:9000"]`: expected a list of host names without ports, such as [colony.example.com]"#
        ]],
    );
    check_colony(
        "colony: {agents: [{id: a}]}",
        &[],
        expect![[
            r#"coral.yaml:1: `colony.agents` is `[{"id":"a"}]`: an agent has no `address`; expected a list of agents such as [{id: web-1, address: "http://10.0.0.5:9001"}]"#
        ]],
    );
    check_colony(
        "colony: {agents: [{id: a, address: 'h:1'}]}",
        &[],
        expect![[
            r#"coral.yaml:1: `colony.agents` is `[{"address":"h:1","id":"a"}]`: address: expected a URL of the form http://HOST:PORT or https://HOST:PORT, such as http://10.0.0.5:9001"#
        ]],
    );
    let twice =
        "colony: {agents: [{id: a, address: 'http://h:1'}, {id: a, address: 'http://h:2'}]}";
    check_colony(
        twice,
        &[],
        expect![[
            r#"coral.yaml:1: `colony.agents` is `[{"address":"http://h:1","id":"a"},{"address":"http://h:2","id":"a"}]`: two agents have the id `a`; for example `colony.agents: [{id: web-1, address: "http://10.0.0.5:9001"}]`"#
        ]],
    );
}

#[test]
fn what_is_not_keys_and_values_is_refused() {
    check("a: [", &[], expect!["coral.yaml: not YAML: unclosed bracket '[' at line 1, column 4"]);
    check(
        "agent:\n\tid: x",
        &[],
        expect![
            "coral.yaml: not YAML: tabs disallowed within this context (block indentation) at line 2, column 2"
        ],
    );
    check(
        "log: info\nlog: warn",
        &[],
        expect!["coral.yaml: not YAML: duplicate mapping key: log at line 2, column 1"],
    );
    check("- log", &[], expect!["coral.yaml: expected sections and keys, such as `log: info`"]);
    check(
        "otlp: 5",
        &[],
        expect![
            "coral.yaml:1: `otlp` is a section, not a key; its keys: client_certificates, grpc, http, max_body, tls, token_file"
        ],
    );
    check(
        "",
        &["otlp.http"],
        expect!["--set: `otlp.http` is not of the form KEY=VALUE, such as log=debug"],
    );
    check("", &["=x"], expect!["--set: `=x` is not of the form KEY=VALUE, such as log=debug"]);
}

#[test]
fn a_key_of_the_other_role_is_not_ignored() {
    check(
        "colony: {listen: 127.0.0.1:1}",
        &[],
        expect!["coral.yaml:1: `colony.listen` is a colony's key; an agent does not read it"],
    );
    check_colony(
        "otlp: {grpc: 127.0.0.1:1}",
        &[],
        expect!["coral.yaml:1: `otlp.grpc` is an agent's key; a colony does not read it"],
    );
}

#[test]
fn every_problem_is_listed_and_not_only_the_first() {
    check(
        "log: loud\nx: 1\notlp:\n  grpc: here",
        &["drain_within=0s"],
        expect![[r#"
            coral.yaml:1: `log` is `loud`: expected error, warn, info, debug or trace, or a filter such as coral=debug
            coral.yaml:2: unknown key `x`; valid there: agent, beyla, data_dir, drain_within, insecure_plaintext, log, otlp, privacy, recognise, storage, tls
            coral.yaml:4: `otlp.grpc` is `here`: expected IP:PORT, such as 127.0.0.1:4317
            --set: `drain_within` is `0s`: must be more than zero; expected a duration such as 500ms, 90s, 5m, 1h or 7d"#]],
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let file = Some(std::path::PathBuf::from("/nowhere/coral.yaml"));
    let sources = super::Sources { file, host_name: "vm".to_owned(), ..Default::default() };
    let error = super::AgentConfig::load(&sources).unwrap_err().to_string();
    expect!["cannot read the configuration file `/nowhere/coral.yaml`: No such file or directory (os error 2)"]
        .assert_eq(&error);
}
