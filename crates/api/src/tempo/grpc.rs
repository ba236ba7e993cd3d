//! `tempopb.StreamingQuerier`: the questions of the HTTP API as gRPC streams. A stream has one
//! message, because one store answers at once.

use axum::routing::post_service;
use coral_server::door::{Door, Permission};
use coral_wire::tempo_rpc::proto;
use coral_wire::tempo_rpc::proto::streaming_querier_server::{
    self, StreamingQuerier, StreamingQuerierServer,
};
use http::StatusCode;
use tokio_stream::Once;
use tonic::{Code, Request, Response, Status};

use super::metrics::{Instant, Range};
use super::operation::{Operation, ask};
use super::refused::Refused;
use super::search::Search;
use super::tag_names::{FlatTagNames, TagNameList};
use super::tag_values::{FlatTagValues, TagValueList};
use crate::answering::Answering;

/// Adds `tempopb.StreamingQuerier` to `door`.
pub fn add_rpcs(door: Door, answering: &Answering) -> Door {
    let querier = Querier { answering: answering.clone() };
    let methods = [
        "Search",
        "SearchTags",
        "SearchTagsV2",
        "SearchTagValues",
        "SearchTagValuesV2",
        "MetricsQueryRange",
        "MetricsQueryInstant",
    ]
    .map(|name| (name, Permission::TracesRead));
    let server = post_service(StreamingQuerierServer::new(querier));
    door.rpc(streaming_querier_server::SERVICE_NAME, &methods, &server)
}

struct Querier {
    answering: Answering,
}

type Stream<T> = Once<Result<T, Status>>;

impl Querier {
    /// Answers the operation of a request.
    async fn stream<R, O: Operation>(
        &self,
        request: Request<R>,
        operation: impl FnOnce(R) -> Result<O, Refused>,
    ) -> Result<Response<Stream<O::Answer>>, Status> {
        let (_, extensions, request) = request.into_parts();
        let operation = operation(request)?;
        let (details, answer) = ask(&self.answering, &extensions, operation, |answer| answer).await;
        let mut response = Response::new(tokio_stream::once(Ok(answer?)));
        response.extensions_mut().insert(details);
        Ok(response)
    }
}

#[tonic::async_trait]
impl StreamingQuerier for Querier {
    type SearchStream = Stream<proto::SearchResponse>;
    type SearchTagsStream = Stream<proto::SearchTagsResponse>;
    type SearchTagsV2Stream = Stream<proto::SearchTagsV2Response>;
    type SearchTagValuesStream = Stream<proto::SearchTagValuesResponse>;
    type SearchTagValuesV2Stream = Stream<proto::SearchTagValuesV2Response>;
    type MetricsQueryRangeStream = Stream<proto::QueryRangeResponse>;
    type MetricsQueryInstantStream = Stream<proto::QueryInstantResponse>;

    async fn search(
        &self,
        request: Request<proto::SearchRequest>,
    ) -> Result<Response<Self::SearchStream>, Status> {
        self.stream(request, Search::of_request).await
    }

    async fn search_tags(
        &self,
        request: Request<proto::SearchTagsRequest>,
    ) -> Result<Response<Self::SearchTagsStream>, Status> {
        self.stream(request, |request| FlatTagNames::of_request(&request)).await
    }

    async fn search_tags_v2(
        &self,
        request: Request<proto::SearchTagsRequest>,
    ) -> Result<Response<Self::SearchTagsV2Stream>, Status> {
        self.stream(request, |request| TagNameList::of_request(&request)).await
    }

    async fn search_tag_values(
        &self,
        request: Request<proto::SearchTagValuesRequest>,
    ) -> Result<Response<Self::SearchTagValuesStream>, Status> {
        self.stream(request, |request| FlatTagValues::of_request(&request)).await
    }

    async fn search_tag_values_v2(
        &self,
        request: Request<proto::SearchTagValuesRequest>,
    ) -> Result<Response<Self::SearchTagValuesV2Stream>, Status> {
        self.stream(request, |request| TagValueList::of_request(&request)).await
    }

    async fn metrics_query_range(
        &self,
        request: Request<proto::QueryRangeRequest>,
    ) -> Result<Response<Self::MetricsQueryRangeStream>, Status> {
        self.stream(request, Range::of_request).await
    }

    async fn metrics_query_instant(
        &self,
        request: Request<proto::QueryInstantRequest>,
    ) -> Result<Response<Self::MetricsQueryInstantStream>, Status> {
        self.stream(request, Instant::of_request).await
    }
}

impl From<Refused> for Status {
    fn from(refused: Refused) -> Self {
        let code = match refused.status {
            StatusCode::BAD_REQUEST => Code::InvalidArgument,
            StatusCode::NOT_FOUND => Code::NotFound,
            StatusCode::TOO_MANY_REQUESTS => Code::ResourceExhausted,
            StatusCode::UNPROCESSABLE_ENTITY => Code::FailedPrecondition,
            StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
            StatusCode::GATEWAY_TIMEOUT => Code::DeadlineExceeded,
            _ => Code::Internal,
        };
        Self::new(code, refused.message)
    }
}
