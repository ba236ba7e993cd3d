//! A graph without its cycles.

/// An edge of the layered graph.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Directed {
    /// The edge's index in the graph.
    pub(super) edge: usize,
    /// The node in the lower layer.
    pub(super) from: usize,
    /// The node in the higher layer.
    pub(super) to: usize,
    /// Whether the edge was turned around, to break a cycle.
    pub(super) reversed: bool,
}

/// The edges without those from a node to itself. Edges that a depth-first search finds to close a
/// cycle are turned around, so no cycle is left. The search begins at nodes that nothing calls.
pub(super) fn directed(nodes: usize, edges: &[(usize, usize)]) -> Vec<Directed> {
    let mut calls = vec![Vec::new(); nodes];
    let mut is_called = vec![false; nodes];
    for (edge, (from, to)) in edges.iter().enumerate().filter(|(_, (from, to))| from != to) {
        calls[*from].push((edge, *to));
        is_called[*to] = true;
    }
    let mut state = vec![State::New; nodes];
    let mut directed = Vec::new();
    let roots = (0..nodes).filter(|node| !is_called[*node]);
    for root in roots.chain((0..nodes).filter(|node| is_called[*node])) {
        if state[root] != State::New {
            continue;
        }
        state[root] = State::Open;
        let mut path = vec![(root, 0)];
        while let Some((node, next)) = path.last_mut() {
            let node = *node;
            let Some((edge, called)) = calls[node].get(*next).copied() else {
                state[node] = State::Closed;
                path.pop();
                continue;
            };
            *next += 1;
            let reversed = state[called] == State::Open;
            let (from, to) = if reversed { (called, node) } else { (node, called) };
            directed.push(Directed { edge, from, to, reversed });
            if state[called] == State::New {
                state[called] = State::Open;
                path.push((called, 0));
            }
        }
    }
    directed.sort_unstable_by_key(|directed| directed.edge);
    directed
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    /// On the path of the search.
    Open,
    Closed,
}
