use expect_test::{Expect, expect};

use super::*;

const RFD_AGENT: &str = r#"
beyla:
  enabled: true
  storage_retention_hours: 1
  storage_retention_hours_traces: 1
  sampling:
    rate: 1.0
  discovery:
    services:
      - name: "payments-api"
        open_port: 8080
  protocols:
    http:
      enabled: true
    grpc:
      enabled: true
    sql:
      enabled: true
"#;
const RFD_COLONY: &str = r"
storage:
  beyla:
    retention:
      http_metrics: 30d
      grpc_metrics: 30d
      sql_metrics: 14d
      traces: 7d
    trace_sampling_rate: 1.0
";
const DESIGN_AGENT: &str = r"
agent: {id: web-1, listen: 127.0.0.1:9001, colony: 'http://colony:9000'}
otlp: {grpc: 127.0.0.1:4317, http: 127.0.0.1:4318}
beyla:
  otlp: {grpc: 127.0.0.1:4319, http: 127.0.0.1:4320}
  storage_retention_hours: 1
  storage_retention_hours_traces: 0.5
storage: {max_size: 2GB}
";
const DESIGN_COLONY: &str = r#"
colony:
  listen: 127.0.0.1:9000
  poll_interval: 5s
  agents: [{id: web-1, address: "http://10.0.0.5:9001"}]
storage:
  max_size: 50GB
  beyla:
    retention: {http_metrics: 30d, grpc_metrics: 30d, sql_metrics: 14d, traces: 7d}
    trace_sampling_rate: 0.25
"#;

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

fn agent(text: &str, flags: &[&str]) -> Result<Loaded<AgentConfig>, String> {
    let (dir, sources) = sources(text, flags);
    let file = dir.path().display().to_string() + "/";
    AgentConfig::load(&sources).map_err(|error| error.to_string().replace(&file, ""))
}

fn colony(text: &str, flags: &[&str]) -> Result<Loaded<ColonyConfig>, String> {
    let (dir, sources) = sources(text, flags);
    let file = dir.path().display().to_string() + "/";
    ColonyConfig::load(&sources).map_err(|error| error.to_string().replace(&file, ""))
}

#[test]
fn the_examples_of_the_rfd_load_unchanged_and_say_what_has_no_effect_yet() {
    let loaded = agent(RFD_AGENT, &[]).unwrap();
    assert_eq!(loaded.config.keep_traces, Duration::from_secs(3_600));
    assert_eq!(loaded.config.id, "vm");
    assert!(loaded.notices.contains(
        &"`beyla.discovery.services` has no effect yet: this build does not start Beyla".to_owned()
    ));
    let loaded = colony(RFD_COLONY, &[]).unwrap();
    assert_eq!(loaded.config.keep_traces, Duration::from_secs(7 * 86_400));
    assert_eq!(loaded.notices.len(), 3, "{:?}", loaded.notices);
}

#[test]
fn the_examples_of_the_design_mean_what_they_say() {
    let config = agent(DESIGN_AGENT, &[]).unwrap().config;
    assert_eq!((config.id.as_str(), config.storage.max_size), ("web-1", 2_000_000_000));
    assert_eq!(config.colony.as_deref(), Some("http://colony:9000"));
    assert_eq!(config.keep_traces, Duration::from_secs(1_800));
    let config = colony(DESIGN_COLONY, &[]).unwrap().config;
    assert_eq!(config.agents[0].address, "http://10.0.0.5:9001");
    assert!((config.trace_sampling_rate - 0.25).abs() < f64::EPSILON);
}

#[test]
fn one_file_with_the_sections_of_both_serves_a_standalone() {
    let both =
        format!("{}\n{}", DESIGN_AGENT.replace("storage: {max_size: 2GB}", ""), DESIGN_COLONY);
    let (_dir, sources) = sources(&both, &["otlp.grpc=127.0.0.1:0"]);
    let config = StandaloneConfig::load(&sources).unwrap().config;
    assert_eq!(config.agent.otlp_grpc.port(), 0);
    assert_eq!(config.agent.storage.max_size, config.colony.storage.max_size);
    assert_eq!(config.colony.agents.len(), 1);
}

