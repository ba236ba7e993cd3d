//! Calls that one caller repeats far more often than in the baseline: N+1 patterns and retry
//! storms.

use super::{CallRate, Change, Counts, examples};
use crate::explain::names::CauseKind;
use crate::explain::shift::quantile;
use crate::explain::table::{Callee, CalleeUse, ObservationTable};

/// The factor over nearly all of the baseline from which a call is repeated.
const MIN_RATIO: f64 = 2.0;
const NEARLY_ALL: f64 = 0.95;
/// How many repeating callers are sampled to decide whether the callee fails, which makes the calls
/// retries.
const MAX_SAMPLED_USES: usize = 20;

/// One change for each operation and callee that the operation repeats. `calls` is how often each
/// operation is called in the baseline and in the window.
pub(super) fn changes(
    table: &ObservationTable<'_>,
    in_window: &[bool],
    calls: &[(usize, usize)],
) -> Vec<Change> {
    let repeats = |callee: &&Callee| f64::from(callee.max_count) >= MIN_RATIO;
    let change = |callee| change(table, in_window, calls, callee);
    let found = table.callees.iter().filter(repeats).filter_map(change);
    found.filter(|change| change.weight > 0.0).collect()
}

fn change(
    table: &ObservationTable<'_>,
    in_window: &[bool],
    calls: &[(usize, usize)],
    callee: &Callee,
) -> Option<Change> {
    let (baseline_total, window_total) = calls[callee.operation as usize];
    if baseline_total == 0 {
        return None;
    }
    let (now, before): (Vec<CalleeUse>, Vec<CalleeUse>) =
        callee.uses.iter().partition(|used| in_window[used.observation as usize]);
    let mut known: Vec<f64> = before.iter().map(|used| f64::from(used.count)).collect();
    known.sort_unstable_by(f64::total_cmp);
    let most = if known.is_empty() { 1.0 } else { quantile(&known, NEARLY_ALL) };
    let repeats = |used: &&CalleeUse| f64::from(used.count) >= MIN_RATIO * most;
    let found: Vec<&CalleeUse> = now.iter().filter(repeats).collect();
    let baseline = known.iter().sum::<f64>() / baseline_total as f64;
    let more: f64 = found.iter().map(|used| f64::from(used.count) - baseline).sum();
    let path_nanos: f64 = now.iter().map(|used| used.nanos).sum();
    let all: f64 = now.iter().map(|used| f64::from(used.count)).sum();
    let counts = Counts {
        baseline: before.iter().filter(repeats).count(),
        baseline_total,
        window: found.len(),
        window_total,
    };
    // A callee that is called again because it failed is to blame itself.
    let some = &found[..found.len().min(MAX_SAMPLED_USES)];
    let failing = some.iter().filter(|used| fails(table, used, callee.component)).count();
    let called = table.key(callee.component as usize).callee;
    let retried = called.filter(|_| !some.is_empty() && 2 * failing >= some.len());
    Some(Change {
        component: callee.component,
        service: retried.unwrap_or(table.key(callee.operation as usize).service),
        kind: CauseKind::Repeated,
        weight: counts.weight(),
        counts,
        added: if all > 0.0 { more.max(0.0) * path_nanos / all } else { 0.0 },
        calls: Some(CallRate { operation: callee.operation, baseline }),
        examples: examples(table, found.iter().map(|used| (used.observation, used.call))),
    })
}

/// Whether a call of the component `child` by the call in `above` fails.
fn fails(table: &ObservationTable<'_>, above: &CalleeUse, child: u32) -> bool {
    let calls = &table.observations[above.observation as usize].calls;
    calls
        .iter()
        .any(|call| call.fails && call.called_as == child && call.parent == Some(above.call))
}
