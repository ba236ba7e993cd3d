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
}

/// The smallest number of calls, in each map, with which an edge can count as slower.
const MIN_CALLS: u64 = 20;
/// The smallest increase of a percentile, in microseconds, with which an edge counts as slower.
const MIN_RISE_US: u64 = 1_000;

impl Topology {
    /// What changed since `earlier`. An edge is slower if it has at least 20 calls in both maps,
    /// and its median or its 95th percentile grew by at least half and by at least one millisecond.
    pub fn changes_since(&self, earlier: &Self) -> Changes {
        let (before, now) = (earlier.by_name(), self.by_name());
        let mut changes = Changes::default();
        for (name, at) in &now {
            match before.get(name) {
                None => changes.added.push(*at),
                Some(was) if is_slower(&earlier.edges[*was], &self.edges[*at]) => {
                    changes.slower.push((*was, *at));
                }
                Some(_) => {}
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
    before.calls.min(now.calls) >= MIN_CALLS
        && [50, 95].into_iter().any(|percent| {
            let of = |edge: &Edge| edge.latencies.percentile(percent).unwrap_or(0);
            let (before, now) = (of(before), of(now));
            now >= before.saturating_add(MIN_RISE_US.max(before / 2))
        })
}
