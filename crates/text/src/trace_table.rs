//! Lists of traces as tables, and one trace as a table of spans.

use std::fmt::Write as _;

use super::beginning::coverage_line;
use super::root_cause::{found_cause, is_usual};
use crate::duration::duration;
use crate::failure::deepest_failure;
use crate::screen::{Emphasis, Screen};
use crate::started::Started;
use crate::table::{Cell, Column, Table, id as id_column, name, whole};
use crate::why::did_you_mean;
use crate::wrap::prose;
use coral_query::answer::{Trace, TraceList, TraceSummary, Unmatched};
use coral_query::{Sort, TracesQuestion};
use coral_trace::sanitize::line;
use coral_trace::units::{TimeZone, count, counted, instant_in};
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
    /// The zone of the start times.
    pub zone: TimeZone,
}

/// Smallest number of digits of a trace id that are printed.
const MIN_ID_DIGITS: usize = 16;

/// The heading of the column of start times.
const STARTED: &str = "Started";

/// The list as text: a heading, the table, the date of the start times, and a note if more traces
/// match.
pub fn trace_table(list: &TraceList, heading: &Heading, screen: Screen) -> String {
    if list.traces.is_empty() {
        return prose(&nothing(list, heading), screen);
    }
    let started = Started::of(&list.traces, &heading.zone);
    let mut text = prose(&format!("{}\n\n", title(heading)), screen);
    let table = table(list, &started, heading.filter.causes);
    text.push_str(&table.text(screen));
    let mut notes = String::new();
    if table.shows(STARTED, screen) {
        let _ = writeln!(notes, "{}", started.note());
    }
    if list.more {
        let shown = list.traces.len();
        let _ =
            writeln!(notes, "… more traces match: raise --limit (now {shown}), or add conditions.");
    }
    notes.push_str(&missing(list, heading));
    text + &prose(&notes, screen)
}

fn title(heading: &Heading) -> String {
    let filter = &heading.filter;
    let mut about = match filter.min_duration_us {
        Some(micros) => vec![format!("duration ≥{}", duration(micros))],
        None => vec![],
    };
    about.extend(filter.max_duration_us.map(|micros| format!("duration ≤{}", duration(micros))));
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
        || heading.filter.max_duration_us.is_some()
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
    if one.is_text {
        let similar = listed(&one.similar);
        return format!("The values of {key} are text, such as {similar}, and have no order.\n");
    }
    let spans = format!("the {} newest spans", count(one.spans));
    let reason = match (&one.value, one.key.as_str()) {
        (Some(service), "service") => format!("No span belongs to the service {}.", line(service)),
        (Some(value), _) => format!("None of {spans} has {key}={}.", line(value)),
        (None, _) => format!("None of {spans} has the key {key}."),
    };
    format!("{reason}{}\n", similar(one))
}

/// ` Similar: host.name.`; empty if nothing is.
pub(crate) fn similar(one: &Unmatched) -> String {
    match one.similar.is_empty() {
        true => String::new(),
        false => format!(" Similar: {}.", listed(&one.similar)),
    }
}

fn listed(texts: &[String]) -> String {
    texts.iter().map(|text| line(text)).collect::<Vec<_>>().join(", ")
}

/// A line about agents whose spans are missing; empty when none are.
fn missing(list: &TraceList, heading: &Heading) -> String {
    let missing = coverage_line(&list.coverage, heading.until);
    missing.map_or_else(String::new, |missing| format!("\n{missing}\n"))
}

