//! Calls that one caller makes far more often than it ever did: N+1, and storms of retries.

use std::collections::HashMap;

use super::{Change, Counts, show};
use crate::explain::names::CauseKind;
use crate::explain::shift::FEWEST;
use crate::explain::table::{Seen, Table};

/// So many times as often as ever in the baseline is a repetition.
const TIMES: u32 = 2;

/// One change for each operation and child that it repeats.
pub(super) fn changes(table: &Table<'_>, in_window: &[bool]) -> Vec<Change> {
    let found = table.operations.iter().enumerate().flat_map(|(component, operation)| {
        let known = operation.calls.iter().filter(|seen| !in_window[seen.of as usize]).count();
        let calls = if known < FEWEST { &[][..] } else { &operation.calls };
        repetitions(table, calls, in_window, component as u32)
    });
    found.collect()
}

fn repetitions(
    table: &Table<'_>,
    calls: &[Seen],
    in_window: &[bool],
    component: u32,
) -> Vec<Change> {
    let children =
        |seen: &Seen| &table.observations[seen.of as usize].calls[seen.call as usize].children;
    let mut most: HashMap<u32, u32> = HashMap::new();
    for seen in calls.iter().filter(|seen| !in_window[seen.of as usize]) {
        for (child, count) in children(seen) {
            let most = most.entry(*child).or_insert(0);
            *most = (*most).max(*count);
        }
    }
    let mut repeated: HashMap<u32, Vec<Seen>> = HashMap::new();
    for seen in calls.iter().filter(|seen| in_window[seen.of as usize]) {
        for (child, count) in children(seen) {
            if *count >= TIMES * most.get(child).copied().unwrap_or(1) {
                repeated.entry(*child).or_default().push(*seen);
            }
        }
    }
    let now_of = calls.iter().filter(|seen| in_window[seen.of as usize]).count();
    let usual_of = calls.len() - now_of;
    let change = |(child, found): (u32, Vec<Seen>)| {
        let counts = Counts { usual: 0, usual_of, now: found.len(), now_of };
        let key = table.key(child as usize);
        // What is asked again because it failed is to blame itself.
        let retried = key.callee.filter(|_| fails(table, &found[0], child));
        let mut examples = Vec::new();
        found.iter().for_each(|seen| show(&mut examples, table, (seen.of, seen.call)));
        Change {
            component: child,
            service: retried.unwrap_or(table.key(component as usize).service),
            kind: CauseKind::Repeated,
            weight: counts.weight(),
            counts,
            added: 0.0,
            examples,
        }
    };
    let mut found: Vec<Change> = repeated.into_iter().map(change).collect();
    found.sort_unstable_by_key(|change| change.component);
    found
}

/// Whether a child of that kind below that call fails.
fn fails(table: &Table<'_>, above: &Seen, child: u32) -> bool {
    let calls = &table.observations[above.of as usize].calls;
    calls
        .iter()
        .any(|call| call.fails && call.called_as == child && call.parent == Some(above.call))
}
