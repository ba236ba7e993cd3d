//! The time that the window's traces lost beyond their baseline, by component.

use super::observe::Observation;
use super::shift::Shift;
use super::table::Table;
use crate::work;

/// Nanoseconds beyond the baseline, over all of the window's traces.
#[derive(Debug)]
pub(super) struct Added {
    /// By component.
    pub components: Vec<f64>,
    /// By service: all that was added to the traces that it is in, by whomever.
    pub beside: Vec<f64>,
    /// All of it.
    pub total: f64,
}

impl Added {
    /// Of the observations that are in the window.
    pub fn of(table: &Table<'_>, in_window: &[bool], shifts: &[Option<Shift>]) -> Self {
        let services = table.names.services.len();
        let mut added =
            Self { components: vec![0.0; shifts.len()], beside: vec![0.0; services], total: 0.0 };
        // The last observation that a service was in.
        let mut seen_in = vec![usize::MAX; services];
        for (at, observation) in
            table.observations.iter().enumerate().filter(|(at, _)| in_window[*at])
        {
            let parts = beyond_usual(observation, shifts);
            let sum: f64 = parts.iter().map(|(_, nanos)| nanos.max(0.0)).sum();
            added.total += sum;
            for (component, nanos) in parts {
                work::step();
                added.components[component] += nanos.max(0.0);
                for service in table.key(component).services() {
                    if seen_in[service as usize] != at {
                        seen_in[service as usize] = at;
                        added.beside[service as usize] += sum;
                    }
                }
            }
        }
        added
    }
}

/// How much longer than usual each component of one observation took, all its stays together; negative
/// where it was faster. Components without a baseline are left out.
pub(super) fn beyond_usual(
    observation: &Observation,
    shifts: &[Option<Shift>],
) -> Vec<(usize, f64)> {
    let beyond = |part: &super::observe::Part| {
        let component = part.component as usize;
        shifts[component].map(|shift| (component, part.nanos - shift.usual))
    };
    let mut parts: Vec<(usize, f64)> = observation.parts.iter().filter_map(beyond).collect();
    parts.sort_unstable_by_key(|part| part.0);
    parts.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        kept.1 += if same { next.1 } else { 0.0 };
        same
    });
    parts
}
