//! Metrics of spans in TraceQL, in steps or of a whole time range.

use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use coral_query::traceql::{Exemplar, MetricsAnswer, MetricsQuestion, Sample, Series};
use coral_query::{Budget, QueryError, Sources};
use coral_server::audit::AuditDetails;
use coral_server::clock;
use coral_trace::units::parse_duration;
use coral_trace::{TimeRange, UnixNanos};
use coral_wire::tempo_rpc::proto;
use http::{Extensions, HeaderMap};

use super::operation::{Operation, respond};
use super::parameters::Parameters;
use super::refused::Refused;
use super::search::of_range;
use super::values::key_values;
use crate::answering::Answering;

const KNOWN: &[&str] =
    &["q", "query", "start", "end", "since", "step", "exemplars", "maxSeries", "mode"];
/// The time range if none is given.
const DEFAULT_SINCE: Duration = Duration::from_secs(3_600);
const DEFAULT_EXEMPLARS: u32 = 100;
/// The largest number of steps of a time range.
const MAX_STEPS: u128 = 11_000;
/// What precedes the reason why a query of metrics is wrong, in Tempo's words.
const INVALID_QUERY: &str = "compiling query";

/// A question for metrics in steps.
pub(super) struct Range {
    question: MetricsQuestion,
    max_series: usize,
}

/// A question for metrics of a whole time range.
pub(super) struct Instant(MetricsQuestion);

/// `GET /api/metrics/query_range`.
pub(super) async fn range(
    State(answering): State<Answering>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    let range = Parameters::of(query.as_deref(), KNOWN).and_then(|it| Range::of_url(&it));
    respond(&answering, &extensions, &headers, range).await
}

/// `GET /api/metrics/query`.
pub(super) async fn instant(
    State(answering): State<Answering>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    let instant = Parameters::of(query.as_deref(), KNOWN).and_then(|it| Instant::of_url(&it));
    respond(&answering, &extensions, &headers, instant).await
}

impl Range {
    fn of_url(parameters: &Parameters) -> Result<Self, Refused> {
        let (q, between) = asked(parameters)?;
        let step = match parameters.text("step") {
            None => default_step(between),
            Some(text) => step(text)?,
        };
        let exemplars = parameters.number("exemplars")?.unwrap_or_default();
        Self::of(q, between, step, exemplars, parameters.number("maxSeries")?.unwrap_or_default())
    }

    /// The question of a gRPC request, in which 0 is a default.
    pub(super) fn of_request(request: proto::QueryRangeRequest) -> Result<Self, Refused> {
        let between = range_of_request(request.start, request.end)?;
        let step = match request.step {
            0 => default_step(between),
            nanos => Duration::from_nanos(nanos),
        };
        let q = non_empty(request.query)?;
        Self::of(q, between, step, request.exemplars, request.max_series)
    }

    fn of(
        q: String,
        between: TimeRange,
        step: Duration,
        exemplars: u32,
        max_series: u32,
    ) -> Result<Self, Refused> {
        let length = between.end.since(between.start);
        if step.is_zero() || length.as_nanos() / step.as_nanos() > MAX_STEPS {
            let least = length.as_secs().div_ceil(MAX_STEPS as u64).max(1);
            return Err(Refused::invalid(format!(
                "step of {step:?} is too small, minimum step for given range is {least}s"
            )));
        }
        let exemplars = if exemplars == 0 { DEFAULT_EXEMPLARS } else { exemplars };
        let exemplars = exemplars.min(DEFAULT_EXEMPLARS);
        let TimeRange { start: since, end: until } = between;
        let max_series = if max_series == 0 { usize::MAX } else { max_series as usize };
        Ok(Self { question: MetricsQuestion { q, since, until, step, exemplars }, max_series })
    }
}

impl Instant {
    fn of_url(parameters: &Parameters) -> Result<Self, Refused> {
        let (q, between) = asked(parameters)?;
        parameters.refuse(&["maxSeries"], "ask `query_range`, or for less with `topk`")?;
        Ok(Self::of(q, between))
    }

    /// The question of a gRPC request.
    pub(super) fn of_request(request: proto::QueryInstantRequest) -> Result<Self, Refused> {
        let between = range_of_request(request.start, request.end)?;
        Ok(Self::of(non_empty(request.query)?, between))
    }

    fn of(q: String, between: TimeRange) -> Self {
        let TimeRange { start: since, end: until } = between;
        let step = until.since(since).max(Duration::from_nanos(1));
        Self(MetricsQuestion { q, since, until, step, exemplars: 0 })
    }
}

impl Operation for Range {
    type Answer = proto::QueryRangeResponse;
    const INVALID_QUERY: &str = INVALID_QUERY;

    fn audit(&self) -> AuditDetails {
        audit(&self.question)
    }

    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Self::Answer, QueryError> {
        let found = self.question.range(from, budget)?;
        let metrics = Some(read(&found));
        let all = found.series.len();
        let left_out = all.saturating_sub(self.max_series);
        let message = match left_out {
            0 => String::new(),
            _ => format!("{left_out} of {all} series are left out, because of maxSeries"),
        };
        Ok(proto::QueryRangeResponse {
            series: found.series.iter().take(self.max_series).map(time_series).collect(),
            metrics,
            status: i32::from(left_out > 0),
            message,
        })
    }
}

