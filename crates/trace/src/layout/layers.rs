//! Nodes and dummy nodes in layers.

use super::acyclic::Directed;

/// The largest number of dummy nodes. Further edges over several layers, the longest, pass straight
/// through.
const MAX_DUMMIES: usize = 20_000;

/// A graph in layers: each segment leads from one layer to the next.
pub(super) struct Layers {
    /// How many nodes are nodes of the graph. Further ones are dummy nodes.
    pub(super) nodes: usize,
    /// By node and dummy node: the layer.
    pub(super) layer: Vec<usize>,
    /// How many layers there are.
    pub(super) count: usize,
    /// The edges, each with the nodes that it passes through, from its lower to its higher end.
    pub(super) routes: Vec<Route>,
}

/// The way of an edge through the layers.
pub(super) struct Route {
    pub(super) directed: Directed,
    /// One dummy node for each layer between the ends; none if the edge passes straight.
    pub(super) dummies: Vec<usize>,
}

impl Layers {
    /// Puts each node in the layer of the longest path to it. A node that nothing calls is in the
    /// layer before the first node that it calls.
    pub(super) fn of(nodes: usize, edges: &[Directed]) -> Self {
        let mut layer = longest_paths(nodes, edges);
        let mut is_called = vec![false; nodes];
        let mut first_called = vec![usize::MAX; nodes];
        for edge in edges {
            is_called[edge.to] = true;
            first_called[edge.from] = first_called[edge.from].min(layer[edge.to]);
        }
        for node in (0..nodes).filter(|node| !is_called[*node]) {
            layer[node] = if first_called[node] == usize::MAX { 0 } else { first_called[node] - 1 };
        }
        let count = layer.iter().max().map_or(0, |last| last + 1);
        let mut layers = Self { nodes, layer, count, routes: Vec::with_capacity(edges.len()) };
        layers.add_routes(edges);
        layers
    }

    fn add_routes(&mut self, edges: &[Directed]) {
        let mut by_length: Vec<&Directed> = edges.iter().collect();
        by_length.sort_by_key(|edge| self.layer[edge.to] - self.layer[edge.from]);
        for edge in by_length {
            let between = self.layer[edge.from] + 1..self.layer[edge.to];
            let first = self.layer.len();
            let mut dummies = Vec::new();
            if first - self.nodes + between.len() <= MAX_DUMMIES {
                dummies.extend(first..first + between.len());
                self.layer.extend(between);
            }
            self.routes.push(Route { directed: *edge, dummies });
        }
    }

    /// The segments between adjacent layers: pairs of nodes or dummy nodes.
    pub(super) fn segments(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.routes.iter().filter(|route| self.is_routed(route)).flat_map(|route| {
            let Directed { from, to, .. } = route.directed;
            let starts = [from].into_iter().chain(route.dummies.iter().copied());
            starts.zip(route.dummies.iter().copied().chain([to]))
        })
    }

    /// Whether `route` passes through each layer between its ends.
    fn is_routed(&self, route: &Route) -> bool {
        let (from, to) = (route.directed.from, route.directed.to);
        route.dummies.len() + 1 == self.layer[to] - self.layer[from]
    }
}

/// By node: how many edges the longest path to the node has. `edges` have no cycle.
fn longest_paths(nodes: usize, edges: &[Directed]) -> Vec<usize> {
    let mut calls = vec![Vec::new(); nodes];
    let mut waits_for = vec![0_usize; nodes];
    for edge in edges {
        calls[edge.from].push(edge.to);
        waits_for[edge.to] += 1;
    }
    let mut layer = vec![0; nodes];
    let mut ready: Vec<usize> = (0..nodes).filter(|node| waits_for[*node] == 0).collect();
    while let Some(node) = ready.pop() {
        for called in &calls[node] {
            layer[*called] = layer[*called].max(layer[node] + 1);
            waits_for[*called] -= 1;
            if waits_for[*called] == 0 {
                ready.push(*called);
            }
        }
    }
    layer
}
