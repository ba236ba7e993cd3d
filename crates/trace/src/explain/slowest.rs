//! Evidence for a slow service: the traces to which it added the most time.

use super::added_time::beyond_baseline;
use super::observation::Observation;
use super::score::Scores;
use super::table::ObservationTable;
use super::{Evidence, Suspect};

/// For each of the traces to which `service` added the most time, the span with the most added
/// time.
pub(super) fn slowest(
    table: &ObservationTable<'_>,
    in_window: &[bool],
    scores: &Scores,
    service: u32,
) -> Vec<Evidence> {
    let mut slow: Vec<(f64, &Observation)> = table
        .window(in_window)
        .map(|observation| (added(observation, scores, service), observation))
        .filter(|(nanos, _)| *nanos > 0.0)
        .collect();
    slow.sort_by(|one, other| other.0.total_cmp(&one.0));
    let worst = slow.iter().take(Suspect::MAX_EVIDENCE);
    worst.filter_map(|(_, observation)| worst_span(observation, scores, service)).collect()
}

/// The nanoseconds that `service` added to one trace.
fn added(observation: &Observation, scores: &Scores, service: u32) -> f64 {
    let excesses = beyond_baseline(observation, &scores.shifts);
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
