//! A trace as a tree.
//!
//! Real traces are torn: parents are missing, ids repeat, clocks disagree, and a hostile exporter links
//! spans in circles. Every span given stands in the tree exactly once all the same, and what is odd about
//! its place is said. Nothing here recurses: a chain of 100,000 spans is as good as any other tree.

mod parents;
#[cfg(any(test, feature = "testing"))]
pub mod soundness;
#[cfg(test)]
mod tests;

use self::parents::Parents;
use crate::ids::SpanId;
use crate::span::{Span, SpanKind};
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
    /// Nodes of a client's span without its server's.
    unanswered: usize,
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
    /// Calls whose other side is not there: nobody observes it, as with databases and external hosts, or it
    /// was not received. A trace can be whole with them.
    pub unanswered: usize,
}

impl Completeness {
    /// One root, and every parent that a span names is there.
    pub fn is_complete(&self) -> bool {
        (self.roots, self.orphans, self.cycles) == (1, 0, 0)
    }
}

impl Tree {
    /// The tree of `hops`. O(n log n); the order of `hops` matters only among equal ids.
    pub fn build(hops: &[Hop]) -> Self {
        let parents = Parents::find(hops);
        let mut tree = Self::default();
        let nodes = tree.add_nodes(hops, &parents);
        tree.link(&parents, &nodes);
        tree.sort(hops);
        tree.duplicates = parents.duplicates;
        let is_call = |node: &&Node| hops[node.span].kind == SpanKind::Client;
        tree.unanswered = tree.nodes.iter().filter(is_call).count();
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
        let mut found = Completeness { unanswered: self.unanswered, ..Completeness::default() };
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
        let servers = parents.only_servers(hops);
        let mut nodes: Vec<Option<usize>> = vec![None; hops.len()];
        for at in 0..hops.len() {
            let called = parents.of[at].is_some_and(|parent| servers[parent] == Some(at));
            if called || parents.inside[at] || parents.duplicates.binary_search(&at).is_ok() {
                continue;
            }
            nodes[at] = Some(self.nodes.len());
            self.nodes.push(Node {
                span: servers[at].unwrap_or(at),
                client: servers[at].map(|_| at),
                inside: vec![],
                place: parents.place[at],
                children: vec![],
            });
        }
        for (client, server) in servers.iter().enumerate() {
            if let Some(server) = server {
                nodes[*server] = nodes[client];
            }
        }
        nodes
    }

    fn link(&mut self, parents: &Parents, nodes: &[Option<usize>]) {
        for (at, node) in nodes.iter().enumerate() {
            match (*node, parents.of[at].and_then(|parent| nodes[parent])) {
                (None, Some(above)) => self.nodes[above].inside.push(at),
                // The two spans of a call are one node.
                (Some(node), Some(above)) if node == above => {}
                (Some(node), Some(above)) => self.nodes[above].children.push(node),
                (Some(node), None) => self.roots.push(node),
                // A repeated id.
                (None, None) => {}
            }
        }
    }

    fn sort(&mut self, hops: &[Hop]) {
        let order: Vec<_> = self.nodes.iter().map(|node| hops[node.first()].order()).collect();
        self.roots.sort_unstable_by_key(|root| order[*root]);
        for node in &mut self.nodes {
            node.children.sort_unstable_by_key(|child| order[*child]);
            node.inside.sort_unstable_by_key(|inside| hops[*inside].order());
        }
    }
}

impl Node {
    /// The span that the request reached first: of a call, the client's.
    pub fn first(&self) -> usize {
        self.client.unwrap_or(self.span)
    }
}

impl From<&Span> for Hop {
    fn from(span: &Span) -> Self {
        Self {
            span_id: span.span_id,
            parent: span.parent_span_id,
            start: span.start,
            end: span.end,
            kind: span.kind,
            virtual_hop: span.is_virtual_hop(),
        }
    }
}

impl Hop {
    /// By start; spans that start together in the order of their ids.
    fn order(&self) -> (UnixNanos, SpanId) {
        (self.start, self.span_id)
    }
}
