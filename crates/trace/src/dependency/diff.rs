//! What changed from one map to another.

use std::collections::BTreeMap;

use super::{Edge, Topology};

/// What changed between two maps. Edges are matched by the names of their nodes and the protocol.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Changes {
    /// Edges that the earlier map has not: indices into the later one's.
    pub added: Vec<usize>,
    /// Edges that the later map has not: indices into the earlier one's.
    pub removed: Vec<usize>,
    /// Edges that are slower: indices into the earlier one's and into the later one's.
    pub slower: Vec<(usize, usize)>,
}

/// An edge with fewer calls in either map is not compared.
const MIN_CALLS: u64 = 20;
/// By how many microseconds a percentile of a slower edge rose at least.
const MIN_RISE_US: u64 = 1_000;

impl Topology {
    /// What changed since `earlier`: added, removed and slower edges. An edge is slower when its median or its 95th percentile rose
    /// by half or more, and by a millisecond or more, with 20 calls or more in both maps.
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
