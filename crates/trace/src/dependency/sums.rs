//! Sums of the calls of traces, which are added to a map later, and from which traces can be taken
//! out again.

use std::collections::{BTreeMap, HashMap};

use super::join::{Call, peer};
use super::latency::Latencies;
use super::node::{NodeId, StandIn};
use super::{CallSpan, Counts, Dependencies, EdgeKey};
use crate::span::SpanKind;

/// What some traces say about calls: all that a map needs of these traces. Ids are those of one
/// map.
///
/// Everything is counted, also what a map only has or lacks, so that
/// [`Dependencies::take_from_sums`] leaves exactly what the other traces say.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CallSums {
    /// How many traces and spans there are.
    pub counts: Counts,
    /// The calls. At most [`Dependencies::MAX_EDGES`] edges; calls over further edges are only
    /// counted in [`Counts::left_out`].
    pub edges: HashMap<EdgeKey, EdgeSums>,
    /// What the spans say about their services.
    pub services: HashMap<NodeId, ServiceSums>,
}

/// The calls over one edge.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct EdgeSums {
    /// How many calls there were.
    pub calls: u64,
    /// How many calls failed.
    pub errors: u64,
    /// How long the calls took.
    pub latencies: Latencies,
    /// The addresses at which the callee was called.
    pub addresses: AddressCounts,
}

/// What spans say about the service that they name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ServiceSums {
    /// How many spans name the service.
    pub spans: u64,
    /// How many of these spans are the service's own. The others are client spans that bear the
    /// name of the callee.
    pub own_spans: u64,
    /// By kind of node: how many client spans say that the service is a node of this kind.
    pub stands_for: [u64; 4],
    /// The addresses that server spans of the service name as their own.
    pub addresses: AddressCounts,
}

/// A few addresses, as nodes of one map, each with the number of calls or spans that name it. One
/// more than a map keeps of one edge or service means that there are more.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AddressCounts(BTreeMap<NodeId, u64>);

/// The largest number of addresses, with the one that stands for all others.
const MAX_ADDRESSES: usize = super::addresses::MAX_ADDRESSES + 1;

impl Dependencies {
    /// Adds one trace to `sums`, and not to the map. `spans` must be all its spans.
    pub fn add_to_sums(&mut self, spans: &[CallSpan], sums: &mut CallSums) {
        let mut join = std::mem::take(&mut self.join);
        let found = join.calls(spans, &self.hints);
        sums.counts.traces += u64::from(!spans.is_empty());
        sums.counts.spans += spans.len() as u64;
        sums.counts.orphans += found.orphans;
        sums.counts.unnamed += found.unnamed;
        for (span, stand_in) in spans.iter().zip(found.stand_ins) {
            let service = sums.services.entry(span.service).or_default();
            service.spans += 1;
            match stand_in {
                StandIn::No => service.own_spans += 1,
                StandIn::For(Some(kind)) => service.stands_for[*kind as usize] += 1,
                StandIn::For(None) => {}
            }
            if let Some(address) = self.own_address(span) {
                service.addresses.add(address, 1);
            }
        }
        found.calls.iter().for_each(|call| sums.add(call));
        self.join = join;
    }

    /// Takes one trace out of `sums`, to which it was added with the same `spans`. Returns `false`
    /// if the sums are too coarse for that; their content is then useless.
    #[must_use]
    pub fn take_from_sums(&mut self, spans: &[CallSpan], sums: &mut CallSums) -> bool {
        let mut join = std::mem::take(&mut self.join);
        let found = join.calls(spans, &self.hints);
        let taken = sums.counts.left_out == 0
            && self.take(spans, found.stand_ins, sums).is_some()
            && found.calls.iter().all(|call| sums.take(call).is_some())
            && less(&mut sums.counts.traces, u64::from(!spans.is_empty())).is_some()
            && less(&mut sums.counts.spans, spans.len() as u64).is_some()
            && less(&mut sums.counts.orphans, found.orphans).is_some()
            && less(&mut sums.counts.unnamed, found.unnamed).is_some();
        self.join = join;
        taken
    }

