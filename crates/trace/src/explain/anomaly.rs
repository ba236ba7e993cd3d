//! Everything that is otherwise than it was, of all services: components that take longer, operations that do
//! something else. Chance leads to as much in one window of twenty.

use super::change::Change;
use super::names::CauseKind;
use super::observe::{Entry, Observation};
use super::ranking::words;
use super::score::Scores;
use super::shift::Shift;
use super::table::Table;
use super::{Evidence, Suspect, chance};
use crate::explain::names::Names;
use crate::span::Span;

/// What is otherwise, and how much was known.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Anomalies {
    /// The highest score first.
    pub found: Vec<Anomaly>,
    /// Traces of the window.
    pub traces: usize,
    /// Traces of the baseline.
    pub baseline_traces: usize,
}

/// One thing that is otherwise than it was.
#[derive(Clone, PartialEq, Debug)]
pub struct Anomaly {
    /// What is.
    pub kind: AnomalyKind,
    /// Whose it is: of a database or an external host, what its callers call it.
    pub service: String,
    /// The operation, or the caller, the service and the operation.
    pub component: String,
    /// How much it says: of what takes longer the logarithm of how many times as long, of the others as of a cause.
    pub score: f64,
    /// Before: nanoseconds of what takes longer; of the others, how often it happened, 0 to 1.
    pub before: f64,
    /// Now, likewise.
    pub now: f64,
    /// Where to see it; at most [`Suspect::MOST_EVIDENCE`].
    pub evidence: Vec<Evidence>,
}

/// What can be otherwise.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum AnomalyKind {
    /// It takes longer.
    Slower,
    /// It fails more often, and nothing below it does.
    Errors,
    /// It stops before it has called what it used to call.
    MissingChild,
    /// It is asked again and again, and fails.
    RetryStorm,
    /// It is asked again and again.
    NPlusOne,
    /// More of its caller's requests ask it.
    MoreOften,
    /// Its caller's requests ask it, and did not.
    NewCall,
}

/// Half as long again: less is nobody's news.
const LEAST_SHIFT: f64 = 0.405;
/// So much longer, nanoseconds: less is not either.
const LEAST_RISE: f64 = 1e6;
/// A change of less is not named; a cause weighs one.
const LEAST_WEIGHT: f64 = 0.25;

/// What is otherwise in the traces of `window` than in those of `baseline`. Each item is the spans of one trace.
pub fn anomalies<'a>(
    baseline: impl IntoIterator<Item = &'a [Span]>,
    window: impl IntoIterator<Item = &'a [Span]>,
) -> Anomalies {
    let mut names = Names::default();
    let mut observe = |spans| Observation::of(spans, Entry::default(), &mut names);
    let mut observations: Vec<Observation> =
        baseline.into_iter().filter_map(&mut observe).collect();
    let baseline_traces = observations.len();
    observations.extend(window.into_iter().filter_map(&mut observe));
    let in_window: Vec<bool> = (0..observations.len()).map(|at| at >= baseline_traces).collect();
    let table = Table::of(&names, &observations);
    let traces = observations.len() - baseline_traces;
    Anomalies { found: found(&table, &in_window), traces, baseline_traces }
}

fn found(table: &Table<'_>, in_window: &[bool]) -> Vec<Anomaly> {
    let scores = Scores::of(table, in_window);
    let (mut shift, mut weight) = (LEAST_SHIFT, LEAST_WEIGHT);
    // Nothing is worth drawing lots for where nothing stands out.
    if highest_shift(&scores) > shift || highest_weight(&scores) > weight {
        let highest = |by_lot: &Scores| (highest_shift(by_lot), highest_weight(by_lot));
        for (by_lot, changed) in chance::by_lot(table, in_window, highest) {
            shift = shift.max(by_lot);
            weight = weight.max(changed);
        }
    }
    let shifts = scores.shifts.iter().enumerate();
    let slower = shifts
        .filter_map(|(component, shift)| Some((component, rising(shift.as_ref()?)?)))
        .filter(|(_, found)| found.log_ratio > shift)
        .map(|(component, shift)| slower(table, in_window, component, shift));
    let changes = scores.changes.iter().filter(|change| change.weight > weight);
    let mut found: Vec<Anomaly> =
        slower.chain(changes.filter_map(|change| otherwise(table, change))).collect();
    found.sort_by(|one, other| other.score.total_cmp(&one.score));
    found
}

fn highest_shift(scores: &Scores) -> f64 {
    let shifts = scores.shifts.iter().flatten();
    shifts.filter_map(rising).map(|shift| shift.log_ratio).fold(0.0, f64::max)
}

fn highest_weight(scores: &Scores) -> f64 {
    scores.changes.iter().map(|change| change.weight).fold(0.0, f64::max)
}

fn rising(shift: &Shift) -> Option<&Shift> {
    (shift.log_ratio > 0.0 && shift.now - shift.usual >= LEAST_RISE).then_some(shift)
}

fn slower(table: &Table<'_>, in_window: &[bool], component: usize, shift: &Shift) -> Anomaly {
    let key = table.key(component);
    let who = key.callee.filter(|_| key.kind != CauseKind::Queue).unwrap_or(key.service);
    let samples = table.samples[component].iter();
    let mut worst: Vec<_> = samples.filter(|sample| in_window[sample.of as usize]).collect();
    worst.sort_by(|one, other| other.nanos.total_cmp(&one.nanos));
    let evidence = worst.into_iter().take(Suspect::MOST_EVIDENCE).filter_map(|sample| {
        let observation = &table.observations[sample.of as usize];
        let mut parts = observation.parts.iter();
        let part = parts.find(|part| part.component as usize == component)?;
        Some(Evidence { trace_id: observation.trace_id, span_id: part.span })
    });
    Anomaly {
        kind: AnomalyKind::Slower,
        service: table.names.service(who).to_owned(),
        component: words(table, component),
        score: shift.log_ratio,
        before: shift.usual,
        now: shift.now,
        evidence: evidence.collect(),
    }
}

fn otherwise(table: &Table<'_>, change: &Change) -> Option<Anomaly> {
    let key = table.key(change.component as usize);
    let kind = match change.kind {
        CauseKind::Error => AnomalyKind::Errors,
        // Whoever is not called any more is told with the one who stops.
        CauseKind::Missing if change.service == key.service => AnomalyKind::MissingChild,
        CauseKind::Repeated if key.callee == Some(change.service) => AnomalyKind::RetryStorm,
        CauseKind::Repeated => AnomalyKind::NPlusOne,
        CauseKind::MoreOften => AnomalyKind::MoreOften,
        CauseKind::New => AnomalyKind::NewCall,
        _ => return None,
    };
    let counts = &change.counts;
    let rate = |count: usize, of: usize| count as f64 / of.max(1) as f64;
    Some(Anomaly {
        kind,
        service: table.names.service(change.service).to_owned(),
        component: words(table, change.component as usize),
        score: change.weight,
        before: rate(counts.usual, counts.usual_of),
        now: rate(counts.now, counts.now_of),
        evidence: change.examples.clone(),
    })
}

impl AnomalyKind {
    /// `slower`, `errors`, `missing_child`, `retry_storm`, `n_plus_one`, `more_often` or `new_call`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Slower => "slower",
            Self::Errors => "errors",
            Self::MissingChild => "missing_child",
            Self::RetryStorm => "retry_storm",
            Self::NPlusOne => "n_plus_one",
            Self::MoreOften => "more_often",
            Self::NewCall => "new_call",
        }
    }
}
