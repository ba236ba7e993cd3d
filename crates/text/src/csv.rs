//! Answers as CSV (RFC 4180), for spreadsheets. Control characters are printed as `\u{…}`; the JSON
//! of an answer has them unchanged.

use std::collections::BTreeMap;

use coral_query::answer::{RedTable, Trace, TraceFailure, TraceList, TraceSpan};
use coral_trace::Span;

use crate::failure::failure_name;
use crate::root_cause::root_cause;

/// One CSV line for each trace. Times are in microseconds; the services of a trace are separated by
/// spaces.
pub fn traces(list: &TraceList) -> String {
    let header = "trace_id,start_time_unix_us,duration_us,span_count,error_count,services,\
                  root_service,root_operation,status_code,root_cause,deepest_failure,\
                  root_host,root_version,root_pod,failure_service,failure_host,failure_message,\
                  usual_us";
    let rows = list.traces.iter().map(|trace| {
        let of_failure = |text: fn(&TraceFailure) -> Option<&String>| {
            trace.failure.as_ref().and_then(text).cloned().unwrap_or_default()
        };
        vec![
            trace.trace_id.to_string(),
            trace.start.as_micros().to_string(),
            trace.duration_us.to_string(),
            trace.span_count.to_string(),
            trace.error_count.to_string(),
            trace.services.join(" "),
            trace.root_service.clone().unwrap_or_default(),
            trace.root_operation.clone(),
            trace.status_code.map(|code| code.to_string()).unwrap_or_default(),
            trace.cause.as_ref().map(root_cause).unwrap_or_default(),
            trace.failure.as_ref().map(failure_name).unwrap_or_default(),
            trace.root_host.clone().unwrap_or_default(),
            trace.root_version.clone().unwrap_or_default(),
            trace.root_pod.clone().unwrap_or_default(),
            of_failure(|failure| Some(&failure.service)),
            of_failure(|failure| failure.host.as_ref()),
            of_failure(|failure| failure.message.as_ref().or(failure.exception_message.as_ref())),
            trace.usual_us.map(|us| us.to_string()).unwrap_or_default(),
        ]
    });
    document(header, rows)
}

/// One CSV line for each span. The attributes of a span are one JSON object in one cell.
pub fn spans(trace: &Trace) -> String {
    let header = "trace_id,span_id,parent_span_id,agent_id,service_name,span_name,span_kind,\
                  start_time_unix_us,duration_us,status_code,span_status,source,attributes";
    let rows = trace.spans.iter().map(|TraceSpan { agent_id, span }| {
        vec![
            span.trace_id.to_string(),
            span.span_id.to_string(),
            span.parent_span_id.map(|id| id.to_string()).unwrap_or_default(),
            agent_id.to_string(),
            span.origin.service_name().to_owned(),
            span.name.clone(),
            span.kind.as_str().to_owned(),
            span.start.as_micros().to_string(),
            span.duration().as_micros().to_string(),
            span.response_status().map(|code| code.to_string()).unwrap_or_default(),
            span.status.code.as_str().to_owned(),
            span.origin.collector.as_str().to_owned(),
            serde_json::to_string(&texts(span)).expect("text has a JSON form"),
        ]
    });
    document(header, rows)
}

/// The attributes of a span as text, by key. If a key is repeated, its first value counts.
fn texts(span: &Span) -> BTreeMap<&str, String> {
    let reversed = span.attributes.iter().rev();
    reversed.map(|pair| (pair.key.as_str(), pair.value.to_string())).collect()
}

/// One CSV line for each row. Percentiles are in microseconds; a percentile above the last bucket
/// bound is an empty cell.
pub fn red(table: &RedTable) -> String {
    let header =
        "method,route,operation,table,requests,errors,error_rate,p50_us,p95_us,p99_us,beyond_us";
    let rows = table.rows.iter().map(|row| {
        let names = [&row.method, &row.route, &row.operation, &row.table];
        let numbers = &row.numbers;
        let known = [numbers.p50_us, numbers.p95_us, numbers.p99_us, numbers.beyond_us];
        let texts = names.into_iter().map(|name| name.clone().unwrap_or_default());
        texts
            .chain([
                numbers.requests.to_string(),
                numbers.errors.to_string(),
                numbers.error_rate.to_string(),
            ])
            .chain(known.map(|us| us.map(|us| us.to_string()).unwrap_or_default()))
            .collect()
    });
    document(header, rows)
}

/// A CSV document: the line `header` as it is, then `rows`, whose cells are escaped with
/// [`quoted`].
pub fn document(header: &str, rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut text = format!("{header}\r\n");
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

/// `cell` as a CSV cell. Text that begins with `=`, `+`, `-` or `@` gets a `'` in front, because a
/// spreadsheet would evaluate it as a formula; numbers stay as they are.
pub fn quoted(cell: &str) -> String {
    let cell = coral_trace::sanitize::whole(cell);
    let number = cell.parse::<f64>().is_ok();
    let formula = cell.starts_with(['=', '+', '-', '@']) && !number;
    let guarded = if formula { format!("'{cell}") } else { cell };
    if guarded.contains([',', '"']) {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        assert_eq!(quoted("plain"), "plain");
        assert_eq!(quoted("a,\"b\"\u{1b}"), "\"a,\"\"b\"\"\\u{1b}\"");
        assert_eq!(quoted("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(quoted("-5"), "-5");
    }
}
