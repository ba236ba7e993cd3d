//! What a node of a tree is: somebody's own work, or a call.

use super::names::{CauseKind, Identity};
use crate::span::{Span, SpanKind};
use crate::tree::{Node, Tree};

/// A node as its children and as its parent see it. The two differ where a client's span and a server's
/// are one node: its own work is the server's, and the call is the client's.
#[derive(Clone, Copy, Debug)]
pub(super) struct NodeRole<'a> {
    /// What it is to those below.
    pub own: Identity<'a>,
    /// What it is to the one above.
    pub called_as: Identity<'a>,
}

impl<'a> NodeRole<'a> {
    /// Of the node at `at` in the tree of `spans`.
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

/// A span that only calls one other service is that call, also where its kind does not say so: its own
/// name is often no more than `HTTP GET`, so the callee's says what is called.
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

/// Who is called, from the span's attributes: the name of a database or a broker before that of a host.
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
