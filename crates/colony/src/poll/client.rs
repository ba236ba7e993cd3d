//! The client of an agent's RPCs.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use coral_engine::ColumnsLayout;
use coral_server::certificate::Certificate;
use coral_server::connect::{Connector, over_connector};
use coral_trace::Collector;
use coral_trust::tls::Belief;
use coral_trust::workload::Workload;
use coral_wire::agent_rpc::begin;
use coral_wire::agent_rpc::lease::HeldLease;
use coral_wire::agent_rpc::proto::{
    QueryBeylaMetricsRequest, QueryBeylaMetricsResponse, QueryTelemetryRequest, SpanEncoding,
    SpanPage,
};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

use super::error::PollError;
use super::lease::LeaseTerms;
use coral_trace::chain;

/// An agent that returns pages: over gRPC, or a script in tests.
pub trait AgentClient: Send + 'static {
    /// Requests a page of spans. Returns when the agent starts to answer; the page uses memory only
    /// while the returned future reads it.
    fn ask(
        &mut self,
        wanted: SpanPageRequest,
    ) -> impl Future<Output = Result<Incoming<SpanPage>, PollError>> + Send;

    /// Requests a page of metrics, as `ask` requests spans. An agent too old for metrics returns an
    /// answer without a page of metrics.
    fn ask_metrics(
        &mut self,
        wanted: MetricPageRequest,
    ) -> impl Future<Output = Result<Incoming<QueryBeylaMetricsResponse>, PollError>> + Send;

    /// Drops the connection, so that the next request opens a new one.
    fn hang_up(&mut self);

    /// Gives the agent's lease up, so that another colony of the cluster may poll at once. A client
    /// that asks for no lease does nothing.
    fn release(&mut self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

/// A request for one page of spans.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SpanPageRequest {
    /// The stream: eBPF or SDK spans.
    pub collector: Collector,
    /// Spans with a receipt above this one.
    pub after: u64,
    /// The most spans in the page. The agent returns fewer if the answer would be too long.
    pub most_spans: u32,
    /// The longest time that the agent waits for a receipt above `after`. An older agent answers at
    /// once.
    pub wait: Duration,
    /// The layout of columns in which the page is wanted; `None` for a page of spans. An agent with
    /// another layout sends spans.
    pub columns: Option<ColumnsLayout>,
}

/// A request for one page of metrics.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MetricPageRequest {
    /// Metrics with a receipt above this one.
    pub after: u64,
    /// The most metrics in the page. The agent returns fewer if the answer would be too long.
    pub most_metrics: u32,
}

/// Reads a page whose answer has started.
pub type Incoming<P> = Pin<Box<dyn Future<Output = Result<P, PollError>> + Send>>;

/// What a colony shows to agents, and which of them it believes.
#[derive(Clone)]
pub struct ColonyIdentity {
    /// The colony's certificate.
    pub certificate: Arc<Certificate>,
    /// Whether the certificate of an agent was not revoked.
    pub belief: Belief,
}

/// An agent over gRPC. Connects at the first request, and again after a failure.
pub struct GrpcAgent {
    address: String,
    connector: Result<Connector, String>,
    connected: Option<Channel>,
    lease: Option<LeaseTerms>,
}

/// The fields of a request that are about a lease. All are empty for a colony without a cluster.
#[derive(Default)]
struct LeaseFields {
    cluster_id: String,
    colony_id: String,
    lease_ms: u32,
}

/// Limit of an answer. Agents send at most 4 MiB; a larger answer is an error of the agent.
const MAX_BYTES: usize = 8 << 20;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// While a request is open, an HTTP/2 ping is sent at this interval and must be answered within
/// [`KEEP_ALIVE_TIMEOUT`]. A dead connection is thus noticed before the timeout of the page.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(5);
/// HTTP/2 flow-control window: what an agent can send before its page is read. 500 waiting agents
/// use 64 MiB. With a round trip of 50 ms the window limits a page to 2.6 MB/s.
const WINDOW_BYTES: u32 = 128 << 10;
/// Limit of response headers, which are read before a permit for the page is acquired.
const MAX_HEADER_BYTES: u32 = 16 << 10;

