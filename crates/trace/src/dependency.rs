//! Service maps: which service calls which, computed from the spans of traces.
//!
//! Calls are found by trace id and parent, never by comparing times or names. A client span and a
//! server span of one call count as one call; if one of the spans is missing, the other counts
//! alone. No function here recurses. The map does not depend on the order in which traces are added
//! or maps are merged.

mod cycles;
mod diff;
mod join;
mod latency;
mod node;
mod peer_hints;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

pub use self::diff::Changes;
pub use self::join::CallSpan;
use self::join::{Call, Join};
pub use self::latency::Latencies;
pub(crate) use self::latency::nearest_rank;
use self::node::Nodes;
pub use self::node::{NodeId, NodeKind};
use self::peer_hints::PeerHintsTable;
pub use self::peer_hints::{PeerHints, PeerHintsId};
use crate::ids::SpanId;
use crate::span::Span;

/// A service map under construction. The spans of one trace are added together.
#[derive(Clone, Default)]
pub struct Dependencies {
    nodes: Nodes,
    hints: PeerHintsTable,
    edges: HashMap<EdgeKey, EdgeSum>,
    counts: Counts,
    join: Join,
}

/// A finished service map, sorted by names.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Topology {
    /// The services that have spans, and the nodes at the ends of edges.
    pub nodes: Vec<Node>,
    /// The edges, sorted by caller, callee and protocol. `from` and `to` are indices into `nodes`.
    pub edges: Vec<Edge>,
    /// Groups of nodes that call each other in a cycle, and single nodes that call themselves. A
    /// group is a list of indices into `nodes`.
    pub cycles: Vec<Vec<usize>>,
    /// How many traces and spans the map was made of, and what it lacks.
    pub counts: Counts,
}

/// A service, or something that services call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// The name, unique in the map.
    pub name: String,
    /// What kind of node it is.
    pub kind: NodeKind,
}

/// All calls of one node to another over one protocol.
#[derive(Clone, PartialEq, Debug)]
pub struct Edge {
    /// The calling node: an index into [`Topology::nodes`].
    pub from: usize,
    /// The called node: an index into [`Topology::nodes`].
    pub to: usize,
    /// `http`, `grpc`, `sql`, `redis`, `kafka` and so on; `unknown` when no attribute names the
    /// protocol.
    pub protocol: &'static str,
    /// How many calls there were.
    pub calls: u64,
    /// How many calls failed, by the status of the client span or of the server span.
    pub errors: u64,
    /// How long the calls took. A call takes as long as its client span; if that span is missing or
    /// has several server spans, a call takes as long as its server span.
    pub latencies: Latencies,
}

/// One call of a trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OneCall {
    /// The client or producer span of the call; if there is none, the callee's span.
    pub span: SpanId,
    /// The calling node.
    pub from: NodeId,
    /// The called node.
    pub to: NodeId,
    /// The protocol, as in [`Edge::protocol`].
    pub protocol: &'static str,
}

/// How many traces and spans a map was made of, and what the map lacks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// How many traces were added.
    pub traces: u64,
    /// How many spans were added.
    pub spans: u64,
    /// How many spans have a parent that is not in the trace. The call that led to such a span is
    /// not known, so no edge counts it.
    pub orphans: u64,
    /// How many calls have no known callee, because the callee's span is missing and the client
    /// span does not name the callee. No edge counts these calls.
    pub unnamed: u64,
    /// How many calls are not in the map because the map has reached [`Dependencies::MAX_EDGES`].
    pub left_out: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct EdgeKey {
    from: NodeId,
    to: NodeId,
    protocol: &'static str,
}

#[derive(Clone, Default)]
struct EdgeSum {
    calls: u64,
    errors: u64,
    latencies: Latencies,
}

impl Dependencies {
    /// The largest number of edges. Calls over further edges are only counted in
    /// [`Counts::left_out`], so that names made up by a hostile exporter cannot exhaust the memory.
    pub const MAX_EDGES: usize = 4_000;

    /// The node of the service with this name, which is added if it is new.
    pub fn service(&mut self, name: &str) -> NodeId {
        self.nodes.intern(NodeKind::Service, name)
    }

    /// The id of `hints` in this map, which they are added to if they are new.
    pub fn intern_peer_hints(&mut self, hints: &PeerHints<'_>) -> PeerHintsId {
        self.hints.intern(hints, &mut self.nodes)
    }

