//! Attribute values that the slow or failing spans of a cause have, and its other spans do not
//! have: an instance, a version, a tenant.

use std::collections::HashMap;

use super::names::CauseKind;
use super::observation::Observation;
use super::score::Scores;
use super::table::ObservationTable;
use crate::ids::SpanId;
use crate::span::Span;
use crate::work;

/// An attribute value, of a span or of its resource, that is more frequent among the affected
/// spans.
#[derive(Clone, PartialEq, Debug)]
pub struct Standout {
    /// The attribute key.
    pub key: String,
    /// The attribute value, as text.
    pub value: String,
    /// The part of the affected spans that have the value: 0 to 1.
    pub affected: f64,
    /// The part of the other spans of the same components that have the value: 0 to 1.
    pub others: f64,
    /// How many spans are affected.
    pub spans: usize,
}

/// The largest number of values that are reported.
const MAX_STANDOUTS: usize = 3;
/// The smallest number of affected spans, and of others, for which values are compared.
const MIN_SPANS: usize = 5;
/// The smallest part of the affected spans that must have the value.
const MIN_SUPPORT: f64 = 0.3;
/// The smallest factor by which the value must be more frequent among the affected spans.
const MIN_LIFT: f64 = 1.5;
/// The expected part of the reported values that are there by chance (Benjamini and Hochberg,
/// 1995).
const FALSE_DISCOVERY_RATE: f64 = 0.05;
/// Longer values are ignored.
const MAX_VALUE_BYTES: usize = 200;
/// The largest number of different values that are counted; further ones are ignored.
const MAX_VALUES: usize = 20_000;

/// How many affected spans, and how many others, have a value.
type Counts = (usize, usize);

/// The values that are more frequent among the spans at which `service` is slower or fails.
/// `traces` are the traces of the table.
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
        let found = classify_spans(observation, scores, service, in_window[at]);
        if found.is_empty() {
            continue;
        }
        for span in *spans {
            let Some(is_affected) = found.get(&span.span_id) else { continue };
            *(if *is_affected { &mut affected } else { &mut others }) += 1;
            count_values(span, *is_affected, &mut values);
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

/// The spans of one trace at which `service` could be slower or fail, and whether it does.
fn classify_spans(
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
            // Slow: nearer, by ratio, to the time in the window than to the baseline.
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

fn count_values<'a>(
    span: &'a Span,
    affected: bool,
    values: &mut HashMap<(&'a str, String), Counts>,
) {
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

/// The p-value of a one-sided z-test of two proportions: how likely chance alone makes a value this
/// much more frequent in the first group than in the second.
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
