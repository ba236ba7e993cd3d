//! A trace as a tree.
//!
//! Real traces are torn: parents are missing, ids repeat, clocks disagree, and a hostile exporter links
//! spans in circles. Every span given stands in the tree exactly once all the same, and what is odd about
//! its place is said. Nothing here recurses: a chain of 100,000 spans is as good as any other tree.

use std::collections::HashMap;

use crate::ids::SpanId;
use crate::span::SpanKind;
use crate::time::UnixNanos;

/// What a tree needs to know of a span.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hop {
    /// The span.
    pub span_id: SpanId,
    /// The span that caused it; `None` for a root.
    pub parent: Option<SpanId>,
    /// When it began.
    pub start: UnixNanos,
    /// When it ended.
    pub end: UnixNanos,
    /// Its role in a call.
    pub kind: SpanKind,
    /// One of Beyla's `in queue` and `processing` children, which the tree sees through.
    pub virtual_hop: bool,
}

/// The tree of a trace. Spans are named by their index in what it was built from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tree {
    /// The nodes; a parent may come after its children.
    pub nodes: Vec<Node>,
    /// Nodes without a parent node, by start.
    pub roots: Vec<usize>,
    /// Spans whose id an earlier one has already; they stand in no node.
    pub duplicates: Vec<usize>,
}

/// One hop of a request: a span, and what is one with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// The span that stands for the node: of a call, the server's.
    pub span: usize,
    /// The client's span of the same call.
    pub client: Option<usize>,
    /// Virtual hops below it.
    pub inside: Vec<usize>,
    /// Why it stands where it stands.
    pub place: Place,
    /// Nodes that it caused, by start.
    pub children: Vec<usize>,
}

/// Why a node stands where it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// It has no parent.
    Root,
    /// Under its parent.
    Child,
    /// At the top, since this parent was not received.
    Orphan(SpanId),
    /// At the top, since it is its own ancestor: the earliest of its circle.
    Cycle,
}

/// What a trace lacks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Completeness {
    /// Spans without a parent. A whole trace has one.
    pub roots: usize,
    /// Spans whose parent was not received.
    pub orphans: usize,
    /// Circles that had to be cut.
    pub cycles: usize,
}

impl Completeness {
    /// One root, and every parent that a span names is there.
    pub fn is_complete(&self) -> bool {
        *self == Self { roots: 1, orphans: 0, cycles: 0 }
    }
}

impl Tree {
    /// The tree of `hops`. O(n log n); the order of `hops` matters only among equal ids.
    pub fn build(hops: &[Hop]) -> Self {
        let (index, duplicates) = index(hops);
        let mut parents = Parents::of(hops, &index);
        parents.cut_cycles(hops, &duplicates);
        parents.see_through(hops);
        let mut tree = Self { duplicates, ..Self::default() };
        let nodes = tree.add_nodes(hops, &parents);
        tree.link(hops, &parents, &nodes);
        tree
    }

    /// Every node with its depth, parents before children, as a reader reads them.
    pub fn preorder(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let mut stack: Vec<(usize, usize)> =
            self.roots.iter().rev().map(|root| (*root, 0)).collect();
        std::iter::from_fn(move || {
            let (node, depth) = stack.pop()?;
            stack.extend(self.nodes[node].children.iter().rev().map(|child| (*child, depth + 1)));
            Some((node, depth))
        })
    }

    /// What the trace lacks.
    pub fn completeness(&self) -> Completeness {
        let mut found = Completeness::default();
        for root in &self.roots {
            match self.nodes[*root].place {
                Place::Root => found.roots += 1,
                Place::Orphan(_) => found.orphans += 1,
                Place::Cycle => found.cycles += 1,
                Place::Child => {}
            }
        }
        found
    }

    /// One node for each span that is not inside another; returns the node of every span.
    fn add_nodes(&mut self, hops: &[Hop], parents: &Parents) -> Vec<Option<usize>> {
        let mut nodes: Vec<Option<usize>> = vec![None; hops.len()];
        let servers = only_servers(hops, parents);
        for at in 0..hops.len() {
            if parents.inside[at] || self.duplicates.binary_search(&at).is_ok() {
                continue;
            }
            let called_by = parents.of[at].filter(|parent| servers[*parent] == Some(at));
            if called_by.is_none() {
                nodes[at] = Some(self.nodes.len());
                let span = servers[at].unwrap_or(at);
                let client = servers[at].map(|_| at);
                let place = parents.place[at];
                self.nodes.push(Node { span, client, inside: vec![], place, children: vec![] });
            }
        }
        for at in 0..hops.len() {
            if let Some(server) = servers[at] {
                nodes[server] = nodes[at];
            }
        }
        nodes
    }

