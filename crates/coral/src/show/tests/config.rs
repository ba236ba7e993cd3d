//! What `coral config show` prints.

use expect_test::{Expect, expect};

use coral_config::keys::Roles;
use coral_config::{Layers, Origin, Sources};

use crate::show::config::{self, RoleSettings, Selection};

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
    check_selected(&Selection::default(), role, text, flags, expected);
}

fn check_selected(
    selection: &Selection,
    role: Roles,
    text: &str,
    flags: &[&str],
    expected: Expect,
) {
    let (dir, sources) = sources(text, flags);
    let settings = RoleSettings { name: "role", role, layers: Layers::read(&sources, role, false) };
    let shown = config::text(&[settings], selection);
    expected.assert_eq(&shown.replace(&format!("{}/", dir.path().display()), ""));
}

#[test]
fn every_key_of_an_agent_is_shown_with_its_value_and_origin() {
    check(
        Roles::Agent,
        "agent:\n  id: web-1\n  colony: http://colony:9000\nbeyla:\n  sampling:\n    rate: 0.5\n",
        &["otlp.grpc=0.0.0.0:4317"],
        expect![[r#"
            agent.advertise                       (unset)             default
            agent.allowed_hosts                   []                  default
            agent.colony                          http://colony:9000  coral.yaml:3
            agent.id                              web-1               coral.yaml:2
            agent.listen                          127.0.0.1:9001      default
            beyla.attributes                      (unset)             default
            beyla.check_interval                  10s                 default
            beyla.context_propagation             disabled            default
            beyla.discovery.services              []                  default
            beyla.enabled                         true                default
            beyla.export_interval                 1s                  default
            beyla.limits.cpu                      (unset)             default
            beyla.limits.memory                   (unset)             default
            beyla.otlp.grpc                       127.0.0.1:4319      default
            beyla.otlp.http                       127.0.0.1:4320      default
            beyla.path                            (unset)             default
            beyla.protocols.grpc.enabled          true                default
            beyla.protocols.http.capture_headers  (unset)             default
            beyla.protocols.http.enabled          true                default
            beyla.protocols.http.route_patterns   (unset)             default
            beyla.protocols.kafka.enabled         true                default
            beyla.protocols.redis.enabled         true                default
            beyla.protocols.sql.enabled           true                default
            beyla.sampling.rate                   0.5                 coral.yaml:6
            beyla.stop_within                     2m                  default
            beyla.storage_retention_hours         1                   default
            beyla.storage_retention_hours_traces  1                   default
            data_dir                              /var/lib/coral      default
            drain_within                          10s                 default
            insecure_plaintext                    false               default
            log                                   info                default
            otlp.client_certificates              false               default
            otlp.grpc                             0.0.0.0:4317        --set
            otlp.http                             127.0.0.1:4318      default
            otlp.max_body                         16MiB               default
            otlp.tls                              (unset)             default
            otlp.token_file                       (unset)             default
            privacy.drop                          []                  default
            privacy.hash                          []                  default
            privacy.hash_key                      (unset)             default
            privacy.headers                       []                  default
            privacy.keep_url_queries              false               default
            privacy.mask_sql                      true                default
            recognise.rules                       []                  default
            storage.max_size                      2GB                 default
            storage.segment_rows                  163840              default
            tls.ca                                (unset)             default
            tls.cert                              (unset)             default
            tls.key                               (unset)             default
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
            audit.keep                            90d                                               default
            audit.max_file_size                   64MB                                              default
            audit.refuse_when_full                true                                              default
            colony.agents                         [{"address":"http://10.0.0.5:9001","id":"web-1"}]  --set
            colony.allowed_hosts                  []                                                default
            colony.auth                           (unset)                                           default
            colony.https.cert                     (unset)                                           default
            colony.https.key                      (unset)                                           default
            colony.listen                         127.0.0.1:9000                                    default
            colony.metrics.spans                  false                                             default
            colony.poll_interval                  5s                                                default
            colony.poll_timeout                   10s                                               default
            colony.ui.dir                         (unset)                                           default
            data_dir                              /var/lib/coral                                    default
            drain_within                          10s                                               default
            export                                (hidden)                                          default
            insecure_plaintext                    false                                             default
            log                                   info                                              default
            oidc.ca_file                          (unset)                                           default
            oidc.client_id                        (unset)                                           default
            oidc.client_secret_file               (unset)                                           default
            oidc.groups_claim                     groups                                            default
            oidc.issuer                           (unset)                                           default
            oidc.roles                            (unset)                                           default
            oidc.session                          8h                                                default
            oidc.url                              (unset)                                           default
            sql.library                           (unset)                                           default
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
            storage.clickhouse.database           coral                                             default
            storage.clickhouse.password_file      (unset)                                           default
            storage.clickhouse.shards             (unset)                                           default
            storage.clickhouse.sql.password_file  (unset)                                           default
            storage.clickhouse.sql.user           (unset)                                           default
            storage.clickhouse.tls.ca_file        (unset)                                           default
            storage.clickhouse.user               (unset)                                           default
            storage.engine                        embedded                                          default
            storage.max_size                      50GB                                              default
            storage.segment_rows                  262144                                            default
            tls.ca                                (unset)                                           default
            tls.cert                              (unset)                                           default
            tls.key                               (unset)                                           default
        "#]],
    );
}

#[test]
fn the_json_form_has_value_and_origin_by_key() {
    let (_dir, sources) = sources("", &["sql.threads=4"]);
    let layers = Layers::read(&sources, Roles::Colony, false);
    let roles = [RoleSettings { name: "colony", role: Roles::Colony, layers }];
    let json = config::json(&roles, &Selection::default());
    expect![[r#"{"origin":"--set","value":4}"#]]
        .assert_eq(&json["colony"]["sql.threads"].to_string());
    expect![[r#"{"origin":"default","value":null}"#]]
        .assert_eq(&json["colony"]["sql.library"].to_string());
    let selection = Selection { name: Some("sql.threads".to_owned()), is_described: false };
    let json = config::json(&roles, &selection);
    expect![[r#"{"colony":{"sql.threads":{"description":"Threads that one SQL statement may use.","origin":"--set","unit":"threads","value":4}}}"#]].assert_eq(&json.to_string());
}

#[test]
fn a_selected_key_is_shown_with_everything_that_is_known_of_it() {
    let selected = |name: &str| Selection { name: Some(name.to_owned()), is_described: false };
    check_selected(
        &selected("agent.colony"),
        Roles::Agent,
        "",
        &[],
        expect![[r#"
            agent.colony  (unset)  default
                URL of the colony with which the agent registers.
                If unset, the agent does not register; a colony polls the agent if `colony.agents` names it.
                Form: a URL of the form http://HOST:PORT or https://HOST:PORT, such as http://10.0.0.5:9001
                Set by: file, CORAL_SET, --set
        "#]],
    );
    check_selected(
        &selected("storage.max_size"),
        Roles::Agent,
        "",
        &[],
        expect![[r#"
        storage.max_size  2GB  default
            Largest size of the store on disk, of which RED metrics may take a quarter; a larger store loses its oldest data before the retention ends.
            Default: 2GB
            Form: a size such as 500MB, 2GB or 512MiB
            Unit: B, KB, MB, GB, TB, KiB, MiB, GiB or TiB, written after the number
            Set by: file, CORAL_SET, --set
    "#]],
    );
    check_selected(
        &selected("log"),
        Roles::Colony,
        "log: warn",
        &[],
        expect![[r#"
        log  warn  coral.yaml:1
            Lowest level of the log lines that are written, or a filter by module.
            Default: info
            Form: error, warn, info, debug or trace, or a filter such as coral=debug
            Set by: file, CORAL_SET, --set, --log, CORAL_LOG
    "#]],
    );
}

#[test]
fn the_keys_of_a_selected_section_are_described() {
    let selection = Selection { name: Some("colony".to_owned()), is_described: false };
    check_selected(
        &selection,
        Roles::Colony,
        "",
        &[],
        expect![[r#"
            colony.agents         []              default
                Agents that the colony polls without their registration: the id of each, and the URL of its `agent.listen`.
            colony.allowed_hosts  []              default
                Names that the `Host` header of an HTTP request to `colony.listen` may have, besides IP addresses, `localhost` and this host's own names.
            colony.auth           (unset)         default
                Whether who asks must show a token, and who sends spans a certificate.
                If unset, off where `colony.listen` is a loopback address; elsewhere the colony does not start until this is on.
            colony.https.cert     (unset)         default
                File with a certificate chain in PEM that browsers and `coral login` without `--pin` believe; agents still get the one with the identity.
                If unset, browsers get the certificate that agents get, which they do not know.
            colony.https.key      (unset)         default
                File with the private key of `colony.https.cert` in PEM.
                If unset, `colony.https.cert` is unset too.
            colony.listen         127.0.0.1:9000  default
                Address where the colony answers questions, registers agents, and serves `/metrics` and `/healthz`.
            colony.metrics.spans  false           default
                Whether `/metrics` also has the requests of services and of edges of the service map, as Tempo's metrics generator names them.
            colony.poll_interval  5s              default
                Interval between two polls of all that an agent has; an agent answers with new spans as soon as it has some.
            colony.poll_timeout   10s             default
                Time that an agent may take to answer a poll.
            colony.ui.dir         (unset)         default
                Directory from which a colony that was built for debugging serves the files of the web page, as they are at each request.
                If unset, the page that is compiled into the program is served.
        "#]],
    );
}

#[test]
fn another_spelling_selects_the_key_that_it_stands_for() {
    let selection =
        Selection { name: Some("beyla.trace_retention_days".to_owned()), is_described: false };
    let names: Vec<&str> = selection.keys(Roles::Colony).map(|key| key.name).collect();
    assert_eq!(names, ["storage.beyla.retention.traces"]);
    assert_eq!(selection.keys(Roles::Agent).count(), 0);
}

#[test]
fn a_secret_is_shown_neither_as_text_nor_as_json_nor_in_an_error() {
    let secret = "tell-nobody";
    let file = format!("privacy: {{hash_key: {secret}}}\n");
    let selection = Selection { name: Some("privacy.hash_key".to_owned()), is_described: false };
    let (_dir, sources) = sources(&file, &[]);
    let read = || Layers::read(&sources, Roles::Agent, false);
    let settings = || [RoleSettings { name: "agent", role: Roles::Agent, layers: read() }];
    for selection in [&Selection::default(), &selection] {
        let text = config::text(&settings(), selection);
        assert!(text.contains("(hidden)") && !text.contains(secret), "{text}");
        let json = config::json(&settings(), selection);
        assert_eq!(json["agent"]["privacy.hash_key"]["value"], "(hidden)");
        assert!(!json.to_string().contains(secret), "{json}");
    }
    let (_dir, wrong) = self::sources(&format!("privacy: {{hash_key: [{secret}]}}\n"), &[]);
    let problems = Layers::read(&wrong, Roles::Agent, false).problems.join("\n");
    assert!(problems.contains("`privacy.hash_key` is `(hidden)`"), "{problems}");
    assert!(!problems.contains(secret), "{problems}");
}
