//! How much longer each component took in the window than in the baseline.

use super::observation::Observation;
use super::shift::Shift;
use super::table::ObservationTable;
use crate::work;

/// The nanoseconds by which the window's traces exceed the baseline, summed over all traces.
#[derive(Debug)]
pub(super) struct AddedTime {
    /// By component: the time that the component added; 0 for a component that was faster.
    pub components: Vec<f64>,
    /// By service: the time that all components together added to the traces that the service is
    /// in; negative where these traces were faster.
    pub in_traces_of: Vec<f64>,
    /// The sum over all components.
    pub total: f64,
}

impl AddedTime {
    /// Sums over the observations of the window.
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
        // By service, the last observation in which the service was seen.
        let mut seen_in = vec![usize::MAX; services];
        for (at, observation) in
            table.observations.iter().enumerate().filter(|(at, _)| in_window[*at])
        {
            let excesses = beyond(observation, shifts, |shift| shift.baseline_mean);
            let sum: f64 = excesses.iter().map(|(_, nanos)| nanos).sum();
            for (component, nanos) in excesses {
                work::step();
                added.components[component] += nanos;
                for service in table.key(component).services() {
                    if seen_in[service as usize] != at {
                        seen_in[service as usize] = at;
                        added.in_traces_of[service as usize] += sum;
                    }
                }
            }
        }
        // Within a component, requests that were faster than the mean make up for those that were
        // slower: what is left is the difference between the cohorts, not the noise of both.
        added.components.iter_mut().for_each(|nanos| *nanos = nanos.max(0.0));
        added.total = added.components.iter().sum();
        added
    }
}

/// For each component of one observation, the nanoseconds by which the sum of its path shares
/// exceeds its baseline; negative where the component was faster. Components without a baseline are
/// left out.
pub(super) fn beyond_baseline(
    observation: &Observation,
    shifts: &[Option<Shift>],
) -> Vec<(usize, f64)> {
    beyond(observation, shifts, |shift| shift.baseline)
}

/// Like [`beyond_baseline`], with the time in the baseline that `baseline` reads from a shift.
fn beyond(
    observation: &Observation,
    shifts: &[Option<Shift>],
    baseline: impl Fn(&Shift) -> f64,
) -> Vec<(usize, f64)> {
    let beyond = |share: &super::observation::PathShare| {
        let component = share.component as usize;
        shifts[component].map(|shift| (component, share.nanos - baseline(&shift)))
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
