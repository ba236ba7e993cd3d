//! Service maps: which service calls which, computed from the spans of traces.
//!
//! Calls are found by trace id and parent, never by comparing times or names. A client span and a
//! server span of one call count as one call; if one of the spans is missing, the other counts
//! alone. No function here recurses. The map does not depend on the order in which traces are added.

mod absorb;
mod addresses;
mod call_ends;
mod cycles;
mod diff;
mod join;
mod latency;
mod latency_limit;
mod node;
mod peer_hints;
mod sort;
mod sums;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

pub use self::absorb::Translation;
use self::addresses::{Addresses, Directory};
pub use self::call_ends::CallEnds;
pub use self::diff::Changes;
pub use self::join::CallSpan;
use self::join::{Call, Join};
pub use self::latency::{Latencies, LatencyParts, nearest_rank};
pub use self::latency_limit::LatencyLimit;
use self::node::Nodes;
pub use self::node::{NodeId, NodeKind};
use self::peer_hints::PeerHintsTable;
pub use self::peer_hints::{PeerHints, PeerHintsId, is_loopback, protocol_named};
pub use self::sums::{AddressCounts, CallSums, EdgeSums, ServiceSums};
use crate::ids::SpanId;
use crate::span::Span;

/// A service map under construction. The spans of one trace are added together.
#[derive(Clone, Default)]
pub struct Dependencies {
    nodes: Nodes,
    hints: PeerHintsTable,
    edges: HashMap<EdgeKey, EdgeSum>,
    limit: LatencyLimit,
    counts: Counts,
    join: Join,
    /// Addresses that are known from another map: see
    /// [`learn_addresses`](Dependencies::learn_addresses).
    learned: Directory,
}

/// A finished service map, sorted by names.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Topology {
    /// The services that have spans, and the nodes at the ends of edges. A callee without a span is
    /// named by its address, unless one service is known there: a call to the address has a server
    /// span of the service, or server spans of the service name the address as their own. On
    /// loopback addresses, only other calls of the same caller are evidence, and what
    /// [`Dependencies::learn_loopback`] was told.
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
    /// has several server spans, a call takes as long as its server span. A message takes from the
    /// start of the producer's span to the start of the consumer's.
    pub latencies: Latencies,
}

/// One call of a trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OneCall {
    /// The client or producer span of the call; if there is none, the callee's span.
    pub span: SpanId,
    /// The callee's span; `None` if it is missing.
    pub callee: Option<SpanId>,
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

/// What identifies an edge of one map.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EdgeKey {
    /// The calling node.
    pub from: NodeId,
    /// The called node.
    pub to: NodeId,
    /// The protocol, as in [`Edge::protocol`].
    pub protocol: &'static str,
}

