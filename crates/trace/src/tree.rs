//! A trace as a tree.
//!
//! The spans of real traces are often inconsistent: parents are missing, ids repeat, clocks
//! disagree, and a hostile exporter may link spans in cycles. The tree nevertheless contains each
//! given span exactly once, and each node has the reason for its place. No function here recurses,
//! so a chain of 100,000 spans does not overflow the stack.

mod parents;
#[cfg(any(test, feature = "testing"))]
pub mod soundness;
#[cfg(test)]
mod tests;

use self::parents::Parents;
use crate::ids::SpanId;
use crate::span::{Span, SpanKind};
use crate::time::UnixNanos;

/// What a tree needs to know about a span.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hop {
    /// The id of the span.
    pub span_id: SpanId,
    /// The id of the parent span; `None` for a root.
    pub parent: Option<SpanId>,
    /// When the span started.
    pub start: UnixNanos,
    /// When the span ended.
    pub end: UnixNanos,
    /// The span's role in a call.
    pub kind: SpanKind,
    /// Whether the span is one of the `in queue` and `processing` child spans that Beyla makes of
    /// one request. The tree attaches the children of such a span to its nearest ancestor that is
    /// not virtual.
    pub virtual_hop: bool,
}

/// The tree of a trace. Each span is represented by its index in the slice that the tree was built
/// from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tree {
    /// The nodes; a parent may come after its children.
    pub nodes: Vec<Node>,
    /// Nodes without a parent node, by start time.
    pub roots: Vec<usize>,
    /// Spans that repeat the id of an earlier span. No node contains them.
    pub duplicates: Vec<usize>,
    /// How many nodes have a client span as their main span, so no server span shares their node.
    unanswered: usize,
}

/// A node of the tree: one span, or a client span and a server span of one call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// The main span of the node: the server span if the node is a call with both sides.
    pub span: usize,
    /// The client span, if the node is a call with both sides.
    pub client: Option<usize>,
    /// The virtual hops that are part of the node.
    pub inside: Vec<usize>,
    /// Why the node is where it is.
    pub place: Place,
    /// Child nodes, by start time.
    pub children: Vec<usize>,
}

/// Why a node is where it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// A root: the span names no parent.
    Root,
    /// Below another node, because the parent that the span names was received.
    Child,
    /// A root, because the parent with this id was not received.
    Orphan(SpanId),
    /// A root, because the span is the earliest span of a cycle, and cycles are cut above their
    /// earliest span.
    Cycle,
}

/// What is missing or wrong in a trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Completeness {
    /// How many spans name no parent. A complete trace has one.
    pub roots: usize,
    /// How many spans have a parent that was not received.
    pub orphans: usize,
    /// How many cycles of spans were cut.
    pub cycles: usize,
    /// How many calls have no server span: the callee is not observed, as with databases and
    /// external hosts, or its span was not received. A client span with several server spans is
    /// counted too. A trace can be complete with such calls.
    pub unanswered: usize,
}

impl Completeness {
    /// Whether exactly one span names no parent, every other span's parent was received, and there
    /// is no cycle.
    pub fn is_complete(&self) -> bool {
        (self.roots, self.orphans, self.cycles) == (1, 0, 0)
    }
}

impl Tree {
    /// Builds the tree of `hops` in O(n log n). Their order matters only for hops with equal ids,
    /// of which the first is used.
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

    /// All nodes in depth-first preorder, as pairs of node and depth. Roots have depth 0.
    pub fn preorder(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let mut stack: Vec<(usize, usize)> =
            self.roots.iter().rev().map(|root| (*root, 0)).collect();
        std::iter::from_fn(move || {
            let (node, depth) = stack.pop()?;
            stack.extend(self.nodes[node].children.iter().rev().map(|child| (*child, depth + 1)));
            Some((node, depth))
        })
    }

    /// Whether no parent is missing but that of the topmost span: a proxy that nobody observes may be
    /// above it. This is the completeness of [`crate::explain::Explanation`].
    pub fn has_every_parent(&self) -> bool {
        matches!(*self.roots, [top] if self.nodes[top].place != Place::Cycle)
    }

    /// What is missing or wrong in the trace.
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

    /// Makes a node for each call and each other span, and returns the node of every span. Virtual
    /// hops and duplicates have no node of their own.
    fn add_nodes(&mut self, hops: &[Hop], parents: &Parents) -> Vec<Option<usize>> {
        let servers = parents.only_servers(hops);
        let mut nodes: Vec<Option<usize>> = vec![None; hops.len()];
        for at in 0..hops.len() {
            let called = parents.parent[at].is_some_and(|parent| servers[parent] == Some(at));
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
            match (*node, parents.parent[at].and_then(|parent| nodes[parent])) {
                (None, Some(above)) => self.nodes[above].inside.push(at),
                // Client span and server span of one call share a node.
                (Some(node), Some(above)) if node == above => {}
                (Some(node), Some(above)) => self.nodes[above].children.push(node),
                (Some(node), None) => self.roots.push(node),
                // A span that repeats an id.
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
    /// The outer span of the node: the client span of a call with both sides, else the only span.
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
    /// The sort key: start time, then span id.
    fn order(&self) -> (UnixNanos, SpanId) {
        (self.start, self.span_id)
    }
}
