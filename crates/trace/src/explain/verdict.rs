//! The verdict, and the whole explanation.

use std::collections::BTreeMap;
use std::time::Duration;

use super::counterfactual::Counterfactual;
use super::names::CauseKind;
use super::observation::Observation;
use super::ranking::{SuspectReason, first_suspect, order, ranking, suspicion};
use super::score::Scores;
use super::shift::quantile;
use super::standout::standouts;
use super::table::ObservationTable;
use super::{Entry, Explanation, Reason, Suspect, Verdict, permutation};
use crate::dependency::nearest_rank;
use crate::side_by_side::side_by_side;
use crate::span::Span;

/// The smallest score of a cause. A service reaches it with all of the added time when it took half
/// as long again, or with a third of the added time when it took twice as long.
const MIN_CAUSE_SCORE: f64 = 0.405;
/// The smallest number of traces in a baseline.
const MIN_BASELINE_TRACES: usize = 5;
/// With a smaller part of complete traces in the window, the missing spans might be the cause.
const MIN_COMPLETENESS: f64 = 0.5;
/// The smallest number of calls of the window that end early for that to be a cause. Which calls a
/// request makes depends on its session, so that a few of them end early by themselves.
const MIN_CUT_CALLS: usize = 15;
/// The largest number of causes beside the first.
const MAX_FURTHER_CAUSES: usize = 2;
/// The smallest share of the added time of a further cause that is slow.
const MIN_FURTHER_SHARE: f64 = 0.1;

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
    let slowdown_nanos = slowdown(table, in_window, None, quantile_mean);
    // Components that became faster may hide some of the added time. Shares are of sums, so the
    // slowdown that they are compared with is that of the means.
    let added_to_traces = slowdown(table, in_window, None, mean) * traces as f64;
    let total = scores.added.total.max(added_to_traces);
    let ranking = ranking(table, in_window, &scores, total);
    let first = order(&scores).first().copied();
    let completeness = completeness(table, in_window, traces);
    let (reason, by_chance) = if traces == 0 || baseline_traces < MIN_BASELINE_TRACES {
        (too_few(traces, baseline_traces), Vec::new())
    } else if completeness < MIN_COMPLETENESS {
        (Reason::TornTraces { completeness }, Vec::new())
    } else {
        reason_for(table, in_window, &scores)
    };
    let verdict = reason.verdict();
    let further_causes = match first.filter(|_| verdict == Verdict::Cause) {
        Some(first) => further_causes(table, in_window, (&scores, first, total), &by_chance),
        None => Vec::new(),
    };
    let standouts = first
        .and_then(|first| suspicion(&scores, first))
        .map(|suspicion| standouts(table, spans, in_window, &scores, &suspicion));
    let p95 = p95_of(table.window(in_window).map(|observation| observation.duration));
    let counterfactual_p95 = match first.filter(|_| verdict == Verdict::Cause) {
        Some(cause) => {
            let without = Counterfactual { scores: &scores, cause, entry };
            let observed = table.observations.iter().zip(spans).zip(in_window);
            let inside: Vec<_> = observed.filter(|(_, inside)| **inside).collect();
            let duration =
                |((of, spans), _): &((&Observation, &&[Span]), &bool)| without.duration(of, spans);
            let (some, others) = inside.split_at(inside.len() / 2);
            let (some, others) = side_by_side(
                || some.iter().map(duration).collect::<Vec<f64>>(),
                || others.iter().map(duration).collect::<Vec<f64>>(),
            );
            p95_of(some.into_iter().chain(others))
        }
        None => p95,
    };
    let attributed: f64 = ranking.iter().map(|suspect| suspect.share).sum();
    Explanation {
        verdict,
        reason,
        unattributed: if total > 0.0 { (1.0 - attributed).max(0.0) } else { 0.0 },
        ranking,
        further_causes,
        standouts: standouts.unwrap_or_default(),
        slowdown_nanos: slowdown_nanos as i64,
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
        (_, traces) => Reason::TooFewBaselineTraces { traces, least: MIN_BASELINE_TRACES },
    }
}

/// The reason for the verdict on the highest score, and the scores of the random comparisons.
fn reason_for(
    table: &ObservationTable<'_>,
    in_window: &[bool],
    scores: &Scores,
) -> (Reason, Vec<f64>) {
    let score = scores.highest();
    if score < MIN_CAUSE_SCORE {
        return (Reason::LowScore { score, least: MIN_CAUSE_SCORE }, Vec::new());
    }
    let first = order(scores).first().copied();
    if first.is_some_and(|first| !is_worse(table, in_window, scores, first)) {
        return (Reason::NotSlower, Vec::new());
    }
    if let Some(calls) = first.and_then(|first| few_cut_calls(scores, first)) {
        return (Reason::FewCalls { calls, least: MIN_CUT_CALLS }, Vec::new());
    }
    let by_chance = permutation::statistics(table, in_window, Scores::highest);
    let reached = by_chance.iter().filter(|highest| **highest >= score).count();
    let p_value = (reached + 1) as f64 / (by_chance.len() + 1) as f64;
    let reason = match reached {
        0 => Reason::BeyondChance { score, p_value },
        _ => Reason::ReachedByChance { score, p_value },
    };
    (reason, by_chance)
}

