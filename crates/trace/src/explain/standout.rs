//! The attribute values that a cause's slow or failing spans have, and its others have not: an instance, a
//! version, a tenant.

use std::collections::HashMap;

use super::names::CauseKind;
use super::observation::Observation;
use super::score::Scores;
use super::table::ObservationTable;
use crate::ids::SpanId;
use crate::span::Span;
use crate::work;

/// A value of an attribute, of a span or of its resource, that stands out.
#[derive(Clone, PartialEq, Debug)]
pub struct Standout {
    /// The attribute.
    pub key: String,
    /// Its value, as text.
    pub value: String,
    /// The part of the affected spans that have it: 0 to 1.
    pub affected: f64,
    /// The part of the other spans of the same components that have it: 0 to 1.
    pub others: f64,
    /// How many spans are affected.
    pub spans: usize,
}

/// Values that are told.
const MAX_STANDOUTS: usize = 3;
/// Spans on either side, at least.
const MIN_SPANS: usize = 5;
/// A value must be that of so many of the affected spans…
const MIN_SUPPORT: f64 = 0.3;
/// … and so many times as frequent among them.
const MIN_LIFT: f64 = 1.5;
/// Of the values that are told, this part may be there by chance (Benjamini and Hochberg, 1995).
const FALSE_DISCOVERY_RATE: f64 = 0.05;
/// Longer values are no values to compare by.
const MAX_VALUE_BYTES: usize = 200;
/// Different values that are counted; with more, the rest is left out.
const MAX_VALUES: usize = 20_000;

/// How many spans have a value: affected ones, and others.
type Counts = (usize, usize);

/// What stands out of the spans at which `service` is slower, or fails. `traces` are those of the table.
pub(super) fn standouts(
    table: &ObservationTable<'_>,
    traces: &[&[Span]],
    in_window: &[bool],
    scores: &Scores,
    service: u32,
) -> Vec<Standout> {
    let mut values: HashMap<(&str, String), Counts> = HashMap::new();
    let (mut affected, mut others) = (0, 0);
    for (at, (observation, spans)) in table.observations.iter().zip(traces).enumerate() {
        let found = sides(observation, scores, service, in_window[at]);
        if found.is_empty() {
            continue;
        }
        for span in *spans {
            let Some(is_affected) = found.get(&span.span_id) else { continue };
            *(if *is_affected { &mut affected } else { &mut others }) += 1;
            count(span, *is_affected, &mut values);
        }
    }
    if affected < MIN_SPANS || others < MIN_SPANS {
        return Vec::new();
    }
    let mut candidates: Vec<(f64, Standout)> = values
        .into_iter()
        .filter(|(_, (with, _))| *with >= 2)
        .map(|((key, value), (with, without))| {
            let (share, other) = (with as f64 / affected as f64, without as f64 / others as f64);
            let p_value = p_value((with, affected), (without, others));
            let key = key.to_owned();
            (p_value, Standout { key, value, affected: share, others: other, spans: affected })
        })
        .collect();
    candidates.sort_by(|one, other| one.0.total_cmp(&other.0));
    let all = candidates.len() as f64;
    let mut ranks = candidates.iter().enumerate();
    let last = ranks.rposition(|(rank, (p_value, _))| {
        *p_value <= FALSE_DISCOVERY_RATE * (rank as f64 + 1.0) / all
    });
    candidates.truncate(last.map_or(0, |last| last + 1));
    let mut standouts: Vec<Standout> =
        candidates.into_iter().map(|(_, standout)| standout).collect();
    standouts
        .retain(|found| found.affected >= MIN_SUPPORT && found.affected >= MIN_LIFT * found.others);
    standouts.sort_by(|one, other| {
        let contrast = |found: &Standout| found.affected - found.others;
        contrast(other).total_cmp(&contrast(one)).then_with(|| one.key.cmp(&other.key))
    });
    standouts.truncate(MAX_STANDOUTS);
    standouts
}

/// The spans of one trace at which `service` can be slower or fail, and whether it is and does.
fn sides(
    observation: &Observation,
    scores: &Scores,
    service: u32,
    in_window: bool,
) -> HashMap<SpanId, bool> {
    let mut found = HashMap::new();
    for share in &observation.path_shares {
        work::step();
        let component = share.component as usize;
        let Some(shift) = scores.shifts[component] else { continue };
        if scores.blame(service, component) > 0.5 {
            // Halfway, by ratio, to what it has become.
            let slow = share.nanos > (shift.baseline * shift.now).sqrt();
            *found.entry(share.span).or_insert(false) |= in_window && slow;
        }
    }
    let errors = scores.changes.iter().filter(|change| change.kind == CauseKind::Error);
    for change in errors.filter(|change| change.service == service) {
        for call in &observation.calls {
            work::step();
            if [call.operation, call.called_as].contains(&change.component) {
                let failed = call.failed == Some(change.component);
                *found.entry(call.span).or_insert(false) |= in_window && failed;
            }
        }
    }
    found
}

fn count<'a>(span: &'a Span, affected: bool, values: &mut HashMap<(&'a str, String), Counts>) {
    let attributes = span.attributes.iter().chain(span.origin.resource.attributes.iter());
    for attribute in attributes {
        let value = attribute.value.to_string();
        let key = (attribute.key.as_str(), value);
        if key.1.len() > MAX_VALUE_BYTES
            || (values.len() >= MAX_VALUES && !values.contains_key(&key))
        {
            continue;
        }
        let counts = values.entry(key).or_default();
        *(if affected { &mut counts.0 } else { &mut counts.1 }) += 1;
    }
}

/// How likely chance makes a value so much more frequent among the first than among the second: a z-test of two
/// proportions, one-sided.
fn p_value((with, of): Counts, (without, others): Counts) -> f64 {
    let (of, others) = (of as f64, others as f64);
    let pooled = (with + without) as f64 / (of + others);
    let deviation = (pooled * (1.0 - pooled) * (1.0 / of + 1.0 / others)).sqrt();
    let difference = with as f64 / of - without as f64 / others;
    if deviation > 0.0 {
        libm::erfc(difference / deviation / std::f64::consts::SQRT_2) / 2.0
    } else {
        1.0
    }
}