impl GrpcAgent {
    /// The agent `agent_id` at `address`, such as `https://10.0.0.5:9001`. Over `https`, the agent
    /// is sent the colony's certificate, and has to show one for `agent_id` that was not revoked. A
    /// colony of a cluster asks for a `lease` with each request.
    pub fn new(
        address: String,
        agent_id: &str,
        identity: Option<ColonyIdentity>,
        lease: Option<LeaseTerms>,
    ) -> Self {
        let connector = match (address.starts_with("https://"), identity) {
            (false, _) => Ok(Connector::plain()),
            (true, Some(identity)) => agent_id
                .parse()
                .map(|name| {
                    let ColonyIdentity { certificate, belief } = identity;
                    Connector::certified_if(certificate, Workload::Agent(name), belief)
                })
                .map_err(|error| chain(&error)),
            (true, None) => Err("the colony has no certificate to show".to_owned()),
        };
        Self { address, connector, connected: None, lease }
    }

    fn lease_fields(&self) -> LeaseFields {
        let Some(LeaseTerms { member, length }) = &self.lease else {
            return LeaseFields::default();
        };
        LeaseFields {
            cluster_id: member.cluster_id.clone(),
            colony_id: member.colony_id.clone(),
            lease_ms: u32::try_from(length.as_millis()).unwrap_or(u32::MAX),
        }
    }

    fn channel(&mut self) -> Result<Channel, PollError> {
        if let Some(channel) = &self.connected {
            return Ok(channel.clone());
        }
        let connector = self.connector.clone().map_err(|reason| PollError::unreachable(&reason))?;
        let endpoint = Endpoint::from_shared(over_connector(&self.address))
            .map_err(|error| PollError::unreachable(&chain(&error)))?
            .connect_timeout(CONNECT_TIMEOUT)
            .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
            .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
            .initial_stream_window_size(WINDOW_BYTES)
            .initial_connection_window_size(WINDOW_BYTES)
            .http2_max_header_list_size(MAX_HEADER_BYTES);
        Ok(self.connected.insert(endpoint.connect_with_connector_lazy(connector)).clone())
    }
}

impl AgentClient for GrpcAgent {
    async fn ask(&mut self, wanted: SpanPageRequest) -> Result<Incoming<SpanPage>, PollError> {
        let channel = self.channel()?;
        let (after_receipt, max_spans) = (Some(wanted.after), wanted.most_spans);
        let span_encoding = SpanEncoding::Otlp.into();
        let wait_ms = u32::try_from(wanted.wait.as_millis()).unwrap_or(u32::MAX);
        let columns_layout = wanted.columns.map_or(0, |layout| layout.0);
        let LeaseFields { cluster_id, colony_id, lease_ms } = self.lease_fields();
        match wanted.collector {
            Collector::Ebpf => {
                let include_traces = true;
                let question = QueryBeylaMetricsRequest {
                    include_traces,
                    after_receipt,
                    max_spans,
                    span_encoding,
                    wait_ms,
                    columns_layout,
                    cluster_id,
                    colony_id,
                    lease_ms,
                    ..Default::default()
                };
                let begun = begin::query_beyla_metrics(channel, question, MAX_BYTES).await;
                let begun = begun.map_err(|status| refusal(&status))?;
                Ok(Box::pin(async { page(begun.read().await.map(|answer| answer.page)) }))
            }
            Collector::Sdk => {
                let question = QueryTelemetryRequest {
                    after_receipt,
                    max_spans,
                    span_encoding,
                    wait_ms,
                    columns_layout,
                    cluster_id,
                    colony_id,
                    lease_ms,
                    ..Default::default()
                };
                let begun = begin::query_telemetry(channel, question, MAX_BYTES).await;
                let begun = begun.map_err(|status| refusal(&status))?;
                Ok(Box::pin(async { page(begun.read().await.map(|answer| answer.page)) }))
            }
        }
    }

