//! Calls that a larger part of a caller's requests make than in the baseline: cache misses, a
//! fallback, a new dependency. Such a call is as fast as before or has no baseline, so its own time
//! shows no shift.

use super::{CallRate, Change, Counts, examples};
use crate::explain::added_time::AddedTime;
use crate::explain::names::CauseKind;
use crate::explain::table::{Callee, CalleeUse, ObservationTable};

/// The largest part of an operation's time that a new call is assumed to take.
const MAX_SHARE: f64 = 0.99;
/// The number of calls that the baseline would have at the rate of the window. With fewer, a callee
/// may be absent from the baseline by chance, and is not new.
const MIN_EXPECTED_CALLS: f64 = 5.0;

/// One change for each pair of operation and callee, if the callee is not observed or is new.
/// `calls` is how often each operation is called in the baseline and in the window.
pub(super) fn changes(
    table: &ObservationTable<'_>,
    in_window: &[bool],
    calls: &[(usize, usize)],
    added: &AddedTime,
) -> Vec<Change> {
    let change = |callee| change(table, in_window, calls, added, callee);
    table.callees.iter().filter_map(change).collect()
}

fn change(
    table: &ObservationTable<'_>,
    in_window: &[bool],
    calls: &[(usize, usize)],
    added: &AddedTime,
    callee: &Callee,
) -> Option<Change> {
    let (baseline_total, window_total) = calls[callee.operation as usize];
    let known = table.key(callee.component as usize).kind;
    if baseline_total == 0 || !matches!(known, CauseKind::Leaf | CauseKind::Edge) {
        return None;
    }
    let inside = |used: &&CalleeUse| in_window[used.observation as usize];
    let now = callee.uses.iter().filter(inside).count();
    let counts =
        Counts { baseline: callee.uses.len() - now, baseline_total, window: now, window_total };
    let is_new = counts.baseline == 0;
    // An observed callee that is not new is judged by its own changes.
    if known == CauseKind::Edge && !is_new {
        return None;
    }
    let expected = baseline_total as f64 * now as f64 / window_total.max(1) as f64;
    if is_new && expected < MIN_EXPECTED_CALLS {
        return None;
    }
    let weight = counts.weight();
    let path_nanos: f64 = callee.uses.iter().filter(inside).map(|used| used.nanos).sum();
    let nanos = counts.excess() * path_nanos / now.max(1) as f64;
    if weight <= 0.0 || nanos <= 0.0 {
        return None;
    }
    let service = table.key(callee.operation as usize).service;
    let weight = if known == CauseKind::Edge {
        new_call_weight(table, in_window, callee.operation, nanos) * counts.belief()
    } else {
        weight * (nanos / (nanos + added.in_traces_of[service as usize].max(0.0))).sqrt()
    };
    let shown = callee.uses.iter().filter(inside).map(|used| (used.observation, used.call));
    Some(Change {
        component: callee.component,
        service,
        kind: if is_new { CauseKind::New } else { CauseKind::MoreOften },
        weight,
        counts,
        added: nanos,
        calls: Some(CallRate {
            operation: callee.operation,
            baseline: counts.baseline as f64 / counts.baseline_total as f64,
        }),
        examples: examples(table, shown),
    })
}

/// The weight of a new call that takes `nanos`: that of the caller's operation becoming slower by
/// that time.
fn new_call_weight(
    table: &ObservationTable<'_>,
    in_window: &[bool],
    operation: u32,
    nanos: f64,
) -> f64 {
    let calls = &table.operations[operation as usize].calls;
    let inside = calls.iter().filter(|seen| in_window[seen.observation as usize]);
    let path_nanos = inside.map(|seen| {
        table.observations[seen.observation as usize].calls[seen.call as usize].path_nanos
    });
    -(1.0 - (nanos / path_nanos.sum::<f64>()).min(MAX_SHARE)).ln()
}
