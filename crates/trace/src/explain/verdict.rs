//! The verdict, and the whole explanation.

use std::time::Duration;

use super::counterfactual::Counterfactual;
use super::ranking::{order, ranking};
use super::score::Scores;
use super::shift::{MIN_BASELINE_VALUES, quantile};
use super::standout::standouts;
use super::table::ObservationTable;
use super::{Entry, Explanation, Reason, Suspect, Verdict, permutation};
use crate::dependency::nearest_rank;
use crate::span::Span;

/// The smallest score of a cause. A service reaches it with all of the added time when it took half
/// as long again, or with a third of the added time when it took twice as long.
const MIN_CAUSE_SCORE: f64 = 0.405;
/// With a smaller part of complete traces in the window, the missing spans might be the cause.
const MIN_COMPLETENESS: f64 = 0.5;

/// The explanation for the cohorts given by `in_window`. `spans` are the traces of the table;
/// `entry` selects the spans that were asked about.
pub(super) fn explanation(
    table: &ObservationTable<'_>,
    spans: &[&[Span]],
    in_window: &[bool],
    entry: Entry<'_>,
) -> Explanation {
    let scores = Scores::for_cohorts(table, in_window);
    let traces = in_window.iter().filter(|inside| **inside).count();
    let baseline_traces = in_window.len() - traces;
    let slowdown = slowdown(table, in_window);
    // Components that became faster may hide some of the added time.
    let total = scores.added.total.max(slowdown * traces as f64);
    let ranking = ranking(table, in_window, &scores, total);
    let completeness = completeness(table, in_window, traces);
    let reason = if traces == 0 || baseline_traces < MIN_BASELINE_VALUES {
        too_few(traces, baseline_traces)
    } else if completeness < MIN_COMPLETENESS {
        Reason::TornTraces { completeness }
    } else {
        reason_for(table, in_window, scores.highest(), ranking.first().filter(|_| slowdown <= 0.0))
    };
    let verdict = reason.verdict();
    let first = order(&scores).first().copied();
    let standouts = first.map(|first| standouts(table, spans, in_window, &scores, first));
    let p95 = p95_of(table.window(in_window).map(|observation| observation.duration));
    let counterfactual_p95 = match first.filter(|_| verdict == Verdict::Cause) {
        Some(cause) => {
            let without = Counterfactual { scores: &scores, cause, entry };
            let observed = table.observations.iter().zip(spans).zip(in_window);
            let inside = observed.filter(|(_, inside)| **inside);
            p95_of(inside.map(|((of, spans), _)| without.duration(of, spans)))
        }
        None => p95,
    };
    let attributed: f64 = ranking.iter().map(|suspect| suspect.share).sum();
    Explanation {
        verdict,
        reason,
        unattributed: if total > 0.0 { (1.0 - attributed).max(0.0) } else { 0.0 },
        ranking,
        standouts: standouts.unwrap_or_default(),
        slowdown_nanos: slowdown as i64,
        p95: Duration::from_nanos(p95 as u64),
        counterfactual_p95: Duration::from_nanos(counterfactual_p95 as u64),
        completeness,
        adjusted: table.observations.iter().filter(|observation| observation.adjusted).count(),
        traces,
        baseline_traces,
    }
}

/// The 95th percentile by nearest rank, as tables and service maps have it; zero without durations.
fn p95_of(durations: impl Iterator<Item = f64>) -> f64 {
    let mut durations: Vec<f64> = durations.collect();
    durations.sort_unstable_by(f64::total_cmp);
    let rank = nearest_rank(durations.len() as u64, 95);
    durations.get(rank.saturating_sub(1) as usize).copied().unwrap_or_default()
}

const fn too_few(traces: usize, baseline_traces: usize) -> Reason {
    match (traces, baseline_traces) {
        (0, _) => Reason::NoTraces,
        (_, 0) => Reason::NoBaselineTraces,
        (_, traces) => Reason::TooFewBaselineTraces { traces, least: MIN_BASELINE_VALUES },
    }
}

/// The reason for the verdict on the highest `score`. `not_slower` is the first suspect, if the
/// window's traces are not slower than the baseline's.
fn reason_for(
    table: &ObservationTable<'_>,
    in_window: &[bool],
    score: f64,
    not_slower: Option<&Suspect>,
) -> Reason {
    if score < MIN_CAUSE_SCORE {
        return Reason::LowScore { score, least: MIN_CAUSE_SCORE };
    }
    if not_slower.is_some_and(|suspect| !suspect.kind.is_failure()) {
        return Reason::NotSlower;
    }
    if permutation::reach(table, in_window, score) {
        return Reason::ReachedByChance { score };
    }
    Reason::BeyondChance { score }
}

fn completeness(table: &ObservationTable<'_>, in_window: &[bool], traces: usize) -> f64 {
    let whole = table.window(in_window).filter(|observation| observation.whole).count();
    if traces == 0 { 0.0 } else { whole as f64 / traces as f64 }
}

/// How much longer the window's traces take than the baseline's, in nanoseconds: the difference of
/// the means of P50, P75 and P90.
fn slowdown(table: &ObservationTable<'_>, in_window: &[bool]) -> f64 {
    let mean = |inside: bool| {
        let cohort = table.observations.iter().zip(in_window).filter(|(_, is)| **is == inside);
        let mut durations: Vec<f64> = cohort.map(|(of, _)| of.duration).collect();
        durations.sort_unstable_by(f64::total_cmp);
        [0.50, 0.75, 0.90].map(|q| quantile(&durations, q)).iter().sum::<f64>() / 3.0
    };
    let both = in_window.contains(&true) && in_window.contains(&false);
    if both { mean(true) - mean(false) } else { 0.0 }
}
