//! The command line as people and scripts use it.

use expect_test::expect;

use super::path::reference_trace;
use super::process::{Coral, coral};
use coral_trace::UnixNanos;

fn failing(line: &str) -> (Option<i32>, String) {
    let output = coral().args(line.split_whitespace()).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn an_unreachable_colony_is_a_failure_with_the_next_step() {
    let (code, said) = failing("query beyla traces --colony http://127.0.0.1:1");
    assert_eq!(code, Some(1));
    expect![[r#"
        Error: cannot reach the colony at http://127.0.0.1:1: io: Connection refused (os error 111)
        Hint: start a colony with `coral standalone` or `coral colony start`, or name one with --colony URL
    "#]]
    .assert_eq(&said);
}

#[test]
fn a_wrong_command_line_exits_with_2_and_says_what_is_wrong() {
    for (line, expected) in [
        ("query beyla traces --trace-id xyz", "'x' is not a hex digit"),
        ("query beyla traces --trace-id 00000000000000000000000000000000", "all zero"),
        (
            "query beyla traces --trace-id 4bf92f3577b34da6a3ce929d0e0e47361",
            "33 long, expected 1 to 32",
        ),
        ("query beyla traces --min-duration fast", "`fast` is not a duration"),
        ("query beyla traces --since tomorrow", "`tomorrow` is not a time. Times are written 15m"),
        ("query beyla traces --attr nonsense", "KEY=VALUE"),
        ("query beyla traces --limit 0", "1..=1000"),
        ("query beyla traces --status odd", "error, ok"),
        ("query", "Usage"),
    ] {
        let (code, said) = failing(line);
        assert_eq!(code, Some(2), "{line}");
        assert!(said.contains(expected), "{line}: {said}");
    }
}

#[test]
fn a_wrong_configuration_lists_every_problem_and_exits_with_1() {
    let (code, said) =
        failing("config check --role agent --set otlp.grcp=1 --set storage.max_size=0");
    assert_eq!(code, Some(1));
    expect![[r#"
        Error: --set: unknown key `otlp.grcp`; did you mean `otlp.grpc`?
        --set: `storage.max_size` is `0`: must be more than zero; expected a size such as 500MB, 2GB or 512MiB
    "#]]
    .assert_eq(&said);
    let (code, said) = failing("agent start --set otlp.grcp=1");
    assert_eq!(code, Some(1));
    assert!(said.contains("Hint: `coral config check` lists every problem"), "{said}");
}

#[test]
fn an_example_file_of_each_role_passes_the_check() {
    for role in ["agent", "colony", "standalone"] {
        for all in [&[][..], &["--all"][..]] {
            let example = coral().args(["config", "example", role]).args(all).output().unwrap();
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join("coral.yaml");
            std::fs::write(&file, example.stdout).unwrap();
            let check = coral().args(["config", "check", "--role", role, "-c"]).arg(&file).output();
            let check = check.unwrap();
            assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
        }
    }
}

#[test]
fn config_show_of_an_unknown_key_suggests_the_one_that_was_probably_meant() {
    let (code, error) = failing("config show --role agent otlp.grcp");
    assert_eq!(code, Some(1));
    expect![[r#"
        Error: an agent has no key or section `otlp.grcp`
        Hint: did you mean `otlp.grpc`?
    "#]]
    .assert_eq(&error);
}

#[test]
fn config_show_tells_every_value_and_where_it_comes_from() {
    let output = coral()
        .args(["config", "show", "--role", "colony", "--set", "colony.poll_interval=1s"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = |key: &str| text.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    let words = |key: &str| line(key).split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words("colony.poll_interval"), ["colony.poll_interval", "1s", "--set"]);
    assert_eq!(words("storage.max_size"), ["storage.max_size", "50GB", "default"]);
    assert_eq!(words("data_dir"), ["data_dir", "/nonexistent", "CORAL_DATA_DIR"]);
}

#[test]
fn the_json_of_a_trace_and_of_a_list_have_the_documented_fields() {
    let coral = Coral::standalone(&[]);
    assert_eq!(coral.export(&reference_trace(UnixNanos(1_795_608_000_000_000_000))), 200);
    coral.until_stored(8);
    let trace = coral.json("query beyla traces --trace-id 4bf9");
    let span = &trace["spans"][0];
    expect![[r#"{"agent_id":"web-1","attributes":{"http.response.status_code":"200"},"duration_us":1200000,"end_time_unix_nano":"1795608001200000000","events":[],"flags":0,"links":[],"parent_span_id":null,"resource":{"service.name":"frontend-api","telemetry.sdk.name":"beyla"},"scope":{"attributes":{},"name":"","version":""},"service_name":"frontend-api","source":"ebpf","span_id":"0000000000000001","span_kind":"server","span_name":"POST /checkout","span_status":"unset","start_time_unix_nano":"1795608000000000000","start_time_unix_us":1795608000000000,"status_code":200,"status_message":"","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","trace_state":"","typed_attributes":{"http.response.status_code":200},"virtual_hop":false}"#]]
        .assert_eq(&span.to_string());
    let list = coral.json("query beyla traces --since 2026-01-01T00:00:00Z");
    expect![[r#"{"coverage":[],"did_you_mean":[],"groups":null,"more":false,"next":null,"traces":[{"cause":null,"duration_us":1200000,"error_count":0,"failure":null,"root_cause":null,"root_host":null,"root_operation":"POST /checkout","root_pod":null,"root_service":"frontend-api","root_version":null,"services":["card-validator-svc","email-svc","fraud-detector","frontend-api","inventory-api","payments-api","postgres","redis"],"span_count":8,"start_time_unix_us":1795608000000000,"status_code":200,"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","usual_us":null}],"unmatched":[]}"#]]
        .assert_eq(&list.to_string());
}

#[test]
fn empty_answers_say_so_and_are_no_failure() {
    let coral = Coral::standalone(&[]);
    expect![[r#"
        No traces for payments-api (last 1 hour).
        Hint: try an earlier --since. `coral colony status` shows which agents are polled, and how many spans are stored.
    "#]]
    .assert_eq(&coral.answer("query beyla traces --service payments-api"));
    let none = coral.answer("query beyla traces --trace-id abc123");
    assert!(none.starts_with("No trace abc123 is stored here.\n"), "{none}");
    assert_eq!(coral.json("query beyla traces")["traces"], serde_json::json!([]));
}

#[test]
fn an_ambiguous_prefix_is_explained_with_the_traces_it_may_mean() {
    let coral = Coral::standalone(&[]);
    let mut spans = reference_trace(UnixNanos(1_000_000));
    let other = (spans[0].trace_id.as_u128() + 1).try_into().unwrap();
    spans[1].trace_id = other;
    assert_eq!(coral.export(&spans[..2]), 200);
    coral.until_stored(2);
    let output = coral.ask("query beyla traces --trace-id 4bf9");
    assert_eq!(output.status.code(), Some(1));
    expect![[r#"
        Error: `4bf9` is the beginning of 2 traces: 4bf92f3577b34da6a3ce929d0e0e4736, 4bf92f3577b34da6a3ce929d0e0e4737
    "#]]
    .assert_eq(&String::from_utf8(output.stderr).unwrap());
}

#[test]
fn a_duration_filter_keeps_whole_traces_and_states_its_order() {
    let coral = Coral::standalone(&[]);
    let start = UnixNanos(1_795_608_000_000_000_000);
    let mut short = reference_trace(start).split_off(7);
    short[0].trace_id = 7u128.try_into().unwrap();
    // No span of the long trace but its root is long; the limit comes after the filter.
    assert_eq!(coral.export(&reference_trace(start)), 200);
    assert_eq!(coral.export(&short), 200);
    coral.until_stored(9);
    expect![[r#"
        Slow Traces (duration ≥500ms, since 2026-01-01T00:00:00Z, redis, slowest first):

        Started  | Trace ID         | Duration | Root Cause | Root Operation | Service
        ---------|------------------|----------|------------|----------------|-------------
        12:00:00 | 4bf92f3577b34da6 | 1.2s     | unknown    | POST /checkout | frontend-api
        Started on 2026-11-25 (UTC).
    "#]]
    .assert_eq(&coral.answer(
        "query beyla traces --service redis --min-duration 500ms --sort slowest --limit 1 --since 2026-01-01T00:00:00Z",
    ));
}

#[test]
fn an_error_under_format_json_is_json_on_standard_output_with_its_exit_code() {
    for (line, exit_code) in [
        ("why cart --format json --colony http://127.0.0.1:1", 1),
        ("query beyla traces --format=json --attr status>=x", 2),
        ("query beyla traces --format=json status>=500", 2),
    ] {
        let output = coral().args(line.split_whitespace()).output().unwrap();
        assert_eq!(output.status.code(), Some(exit_code), "{line}");
        assert_eq!(output.stderr, b"", "{line}");
        let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(printed["error"]["exit_code"], exit_code, "{printed}");
        assert!(printed["error"]["message"].as_str().is_some_and(|text| text.len() > 20));
        assert!(printed["error"]["hint"].is_string(), "{printed}");
    }
}

#[test]
fn colours_are_for_terminals_unless_they_are_asked_for() {
    let line = ["query", "topology", "--colony", "http://127.0.0.1:1"];
    let has_colours = |more: &[&str], no_color: bool| {
        let mut command = coral();
        command.args(line).args(more);
        if no_color {
            command.env("NO_COLOR", "1");
        }
        command.output().unwrap().stderr.contains(&0x1b)
    };
    assert!(!has_colours(&[], false));
    assert!(!has_colours(&["--color", "never"], false));
    assert!(has_colours(&["--color", "always"], false));
    assert!(has_colours(&["--color=always"], true), "a flag wins over the environment");
}