/// The table of a list. With `causes`, the root cause stands in place of spans and status.
fn table<'a>(list: &TraceList, started: &Started, causes: bool) -> Table<'a> {
    let traces = &list.traces;
    let ids = id_width(traces);
    // Where rows say why, the operation is the first column to go after the service.
    let is_explained = traces.iter().any(|trace| trace.cause.is_some());
    let operation_column = match (causes, is_explained) {
        (true, true) => name("Root Operation").optional(3),
        _ => name("Root Operation"),
    };
    let middle: Vec<Column<'_>> = match causes {
        true => vec![name("Root Cause").at_least(24), operation_column],
        false => {
            vec![whole("Spans").optional(4), whole("Status").optional(5), operation_column]
        }
    };
    let ends = [
        name("Service").optional(2),
        name("Host").optional(1),
        name("Fails In").at_least(40).optional(0).or_note("fails in "),
    ];
    let columns =
        [whole(STARTED).optional(6), id_column("Trace ID"), whole("Duration").optional(7)];
    let row = |trace: &TraceSummary| {
        let mut cells = vec![
            started.cell(trace.start).into(),
            id(trace, ids).into(),
            duration(trace.duration_us).into(),
        ];
        match causes {
            true => cells.extend([cause(trace).into(), operation(trace)]),
            false => {
                cells.extend([count(trace.span_count).into(), status(trace), operation(trace)])
            }
        }
        let text = |text: &Option<String>| text.as_deref().map(line).unwrap_or_default();
        cells.extend([text(&trace.root_service).into(), text(&trace.root_host).into()]);
        cells.push(Cell::emphasised(failure(trace), Emphasis::Error));
        cells
    };
    let columns = columns.into_iter().chain(middle).chain(ends);
    Table::new(columns, traces.iter().map(row).collect()).without_empty()
}

/// The response status of the root, red if the root failed with it.
fn status(trace: &TraceSummary) -> Cell {
    let status = trace.status_code.map_or_else(|| "-".to_owned(), |code| code.to_string());
    let failed = trace.error_count > 0 && trace.status_code.is_some_and(|code| code >= 400);
    Cell::emphasised(status, if failed { Emphasis::Error } else { Emphasis::None })
}

/// The root cause in words; `not slow: usual up to 312ms` for a trace that is no slower than usual.
fn cause(trace: &TraceSummary) -> String {
    match found_cause(trace) {
        Some(cause) => line(&cause),
        None if is_usual(trace) => {
            format!("not slow: usual up to {}", duration(trace.usual_us.unwrap_or_default()))
        }
        None => "unknown".to_owned(),
    }
}

/// The deepest failing span; if it is unknown, how many spans fail. Empty if none does.
fn failure(trace: &TraceSummary) -> String {
    match &trace.failure {
        Some(failure) => deepest_failure(failure),
        None if trace.error_count > 0 => {
            format!("{} of {}", count(trace.error_count), counted(trace.span_count, "span"))
        }
        None => String::new(),
    }
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
pub fn span_table(trace: &Trace, zone: &TimeZone, screen: Screen) -> String {
    let row = |span: &Span| -> Vec<Cell> {
        let offset = span.start.as_micros().saturating_sub(trace.start.as_micros());
        let took = i64::try_from(span.duration().as_micros()).unwrap_or(i64::MAX);
        let failed = if span.is_error() { Emphasis::Error } else { Emphasis::None };
        let mark = if span.is_error() { " (ERROR)" } else { "" };
        let host = span.origin.resource.attributes.get("host.name");
        vec![
            span.span_id.to_string().into(),
            format!("+{}", duration(offset)).into(),
            duration(took).into(),
            line(span.origin.service_name()).into(),
            span.kind.as_str().into(),
            Cell::emphasised(line(&span.name), failed).with_suffix(mark),
            host.map(|host| line(&host.to_string())).unwrap_or_default().into(),
        ]
    };
    let rows = trace.spans.iter().map(|span| row(&span.span)).collect();
    let started = instant_in(trace.start.as_micros(), zone);
    let heading = prose(&format!("Trace {} ({started}):\n\n", trace.trace_id), screen);
    let columns = [
        id_column("Span ID"),
        whole("Start").optional(3),
        whole("Duration").optional(4),
        name("Service").optional(2),
        whole("Kind").optional(1),
        name("Operation"),
        name("Host").optional(0),
    ];
    heading + &Table::new(columns, rows).without_empty().text(screen)
}
