mod errors;
mod reference;

use expect_test::expect;

use super::*;

/// A file of an agent that Coral must always accept.
const ACCEPTED_AGENT: &str = r#"# agent-config.yaml
beyla:
  enabled: true

  # Local storage retention
  storage_retention_hours: 1          # RED metrics retention
  storage_retention_hours_traces: 1   # Trace retention (separate setting)

  # Sampling (applied by Beyla process)
  sampling:
    rate: 1.0                         # 100% sampling (adjust for high throughput)

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
/// A file of a colony that Coral must always accept.
const ACCEPTED_COLONY: &str = r"# colony-config.yaml (future enhancement, currently hardcoded)
storage:
  beyla:
    retention:
      http_metrics: 30d
      grpc_metrics: 30d
      sql_metrics: 14d
      traces: 7d                      # Shorter retention for high-volume traces

    # Optional: reduce storage by sampling traces at Colony level
    # (in addition to Beyla's sampling)
    trace_sampling_rate: 1.0          # Keep 100% of traces received from agents
";
/// The sections of an agent's configuration that most installations set.
const USUAL_AGENT: &str = r"
agent: {id: web-1, listen: 127.0.0.1:9001, colony: 'http://colony:9000'}
otlp: {grpc: 127.0.0.1:4317, http: 127.0.0.1:4318}
beyla:
  otlp: {grpc: 127.0.0.1:4319, http: 127.0.0.1:4320}
  storage_retention_hours: 1
  storage_retention_hours_traces: 0.5
storage: {max_size: 2GB}
";
/// The sections of a colony's configuration that most installations set.
const USUAL_COLONY: &str = r#"
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

fn agent(text: &str, flags: &[&str]) -> Result<AgentConfig, String> {
    let (dir, sources) = sources(text, flags);
    let file = dir.path().display().to_string() + "/";
    AgentConfig::load(&sources).map_err(|error| error.to_string().replace(&file, ""))
}

fn colony(text: &str, flags: &[&str]) -> Result<ColonyConfig, String> {
    let (dir, sources) = sources(text, flags);
    let file = dir.path().display().to_string() + "/";
    ColonyConfig::load(&sources).map_err(|error| error.to_string().replace(&file, ""))
}

