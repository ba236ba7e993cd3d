//! Who calls whom: the spans of traces in, the nodes and edges of a service map out.
//!
//! Calls are joined by trace id and parent, never by a guess from times or names. What a trace says is
//! counted once: a client's and a server's span of one call are one call; of a call with one side, that side
//! counts. Nothing here recurses, and what is added in another order, or merged from several maps, is the
//! same map.

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
use self::node::Nodes;
pub use self::node::{NodeId, NodeKind};
use self::peer_hints::PeerHintsTable;
pub use self::peer_hints::{PeerHints, PeerHintsId};
use crate::ids::SpanId;
use crate::span::Span;

/// A map in the making. The spans of a trace are added together.
#[derive(Clone, Default)]
pub struct Dependencies {
    nodes: Nodes,
    hints: PeerHintsTable,
    edges: HashMap<EdgeKey, EdgeSum>,
    counts: Counts,
    join: Join,
}

/// A map, in an order of its own: of names.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Topology {
    /// Services that have spans, and what they call.
    pub nodes: Vec<Node>,
    /// Indices are into `nodes`.
    pub edges: Vec<Edge>,
    /// Nodes that call each other in a circle, or themselves: each such group, as indices into `nodes`.
    pub cycles: Vec<Vec<usize>>,
    /// What was counted.
    pub counts: Counts,
}

/// A service, or what services call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// Unlike that of any other node.
    pub name: String,
    /// What it is.
    pub kind: NodeKind,
}

/// All calls of one node to another over one protocol.
#[derive(Clone, PartialEq, Debug)]
pub struct Edge {
    /// Who calls.
    pub from: usize,
    /// Who is called.
    pub to: usize,
    /// `http`, `grpc`, `sql`, `redis`, `kafka`, …; `unknown` when no attribute says it.
    pub protocol: &'static str,
    /// How many.
    pub calls: u64,
    /// Of these, how many failed: either side's span says so.
    pub errors: u64,
    /// How long they took, as the caller saw it where its span is there.
    pub latencies: Latencies,
}

/// One call of a trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OneCall {
    /// The caller's span; of a call that only the called tells of, its.
    pub span: SpanId,
    /// Who calls.
    pub from: NodeId,
    /// Who is called.
    pub to: NodeId,
    /// See [`Edge::protocol`].
    pub protocol: &'static str,
}

/// What a map was made of, and what it lacks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Traces added.
    pub traces: u64,
    /// Spans added.
    pub spans: u64,
    /// Spans whose parent is not among those of their trace: who called is not known, and no edge is made.
    pub orphans: u64,
    /// Calls by spans that do not say whom they call, and whose other side is not there: no edge is made.
    pub unnamed: u64,
    /// Calls over edges beyond [`Dependencies::MAX_EDGES`].
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
    /// Edges that are told apart; calls over more are counted, so that names made up by a hostile
    /// exporter cannot fill the memory.
    pub const MAX_EDGES: usize = 4_000;

    /// The node of the service with this name.
    pub fn service(&mut self, name: &str) -> NodeId {
        self.nodes.intern(NodeKind::Service, name)
    }

    /// The number of `hints` in this map.
    pub fn intern_peer_hints(&mut self, hints: &PeerHints<'_>) -> PeerHintsId {
        self.hints.intern(hints, &mut self.nodes)
    }

    /// What a map needs to know of `span`.
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

    /// The calls of one whole trace, which is not added.
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

    /// Whether a map may call `node` so: [`Node::name`].
    pub fn is_called(&self, node: NodeId, name: &str) -> bool {
        self.nodes.is_called(node, name)
    }

    /// Adds one whole trace. Its spans have distinct ids; of equal ones the first is a parent.
    pub fn add_trace(&mut self, spans: &[CallSpan]) {
        let mut join = std::mem::take(&mut self.join);
        let found = join.calls(spans, &self.hints);
        self.counts.traces += u64::from(!spans.is_empty());
        self.counts.spans += spans.len() as u64;
        self.counts.orphans += found.orphans;
        self.counts.unnamed += found.unnamed;
        for (span, stands_for) in spans.iter().zip(found.stand_ins) {
            self.nodes.see(span.service, *stands_for);
        }
        for call in found.calls {
            self.add(call);
        }
        self.join = join;
    }

    /// Adds the calls of another map, of other traces.
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

    /// The map.
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
            latencies: sum.latencies.clone(),
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

    /// The edge for `calls` more; `None` when there are too many edges.
    fn edge(&mut self, key: EdgeKey, calls: u64) -> Option<&mut EdgeSum> {
        if self.edges.len() >= Self::MAX_EDGES && !self.edges.contains_key(&key) {
            self.counts.left_out += calls;
            return None;
        }
        Some(self.edges.entry(key).or_default())
    }
}