#[derive(Clone, Default)]
struct EdgeSum {
    calls: u64,
    errors: u64,
    latencies: Latencies,
    /// The addresses at which the callee was called.
    addresses: Addresses,
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
            start_us: Some(span.start.as_micros()),
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
                let Call { span, callee, from, to, protocol, .. } = *call;
                OneCall { span, callee, from, to, protocol }
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
            if let Some(address) = self.own_address(span) {
                self.nodes.record_address(span.service, address);
            }
        }
        for call in found.calls {
            self.add(call);
        }
        if self.limit.is_due_after(found.calls.len()) {
            self.limit_latencies();
        }
        self.join = join;
    }

    /// Learns the addresses of services from a map of other traces. Calls to an address whose
    /// service is known in only one of two maps have the same callee in both, if each map learns
    /// from the other.
    pub fn learn_addresses(&mut self, other: &Self) {
        let mut known = std::mem::take(&mut self.learned);
        let mut mine = |id: NodeId| self.nodes.intern(other.nodes.kind(id), other.nodes.name(id));
        let calls = other.answered().map(|ids| ids.map(&mut mine)).collect::<Vec<_>>();
        let servers = other.nodes.addresses().map(|(address, service)| [address, service]);
        let servers = servers.map(|ids| ids.map(&mut mine)).collect::<Vec<_>>();
        for [caller, address, service] in calls {
            known.add_call(&self.nodes, caller, address, service);
        }
        for [address, service] in servers {
            known.add_server(&self.nodes, address, service);
        }
        self.learned = known;
    }

    /// Whether a call without a server span goes to a loopback address. Which service answers there
    /// depends on the host, which a map does not know: see
    /// [`learn_loopback`](Self::learn_loopback).
    pub fn calls_loopback(&self) -> bool {
        let is_loopback = |key: &EdgeKey| {
            self.nodes.kind(key.to) == NodeKind::External && is_loopback(self.nodes.name(key.to))
        };
        self.edges.keys().any(is_loopback)
    }

    /// Learns that `service` answers the calls of `caller` to the loopback address `address`.
    pub fn learn_loopback(&mut self, caller: &str, address: &str, service: &str) {
        let [caller, service] = [caller, service].map(|name| self.service(name));
        let address = self.nodes.intern(NodeKind::External, address);
        self.learned.add_call(&self.nodes, caller, address, service);
    }

    /// The finished map. Calls without a server span go to the service that is known at their
    /// address, or else to the address: see [`Topology::nodes`].
    pub fn topology(mut self) -> Topology {
        self.name_callees();
        self.limit_latencies();
        let mut called = vec![false; self.nodes.len()];
        for key in self.edges.keys() {
            called[key.from.index()] = true;
            called[key.to.index()] = true;
        }
        let (nodes, places) = self.nodes.named(&called);
        let place = |id: NodeId| places[id.index()];
        let edge = |(key, sum): (EdgeKey, EdgeSum)| Edge {
            from: place(key.from),
            to: place(key.to),
            protocol: key.protocol,
            calls: sum.calls,
            errors: sum.errors,
            latencies: sum.latencies,
        };
        let mut edges: Vec<Edge> = self.edges.into_iter().map(edge).collect();
        edges.sort_unstable_by_key(|edge| (edge.from, edge.to, edge.protocol));
        let pairs: Vec<(usize, usize)> = edges.iter().map(|edge| (edge.from, edge.to)).collect();
        let cycles = cycles::cycles(nodes.len(), &pairs);
        Topology { nodes, edges, cycles, counts: self.counts }
    }

    /// The calls that have a server span, and name an address: caller, address and callee.
    fn answered(&self) -> impl Iterator<Item = [NodeId; 3]> {
        self.edges
            .iter()
            .flat_map(|(key, sum)| sum.addresses.iter().map(|address| [key.from, address, key.to]))
    }

    /// `known`, and the services that calls and server spans of this map name at addresses.
    fn directory(&self, mut known: Directory) -> Directory {
        for [caller, address, service] in self.answered() {
            known.add_call(&self.nodes, caller, address, service);
        }
        for (address, service) in self.nodes.addresses() {
            known.add_server(&self.nodes, address, service);
        }
        known
    }

    /// Moves calls to an address to the service that is known there.
    fn name_callees(&mut self) {
        let learned = std::mem::take(&mut self.learned);
        let known = self.directory(learned);
        let edges = self.edges.keys().filter_map(|key| {
            let is_address = self.nodes.kind(key.to) == NodeKind::External;
            Some((*key, known.service(key.from, key.to).filter(|_| is_address)?))
        });
        for (key, service) in edges.collect::<Vec<_>>() {
            if let Some(sum) = self.edges.remove(&key) {
                let there = self.edges.entry(EdgeKey { to: service, ..key }).or_default();
                there.calls += sum.calls;
                there.errors += sum.errors;
                there.latencies.merge(sum.latencies);
            }
        }
    }

    fn limit_latencies(&mut self) {
        self.limit.apply(self.edges.values_mut().map(|edge| &mut edge.latencies));
    }

    fn add(&mut self, call: &Call) {
        if let Some(edge) = self.edge(call.key(), 1) {
            edge.calls += 1;
            edge.errors += u64::from(call.failed);
            edge.latencies.add(call.duration_us);
            if let Some(address) = call.address {
                edge.addresses.add(address);
            }
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

impl Counts {
    fn add(&mut self, other: &Self) {
        self.traces += other.traces;
        self.spans += other.spans;
        self.orphans += other.orphans;
        self.unnamed += other.unnamed;
        self.left_out += other.left_out;
    }
}
