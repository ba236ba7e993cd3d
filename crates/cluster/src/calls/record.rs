//! The sums of one bucket as JSON.

use std::collections::{BTreeMap, HashMap};

use coral_record::calls::SumsKey;
use coral_trace::TraceId;
use coral_trace::dependency::{
    AddressCounts, CallSums, Counts, Dependencies, EdgeKey, EdgeSums, Latencies, LatencyParts,
    NodeId, NodeKind, ServiceSums, protocol_named,
};
use serde::{Deserialize, Serialize};

use crate::error::ClusterError;

/// What the traces of one bucket say about calls. Ids are those of one map.
#[derive(Default)]
pub(crate) struct BucketCalls {
    /// The sums of traces that are in this bucket alone.
    pub(crate) sums: BTreeMap<SumsKey, CallSums>,
    /// The traces that are in other buckets too.
    pub(crate) split: Vec<TraceId>,
}

/// The largest JSON that is stored, in bytes. Usual traffic has about one byte a span.
const MAX_BYTES: usize = 32 << 20;

#[derive(Serialize, Deserialize)]
struct Record {
    split: Vec<String>,
    /// Kinds, as indexes of [`NodeKind::ALL`], and names.
    nodes: Vec<(u8, String)>,
    protocols: Vec<String>,
    sums: Vec<(SumsKey, SumRecord)>,
}

/// Nodes and protocols are indexes.
#[derive(Serialize, Deserialize)]
struct SumRecord {
    /// Traces, spans, orphans, unnamed calls, and calls that were left out.
    counts: [u64; 5],
    services: Vec<ServiceRecord>,
    edges: Vec<EdgeRecord>,
}

#[derive(Serialize, Deserialize)]
struct ServiceRecord {
    node: u32,
    spans: u64,
    own_spans: u64,
    stands_for: [u64; 4],
    addresses: Vec<(u32, u64)>,
}

#[derive(Serialize, Deserialize)]
struct EdgeRecord {
    from: u32,
    to: u32,
    protocol: u32,
    calls: u64,
    errors: u64,
    addresses: Vec<(u32, u64)>,
    bucket_bits: Option<u32>,
    bounds: (u64, u64),
    /// Each distinct duration as its distance from the one before.
    durations: Vec<u64>,
    /// How many calls took each; empty if each has one.
    numbers: Vec<u64>,
}

impl BucketCalls {
    /// The JSON, with the names of `map`. `None` if it would be too large.
    pub(crate) fn encode(&self, map: &Dependencies) -> Option<String> {
        if map.has_too_many_nodes() {
            return None;
        }
        let nodes = map.nodes().map(|(kind, name)| (kind as u8, name.to_owned())).collect();
        let mut protocols: Vec<String> = Vec::new();
        let mut numbers: HashMap<&'static str, u32> = HashMap::new();
        let mut sums = Vec::with_capacity(self.sums.len());
        for (key, of) in &self.sums {
            let Counts { traces, spans, orphans, unnamed, left_out } = of.counts;
            let edges = of.edges.iter().map(|(key, edge)| {
                let protocol = *numbers.entry(key.protocol).or_insert_with(|| {
                    protocols.push(key.protocol.to_owned());
                    protocols.len() as u32 - 1
                });
                EdgeRecord::of(key, edge, protocol)
            });
            let edges = edges.collect();
            let services = of.services.iter().map(|(node, service)| ServiceRecord {
                node: node.index() as u32,
                spans: service.spans,
                own_spans: service.own_spans,
                stands_for: service.stands_for,
                addresses: addresses(&service.addresses),
            });
            let counts = [traces, spans, orphans, unnamed, left_out];
            sums.push((*key, SumRecord { counts, services: services.collect(), edges }));
        }
        let split = self.split.iter().map(TraceId::to_string).collect();
        let json = serde_json::to_string(&Record { split, nodes, protocols, sums });
        Some(json.expect("texts and numbers have a JSON form"))
            .filter(|json| json.len() <= MAX_BYTES)
    }