/// How many calls end early, where the suspect is suspected for too few of them.
fn few_cut_calls(scores: &Scores, service: u32) -> Option<usize> {
    match suspicion(scores, service)? {
        SuspectReason::Changed(change) if change.kind == CauseKind::Missing => {
            Some(change.counts.window).filter(|calls| *calls < MIN_CUT_CALLS)
        }
        _ => None,
    }
}

/// Whether the suspect fails or repeats calls, or the traces that it is in are slower than in the
/// baseline. Calls that are made in parallel with slower ones do not make a trace slower.
fn is_worse(
    table: &ObservationTable<'_>,
    in_window: &[bool],
    scores: &Scores,
    service: u32,
) -> bool {
    match suspicion(scores, service) {
        Some(SuspectReason::Changed(change)) if change.kind != CauseKind::New => true,
        // A request does not wait for the consumers of its messages.
        Some(SuspectReason::Slower(component)) if table.key(component).kind == CauseKind::Queue => {
            true
        }
        Some(_) => slowdown(table, in_window, Some(service), quantile_mean) > 0.0,
        None => false,
    }
}

/// The suspects that are causes too after everything that the causes before them explain is
/// subtracted. `scores` are those of the first cause, whose shares are relative to `total`.
fn further_causes(
    table: &ObservationTable<'_>,
    in_window: &[bool],
    (scores, first, total): (&Scores, u32, f64),
    by_chance: &[f64],
) -> Vec<Suspect> {
    let mut found = Vec::new();
    let (mut known, mut cause) = (None::<Scores>, first);
    while found.len() < MAX_FURTHER_CAUSES {
        let rest = known.as_ref().unwrap_or(scores).without(table, in_window, cause);
        let Some(next) = order(&rest).first().copied() else { break };
        let score = rest.services[next as usize].total();
        let is_cause = score >= MIN_CAUSE_SCORE
            && few_cut_calls(&rest, next).is_none()
            && by_chance.iter().all(|highest| *highest < score)
            && is_worse(table, in_window, &rest, next);
        let Some(suspect) = first_suspect(table, in_window, &rest, total) else {
            break;
        };
        if !is_cause || suspect.share < MIN_FURTHER_SHARE && !suspect.kind.is_failure() {
            break;
        }
        found.push(suspect);
        (known, cause) = (Some(rest), next);
    }
    found
}

fn completeness(table: &ObservationTable<'_>, in_window: &[bool], traces: usize) -> f64 {
    let whole = table.window(in_window).filter(|observation| observation.whole).count();
    if traces == 0 { 0.0 } else { whole as f64 / traces as f64 }
}

/// How much longer the window's traces take than the baseline's, in nanoseconds: for each topmost
/// operation, the difference of a `middle` of the durations; of all operations the mean, weighted by
/// their traces in the window. Operations without traces in the baseline do not count. With a `service`, only traces count that it takes part in.
fn slowdown(
    table: &ObservationTable<'_>,
    in_window: &[bool],
    service: Option<u32>,
    middle: fn(&mut [f64]) -> f64,
) -> f64 {
    let mut operations: BTreeMap<u32, [Vec<f64>; 2]> = BTreeMap::new();
    for (observation, inside) in table.observations.iter().zip(in_window) {
        let Some(top) = observation.calls.first() else { continue };
        let takes_part = |of: u32| {
            let mut calls = observation.calls.iter();
            calls.any(|call| {
                let sides = [call.operation, call.called_as];
                sides.iter().any(|at| table.key(*at as usize).services().any(|one| one == of))
            })
        };
        if service.is_none_or(takes_part) {
            let durations = operations.entry(top.operation).or_default();
            durations[usize::from(*inside)].push(observation.duration);
        }
    }
    let (mut sum, mut traces) = (0.0, 0.0);
    for [before, now] in operations.values_mut() {
        if !before.is_empty() && !now.is_empty() {
            sum += (middle(now) - middle(before)) * now.len() as f64;
            traces += now.len() as f64;
        }
    }
    if traces > 0.0 { sum / traces } else { 0.0 }
}

/// The mean of P50, P75 and P90.
fn quantile_mean(durations: &mut [f64]) -> f64 {
    durations.sort_unstable_by(f64::total_cmp);
    [0.50, 0.75, 0.90].map(|q| quantile(durations, q)).iter().sum::<f64>() / 3.0
}

fn mean(durations: &mut [f64]) -> f64 {
    durations.iter().sum::<f64>() / durations.len() as f64
}
