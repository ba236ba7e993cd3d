//! The nodes of a service map, which have ids during construction and names in the finished map.

use std::collections::{BTreeSet, HashMap};

use super::Node;
use super::addresses::Addresses;
use super::sums::ServiceSums;

/// Identifies a node within one map.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(u32);

/// The kinds of nodes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum NodeKind {
    /// A service, known from the resource of its spans.
    Service,
    /// A database, known from the `db.*` attributes of its clients.
    Database,
    /// A message queue, known from the `messaging.*` attributes of producers and consumers.
    Queue,
    /// Any other host or peer without spans.
    External,
}

/// The nodes of a map, indexed by [`NodeId`].
#[derive(Clone, Default)]
pub(super) struct Nodes {
    numbers: [HashMap<String, NodeId>; 4],
    nodes: Vec<NodeRecord>,
}

#[derive(Clone)]
struct NodeRecord {
    name: String,
    kind: NodeKind,
    /// Whether any span names this node as its service.
    observed: bool,
    /// Whether any of these spans is the service's own. The others are client spans that bear the
    /// name of the callee.
    has_own_spans: bool,
    /// The kinds of this node according to client spans that bear its name.
    stands_for: BTreeSet<NodeKind>,
    /// The addresses that server spans of this service name as their own.
    addresses: Addresses,
}

/// The largest number of nodes. It keeps names made up by a hostile exporter from exhausting the
/// memory.
const MAX_NODES: usize = 20_000;
/// The largest length of a name. Longer names are cut, so names with the same first 500 bytes share
/// a node.
const MAX_NAME_BYTES: usize = 500;
const OVERFLOW_NODE: &str = "(names beyond the limit of 20,000)";

impl NodeId {
    /// The position of the node in [`Dependencies::nodes`](super::Dependencies::nodes).
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl NodeKind {
    /// All kinds, in order.
    pub const ALL: [Self; 4] = [Self::Service, Self::Database, Self::Queue, Self::External];

    /// The kind as text: `service`, `database`, `queue` or `external`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Database => "database",
            Self::Queue => "queue",
            Self::External => "external",
        }
    }
}

impl Nodes {
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn intern(&mut self, kind: NodeKind, name: &str) -> NodeId {
        let name = &name[..name.floor_char_boundary(MAX_NAME_BYTES)];
        if let Some(id) = self.numbers[kind as usize].get(name) {
            return *id;
        }
        // All names beyond [`MAX_NODES`] share one node.
        let (kind, name) = match self.nodes.len() {
            0..MAX_NODES => (kind, name),
            MAX_NODES => (NodeKind::External, OVERFLOW_NODE),
            _ => return NodeId(MAX_NODES as u32),
        };
        let id = NodeId(self.nodes.len() as u32);
        self.numbers[kind as usize].insert(name.to_owned(), id);
        let stands_for = BTreeSet::new();
        let name = name.to_owned();
        self.nodes.push(NodeRecord {
            name,
            kind,
            observed: false,
            has_own_spans: false,
            stands_for,
            addresses: Addresses::default(),
        });
        id
    }

    /// Adds the nodes of another map, and what is recorded about them. Returns the new id of each.
    pub fn absorb(&mut self, other: &Self) -> Vec<NodeId> {
        let ids: Vec<NodeId> =
            other.nodes.iter().map(|node| self.intern(node.kind, &node.name)).collect();
        for (id, node) in ids.iter().zip(&other.nodes) {
            let mine = &mut self.nodes[id.index()];
            mine.observed |= node.observed;
            mine.has_own_spans |= node.has_own_spans;
            mine.stands_for.extend(&node.stands_for);
            node.addresses.add_to(&mut mine.addresses, |address| ids[address.index()]);
        }
        ids
    }

