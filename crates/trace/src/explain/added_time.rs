//! The time that the window's traces lost beyond their baseline, by component.

use super::observation::Observation;
use super::shift::Shift;
use super::table::ObservationTable;
use crate::work;

/// The nanoseconds that the window's traces took beyond the baseline, all traces together.
#[derive(Debug)]
pub(super) struct AddedTime {
    /// By component.
    pub components: Vec<f64>,
    /// By service: all that was added to the traces that it is in, by whomever.
    pub in_traces_of: Vec<f64>,
    /// All of it.
    pub total: f64,
}

impl AddedTime {
    /// Of the observations that are in the window.
    pub fn for_cohorts(
        table: &ObservationTable<'_>,
        in_window: &[bool],
        shifts: &[Option<Shift>],
    ) -> Self {
        let services = table.names.services.len();
        let mut added = Self {
            components: vec![0.0; shifts.len()],
            in_traces_of: vec![0.0; services],
            total: 0.0,
        };
        // The last observation that a service was in.
        let mut seen_in = vec![usize::MAX; services];
        for (at, observation) in
            table.observations.iter().enumerate().filter(|(at, _)| in_window[*at])
        {
            let excesses = beyond_baseline(observation, shifts);
            let sum: f64 = excesses.iter().map(|(_, nanos)| nanos.max(0.0)).sum();
            added.total += sum;
            for (component, nanos) in excesses {
                work::step();
                added.components[component] += nanos.max(0.0);
                for service in table.key(component).services() {
                    if seen_in[service as usize] != at {
                        seen_in[service as usize] = at;
                        added.in_traces_of[service as usize] += sum;
                    }
                }
            }
        }
        added
    }
}

/// By how many nanoseconds each component of one observation exceeded its baseline, all of its path shares
/// together; negative where it was faster. Components without a baseline are left out.
pub(super) fn beyond_baseline(
    observation: &Observation,
    shifts: &[Option<Shift>],
) -> Vec<(usize, f64)> {
    let beyond = |share: &super::observation::PathShare| {
        let component = share.component as usize;
        shifts[component].map(|shift| (component, share.nanos - shift.baseline))
    };
    let mut excesses: Vec<(usize, f64)> =
        observation.path_shares.iter().filter_map(beyond).collect();
    excesses.sort_unstable_by_key(|share| share.0);
    excesses.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        kept.1 += if same { next.1 } else { 0.0 };
        same
    });
    excesses
}