    fn link(&mut self, hops: &[Hop], parents: &Parents, nodes: &[Option<usize>]) {
        for at in 0..hops.len() {
            let above = parents.of[at].and_then(|parent| nodes[parent]);
            match (nodes[at], above) {
                (None, Some(above)) => self.nodes[above].inside.push(at),
                (Some(node), Some(above)) if node != above => self.nodes[above].children.push(node),
                (Some(node), None) => self.roots.push(node),
                _ => {}
            }
        }
        let when = |tree: &Self, node: usize| {
            let hop = &hops[tree.nodes[node].client.unwrap_or(tree.nodes[node].span)];
            (hop.start, hop.span_id)
        };
        let keys: Vec<_> = (0..self.nodes.len()).map(|node| when(self, node)).collect();
        self.roots.sort_by_key(|node| keys[*node]);
        for node in &mut self.nodes {
            node.children.sort_by_key(|child| keys[*child]);
        }
    }
}

/// Where each id stands first, and the spans that repeat one.
fn index(hops: &[Hop]) -> (HashMap<SpanId, usize>, Vec<usize>) {
    let mut index = HashMap::with_capacity(hops.len());
    let mut duplicates = Vec::new();
    for (at, hop) in hops.iter().enumerate() {
        if *index.entry(hop.span_id).or_insert(at) != at {
            duplicates.push(at);
        }
    }
    (index, duplicates)
}

/// The parent of every span, by index.
struct Parents {
    of: Vec<Option<usize>>,
    place: Vec<Place>,
    /// Virtual hops that are seen through.
    inside: Vec<bool>,
}

impl Parents {
    fn of(hops: &[Hop], index: &HashMap<SpanId, usize>) -> Self {
        let of: Vec<Option<usize>> =
            hops.iter().map(|hop| hop.parent.and_then(|id| index.get(&id).copied())).collect();
        let place = hops
            .iter()
            .zip(&of)
            .map(|(hop, found)| match (hop.parent, found) {
                (None, _) => Place::Root,
                (Some(_), Some(_)) => Place::Child,
                (Some(missing), None) => Place::Orphan(missing),
            })
            .collect();
        Self { of, place, inside: vec![false; hops.len()] }
    }

    /// Cuts every circle at its earliest span.
    fn cut_cycles(&mut self, hops: &[Hop], duplicates: &[usize]) {
        for duplicate in duplicates {
            self.of[*duplicate] = None;
        }
        // 0: not seen; otherwise the walk that saw it first.
        let mut seen_by = vec![0usize; hops.len()];
        for start in 0..hops.len() {
            let walk = start + 1;
            let mut at = start;
            while seen_by[at] == 0 {
                seen_by[at] = walk;
                match self.of[at] {
                    Some(parent) => at = parent,
                    None => break,
                }
            }
            if seen_by[at] == walk && self.of[at].is_some() {
                self.cut_cycle_through(hops, at);
            }
        }
    }

    /// `at` may lie on a circle: if walking up from it leads back to it, cuts that circle.
    fn cut_cycle_through(&mut self, hops: &[Hop], at: usize) {
        let mut earliest = at;
        let mut next = self.of[at];
        while let Some(above) = next.filter(|above| *above != at) {
            if (hops[above].start, hops[above].span_id)
                < (hops[earliest].start, hops[earliest].span_id)
            {
                earliest = above;
            }
            next = self.of[above];
        }
        if next == Some(at) {
            self.of[earliest] = None;
            self.place[earliest] = Place::Cycle;
        }
    }

    /// Hangs the children of virtual hops under the nearest real ancestor. A virtual hop whose parent
    /// was not received has nothing to be seen through to, and counts as a span like any other.
    fn see_through(&mut self, hops: &[Hop]) {
        let seen_through =
            hops.iter().zip(&self.of).map(|(hop, of)| hop.virtual_hop && of.is_some());
        self.inside = seen_through.collect();
        for at in 0..hops.len() {
            let mut path = vec![];
            let mut above = self.of[at];
            while let Some(inner) = above.filter(|above| self.inside[*above]) {
                path.push(inner);
                above = self.of[inner];
            }
            self.of[at] = above;
            // Walked once: a long chain of virtual hops stays linear.
            for inner in path {
                self.of[inner] = above;
            }
        }
    }
}

