//! The part of a service map that is near one node.

use std::collections::{BTreeMap, BTreeSet};

use super::answer::{Topology, TopologyEdge};

/// Leaves in `map` the nodes that are at most `depth` calls away from the node `focus`, callers and
/// callees alike, and the edges between these nodes. Removed edges of the diff are calls too.
pub(super) fn reduce(map: &mut Topology, focus: &str, depth: u32) {
    let near = near(map, focus, depth);
    let is_near = |name: &str| near.contains(name);
    let has_near_ends = |edge: &TopologyEdge| is_near(&edge.from) && is_near(&edge.to);
    map.nodes.retain(|node| is_near(&node.name));
    map.edges.retain(has_near_ends);
    map.cycles.retain(|cycle| cycle.iter().all(|name| is_near(name)));
    if let Some(diff) = &mut map.diff {
        diff.added.retain(has_near_ends);
        diff.removed.retain(has_near_ends);
        diff.removed_nodes.retain(|node| is_near(&node.name));
        diff.slower.retain(|slower| has_near_ends(&slower.edge));
        diff.failing.retain(|failing| has_near_ends(&failing.edge));
    }
    map.sampled.iter_mut().for_each(|sampled| sampled.services.retain(|name| is_near(name)));
    map.sampled.retain(|sampled| !sampled.services.is_empty());
}

/// The names of the nodes of `map` that are at most `depth` calls away from `focus`.
fn near(map: &Topology, focus: &str, depth: u32) -> BTreeSet<String> {
    let removed = map.diff.iter().flat_map(|diff| &diff.removed);
    let mut neighbours: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for edge in map.edges.iter().chain(removed) {
        neighbours.entry(&edge.from).or_default().push(&edge.to);
        neighbours.entry(&edge.to).or_default().push(&edge.from);
    }
    let mut near = BTreeSet::from([focus]);
    let mut last = vec![focus];
    for _ in 0..depth {
        let next = last.iter().filter_map(|name| neighbours.get(name)).flatten().copied();
        last = next.filter(|name| near.insert(name)).collect();
    }
    near.into_iter().map(str::to_owned).collect()
}
