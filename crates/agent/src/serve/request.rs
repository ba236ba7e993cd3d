//! Validates the requests of the agent's RPC.

use std::time::Duration;

use coral_store::ColumnsLayout;
use coral_trace::{SpanId, TimeRange, TraceId, UnixNanos};
use coral_wire::agent_rpc::proto::{QueryBeylaMetricsRequest, QueryTelemetryRequest, SpanEncoding};
use tonic::Status;

/// The spans that a caller requests.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum SpanQuestion {
    /// The next page in order of receipt.
    After(StreamPosition),
    /// Whole traces, by id, time or service.
    Traces(TraceSelection),
}

/// Selects the page of spans after the receipt `after`.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct StreamPosition {
    pub(crate) after: u64,
    pub(crate) max_spans: u32,
    pub(crate) encoding: SpanEncoding,
    /// The longest wait for a receipt above `after`.
    pub(crate) wait: Duration,
    /// The layout of columns that the caller reads.
    pub(crate) columns: Option<ColumnsLayout>,
}

/// Selects whole traces.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct TraceSelection {
    pub(crate) started: TimeRange,
    pub(crate) services: Vec<String>,
    pub(crate) trace: Option<TraceId>,
    pub(crate) span: Option<SpanId>,
    pub(crate) max_traces: u32,
    pub(crate) max_spans: u32,
    pub(crate) encoding: SpanEncoding,
}

/// The default number of traces in one answer; `MAX_TRACES` is the largest number.
const DEFAULT_TRACES: u32 = 100;
const MAX_TRACES: i32 = 1_000;
/// The largest number of spans in one answer with whole traces. Most answers reach the limit of
/// bytes first. A page after a receipt has at most `READ_ROWS` spans (`page.rs`).
const MAX_SPANS: u32 = 20_000;

impl TryFrom<QueryBeylaMetricsRequest> for SpanQuestion {
    type Error = Status;

    fn try_from(request: QueryBeylaMetricsRequest) -> Result<Self, Status> {
        if let Some(unknown) = request.metric_types.iter().find(|kind| !(0..=3).contains(*kind)) {
            return Err(invalid("metric_types", format!("{unknown} is not a BeylaMetricType")));
        }
        // The two requests have the same fields, except for those about metrics.
        Self::try_from(QueryTelemetryRequest {
            start_time: request.start_time,
            end_time: request.end_time,
            service_names: request.service_names,
            trace_id: request.trace_id,
            max_traces: request.max_traces,
            span_id: request.span_id,
            max_spans: request.max_spans,
            after_receipt: request.after_receipt,
            span_encoding: request.span_encoding,
            wait_ms: request.wait_ms,
            columns_layout: request.columns_layout,
            // The caller has read these.
            ..QueryTelemetryRequest::default()
        })
    }
}

impl TryFrom<QueryTelemetryRequest> for SpanQuestion {
    type Error = Status;

    fn try_from(request: QueryTelemetryRequest) -> Result<Self, Status> {
        let encoding = SpanEncoding::try_from(request.span_encoding)
            .map_err(|_| invalid("span_encoding", "not a known SpanEncoding"))?;
        let max_spans = match request.max_spans {
            0 => MAX_SPANS,
            asked => asked.min(MAX_SPANS),
        };
        if let Some(after) = request.after_receipt {
            refuse_filters(&request)?;
            let wait = Duration::from_millis(request.wait_ms.into());
            let columns = Some(request.columns_layout).filter(|layout| *layout != 0);
            let columns = columns.map(ColumnsLayout);
            return Ok(Self::After(StreamPosition { after, max_spans, encoding, wait, columns }));
        }
        if request.columns_layout != 0 {
            let reason = "needs after_receipt: only a page of the cursor has columns";
            return Err(invalid("columns_layout", reason));
        }
        if request.wait_ms != 0 {
            return Err(invalid("wait_ms", "needs after_receipt: only a page of the cursor waits"));
        }
        Ok(Self::Traces(TraceSelection {
            started: range(request.start_time, request.end_time)?,
            trace: id("trace_id", &request.trace_id)?,
            span: id("span_id", &request.span_id)?,
            max_traces: max_traces(request.max_traces)?,
            services: request.service_names,
            max_spans,
            encoding,
        }))
    }
}

