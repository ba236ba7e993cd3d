//! An answer's spans, and the tree that they make.

use coral_trace::Span;
use coral_trace::clock;
use coral_trace::critical_path::Extents;
use coral_trace::tree::{Hop, Tree};

use coral_query::answer::Trace;

/// What a page shows.
pub struct Picture<'a> {
    /// All of it.
    pub trace: &'a Trace,
    /// Its spans. The indexes of `tree` are into this.
    pub spans: Vec<&'a Span>,
    /// What they make.
    pub tree: Tree,
    /// What each hop covers of the one above.
    pub extents: Extents,
    /// By how many nanoseconds each of `hops` is to be moved for all clocks to agree.
    pub deltas: Vec<i64>,
    /// The trace has spans of eBPF and of SDKs.
    pub both_sources: bool,
    /// For each node, the one above it.
    above: Vec<Option<usize>>,
}

impl<'a> Picture<'a> {
    /// Of every span in `trace`.
    pub fn of(trace: &'a Trace) -> Self {
        let spans: Vec<&Span> = trace.spans.iter().map(|span| &span.span).collect();
        let hops: Vec<Hop> = spans.iter().map(|span| hop(span)).collect();
        let tree = Tree::build(&hops);
        let extents = Extents::new(&tree, &hops);
        let deltas = clock::deltas(&tree, &hops);
        let mut above = vec![None; tree.nodes.len()];
        for (at, node) in tree.nodes.iter().enumerate() {
            node.children.iter().for_each(|child| above[*child] = Some(at));
        }
        let first = spans.first().map(|span| span.origin.collector);
        let both_sources = spans.iter().any(|span| Some(span.origin.collector) != first);
        Self { trace, spans, tree, extents, deltas, both_sources, above }
    }

    /// The span that stands for `node`: of a call, the server's.
    pub fn span(&self, node: usize) -> &'a Span {
        self.spans[self.tree.nodes[node].span]
    }

    /// The client's span, if `node` is a call.
    pub fn client(&self, node: usize) -> Option<&'a Span> {
        self.tree.nodes[node].client.map(|client| self.spans[client])
    }

    /// The node above `node`; `None` for a root.
    pub fn above(&self, node: usize) -> Option<usize> {
        self.above[node]
    }

    /// Whether no sibling follows.
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
