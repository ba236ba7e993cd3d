//! Questions to agents whose answers are read later than they begin.
//!
//! The generated client reads an answer as soon as it comes; a colony of many agents would then hold as
//! many pages as it has agents.

use http::uri::PathAndQuery;
use prost::Message;
use tonic::client::Grpc;
use tonic::transport::Channel;
use tonic::{Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;

use super::proto::{
    QueryBeylaMetricsRequest, QueryBeylaMetricsResponse, QueryTelemetryRequest,
    QueryTelemetryResponse,
};

/// An answer that has begun to come. What is not read of it stays with the agent, but for one window of HTTP/2.
pub struct UnreadAnswer<A>(Streaming<A>);

/// Asks `QueryBeylaMetrics`. Returns when the agent begins to answer; a message of more than `max_bytes` is
/// an error then.
///
/// # Errors
/// The agent's own status, or that of a connection that failed.
pub async fn query_beyla_metrics(
    channel: Channel,
    question: QueryBeylaMetricsRequest,
    max_bytes: usize,
) -> Result<UnreadAnswer<QueryBeylaMetricsResponse>, Status> {
    begin(channel, "/coral.agent.v1.AgentService/QueryBeylaMetrics", question, max_bytes).await
}

/// Asks `QueryTelemetry`, likewise.
///
/// # Errors
/// As [`query_beyla_metrics`].
pub async fn query_telemetry(
    channel: Channel,
    question: QueryTelemetryRequest,
    max_bytes: usize,
) -> Result<UnreadAnswer<QueryTelemetryResponse>, Status> {
    begin(channel, "/coral.agent.v1.AgentService/QueryTelemetry", question, max_bytes).await
}

/// A unary question is a streaming one whose answer has one message.
async fn begin<Q, A>(
    channel: Channel,
    path: &'static str,
    question: Q,
    max_bytes: usize,
) -> Result<UnreadAnswer<A>, Status>
where
    Q: Message + 'static,
    A: Message + Default + 'static,
{
    let mut grpc = Grpc::new(channel).max_decoding_message_size(max_bytes);
    grpc.ready().await.map_err(|error| Status::from_error(error.into()))?;
    let (path, codec) = (PathAndQuery::from_static(path), ProstCodec::<Q, A>::default());
    let answer = grpc.server_streaming(Request::new(question), path, codec).await;
    answer.map(Response::into_inner).map(UnreadAnswer)
}

impl<A> UnreadAnswer<A> {
    /// The whole answer.
    ///
    /// # Errors
    /// A connection that broke, an answer that is no message or too long, or the agent's status behind it.
    pub async fn read(mut self) -> Result<A, Status> {
        let answer = self.0.message().await?;
        let answer = answer.ok_or_else(|| Status::internal("the answer has no message"))?;
        self.0.trailers().await?;
        Ok(answer)
    }
}
