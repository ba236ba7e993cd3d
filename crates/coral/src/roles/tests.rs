//! The routes and RPCs of both roles, and their permissions.

mod api;
mod page;

use std::collections::BTreeSet;
use std::sync::Arc;

use coral_agent::serve::{AgentView, Commits};
use coral_beyla::monitor::BeylaMonitor;
use coral_config::Sources;
use coral_server::door::hosts::AllowedHosts;
use coral_server::door::{Door, Permission};
use coral_sql::runner::SqlSource;
use coral_store::{Store, StoreConfig};
use expect_test::expect;
use prost::Message as _;
use prost_types::FileDescriptorSet;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::*;

fn store(dir: &TempDir, role: &str) -> Store {
    Store::open(StoreConfig { dir: dir.path().join(role), segment_rows: 1_000 }).unwrap()
}

fn trust(dir: &TempDir) -> ColonyTrust {
    ColonyTrust::none(dir.path()).unwrap()
}

async fn agent_door(dir: &TempDir) -> Door {
    let view = AgentView {
        survey: Arc::new(coral_beyla::survey::Survey::new(&[], dir.path())),
        agent_id: "web-1".into(),
        store: store(dir, "agent"),
        commits: Commits { committed: watch::channel(()).1, stop: CancellationToken::new() },
        counters: Arc::default(),
        retain_counters: Arc::default(),
        beyla: Arc::new(BeylaMonitor::switched_off(Arc::default(), "not run here")),
        admission: coral_agent::serve::admission(),
        colony: Arc::default(),
        leases: coral_agent::serve::Leases::default(),
        encryption: "loopback",
        started: coral_trace::UnixNanos(1_795_608_000_000_000_000),
        beyla_sampling_rate: None,
    };
    let hosts = AllowedHosts::of_this_host(&[], "agent.allowed_hosts");
    coral_agent::serve::door(Arc::new(view), hosts).await.unwrap()
}

async fn colony_door(dir: &TempDir) -> Door {
    let data_dir = format!("data_dir={}", dir.path().display());
    let sources = Sources { flags: vec![data_dir], ..Sources::default() };
    let config = ColonyConfig::load(&sources).unwrap();
    let store = store(dir, "colony");
    let colony = Colony::new(&config, Arc::new(store.clone()), trust(dir)).unwrap();
    let sql = SqlRunner::new(SqlSource::Files(store), config.data_dir.clone(), &config.sql);
    let audit = audit::open(&config, trust(dir)).await.unwrap();
    answers::door(&colony, sql, &config, audit).await.unwrap()
}

/// A colony that asks callers who they are, with a provider that nobody asks.
async fn guarded_door(dir: &TempDir) -> Door {
    let secret = dir.path().join("oidc.secret");
    std::fs::write(&secret, "secret").unwrap();
    let flags = vec![
        format!("data_dir={}", dir.path().display()),
        "oidc.issuer=https://login.example.com".to_owned(),
        "oidc.client_id=coral".to_owned(),
        format!("oidc.client_secret_file={}", secret.display()),
        "oidc.roles=[{group: sre, role: admin}]".to_owned(),
    ];
    let config = ColonyConfig::load(&Sources { flags, ..Sources::default() }).unwrap();
    let sign_in = BrowserSignIn::open(&config, &trust(dir), config.listen).await.unwrap();
    sign_in.guarded(colony_door(dir).await, trust(dir).guard("the key of this host"))
}

#[tokio::test]
async fn nobody_is_asked_to_sign_in_without_auth_or_with_a_secret_that_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let config = |more: &[&str]| {
        let own = [
            format!("data_dir={}", dir.path().display()),
            "oidc.issuer=https://login.example.com".to_owned(),
            "oidc.client_id=coral".to_owned(),
            format!("oidc.client_secret_file={}", dir.path().join("absent").display()),
            "oidc.roles=[{group: sre, role: admin}]".to_owned(),
        ];
        let flags = own.into_iter().chain(more.iter().map(|flag| (*flag).to_owned())).collect();
        ColonyConfig::load(&Sources { flags, ..Sources::default() }).unwrap()
    };
    let without_auth = exposure::colony(&config(&[])).await.err().unwrap();
    assert!(matches!(without_auth, RoleError::SignInWithoutAuth), "{without_auth}");
    let plaintext =
        config(&["colony.listen=0.0.0.0:0", "colony.auth=on", "insecure_plaintext=true"]);
    let plaintext = exposure::colony(&plaintext).await.err().unwrap();
    assert!(matches!(plaintext, RoleError::SignInPlaintext(_)), "{plaintext}");
    let config = config(&["colony.auth=on"]);
    let trust = exposure::colony(&config).await.unwrap();
    let no_secret = BrowserSignIn::open(&config, &trust, config.listen).await.err().unwrap();
    assert!(no_secret.to_string().contains("absent`, which `oidc.client_secret_file` names"));
}

