//! `tempopb.StreamingQuerier`, as Grafana asks it when streaming is on.

use coral_wire::tempo_rpc::proto::streaming_querier_client::StreamingQuerierClient;
use coral_wire::tempo_rpc::proto::{SearchRequest, SearchTagsRequest};
use tonic::transport::Channel;
use tonic::{Code, Request};

use super::*;

async fn client(world: &World) -> StreamingQuerierClient<Channel> {
    StreamingQuerierClient::connect(format!("http://{}", world.address)).await.unwrap()
}

#[tokio::test]
async fn a_search_is_a_stream_of_one_message() {
    let world = World::start().await;
    let mut client = client(&world).await;
    let mut request = Request::new(SearchRequest {
        start: NOON as u32 - 900,
        end: NOON as u32,
        ..SearchRequest::default()
    });
    request.metadata_mut().insert("x-scope-orgid", "tenant-1".parse().unwrap());
    let mut stream = client.search(request).await.unwrap().into_inner();
    let found = stream.message().await.unwrap().unwrap();
    assert_eq!(found.traces.len(), 1);
    let trace = &found.traces[0];
    assert_eq!((&*trace.trace_id, trace.duration_ms), (TRACE, 1_500));
    assert_eq!(trace.service_stats["cart"].error_count, 1);
    assert_eq!(found.metrics.unwrap().total_jobs, 1);
    assert_eq!(stream.message().await.unwrap(), None);
    drop(client);
    world.stop().await;
}

#[tokio::test]
async fn keys_are_streamed_with_and_without_scopes() {
    let world = World::start().await;
    let mut client = client(&world).await;
    let request = SearchTagsRequest { scope: "span".into(), ..SearchTagsRequest::default() };
    let mut scoped = client.search_tags_v2(request.clone()).await.unwrap().into_inner();
    let scopes = scoped.message().await.unwrap().unwrap().scopes;
    assert_eq!((&*scopes[0].name, &*scopes[0].tags.join(" ")), ("span", "http.route items"));
    let mut flat = client.search_tags(request).await.unwrap().into_inner();
    assert_eq!(flat.message().await.unwrap().unwrap().tag_names, ["http.route", "items"]);
    drop(client);
    world.stop().await;
}

#[tokio::test]
async fn a_wrong_request_is_an_invalid_argument() {
    let world = World::start().await;
    let mut client = client(&world).await;
    let request = SearchRequest { start: 9, end: 3, ..SearchRequest::default() };
    let error = client.search(request).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert!(error.message().starts_with("http parameter start must be before end."), "{error}");
    let request = SearchTagsRequest { scope: "nosuch".into(), ..SearchTagsRequest::default() };
    let error = client.search_tags_v2(request).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::InvalidArgument, "invalid scope: nosuch"));
    drop(client);
    world.stop().await;
}
