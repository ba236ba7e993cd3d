//! The score of each service: how suspicious it is.

use super::added_time::AddedTime;
use super::change::{Change, changes};
use super::edge::{caller_blame, similarity};
use super::names::{CauseKind, Key};
use super::shift::{Shift, shifts};
use super::table::ObservationTable;
use crate::work;

/// Everything that is computed from the two cohorts.
#[derive(Debug)]
pub(super) struct Scores {
    /// By component: the shift, if there is enough data.
    pub shifts: Vec<Option<Shift>>,
    pub added: AddedTime,
    pub changes: Vec<Change>,
    /// By service: the score.
    pub services: Vec<Score>,
    /// By component: the part of its shift that the caller is to blame for.
    caller_blame: Vec<f64>,
    keys: Vec<Key>,
}

/// How suspicious one service is.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Score {
    /// Suspicion for being slower: the shift, weighted by how much of the time added to the
    /// service's traces it explains.
    pub slower: f64,
    /// Suspicion for behaving differently: the sum of the weights of its changes.
    pub changed: f64,
    /// Nanoseconds that the service added to the window's traces.
    pub added: f64,
}

/// The part of a score that depends on consistency: whether everything about a service has shifted,
/// as with a slow host or network, or only one component.
const CONSISTENCY: f64 = 0.75;

impl Score {
    /// The whole score.
    pub fn total(&self) -> f64 {
        self.slower + self.changed
    }
}

impl Scores {
    /// Computes the scores for the cohorts given by `in_window`.
    pub fn for_cohorts(table: &ObservationTable<'_>, in_window: &[bool]) -> Self {
        let shifts = shifts(table, in_window);
        let mut added = AddedTime::for_cohorts(table, in_window, &shifts);
        let keys: Vec<Key> = (0..shifts.len()).map(|at| table.key(at)).collect();
        let caller_blame = caller_blame(&keys, &shifts);
        let changes = changes(table, in_window, &added);
        added.total += changes.iter().map(|change| change.added).sum::<f64>();
        let mut scores = Self { shifts, added, changes, services: vec![], caller_blame, keys };
        scores.services = scores.service_scores(table.names.services.len());
        scores
    }

    /// The highest score of all services.
    pub fn highest(&self) -> f64 {
        self.services.iter().map(Score::total).fold(0.0, f64::max)
    }

    /// The part of the time added by `component` that `service` is to blame for: 0 to 1.
    pub fn blame(&self, service: u32, component: usize) -> f64 {
        let key = &self.keys[component];
        let slower = self.shifts[component].is_some_and(|shift| shift.log_ratio > 0.0);
        let callers = self.caller_blame[component];
        let as_caller = if key.service == service { callers } else { 0.0 };
        let as_callee = if key.callee == Some(service) { 1.0 - callers } else { 0.0 };
        if slower { as_caller + as_callee } else { 0.0 }
    }

    fn service_scores(&self, services: usize) -> Vec<Score> {
        let mut added = vec![0.0; services];
        let mut weighted = vec![0.0; services];
        for (component, key) in self.keys.iter().enumerate() {
            work::step();
            let Some(shift) = self.shifts[component].filter(|shift| shift.log_ratio > 0.0) else {
                continue;
            };
            let callers = self.caller_blame[component];
            let blames = [(Some(key.service), callers), (key.callee, 1.0 - callers)];
            for (service, blame) in blames {
                let Some(service) = service else { continue };
                let nanos = blame * self.added.components[component];
                added[service as usize] += nanos;
                weighted[service as usize] += nanos * shift.log_ratio;
            }
        }
        let consistency = self.consistency(&added, &weighted);
        let mut scores = vec![Score::default(); services];
        for (service, score) in scores.iter_mut().enumerate() {
            score.added = added[service];
            if added[service] > 0.0 {
                let shift = weighted[service] / added[service];
                let share = added[service] / self.added.in_traces_of[service];
                score.slower = shift
                    * share.min(1.0).sqrt()
                    * (1.0 - CONSISTENCY + CONSISTENCY * consistency[service]);
            }
        }
        let mut new = vec![0.0f64; services];
        for change in &self.changes {
            let service = change.service as usize;
            scores[service].added += change.added;
            if change.kind == CauseKind::New {
                // The weight of the operation that became slowest by new calls, not the sum over
                // operations.
                new[service] = new[service].max(change.weight);
            } else {
                scores[service].changed += change.weight;
            }
        }
        for (score, new) in scores.iter_mut().zip(new) {
            score.changed += new;
        }
        scores
    }

    /// By service: how similar the shifts of all its components are to its overall shift, or those
    /// of all calls to it, whichever is higher.
    fn consistency(&self, added: &[f64], weighted: &[f64]) -> Vec<f64> {
        // By service, sum and count of similarities: of its own components, and of the calls to it.
        let mut own = vec![(0.0, 0.0); added.len()];
        let mut inward = own.clone();
        let count = |sums: &mut Vec<(f64, f64)>, service: u32, shift: &Shift| {
            let service = service as usize;
            if added[service] > 0.0 {
                sums[service].0 += similarity(shift.log_ratio, weighted[service] / added[service]);
                sums[service].1 += 1.0;
            }
        };
        for (key, shift) in self.keys.iter().zip(&self.shifts) {
            work::step();
            let Some(shift) = shift else { continue };
            count(&mut own, key.service, shift);
            if let Some(callee) = key.callee {
                count(&mut inward, callee, shift);
            }
        }
        let mean = |(sum, count): (f64, f64)| if count > 0.0 { sum / count } else { 0.0 };
        own.into_iter().zip(inward).map(|(own, inward)| mean(own).max(mean(inward))).collect()
    }
}