impl Operation for Instant {
    type Answer = proto::QueryInstantResponse;
    const INVALID_QUERY: &str = INVALID_QUERY;

    fn audit(&self) -> AuditDetails {
        audit(&self.0)
    }

    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Self::Answer, QueryError> {
        let found = self.0.instant(from, budget)?;
        let series = found.series.iter().filter_map(|series| {
            let value = series.samples.last()?.value;
            Some(proto::InstantSeries { labels: key_values(&series.labels), value })
        });
        Ok(proto::QueryInstantResponse {
            series: series.collect(),
            metrics: Some(read(&found)),
            ..proto::QueryInstantResponse::default()
        })
    }
}

/// The query and the time range of a URL. Without a start, the range ends at `end` or now and is as
/// long as `since`.
fn asked(parameters: &Parameters) -> Result<(String, TimeRange), Refused> {
    let q = parameters.text("q").or(parameters.text("query")).unwrap_or_default();
    let now = clock::now();
    let end = parameters.time("end")?.filter(|end| end.0 > 0).unwrap_or(now);
    let since = parameters.duration("since")?.unwrap_or(DEFAULT_SINCE);
    let start = parameters.time("start")?.filter(|start| start.0 > 0);
    let start = start.unwrap_or_else(|| end.min(now).earlier(since));
    Ok((non_empty(q.to_owned())?, between(start, end)?))
}

fn range_of_request(start: u64, end: u64) -> Result<TimeRange, Refused> {
    let end = if end == 0 { clock::now() } else { UnixNanos(end) };
    let start = if start == 0 { end.earlier(DEFAULT_SINCE) } else { UnixNanos(start) };
    between(start, end)
}

fn between(start: UnixNanos, end: UnixNanos) -> Result<TimeRange, Refused> {
    match start < end {
        true => Ok(TimeRange { start, end }),
        false => Err(Refused::invalid("end must be greater than start")),
    }
}

fn non_empty(q: String) -> Result<String, Refused> {
    match q.trim().is_empty() {
        true => Err(Refused::invalid("compiling query: the parameter `q` is missing")),
        false => Ok(q),
    }
}

/// A step: seconds with or without a fraction, or a duration such as `1m`.
fn step(text: &str) -> Result<Duration, Refused> {
    let seconds = text.parse::<f64>().ok().map(Duration::try_from_secs_f64);
    match seconds {
        Some(Ok(step)) => Ok(step),
        None => {
            parse_duration(text).map_err(|error| Refused::invalid(format!("invalid step: {error}")))
        }
        Some(Err(_)) => {
            Err(Refused::invalid(format!("cannot parse \"{text}\" to a valid duration")))
        }
    }
}

/// The step that fits about 240 times into the range: 15 s in an hour. A multiple of 5 s, or of 1 s if
/// that would be none.
fn default_step(between: TimeRange) -> Duration {
    const PARTS: u32 = 240;
    let part = (between.end.since(between.start) / PARTS).as_secs();
    Duration::from_secs(if part < 5 { part.max(1) } else { part - part % 5 })
}

fn audit(question: &MetricsQuestion) -> AuditDetails {
    let range = TimeRange { start: question.since, end: question.until };
    AuditDetails { filters: vec![format!("q={}", question.q)], ..of_range(range) }
}

fn read(found: &MetricsAnswer) -> proto::SearchMetrics {
    proto::SearchMetrics {
        inspected_bytes: found.inspected_bytes,
        completed_jobs: 1,
        total_jobs: 1,
        inspected_spans: found.inspected_spans,
        ..proto::SearchMetrics::default()
    }
}

fn time_series(series: &Series) -> proto::TimeSeries {
    proto::TimeSeries {
        labels: key_values(&series.labels),
        samples: series.samples.iter().map(sample).collect(),
        exemplars: series.exemplars.iter().map(|one| exemplar(one, series)).collect(),
    }
}

fn sample(sample: &Sample) -> proto::Sample {
    proto::Sample { value: sample.value, timestamp_ms: sample.timestamp_ms }
}

/// An exemplar. One that only counts has the value of its step, so that it is drawn on its series.
fn exemplar(exemplar: &Exemplar, series: &Series) -> proto::Exemplar {
    let is_before = |sample: &&Sample| sample.timestamp_ms <= exemplar.timestamp_ms;
    let of_step = series.samples.iter().rev().find(is_before).map(|sample| sample.value);
    let value = if exemplar.value.is_nan() { of_step } else { None };
    proto::Exemplar {
        labels: key_values(&exemplar.labels),
        value: value.unwrap_or(exemplar.value),
        timestamp_ms: exemplar.timestamp_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_step_is_that_of_tempo() {
        for (seconds, step) in [
            (1, 1),
            (59, 1),
            (100, 1),
            (600, 2),
            (1_199, 4),
            (1_200, 5),
            (3_600, 15),
            (86_400, 360),
        ] {
            let between = TimeRange { start: UnixNanos(0), end: UnixNanos::from_secs(seconds) };
            assert_eq!(default_step(between), Duration::from_secs(step), "{seconds}");
        }
    }
}