    /// The data of `span` that the map needs.
    pub fn span(&mut self, span: &Span) -> CallSpan {
        let hints = PeerHints::from_attributes(&span.attributes);
        CallSpan {
            span_id: span.span_id,
            parent: span.parent_span_id,
            service: self.service(span.origin.service_name()),
            peer_hints: (hints != PeerHints::default()).then(|| self.intern_peer_hints(&hints)),
            duration_us: u64::try_from(span.duration().as_micros()).unwrap_or(u64::MAX),
            kind: span.kind,
            failed: span.is_error(),
        }
    }

    /// The calls of one trace. `spans` must be all its spans. The trace is not added to the map.
    pub fn calls(&mut self, spans: &[CallSpan]) -> Vec<OneCall> {
        let found = self.join.calls(spans, &self.hints);
        let calls = found.calls.iter();
        calls
            .map(|call| {
                let Call { span, from, to, protocol, .. } = *call;
                OneCall { span, from, to, protocol }
            })
            .collect()
    }

    /// Whether a finished map may show `node` under `name`; see [`Node::name`].
    pub fn is_called(&self, node: NodeId, name: &str) -> bool {
        self.nodes.is_called(node, name)
    }

    /// Adds one trace. `spans` must be all its spans. Of spans with the same id, only the first is
    /// used as a parent.
    pub fn add_trace(&mut self, spans: &[CallSpan]) {
        let mut join = std::mem::take(&mut self.join);
        let found = join.calls(spans, &self.hints);
        self.counts.traces += u64::from(!spans.is_empty());
        self.counts.spans += spans.len() as u64;
        self.counts.orphans += found.orphans;
        self.counts.unnamed += found.unnamed;
        for (span, stand_in) in spans.iter().zip(found.stand_ins) {
            self.nodes.record_span(span.service, *stand_in);
        }
        for call in found.calls {
            self.add(call);
        }
        self.join = join;
    }

    /// Adds the nodes, edges and counts of `other`, a map of other traces.
    pub fn merge(&mut self, other: Self) {
        let numbers = self.nodes.merge(&other.nodes);
        let number = |id: NodeId| numbers[id.index()];
        for (key, sum) in other.edges {
            let key = EdgeKey { from: number(key.from), to: number(key.to), ..key };
            if let Some(mine) = self.edge(key, sum.calls) {
                mine.calls += sum.calls;
                mine.errors += sum.errors;
                mine.latencies.merge(&sum.latencies);
            }
        }
        self.counts.traces += other.counts.traces;
        self.counts.spans += other.counts.spans;
        self.counts.orphans += other.counts.orphans;
        self.counts.unnamed += other.counts.unnamed;
        self.counts.left_out += other.counts.left_out;
    }

    /// The finished map.
    pub fn topology(&self) -> Topology {
        let mut called = vec![false; self.nodes.len()];
        for key in self.edges.keys() {
            called[key.from.index()] = true;
            called[key.to.index()] = true;
        }
        let (nodes, places) = self.nodes.named(&called);
        let place = |id: NodeId| places[id.index()];
        let edge = |(key, sum): (&EdgeKey, &EdgeSum)| Edge {
            from: place(key.from),
            to: place(key.to),
            protocol: key.protocol,
            calls: sum.calls,
            errors: sum.errors,
            latencies: sum.latencies.settled().into_owned(),
        };
        let mut edges: Vec<Edge> = self.edges.iter().map(edge).collect();
        edges.sort_unstable_by_key(|edge| (edge.from, edge.to, edge.protocol));
        let pairs: Vec<(usize, usize)> = edges.iter().map(|edge| (edge.from, edge.to)).collect();
        let cycles = cycles::cycles(nodes.len(), &pairs);
        Topology { nodes, edges, cycles, counts: self.counts }
    }

    fn add(&mut self, call: &Call) {
        let key = EdgeKey { from: call.from, to: call.to, protocol: call.protocol };
        if let Some(edge) = self.edge(key, 1) {
            edge.calls += 1;
            edge.errors += u64::from(call.failed);
            edge.latencies.add(call.duration_us);
        }
    }

    /// The edge that `calls` calls are to be added to. `None` when the map has [`Self::MAX_EDGES`]
    /// edges and not this one; the calls are then counted as left out.
    fn edge(&mut self, key: EdgeKey, calls: u64) -> Option<&mut EdgeSum> {
        if self.edges.len() >= Self::MAX_EDGES && !self.edges.contains_key(&key) {
            self.counts.left_out += calls;
            return None;
        }
        Some(self.edges.entry(key).or_default())
    }
}
