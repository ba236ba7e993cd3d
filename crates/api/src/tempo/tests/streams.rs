//! `tempopb.StreamingQuerier`, as Grafana asks it when streaming is on.

use coral_wire::tempo_rpc::proto::streaming_querier_client::StreamingQuerierClient;
use coral_wire::tempo_rpc::proto::{
    QueryInstantRequest, QueryRangeRequest, SearchRequest, SearchTagValuesRequest,
    SearchTagsRequest,
};
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
async fn values_and_metrics_are_streamed() {
    let world = World::start().await;
    let mut client = client(&world).await;
    let tag_name = "resource.service.name".to_owned();
    let request = SearchTagValuesRequest { tag_name, ..SearchTagValuesRequest::default() };
    let mut typed = client.search_tag_values_v2(request.clone()).await.unwrap().into_inner();
    let values = typed.message().await.unwrap().unwrap().tag_values;
    assert_eq!((&*values[0].r#type, &*values[0].value, values.len()), ("string", "cart", 2));
    let request = SearchTagValuesRequest { tag_name: "service.name".into(), ..request };
    let mut flat = client.search_tag_values(request).await.unwrap().into_inner();
    assert_eq!(flat.message().await.unwrap().unwrap().tag_values, ["cart", "shop"]);
    let (start, end) = ((NOON - 60) * 1_000_000_000, (NOON + 60) * 1_000_000_000);
    let query = "{ } | count_over_time() by (resource.service.name)".to_owned();
    let range = QueryRangeRequest {
        query: query.clone(),
        start,
        end,
        step: 60_000_000_000,
        ..QueryRangeRequest::default()
    };
    let mut range = client.metrics_query_range(range).await.unwrap().into_inner();
    let found = range.message().await.unwrap().unwrap();
    let sums: Vec<f64> = found
        .series
        .iter()
        .map(|series| series.samples.iter().map(|sample| sample.value).sum())
        .collect();
    assert_eq!(sums, [1.0, 1.0]);
    let instant = QueryInstantRequest { query, start, end };
    let mut instant = client.metrics_query_instant(instant).await.unwrap().into_inner();
    let found = instant.message().await.unwrap().unwrap();
    assert_eq!(found.series.iter().map(|series| series.value).collect::<Vec<_>>(), [1.0, 1.0]);
    assert_eq!(instant.message().await.unwrap(), None);
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
