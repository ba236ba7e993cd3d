//! Attribute values that the affected spans of a suspect have, and its other spans do not have: an
//! instance, a version, a tenant.
//!
//! Only spans of the suspect's component are compared, which are of one operation and kind. Slow
//! spans are affected where the component is slower, failing spans where the component fails.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::change::Change;
use super::names::CauseKind;
use super::observation::Observation;
use super::ranking::SuspectReason;
use super::score::Scores;
use super::shift::quantile;
use super::suspect::Rate;
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
    /// Further values, as key and value, that the same spans have: a version and its only host.
    pub also: Vec<(String, String)>,
    /// How many of the affected spans have the value.
    pub affected: Rate,
    /// How many of the component's other spans, of window and baseline, have the value.
    pub others: Rate,
    /// Whether the value accounts for the fault: nearly all affected spans have the value, which
    /// says where the fault is and not how it looks, such as a host, but no status code.
    pub explains: bool,
    /// For a component that takes longer, how long with the value and without.
    pub times: Option<StandoutTimes>,
}

/// How long a component takes at spans with a value and at those without.
#[derive(Clone, PartialEq, Debug)]
pub struct StandoutTimes {
    /// P50 of the window's spans with the value.
    pub with: Duration,
    /// P50 of the spans of window and baseline without the value.
    pub without: Duration,
    /// The value of the same attribute at the spans without the value, if they all have the same.
    pub other_value: Option<String>,
}

/// The largest number of values that are reported.
const MAX_STANDOUTS: usize = 3;
/// The smallest number of affected spans, and of others, for which values are compared.
const MIN_SPANS: usize = 5;
/// The smallest part of the affected spans that must have the value.
const MIN_SUPPORT: f64 = 0.3;
/// The smallest part of the affected spans that a value must have in order to explain the fault.
const MIN_EXPLAINED: f64 = 0.8;
/// The smallest factor by which the value must be more frequent among the affected spans.
const MIN_LIFT: f64 = 1.5;
/// The expected part of the reported values that are there by chance (Benjamini and Hochberg,
/// 1995).
const FALSE_DISCOVERY_RATE: f64 = 0.05;
/// Longer values are ignored.
const MAX_VALUE_BYTES: usize = 200;
/// The largest number of different values that are counted; further ones are ignored.
const MAX_VALUES: usize = 20_000;
/// Two values are of the same spans if at most this part of the spans that have either lacks the
/// other.
const SAME_SPANS: f64 = 0.02;
/// The largest number of values of different spans that are compared; those after them are ignored.
const MAX_GROUPS: usize = 20;
/// The largest number of values that differ beyond chance and are looked at.
const MAX_CANDIDATES: usize = 200;
/// Keys in the order in which one of several values of the same spans is chosen.
const PREFERRED_KEYS: [&str; 6] = [
    "service.version",
    "host.name",
    "k8s.node.name",
    "k8s.pod.name",
    "service.instance.id",
    "server.address",
];
/// Beginnings of keys that say how a request ended, and not where or for whom.
const OUTCOME_KEYS: [&str; 8] = [
    "http.response.",
    "http.status_code",
    "rpc.grpc.status_code",
    "rpc.response.",
    "error.",
    "exception.",
    "otel.status_",
    "db.response.",
];

/// One span of the component.
struct SeenSpan<'a> {
    span: &'a Span,
    is_affected: bool,
    in_window: bool,
    /// The time of the component at the span, in nanoseconds; zero where only the outcome counts.
    nanos: f64,
}

/// The values that are more frequent among the spans that `reason` is about. `traces` are the
/// traces of the table.
pub(super) fn standouts(
    table: &ObservationTable<'_>,
    traces: &[&[Span]],
    in_window: &[bool],
    scores: &Scores,
    reason: &SuspectReason<'_>,
) -> Vec<Standout> {
    let mut seen: Vec<SeenSpan<'_>> = Vec::new();
    for ((observation, spans), inside) in table.observations.iter().zip(traces).zip(in_window) {
        let found = classified(observation, scores, reason, *inside);
        if !found.is_empty() {
            seen.extend(spans.iter().filter_map(|span| {
                let (is_affected, nanos) = *found.get(&span.span_id)?;
                Some(SeenSpan { span, is_affected, in_window: *inside, nanos })
            }));
        }
    }
    let affected = seen.iter().filter(|of| of.is_affected).count();
    let others = seen.len() - affected;
    if affected < MIN_SPANS || others < MIN_SPANS {
        return Vec::new();
    }
    let found = merged(significant(&seen, (affected, others)), &seen);
    let times = |found: Standout| match reason {
        SuspectReason::Slower(_) => Standout { times: times(&found, &seen), ..found },
        SuspectReason::Changed(_) => found,
    };
    found.into_iter().take(MAX_STANDOUTS).map(times).collect()
}

