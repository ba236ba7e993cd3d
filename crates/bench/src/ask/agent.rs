//! Queries over an agent's RPC `QueryBeylaMetrics`.

use coral_store::Store;
use coral_wire::agent_rpc::proto::agent_service_client::AgentServiceClient;
use coral_wire::agent_rpc::proto::{
    BeylaTraceSpan, QueryBeylaMetricsRequest, QueryBeylaMetricsResponse, SpanEncoding,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::TracesData;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message as _;
use tonic::transport::{Channel, Endpoint};

use super::ListAnswer;
use crate::Failure;
use crate::traffic::question::ListQuery;
use crate::traffic::truth::Facts;

/// A client of an agent's RPCs.
#[derive(Clone)]
pub struct AgentRpc(AgentServiceClient<Channel>);

/// A page of spans in order of receipt.
pub struct Page {
    /// The spans.
    pub spans: Vec<PageSpan>,
    /// The receipt after which the next page begins.
    pub next: u64,
    /// Whether there is a next page.
    pub more: bool,
}

/// A span of a page.
pub struct PageSpan {
    /// The trace id.
    pub trace: u128,
    /// The span id.
    pub span: u64,
    /// The `service.name` of its resource.
    pub service: String,
    /// Whether the span serves a request.
    pub is_server: bool,
    /// The start, in nanoseconds since the Unix epoch.
    pub start: u64,
    /// The end, in nanoseconds since the Unix epoch.
    pub end: u64,
}

impl AgentRpc {
    /// A client for the agent at `url`.
    ///
    /// # Errors
    /// `url` is not a URL.
    pub fn new(url: &str) -> Result<Self, Failure> {
        let channel = Endpoint::from_shared(url.to_owned())?.connect_lazy();
        Ok(Self(AgentServiceClient::new(channel)))
    }

    /// The facts of the trace `id`; `None` if the trace is not stored.
    ///
    /// # Errors
    /// The agent does not answer.
    pub async fn trace(&mut self, id: &str) -> Result<Option<Facts>, Failure> {
        let request = QueryBeylaMetricsRequest { trace_id: id.to_owned(), ..traces() };
        let found = self.list_traces(request).await?;
        Ok(found.traces.into_iter().next())
    }

    /// The newest traces of a window, if `query` is [`ListQuery::Newest`]. The window is rounded
    /// down to whole seconds.
    ///
    /// # Errors
    /// The agent does not answer, or does not support the question.
    pub async fn list(&mut self, query: &ListQuery) -> Result<ListAnswer, Failure> {
        let ListQuery::Newest { since_us, until_us, limit } = *query else {
            return Err(format!("an agent does not support {query:?}").into());
        };
        let request = QueryBeylaMetricsRequest {
            start_time: since_us / 1_000_000,
            end_time: until_us / 1_000_000,
            max_traces: limit as i32,
            ..traces()
        };
        self.list_traces(request).await
    }

    async fn list_traces(
        &mut self,
        request: QueryBeylaMetricsRequest,
    ) -> Result<ListAnswer, Failure> {
        let answer: QueryBeylaMetricsResponse =
            self.0.query_beyla_metrics(request).await?.into_inner();
        let by_trace = answer.trace_spans.chunk_by(|one, other| one.trace_id == other.trace_id);
        let traces = by_trace.map(facts).collect();
        Ok(ListAnswer { traces, more: answer.page.is_some_and(|page| page.has_more) })
    }

    /// Fetches all eBPF spans page by page, by column if `by_column`, else as OTLP. Decodes no span.
    /// Returns their number.
    ///
    /// # Errors
    /// The agent does not answer, or sends a page in another form.
    pub async fn fetch_all(&mut self, by_column: bool) -> Result<u64, Failure> {
        let (mut after_receipt, mut spans) = (0, 0);
        loop {
            let request = QueryBeylaMetricsRequest {
                after_receipt: Some(after_receipt),
                span_encoding: SpanEncoding::Otlp.into(),
                columns_layout: if by_column { Store::columns_layout().0 } else { 0 },
                ..traces()
            };
            let answer = self.0.query_beyla_metrics(request).await?.into_inner();
            let page = answer.page.ok_or("the agent answered without a page")?;
            if page.spans > 0 && page.columns.is_some() != by_column {
                return Err("the agent sent a page in another form".into());
            }
            spans += u64::from(page.spans);
            after_receipt = page.next_receipt;
            if !page.has_more {
                return Ok(spans);
            }
        }
    }

    /// The spans after `receipt`, in the order in which they were committed.
    ///
    /// # Errors
    /// The agent does not answer, or its answer has no page.
    pub async fn page_after(&mut self, receipt: u64) -> Result<Page, Failure> {
        let request = QueryBeylaMetricsRequest {
            after_receipt: Some(receipt),
            span_encoding: SpanEncoding::Otlp.into(),
            ..traces()
        };
        let answer = self.0.query_beyla_metrics(request).await?.into_inner();
        let page = answer.page.ok_or("the agent answered without a page")?;
        let data = TracesData::decode(page.otlp.as_slice())?;
        let mut spans = Vec::new();
        for resource in data.resource_spans {
            let service = resource.resource.as_ref().map(service).unwrap_or_default();
            for span in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                let trace: [u8; 16] = span.trace_id.as_slice().try_into()?;
                let id: [u8; 8] = span.span_id.as_slice().try_into()?;
                spans.push(PageSpan {
                    trace: u128::from_be_bytes(trace),
                    span: u64::from_be_bytes(id),
                    service: service.clone(),
                    is_server: span.kind() == SpanKind::Server,
                    start: span.start_time_unix_nano,
                    end: span.end_time_unix_nano,
                });
            }
        }
        Ok(Page { spans, next: page.next_receipt, more: page.has_more })
    }
}

/// The `service.name` of a resource.
fn service(resource: &Resource) -> String {
    let named = resource.attributes.iter().find(|pair| pair.key == "service.name");
    match named.and_then(|pair| pair.value.as_ref()?.value.as_ref()) {
        Some(Value::StringValue(name)) => name.clone(),
        _ => String::new(),
    }
}

fn traces() -> QueryBeylaMetricsRequest {
    QueryBeylaMetricsRequest { include_traces: true, ..QueryBeylaMetricsRequest::default() }
}

/// The facts of one trace, computed from its spans.
fn facts(spans: &[BeylaTraceSpan]) -> Facts {
    let start = |span: &BeylaTraceSpan| {
        let start = span.start_time.unwrap_or_default();
        start.seconds * 1_000_000_000 + i64::from(start.nanos)
    };
    let end = |span: &BeylaTraceSpan| {
        let duration = span.duration.unwrap_or_default();
        start(span) + duration.seconds * 1_000_000_000 + i64::from(duration.nanos)
    };
    let first = spans.iter().map(start).min().unwrap_or(0) / 1_000;
    let last = spans.iter().map(end).max().unwrap_or(0) / 1_000;
    Facts {
        trace_id: spans.first().map(|span| span.trace_id.clone()).unwrap_or_default(),
        start_us: first,
        duration_us: last - first,
        spans: spans.len() as u64,
        errors: spans.iter().filter(|span| span.span_status == "error").count() as u64,
    }
}
