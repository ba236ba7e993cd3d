//! Lists of traces as tables, and one trace as a table of spans.

use std::fmt::Write as _;

use super::beginning::coverage_line;
use super::root_cause::root_cause;
use crate::duration::duration;
use crate::failure::fails_in;
use crate::screen::{Emphasis, Screen};
use crate::table::{Cell, Column, Table, id as id_column, name, whole};
use crate::why::did_you_mean;
use coral_query::answer::{Trace, TraceList, TraceSummary, Unmatched};
use coral_query::{Sort, TracesQuestion};
use coral_trace::sanitize::line;
use coral_trace::units::{count, instant};
use coral_trace::{Span, UnixNanos};

/// The question that a list answers, for its heading.
#[derive(Clone, Debug)]
pub struct Heading {
    /// The question that the list answers.
    pub filter: TracesQuestion,
    /// The window in words: `last 1 hour`, `since 2026-11-23T09:00:00Z`.
    pub window: String,
    /// The end of the window.
    pub until: UnixNanos,
}

/// Smallest number of digits of a trace id that are printed.
const MIN_ID_DIGITS: usize = 16;

/// The list as text: a heading, the table, and a note if more traces match.
pub fn trace_table(list: &TraceList, heading: &Heading, screen: Screen) -> String {
    if list.traces.is_empty() {
        return nothing(list, heading);
    }
    let ids = id_width(&list.traces);
    let mut text = format!("{}\n\n", title(heading));
    text.push_str(&match heading.filter.min_duration_us {
        Some(_) => slow_table(&list.traces, ids, screen),
        None => recent_table(&list.traces, ids, screen),
    });
    if list.more {
        let shown = list.traces.len();
        let _ =
            writeln!(text, "… more traces match: raise --limit (now {shown}), or add conditions.");
    }
    text.push_str(&missing(list, heading));
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
    about.extend((!filter.q.is_empty()).then(|| line(&filter.q)));
    if filter.sort == Sort::Slowest {
        about.push("slowest first".to_owned());
    }
    let kind = if filter.min_duration_us.is_some() { "Slow" } else { "Recent" };
    format!("{kind} Traces ({}):", about.join(", "))
}

fn nothing(list: &TraceList, heading: &Heading) -> String {
    let of = heading.filter.service.as_deref().map(|name| format!(" for {}", line(name)));
    let narrowed = heading.filter.min_duration_us.is_some()
        || heading.filter.status.is_some()
        || heading.filter.name.is_some()
        || !heading.filter.q.is_empty()
        || !heading.filter.attributes.is_empty();
    let hint = if narrowed {
        "Hint: try fewer conditions, or an earlier --since.\n"
    } else {
        "Hint: try an earlier --since. `coral colony status` shows which agents are polled, and how many spans are \
         stored.\n"
    };
    let hint = match did_you_mean(&list.did_you_mean) {
        Some(hint) => hint,
        None if list.unmatched.is_empty() => hint.to_owned(),
        None => list.unmatched.iter().map(unmatched).collect(),
    };
    let matching = if narrowed { " that match" } else { "" };
    let missing = missing(list, heading);
    format!("No traces{matching}{} ({}).\n{hint}{missing}", of.unwrap_or_default(), heading.window)
}

/// A line about a key or a value of the search that no span has, with the nearest there are.
pub(crate) fn unmatched(one: &Unmatched) -> String {
    let key = line(&one.key);
    let similar: Vec<String> = one.similar.iter().map(|text| line(text)).collect();
    let similar = similar.join(", ");
    if one.is_text {
        return format!("The values of {key} are text, such as {similar}, and have no order.\n");
    }
    let spans = format!("the {} newest spans", count(one.spans));
    let reason = match (&one.value, one.key.as_str()) {
        (Some(service), "service") => format!("No span belongs to the service {}.", line(service)),
        (Some(value), _) => format!("None of {spans} has {key}={}.", line(value)),
        (None, _) => format!("None of {spans} has the key {key}."),
    };
    match similar.as_str() {
        "" => format!("{reason}\n"),
        similar => format!("{reason} Similar: {similar}.\n"),
    }
}

/// A line about agents whose spans are missing; empty when none are.
fn missing(list: &TraceList, heading: &Heading) -> String {
    let missing = coverage_line(&list.coverage, heading.until);
    missing.map_or_else(String::new, |missing| format!("\n{missing}\n"))
}

