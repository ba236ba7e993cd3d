//! A trace prepared for display: its spans, and the tree that they make.

use coral_trace::Span;
use coral_trace::clock;
use coral_trace::critical_path::Extents;
use coral_trace::tree::{Hop, Tree};

use coral_query::answer::Trace;

/// A trace prepared for display.
pub struct Picture<'a> {
    /// The trace.
    pub trace: &'a Trace,
    /// The spans of the trace. `tree` refers to them by index.
    pub spans: Vec<&'a Span>,
    /// The tree of the spans.
    pub tree: Tree,
    /// The time range of each node of the tree, limited to the range of its parent.
    pub extents: Extents,
    /// For each of `spans`, the nanoseconds by which it must be moved for the clocks of all hosts
    /// to agree.
    pub deltas: Vec<i64>,
    /// Whether the trace has both spans of eBPF and spans of SDKs.
    pub both_sources: bool,
    /// How many of `spans` are shown; those behind are redacted hops.
    shown: usize,
    /// By node of the trace's tree: the index of the parent node; `None` for a root.
    above: Vec<Option<usize>>,
}

impl<'a> Picture<'a> {
    /// Prepares `trace`, with every span in it. Its redacted hops are spans already, as
    /// [`with_redacted_hops`](super::redacted::with_redacted_hops) makes them.
    pub fn of(trace: &'a Trace) -> Self {
        let spans: Vec<&Span> = trace.spans.iter().map(|span| &span.span).collect();
        let hops: Vec<Hop> = spans.iter().map(|span| hop(span)).collect();
        let tree = Tree::build(&hops);
        let extents = Extents::new(&tree, &hops);
        let deltas =
            clock::deltas(&tree, &hops, |one, other| clock::is_one_clock(spans[one], spans[other]));
        let mut above = vec![None; tree.nodes.len()];
        for (at, node) in tree.nodes.iter().enumerate() {
            node.children.iter().for_each(|child| above[*child] = Some(at));
        }
        let first = spans.first().map(|span| span.origin.collector);
        let both_sources = spans.iter().any(|span| Some(span.origin.collector) != first);
        let shown = spans.len().saturating_sub(trace.redacted_hops.len());
        Self { trace, spans, tree, extents, deltas, both_sources, shown, above }
    }

    /// The main span of `node`. If `node` is a call with both sides, the server span.
    pub fn span(&self, node: usize) -> &'a Span {
        self.spans[self.tree.nodes[node].span]
    }

    /// The client span, if `node` is a call with both sides.
    pub fn client(&self, node: usize) -> Option<&'a Span> {
        self.tree.nodes[node].client.map(|client| self.spans[client])
    }

    /// The node above `node`; `None` for a root.
    pub fn above(&self, node: usize) -> Option<usize> {
        self.above[node]
    }

    /// Whether `node` is a redacted hop: only its times are known.
    pub fn is_redacted(&self, node: usize) -> bool {
        self.tree.nodes[node].span >= self.shown
    }

    /// Whether `node` is the last child of its parent; false for a root.
    pub fn is_last_child(&self, node: usize) -> bool {
        let siblings = self.above(node).map(|above| &self.tree.nodes[above].children);
        siblings.is_some_and(|siblings| siblings.last() == Some(&node))
    }
}

fn hop(span: &Span) -> Hop {
    Hop {
        span_id: span.span_id,
        parent: span.parent_span_id,
        start: span.start,
        end: span.end.max(span.start),
        kind: span.kind,
        virtual_hop: span.is_virtual_hop(),
    }
}