/// The spans of one trace at which the component could be slower or fail: whether it is or does,
/// and its time.
fn classified(
    observation: &Observation,
    scores: &Scores,
    reason: &SuspectReason<'_>,
    in_window: bool,
) -> HashMap<SpanId, (bool, f64)> {
    let mut found = HashMap::new();
    match reason {
        SuspectReason::Slower(component) => {
            let Some(shift) = scores.shifts[*component] else { return found };
            let shares = observation.path_shares.iter();
            for share in shares.filter(|share| share.component as usize == *component) {
                work::step();
                // Slow: nearer, by ratio, to the time in the window than to the baseline.
                let is_slow = share.nanos > (shift.baseline * shift.now).sqrt();
                let known = found.entry(share.span).or_insert((false, 0.0));
                *known = (known.0 || in_window && is_slow, known.1 + share.nanos);
            }
        }
        SuspectReason::Changed(change) => {
            for call in &observation.calls {
                work::step();
                if let Some(changed) = has_changed(change, call) {
                    found.insert(call.span, (in_window && changed, 0.0));
                }
            }
        }
    }
    found
}

/// Whether a call shows the change; `None` for a call that could not.
fn has_changed(change: &Change, call: &super::observation::Call) -> Option<bool> {
    match (change.kind, change.calls) {
        (CauseKind::Error, _) => [call.operation, call.called_as]
            .contains(&change.component)
            .then_some(call.failed == Some(change.component)),
        (_, Some(calls)) => (call.operation == calls.operation).then(|| {
            let made = call.children.iter().find(|(callee, _)| *callee == change.component);
            let count = made.map_or(0.0, |(_, count)| f64::from(*count));
            count > (2.0 * calls.baseline).max(calls.baseline + 0.5)
        }),
        _ => None,
    }
}

