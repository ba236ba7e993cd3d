//! Divides the time between a caller and a callee: which of the two is to blame?
//!
//! A slow network or a full accept queue of a service affects all its callers. A caller that lacks
//! CPU time waits longer for all its callees. Therefore each of the two is blamed by how much its
//! other edges have shifted like this one.

use std::collections::HashMap;

use super::names::Key;
use super::shift::Shift;

/// The weight of the callee before any other edge is considered. It favours the callee: a caller's
/// own problem would also show in its own work, a problem of the callee's network only on the edge.
const CALLEE_PRIOR: f64 = 0.3;

/// How the shift of a component is divided between caller and callee.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blame {
    /// The part that the caller is to blame for; the callee is to blame for the rest. 1 for a
    /// component that is no call, which is its service's own work.
    pub caller: f64,
    /// Whether anything else that caller or callee do tells the two apart. Otherwise the callee is
    /// blamed by default.
    pub is_told_apart: bool,
}

/// The blame for the shift of each component.
pub(super) fn blames(keys: &[Key], shifts: &[Option<Shift>]) -> Vec<Blame> {
    let edges = Edges::from_shifts(keys, shifts);
    let certain = |caller| Blame { caller, is_told_apart: true };
    let blame = |(key, shift): (&Key, &Option<Shift>)| match (key.callee, shift) {
        (None, _) => certain(1.0),
        (Some(callee), Some(shift)) if shift.log_ratio > 0.0 => {
            edges.blame(key.service, callee, shift.log_ratio)
        }
        (Some(_), _) => certain(0.0),
    };
    keys.iter().zip(shifts).map(blame).collect()
}

/// The mean shifts of edges, and the shifts of services' own work.
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

    fn blame(&self, caller: u32, callee: u32, shift: f64) -> Blame {
        let own = |service| self.own.get(&service).map_or(0.0, |own| similarity(*own, shift));
        let others = self.likeness(self.from.get(&caller), shift, |pair| pair.1 != callee);
        let suspect_caller = others.unwrap_or_else(|| own(caller));
        let inward = self.likeness(self.to.get(&callee), shift, |pair| pair.0 != caller);
        let outward = self.likeness(self.from.get(&callee), shift, |_| true);
        let suspect_callee = inward.unwrap_or(0.0).max(outward.unwrap_or(0.0)).max(own(callee));
        Blame {
            caller: suspect_caller / (suspect_caller + suspect_callee + CALLEE_PRIOR),
            is_told_apart: others.is_some() || inward.is_some() || outward.is_some(),
        }
    }

    /// The mean similarity to `shift` of those pairs in `places` for which `counts` is true.
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

/// How much of `shift` another shift reaches: 0 to 1.
pub(super) fn similarity(other: f64, shift: f64) -> f64 {
    (other / shift).clamp(0.0, 1.0)
}
