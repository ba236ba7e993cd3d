//! All changes since the baseline, in all services: components that became slower, and operations
//! that fail, end early or repeat calls. By the permutation test, one window in twenty has a false
//! positive.

use super::change::Change;
use super::names::CauseKind;
use super::observation::{Entry, Observation};
use super::ranking::component_text;
use super::score::Scores;
use super::shift::Shift;
use super::table::ObservationTable;
use super::{Evidence, Suspect, permutation, wait_clock};
use crate::explain::names::Names;
use crate::span::Span;

/// The changes between two cohorts, and the number of traces in each.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Anomalies {
    /// The changes, highest score first.
    pub found: Vec<Anomaly>,
    /// How many traces the window has.
    pub traces: usize,
    /// How many traces the baseline has.
    pub baseline_traces: usize,
}

/// One change since the baseline.
#[derive(Clone, PartialEq, Debug)]
pub struct Anomaly {
    /// The kind of change.
    pub kind: AnomalyKind,
    /// The service that changed. A database or an external host has the name that its callers use.
    pub service: String,
    /// The operation that changed, or the caller, the callee and the operation.
    pub component: String,
    /// How large the change is. For a component that became slower, the natural logarithm of the
    /// factor by which its time grew; for other changes, the weight that the change has in the
    /// score of a [`super::Suspect`].
    pub score: f64,
    /// The value in the baseline: for a component that became slower nanoseconds, else how often it
    /// happened, from 0 to 1.
    pub before: f64,
    /// The value in the window, in the unit of `before`.
    pub now: f64,
    /// Spans that show the change; at most [`Suspect::MAX_EVIDENCE`].
    pub evidence: Vec<Evidence>,
}

/// The kinds of changes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum AnomalyKind {
    /// The component takes longer than in the baseline.
    Slower,
    /// The component fails more often, and the failures do not come from its callees.
    Errors,
    /// The operation ends without making a call that it used to make.
    MissingChild,
    /// The callee is called repeatedly and fails: a retry storm.
    RetryStorm,
    /// The callee is called repeatedly without failing: an N+1 pattern.
    NPlusOne,
    /// A larger part of the caller's requests call the callee.
    MoreOften,
    /// The caller's requests call a callee that they did not call in the baseline.
    NewCall,
}

/// The smallest shift that is an anomaly: 50% longer, as a natural logarithm.
const MIN_SHIFT: f64 = 0.405;
/// The smallest increase of a component's time that is an anomaly, in nanoseconds.
const MIN_RISE_NANOS: f64 = 1e6;
/// The smallest weight of any other change that is an anomaly.
const MIN_CHANGE_WEIGHT: f64 = 0.25;

/// What changed in the traces of `window` since those of `baseline`. Each item is the spans of one
/// trace.
pub fn anomalies<'a>(
    baseline: impl IntoIterator<Item = &'a [Span]>,
    window: impl IntoIterator<Item = &'a [Span]>,
) -> Anomalies {
    let mut names = Names::default();
    let mut observe = |spans| Observation::from_spans(spans, Entry::default(), &mut names);
    let mut observations: Vec<Observation> =
        baseline.into_iter().filter_map(&mut observe).collect();
    let baseline_traces = observations.len();
    observations.extend(window.into_iter().filter_map(&mut observe));
    let in_window: Vec<bool> = (0..observations.len()).map(|at| at >= baseline_traces).collect();
    wait_clock::adjust(&mut observations, &in_window);
    let table = ObservationTable::from_observations(&names, &observations);
    let traces = observations.len() - baseline_traces;
    Anomalies { found: find_anomalies(&table, &in_window), traces, baseline_traces }
}

fn find_anomalies(table: &ObservationTable<'_>, in_window: &[bool]) -> Vec<Anomaly> {
    let scores = Scores::for_cohorts(table, in_window);
    let (mut shift, mut weight) = (MIN_SHIFT, MIN_CHANGE_WEIGHT);
    // The permutation test is skipped when no change is large enough.
    if highest_shift(&scores) > shift || highest_weight(&scores) > weight {
        let highest = |permuted: &Scores| (highest_shift(permuted), highest_weight(permuted));
        for (permuted_shift, permuted_weight) in permutation::statistics(table, in_window, highest)
        {
            shift = shift.max(permuted_shift);
            weight = weight.max(permuted_weight);
        }
    }
    let shifts = scores.shifts.iter().enumerate();
    let slower = shifts
        .filter_map(|(component, shift)| Some((component, rising(shift.as_ref()?)?)))
        .filter(|(_, found)| found.log_ratio > shift)
        .map(|(component, shift)| from_shift(table, in_window, component, shift));
    let changes = scores.changes.iter().filter(|change| change.weight > weight);
    let mut found: Vec<Anomaly> =
        slower.chain(changes.filter_map(|change| from_change(table, change))).collect();
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
    (shift.log_ratio > 0.0 && shift.now - shift.baseline >= MIN_RISE_NANOS).then_some(shift)
}

fn from_shift(
    table: &ObservationTable<'_>,
    in_window: &[bool],
    component: usize,
    shift: &Shift,
) -> Anomaly {
    let key = table.key(component);
    let service = key.callee.filter(|_| key.kind != CauseKind::Queue).unwrap_or(key.service);
    let samples = table.samples[component].iter();
    let mut worst: Vec<_> =
        samples.filter(|sample| in_window[sample.observation as usize]).collect();
    worst.sort_by(|one, other| other.nanos.total_cmp(&one.nanos));
    let evidence = worst.into_iter().take(Suspect::MAX_EVIDENCE).filter_map(|sample| {
        let observation = &table.observations[sample.observation as usize];
        let mut parts = observation.path_shares.iter();
        let share = parts.find(|share| share.component as usize == component)?;
        Some(Evidence { trace_id: observation.trace_id, span_id: share.span })
    });
    Anomaly {
        kind: AnomalyKind::Slower,
        service: table.names.service(service).to_owned(),
        component: component_text(table, component),
        score: shift.log_ratio,
        before: shift.baseline,
        now: shift.now,
        evidence: evidence.collect(),
    }
}

fn from_change(table: &ObservationTable<'_>, change: &Change) -> Option<Anomaly> {
    let key = table.key(change.component as usize);
    let kind = match change.kind {
        CauseKind::Error => AnomalyKind::Errors,
        // A change is also listed for the services that are no longer called; the anomaly is only
        // reported for the operation that ends early.
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
        component: component_text(table, change.component as usize),
        score: change.weight,
        before: rate(counts.baseline, counts.baseline_total),
        now: rate(counts.window, counts.window_total),
        evidence: change.examples.clone(),
    })
}

impl AnomalyKind {
    /// The kind as JSON spells it: `slower`, `errors`, `missing_child`, `retry_storm`,
    /// `n_plus_one`, `more_often` or `new_call`.
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
