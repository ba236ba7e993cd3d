//! Lists of traces as the RFD prints them, and the spans of one trace line by line.

use std::fmt::Write as _;

use super::sanitize::line;
use super::table::table;
use super::units::{duration, instant};
use crate::query::answer::{Trace, TraceList, TraceSummary};
use crate::query::{Sort, TraceFilter};

/// What a list is about, for its heading.
#[derive(Clone, Debug)]
pub struct Heading {
    /// What was asked.
    pub filter: TraceFilter,
    /// `last 1 hour`, `since 2026-11-23T09:00:00Z`.
    pub window: String,
}

/// The narrowest prefix of an id that is printed.
const SHORTEST_ID: usize = 16;

/// A heading, the table, and what was left out.
pub fn trace_table(list: &TraceList, heading: &Heading) -> String {
    if list.traces.is_empty() {
        return nothing(heading);
    }
    let slow = heading.filter.min_duration_us.is_some();
    let ids = id_width(&list.traces);
    let mut text = format!("{}\n\n", title(heading));
    let rows: Vec<Vec<String>> = list
        .traces
        .iter()
        .map(|trace| if slow { slow_row(trace, ids) } else { recent_row(trace, ids) })
        .collect();
    let columns: &[&str] = if slow {
        &["Trace ID", "Duration", "Root Cause", "Root Operation"]
    } else {
        &["Trace ID", "Duration", "Spans", "Status", "Root Operation"]
    };
    text.push_str(&table(columns, &rows));
    if list.more {
        let shown = list.traces.len();
        let _ = writeln!(text, "… more match; raise --limit (now {shown}) or narrow the question.");
    }
    text
}

fn title(heading: &Heading) -> String {
    let filter = &heading.filter;
    let mut about = match filter.min_duration_us {
        Some(micros) => vec![format!("duration ≥{}", duration(micros))],
        None => vec![],
    };
    about.push(heading.window.clone());
    about.extend(filter.service.as_deref().map(line));
    if filter.sort == Sort::Slowest {
        about.push("slowest first".to_owned());
    }
    let kind = if filter.min_duration_us.is_some() { "Slow" } else { "Recent" };
    format!("{kind} Traces ({}):", about.join(", "))
}

fn nothing(heading: &Heading) -> String {
    let of = heading.filter.service.as_deref().map(|name| format!(" for {}", line(name)));
    let narrowed = heading.filter.min_duration_us.is_some()
        || heading.filter.status.is_some()
        || heading.filter.name.is_some()
        || !heading.filter.attributes.is_empty();
    let hint = if narrowed {
        "fewer conditions or an earlier --since may find some"
    } else {
        "`coral colony status` shows which agents are polled and what came; an earlier --since may find older ones"
    };
    let matching = if narrowed { " that match" } else { "" };
    format!("No traces{matching}{} ({}).\nHint: {hint}.\n", of.unwrap_or_default(), heading.window)
}

fn recent_row(trace: &TraceSummary, ids: usize) -> Vec<String> {
    vec![
        trace.trace_id[..ids].to_owned(),
        duration(trace.duration_us),
        trace.span_count.to_string(),
        trace.status_code.map_or_else(|| "-".to_owned(), |code| code.to_string()),
        operation(trace),
    ]
}

fn slow_row(trace: &TraceSummary, ids: usize) -> Vec<String> {
    vec![
        trace.trace_id[..ids].to_owned(),
        duration(trace.duration_us),
        trace.root_cause.as_deref().map_or_else(|| "unknown".to_owned(), line),
        operation(trace),
    ]
}

fn operation(trace: &TraceSummary) -> String {
    let mut text = line(&trace.root_operation);
    if trace.error_count > 0 {
        text.push_str(" (ERROR)");
    }
    if trace.root_service.is_none() {
        text.push_str(" (no root)");
    }
    text
}

/// Ids are cut where they still differ, so that each can be pasted into `--trace-id`.
fn id_width(traces: &[TraceSummary]) -> usize {
    let mut ids: Vec<&str> = traces.iter().map(|trace| trace.trace_id.as_str()).collect();
    ids.sort_unstable();
    let same =
        |pair: &[&str]| pair[0].bytes().zip(pair[1].bytes()).take_while(|(a, b)| a == b).count();
    let common = ids.windows(2).map(same).max().unwrap_or(0);
    let shortest = ids.iter().map(|id| id.len()).min().unwrap_or(0);
    if common < SHORTEST_ID { SHORTEST_ID.min(shortest) } else { shortest }
}

/// One line a span, by start.
pub fn span_table(trace: &Trace) -> String {
    let rows: Vec<Vec<String>> = trace
        .spans
        .iter()
        .map(|span| {
            let offset = span.start_time_unix_us - trace.start_time_unix_us;
            vec![
                span.span_id.clone(),
                format!("+{}", duration(offset)),
                duration(span.duration_us),
                line(&span.service_name),
                span.span_kind.clone(),
                line(&span.span_name),
            ]
        })
        .collect();
    let heading = format!("Trace {} ({}):\n\n", trace.trace_id, instant(trace.start_time_unix_us));
    heading + &table(&["Span ID", "Start", "Duration", "Service", "Kind", "Operation"], &rows)
}
