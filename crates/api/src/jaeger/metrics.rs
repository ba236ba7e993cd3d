//! `/api/metrics/…`: calls, failures and durations of spans over time, as Jaeger's page `Monitor`
//! asks for them.
//!
//! Source: Jaeger's `api_v2/metrics` and its reader of Prometheus, whose names and labels the answer
//! has.

use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use coral_query::span_rates::{SpanPoint, SpanRates, SpanSeries};
use coral_query::{Budget, Sources};
use coral_server::audit::AuditDetails;
use coral_server::clock;
use coral_trace::{SpanKind, TimeRange, UnixNanos};
use http::Extensions;
use serde_json::{Value as Json, json};

use super::envelope::{self, Envelope, Refused, respond};
use super::legacy::asked;
use super::parameters::{Parameters, unparsable};
use crate::answering::Answering;

const PARAMETERS: [&str; 9] = [
    "service",
    "quantile",
    "groupByOperation",
    "spanKind",
    "endTs",
    "lookback",
    "step",
    "ratePer",
    "prettyPrint",
];

const DEFAULT_LOOKBACK: Duration = Duration::from_secs(3_600);
const DEFAULT_STEP: Duration = Duration::from_secs(5);
const DEFAULT_RATE_PER: Duration = Duration::from_secs(600);
const MAX_SERVICES: usize = 100;

/// The smallest step, in milliseconds.
const MIN_STEP_MS: u64 = 1;

/// Which number of a point is answered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Measure {
    Latencies,
    Calls,
    Errors,
}

/// `GET /api/metrics/latencies`.
pub(super) async fn latencies(
    state: State<Answering>,
    query: RawQuery,
    extensions: Extensions,
) -> Response {
    measured(state, query, extensions, Measure::Latencies).await
}

/// `GET /api/metrics/calls`.
pub(super) async fn calls(
    state: State<Answering>,
    query: RawQuery,
    extensions: Extensions,
) -> Response {
    measured(state, query, extensions, Measure::Calls).await
}

/// `GET /api/metrics/errors`.
pub(super) async fn errors(
    state: State<Answering>,
    query: RawQuery,
    extensions: Extensions,
) -> Response {
    measured(state, query, extensions, Measure::Errors).await
}

/// `GET /api/metrics/minstep`.
pub(super) async fn min_step(RawQuery(query): RawQuery) -> Response {
    let answer = Parameters::parse(query.as_deref(), &["prettyPrint"]).and_then(|parameters| {
        let envelope = Envelope::counted(MIN_STEP_MS, 0);
        Ok(envelope::json(&envelope, parameters.is_pretty())?)
    });
    respond(answer, AuditDetails::default())
}

async fn measured(
    State(answering): State<Answering>,
    RawQuery(query): RawQuery,
    extensions: Extensions,
    measure: Measure,
) -> Response {
    let read = Parameters::parse(query.as_deref(), &PARAMETERS)
        .and_then(|parameters| Ok((rates(&parameters, measure, clock::now())?, parameters)));
    let (rates, parameters) = match read {
        Ok(read) => read,
        Err(refused) => return respond(Err(refused), AuditDetails::default()),
    };
    let details = AuditDetails {
        services: rates.services.iter().cloned().collect(),
        since: Some(rates.range.start),
        until: Some(rates.range.end),
        ..AuditDetails::default()
    };
    let rows = details.rows.clone();
    let work = move |sources: &Sources<'_>, budget: &Budget| {
        let series = rates.answer(sources, budget)?;
        rows.add(series.len() as u64);
        let family = family(&rates, measure, &series);
        Ok(envelope::json(&family, parameters.is_pretty()).map_err(Refused::from))
    };
    respond(asked(&answering, &extensions, work).await, details)
}