/// The values that are more frequent among the affected spans than chance explains, those with the
/// largest difference first.
fn significant(seen: &[SeenSpan<'_>], (affected, others): (usize, usize)) -> Vec<Standout> {
    let values = counts(seen);
    let rate = |count: usize, of: usize| Rate { count: count as u64, of: of as u64 };
    let mut candidates: Vec<(f64, Standout)> = values
        .into_iter()
        .filter(|(_, (with, _))| *with >= 2)
        .map(|((key, value), (with, without))| {
            let (affected, others) = (rate(with, affected), rate(without, others));
            let explains = affected.part() >= MIN_EXPLAINED && !is_outcome(key);
            let (key, also, times) = (key.to_owned(), Vec::new(), None);
            let found = Standout { key, value, also, affected, others, explains, times };
            (p_value(affected, others), found)
        })
        .collect();
    candidates.sort_by(|one, other| one.0.total_cmp(&other.0));
    let all = candidates.len() as f64;
    let mut ranks = candidates.iter().enumerate();
    let last = ranks.rposition(|(rank, (p_value, _))| {
        *p_value <= FALSE_DISCOVERY_RATE * (rank as f64 + 1.0) / all
    });
    candidates.truncate(last.map_or(0, |last| last + 1));
    let mut found: Vec<Standout> = candidates.into_iter().map(|(_, standout)| standout).collect();
    found.retain(|found| {
        let part = found.affected.part();
        part >= MIN_SUPPORT && part >= MIN_LIFT * found.others.part()
    });
    found.sort_by(|one, other| {
        let contrast = |found: &Standout| found.affected.part() - found.others.part();
        let preference = |found: &Standout| preference(&found.key);
        contrast(other)
            .total_cmp(&contrast(one))
            .then_with(|| preference(one).cmp(&preference(other)))
            .then_with(|| one.key.cmp(&other.key))
            .then_with(|| one.value.cmp(&other.value))
    });
    found.truncate(MAX_CANDIDATES);
    found
}

/// Joins values of the same spans: the most informative one represents them. Values that explain
/// the fault come first.
fn merged(found: Vec<Standout>, seen: &[SeenSpan<'_>]) -> Vec<Standout> {
    let mut merged: Vec<(Standout, Vec<u32>)> = Vec::new();
    let holders = holders(&found, seen);
    for (one, holders) in found.into_iter().zip(holders) {
        let is_same = |(other, of_other): &&mut (Standout, Vec<u32>)| {
            is_outcome(&other.key) == is_outcome(&one.key) && are_same(&holders, of_other)
        };
        let is_full = merged.len() >= MAX_GROUPS;
        match merged.iter_mut().find(is_same) {
            Some((other, _)) if preference(&one.key) < preference(&other.key) => {
                let mut also = std::mem::take(&mut other.also);
                also.insert(0, (other.key.clone(), other.value.clone()));
                *other = Standout { also, ..one };
            }
            Some((other, _)) => other.also.push((one.key, one.value)),
            None if !is_full => merged.push((one, holders)),
            None => {}
        }
    }
    merged.sort_by_key(|(found, _)| !found.explains);
    merged.into_iter().map(|(found, _)| found).collect()
}

/// For each of `found`, the indices of the spans that have its value, in order.
fn holders(found: &[Standout], seen: &[SeenSpan<'_>]) -> Vec<Vec<u32>> {
    let numbers: HashMap<(&str, &str), usize> = (0..)
        .zip(found)
        .map(|(number, found)| ((found.key.as_str(), found.value.as_str()), number))
        .collect();
    let keys: HashSet<&str> = found.iter().map(|found| found.key.as_str()).collect();
    let mut holders = vec![Vec::new(); found.len()];
    for (of, index) in seen.iter().zip(0u32..) {
        work::step();
        let attributes = of.span.attributes.iter().chain(of.span.origin.resource.attributes.iter());
        for attribute in attributes.filter(|attribute| keys.contains(attribute.key.as_str())) {
            let value = attribute.value.to_string();
            if let Some(number) = numbers.get(&(attribute.key.as_str(), value.as_str())) {
                let of_value = &mut holders[*number];
                // A span and its resource may both have the value.
                if of_value.last() != Some(&index) {
                    of_value.push(index);
                }
            }
        }
    }
    holders
}

/// Whether all but a few of the indices, which are in order, are in both.
fn are_same(one: &[u32], other: &[u32]) -> bool {
    let in_both = one.iter().filter(|index| other.binary_search(index).is_ok()).count();
    let in_any = one.len() + other.len() - in_both;
    in_both as f64 >= (1.0 - SAME_SPANS) * in_any as f64
}

fn preference(key: &str) -> usize {
    PREFERRED_KEYS.iter().position(|known| *known == key).unwrap_or(PREFERRED_KEYS.len())
}

/// Whether an attribute says how a request ended.
fn is_outcome(key: &str) -> bool {
    OUTCOME_KEYS.iter().any(|beginning| key.starts_with(beginning))
}

/// How long the component takes at spans with the value of `found` and without; `None` where there
/// are too few of either.
fn times(found: &Standout, seen: &[SeenSpan<'_>]) -> Option<StandoutTimes> {
    let (mut with, mut without) = (Vec::new(), Vec::new());
    let mut other: Option<Option<String>> = None;
    for of in seen {
        match value_of(of.span, &found.key) {
            Some(value) if value == found.value => {
                if of.in_window {
                    with.push(of.nanos);
                }
            }
            value => {
                without.push(of.nanos);
                if other.as_ref().is_none_or(|known| *known == value) {
                    other = Some(value);
                } else {
                    other = Some(None);
                }
            }
        }
    }
    if with.len() < MIN_SPANS || without.len() < MIN_SPANS {
        return None;
    }
    let [with, without] = [with, without].map(|mut nanos| {
        nanos.sort_unstable_by(f64::total_cmp);
        Duration::from_nanos(quantile(&nanos, 0.5) as u64)
    });
    Some(StandoutTimes { with, without, other_value: other.flatten() })
}

fn value_of(span: &Span, key: &str) -> Option<String> {
    let attributes = span.attributes.iter().chain(span.origin.resource.attributes.iter());
    attributes.into_iter().find(|of| of.key == key).map(|of| of.value.to_string())
}

/// By key and value: how many of the affected spans have the value, and how many of the others. A
/// value that no affected span has is not counted.
fn counts<'a>(seen: &[SeenSpan<'a>]) -> HashMap<(&'a str, String), (usize, usize)> {
    let mut values: HashMap<(&str, String), (usize, usize)> = HashMap::new();
    for of in seen.iter().filter(|of| of.is_affected) {
        for key in values_of(of.span) {
            if values.len() < MAX_VALUES || values.contains_key(&key) {
                values.entry(key).or_default().0 += 1;
            }
        }
    }
    for of in seen.iter().filter(|of| !of.is_affected) {
        for key in values_of(of.span) {
            if let Some(counts) = values.get_mut(&key) {
                counts.1 += 1;
            }
        }
    }
    values
}

/// The keys and values of a span and of its resource, except long values.
fn values_of(span: &Span) -> impl Iterator<Item = (&str, String)> {
    let attributes = span.attributes.iter().chain(span.origin.resource.attributes.iter());
    attributes
        .map(|attribute| (attribute.key.as_str(), attribute.value.to_string()))
        .filter(|(_, value)| value.len() <= MAX_VALUE_BYTES)
}

/// The p-value of a one-sided z-test of two proportions: how likely chance alone makes a value this
/// much more frequent in the first group than in the second.
fn p_value(one: Rate, other: Rate) -> f64 {
    let (of, others) = (one.of as f64, other.of as f64);
    let pooled = (one.count + other.count) as f64 / (of + others);
    let deviation = (pooled * (1.0 - pooled) * (1.0 / of + 1.0 / others)).sqrt();
    let difference = one.part() - other.part();
    if deviation > 0.0 {
        libm::erfc(difference / deviation / std::f64::consts::SQRT_2) / 2.0
    } else {
        1.0
    }
}
