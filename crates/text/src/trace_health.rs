//! Whether traces are whole, as `coral doctor traces` prints it: problems with their probable causes
//! and remedies, then the counts by call and by service.

pub(crate) mod words;

use std::fmt::Write as _;

use self::words::{Extent, advice};
use crate::beginning::coverage;
use crate::duration::duration;
use crate::screen::Screen;
use crate::table::{Cell, Table, name, whole};
use crate::why::did_you_mean;
use crate::wrap::folded;
use coral_query::answer::{
    EdgeHealth, InferredLink, ServiceHealth, Trace, TraceHealth, TraceProblem,
};
use coral_trace::UnixNanos;
use coral_trace::sanitize::line;
use coral_trace::units::{count, counted};

/// Problems that are printed; further ones are only counted.
const MAX_PROBLEMS: usize = 20;
/// Rows of a table that are printed; further ones are only counted.
const MAX_ROWS: usize = 50;

/// The page of `coral doctor traces`. `window` is the window in words: `last 1 hour`, and `until` its
/// end.
pub fn trace_health(
    health: &TraceHealth,
    window: &str,
    until: UnixNanos,
    screen: Screen,
) -> String {
    let service = match health.service.as_str() {
        "" => "everything".to_owned(),
        service => line(service),
    };
    let mut text = format!("Are the traces of {service} whole? ({window})\n\n");
    if health.traces == 0 && health.oversized_traces > 0 {
        text.push_str(&oversized(health.oversized_traces));
    } else if health.traces == 0 {
        text.push_str("No trace started in this window.\nHint: try a longer --since.\n");
    } else if health.services.is_empty() {
        let _ = writeln!(text, "Unknown service: no trace of this time has a span of {service}.");
        text.push_str(&did_you_mean(&health.did_you_mean).unwrap_or_else(|| {
            "Hint: `coral query topology` lists the services with traces.\n".to_owned()
        }));
    } else {
        text.push_str(&summary(health));
        text.push_str(&problems(&health.problems, screen));
        text.push_str(&edges(&health.edges, screen));
        text.push_str(&services(&health.services, screen));
        text.push_str(&screen.faint(LEGEND));
    }
    for sentence in coverage(&health.coverage, until) {
        let _ = writeln!(text, "\n{sentence}");
    }
    folded(&text, screen)
}

const LEGEND: &str = "Calls: calls whose callee is known. Unlinked: both sides of the call are stored, in two traces or without a link.\n\
     Missing: spans that others name or imply, and that are not stored.\n\
     Cut roots: server spans that begin a trace of their own, although a client span called them.\n\
     Clock ahead: by how much the callee's clock is ahead of the caller's.\n";

fn summary(health: &TraceHealth) -> String {
    let mut text = format!(
        "{} of {}{} are whole. {} of {} are stored.\n",
        count(health.whole),
        counted(health.traces, "trace"),
        // The tables below are of one service; these counts are of all.
        if health.service.is_empty() { "" } else { " of all services" },
        count(health.seen_spans),
        counted(health.expected_spans, "expected span"),
    );
    if let Some(ratio) = health.sampling_ratio {
        let _ = writeln!(
            text,
            "The trace ids show a sampler that keeps about {:.0}% of all traces.",
            ratio * 100.0
        );
    }
    if health.cut {
        text.push_str("More traces match; only some of them were examined.\n");
    }
    if health.oversized_traces > 0 {
        text.push_str(&oversized(health.oversized_traces));
    }
    text
}

fn oversized(traces: u64) -> String {
    let has = if traces == 1 { "has" } else { "have" };
    format!("{} {has} too many spans to be examined.\n", counted(traces, "trace"))
}

