//! Evidence for a slow service: the traces to which it added the most time.

use super::added_time::beyond_baseline;
use super::observation::Observation;
use super::score::Scores;
use super::table::ObservationTable;
use super::{Evidence, Suspect};

/// The traces of the window, each with what its components took beyond the baseline.
pub(super) struct Excesses<'a>(Vec<(&'a Observation, Vec<(usize, f64)>)>);

impl<'a> Excesses<'a> {
    /// Those by the shifts of `scores`.
    pub(super) fn of(table: &ObservationTable<'a>, in_window: &'a [bool], scores: &Scores) -> Self {
        let excess = |of: &'a Observation| (of, beyond_baseline(of, &scores.shifts));
        Self(table.window(in_window).map(excess).collect())
    }
}

/// For each of the traces to which `service` added the most time, the span with the most added
/// time.
pub(super) fn slowest(excesses: &Excesses<'_>, scores: &Scores, service: u32) -> Vec<Evidence> {
    let mut slow: Vec<(f64, &Observation)> = excesses
        .0
        .iter()
        .map(|(observation, excesses)| (added(excesses, scores, service), *observation))
        .filter(|(nanos, _)| *nanos > 0.0)
        .collect();
    slow.sort_by(|one, other| other.0.total_cmp(&one.0));
    let worst = slow.iter().take(Suspect::MAX_EVIDENCE);
    worst.filter_map(|(_, observation)| worst_span(observation, scores, service)).collect()
}

/// The nanoseconds that `service` added to the trace with these excesses.
fn added(excesses: &[(usize, f64)], scores: &Scores, service: u32) -> f64 {
    excesses.iter().map(|(at, nanos)| scores.blame(service, *at) * nanos.max(0.0)).sum()
}

fn worst_span(observation: &Observation, scores: &Scores, service: u32) -> Option<Evidence> {
    let added = |share: &super::observation::PathShare| {
        let component = share.component as usize;
        let baseline = scores.shifts[component].map_or(0.0, |shift| shift.baseline);
        scores.blame(service, component) * (share.nanos - baseline).max(0.0)
    };
    let worst =
        observation.path_shares.iter().max_by(|one, other| added(one).total_cmp(&added(other)))?;
    Some(Evidence { trace_id: observation.trace_id, span_id: worst.span })
}
