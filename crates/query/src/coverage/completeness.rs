//! Which traces of a window lack spans because of gaps, and how many traces are complete.

use std::collections::{BTreeMap, HashSet};

use coral_engine::StoredSpan;
use coral_trace::explain::Entry;
use coral_trace::tree::{Hop, Tree};
use coral_trace::{Span, TraceId};

use super::{Coverage, LeftOut, is_dropped};

/// With a smaller part of complete traces in the window, the missing spans might be the cause.
pub(crate) const MIN_COMPLETENESS: f64 = 0.5;

/// Sets how many traces of the window each gap affects that leaves spans out.
pub(super) fn mark_affected(
    gaps: &mut [Coverage],
    baseline: &[Vec<StoredSpan>],
    window: &[Vec<StoredSpan>],
) {
    let affected = affected(gaps, baseline, window);
    for (gap, traces) in gaps.iter_mut().zip(affected) {
        gap.traces_affected = traces.len() as u64;
    }
}

/// The traces of the window that lack spans because of gaps.
pub(crate) fn torn_traces(
    gaps: &[Coverage],
    baseline: &[Vec<StoredSpan>],
    window: &[Vec<StoredSpan>],
) -> HashSet<TraceId> {
    affected(gaps, baseline, window).into_iter().flatten().collect()
}

/// The part of the `traces` traces of a window that are complete, of which the part `found` has every
/// parent span, and those of `torn` lack spans because of gaps. `window` has the spans of the traces,
/// and `entry` selects the traces that count.
pub(crate) fn completeness(
    (found, traces): (f64, u64),
    torn: &HashSet<TraceId>,
    window: &[Vec<Span>],
    entry: Entry<'_>,
) -> f64 {
    if traces == 0 || torn.is_empty() {
        return found;
    }
    let is_counted = |trace: &&Vec<Span>| {
        trace.first().is_some_and(|span| torn.contains(&span.trace_id))
            && trace.iter().any(|span| entry.matches(span))
            && has_every_parent(trace)
    };
    let torn = window.iter().filter(is_counted).count() as f64;
    let whole = (found * traces as f64).round();
    (whole - torn).max(0.0) / traces as f64
}

/// Whether no parent span is missing but that of the topmost span.
pub(crate) fn has_every_parent(trace: &[Span]) -> bool {
    Tree::build(&trace.iter().map(Hop::from).collect::<Vec<_>>()).has_every_parent()
}

/// By gap, the traces of the window that are compared without the spans which the gap leaves out:
/// they started in the time of the gap, and begin with an operation whose traces have such spans in
/// the window or in the baseline.
fn affected<'a>(
    gaps: &'a [Coverage],
    baseline: &'a [Vec<StoredSpan>],
    window: &'a [Vec<StoredSpan>],
) -> Vec<Vec<TraceId>> {
    let tops = window.iter().filter_map(|trace| top(trace));
    let tops: Vec<&Span> = tops.filter(|top| !is_dropped(gaps, top.start)).collect();
    // Gaps of the same agent often are of the same services.
    let mut known: BTreeMap<(&str, &[String]), HashSet<Operation<'_>>> = BTreeMap::new();
    let of = |gap: &'a Coverage| -> Vec<TraceId> {
        if gap.left_out != LeftOut::Spans {
            return Vec::new();
        }
        let operations = known.entry((&gap.agent_id, &gap.services)).or_insert_with(|| {
            let has_gap = |trace: &&Vec<StoredSpan>| trace.iter().any(|span| gap.leaves_out(span));
            let traces = baseline.iter().chain(window).filter(has_gap);
            traces.filter_map(|trace| top(trace)).map(operation).collect()
        });
        let is_torn = |top: &&&Span| gap.tears(top.start) && operations.contains(&operation(top));
        tops.iter().filter(is_torn).map(|top| top.trace_id).collect()
    };
    gaps.iter().map(of).collect()
}

/// The first span of a trace.
fn top(trace: &[StoredSpan]) -> Option<&Span> {
    trace.iter().map(|stored| &stored.span).min_by_key(|span| span.start)
}

/// The service and the name of a span.
type Operation<'a> = (&'a str, &'a str);

fn operation(span: &Span) -> Operation<'_> {
    (span.origin.service_name(), &span.name)
}
