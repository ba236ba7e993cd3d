//! An answer's spans, and the tree that they make.

use std::collections::BTreeSet;

use coral_trace::clock;
use coral_trace::critical_path::Extents;
use coral_trace::tree::{Hop, Tree};
use coral_trace::{SpanKind, UnixNanos};

use coral_query::answer::{Span, Trace};

/// What a page shows.
pub struct Picture<'a> {
    /// All of it.
    pub trace: &'a Trace,
    /// Those whose id can be read. The indexes of `tree` are into this.
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
        let read = trace.spans.iter().filter_map(|span| Some((span, hop(span)?)));
        let (spans, hops): (Vec<&Span>, Vec<Hop>) = read.unzip();
        let tree = Tree::build(&hops);
        let extents = Extents::of(&tree, &hops);
        let deltas = clock::deltas(&tree, &hops);
        let mut above = vec![None; tree.nodes.len()];
        for (at, node) in tree.nodes.iter().enumerate() {
            node.children.iter().for_each(|child| above[*child] = Some(at));
        }
        let sources: BTreeSet<&str> = spans.iter().map(|span| span.source.as_str()).collect();
        let both_sources = sources.len() > 1;
        Self { trace, spans, tree, extents, deltas, both_sources, above }
    }

    /// Whether `span` is one of `spans`.
    pub fn is_read(&self, span: &Span) -> bool {
        hop(span).is_some()
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

fn hop(span: &Span) -> Option<Hop> {
    let end = span.start_time_unix_us.saturating_add(span.duration_us);
    Some(Hop {
        span_id: span.span_id.parse().ok()?,
        parent: span.parent_span_id.as_ref().and_then(|id| id.parse().ok()),
        start: UnixNanos::from_micros(span.start_time_unix_us),
        end: UnixNanos::from_micros(end),
        kind: match span.span_kind.as_str() {
            "server" => SpanKind::Server,
            "client" => SpanKind::Client,
            "producer" => SpanKind::Producer,
            "consumer" => SpanKind::Consumer,
            _ => SpanKind::Internal,
        },
        virtual_hop: span.virtual_hop,
    })
}
