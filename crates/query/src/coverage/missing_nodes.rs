//! Which nodes of service maps have gaps of coverage.

use std::collections::HashSet;

use coral_trace::dependency::{Edge, NodeKind, Topology};

use super::{Coverage, LeftOut};

/// The nodes of two service maps that agents did not cover in both.
pub(crate) struct MissingNodes<'a> {
    /// Services whose spans are missing.
    services: HashSet<&'a str>,
    /// The callers of these services, in either map.
    callers: HashSet<&'a str>,
}

impl<'a> MissingNodes<'a> {
    pub(crate) fn of(coverage: &'a [Coverage], maps: [&'a Topology; 2]) -> Self {
        let missing = coverage.iter().filter(|gap| gap.left_out != LeftOut::Nothing);
        let services: HashSet<&str> =
            missing.flat_map(|gap| gap.services.iter().map(String::as_str)).collect();
        let mut callers = HashSet::new();
        for map in maps {
            let name = |at: usize| map.nodes[at].name.as_str();
            let to_missing = map.edges.iter().filter(|edge| services.contains(name(edge.to)));
            callers.extend(to_missing.map(|edge| name(edge.from)));
        }
        Self { services, callers }
    }

    /// Whether agents covered `edge` of `map` in both maps. Where the spans of a callee are missing,
    /// its callers have an edge to its address instead.
    pub(crate) fn are_apart_from(&self, edge: &Edge, map: &Topology) -> bool {
        let [from, to] = [edge.from, edge.to].map(|at| &map.nodes[at]);
        let is_substitute =
            to.kind == NodeKind::External && self.callers.contains(from.name.as_str());
        let is_missing = |name: &str| self.services.contains(name);
        !is_missing(&from.name) && !is_missing(&to.name) && !is_substitute
    }
}
