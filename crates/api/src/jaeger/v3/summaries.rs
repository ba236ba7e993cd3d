//! Summaries of traces in protobuf's JSON.

use coral_query::span_search::TraceNumbers;
use serde_json::{Value as Json, json};

/// A `FindTraceSummariesResponse`. Numbers that are zero are written too.
pub(super) fn json(traces: &[TraceNumbers]) -> Json {
    json!({ "summaries": traces.iter().map(summary).collect::<Vec<_>>() })
}

fn summary(trace: &TraceNumbers) -> Json {
    let counts = trace.counts();
    let services = trace.services.iter().map(|(name, counts)| {
        json!({"name": name, "spanCount": counts.spans, "errorSpanCount": counts.errors})
    });
    json!({
        "traceId": trace.trace_id.to_string(),
        "rootServiceName": trace.root_service,
        "rootOperationName": trace.root_name,
        "minStartTimeUnixNano": trace.start.0.to_string(),
        "maxEndTimeUnixNano": trace.end.0.to_string(),
        "spanCount": counts.spans,
        "errorSpanCount": counts.errors,
        "orphanSpanCount": trace.orphans,
        "services": services.collect::<Vec<_>>(),
    })
}
