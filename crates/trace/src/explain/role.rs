//! Which component a node of a trace's tree is: a service's own work, or a call.

use super::names::{CauseKind, Identity};
use crate::span::{Span, SpanKind};
use crate::tree::{Node, Tree};

/// The components of a node, as its children and as its parent see it. The two differ when a client
/// span and a server span form one node: to its children the node is the server's work, to its
/// parent the client's call.
#[derive(Clone, Copy, Debug)]
pub(super) struct NodeRole<'a> {
    /// The component as seen by the node's children.
    pub own: Identity<'a>,
    /// The component as seen by the node's parent.
    pub called_as: Identity<'a>,
}

impl<'a> NodeRole<'a> {
    /// The role of the node with index `at` in the tree of `spans`.
    pub fn for_node(spans: &'a [Span], tree: &Tree, at: usize) -> Self {
        let node = &tree.nodes[at];
        let span = &spans[node.span];
        match node.client {
            Some(client) => {
                let callee = span.origin.service_name();
                Self { own: own(span), called_as: edge(&spans[client], &span.name, callee) }
            }
            None => {
                let identity =
                    lone_call(spans, tree, node).or_else(|| leaf(span, node)).unwrap_or(own(span));
                Self { own: identity, called_as: identity }
            }
        }
    }
}

fn own(span: &Span) -> Identity<'_> {
    let service = span.origin.service_name();
    Identity { service, operation: &span.name, callee: None, kind: CauseKind::Own }
}

fn edge<'a>(caller: &'a Span, operation: &'a str, callee: &'a str) -> Identity<'a> {
    let service = caller.origin.service_name();
    Identity { service, operation, callee: Some(callee), kind: CauseKind::Edge }
}

/// The edge for a span whose only child is a span of another service, even when the span's kind is
/// not `client`. The operation is named after the callee's span, because the caller's is often just
/// `HTTP GET`.
fn lone_call<'a>(spans: &'a [Span], tree: &Tree, node: &Node) -> Option<Identity<'a>> {
    let span = &spans[node.span];
    let [child] = node.children.as_slice() else { return None };
    let callee = &spans[tree.nodes[*child].first()];
    let elsewhere = callee.origin.service_name() != span.origin.service_name();
    let may_call = !matches!(span.kind, SpanKind::Server | SpanKind::Consumer);
    (elsewhere && may_call).then(|| edge(span, &callee.name, callee.origin.service_name()))
}

/// A call whose other side nobody observes.
fn leaf<'a>(span: &'a Span, node: &Node) -> Option<Identity<'a>> {
    let calls = matches!(span.kind, SpanKind::Client | SpanKind::Producer);
    (calls && node.children.is_empty()).then(|| Identity {
        kind: CauseKind::Leaf,
        callee: peer(span),
        ..own(span)
    })
}

/// The name of the called system, from the span's attributes. The names of databases and brokers
/// have precedence over host names.
pub(super) fn peer(span: &Span) -> Option<&str> {
    const NAMES: [&str; 6] = [
        "peer.service",
        "db.system.name",
        "db.system",
        "messaging.system",
        "server.address",
        "net.peer.name",
    ];
    NAMES.iter().find_map(|key| span.attributes.text(key)).filter(|name| !name.is_empty())
}
