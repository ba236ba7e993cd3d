//! Adds one map to another, as when parts of the traces were read on several cores.

use super::addresses::Directory;
use super::node::NodeId;
use super::peer_hints::{Peer, PeerHintsId};
use super::{CallSpan, Dependencies, EdgeKey};
use crate::dependency::NodeKind;

/// The ids that nodes and peer hints of one map have in another, to which the map was added.
#[derive(Clone, Debug)]
pub struct Translation {
    nodes: Vec<NodeId>,
    hints: Vec<PeerHintsId>,
}

impl Dependencies {
    /// Adds all traces, nodes and peer hints of `other`. What `other`
    /// [learned](Self::learn_addresses) is not added. Calls `check` for each edge; if `check` fails, this
    /// map is useless.
    ///
    /// # Errors
    /// As `check`.
    pub fn absorb<E>(
        &mut self,
        other: Self,
        mut check: impl FnMut() -> Result<(), E>,
    ) -> Result<Translation, E> {
        if self.nodes.len() == 0 {
            *self = Self { learned: Directory::default(), ..other };
            let (nodes, hints) = (self.nodes.ids().collect(), self.hints.ids().collect());
            return Ok(Translation { nodes, hints });
        }
        let nodes: Vec<NodeId> = self.nodes.absorb(&other.nodes);
        let translated = |peer: &Peer| Peer {
            target: peer.target.map(|(kind, node)| (kind, nodes[node.index()])),
            ..*peer
        };
        let hints = other.hints.peers().map(|peer| self.hints.add(translated(peer))).collect();
        self.counts.add(&other.counts);
        for (key, sum) in other.edges {
            check()?;
            let [from, to] = [key.from, key.to].map(|node| nodes[node.index()]);
            let Some(edge) = self.edge(EdgeKey { from, to, ..key }, sum.calls) else { continue };
            edge.calls += sum.calls;
            edge.errors += sum.errors;
            edge.latencies.merge(sum.latencies);
            sum.addresses.add_to(&mut edge.addresses, |node| nodes[node.index()]);
        }
        self.limit.add(&other.limit);
        if self.limit.is_exceeded_by(self.edges.values().map(|edge| &edge.latencies)) {
            self.limit_latencies();
        }
        Ok(Translation { nodes, hints })
    }

    /// Sorts what was added, so that another map absorbs this map faster.
    pub fn settle(&mut self) {
        self.limit_latencies();
    }

    /// The node of this kind with this name, which is added if it is new.
    pub fn node(&mut self, kind: NodeKind, name: &str) -> NodeId {
        self.nodes.intern(kind, name)
    }

    /// The kind and the name of each node, by id.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = (NodeKind, &str)> {
        self.nodes.iter()
    }

    /// Whether the map has so many nodes that further names share one.
    pub fn has_too_many_nodes(&self) -> bool {
        self.nodes.is_full()
    }

    /// The protocol and the callee of each peer, by id.
    pub fn peers(&self) -> impl ExactSizeIterator<Item = (&'static str, Option<NodeId>)> {
        self.hints.peers().map(|peer| (peer.protocol, peer.target.map(|(_, node)| node)))
    }

    /// The id of the peer with this protocol and callee, which is added if it is new.
    pub fn intern_peer(&mut self, protocol: &'static str, target: Option<NodeId>) -> PeerHintsId {
        let target = target.map(|node| (self.nodes.kind(node), node));
        self.hints.add(Peer { protocol, target })
    }
}

impl Translation {
    /// `span` with the ids of the map to which its map was added.
    pub fn span(&self, span: &CallSpan) -> CallSpan {
        CallSpan {
            service: self.nodes[span.service.index()],
            peer_hints: span.peer_hints.map(|hints| self.hints[hints.index()]),
            ..*span
        }
    }
}
