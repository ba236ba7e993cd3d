//! Calls that one caller makes far more often than it did: N+1, and storms of retries.

use super::{Calls, Change, Counts, examples};
use crate::explain::names::CauseKind;
use crate::explain::shift::{FEWEST, quantile};
use crate::explain::table::{Asked, Callee, Table};

/// So many times as often as in nearly all of the baseline is a repetition.
const TIMES: f64 = 2.0;
const NEARLY_ALL: f64 = 0.95;
/// Repetitions that are looked at for whether what is asked again has failed.
const ASKED: usize = 20;

/// One change for each operation and child that it repeats. `calls` is how often each operation is called, before
/// and now.
pub(super) fn changes(
    table: &Table<'_>,
    in_window: &[bool],
    calls: &[(usize, usize)],
) -> Vec<Change> {
    let repeats = |callee: &&Callee| f64::from(callee.most) >= TIMES;
    let change = |callee| change(table, in_window, calls, callee);
    let found = table.callees.iter().filter(repeats).filter_map(change);
    found.filter(|change| change.weight > 0.0).collect()
}

fn change(
    table: &Table<'_>,
    in_window: &[bool],
    calls: &[(usize, usize)],
    callee: &Callee,
) -> Option<Change> {
    let (usual_of, now_of) = calls[callee.operation as usize];
    if usual_of < FEWEST {
        return None;
    }
    let (now, before): (Vec<Asked>, Vec<Asked>) =
        callee.asked.iter().partition(|asked| in_window[asked.of as usize]);
    let mut known: Vec<f64> = before.iter().map(|asked| f64::from(asked.count)).collect();
    known.sort_unstable_by(f64::total_cmp);
    let most = if known.is_empty() { 1.0 } else { quantile(&known, NEARLY_ALL) };
    let repeats = |asked: &&Asked| f64::from(asked.count) >= TIMES * most;
    let found: Vec<&Asked> = now.iter().filter(repeats).collect();
    let usual = known.iter().sum::<f64>() / usual_of as f64;
    let more: f64 = found.iter().map(|asked| f64::from(asked.count) - usual).sum();
    let held: f64 = now.iter().map(|asked| asked.nanos).sum();
    let all: f64 = now.iter().map(|asked| f64::from(asked.count)).sum();
    let counts =
        Counts { usual: before.iter().filter(repeats).count(), usual_of, now: found.len(), now_of };
    // What is asked again because it failed is to blame itself.
    let some = &found[..found.len().min(ASKED)];
    let failing = some.iter().filter(|asked| fails(table, asked, callee.component)).count();
    let asked = table.key(callee.component as usize).callee;
    let retried = asked.filter(|_| !some.is_empty() && 2 * failing >= some.len());
    Some(Change {
        component: callee.component,
        service: retried.unwrap_or(table.key(callee.operation as usize).service),
        kind: CauseKind::Repeated,
        weight: counts.weight(),
        counts,
        added: if all > 0.0 { more.max(0.0) * held / all } else { 0.0 },
        calls: Some(Calls { operation: callee.operation, usual }),
        examples: examples(table, found.iter().map(|asked| (asked.of, asked.call))),
    })
}

/// Whether a child of that kind below that call fails.
fn fails(table: &Table<'_>, above: &Asked, child: u32) -> bool {
    let calls = &table.observations[above.of as usize].calls;
    calls
        .iter()
        .any(|call| call.fails && call.called_as == child && call.parent == Some(above.call))
}
