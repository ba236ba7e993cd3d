//! Node or edge: whose fault is the time between a caller and whom it calls?
//!
//! A slow network or a full accept queue of a service is seen by all who call it; a caller without
//! processor time waits longer for everybody it calls. So each end is suspected as much as its other
//! edges have shifted with this one.

use std::collections::HashMap;

use super::names::Key;
use super::shift::Shift;

/// How much suspicion rests on the callee before anything is known: a caller's own trouble shows in its
/// own time too, a callee's network only here.
const CALLEE_PRIOR: f64 = 0.3;

/// By component, which part of its shift the caller is to blame for; the callee is for the rest.
/// Components that are no calls are their service's own: 1.
pub(super) fn caller_blame(keys: &[Key], shifts: &[Option<Shift>]) -> Vec<f64> {
    let edges = Edges::from_shifts(keys, shifts);
    let blame = |(key, shift): (&Key, &Option<Shift>)| match (key.callee, shift) {
        (None, _) => 1.0,
        (Some(_), None) => 0.0,
        (Some(callee), Some(shift)) if shift.log_ratio > 0.0 => {
            edges.caller_blame_for(key.service, callee, shift.log_ratio)
        }
        (Some(_), Some(_)) => 0.0,
    };
    keys.iter().zip(shifts).map(blame).collect()
}

/// Shifts of a pair of services, and of services themselves.
#[derive(Default)]
struct Edges {
    /// Caller, callee, and the mean shift of the calls between them.
    pairs: Vec<(u32, u32, f64)>,
    from: HashMap<u32, Vec<usize>>,
    to: HashMap<u32, Vec<usize>>,
    /// The largest shift of a service's own work.
    own: HashMap<u32, f64>,
}

impl Edges {
    fn from_shifts(keys: &[Key], shifts: &[Option<Shift>]) -> Self {
        let mut edges = Self::default();
        let mut sums: HashMap<(u32, u32), (f64, f64)> = HashMap::new();
        for (key, shift) in keys.iter().zip(shifts) {
            let Some(shift) = shift else { continue };
            if let Some(callee) = key.callee {
                let sum = sums.entry((key.service, callee)).or_default();
                sum.0 += shift.log_ratio * shift.count as f64;
                sum.1 += shift.count as f64;
            } else {
                let own = edges.own.entry(key.service).or_insert(0.0);
                *own = own.max(shift.log_ratio);
            }
        }
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_unstable_by_key(|(pair, _)| *pair);
        for (at, ((caller, callee), (sum, count))) in sums.into_iter().enumerate() {
            edges.pairs.push((caller, callee, sum / count));
            edges.from.entry(caller).or_default().push(at);
            edges.to.entry(callee).or_default().push(at);
        }
        edges
    }

    fn caller_blame_for(&self, caller: u32, callee: u32, shift: f64) -> f64 {
        let own = |service| self.own.get(&service).map_or(0.0, |own| similarity(*own, shift));
        let others = self.likeness(self.from.get(&caller), shift, |pair| pair.1 != callee);
        let suspect_caller = others.unwrap_or_else(|| own(caller));
        let inward = self.likeness(self.to.get(&callee), shift, |pair| pair.0 != caller);
        let outward = self.likeness(self.from.get(&callee), shift, |_| true);
        let suspect_callee = inward.unwrap_or(0.0).max(outward.unwrap_or(0.0)).max(own(callee));
        suspect_caller / (suspect_caller + suspect_callee + CALLEE_PRIOR)
    }

    /// How alike `shift` those of the pairs in `places` are for which `counts`, on average.
    fn likeness(
        &self,
        places: Option<&Vec<usize>>,
        shift: f64,
        counts: impl Fn(&(u32, u32, f64)) -> bool,
    ) -> Option<f64> {
        let pairs = places.into_iter().flatten().map(|at| &self.pairs[*at]);
        let alike: Vec<f64> =
            pairs.filter(|pair| counts(pair)).map(|pair| similarity(pair.2, shift)).collect();
        (!alike.is_empty()).then(|| alike.iter().sum::<f64>() / alike.len() as f64)
    }
}

/// How much of `shift` another shift has, from none to all.
pub(super) fn similarity(other: f64, shift: f64) -> f64 {
    (other / shift).clamp(0.0, 1.0)
}
