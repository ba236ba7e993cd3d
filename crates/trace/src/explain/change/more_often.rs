//! Calls that more of a caller's requests make than did: a cache that misses, a fallback, a dependency that is
//! new. Each such call takes what it always took, or has no baseline, so that its time says nothing.

use super::{Calls, Change, Counts, examples};
use crate::explain::added::Added;
use crate::explain::names::CauseKind;
use crate::explain::shift::FEWEST;
use crate::explain::table::{Asked, Callee, Table};

/// A call is not known to be more of an operation's time than this.
const MOST: f64 = 0.99;
/// Calls that the baseline would have, were it as the window: a callee that is missing by chance is not new.
const EXPECTED: f64 = 5.0;

/// One change for each operation and callee: of those that nobody observes, and of those that are new. `calls` is
/// how often each operation is called, before and now.
pub(super) fn changes(
    table: &Table<'_>,
    in_window: &[bool],
    calls: &[(usize, usize)],
    added: &Added,
) -> Vec<Change> {
    let change = |callee| change(table, in_window, calls, added, callee);
    table.callees.iter().filter_map(change).collect()
}

fn change(
    table: &Table<'_>,
    in_window: &[bool],
    calls: &[(usize, usize)],
    added: &Added,
    callee: &Callee,
) -> Option<Change> {
    let (usual_of, now_of) = calls[callee.operation as usize];
    let known = table.key(callee.component as usize).kind;
    if usual_of < FEWEST || !matches!(known, CauseKind::Leaf | CauseKind::Edge) {
        return None;
    }
    let inside = |asked: &&Asked| in_window[asked.of as usize];
    let now = callee.asked.iter().filter(inside).count();
    let counts = Counts { usual: callee.asked.len() - now, usual_of, now, now_of };
    let is_new = counts.usual == 0;
    // An observed callee that was called before says more by its own changes.
    if known == CauseKind::Edge && !is_new {
        return None;
    }
    let expected = usual_of as f64 * now as f64 / now_of.max(1) as f64;
    if is_new && expected < EXPECTED {
        return None;
    }
    let weight = counts.weight();
    let held: f64 = callee.asked.iter().filter(inside).map(|asked| asked.nanos).sum();
    let nanos = counts.excess() * held / now.max(1) as f64;
    if weight <= 0.0 || nanos <= 0.0 {
        return None;
    }
    let service = table.key(callee.operation as usize).service;
    let weight = if known == CauseKind::Edge {
        new(table, in_window, callee.operation, nanos) * counts.believed()
    } else {
        weight * (nanos / (nanos + added.beside[service as usize])).sqrt()
    };
    let shown = callee.asked.iter().filter(inside).map(|asked| (asked.of, asked.call));
    Some(Change {
        component: callee.component,
        service,
        kind: if is_new { CauseKind::New } else { CauseKind::MoreOften },
        weight,
        counts,
        added: nanos,
        calls: Some(Calls {
            operation: callee.operation,
            usual: counts.usual as f64 / counts.usual_of as f64,
        }),
        examples: examples(table, shown),
    })
}

/// What a new call weighs that takes `nanos`: as if its caller's operation had become that much slower.
fn new(table: &Table<'_>, in_window: &[bool], operation: u32, nanos: f64) -> f64 {
    let calls = &table.operations[operation as usize].calls;
    let inside = calls.iter().filter(|seen| in_window[seen.of as usize]);
    let held =
        inside.map(|seen| table.observations[seen.of as usize].calls[seen.call as usize].held);
    -(1.0 - (nanos / held.sum::<f64>()).min(MOST)).ln()
}