#[test]
fn a_colony_lists_its_agents_before_it_has_polled_one() {
    let dir = tempfile::tempdir().unwrap();
    let agents = "colony.agents=[{id: web-1, address: \"http://127.0.0.1:9\"}]".to_owned();
    let data_dir = format!("data_dir={}", dir.path().display());
    let sources = Sources { flags: vec![data_dir, agents], ..Sources::default() };
    let config = ColonyConfig::load(&sources).unwrap();
    let colony = Colony::new(&config, Arc::new(store(&dir, "colony")), trust(&dir)).unwrap();
    let listed = colony.health.snapshot(coral_server::clock::now());
    assert_eq!(listed.iter().map(|agent| &*agent.agent_id).collect::<Vec<_>>(), ["web-1"]);
}

/// The path of every RPC of `descriptors`.
fn rpcs(descriptors: &[u8]) -> Vec<String> {
    let mut paths = Vec::new();
    for file in FileDescriptorSet::decode(descriptors).unwrap().file {
        for service in &file.service {
            let name = format!("/{}.{}", file.package(), service.name());
            paths.extend(service.method.iter().map(|method| format!("{name}/{}", method.name())));
        }
    }
    paths
}

#[tokio::test]
async fn every_rpc_of_the_descriptors_has_a_permission() {
    let dir = tempfile::tempdir().unwrap();
    let paths = |door: &Door| -> BTreeSet<String> {
        door.table().map(|(_, path, _)| path.to_owned()).collect()
    };
    let (agent, colony) = (paths(&agent_door(&dir).await), paths(&colony_door(&dir).await));
    let ours = rpcs(coral_wire::FILE_DESCRIPTOR_SET);
    assert!(ours.len() >= 3, "{ours:?}");
    for rpc in ours {
        assert!(agent.contains(&rpc) || colony.contains(&rpc), "{rpc} has no permission");
    }
    let of_both = [
        rpcs(tonic_health::pb::FILE_DESCRIPTOR_SET),
        rpcs(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET),
    ];
    for rpc in of_both.concat() {
        assert!(agent.contains(&rpc) && colony.contains(&rpc), "{rpc} has no permission");
    }
}