/// Refuses filters beside a cursor. The cursor would move past the spans that do not match the
/// filter, and the colony would never receive them.
fn refuse_filters(request: &QueryTelemetryRequest) -> Result<(), Status> {
    let set = [
        ("start_time", request.start_time != 0),
        ("end_time", request.end_time != 0),
        ("service_names", !request.service_names.is_empty()),
        ("trace_id", !request.trace_id.is_empty()),
        ("span_id", !request.span_id.is_empty()),
        ("max_traces", request.max_traces != 0),
    ];
    match set.into_iter().find(|(_, is_set)| *is_set) {
        Some((field, _)) => Err(invalid(field, "cannot be combined with after_receipt")),
        None => Ok(()),
    }
}

/// The times from `start` (included) to `end` (excluded), in Unix seconds. 0 means no bound,
/// because protobuf reads a missing field as 0.
pub(super) fn range(start: i64, end: i64) -> Result<TimeRange, Status> {
    for (field, seconds) in [("start_time", start), ("end_time", end)] {
        if seconds < 0 {
            return Err(invalid(
                field,
                format!("{seconds} is before 1970; times are Unix seconds"),
            ));
        }
    }
    if end != 0 && end <= start {
        let reason = format!("{end} is not after start_time {start}; the range is half-open");
        return Err(invalid("end_time", reason));
    }
    let end = if end == 0 { UnixNanos::MAX } else { UnixNanos::from_secs(end) };
    Ok(TimeRange { start: UnixNanos::from_secs(start), end })
}

fn max_traces(asked: i32) -> Result<u32, Status> {
    match asked {
        0 => Ok(DEFAULT_TRACES),
        1..=MAX_TRACES => Ok(asked as u32),
        _ => Err(invalid("max_traces", format!("{asked} is not between 1 and {MAX_TRACES}"))),
    }
}

fn id<T: std::str::FromStr<Err = coral_trace::InvalidId>>(
    field: &str,
    text: &str,
) -> Result<Option<T>, Status> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|reason| invalid(field, reason))
}

pub(super) fn invalid(field: &str, reason: impl std::fmt::Display) -> Status {
    Status::invalid_argument(format!("{field}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(request: QueryTelemetryRequest, expected: &str) {
        let answer = match SpanQuestion::try_from(request) {
            Ok(question) => format!("{question:?}"),
            Err(status) => format!("{:?}: {}", status.code(), status.message()),
        };
        assert!(answer.contains(expected), "{answer}");
    }

    fn request() -> QueryTelemetryRequest {
        QueryTelemetryRequest::default()
    }

    #[test]
    fn an_invalid_request_is_an_invalid_argument_that_names_the_field() {
        for (request, expected) in [
            (
                QueryTelemetryRequest { start_time: -1, ..request() },
                "InvalidArgument: start_time: -1",
            ),
            (
                QueryTelemetryRequest { start_time: 9, end_time: 9, ..request() },
                "end_time: 9 is not after",
            ),
            (QueryTelemetryRequest { max_traces: 1_001, ..request() }, "max_traces: 1001"),
            (QueryTelemetryRequest { max_traces: -5, ..request() }, "max_traces: -5"),
            (QueryTelemetryRequest { trace_id: "xyz".into(), ..request() }, "trace_id: 'x' is not"),
            (QueryTelemetryRequest { span_id: "00".into(), ..request() }, "span_id: 2 long"),
            (QueryTelemetryRequest { span_encoding: 7, ..request() }, "span_encoding"),
            (QueryTelemetryRequest { wait_ms: 7, ..request() }, "wait_ms: needs after_receipt"),
            (
                QueryTelemetryRequest { columns_layout: 7, ..request() },
                "columns_layout: needs after_receipt",
            ),
            (
                QueryTelemetryRequest { after_receipt: Some(1), start_time: 5, ..request() },
                "start_time: cannot be combined with after_receipt",
            ),
        ] {
            check(request, expected);
        }
    }

    #[test]
    fn missing_fields_have_defaults() {
        check(request(), "max_traces: 100");
        check(request(), "start: UnixNanos(0), end: UnixNanos(18446744073709551615)");
        check(
            QueryTelemetryRequest { after_receipt: Some(0), ..request() },
            "After(StreamPosition { after: 0",
        );
    }
}
