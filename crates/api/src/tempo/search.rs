//! Searches for traces, in TraceQL or by tags.

mod logfmt;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use coral_query::tagged::TaggedQuestion;
use coral_query::traceql::{FoundSpan, FoundTrace, SearchAnswer, SearchQuestion, SpanSet};
use coral_query::{Budget, QueryError, Sources};
use coral_server::audit::AuditDetails;
use coral_trace::{TimeRange, UnixNanos};
use coral_wire::tempo_rpc::proto;
use http::{Extensions, HeaderMap};
use std::time::Duration;

use super::operation::{Operation, respond};
use super::parameters::{Parameters, time_range};
use super::refused::Refused;
use super::values::key_values;
use crate::answering::Answering;

const KNOWN: &[&str] =
    &["q", "tags", "minDuration", "maxDuration", "limit", "start", "end", "spss"];
/// Parameters of Tempo's other routes, which change nothing here.
const OF_OTHER_ROUTES: &[&str] = &["since", "step", "query", "exemplars"];
const DEFAULT_LIMIT: u32 = 20;
const DEFAULT_SPANS_PER_SET: u32 = 3;
/// The largest number of traces, and of spans of a spanset.
const MAX_LIMIT: u32 = 1_000;
const MAX_SPANS_PER_SET: u32 = 1_000;
/// What Tempo answers in place of the service of a root that was not received.
const NO_ROOT: &str = "<root span not yet received>";

/// A search.
pub(super) struct Search {
    what: What,
    range: TimeRange,
    limit: u32,
    spans_per_set: u32,
}

enum What {
    TraceQl(String),
    Tags {
        tags: Vec<(String, String)>,
        min_duration: Option<Duration>,
        max_duration: Option<Duration>,
    },
}

/// `GET /api/search`.
pub(super) async fn search(
    State(answering): State<Answering>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    let search = Parameters::of(query.as_deref(), KNOWN).and_then(|it| Search::of_url(&it));
    respond(&answering, &extensions, &headers, search).await
}

impl Search {
    fn of_url(parameters: &Parameters) -> Result<Self, Refused> {
        let hint = "a search takes `q` or `tags`, `start` and `end`";
        parameters.refuse(OF_OTHER_ROUTES, hint)?;
        let range = parameters.closed_range()?;
        let has_range = parameters.text("start").or(parameters.text("end")).is_some();
        let tags = match parameters.text("tags") {
            Some(text) => logfmt::pairs(text)?,
            // The oldest clients send tags as parameters of their own.
            None if parameters.text("q").is_none() && !has_range => {
                let others = parameters.pairs().iter();
                others.filter(|(name, _)| !KNOWN.contains(&name.as_str())).cloned().collect()
            }
            None => Vec::new(),
        };
        let min_duration = parameters.duration("minDuration")?;
        let max_duration = parameters.duration("maxDuration")?;
        let what = What::of(parameters.text("q"), tags, min_duration, max_duration)?;
        let spans_per_set = parameters.number("spss")?.unwrap_or(DEFAULT_SPANS_PER_SET);
        Self::of(what, range, parameters.positive("limit")?, spans_per_set)
    }

    /// The search of a gRPC request, in which 0 and empty texts are defaults.
    pub(super) fn of_request(request: proto::SearchRequest) -> Result<Self, Refused> {
        let filled = |number: u32| (number > 0).then_some(number);
        let millis = |number| filled(number).map(|number| Duration::from_millis(number.into()));
        let seconds = |number| filled(number).map(|number| UnixNanos::from_secs(number.into()));
        let q = Some(request.query.as_str()).filter(|q| !q.is_empty());
        let tags = request.tags.into_iter().collect();
        let (min, max) = (millis(request.min_duration_ms), millis(request.max_duration_ms));
        let what = What::of(q, tags, min, max)?;
        let range = time_range(seconds(request.start), seconds(request.end))?;
        let spans_per_set = filled(request.spans_per_span_set).unwrap_or(DEFAULT_SPANS_PER_SET);
        Self::of(what, range, filled(request.limit), spans_per_set)
    }

    fn of(
        what: What,
        range: TimeRange,
        limit: Option<u32>,
        spans_per_set: u32,
    ) -> Result<Self, Refused> {
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        if limit > MAX_LIMIT {
            let message = format!("invalid limit: {limit} exceeds the maximum of {MAX_LIMIT}");
            return Err(Refused::invalid(message));
        }
        if spans_per_set > MAX_SPANS_PER_SET {
            return Err(Refused::invalid(format!(
                "invalid spss: {spans_per_set} exceeds the maximum of {MAX_SPANS_PER_SET}"
            )));
        }
        // 0 is every span, of which an answer has as many as any other.
        let spans_per_set = if spans_per_set == 0 { MAX_SPANS_PER_SET } else { spans_per_set };
        Ok(Self { what, range, limit, spans_per_set })
    }
}