    async fn ask_metrics(
        &mut self,
        wanted: MetricPageRequest,
    ) -> Result<Incoming<QueryBeylaMetricsResponse>, PollError> {
        let LeaseFields { cluster_id, colony_id, lease_ms } = self.lease_fields();
        let question = QueryBeylaMetricsRequest {
            after_metric_receipt: Some(wanted.after),
            max_metrics: wanted.most_metrics,
            cluster_id,
            colony_id,
            lease_ms,
            ..Default::default()
        };
        let begun = begin::query_beyla_metrics(self.channel()?, question, MAX_BYTES).await;
        let begun = begun.map_err(|status| refusal(&status))?;
        Ok(Box::pin(async { begun.read().await.map_err(|status| broken(&status)) }))
    }

    fn hang_up(&mut self) {
        self.connected = None;
    }

    async fn release(&mut self) {
        let (Some(_), Some(channel)) = (&self.lease, self.connected.clone()) else { return };
        let LeaseFields { cluster_id, colony_id, .. } = self.lease_fields();
        let question = QueryTelemetryRequest {
            // An agent that knows no leases answers with an empty page.
            after_receipt: Some(u64::MAX),
            max_spans: 1,
            cluster_id,
            colony_id,
            lease_ms: 0,
            ..Default::default()
        };
        if let Err(status) = begin::query_telemetry(channel, question, MAX_BYTES).await {
            tracing::debug!(error = %said(&status), "a lease was not given up, and ends by itself");
        }
    }
}

/// The page of a complete answer.
fn page(answer: Result<Option<SpanPage>, Status>) -> Result<SpanPage, PollError> {
    let page = answer.map_err(|status| broken(&status))?;
    page.ok_or_else(|| PollError::too_old("its answer has no page"))
}

/// The error for an answer that broke off after it started.
fn broken(status: &Status) -> PollError {
    match std::error::Error::source(status) {
        Some(broken) => PollError::unreachable(&chain(broken)),
        None => PollError::nonsense(&said(status)),
    }
}

/// The error for a request that failed before its answer started.
fn refusal(status: &Status) -> PollError {
    if let Some(held) = HeldLease::from_status(status) {
        return PollError::Leased(held);
    }
    match (std::error::Error::source(status), status.code()) {
        (Some(transport), _) => PollError::unreachable(&chain(transport)),
        (None, Code::Unimplemented) => PollError::too_old(&said(status)),
        (None, _) => PollError::refused(&said(status)),
    }
}

fn said(status: &Status) -> String {
    format!("{}: {}", status.code(), status.message())
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    const FIRST: SpanPageRequest = SpanPageRequest {
        collector: Collector::Ebpf,
        after: 0,
        most_spans: 10,
        wait: Duration::ZERO,
        columns: None,
    };

    /// A socket that accepts connections and never answers, and a client that connects to the
    /// socket.
    async fn black_hole() -> (TcpListener, GrpcAgent) {
        let hole = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", hole.local_addr().unwrap());
        (hole, GrpcAgent::new(address, "web-1", None, None))
    }

    /// Reads and never answers, until the peer closes the connection.
    async fn swallow(mut connection: TcpStream) {
        let mut swallowed = [0; 1_024];
        while connection.read(&mut swallowed).await.is_ok_and(|read| read > 0) {}
    }

    #[tokio::test(start_paused = true)]
    async fn a_dead_connection_is_noticed_before_the_request_times_out() {
        let (hole, mut agent) = black_hole().await;
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(async move { swallow(hole.accept().await.unwrap().0).await });
        let Err(PollError::Unreachable(reason)) = agent.ask(FIRST).await else {
            panic!("a page from a dead connection")
        };
        assert!(reason.to_string().contains("keep-alive"), "{reason}");
        tasks.join_next().await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn after_hanging_up_the_next_request_opens_a_new_connection() {
        let (hole, mut agent) = black_hole().await;
        for _ in 0..2 {
            tokio::select! {
                _ = agent.ask(FIRST) => panic!("a black hole answers"),
                connection = hole.accept() => drop(connection.unwrap()),
            }
            agent.hang_up();
        }
    }

    #[test]
    fn an_agents_error_text_is_shortened_and_stripped_of_control_characters() {
        let status = Status::unavailable(format!("\u{1b}[2J\n{}", "x".repeat(10_000)));
        let text = chain(&refusal(&status));
        assert!(text.len() < 400 && !text.contains(char::is_control), "{text}");
    }
}
