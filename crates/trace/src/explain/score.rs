//! The score of each service: how suspicious it is.

use std::collections::HashSet;

use super::added_time::AddedTime;
use super::change::{Change, changes};
use super::edge::{Blame, blames, similarity};
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
    /// By component: who is to blame for its shift.
    blames: Vec<Blame>,
    keys: Vec<Key>,
}

/// How suspicious one service is.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Score {
    /// Suspicion for being slower: the shift, weighted by how much of the time added to the
    /// service's traces it explains.
    pub slower: f64,
    /// Suspicion for behaving differently: the largest weight of its changes.
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
        Self::from_shifts(table, in_window, shifts(table, in_window), |_| true)
    }

    /// The scores after everything is subtracted that `service` explains: the shifts of components
    /// that it is to blame for, and the changes that it takes part in.
    pub fn without(&self, table: &ObservationTable<'_>, in_window: &[bool], service: u32) -> Self {
        let mut shifts = self.shifts.clone();
        for (component, shift) in shifts.iter_mut().enumerate() {
            if self.blame(service, component) > 0.0 {
                *shift = None;
            }
        }
        // What an earlier cause explains stays subtracted.
        let left: HashSet<_> = self.changes.iter().map(Change::identity).collect();
        Self::from_shifts(table, in_window, shifts, |change| {
            left.contains(&change.identity())
                && change.service != service
                && table.key(change.component as usize).services().all(|of| of != service)
        })
    }

    /// The scores of components with these `shifts`, and of the changes that `counts` keeps.
    fn from_shifts(
        table: &ObservationTable<'_>,
        in_window: &[bool],
        shifts: Vec<Option<Shift>>,
        counts: impl Fn(&Change) -> bool,
    ) -> Self {
        let mut added = AddedTime::for_cohorts(table, in_window, &shifts);
        let keys: Vec<Key> = (0..shifts.len()).map(|at| table.key(at)).collect();
        let blames = blames(&keys, &shifts);
        let mut changes = changes(table, in_window, &added);
        changes.retain(counts);
        added.total += changes.iter().map(|change| change.added).sum::<f64>();
        let mut scores = Self { shifts, added, changes, services: vec![], blames, keys };
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
        let callers = self.blames[component].caller;
        let as_caller = if key.service == service { callers } else { 0.0 };
        let as_callee = if key.callee == Some(service) { 1.0 - callers } else { 0.0 };
        if slower { as_caller + as_callee } else { 0.0 }
    }

    /// The other end of the edge `component`, if nothing tells it apart from `service`.
    pub fn other_end(&self, service: u32, component: usize) -> Option<u32> {
        let key = &self.keys[component];
        let is_edge = key.kind == CauseKind::Edge && !self.blames[component].is_told_apart;
        key.services().find(|end| is_edge && *end != service)
    }

    fn service_scores(&self, services: usize) -> Vec<Score> {
        let mut added = vec![0.0; services];
        let mut weighted = vec![0.0; services];
        for (component, key) in self.keys.iter().enumerate() {
            work::step();
            let Some(shift) = self.shifts[component].filter(|shift| shift.log_ratio > 0.0) else {
                continue;
            };
            let callers = self.blames[component].caller;
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
                // Where other components became faster, they do not hide what this service added.
                let share = added[service] / self.added.in_traces_of[service].max(added[service]);
                score.slower = shift
                    * share.min(1.0).sqrt()
                    * (1.0 - CONSISTENCY + CONSISTENCY * consistency[service]);
            }
        }
        for change in &self.changes {
            let score = &mut scores[change.service as usize];
            score.added += change.added;
            // The weight of the strongest change, not the sum: the changes of one service are often
            // the same requests, counted at several operations.
            score.changed = score.changed.max(change.weight);
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
