//! `tempopb.StreamingQuerier`, as Grafana asks it when streaming is on.

use coral_wire::tempo_rpc::proto::streaming_querier_client::StreamingQuerierClient;
use coral_wire::tempo_rpc::proto::{
    QueryInstantRequest, QueryRangeRequest, SearchRequest, SearchTagValuesRequest,
    SearchTagsRequest,
};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

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

#[tokio::test]
async fn missing_huge_and_wrong_fields_are_told_in_the_status() {
    let world = World::start().await;
    let mut client = client(&world).await;
    let invalid = |error: Status, text: &str| {
        assert_eq!(error.code(), Code::InvalidArgument, "{text}: {error}");
        assert!(error.message().starts_with(text), "{error}");
    };
    let search = |query: &str| SearchRequest { query: query.into(), ..SearchRequest::default() };
    let tags = [("a".to_owned(), "b".to_owned())].into();
    for (request, text) in [
        (search("{ .a = "), "invalid TraceQL query: parse error at line 1"),
        (search(&"(".repeat(1 << 14)), "invalid TraceQL query: "),
        (SearchRequest { limit: u32::MAX, ..search("") }, "invalid limit: 4294967295 exceeds"),
        (SearchRequest { spans_per_span_set: 1_001, ..search("") }, "invalid spss: 1001 exceeds"),
        (SearchRequest { tags, ..search("{}") }, "invalid request: can't specify tags and q"),
        (
            SearchRequest { min_duration_ms: u32::MAX, max_duration_ms: 1, ..search("") },
            "invalid maxDuration: must be greater",
        ),
        (SearchRequest { start: u32::MAX, end: 1, ..search("") }, "http parameter start must be"),
    ] {
        invalid(client.search(request).await.unwrap_err(), text);
    }
    let error = client.search(search(&"(".repeat(1 << 20))).await.unwrap_err();
    let text = "the body of the request has more than 65536 bytes: send less";
    assert_eq!(error.message(), text);
    let range = |query: &str| QueryRangeRequest { query: query.into(), ..Default::default() };
    let rate = "{ } | rate()";
    for (request, text) in [
        (range(""), "compiling query: the parameter `q` is missing"),
        (range("{ }"), "compiling query: not a metrics query"),
        (range("{ } | rate() by (x"), "compiling query: parse error at line 1"),
        (QueryRangeRequest { start: 9, end: 9, ..range(rate) }, "end must be greater than start"),
        (QueryRangeRequest { step: 1, ..range(rate) }, "step of 1ns is too small, minimum step"),
    ] {
        invalid(client.metrics_query_range(request).await.unwrap_err(), text);
    }
    let request = SearchTagValuesRequest::default();
    let error = client.search_tag_values_v2(request).await.unwrap_err();
    invalid(error, "please provide a non-empty tagName");
    drop(client);
    world.stop().await;
}

#[tokio::test]
async fn the_largest_times_and_steps_and_numbers_are_answered() {
    let world = World::start().await;
    let mut client = client(&world).await;
    let request = QueryRangeRequest {
        query: "{ } | count_over_time()".into(),
        start: 1,
        end: u64::MAX,
        step: u64::MAX,
        exemplars: u32::MAX,
        max_series: u32::MAX,
    };
    let mut range = client.metrics_query_range(request).await.unwrap().into_inner();
    let found = range.message().await.unwrap().unwrap();
    assert_eq!(found.series[0].samples[0].value, 2.0);
    let request = SearchRequest {
        start: 1,
        end: u32::MAX,
        limit: 1_000,
        spans_per_span_set: 1_000,
        ..SearchRequest::default()
    };
    let mut found = client.search(request).await.unwrap().into_inner();
    assert_eq!(found.message().await.unwrap().unwrap().traces.len(), 1);
    drop(client);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_whose_client_hangs_up_ends_its_work_and_the_next_one_begins() {
    let colony = crate::json::tests::Colony::start().await;
    let mut tasks = tokio::task::JoinSet::new();
    let mut ask = |rate: bool| {
        let url = format!("http://{}", colony.address);
        tasks.spawn(async move {
            let mut client = StreamingQuerierClient::connect(url).await.unwrap();
            let query = "{ } >> { status = error } | rate()".to_owned();
            let request = QueryRangeRequest { query, ..QueryRangeRequest::default() };
            match rate {
                true => drop(client.metrics_query_range(request).await),
                false => drop(client.search(SearchRequest::default()).await),
            }
        })
    };
    let first = ask(false);
    colony.begins().await;
    assert_eq!((colony.counter("running"), colony.counter("cancelled")), (1, 0));
    let next = ask(true);
    first.abort();
    // The next question begins only if the turn is free again.
    colony.begins().await;
    assert_eq!((colony.counter("running"), colony.counter("cancelled")), (1, 1));
    next.abort();
    while tasks.join_next().await.is_some() {}
    colony.stop().await;
}
