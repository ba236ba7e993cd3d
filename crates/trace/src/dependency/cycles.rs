//! Cycles in the service map.

/// The strongly connected components with more than one node, and the single nodes that call
/// themselves, both sorted. Tarjan's algorithm without recursion, in O(nodes + edges).
pub(super) fn cycles(nodes: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut calls = vec![Vec::new(); nodes];
    let mut calls_itself = vec![false; nodes];
    for (from, to) in edges {
        calls[*from].push(*to);
        calls_itself[*from] |= from == to;
    }
    let mut search = Search {
        calls: &calls,
        order: vec![None; nodes],
        low: vec![0; nodes],
        open: vec![false; nodes],
        stack: Vec::new(),
        seen: 0,
        groups: Vec::new(),
    };
    for node in 0..nodes {
        if search.order[node].is_none() {
            search.walk(node);
        }
    }
    let mut groups = search.groups;
    groups.retain(|group| group.len() > 1 || calls_itself[group[0]]);
    groups.iter_mut().for_each(|group| group.sort_unstable());
    groups.sort_unstable();
    groups
}

struct Search<'a> {
    calls: &'a [Vec<usize>],
    /// By node: its number in the order of first visits; `None` before the visit.
    order: Vec<Option<usize>>,
    /// By node: the lowest number in `order` of the open nodes that it is known to reach.
    low: Vec<usize>,
    /// By node: whether it was visited and its component is not complete yet.
    open: Vec<bool>,
    stack: Vec<usize>,
    seen: usize,
    groups: Vec<Vec<usize>>,
}

impl Search<'_> {
    fn walk(&mut self, start: usize) {
        let mut path = vec![(start, 0)];
        self.enter(start);
        while let Some((node, next)) = path.last_mut() {
            let node = *node;
            if let Some(called) = self.calls[node].get(*next).copied() {
                *next += 1;
                match self.order[called] {
                    None => {
                        self.enter(called);
                        path.push((called, 0));
                    }
                    Some(order) if self.open[called] => {
                        self.low[node] = self.low[node].min(order);
                    }
                    Some(_) => {}
                }
            } else {
                path.pop();
                if let Some((caller, _)) = path.last() {
                    self.low[*caller] = self.low[*caller].min(self.low[node]);
                }
                if Some(self.low[node]) == self.order[node] {
                    self.close(node);
                }
            }
        }
    }

    fn enter(&mut self, node: usize) {
        self.order[node] = Some(self.seen);
        self.low[node] = self.seen;
        self.open[node] = true;
        self.stack.push(node);
        self.seen += 1;
    }

    /// Completes the component whose first visited node is `node`.
    fn close(&mut self, node: usize) {
        let first = self.stack.iter().rposition(|other| *other == node).unwrap_or(0);
        let group = self.stack.split_off(first);
        group.iter().for_each(|member| self.open[*member] = false);
        self.groups.push(group);
    }
}
