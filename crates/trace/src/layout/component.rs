//! The parts of a graph that no edge connects.

use std::cmp::Reverse;

/// Nodes that edges connect with each other, and their edges.
pub(super) struct Component {
    /// Nodes of the graph, ascending.
    pub(super) nodes: Vec<usize>,
    /// The edges: the index in the graph, and the two ends as indices into `nodes`.
    pub(super) edges: Vec<(usize, (usize, usize))>,
}

/// The components of a graph with edges, largest first, and the nodes without edges.
pub(super) fn components(nodes: usize, edges: &[(usize, usize)]) -> (Vec<Component>, Vec<usize>) {
    let mut parents: Vec<usize> = (0..nodes).collect();
    let mut has_edge = vec![false; nodes];
    for (from, to) in edges {
        let (one, other) = (root(&mut parents, *from), root(&mut parents, *to));
        parents[one.max(other)] = one.min(other);
        (has_edge[*from], has_edge[*to]) = (true, true);
    }
    let mut components: Vec<Component> = Vec::new();
    let mut of_root = vec![None; nodes];
    // By node: its index among the nodes of its component.
    let mut places = vec![0; nodes];
    for node in (0..nodes).filter(|node| has_edge[*node]) {
        let root = root(&mut parents, node);
        let at = *of_root[root].get_or_insert_with(|| {
            components.push(Component { nodes: Vec::new(), edges: Vec::new() });
            components.len() - 1
        });
        places[node] = components[at].nodes.len();
        components[at].nodes.push(node);
    }
    for (edge, (from, to)) in edges.iter().enumerate() {
        let root = root(&mut parents, *from);
        if let Some(at) = of_root[root] {
            components[at].edges.push((edge, (places[*from], places[*to])));
        }
    }
    components.sort_by_key(|component| Reverse(component.nodes.len()));
    (components, (0..nodes).filter(|node| !has_edge[*node]).collect())
}

/// The root of the tree of `node`, with half of the path to it shortened.
fn root(parents: &mut [usize], mut node: usize) -> usize {
    while parents[node] != node {
        parents[node] = parents[parents[node]];
        node = parents[node];
    }
    node
}