fn rates(parameters: &Parameters, measure: Measure, now: UnixNanos) -> Result<SpanRates, Refused> {
    let quantile = match measure {
        Measure::Latencies => quantile(parameters)?,
        Measure::Calls | Measure::Errors => 0.5,
    };
    let services: std::collections::BTreeSet<String> =
        parameters.all("service").filter(|name| !name.is_empty()).map(str::to_owned).collect();
    if services.is_empty() {
        return Err(unparsable("service", "please provide at least one service name"));
    }
    if services.len() > MAX_SERVICES {
        return Err(unparsable("service", &format!("more than {MAX_SERVICES} services")));
    }
    let kinds = parameters.all("spanKind").map(kind).collect::<Result<Vec<_>, _>>()?;
    let end = parameters.instant("endTs", 1_000_000)?.unwrap_or(now);
    let lookback = parameters.millis("lookback", DEFAULT_LOOKBACK)?;
    Ok(SpanRates {
        services,
        kinds: if kinds.is_empty() { vec![SpanKind::Server] } else { kinds },
        by_name: parameters.truth("groupByOperation")?,
        range: TimeRange { start: end.earlier(lookback), end },
        step: parameters.millis("step", DEFAULT_STEP)?,
        window: parameters.millis("ratePer", DEFAULT_RATE_PER)?,
        quantile,
    })
}

fn quantile(parameters: &Parameters) -> Result<f64, Refused> {
    let text = parameters.get("quantile").unwrap_or_default();
    let number = text.parse().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| {
        let quoted = super::parameters::quoted(text);
        unparsable("quantile", &format!("{quoted} is no number between 0 and 1"))
    })
}

fn kind(name: &str) -> Result<SpanKind, Refused> {
    match name {
        "unspecified" => Ok(SpanKind::Unspecified),
        "internal" => Ok(SpanKind::Internal),
        "server" => Ok(SpanKind::Server),
        "client" => Ok(SpanKind::Client),
        "producer" => Ok(SpanKind::Producer),
        "consumer" => Ok(SpanKind::Consumer),
        other => {
            let quoted = super::parameters::quoted(other);
            Err(unparsable("spanKind", &format!("unsupported span kind: {quoted}")))
        }
    }
}

/// A `MetricFamily` in protobuf's JSON.
fn family(rates: &SpanRates, measure: Measure, series: &[SpanSeries]) -> Json {
    let (name, help) = match measure {
        Measure::Latencies => {
            let help = format!("{:.2}th quantile latency, grouped by service", rates.quantile);
            ("latencies", help)
        }
        Measure::Calls => ("call_rate", "calls/sec, grouped by service".to_owned()),
        Measure::Errors => (
            "error_rate",
            "error rate, computed as a fraction of errors/sec over calls/sec, grouped by service"
                .to_owned(),
        ),
    };
    let (subject, more) =
        if rates.by_name { ("service_operation", " & operation") } else { ("service", "") };
    json!({
        "name": format!("{subject}_{name}"),
        "type": "GAUGE",
        "help": format!("{help}{more}"),
        "metrics": series.iter().map(|one| metric(measure, one)).collect::<Vec<_>>(),
    })
}

fn metric(measure: Measure, series: &SpanSeries) -> Json {
    let label = |name: &str, value: &str| json!({"name": name, "value": value});
    let operation = series.name.as_deref().map(|name| label("operation", name));
    let labels: Vec<Json> =
        operation.into_iter().chain([label("service_name", &series.service)]).collect();
    let points = series.points.iter().filter_map(|point| {
        let value = value(measure, point)?;
        let time = jiff::Timestamp::from_nanosecond(i128::from(point.time.0)).ok()?;
        Some(json!({"gaugeValue": {"doubleValue": value}, "timestamp": time.to_string()}))
    });
    json!({ "labels": labels, "metricPoints": points.collect::<Vec<_>>() })
}

/// The number of a point; `None` if there is none, because there were no spans.
const fn value(measure: Measure, point: &SpanPoint) -> Option<f64> {
    match measure {
        Measure::Latencies => point.duration_ms,
        Measure::Calls => Some(point.calls_per_second),
        Measure::Errors => point.error_share,
    }
}