#[tokio::test]
async fn the_routes_of_both_roles_have_these_permissions() {
    let dir = tempfile::tempdir().unwrap();
    let table = |door: &Door| {
        let rows =
            door.table().map(|(method, path, needs)| format!("{method:?} {path}: {needs}\n"));
        rows.collect::<BTreeSet<String>>().into_iter().collect::<String>()
    };
    expect![[r#"
        Get /api/v1/beyla/listening: status.read
        Get /api/v1/status: status.read
        Get /healthz: health.read
        Get /metrics: exposition.read
        Post /coral.agent.v1.AgentService/QueryBeylaMetrics: agent.poll
        Post /coral.agent.v1.AgentService/QueryTelemetry: agent.poll
        Post /grpc.health.v1.Health/Check: health.read
        Post /grpc.health.v1.Health/Watch: status.read
        Post /grpc.reflection.v1.ServerReflection/ServerReflectionInfo: spec.read
    "#]]
    .assert_eq(&table(&agent_door(&dir).await));
    expect![[r#"
        Delete /api/v1/agents/{agent_id}: agent.forget
        Get /: page.read
        Get /api/dependencies: topology.read
        Get /api/echo: health.read
        Get /api/metrics/calls: metrics.read
        Get /api/metrics/errors: metrics.read
        Get /api/metrics/latencies: metrics.read
        Get /api/metrics/minstep: metrics.read
        Get /api/metrics/query: traces.read
        Get /api/metrics/query_range: traces.read
        Get /api/operations: traces.read
        Get /api/quality-metrics: metrics.read
        Get /api/search/tag/{tag}/values: traces.read
        Get /api/search/tags: traces.read
        Get /api/search: traces.read
        Get /api/services/{service}/operations: traces.read
        Get /api/services: traces.read
        Get /api/status/buildinfo: spec.read
        Get /api/traces/{id}: traces.read
        Get /api/traces: traces.read
        Get /api/v1/anomalies: anomalies.read
        Get /api/v1/ask: ask.read
        Get /api/v1/attributes: traces.read
        Get /api/v1/compare: why.read
        Get /api/v1/doctor/traces: traces.read
        Get /api/v1/export: traces.read
        Get /api/v1/heatmap: traces.read
        Get /api/v1/label/{name}/values: metrics.read
        Get /api/v1/labels: metrics.read
        Get /api/v1/metadata: metrics.read
        Get /api/v1/openapi.json: spec.read
        Get /api/v1/query: metrics.read
        Get /api/v1/query_exemplars: metrics.read
        Get /api/v1/query_range: metrics.read
        Get /api/v1/red/{protocol}: metrics.read
        Get /api/v1/series/{protocol}: metrics.read
        Get /api/v1/series: metrics.read
        Get /api/v1/services: metrics.read
        Get /api/v1/status/buildinfo: metrics.read
        Get /api/v1/status: status.read
        Get /api/v1/topology: topology.read
        Get /api/v1/traces/{id}/find: traces.read
        Get /api/v1/traces/{id}/spans/{span}: traces.read
        Get /api/v1/traces/{id}/waterfall: traces.read
        Get /api/v1/traces/{id}: traces.read
        Get /api/v1/traces: traces.read
        Get /api/v1/whoami: self.read
        Get /api/v1/why: why.read
        Get /api/v2/autocompleteKeys: traces.read
        Get /api/v2/autocompleteValues: traces.read
        Get /api/v2/dependencies: topology.read
        Get /api/v2/remoteServices: traces.read
        Get /api/v2/search/tag/{tag}/values: traces.read
        Get /api/v2/search/tags: traces.read
        Get /api/v2/services: traces.read
        Get /api/v2/spans: traces.read
        Get /api/v2/trace/{id}: traces.read
        Get /api/v2/traceMany: traces.read
        Get /api/v2/traces/{id}: traces.read
        Get /api/v2/traces: traces.read
        Get /api/v3/dependencies: topology.read
        Get /api/v3/operations: traces.read
        Get /api/v3/services: traces.read
        Get /api/v3/trace-summaries: traces.read
        Get /api/v3/traces/{id}: traces.read
        Get /api/v3/traces: traces.read
        Get /auth/callback: session.change
        Get /auth/login: session.change
        Get /auth/methods: session.change
        Get /config.json: spec.read
        Get /healthz: health.read
        Get /jaeger/api/dependencies: topology.read
        Get /jaeger/api/metrics/calls: metrics.read
        Get /jaeger/api/metrics/errors: metrics.read
        Get /jaeger/api/metrics/latencies: metrics.read
        Get /jaeger/api/metrics/minstep: metrics.read
        Get /jaeger/api/operations: traces.read
        Get /jaeger/api/quality-metrics: metrics.read
        Get /jaeger/api/services/{service}/operations: traces.read
        Get /jaeger/api/services: traces.read
        Get /jaeger/api/traces/{id}: traces.read
        Get /jaeger/api/traces: traces.read
        Get /jaeger/api/v3/dependencies: topology.read
        Get /jaeger/api/v3/operations: traces.read
        Get /jaeger/api/v3/services: traces.read
        Get /jaeger/api/v3/trace-summaries: traces.read
        Get /jaeger/api/v3/traces/{id}: traces.read
        Get /jaeger/api/v3/traces: traces.read
        Get /metrics: exposition.read
        Get /prometheus/-/healthy: health.read
        Get /prometheus/-/ready: health.read
        Get /prometheus/: health.read
        Get /prometheus/api/v1/label/{name}/values: metrics.read
        Get /prometheus/api/v1/labels: metrics.read
        Get /prometheus/api/v1/metadata: metrics.read
        Get /prometheus/api/v1/query: metrics.read
        Get /prometheus/api/v1/query_exemplars: metrics.read
        Get /prometheus/api/v1/query_range: metrics.read
        Get /prometheus/api/v1/series: metrics.read
        Get /prometheus/api/v1/status/buildinfo: metrics.read
        Get /ready: health.read
        Get /status/version: spec.read
        Get /status: spec.read
        Get /t/{id}: page.read
        Get /tempo/api/echo: health.read
        Get /tempo/api/metrics/query: traces.read
        Get /tempo/api/metrics/query_range: traces.read
        Get /tempo/api/search/tag/{tag}/values: traces.read
        Get /tempo/api/search/tags: traces.read
        Get /tempo/api/search: traces.read
        Get /tempo/api/status/buildinfo: spec.read
        Get /tempo/api/traces/{id}: traces.read
        Get /tempo/api/v2/search/tag/{tag}/values: traces.read
        Get /tempo/api/v2/search/tags: traces.read
        Get /tempo/api/v2/traces/{id}: traces.read
        Get /tempo/ready: health.read
        Get /tempo/status/version: spec.read
        Get /tempo/status: spec.read
        Get /trace/{id}: page.read
        Get /ui/: page.read
        Get /ui/{name}: page.read
        Get /ui: page.read
        Get /zipkin/api/v2/autocompleteKeys: traces.read
        Get /zipkin/api/v2/autocompleteValues: traces.read
        Get /zipkin/api/v2/dependencies: topology.read
        Get /zipkin/api/v2/remoteServices: traces.read
        Get /zipkin/api/v2/services: traces.read
        Get /zipkin/api/v2/spans: traces.read
        Get /zipkin/api/v2/trace/{id}: traces.read
        Get /zipkin/api/v2/traceMany: traces.read
        Get /zipkin/api/v2/traces: traces.read
        Get /zipkin/config.json: spec.read
        Get /zipkin/health: health.read
        Get /zipkin/info: spec.read
        Post /api/archive/{id}: traces.read
        Post /api/transform: traces.read
        Post /api/v1/labels: metrics.read
        Post /api/v1/query: metrics.read
        Post /api/v1/query_exemplars: metrics.read
        Post /api/v1/query_range: metrics.read
        Post /api/v1/series: metrics.read
        Post /api/v1/sql: sql.read
        Post /api/v2/spans: spec.read
        Post /api/v3/trace-summaries: traces.read
        Post /api/v3/traces: traces.read
        Post /auth/logout: session.change
        Post /auth/token: session.change
        Post /coral.colony.v1.ColonyService/JoinAgent: agent.join
        Post /coral.colony.v1.ColonyService/RegisterAgent: agent.register
        Post /coral.colony.v1.ColonyService/RenewCertificate: certificate.renew
        Post /grpc.health.v1.Health/Check: health.read
        Post /grpc.health.v1.Health/Watch: status.read
        Post /grpc.reflection.v1.ServerReflection/ServerReflectionInfo: spec.read
        Post /jaeger.api_v3.QueryService/FindTraceSummaries: traces.read
        Post /jaeger.api_v3.QueryService/FindTraces: traces.read
        Post /jaeger.api_v3.QueryService/GetDependencies: topology.read
        Post /jaeger.api_v3.QueryService/GetOperations: traces.read
        Post /jaeger.api_v3.QueryService/GetServices: traces.read
        Post /jaeger.api_v3.QueryService/GetTrace: traces.read
        Post /jaeger.storage.v2.DependencyReader/GetDependencies: topology.read
        Post /jaeger.storage.v2.TraceReader/FindTraceIDs: traces.read
        Post /jaeger.storage.v2.TraceReader/FindTraces: traces.read
        Post /jaeger.storage.v2.TraceReader/GetOperations: traces.read
        Post /jaeger.storage.v2.TraceReader/GetServices: traces.read
        Post /jaeger.storage.v2.TraceReader/GetTraces: traces.read
        Post /jaeger/api/archive/{id}: traces.read
        Post /jaeger/api/transform: traces.read
        Post /jaeger/api/v3/trace-summaries: traces.read
        Post /jaeger/api/v3/traces: traces.read
        Post /mcp: self.read
        Post /prometheus/api/v1/labels: metrics.read
        Post /prometheus/api/v1/query: metrics.read
        Post /prometheus/api/v1/query_exemplars: metrics.read
        Post /prometheus/api/v1/query_range: metrics.read
        Post /prometheus/api/v1/series: metrics.read
        Post /tempopb.StreamingQuerier/MetricsQueryInstant: traces.read
        Post /tempopb.StreamingQuerier/MetricsQueryRange: traces.read
        Post /tempopb.StreamingQuerier/Search: traces.read
        Post /tempopb.StreamingQuerier/SearchTagValues: traces.read
        Post /tempopb.StreamingQuerier/SearchTagValuesV2: traces.read
        Post /tempopb.StreamingQuerier/SearchTags: traces.read
        Post /tempopb.StreamingQuerier/SearchTagsV2: traces.read
        Post /zipkin/api/v2/spans: spec.read
    "#]]
    .assert_eq(&table(&guarded_door(&dir).await));
}
