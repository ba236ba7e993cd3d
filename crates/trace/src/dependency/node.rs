//! The nodes of a map, by number while it is made, by name when it is done.

use std::collections::{BTreeSet, HashMap};

use super::Node;

/// A node's number, in one map.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(u32);

/// What a node is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum NodeKind {
    /// Something whose own spans were observed.
    Service,
    /// Known from the `db.*` attributes of those who ask it.
    Database,
    /// Known from the `messaging.*` attributes of those who send to it or take from it.
    Queue,
    /// A host or peer of which no span was observed.
    External,
}

/// Nodes by number.
#[derive(Clone, Default)]
pub(super) struct Nodes {
    numbers: [HashMap<String, NodeId>; 4],
    nodes: Vec<NodeRecord>,
}

#[derive(Clone)]
struct NodeRecord {
    name: String,
    kind: NodeKind,
    /// It has spans.
    observed: bool,
    /// Some span of it is its own, and not a caller's that bears the name of the called.
    has_own_spans: bool,
    /// What the spans that are not its own say it is.
    stands_for: BTreeSet<NodeKind>,
}

/// Names that are told apart, so that those of a hostile exporter cannot fill the memory.
const MAX_NODES: usize = 20_000;
/// Longer names are cut: those that begin with the same so many bytes are one node.
const MAX_NAME_BYTES: usize = 500;
const OVERFLOW_NODE: &str = "(names beyond the limit of 20,000)";

impl NodeId {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

impl NodeKind {
    /// `service`, `database`, `queue` or `external`.
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
        // One node for all names beyond the limit.
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
        });
        id
    }

    /// Whether a map may call it `name`: by its own name, or with what it is.
    pub fn is_called(&self, id: NodeId, name: &str) -> bool {
        let node = &self.nodes[id.index()];
        let rest = name.strip_prefix(node.name.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest == format!(" ({})", node.kind.as_str()))
    }

    /// Notes a span of `service`: its own, or one that stands for the called.
    pub fn see(&mut self, service: NodeId, stand_in: StandIn) {
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

    /// Adds the nodes of `other`; returns the number here of each of them.
    pub fn merge(&mut self, other: &Self) -> Vec<NodeId> {
        let merged = other.nodes.iter().map(|theirs| {
            let id = self.intern(theirs.kind, &theirs.name);
            let mine = &mut self.nodes[id.index()];
            mine.observed |= theirs.observed;
            mine.has_own_spans |= theirs.has_own_spans;
            mine.stands_for.extend(&theirs.stands_for);
            id
        });
        merged.collect()
    }

    /// The nodes that were observed or are `called`, in order of their names, and the place of each number.
    /// A node that is no service and has the name of another says what it is.
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

/// Whether a span is its service's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StandIn {
    /// It is.
    No,
    /// It is a caller's, and its service is the called: of this kind, if it says so.
    For(Option<NodeKind>),
}

impl NodeRecord {
    fn shown_kind(&self) -> NodeKind {
        let stands_for = self.stands_for.first().filter(|_| !self.has_own_spans);
        stands_for.copied().unwrap_or(self.kind)
    }
}