#[test]
fn a_flag_wins_over_the_environment_which_wins_over_the_file() {
    let (_dir, mut sources) = sources("agent: {id: from-file}\nlog: warn", &[]);
    let id = |sources: &Sources| AgentConfig::load(sources).unwrap().config.id;
    assert_eq!(id(&sources), "from-file");
    sources.env_set = Some("agent.id=from-env, otlp.http=127.0.0.1:1".to_owned());
    assert_eq!(id(&sources), "from-env");
    sources.flags = vec!["agent.id=from-flag".to_owned()];
    assert_eq!(id(&sources), "from-flag");
    sources.log = Some(("debug".to_owned(), Origin::Flag("--log")));
    let layers = Layers::read(&sources, Roles::Agent, false);
    assert_eq!(layers.settings["log"].value, "debug");
    assert_eq!(layers.settings["agent.id"].origin, Origin::Flag("--set"));
}

#[test]
fn the_rfds_prose_spellings_are_accepted_unless_they_contradict() {
    let config = colony("beyla: {trace_retention_days: 3, trace_sampling_rate: 0.5}", &[]);
    let config = config.unwrap().config;
    assert_eq!(config.keep_traces, Duration::from_secs(3 * 86_400));
    let both = "beyla: {trace_retention_days: 3}\nstorage: {beyla: {retention: {traces: 7d}}}";
    assert_eq!(
        colony(both, &[]).unwrap_err(),
        "coral.yaml: `beyla.trace_retention_days` is `3` but `storage.beyla.retention.traces` is \
         `7d`; they mean the same"
    );
    let same = "beyla: {trace_retention_days: 7}\nstorage: {beyla: {retention: {traces: 7d}}}";
    assert!(colony(same, &[]).is_ok());
}

fn check(text: &str, flags: &[&str], expected: Expect) {
    expected
        .assert_eq(&agent(text, flags).map(|_| "fine".to_owned()).unwrap_or_else(|error| error));
}

#[test]
fn every_problem_names_its_source_its_key_and_what_would_be_right() {
    check(
        "otlp: {grcp: 127.0.0.1:1}",
        &[],
        expect!["coral.yaml: unknown key `otlp.grcp`; did you mean `otlp.grpc`?"],
    );
    check("", &["otlp.http"], expect!["--set: `otlp.http` is not of the form KEY=VALUE"]);
    check(
        "",
        &["otlp.http=nonsense"],
        expect!["--set: `otlp.http` is `nonsense`: expected IP:PORT, such as 127.0.0.1:4317"],
    );
    check(
        "storage: {max_size: 2 elephants}",
        &[],
        expect![
            "coral.yaml: `storage.max_size` is `2 elephants`: expected a size such as 500MB, 2GB or 512MiB"
        ],
    );
    check(
        "drain_within: 5 minutes",
        &[],
        expect![
            "coral.yaml: `drain_within` is `5 minutes`: `5 minutes` is not a duration such as 90s, 5m, 1h or 7d"
        ],
    );
    check(
        "beyla: {storage_retention_hours_traces: 0}",
        &[],
        expect![
            "coral.yaml: `beyla.storage_retention_hours_traces` is `0`: must be more than zero, and not endless"
        ],
    );
    check(
        "beyla: {sampling: {rate: 7}}",
        &[],
        expect!["coral.yaml: `beyla.sampling.rate` is `7`: expected a number from 0.0 to 1.0"],
    );
    check("otlp: 5", &[], expect!["coral.yaml: `otlp` is a section; it has keys of its own"]);
    check(
        "colony: {listen: 127.0.0.1:1}",
        &[],
        expect!["coral.yaml: `colony.listen` is a colony's key"],
    );
    check(
        "log: loud",
        &[],
        expect![
            "coral.yaml: `log` is `loud`: expected error, warn, info, debug or trace, or a filter such as coral=debug"
        ],
    );
    check(
        "agent: {colony: colony}",
        &[],
        expect![
            "coral.yaml: `agent.colony` is `colony`: expected a URL of the form http://HOST:PORT"
        ],
    );
    check(
        "recognise: {rules: [nonsense]}",
        &[],
        expect![
            "coral.yaml: `recognise.rules` is `[\"nonsense\"]`: `nonsense`: expected RESOURCE_ATTRIBUTE=TEXT or scope.name=TEXT, neither side empty"
        ],
    );
    check(
        "a: [",
        &[],
        expect!["coral.yaml: no YAML: error: line 1 column 4: unclosed bracket '['"],
    );
    check(
        "log: loud\nx: 1",
        &[],
        expect![[r#"
        coral.yaml: `log` is `loud`: expected error, warn, info, debug or trace, or a filter such as coral=debug
        coral.yaml: unknown key `x`; did you mean `log`?"#]],
    );
}
