//! Which component a node of a trace's tree is: a service's own work, or a call.

use std::borrow::Cow;
use std::net::IpAddr;

use super::names::{CauseKind, Identity};
use crate::dependency::PeerHints;
use crate::span::{Span, SpanKind};
use crate::tree::{Node, Tree};

/// The components of a node, as its children and as its parent see it. The two differ when a client
/// span and a server span form one node: to its children the node is the server's work, to its
/// parent the client's call.
#[derive(Clone, Debug)]
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
                Self { own: identity.clone(), called_as: identity }
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
    Identity { service, operation, callee: Some(Cow::Borrowed(callee)), kind: CauseKind::Edge }
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

/// The name of the called system, from the span's attributes: `postgresql pg-seats`. The names of
/// databases and brokers have precedence over host names; the address tells several systems of one
/// name apart. An address of the same host is left out, or has its port if it is the only name.
pub(super) fn peer(span: &Span) -> Option<Cow<'_, str>> {
    const SYSTEMS: [&str; 3] = ["db.system.name", "db.system", "messaging.system"];
    const ADDRESSES: [&str; 2] = ["server.address", "net.peer.name"];
    let first = |keys: &[&str]| {
        let mut values = keys.iter().filter_map(|key| span.attributes.text(key));
        values.find(|value| !value.is_empty())
    };
    if let Some(service) = first(&["peer.service"]) {
        return Some(Cow::Borrowed(service));
    }
    let (system, address) = (first(&SYSTEMS), first(&ADDRESSES));
    match system {
        Some(system) => Some(match address.filter(|address| !is_loopback(address)) {
            Some(address) => Cow::Owned(format!("{system} {address}")),
            None => Cow::Borrowed(system),
        }),
        None => {
            let address = address?;
            let with_port = PeerHints::from_attributes(&span.attributes).address();
            let with_port = with_port.filter(|_| is_loopback(address));
            Some(with_port.map_or(Cow::Borrowed(address), Cow::Owned))
        }
    }
}

fn is_loopback(address: &str) -> bool {
    let ip = address.parse::<IpAddr>();
    address == "localhost" || ip.is_ok_and(|address| address.is_loopback())
}
