//! A list of traces, in words.

use crate::beginning::coverage_line;
use crate::duration::duration;
use crate::failure::fails_in;
use crate::root_cause::{found_cause, is_usual};
use crate::started::Started;
use crate::trace_table::unmatched;
use coral_query::Sort;
use coral_query::answer::{TraceFindings, TraceSummary, Understanding};
use coral_trace::units::{TimeZone, counted};

use super::command;
use super::number::short;
use super::page::Page;
use super::window::end;

/// Writes the section: one line for each trace.
pub(super) fn write(understanding: &Understanding, found: &TraceFindings, page: &mut Page) {
    let query = page.query(command::traces(&found.query, &understanding.window));
    page.section(match found.query.sort {
        Sort::Slowest => "Traces, slowest first",
        Sort::Newest => "Traces, newest first",
    });
    let zone = TimeZone::UTC;
    let started = Started::of(&found.list.traces, &zone);
    found.list.traces.iter().for_each(|trace| page.line(query, summary(trace, &started)));
    if !found.list.traces.is_empty() {
        page.remark(started.note());
    }
    page.or_nothing(query, "no traces match");
    for one in &found.list.unmatched {
        page.line(query, unmatched(one).trim_end().trim_end_matches('.'));
    }
    let missing = coverage_line(&found.list.coverage, end(&understanding.window));
    missing.into_iter().for_each(|missing| page.line(query, missing));
}

/// A trace as one line: `4bf9… 335ms GET /cart (ERROR), 5 spans, 12:00:07, shop on web-1: stock failed
/// with 500 (309ms); fails in stock: GET /stock 500`.
fn summary(trace: &TraceSummary, started: &Started<'_>) -> String {
    let cause = match found_cause(trace) {
        None if is_usual(trace) => Some(": no slower than usual".to_owned()),
        cause => cause.map(|cause| format!(": {cause}")),
    };
    let failure = trace.failure.as_ref().map(|failure| format!("; {}", fails_in(failure)));
    let failed = if trace.error_count > 0 { " (ERROR)" } else { "" };
    let service = trace.root_service.as_ref().map(|service| format!(", {}", short(service)));
    let host = trace.root_host.as_ref().map(|host| format!(" on {}", short(host)));
    format!(
        "{} {} {}{failed}, {}, {}{}{}{}{}",
        trace.trace_id,
        duration(trace.duration_us),
        short(&trace.root_operation),
        counted(trace.span_count, "span"),
        started.cell(trace.start),
        service.unwrap_or_default(),
        host.unwrap_or_default(),
        cause.unwrap_or_default(),
        failure.unwrap_or_default(),
    )
}
