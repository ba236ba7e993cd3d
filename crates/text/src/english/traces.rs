//! A list of traces, in words.

use crate::beginning::coverage_line;
use crate::duration::duration;
use crate::failure::fails_in;
use crate::root_cause::root_cause;
use crate::trace_table::unmatched;
use coral_query::Sort;
use coral_query::answer::{TraceFindings, TraceSummary, Understanding};
use coral_trace::units::counted;

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
    found.list.traces.iter().for_each(|trace| page.line(query, summary(trace)));
    page.or_nothing(query, "no traces match");
    for one in &found.list.unmatched {
        page.line(query, unmatched(one).trim_end().trim_end_matches('.'));
    }
    let missing = coverage_line(&found.list.coverage, end(&understanding.window));
    missing.into_iter().for_each(|missing| page.line(query, missing));
}

/// A trace as one line: `4bf9… 335ms GET /cart (ERROR), 5 spans: stock failed with 500 (309ms);
/// fails in stock: GET /stock 500`.
fn summary(trace: &TraceSummary) -> String {
    let cause = trace.cause.as_ref().map(|cause| format!(": {}", root_cause(cause)));
    let failure = trace.failure.as_ref().map(|failure| format!("; {}", fails_in(failure)));
    let failed = if trace.error_count > 0 { " (ERROR)" } else { "" };
    format!(
        "{} {} {}{failed}, {}{}{}",
        trace.trace_id,
        duration(trace.duration_us),
        short(&trace.root_operation),
        counted(trace.span_count, "span"),
        cause.unwrap_or_default(),
        failure.unwrap_or_default(),
    )
}
