//! The colony's side of an agent's RPC.

use std::time::Duration;

use coral_trace::Collector;
use coral_trace::red::Delta;
use coral_wire::agent_rpc::proto::agent_service_client::AgentServiceClient;
use coral_wire::agent_rpc::proto::{
    MetricPage, QueryBeylaMetricsRequest, QueryTelemetryRequest, SpanEncoding, SpanPage,
};
use coral_wire::agent_rpc::take_metrics;
use tonic::transport::{Channel, Endpoint};

use crate::errors::chain;

/// An agent that can be asked for pages: a real one, or a test's script of one.
pub trait AgentClient: Send + 'static {
    /// The spans of `collector` with a receipt above `after`, as many as the agent puts into one page.
    fn page(
        &mut self,
        collector: Collector,
        after: u64,
    ) -> impl Future<Output = Result<SpanPage, PollError>> + Send;

    /// The metrics with a receipt above `after`, likewise; `None` from an agent that has none to give.
    fn metrics(
        &mut self,
        after: u64,
    ) -> impl Future<Output = Result<Option<MetricAnswer>, PollError>> + Send {
        let _ = after;
        async { Ok(None) }
    }
}

/// A page of metrics.
pub struct MetricAnswer {
    /// Where it stands.
    pub page: MetricPage,
    /// In order of receipt.
    pub deltas: Vec<Delta>,
}

/// Why an agent's spans could not be polled. The place in its stream is unchanged.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PollError {
    /// No connection, or it broke.
    #[error("cannot reach agent: {0}")]
    Unreachable(String),
    /// The agent answered with an error.
    #[error("agent refused: {0}")]
    Refused(String),
    /// Nothing came in time.
    #[error("agent did not answer within {0:?}")]
    TimedOut(Duration),
    /// The agent knows no receipts: it is older than this colony.
    #[error("agent is too old: its answer has no page")]
    NoPage,
    /// Its pages do not move on, or change their store again and again: two agents behind one address?
    #[error("agent's pages do not move on from receipt {0}")]
    Standstill(u64),
    /// The page's spans could not be read.
    #[error("cannot read the agent's page: {0}")]
    Undecodable(String),
    /// This colony's store could not write them.
    #[error("cannot store the page: {0}")]
    CannotStore(String),
}

/// An agent over gRPC. Connects when it is first asked, and again after a failure.
pub struct GrpcAgent {
    address: String,
    connected: Option<AgentServiceClient<Channel>>,
}

/// A page is at most 4 MiB; a little more tells us of an agent that breaks its word.
const MOST_BYTES: usize = 8 << 20;
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

impl GrpcAgent {
    /// The agent at `address`, such as `http://10.0.0.5:9001`.
    pub fn new(address: String) -> Self {
        Self { address, connected: None }
    }

    fn client(&mut self) -> Result<&mut AgentServiceClient<Channel>, PollError> {
        if self.connected.is_none() {
            let endpoint = Endpoint::from_shared(self.address.clone())
                .map_err(|error| PollError::Unreachable(chain(&error)))?
                .connect_timeout(CONNECT_WITHIN);
            let client = AgentServiceClient::new(endpoint.connect_lazy())
                .max_decoding_message_size(MOST_BYTES);
            self.connected = Some(client);
        }
        Ok(self.connected.as_mut().expect("connected above"))
    }
}

impl AgentClient for GrpcAgent {
    async fn page(&mut self, collector: Collector, after: u64) -> Result<SpanPage, PollError> {
        let client = self.client()?;
        let page = match collector {
            Collector::Ebpf => client
                .query_beyla_metrics(QueryBeylaMetricsRequest {
                    include_traces: true,
                    after_receipt: Some(after),
                    span_encoding: SpanEncoding::Otlp.into(),
                    ..QueryBeylaMetricsRequest::default()
                })
                .await
                .map(|answer| answer.into_inner().page),
            Collector::Sdk => client
                .query_telemetry(QueryTelemetryRequest {
                    after_receipt: Some(after),
                    span_encoding: SpanEncoding::Otlp.into(),
                    ..QueryTelemetryRequest::default()
                })
                .await
                .map(|answer| answer.into_inner().page),
        };
        page.map_err(|status| poll_error(&status))?.ok_or(PollError::NoPage)
    }

    async fn metrics(&mut self, after: u64) -> Result<Option<MetricAnswer>, PollError> {
        let request = QueryBeylaMetricsRequest {
            after_metric_receipt: Some(after),
            ..QueryBeylaMetricsRequest::default()
        };
        let answer = self.client()?.query_beyla_metrics(request).await;
        let mut answer = answer.map_err(|status| poll_error(&status))?.into_inner();
        let Some(page) = answer.metric_page.take() else { return Ok(None) };
        let deltas = take_metrics(answer).map_err(PollError::Undecodable)?;
        Ok(Some(MetricAnswer { page, deltas }))
    }
}

fn poll_error(status: &tonic::Status) -> PollError {
    match std::error::Error::source(status) {
        Some(transport) => PollError::Unreachable(chain(transport)),
        None => PollError::Refused(format!("{}: {}", status.code(), status.message())),
    }
}
