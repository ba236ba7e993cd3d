//! Calls to whom nobody observes that more of a caller's requests make than did: a cache that misses, a
//! fallback. Each such call takes what it always took, so that its time says nothing.

use std::collections::HashMap;

use super::{Change, Counts, show};
use crate::explain::added::Added;
use crate::explain::names::CauseKind;
use crate::explain::shift::FEWEST;
use crate::explain::table::{Seen, Table};

/// One change for each operation and unobserved callee.
pub(super) fn changes(table: &Table<'_>, in_window: &[bool], added: &Added) -> Vec<Change> {
    let found = table.operations.iter().enumerate().flat_map(|(component, operation)| {
        let known = operation.calls.iter().filter(|seen| !in_window[seen.of as usize]).count();
        let calls = if known < FEWEST { &[][..] } else { &operation.calls };
        of_operation(table, calls, in_window, added, component)
    });
    found.collect()
}

fn of_operation(
    table: &Table<'_>,
    calls: &[Seen],
    in_window: &[bool],
    added: &Added,
    component: usize,
) -> Vec<Change> {
    let now_of = calls.iter().filter(|seen| in_window[seen.of as usize]).count();
    let none = Counts { usual_of: calls.len() - now_of, now_of, ..Counts::default() };
    let mut counts: HashMap<u32, Counts> = HashMap::new();
    for seen in calls {
        let call = &table.observations[seen.of as usize].calls[seen.call as usize];
        for (child, _) in &call.children {
            if table.key(*child as usize).kind == CauseKind::Leaf {
                let counts = counts.entry(*child).or_insert(none);
                let inside = in_window[seen.of as usize];
                *(if inside { &mut counts.now } else { &mut counts.usual }) += 1;
            }
        }
    }
    let service = table.key(component).service;
    let change = |(child, counts): (u32, Counts)| {
        let weight = counts.weight();
        let nanos = counts.excess() * mean_nanos(table, child, in_window);
        if weight <= 0.0 || nanos <= 0.0 {
            return None;
        }
        let share = nanos / (nanos + added.beside[service as usize]);
        let mut examples = Vec::new();
        for seen in calls.iter().filter(|seen| in_window[seen.of as usize]) {
            let call = &table.observations[seen.of as usize].calls[seen.call as usize];
            if call.children.iter().any(|(known, _)| *known == child) {
                show(&mut examples, table, (seen.of, seen.call));
            }
        }
        let kind = CauseKind::MoreOften;
        let weight = weight * share.sqrt();
        Some(Change { component: child, service, kind, weight, counts, added: nanos, examples })
    };
    let mut found: Vec<Change> = counts.into_iter().filter_map(change).collect();
    found.sort_unstable_by_key(|change| change.component);
    found
}

/// How long such a call holds up a trace of the window.
fn mean_nanos(table: &Table<'_>, component: u32, in_window: &[bool]) -> f64 {
    let samples = table.samples[component as usize].iter();
    let (sum, count) = samples
        .filter(|sample| in_window[sample.of as usize])
        .fold((0.0, 0.0), |(sum, count), sample| (sum + sample.nanos, count + 1.0));
    if count > 0.0 { sum / count } else { 0.0 }
}