fn recent_table(traces: &[TraceSummary], ids: usize, screen: Screen) -> String {
    let row = |trace: &TraceSummary| {
        let status = trace.status_code.map_or_else(|| "-".to_owned(), |code| code.to_string());
        let failed = trace.error_count > 0 && trace.status_code.is_some_and(|code| code >= 400);
        let emphasis = if failed { Emphasis::Error } else { Emphasis::None };
        vec![
            id(trace, ids).into(),
            duration(trace.duration_us).into(),
            count(trace.span_count).into(),
            Cell::emphasised(status, emphasis),
            operation(trace),
        ]
    };
    let columns = [
        id_column("Trace ID"),
        whole("Duration"),
        whole("Spans"),
        whole("Status"),
        name("Root Operation"),
    ];
    Table::new(columns, traces.iter().map(row).collect()).with_notes(failures(traces)).text(screen)
}

/// The table of slow traces. The column `Root Operation` is left out if the root cause of every
/// trace is known.
fn slow_table(traces: &[TraceSummary], ids: usize, screen: Screen) -> String {
    let is_explained = traces.iter().all(|trace| trace.cause.is_some());
    let row = |trace: &TraceSummary| {
        let cause = trace.cause.as_ref().map(root_cause);
        let cause = cause.map_or_else(|| "unknown".to_owned(), |cause| line(&cause));
        let mut cells =
            vec![id(trace, ids).into(), duration(trace.duration_us).into(), cause.into()];
        cells.extend((!is_explained).then(|| operation(trace)));
        cells
    };
    let columns: [Column<'_>; 3] = [id_column("Trace ID"), whole("Duration"), name("Root Cause")];
    let columns = columns.into_iter().chain((!is_explained).then(|| name("Root Operation")));
    Table::new(columns, traces.iter().map(row).collect()).with_notes(failures(traces)).text(screen)
}

/// For each trace, a line that names its deepest failing span; empty if none is known.
fn failures(traces: &[TraceSummary]) -> Vec<String> {
    let note = |trace: &TraceSummary| trace.failure.as_ref().map(fails_in).unwrap_or_default();
    traces.iter().map(note).collect()
}

/// The cell of the root operation. The name may be cut to fit; ` (ERROR)` and ` (no root)` are
/// never cut.
fn operation(trace: &TraceSummary) -> Cell {
    let failed = if trace.error_count > 0 { " (ERROR)" } else { "" };
    let torn = if trace.root_service.is_none() { " (no root)" } else { "" };
    Cell::from(line(&trace.root_operation)).with_suffix(format!("{failed}{torn}"))
}

fn id(trace: &TraceSummary, digits: usize) -> String {
    let mut id = trace.trace_id.to_string();
    id.truncate(digits);
    id
}

/// How many digits of each trace id are printed: 16 if those differ, so that each can be pasted
/// into `--trace-id`, else all. Ids of 64 bits begin with 16 zeros: a list with such an id has all
/// digits.
fn id_width(traces: &[TraceSummary]) -> usize {
    let mut cut: Vec<String> = traces.iter().map(|trace| id(trace, MIN_ID_DIGITS)).collect();
    cut.sort_unstable();
    let differ = cut.windows(2).all(|pair| pair[0] != pair[1]);
    let telling = cut.iter().all(|id| id.contains(|digit| digit != '0'));
    if differ && telling { MIN_ID_DIGITS } else { usize::MAX }
}

/// The spans of one trace as a table: one line for each span, by start time.
pub fn span_table(trace: &Trace, screen: Screen) -> String {
    let row = |span: &Span| -> Vec<Cell> {
        let offset = span.start.as_micros().saturating_sub(trace.start.as_micros());
        let took = i64::try_from(span.duration().as_micros()).unwrap_or(i64::MAX);
        let failed = if span.is_error() { Emphasis::Error } else { Emphasis::None };
        vec![
            span.span_id.to_string().into(),
            format!("+{}", duration(offset)).into(),
            duration(took).into(),
            line(span.origin.service_name()).into(),
            span.kind.as_str().into(),
            Cell::emphasised(line(&span.name), failed),
        ]
    };
    let rows = trace.spans.iter().map(|span| row(&span.span)).collect();
    let heading = format!("Trace {} ({}):\n\n", trace.trace_id, instant(trace.start.as_micros()));
    let columns = [
        id_column("Span ID"),
        whole("Start"),
        whole("Duration"),
        name("Service"),
        whole("Kind"),
        name("Operation"),
    ];
    heading + &Table::new(columns, rows).text(screen)
}
