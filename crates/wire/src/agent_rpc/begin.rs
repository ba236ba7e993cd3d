//! Sends requests to agents, and leaves it to the caller when to read the answers.
//!
//! The generated client reads an answer as soon as the answer arrives. A colony with many agents
//! would then hold as many pages in memory as it has agents.

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

/// An answer that the agent has started to send. Until [`UnreadAnswer::read`], at most one HTTP/2
/// window of the answer is sent; the rest stays at the agent.
pub struct UnreadAnswer<A>(Streaming<A>);

/// Calls `QueryBeylaMetrics`. Returns when the agent starts to answer. Reading an answer of more
/// than `max_bytes` bytes is an error.
///
/// # Errors
/// The status that the agent answered, or that of a failed connection.
pub async fn query_beyla_metrics(
    channel: Channel,
    question: QueryBeylaMetricsRequest,
    max_bytes: usize,
) -> Result<UnreadAnswer<QueryBeylaMetricsResponse>, Status> {
    begin(channel, "/coral.agent.v1.AgentService/QueryBeylaMetrics", question, max_bytes).await
}

/// Calls `QueryTelemetry`, as [`query_beyla_metrics`] calls `QueryBeylaMetrics`.
///
/// # Errors
/// The errors of [`query_beyla_metrics`].
pub async fn query_telemetry(
    channel: Channel,
    question: QueryTelemetryRequest,
    max_bytes: usize,
) -> Result<UnreadAnswer<QueryTelemetryResponse>, Status> {
    begin(channel, "/coral.agent.v1.AgentService/QueryTelemetry", question, max_bytes).await
}

/// Sends a unary request as a server-streaming request whose answer is one message, because tonic's
/// unary call would read the answer at once.
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
    /// Reads the whole answer.
    ///
    /// # Errors
    /// A broken connection, an answer that is invalid or too long, or an error status that the
    /// agent sends after the answer.
    pub async fn read(mut self) -> Result<A, Status> {
        let answer = self.0.message().await?;
        let answer = answer.ok_or_else(|| Status::internal("the answer has no message"))?;
        self.0.trailers().await?;
        Ok(answer)
    }
}
