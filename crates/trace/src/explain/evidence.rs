//! The traces that show a slow service.

use super::added::beyond_usual;
use super::observe::Observation;
use super::score::Scores;
use super::table::Table;
use super::{Evidence, Suspect};

/// The spans at which `service` added most to the traces that it added most to.
pub(super) fn slowest(
    table: &Table<'_>,
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
    let worst = slow.iter().take(Suspect::MOST_EVIDENCE);
    worst.filter_map(|(_, observation)| worst_span(observation, scores, service)).collect()
}

/// Nanoseconds that `service` added to one trace.
fn added(observation: &Observation, scores: &Scores, service: u32) -> f64 {
    let parts = beyond_usual(observation, &scores.shifts);
    parts.iter().map(|(at, nanos)| scores.part(service, *at) * nanos.max(0.0)).sum()
}

fn worst_span(observation: &Observation, scores: &Scores, service: u32) -> Option<Evidence> {
    let added = |part: &super::observe::Part| {
        let component = part.component as usize;
        let usual = scores.shifts[component].map_or(0.0, |shift| shift.usual);
        scores.part(service, component) * (part.nanos - usual).max(0.0)
    };
    let worst =
        observation.parts.iter().max_by(|one, other| added(one).total_cmp(&added(other)))?;
    Some(Evidence { trace_id: observation.trace_id, span_id: worst.span })
}