#[test]
fn an_agent_that_its_colony_cannot_reach_has_a_warning() {
    let warnings = |text: &str| agent(text, &[]).unwrap().warnings();
    expect![[r#"
        [
            "the colony at http://10.0.0.2:9000 cannot poll this agent: `agent.listen` is 127.0.0.1:9001, which only this host reaches; set `agent.listen`, or `agent.advertise` if a proxy forwards to it",
        ]
    "#]]
    .assert_debug_eq(&warnings("agent: {colony: \"http://10.0.0.2:9000\"}"));
    for fine in [
        "log: info",
        "agent: {colony: \"http://127.0.0.1:9000\"}",
        "agent: {colony: \"http://[::1]:9000\"}",
        "agent: {colony: \"http://localhost:9000\"}",
        "agent: {colony: \"http://colony:9000\", listen: \"0.0.0.0:9001\"}",
        "agent: {colony: \"http://colony:9000\", advertise: \"http://10.0.0.5:9001\"}",
    ] {
        assert_eq!(warnings(fine), Vec::<String>::new(), "{fine}");
    }
}

#[test]
fn a_service_that_is_sought_at_ports_of_the_agent_alone_has_a_warning() {
    let warnings = |services: &str| {
        let text = format!("beyla: {{discovery: {{services: [{services}]}}}}");
        agent(&text, &[]).unwrap().warnings()
    };
    expect!["Beyla will not trace cart: the agent itself listens on 9001,4317-4318, and is left out; name a port of the service in `beyla.discovery.services`"].assert_eq(&warnings("{name: cart, open_ports: '9001,4317-4318'}").join("\n"));
    assert_eq!(warnings("{name: cart, open_ports: '8080,9001'}"), Vec::<String>::new());
}

#[test]
fn files_of_the_first_version_load_unchanged() {
    let loaded = agent(ACCEPTED_AGENT, &[]).unwrap();
    assert_eq!(loaded.keep_traces, Duration::from_secs(3_600));
    assert_eq!(loaded.keep_metrics, Duration::from_secs(3_600));
    assert_eq!(loaded.id, "vm");
    let beyla = &loaded.beyla;
    assert_eq!(beyla.services[0].name.as_deref(), Some("payments-api"));
    assert_eq!(beyla.services[0].open_ports, crate::beyla::Ports::one(8080));
    assert!(beyla.enabled && beyla.protocols.sql && beyla.sampling_rate == 1.0);
    let loaded = colony(ACCEPTED_COLONY, &[]).unwrap();
    assert_eq!(loaded.keep_traces, Duration::from_secs(7 * 86_400));
    let days = |days: u64| Duration::from_secs(days * 86_400);
    let keep = loaded.keep_metrics;
    assert_eq!((keep.http, keep.grpc, keep.sql), (days(30), days(30), days(14)));
}

#[test]
fn a_full_beyla_section_loads_but_for_limits_that_no_beyla_has() {
    let text = r#"
beyla:
    discovery:
        services:
            -   name: "checkout-api"
                open_port: 8080
                k8s_pod_name: "checkout-*"
            -   name: "payments-api"
                k8s_namespace: "prod"
                k8s_pod_label:
                    app: "payments"
    protocols:
        http:
            capture_headers: false
            route_patterns:
                - "/api/v1/users/:id"
    attributes:
        environment: "production"
    limits:
        memory: 500MB
        cpu: 0.5
"#;
    let beyla = agent(text, &[]).unwrap().beyla;
    assert_eq!(beyla.services.len(), 2);
    assert_eq!(beyla.services[1].pod_labels["app"], "payments");
    assert_eq!(beyla.attributes["environment"], "production");
    assert_eq!((beyla.limits.memory, beyla.limits.cpus), (Some(500_000_000), Some(0.5)));
    for (flag, reason) in [
        ("beyla.limits.max_traced_connections=1000", "no version of Beyla has this limit"),
        ("beyla.limits.ring_buffer_size=65536", "no version of Beyla has this limit"),
        ("beyla.protocols.http.capture_headers=true", "Coral does not capture headers"),
    ] {
        let refused = agent("", &[flag]).unwrap_err();
        assert!(refused.contains(reason), "{refused}");
    }
}

#[test]
fn what_beyla_could_not_take_is_refused_when_it_is_read() {
    for (flag, reason) in [
        ("beyla.discovery.services=[{name: a}]", "service `a` has no condition"),
        ("beyla.discovery.services=[{open_port: 0}]", "expected a port from 1 to 65535"),
        ("beyla.discovery.services=[{open_ports: '80-'}]", "expected ports such as 8080,9000-9010"),
        ("beyla.discovery.services=[{exe_path: '/a[b'}]", "is not a glob: a `[` without `]`"),
        (
            "beyla.discovery.services=[{k8s_pod_label: x}]",
            "expected labels such as {app: payments}",
        ),
        (
            "beyla.discovery.services=[{name: \"a\\nb\", open_port: 1}]",
            "without control characters",
        ),
        ("beyla.attributes={a: 'x,y=z'}", "Beyla cannot take `,`"),
        ("beyla.attributes={a: '${HOME}'}", "Beyla cannot take `,`, `$`"),
        ("beyla.attributes={'a=b': c}", "`a=b` is not a valid name of an attribute"),
        ("beyla.protocols.http.route_patterns=[users]", "`users` is not a route"),
        ("beyla.context_propagation=udp", "expected disabled, headers, tcp, ip or all"),
        ("beyla.limits.cpu=0", "expected a number of cores"),
    ] {
        let refused = agent("", &[flag]).unwrap_err();
        assert!(refused.contains(reason), "{flag}: {refused}");
    }
}

#[test]
fn beylas_path_comes_from_the_variable_unless_a_flag_names_another() {
    let (_dir, mut sources) = sources("beyla: {path: /of/file}", &[]);
    let path = |sources: &Sources| AgentConfig::load(sources).unwrap().beyla.path;
    assert_eq!(path(&sources), Some(PathBuf::from("/of/file")));
    sources.beyla_path = Some("/of/variable".to_owned());
    assert_eq!(path(&sources), Some(PathBuf::from("/of/variable")));
    sources.flags = vec!["beyla.path=/of/flag".to_owned()];
    assert_eq!(path(&sources), Some(PathBuf::from("/of/flag")));
}

#[test]
fn duckdbs_library_comes_from_the_variable_unless_a_flag_names_another() {
    let (_dir, mut sources) = sources("sql: {library: /of/file}", &[]);
    let library = |sources: &Sources| ColonyConfig::load(sources).unwrap().sql.library;
    assert_eq!(library(&sources), Some(PathBuf::from("/of/file")));
    sources.duckdb_library = Some(("/of/variable".to_owned(), Origin::Environment("CORAL_DUCKDB")));
    assert_eq!(library(&sources), Some(PathBuf::from("/of/variable")));
    sources.duckdb_library = Some(("/of/flag".to_owned(), Origin::Flag("--duckdb-library")));
    assert_eq!(library(&sources), Some(PathBuf::from("/of/flag")));
    let refused = AgentConfig::load(&sources).unwrap_err().to_string();
    assert!(refused.contains("`sql.library` is a colony's key"), "{refused}");
}

#[test]
fn a_usual_file_of_each_role_is_read_as_it_is_written() {
    let config = agent(USUAL_AGENT, &[]).unwrap();
    assert_eq!((config.id.as_str(), config.storage.max_size), ("web-1", 2_000_000_000));
    assert_eq!(config.colony.as_deref(), Some("http://colony:9000"));
    assert_eq!(config.keep_traces, Duration::from_secs(1_800));
    let config = colony(USUAL_COLONY, &[]).unwrap();
    assert_eq!(config.agents[0].address, "http://10.0.0.5:9001");
    assert!((config.trace_sampling_rate - 0.25).abs() < f64::EPSILON);
}

#[test]
fn one_file_with_the_sections_of_both_serves_a_standalone() {
    let both = format!("{}\n{}", USUAL_AGENT.replace("storage: {max_size: 2GB}", ""), USUAL_COLONY);
    let (_dir, sources) = sources(&both, &["otlp.grpc=127.0.0.1:0"]);
    let config = StandaloneConfig::load(&sources).unwrap();
    assert_eq!(config.agent.otlp_grpc.port(), 0);
    assert_eq!(config.agent.storage.max_size, config.colony.storage.max_size);
    assert_eq!(config.colony.agents.len(), 1);
}

#[test]
fn what_is_set_later_wins_and_every_value_remembers_who_set_it() {
    let (_dir, mut sources) = sources("", &[]);
    let log = |sources: &Sources| {
        let layers = Layers::read(sources, Roles::Agent, false);
        let log = &layers.settings["log"];
        let origin = log.origin.to_string();
        (layers::plain(&log.value), origin.rsplit('/').next().unwrap().to_owned())
    };
    let is = |value: &str, origin: &str| (value.to_owned(), origin.to_owned());
    assert_eq!(log(&sources), is("info", "default"));
    std::fs::write(sources.file.as_ref().unwrap(), "# of the host\nlog: warn\n").unwrap();
    assert_eq!(log(&sources), is("warn", "coral.yaml:2"));
    sources.env_set = Some("log=error".to_owned());
    assert_eq!(log(&sources), is("error", "CORAL_SET"));
    sources.log = Some(("trace".to_owned(), Origin::Environment("CORAL_LOG")));
    assert_eq!(log(&sources), is("trace", "CORAL_LOG"));
    sources.flags = vec!["log=warn".to_owned(), "log=debug".to_owned()];
    assert_eq!(log(&sources), is("debug", "--set"));
    sources.log = Some(("error".to_owned(), Origin::Flag("--log")));
    assert_eq!(log(&sources), is("error", "--log"));
}

#[test]
fn the_usual_data_directory_gives_way_to_the_file_and_the_variable_to_a_flag() {
    let (_dir, mut sources) = sources("data_dir: /of/file", &[]);
    let data_dir = |sources: &Sources| AgentConfig::load(sources).unwrap().data_dir;
    assert_eq!(data_dir(&sources), PathBuf::from("/of/file"));
    sources.data_dir = Some(("/of/env".to_owned(), Origin::Environment("CORAL_DATA_DIR")));
    assert_eq!(data_dir(&sources), PathBuf::from("/of/env"));
    sources.flags = vec!["data_dir=/of/set".to_owned()];
    assert_eq!(data_dir(&sources), PathBuf::from("/of/set"));
}

#[test]
fn the_environment_may_set_a_list_and_more_after_it() {
    let (_dir, mut sources) = sources("", &[]);
    sources.env_set = Some(
        "colony.agents=[{id: a, address: 'http://h:1'}, {id: b, address: 'http://h:2'}],\
         colony.poll_interval=250ms"
            .to_owned(),
    );
    let config = ColonyConfig::load(&sources).unwrap();
    assert_eq!(config.agents.iter().map(|agent| &*agent.id).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(config.poll_interval, Duration::from_millis(250));
}

#[test]
fn a_name_that_looks_like_a_number_stays_a_name() {
    for (text, flag) in [("", "agent.id=42"), ("", "agent.id=no"), ("", "agent.id=1_000")] {
        let id = agent(text, &[flag]).unwrap().id;
        assert_eq!(format!("agent.id={id}"), flag);
    }
    assert_eq!(agent("agent: {id: 007}", &[]).unwrap().id, "007");
    assert_eq!(agent("agent: {id: \"42\"}", &[]).unwrap().id, "42");
}

#[test]
fn an_ipv6_address_needs_no_quotes_in_a_flag() {
    let config = agent("", &["otlp.grpc=[::1]:0"]).unwrap();
    assert_eq!(config.otlp_grpc, "[::1]:0".parse().unwrap());
}

#[test]
fn an_empty_file_an_empty_section_and_comments_set_nothing() {
    for text in ["", "\n", "# nothing\n", "---\n", "agent:\n  # id: web-1\n", "agent: {}"] {
        assert_eq!(agent(text, &[]).unwrap().id, "vm", "{text:?}");
    }
}

#[test]
fn every_key_is_named_once_and_every_default_is_the_role_s_own() {
    let mut names: Vec<&str> = keys::KEYS.into_iter().flatten().map(|key| key.name).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|two| two[0] != two[1]));
    for role in [Roles::Agent, Roles::Colony] {
        let layers = Layers::read(
            &Sources { host_name: "vm".to_owned(), ..Sources::default() },
            role,
            false,
        );
        assert_eq!(layers.problems, Vec::<String>::new());
    }
}

#[test]
fn other_spellings_are_accepted_unless_they_contradict() {
    let config = colony("beyla: {trace_retention_days: 3, trace_sampling_rate: 0.5}", &[]);
    let config = config.unwrap();
    assert_eq!(config.keep_traces, Duration::from_secs(3 * 86_400));
    let both = "beyla: {trace_retention_days: 3}\nstorage: {beyla: {retention: {traces: 7d}}}";
    assert_eq!(
        colony(both, &[]).unwrap_err(),
        "coral.yaml:1: `beyla.trace_retention_days` is `3` but `storage.beyla.retention.traces` is \
         `7d` (coral.yaml:2); they are two spellings of one key"
    );
    for same in ["7d", "168h", "1w"] {
        let text = format!(
            "beyla: {{trace_retention_days: 7}}\nstorage: {{beyla: {{retention: {{traces: {same}}}}}}}"
        );
        assert!(colony(&text, &[]).is_ok(), "{same}");
    }
}

#[test]
fn the_examples_of_the_document_about_exports_are_valid() {
    let text = include_str!("../../../docs/export.md");
    let examples: Vec<&str> =
        text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() >= 4, "{}", examples.len());
    for example in examples {
        let config = colony(example, &[]);
        assert_eq!(config.map(|config| config.exports.len()), Ok(1), "{example}");
    }
}
