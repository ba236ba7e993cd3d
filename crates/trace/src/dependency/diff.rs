//! What changed between two service maps.

use std::collections::BTreeMap;

use super::{Edge, Topology};

/// What changed between an earlier and a later map. An edge of one map is the same as an edge of
/// the other if protocol and names of both nodes are equal.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Changes {
    /// Edges that only the later map has: indices into the later map.
    pub added: Vec<usize>,
    /// Edges that only the earlier map has: indices into the earlier map.
    pub removed: Vec<usize>,
    /// Edges that became slower, as pairs: index into the earlier map, index into the later map.
    pub slower: Vec<(usize, usize)>,
    /// Edges of which a larger part fails, as pairs like those of `slower`.
    pub failing: Vec<(usize, usize)>,
}

/// The smallest number of calls, in each map, with which an edge can count as slower or failing.
const MIN_CALLS: u64 = 20;
/// The smallest increase of a percentile, in microseconds, with which an edge counts as slower.
const MIN_RISE_US: u64 = 1_000;
/// The smallest increase of the part of the calls that fail with which an edge counts as failing.
const MIN_ERROR_RISE: f64 = 0.01;
/// An increase of that part by this much need not be an increase by half.
const LARGE_ERROR_RISE: f64 = 0.05;
/// An increase of that part must be at least this many standard errors (two-proportion z-test): an
/// edge without a change counts as failing once in 700 comparisons.
const MIN_STANDARD_ERRORS: f64 = 3.0;

impl Topology {
    /// What changed since `earlier`. An edge can be slower or failing if it has at least 20 calls in
    /// both maps. It is slower if its median or its 95th percentile grew by at least half and by at
    /// least one millisecond. It is failing if the part of its calls that fail grew by at least one
    /// percentage point, by at least half or five percentage points, and by at least three standard
    /// errors.
    pub fn changes_since(&self, earlier: &Self) -> Changes {
        let (before, now) = (earlier.by_name(), self.by_name());
        let mut changes = Changes::default();
        for (name, at) in &now {
            match before.get(name) {
                None => changes.added.push(*at),
                Some(was) => {
                    let (before, now) = (&earlier.edges[*was], &self.edges[*at]);
                    if before.calls.min(now.calls) < MIN_CALLS {
                        continue;
                    }
                    if is_slower(before, now) {
                        changes.slower.push((*was, *at));
                    }
                    if is_failing(before, now) {
                        changes.failing.push((*was, *at));
                    }
                }
            }
        }
        let gone = before.iter().filter(|(name, _)| !now.contains_key(*name));
        changes.removed = gone.map(|(_, at)| *at).collect();
        changes
    }

    fn by_name(&self) -> BTreeMap<(&str, &str, &str), usize> {
        let name = |at: usize| self.nodes[at].name.as_str();
        let edges = self.edges.iter().enumerate();
        edges.map(|(at, edge)| ((name(edge.from), name(edge.to), edge.protocol), at)).collect()
    }
}

fn is_slower(before: &Edge, now: &Edge) -> bool {
    [50, 95].into_iter().any(|percent| {
        let of = |edge: &Edge| edge.latencies.percentile(percent).unwrap_or(0);
        let (before, now) = (of(before), of(now));
        now >= before.saturating_add(MIN_RISE_US.max(before / 2))
    })
}

fn is_failing(before: &Edge, now: &Edge) -> bool {
    let [calls_before, calls_now] = [before, now].map(|edge| edge.calls as f64);
    let [part_before, part_now] = [before, now].map(|edge| edge.errors as f64 / edge.calls as f64);
    let all = (before.errors + now.errors) as f64 / (calls_before + calls_now);
    let variance = all * (1.0 - all) * (1.0 / calls_before + 1.0 / calls_now);
    let rise = part_now - part_before;
    let least = MIN_ERROR_RISE.max(LARGE_ERROR_RISE.min(part_before / 2.0));
    rise >= least && rise >= MIN_STANDARD_ERRORS * variance.sqrt()
}