    /// Records what spans of `service` say about it.
    pub fn record_sums(&mut self, service: NodeId, sums: &ServiceSums) {
        let mine = &mut self.nodes[service.index()];
        mine.observed |= sums.spans > 0;
        mine.has_own_spans |= sums.own_spans > 0;
        let kinds = NodeKind::ALL.into_iter().zip(sums.stands_for);
        mine.stands_for.extend(kinds.filter(|(_, spans)| *spans > 0).map(|(kind, _)| kind));
        sums.addresses.iter().for_each(|(address, _)| mine.addresses.add(address));
    }

    /// The id of each node.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// The kind and the name of each node.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (NodeKind, &str)> {
        self.nodes.iter().map(|node| (node.kind, node.name.as_str()))
    }

    /// Whether new names share one node.
    pub fn is_full(&self) -> bool {
        self.nodes.len() >= MAX_NODES
    }

    /// The name of a node.
    pub fn name(&self, id: NodeId) -> &str {
        &self.nodes[id.index()].name
    }

    pub fn kind(&self, id: NodeId) -> NodeKind {
        self.nodes[id.index()].kind
    }

    /// Each address that server spans name as their own, with their service.
    pub fn addresses(&self) -> impl Iterator<Item = (NodeId, NodeId)> {
        (0..).zip(&self.nodes).flat_map(|(service, node)| {
            node.addresses.iter().map(move |address| (address, NodeId(service)))
        })
    }

    /// Records that a server span of `service` names `address` as its own.
    pub fn record_address(&mut self, service: NodeId, address: NodeId) {
        self.nodes[service.index()].addresses.add(address);
    }

    /// Whether a finished map may show the node under `name`, which is the node's name, or that
    /// name followed by its kind in parentheses.
    pub fn is_called(&self, id: NodeId, name: &str) -> bool {
        let node = &self.nodes[id.index()];
        let rest = name.strip_prefix(node.name.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest == format!(" ({})", node.kind.as_str()))
    }

    /// Records a span of `service`, which is the service's own or a stand-in.
    pub fn record_span(&mut self, service: NodeId, stand_in: StandIn) {
        let seen = &mut self.nodes[service.index()];
        seen.observed = true;
        match stand_in {
            StandIn::No => seen.has_own_spans = true,
            StandIn::For(Some(kind)) => {
                seen.stands_for.insert(kind);
            }
            StandIn::For(None) => {}
        }
    }

    /// The nodes that have spans or are marked in `called`, sorted by name, and the position of
    /// each node by id. `called` marks the nodes at either end of an edge. A node that is no
    /// service and shares its name with another node gets its kind appended.
    pub fn named(&self, called: &[bool]) -> (Vec<Node>, Vec<usize>) {
        let shown = |at: &usize| self.nodes[*at].observed || called[*at];
        let mut order: Vec<usize> = (0..self.nodes.len()).filter(shown).collect();
        order.sort_unstable_by_key(|at| (&self.nodes[*at].name, self.nodes[*at].kind));
        let service = |at: &&usize| self.nodes[**at].kind == NodeKind::Service;
        let services = order.iter().filter(service).map(|at| self.nodes[*at].name.clone());
        let mut taken: BTreeSet<String> = services.collect();
        let mut places = vec![usize::MAX; self.nodes.len()];
        let mut nodes = Vec::with_capacity(order.len());
        for at in order {
            let seen = &self.nodes[at];
            let mut name = seen.name.clone();
            while seen.kind != NodeKind::Service && !taken.insert(name.clone()) {
                name = format!("{name} ({})", seen.kind.as_str());
            }
            places[at] = nodes.len();
            nodes.push(Node { name, kind: seen.shown_kind() });
        }
        (nodes, places)
    }
}

/// Whether a span is a stand-in: a client span that bears the name of the callee.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StandIn {
    /// The span belongs to the service that it names.
    No,
    /// The span belongs to a client, but names the callee as its service. The value is the callee's
    /// kind, if the span's peer hints name it.
    For(Option<NodeKind>),
}

impl NodeRecord {
    fn shown_kind(&self) -> NodeKind {
        let stands_for = self.stands_for.first().filter(|_| !self.has_own_spans);
        stands_for.copied().unwrap_or(self.kind)
    }
}
