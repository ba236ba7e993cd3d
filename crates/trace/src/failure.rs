//! The failure in which a failing trace began: the deepest failing span.
//!
//! A span that fails because of a call that failed has a failing descendant. The deepest failing
//! span has none.

#[cfg(test)]
mod tests;

use crate::critical_path::Extents;
use crate::ids::SpanId;
use crate::span::{Span, SpanKind};
use crate::time::UnixNanos;
use crate::tree::{Hop, Node, Tree};

/// The deepest failing span of a trace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeepestFailure {
    /// The id of the span.
    pub span_id: SpanId,
    /// The service of the span.
    pub service: String,
    /// The name of the span.
    pub operation: String,
    /// The callee, if the span is a call that failed only at the caller, or whose callee has no
    /// span: `payments-api`, `api.stripe.com`, `postgresql cards`.
    pub callee: Option<String>,
    /// The HTTP or gRPC response status of the span; HTTP status 0 means no response.
    pub status_code: Option<u16>,
    /// The error code of a database, or else `error.type`. `None` for the type `_OTHER`.
    pub error_type: Option<String>,
    /// The status message of the span; empty if there is none.
    pub message: String,
}

/// A failing node of the tree that has no failing node below, and the sort key by which one of
/// several is chosen.
struct Candidate {
    node: usize,
    /// The index of the failing span.
    span: usize,
    /// False if every call above fails too: the failure reached the root.
    is_handled: bool,
    is_off_path: bool,
    failed_at: (UnixNanos, UnixNanos, SpanId),
}

impl DeepestFailure {
    /// The failing span of the trace none of whose descendants fails; `None` if no span fails.
    ///
    /// Of several such spans, one is preferred whose failure every span above shares, except for
    /// internal spans; then one on the critical path; then the one that ended first.
    pub fn of_trace(spans: &[Span]) -> Option<Self> {
        if !spans.iter().any(Span::is_error) {
            return None;
        }
        let hops: Vec<Hop> = spans.iter().map(Hop::from).collect();
        let tree = Tree::build(&hops);
        let mut found = candidates(spans, &tree);
        if found.len() > 1 {
            mark_path(&mut found, &tree, &hops);
        }
        let first = found
            .into_iter()
            .min_by_key(|found| (found.is_handled, found.is_off_path, found.failed_at))?;
        Some(Self::new(spans, &tree, &first))
    }

    fn new(spans: &[Span], tree: &Tree, found: &Candidate) -> Self {
        let span = &spans[found.span];
        let node = &tree.nodes[found.node];
        Self {
            span_id: span.span_id,
            service: span.origin.service_name().to_owned(),
            operation: span.name.clone(),
            callee: callee(spans, node, found.span),
            status_code: span.response_status(),
            error_type: error_type(span),
            message: span.status.message.clone(),
        }
    }
}

/// The failing nodes without a failing node below.
fn candidates(spans: &[Span], tree: &Tree) -> Vec<Candidate> {
    let failing: Vec<Option<usize>> =
        (0..tree.nodes.len()).map(|at| failing_span(spans, tree, at)).collect();
    // Parents come before their children.
    let order: Vec<usize> = tree.preorder().map(|(node, _)| node).collect();
    let mut fails_below = vec![false; tree.nodes.len()];
    for node in order.iter().rev() {
        let mut children = tree.nodes[*node].children.iter();
        fails_below[*node] = children.any(|child| failing[*child].is_some() || fails_below[*child]);
    }
    let mut is_handled = vec![false; tree.nodes.len()];
    let mut found = Vec::new();
    for node in order {
        let is_internal =
            matches!(spans[tree.nodes[node].span].kind, SpanKind::Internal | SpanKind::Unspecified);
        let is_handled_here = is_handled[node] || (failing[node].is_none() && !is_internal);
        tree.nodes[node].children.iter().for_each(|child| is_handled[*child] = is_handled_here);
        if let Some(span) = failing[node].filter(|_| !fails_below[node]) {
            let Span { start, end, span_id, .. } = spans[span];
            found.push(Candidate {
                node,
                span,
                is_handled: is_handled[node],
                is_off_path: true,
                failed_at: (end, start, span_id),
            });
        }
    }
    found
}

/// The innermost span of `node` that fails, by its index: the server span before its client span.
fn failing_span(spans: &[Span], tree: &Tree, node: usize) -> Option<usize> {
    let node = &tree.nodes[node];
    let inside = node.inside.iter().copied();
    inside.chain([node.span]).chain(node.client).find(|span| spans[*span].is_error())
}

/// The callee of `span`, which is a span of `node`.
fn callee(spans: &[Span], node: &Node, span: usize) -> Option<String> {
    if node.client == Some(span) {
        return Some(spans[node.span].origin.service_name().to_owned());
    }
    let is_call = matches!(spans[span].kind, SpanKind::Client | SpanKind::Producer);
    spans[span].peer_name().filter(|_| is_call && node.children.is_empty())
}

/// Marks the nodes that are on the critical path below their root.
fn mark_path(found: &mut [Candidate], tree: &Tree, hops: &[Hop]) {
    let extents = Extents::new(tree, hops);
    let mut is_on_path = vec![false; tree.nodes.len()];
    for root in &tree.roots {
        let path = extents.critical_path(tree, *root);
        path.iter().for_each(|segment| is_on_path[segment.node] = true);
    }
    found.iter_mut().for_each(|found| found.is_off_path = !is_on_path[found.node]);
}

/// The error code of a database, or else `error.type`.
pub(crate) fn error_type(span: &Span) -> Option<String> {
    let value = span.attributes.first_of(&["db.response.status_code", "error.type"]);
    let text = value.map(ToString::to_string);
    text.filter(|text| !text.is_empty() && text != "_OTHER")
}