/// For each client span, the only server span below it: the other side of the same call.
fn only_servers(hops: &[Hop], parents: &Parents) -> Vec<Option<usize>> {
    let mut servers: Vec<Option<usize>> = vec![None; hops.len()];
    let mut several = vec![false; hops.len()];
    for (at, hop) in hops.iter().enumerate() {
        let client = parents.of[at].filter(|parent| hops[*parent].kind == SpanKind::Client);
        if let Some(client) = client.filter(|_| hop.kind == SpanKind::Server) {
            several[client] |= servers[client].replace(at).is_some();
        }
    }
    for (server, several) in servers.iter_mut().zip(several) {
        if several {
            *server = None;
        }
    }
    servers
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `id kind start..end [< parent]`, one a line; `q` is a virtual hop.
    fn hops(text: &str) -> Vec<Hop> {
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(hop).collect()
    }

    fn hop(line: &str) -> Hop {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (start, end) = words[2].split_once("..").unwrap();
        let id = |text: &str| SpanId::try_from(u64::from_str_radix(text, 16).unwrap()).unwrap();
        Hop {
            span_id: id(words[0]),
            parent: words.get(4).map(|parent| id(parent)),
            start: UnixNanos(start.parse().unwrap()),
            end: UnixNanos(end.parse().unwrap()),
            kind: match words[1] {
                "server" => SpanKind::Server,
                "client" => SpanKind::Client,
                _ => SpanKind::Internal,
            },
            virtual_hop: words[1] == "q",
        }
    }

    fn draw(hops: &[Hop]) -> String {
        let tree = Tree::build(hops);
        let id = |at: usize| format!("{:x}", hops[at].span_id.as_u64());
        let lines = tree.preorder().map(|(at, depth)| {
            let node = &tree.nodes[at];
            let mut line = format!("{}{}", "  ".repeat(depth), id(node.span));
            line +=
                &node.client.map(|client| format!(" called by {}", id(client))).unwrap_or_default();
            line += &node.inside.iter().map(|at| format!(" +{}", id(*at))).collect::<String>();
            match node.place {
                Place::Orphan(parent) => line += &format!(" ({:x} not received)", parent.as_u64()),
                Place::Cycle => line += " (circle)",
                Place::Root | Place::Child => {}
            }
            line
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn check(text: &str, expected: &str) {
        let hops = hops(text);
        assert_eq!(draw(&hops), expected);
        let reversed: Vec<Hop> = hops.into_iter().rev().collect();
        assert_eq!(draw(&reversed).replace(" +3 +2", " +2 +3"), expected, "in reverse order");
    }

    #[test]
    fn children_stand_under_their_parents_by_start() {
        check(
            "1 server 0..9\n3 internal 5..6 < 1\n2 internal 1..2 < 1\n4 x 1..2 < 2",
            "1\n  2\n    4\n  3",
        );
    }

    #[test]
    fn queue_and_processing_are_seen_through() {
        check("1 server 0..9\n2 q 0..1 < 1\n3 q 1..9 < 1\n4 client 2..3 < 3", "1 +2 +3\n  4");
    }

    #[test]
    fn a_client_and_its_only_server_are_one_hop() {
        check(
            "1 server 0..9\n2 client 1..8 < 1\n3 server 2..7 < 2\n4 client 3..4 < 3",
            "1\n  3 called by 2\n    4",
        );
    }

    #[test]
    fn a_client_with_two_servers_is_a_hop_of_its_own() {
        check("1 client 0..9\n2 server 1..2 < 1\n3 server 3..4 < 1", "1\n  2\n  3");
    }

    #[test]
    fn a_span_whose_parent_never_came_is_an_orphan() {
        check("1 server 0..9\n2 server 1..2 < b", "1\n2 (b not received)");
    }

    #[test]
    fn a_circle_is_cut_at_its_earliest_span() {
        check(
            "1 x 5..6 < 3\n2 x 1..2 < 1\n3 x 7..8 < 2\n4 x 9..9 < 3",
            "2 (circle)\n  3\n    1\n    4",
        );
        check("1 x 0..1 < 1", "1 (circle)");
    }

    #[test]
    fn a_repeated_id_stands_in_the_tree_once() {
        let tree = Tree::build(&hops("1 server 0..9\n1 server 0..9"));
        assert_eq!((tree.nodes.len(), tree.duplicates), (1, vec![1]));
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_spans_overflows_nothing() {
        let chain: Vec<Hop> = (1..=100_000u64)
            .map(|id| Hop {
                parent: SpanId::try_from(id - 1).ok(),
                ..hop(&format!("{id:x} x {id}..{id}"))
            })
            .collect();
        assert_eq!(Tree::build(&chain).preorder().last(), Some((99_999, 99_999)));
    }

    proptest! {
        #[test]
        fn every_span_stands_in_the_tree_exactly_once_whatever_the_parents(
            links in prop::collection::vec((1u64..12, 0u64..14, 0u64..5, 0i32..4, any::<bool>()), 0..24),
        ) {
            let hops: Vec<Hop> = links
                .into_iter()
                .map(|(id, parent, start, kind, virtual_hop)| Hop {
                    span_id: SpanId::try_from(id).unwrap(),
                    parent: SpanId::try_from(parent).ok(),
                    start: UnixNanos(start),
                    end: UnixNanos(start + 1),
                    kind: SpanKind::from(kind),
                    virtual_hop,
                })
                .collect();
            let tree = Tree::build(&hops);
            let mut found = tree.duplicates.clone();
            for (node, _) in tree.preorder() {
                let node = &tree.nodes[node];
                found.push(node.span);
                found.extend(node.client);
                found.extend(&node.inside);
            }
            found.sort_unstable();
            prop_assert_eq!(found, (0..hops.len()).collect::<Vec<_>>());
        }
    }
}