    /// Reads JSON, with ids of `map`.
    pub(crate) fn decode(json: &str, map: &mut Dependencies) -> Result<Self, ClusterError> {
        let wrong = || ClusterError::value("calls", "sums of another form");
        let record: Record =
            serde_json::from_str(json).map_err(|error| ClusterError::value("calls", error))?;
        let node = |(kind, name): &(u8, String)| {
            let kind = *NodeKind::ALL.get(usize::from(*kind))?;
            Some(map.node(kind, name))
        };
        let nodes: Option<Vec<NodeId>> = record.nodes.iter().map(node).collect();
        let protocols: Option<Vec<&'static str>> =
            record.protocols.iter().map(|name| protocol_named(name)).collect();
        let ids = Ids { nodes: nodes.ok_or_else(wrong)?, protocols: protocols.ok_or_else(wrong)? };
        let sums = record.sums.into_iter().map(|(key, sum)| Some((key, ids.sums(sum)?)));
        let split = record.split.iter().map(|id| id.parse().ok());
        Ok(Self {
            sums: sums.collect::<Option<_>>().ok_or_else(wrong)?,
            split: split.collect::<Option<_>>().ok_or_else(wrong)?,
        })
    }
}

fn addresses(addresses: &AddressCounts) -> Vec<(u32, u64)> {
    addresses.iter().map(|(node, count)| (node.index() as u32, count)).collect()
}

impl EdgeRecord {
    fn of(key: &EdgeKey, edge: &EdgeSums, protocol: u32) -> Self {
        let LatencyParts { distinct, bucket_bits, bounds } = edge.latencies.parts();
        let mut before = 0;
        let distance =
            |(duration, _): &(u64, u64)| duration - std::mem::replace(&mut before, *duration);
        Self {
            from: key.from.index() as u32,
            to: key.to.index() as u32,
            protocol,
            calls: edge.calls,
            errors: edge.errors,
            addresses: addresses(&edge.addresses),
            bucket_bits,
            bounds,
            durations: distinct.iter().map(distance).collect(),
            numbers: match distinct.iter().all(|(_, number)| *number == 1) {
                true => Vec::new(),
                false => distinct.iter().map(|(_, number)| *number).collect(),
            },
        }
    }

    fn latencies(self) -> Option<Latencies> {
        let mut numbers = self.numbers;
        if numbers.is_empty() {
            numbers = vec![1; self.durations.len()];
        }
        let mut duration = 0_u64;
        let distinct = self.durations.into_iter().zip(numbers).map(|(distance, number)| {
            duration = duration.checked_add(distance)?;
            Some((duration, number))
        });
        let distinct = distinct.collect::<Option<_>>()?;
        Latencies::of_parts(LatencyParts {
            distinct,
            bucket_bits: self.bucket_bits,
            bounds: self.bounds,
        })
    }
}

/// The ids of the indexes of a record.
struct Ids {
    nodes: Vec<NodeId>,
    protocols: Vec<&'static str>,
}

impl Ids {
    fn sums(&self, record: SumRecord) -> Option<CallSums> {
        let [traces, spans, orphans, unnamed, left_out] = record.counts;
        let counts = Counts { traces, spans, orphans, unnamed, left_out };
        let mut sums = CallSums { counts, ..CallSums::default() };
        for service in record.services {
            let ServiceRecord { spans, own_spans, stands_for, .. } = service;
            let addresses = self.addresses(&service.addresses)?;
            let read = ServiceSums { spans, own_spans, stands_for, addresses };
            sums.services.insert(self.node(service.node)?, read);
        }
        for edge in record.edges {
            let protocol = *self.protocols.get(edge.protocol as usize)?;
            let key = EdgeKey { from: self.node(edge.from)?, to: self.node(edge.to)?, protocol };
            let (calls, errors) = (edge.calls, edge.errors);
            let addresses = self.addresses(&edge.addresses)?;
            let latencies = edge.latencies()?;
            sums.edges.insert(key, EdgeSums { calls, errors, latencies, addresses });
        }
        Some(sums)
    }

    fn node(&self, index: u32) -> Option<NodeId> {
        self.nodes.get(index as usize).copied()
    }

    fn addresses(&self, record: &[(u32, u64)]) -> Option<AddressCounts> {
        let mut addresses = AddressCounts::default();
        for (node, count) in record {
            addresses.add(self.node(*node)?, *count);
        }
        Some(addresses)
    }
}