fn problems(problems: &[TraceProblem], screen: Screen) -> String {
    if problems.is_empty() {
        return "\nNo problem was found.\n".to_owned();
    }
    let mut text = "\nProblems, the most frequent first:\n".to_owned();
    for problem in problems.iter().take(MAX_PROBLEMS) {
        let advice = advice(problem, Extent::Window);
        let _ = writeln!(text, "  {}", screen.strong(&advice.what));
        let _ = writeln!(text, "    Probable cause: {}", advice.cause);
        let _ = writeln!(text, "    Remedy: {}", advice.remedy);
        if let Some(example) = problem.examples.first() {
            let span = screen.faint(&format!("# span {}", example.span_id));
            let id = example.trace_id;
            let _ = writeln!(text, "    See: coral query beyla traces --trace-id {id}    {span}");
        }
    }
    more(&mut text, problems.len().saturating_sub(MAX_PROBLEMS), "problem");
    text
}

fn edges(edges: &[EdgeHealth], screen: Screen) -> String {
    if edges.is_empty() {
        return String::new();
    }
    let row = |edge: &EdgeHealth| {
        let ahead = edge.clock_ahead_us.map_or_else(|| "–".to_owned(), signed);
        let counts = [edge.expected, edge.linked, edge.unlinked, edge.missing];
        let names = [line(&edge.caller), line(&edge.callee), line(&edge.protocol)];
        names.into_iter().chain(counts.map(count)).chain([ahead]).map(Cell::from).collect()
    };
    let columns = [
        name("Caller"),
        name("Callee"),
        whole("Protocol").optional(0),
        whole("Calls").optional(2),
        whole("Linked").optional(3),
        whole("Unlinked").optional(5),
        whole("Missing").optional(4),
        whole("Clock ahead").optional(1),
    ];
    let rows = edges.iter().take(MAX_ROWS).map(row).collect();
    let mut text = format!("\n{}", Table::new(columns, rows).text(screen));
    more(&mut text, edges.len().saturating_sub(MAX_ROWS), "edge");
    text
}

fn services(services: &[ServiceHealth], screen: Screen) -> String {
    let row = |service: &ServiceHealth| {
        let counts = [service.expected, service.seen, service.missing];
        let problems = [service.orphans, service.cut_roots];
        let names = [line(&service.service), service.sources.join(", ")];
        names
            .into_iter()
            .chain(counts.map(count))
            .chain(problems.map(count))
            .map(Cell::from)
            .collect()
    };
    let columns = [
        name("Service"),
        whole("Source").optional(0),
        whole("Expected spans").optional(1),
        whole("Stored").optional(2),
        whole("Missing").optional(5),
        whole("Orphans").optional(3),
        whole("Cut roots").optional(4),
    ];
    let rows = services.iter().take(MAX_ROWS).map(row).collect();
    let mut text = format!("\n{}", Table::new(columns, rows).text(screen));
    more(&mut text, services.len().saturating_sub(MAX_ROWS), "service");
    text
}

fn more(text: &mut String, number: usize, noun: &str) {
    if number > 0 {
        let more = counted(number as u64, &format!("more {noun}"));
        let _ = writeln!(text, "… {more} not shown; --format json has all");
    }
}

/// A length of time with its sign, such as `+12ms`.
fn signed(micros: i64) -> String {
    let sign = if micros < 0 { '-' } else { '+' };
    format!("{sign}{}", duration(micros.saturating_abs()))
}

/// One line for each of the `problems` of one trace, with the probable cause and the remedy.
pub(crate) fn remarks(problems: &[TraceProblem]) -> Vec<String> {
    let remark = |problem: &TraceProblem| {
        let words::Advice { what, cause, remedy } = advice(problem, Extent::Trace);
        format!("Not whole: {what} Probable cause: {cause} Remedy: {remedy}")
    };
    problems.iter().take(MAX_PROBLEMS).map(remark).collect()
}

/// One line for each call from another trace to a span of `trace`.
pub(crate) fn callers(trace: &Trace) -> Vec<String> {
    let is_other = |link: &&InferredLink| trace.trace_id.exact() != Some(link.client_trace_id);
    let sentence = |link: &InferredLink| {
        format!(
            "Called by (inferred): {}, span {} of trace {}.",
            line(&link.client_service),
            link.client_span_id,
            link.client_trace_id,
        )
    };
    trace.inferred_links.iter().filter(is_other).take(MAX_ROWS).map(sentence).collect()
}
