//! Operations that fail more often than in the baseline, when the failure does not come from their
//! callees.

use super::{Change, Counts, add_example};
use crate::explain::names::CauseKind;
use crate::explain::table::ObservationTable;

/// One change for each component at which failures begin more often.
pub(super) fn changes(table: &ObservationTable<'_>, in_window: &[bool]) -> Vec<Change> {
    let mut counts = vec![Counts::default(); table.operations.len()];
    let mut examples = vec![Vec::new(); table.operations.len()];
    for (of, observation) in table.observations.iter().enumerate() {
        for (at, call) in observation.calls.iter().enumerate() {
            let sides = [call.operation, call.called_as];
            let different = if sides[0] == sides[1] { &sides[..1] } else { &sides };
            for side in different.iter().copied() {
                let failed = call.failed == Some(side);
                counts[side as usize].add(in_window[of], failed);
                if failed && in_window[of] {
                    add_example(&mut examples[side as usize], table, (of as u32, at as u32));
                }
            }
        }
    }
    let change = |(component, counts): (usize, &Counts)| {
        if counts.baseline_total == 0 {
            return None;
        }
        let key = table.key(component);
        Some(Change {
            component: component as u32,
            // The callee that does not answer; without a callee, the failing service.
            service: key.callee.unwrap_or(key.service),
            kind: CauseKind::Error,
            weight: counts.weight(),
            counts: *counts,
            added: 0.0,
            calls: None,
            examples: examples[component].clone(),
        })
    };
    counts.iter().enumerate().filter_map(change).filter(|change| change.weight > 0.0).collect()
}
