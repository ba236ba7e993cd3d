//! The names of both ends of calls, as a finished map has them.

use super::addresses::Directory;
use super::node::{NodeId, NodeKind};
use super::{Dependencies, Node, OneCall};

/// Names the ends of the calls of one map.
pub struct CallEnds<'a> {
    map: &'a Dependencies,
    known: Directory,
    nodes: Vec<Node>,
    places: Vec<usize>,
}

impl Dependencies {
    /// The names that the finished map would have now. The traces of the calls are in this map.
    pub fn call_ends(&self) -> CallEnds<'_> {
        let (nodes, places) = self.nodes.named(&vec![true; self.nodes.len()]);
        let known = self.directory(self.learned.clone());
        CallEnds { map: self, known, nodes, places }
    }
}

impl CallEnds<'_> {
    /// The caller and the callee of `call`, which is one of [`Dependencies::calls`]. The callee is
    /// the service that is known at the address that the call names, or else the address.
    pub fn of(&self, call: &OneCall) -> [&Node; 2] {
        let is_address = self.map.nodes.kind(call.to) == NodeKind::External;
        let service = self.known.service(call.from, call.to).filter(|_| is_address);
        [call.from, service.unwrap_or(call.to)].map(|id| self.node(id))
    }

    /// The node of a service that a span of the map names.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[self.places[id.index()]]
    }
}
