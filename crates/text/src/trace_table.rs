//! Lists of traces as the RFD prints them, and the spans of one trace line by line.

use std::fmt::Write as _;

use super::root_cause::root_cause;
use super::table::{cut, room_for_last, table, width};
use crate::duration::duration;
use coral_query::answer::{Trace, TraceList, TraceSummary};
use coral_query::{Sort, TracesQuestion};
use coral_trace::Span;
use coral_trace::sanitize::line;
use coral_trace::units::{count, instant};

/// What a list is about, for its heading.
#[derive(Clone, Debug)]
pub struct Heading {
    /// What was asked.
    pub filter: TracesQuestion,
    /// `last 1 hour`, `since 2026-11-23T09:00:00Z`.
    pub window: String,
}

/// The narrowest prefix of an id that is printed.
const MIN_ID_DIGITS: usize = 16;

/// A heading, the table, and what was left out.
pub fn trace_table(list: &TraceList, heading: &Heading) -> String {
    if list.traces.is_empty() {
        return nothing(heading);
    }
    let ids = id_width(&list.traces);
    let mut text = format!("{}\n\n", title(heading));
    text.push_str(&match heading.filter.min_duration_us {
        Some(_) => slow_table(&list.traces, ids),
        None => recent_table(&list.traces, ids),
    });
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
        "`coral colony status` shows which agents are polled and what came; an earlier --since may \
         find older ones"
    };
    let matching = if narrowed { " that match" } else { "" };
    format!("No traces{matching}{} ({}).\nHint: {hint}.\n", of.unwrap_or_default(), heading.window)
}

fn recent_table(traces: &[TraceSummary], ids: usize) -> String {
    let row = |trace: &TraceSummary| {
        vec![
            id(trace, ids),
            duration(trace.duration_us),
            count(trace.span_count),
            trace.status_code.map_or_else(|| "-".to_owned(), |code| code.to_string()),
        ]
    };
    let rows = traces.iter().map(row).collect();
    with_operations(vec!["Trace ID", "Duration", "Spans", "Status"], rows, traces)
}

/// Without the operations where every cause is known, as in the RFD.
fn slow_table(traces: &[TraceSummary], ids: usize) -> String {
    let row = |trace: &TraceSummary| {
        let cause = trace.cause.as_ref().map(root_cause);
        let cause = cause.map_or_else(|| "unknown".to_owned(), |cause| line(&cause));
        vec![id(trace, ids), duration(trace.duration_us), cause]
    };
    let rows: Vec<Vec<String>> = traces.iter().map(row).collect();
    let columns = vec!["Trace ID", "Duration", "Root Cause"];
    if traces.iter().all(|trace| trace.cause.is_some()) {
        table(&columns, &rows)
    } else {
        with_operations(columns, rows, traces)
    }
}

/// With a last column that takes what room there is left.
fn with_operations(
    mut columns: Vec<&str>,
    mut rows: Vec<Vec<String>>,
    traces: &[TraceSummary],
) -> String {
    let room = room_for_last(&columns, &rows);
    columns.push("Root Operation");
    for (row, trace) in rows.iter_mut().zip(traces) {
        row.push(operation(trace, room));
    }
    table(&columns, &rows)
}

/// The name is cut to fit, what is said of it never.
fn operation(trace: &TraceSummary, room: usize) -> String {
    let failed = if trace.error_count > 0 { " (ERROR)" } else { "" };
    let torn = if trace.root_service.is_none() { " (no root)" } else { "" };
    let room = room.saturating_sub(width(failed) + width(torn));
    format!("{}{failed}{torn}", cut(&line(&trace.root_operation), room))
}

fn id(trace: &TraceSummary, digits: usize) -> String {
    let mut id = trace.trace_id.to_string();
    id.truncate(digits);
    id
}

/// Ids are cut where they still differ, so that each can be pasted into `--trace-id`. Ids of 64 bits,
/// which begin with 16 zeros, are not cut.
fn id_width(traces: &[TraceSummary]) -> usize {
    let mut cut: Vec<String> = traces.iter().map(|trace| id(trace, MIN_ID_DIGITS)).collect();
    cut.sort_unstable();
    let differ = cut.windows(2).all(|pair| pair[0] != pair[1]);
    let telling = cut.iter().all(|id| id.contains(|digit| digit != '0'));
    if differ && telling { MIN_ID_DIGITS } else { usize::MAX }
}

/// One line a span, by start.
pub fn span_table(trace: &Trace) -> String {
    let row = |span: &Span| {
        let offset = span.start.as_micros().saturating_sub(trace.start.as_micros());
        let took = i64::try_from(span.duration().as_micros()).unwrap_or(i64::MAX);
        vec![
            span.span_id.to_string(),
            format!("+{}", duration(offset)),
            duration(took),
            line(span.origin.service_name()),
            span.kind.as_str().to_owned(),
            line(&span.name),
        ]
    };
    let rows: Vec<Vec<String>> = trace.spans.iter().map(|span| row(&span.span)).collect();
    let heading = format!("Trace {} ({}):\n\n", trace.trace_id, instant(trace.start.as_micros()));
    heading + &table(&["Span ID", "Start", "Duration", "Service", "Kind", "Operation"], &rows)
}
