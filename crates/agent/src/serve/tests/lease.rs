//! Colonies of one cluster, over the RPC.

use coral_server::listen;
use coral_wire::agent_rpc::lease::HeldLease;
use coral_wire::agent_rpc::proto::agent_service_client::AgentServiceClient;
use tokio::net::TcpListener;
use tonic::Code;
use tonic::transport::Channel;

use super::*;

/// A poll of eBPF spans by a colony of the cluster `c`.
fn spans_for(colony: &str, lease_ms: u32) -> QueryBeylaMetricsRequest {
    QueryBeylaMetricsRequest {
        include_traces: true,
        after_receipt: Some(0),
        cluster_id: "c".to_owned(),
        colony_id: colony.to_owned(),
        lease_ms,
        ..QueryBeylaMetricsRequest::default()
    }
}

fn metrics_for(colony: &str) -> QueryBeylaMetricsRequest {
    QueryBeylaMetricsRequest {
        after_metric_receipt: Some(0),
        include_traces: false,
        after_receipt: None,
        ..spans_for(colony, 30_000)
    }
}

fn sdk_spans_for(colony: &str, lease_ms: u32) -> QueryTelemetryRequest {
    QueryTelemetryRequest {
        after_receipt: Some(0),
        cluster_id: "c".to_owned(),
        colony_id: colony.to_owned(),
        lease_ms,
        ..QueryTelemetryRequest::default()
    }
}

/// Who has the lease, if the poll was refused because of that.
fn holder<A>(answer: &Result<Response<A>, Status>) -> Option<String> {
    let held = HeldLease::from_status(answer.as_ref().err()?)?;
    assert!(held.remaining > Duration::from_secs(20), "{held:?}");
    Some(held.holder)
}

/// Calls `test` with a client of an agent that has one span.
async fn with_client(test: impl AsyncFnOnce(AgentServiceClient<Channel>)) {
    let (rpc, _dir) = agent(QUERIES.max_running);
    append_one(&rpc.view.store, Collector::Ebpf);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let hosts = AllowedHosts::of_this_host(&[], "agent.allowed_hosts");
    let door = door(rpc.view.clone(), hosts).await.unwrap();
    let (mut tasks, stop) = (JoinSet::new(), CancellationToken::new());
    tasks.spawn(listen::serve(listener, None, door, stop.clone()));
    test(AgentServiceClient::connect(address).await.unwrap()).await;
    stop.cancel();
    tasks.join_next().await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn while_one_colony_of_a_cluster_has_the_lease_every_rpc_refuses_the_others() {
    with_client(async |mut agent| {
        let polled = agent.query_beyla_metrics(spans_for("a", 30_000)).await.unwrap().into_inner();
        assert_eq!(polled.page.unwrap().spans, 1);
        let by_a = Some("a".to_owned());
        assert_eq!(holder(&agent.query_beyla_metrics(spans_for("b", 30_000)).await), by_a);
        assert_eq!(holder(&agent.query_beyla_metrics(metrics_for("b")).await), by_a);
        assert_eq!(holder(&agent.query_telemetry(sdk_spans_for("b", 30_000)).await), by_a);
        assert!(agent.query_beyla_metrics(metrics_for("a")).await.is_ok());
        assert!(agent.query_telemetry(sdk_spans_for("a", 30_000)).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn a_lease_that_is_given_up_is_free_at_once_and_its_answer_is_empty() {
    with_client(async |mut agent| {
        agent.query_beyla_metrics(spans_for("a", 30_000)).await.unwrap();
        // Only the holder can give it up.
        let other = agent.query_telemetry(sdk_spans_for("b", 0)).await.unwrap().into_inner();
        assert_eq!(other.page, None);
        assert!(holder(&agent.query_beyla_metrics(spans_for("b", 30_000)).await).is_some());
        let given_up = agent.query_telemetry(sdk_spans_for("a", 0)).await.unwrap().into_inner();
        assert_eq!(given_up.page, None);
        assert!(agent.query_beyla_metrics(spans_for("b", 30_000)).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn a_caller_without_a_cluster_needs_no_lease_and_another_cluster_has_its_own() {
    with_client(async |mut agent| {
        agent.query_beyla_metrics(spans_for("a", 30_000)).await.unwrap();
        let alone = QueryTelemetryRequest { after_receipt: Some(0), ..Default::default() };
        assert!(agent.query_telemetry(alone).await.is_ok());
        let elsewhere = QueryTelemetryRequest {
            cluster_id: "another".to_owned(),
            ..sdk_spans_for("b", 30_000)
        };
        assert!(agent.query_telemetry(elsewhere).await.is_ok());
        assert!(holder(&agent.query_telemetry(sdk_spans_for("b", 30_000)).await).is_some());
    })
    .await;
}

#[tokio::test]
async fn a_poll_that_is_refused_for_its_fields_takes_no_lease() {
    with_client(async |mut agent| {
        let wrong = QueryTelemetryRequest { start_time: 5, ..sdk_spans_for("a", 30_000) };
        let refused = agent.query_telemetry(wrong).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        let nameless = sdk_spans_for("", 30_000);
        assert_eq!(
            agent.query_telemetry(nameless).await.unwrap_err().code(),
            Code::InvalidArgument
        );
        assert!(agent.query_telemetry(sdk_spans_for("b", 30_000)).await.is_ok());
    })
    .await;
}
