//! The addresses of services: which service a call went to that has no server span.

use std::collections::HashMap;

use super::node::{NodeId, Nodes};
use super::peer_hints::is_loopback;

/// A few addresses, as nodes of one map. If there are too many, none is known.
#[derive(Clone, Default)]
pub(super) struct Addresses(Vec<NodeId>);

/// The largest number of addresses of one edge, and of one service.
pub(super) const MAX_ADDRESSES: usize = 64;

/// The services at the addresses that calls of a map name.
///
/// A service is known at an address if a call to the address has a server span of the service, or
/// else if server spans of the service name the address as their own; but not if that is so of
/// several services. A loopback address is another one on each host, and the host of a span is not
/// known here: it is known to a caller only from this caller's own calls.
#[derive(Clone, Default)]
pub(super) struct Directory {
    /// By loopback address and caller.
    called_locally: HashMap<(NodeId, NodeId), Only>,
    called: HashMap<NodeId, Only>,
    named: HashMap<NodeId, Only>,
}

/// The only service at an address; `None` if there are several.
type Only = Option<NodeId>;

impl Addresses {
    /// Adds `address`, if it is new.
    pub fn add(&mut self, address: NodeId) {
        if self.0.len() <= MAX_ADDRESSES && !self.0.contains(&address) {
            self.0.push(address);
        }
    }

    /// Adds the addresses, as `translated`, to those of the same edge or service in another map.
    pub fn add_to(&self, other: &mut Self, translated: impl Fn(NodeId) -> NodeId) {
        // One address more than is known means that there are more, in the sum as well.
        self.0.iter().for_each(|address| other.add(translated(*address)));
    }

    pub fn iter(&self) -> impl Iterator<Item = NodeId> {
        let known = if self.0.len() > MAX_ADDRESSES { &[] } else { &self.0[..] };
        known.iter().copied()
    }
}

impl Directory {
    /// Learns that a call of `caller` to `address` has a server span of `service`.
    pub fn add_call(&mut self, nodes: &Nodes, caller: NodeId, address: NodeId, service: NodeId) {
        match is_loopback(nodes.name(address)) {
            true => agree(&mut self.called_locally, (address, caller), service),
            false => agree(&mut self.called, address, service),
        }
    }

    /// Learns that server spans of `service` name `address` as their own.
    pub fn add_server(&mut self, nodes: &Nodes, address: NodeId, service: NodeId) {
        if !is_loopback(nodes.name(address)) {
            agree(&mut self.named, address, service);
        }
    }

    /// The service that `caller` calls at `address`.
    pub fn service(&self, caller: NodeId, address: NodeId) -> Option<NodeId> {
        let called = self.called_locally.get(&(address, caller));
        *called.or_else(|| self.called.get(&address)).or_else(|| self.named.get(&address))?
    }
}

fn agree<K: Eq + std::hash::Hash>(known: &mut HashMap<K, Only>, key: K, service: NodeId) {
    let known = known.entry(key).or_insert(Some(service));
    if *known != Some(service) {
        *known = None;
    }
}