    /// Adds the traces of `sums`, whose ids are those of this map.
    pub fn add_sums(&mut self, sums: &CallSums) {
        self.counts.add(&sums.counts);
        for (node, service) in &sums.services {
            self.nodes.record_sums(*node, service);
        }
        let mut added = 0;
        for (key, sum) in &sums.edges {
            let Some(edge) = self.edge(*key, sum.calls) else { continue };
            edge.calls += sum.calls;
            edge.errors += sum.errors;
            edge.latencies.add_all(&sum.latencies);
            sum.addresses.iter().for_each(|(address, _)| edge.addresses.add(address));
            added += sum.calls;
        }
        if self.limit.is_due_after(added as usize) {
            self.limit_latencies();
        }
    }

    /// The address that a server span names as its own.
    pub(super) fn own_address(&self, span: &CallSpan) -> Option<NodeId> {
        (span.kind == SpanKind::Server).then(|| peer(span, &self.hints).address())?
    }

    fn take(&self, spans: &[CallSpan], stand_ins: &[StandIn], sums: &mut CallSums) -> Option<()> {
        for (span, stand_in) in spans.iter().zip(stand_ins) {
            let service = sums.services.get_mut(&span.service)?;
            less(&mut service.spans, 1)?;
            match stand_in {
                StandIn::No => less(&mut service.own_spans, 1)?,
                StandIn::For(Some(kind)) => less(&mut service.stands_for[*kind as usize], 1)?,
                StandIn::For(None) => {}
            }
            if let Some(address) = self.own_address(span) {
                service.addresses.take(address)?;
            }
            if service.spans == 0 {
                sums.services.remove(&span.service);
            }
        }
        Some(())
    }
}

impl CallSums {
    fn add(&mut self, call: &Call) {
        let key = call.key();
        if self.edges.len() >= Dependencies::MAX_EDGES && !self.edges.contains_key(&key) {
            self.counts.left_out += 1;
            return;
        }
        let edge = self.edges.entry(key).or_default();
        edge.calls += 1;
        edge.errors += u64::from(call.failed);
        edge.latencies.add(call.duration_us);
        if let Some(address) = call.address {
            edge.addresses.add(address, 1);
        }
    }

    fn take(&mut self, call: &Call) -> Option<()> {
        let edge = self.edges.get_mut(&call.key())?;
        less(&mut edge.calls, 1)?;
        less(&mut edge.errors, u64::from(call.failed))?;
        edge.latencies.take(call.duration_us)?;
        if let Some(address) = call.address {
            edge.addresses.take(address)?;
        }
        if edge.calls == 0 {
            self.edges.remove(&call.key());
        }
        Some(())
    }
}

impl AddressCounts {
    /// Adds `count` namings of `address`.
    pub fn add(&mut self, address: NodeId, count: u64) {
        if self.0.len() < MAX_ADDRESSES || self.0.contains_key(&address) {
            let sum = self.0.entry(address).or_default();
            *sum = sum.saturating_add(count);
        }
    }

    /// Each address with the number of its namings.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (NodeId, u64)> {
        self.0.iter().map(|(address, count)| (*address, *count))
    }

    fn take(&mut self, address: NodeId) -> Option<()> {
        if self.0.len() >= MAX_ADDRESSES {
            return None;
        }
        let count = self.0.get_mut(&address)?;
        less(count, 1)?;
        if *count == 0 {
            self.0.remove(&address);
        }
        Some(())
    }
}

impl Call {
    /// The edge that the call belongs to.
    pub fn key(&self) -> EdgeKey {
        EdgeKey { from: self.from, to: self.to, protocol: self.protocol }
    }
}

/// Subtracts `by`; `None` if it is more than `from`.
fn less(from: &mut u64, by: u64) -> Option<()> {
    *from = from.checked_sub(by)?;
    Some(())
}