impl What {
    fn of(
        q: Option<&str>,
        tags: Vec<(String, String)>,
        min_duration: Option<Duration>,
        max_duration: Option<Duration>,
    ) -> Result<Self, Refused> {
        if let Some(((min, max), _)) = min_duration.zip(max_duration).map(|both| (both, ()))
            && min > max
        {
            let message = "invalid maxDuration: must be greater than minDuration";
            return Err(Refused::invalid(message));
        }
        let Some(q) = q else { return Ok(Self::Tags { tags, min_duration, max_duration }) };
        if !tags.is_empty() {
            let message = "invalid request: can't specify tags and q in the same query";
            return Err(Refused::invalid(message));
        }
        if min_duration.or(max_duration).is_some() {
            let message = "`minDuration` and `maxDuration` are not supported with `q`: write \
                           `{ trace:duration > 1s }`";
            return Err(Refused::invalid(message));
        }
        Ok(Self::TraceQl(q.to_owned()))
    }
}

impl Operation for Search {
    type Answer = proto::SearchResponse;

    fn audit(&self) -> AuditDetails {
        let filters = match &self.what {
            What::TraceQl(q) => vec![format!("q={q}")],
            What::Tags { tags, .. } => {
                tags.iter().map(|(key, value)| format!("{key}={value}")).collect()
            }
        };
        AuditDetails { filters, ..of_range(self.range) }
    }

    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Self::Answer, QueryError> {
        let (started, limit) = (self.range, self.limit);
        let found = match &self.what {
            What::TraceQl(q) => SearchQuestion {
                q: q.clone(),
                since: Some(started.start),
                until: Some(started.end),
                limit,
                spans_per_set: self.spans_per_set,
            }
            .answer(from, budget)?,
            What::Tags { tags, min_duration, max_duration } => TaggedQuestion {
                tags: tags.clone(),
                started,
                min_duration: *min_duration,
                max_duration: *max_duration,
                limit,
            }
            .answer(from, budget)?,
        };
        Ok(response(found))
    }
}

/// The details of a question about `range`.
pub(super) fn of_range(range: TimeRange) -> AuditDetails {
    let since = Some(range.start).filter(|start| start.0 > 0);
    let until = Some(range.end).filter(|end| *end < UnixNanos::MAX);
    AuditDetails { since, until, ..AuditDetails::default() }
}

fn response(found: SearchAnswer) -> proto::SearchResponse {
    proto::SearchResponse {
        metrics: Some(proto::SearchMetrics {
            inspected_traces: found.inspected_traces.try_into().unwrap_or(u32::MAX),
            inspected_bytes: found.inspected_bytes,
            // The whole search is one part, which is done.
            completed_jobs: 1,
            total_jobs: 1,
            ..proto::SearchMetrics::default()
        }),
        traces: found.traces.into_iter().map(metadata).collect(),
    }
}

fn metadata(trace: FoundTrace) -> proto::TraceSearchMetadata {
    let sets: Vec<proto::SpanSet> = trace.span_sets.iter().map(span_set).collect();
    let (root_service, root_name) = match trace.root_service {
        Some(service) => (service, trace.root_name),
        None => (NO_ROOT.to_owned(), String::new()),
    };
    proto::TraceSearchMetadata {
        trace_id: trace.trace_id.to_string(),
        root_service_name: root_service,
        root_trace_name: root_name,
        start_time_unix_nano: trace.start.0,
        duration_ms: trace.duration.as_millis().try_into().unwrap_or(u32::MAX),
        span_set: sets.first().cloned(),
        span_sets: sets,
        service_stats: trace
            .service_stats
            .into_iter()
            .map(|(service, stats)| {
                let (span_count, error_count) = (stats.spans, stats.errors);
                (service, proto::ServiceStats { span_count, error_count })
            })
            .collect(),
    }
}

fn span_set(set: &SpanSet) -> proto::SpanSet {
    proto::SpanSet {
        spans: set.spans.iter().map(span).collect(),
        matched: set.matched,
        attributes: key_values(&set.attributes),
    }
}

fn span(span: &FoundSpan) -> proto::Span {
    proto::Span {
        span_id: span.span_id.to_string(),
        name: span.name.clone().unwrap_or_default(),
        start_time_unix_nano: span.start.0,
        duration_nanos: span.duration.as_nanos().try_into().unwrap_or(u64::MAX),
        attributes: key_values(&span.attributes),
    }
}
