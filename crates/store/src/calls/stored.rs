//! The content of `N.calls`: a head, then the sums, each of which can be read alone.

use std::collections::BTreeMap;

use coral_engine::{Budget, BudgetError};
use coral_trace::dependency::{CallSpan, Dependencies, protocol_named};
use coral_trace::dependency::{NodeId, NodeKind, PeerHintsId};
use coral_trace::{Collector, SpanId, SpanKind, TraceId};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::{SegmentCalls, SplitSpan, SumsKey};
use crate::row::batch::kind_number;

mod sums;

/// What a file has.
pub(super) enum Stored {
    Calls(SegmentCalls),
    /// The sums would be too large, or have too many names. Maps read the spans instead.
    TooLarge,
}

/// Everything but the sums. Nodes, protocols and peers are numbers: indexes of the lists here.
#[derive(Serialize, Deserialize)]
struct Head {
    /// The names of nodes, each with its kind as an index of [`NodeKind::ALL`].
    nodes: Vec<(u8, String)>,
    protocols: Vec<String>,
    /// Protocol and node of each peer of `spans`.
    peers: Vec<(u8, Option<u32>)>,
    /// Row, trace id, and whether eBPF observed the spans.
    split: Vec<(u32, [u8; 16], bool)>,
    spans: Option<Vec<Span>>,
    /// The sums in order, each with its size in bytes.
    sums: Vec<(SumsKey, u32)>,
}

/// A [`SplitSpan`].
#[derive(Serialize, Deserialize)]
struct Span {
    row: u32,
    id: [u8; 8],
    parent: Option<[u8; 8]>,
    service: u32,
    peer: Option<u32>,
    start_us: i64,
    duration_us: u64,
    kind: u8,
    failed: bool,
}

/// The ids that the numbers of a file have in a map.
struct Ids {
    nodes: Vec<NodeId>,
    protocols: Vec<&'static str>,
    peers: Vec<PeerHintsId>,
}

/// The numbers that the ids of a map have in a file.
#[derive(Default)]
struct Numbers {
    nodes: HashMap<NodeId, u32>,
    protocols: HashMap<&'static str, u8>,
    peers: HashMap<PeerHintsId, u32>,
}

/// The largest size of a file: so many bytes for each span of the segment, and [`FREE_BYTES`].
/// Usual traffic needs one byte a span.
const MAX_BYTES_PER_SPAN: u64 = 16;
const FREE_BYTES: u64 = 64 << 10;
/// At most one of this many spans of a segment is stored as a [`SplitSpan`].
const MAX_SPLIT_SHARE: u64 = 8;

/// The content of the file of a segment with so many `spans`. Ids are those of `map`.
pub(super) fn encode(calls: &SegmentCalls, map: &Dependencies, spans: u64) -> Vec<u8> {
    let content = if map.has_too_many_nodes() { None } else { content(calls, map, spans) };
    let fits = |content: &Vec<u8>| content.len() as u64 <= MAX_BYTES_PER_SPAN * spans + FREE_BYTES;
    content.filter(fits).unwrap_or_else(|| postcard(&None))
}

fn postcard(head: &Option<Head>) -> Vec<u8> {
    postcard::to_extend(head, Vec::new()).expect("a head is plain data")
}

fn content(calls: &SegmentCalls, map: &Dependencies, spans: u64) -> Option<Vec<u8>> {
    let max_spans = (spans / MAX_SPLIT_SHARE) as usize;
    let split_spans = calls.spans.as_ref().filter(|split| split.len() <= max_spans.max(64));
    let (numbers, mut head) = number(calls, split_spans, map);
    head.split.extend(
        calls
            .split
            .iter()
            .map(|(row, (trace, collector))| (*row, trace.bytes(), *collector == Collector::Ebpf)),
    );
    head.spans = split_spans.map(|spans| {
        let mut spans: Vec<Span> = spans.iter().map(|span| numbers.span(span)).collect();
        spans.sort_unstable_by_key(|span| (span.row, span.id));
        spans
    });
    let mut bytes = Vec::new();
    for (key, of) in &calls.sums {
        let begin = bytes.len();
        sums::put(&mut bytes, of, &numbers)?;
        head.sums.push((*key, u32::try_from(bytes.len() - begin).ok()?));
    }
    let mut content = postcard(&Some(head));
    content.extend(bytes);
    Some(content)
}

/// Numbers the nodes and peers that the sums and `spans` have, in the order of their names.
fn number(
    calls: &SegmentCalls,
    spans: Option<&Vec<SplitSpan>>,
    map: &Dependencies,
) -> (Numbers, Head) {
    let names: Vec<(NodeKind, &str)> = map.nodes().collect();
    let mut known: BTreeMap<(NodeKind, &str), NodeId> = BTreeMap::new();
    let mut note = |node: NodeId| {
        known.insert(names[node.index()], node);
    };
    let peers: Vec<(&str, Option<NodeId>)> = map.peers().collect();
    let mut used: BTreeMap<(&str, Option<NodeId>), PeerHintsId> = BTreeMap::new();
    for SplitSpan { span, .. } in spans.into_iter().flatten() {
        note(span.service);
        if let Some(peer) = span.peer_hints {
            used.insert(peers[peer.index()], peer);
            peers[peer.index()].1.into_iter().for_each(&mut note);
        }
    }
    for sums in calls.sums.values() {
        for (node, service) in &sums.services {
            note(*node);
            service.addresses.iter().for_each(|(address, _)| note(address));
        }
        for (key, edge) in &sums.edges {
            [key.from, key.to].into_iter().for_each(&mut note);
            edge.addresses.iter().for_each(|(address, _)| note(address));
        }
    }
    let mut protocols: Vec<&'static str> =
        used.keys().filter_map(|(p, _)| protocol_named(p)).collect();
    protocols
        .extend(calls.sums.values().flat_map(|sums| sums.edges.keys().map(|key| key.protocol)));
    protocols.sort_unstable();
    protocols.dedup();
    let nodes: HashMap<NodeId, u32> = known.values().copied().zip(0..).collect();
    let protocol_numbers: HashMap<&'static str, u8> = protocols.iter().copied().zip(0..).collect();
    let peer = |(protocol, node): &(&str, Option<NodeId>)| {
        (protocol_numbers[protocol], node.map(|node| nodes[&node]))
    };
    let mut numbered: Vec<((u8, Option<u32>), PeerHintsId)> =
        used.iter().map(|(of, id)| (peer(of), *id)).collect();
    numbered.sort_unstable_by_key(|(peer, _)| *peer);
    let head = Head {
        nodes: known.keys().map(|(kind, name)| (*kind as u8, (*name).to_owned())).collect(),
        protocols: protocols.iter().map(|protocol| (*protocol).to_owned()).collect(),
        peers: numbered.iter().map(|(peer, _)| *peer).collect(),
        split: Vec::new(),
        spans: None,
        sums: Vec::new(),
    };
    let peers = numbered.into_iter().map(|(_, id)| id).zip(0..).collect();
    (Numbers { nodes, protocols: protocol_numbers, peers }, head)
}

/// Reads a file, with ids of `map`. Only sums that are `wanted` are read. `None` if this build does
/// not write such a file.
///
/// # Errors
/// [`BudgetError`]: an edge of a sum and a span count as rows.
pub(super) fn decode(
    content: &[u8],
    map: &mut Dependencies,
    budget: &Budget,
    wanted: &dyn Fn(SumsKey) -> bool,
) -> Result<Option<Stored>, BudgetError> {
    let Ok((head, mut rest)) = postcard::take_from_bytes::<Option<Head>>(content) else {
        return Ok(None);
    };
    let Some(head) = head else { return Ok(Some(Stored::TooLarge)) };
    let Some((ids, split, spans)) = parts(&head, map) else { return Ok(None) };
    budget.count_rows(spans.as_ref().map_or(0, Vec::len) as u64)?;
    let mut calls = SegmentCalls { sums: BTreeMap::new(), others: Vec::new(), split, spans };
    for (key, size) in head.sums {
        budget.check()?;
        let Some((mut bytes, others)) = rest.split_at_checked(size as usize) else {
            return Ok(None);
        };
        rest = others;
        if !wanted(key) {
            calls.others.push(key);
            continue;
        }
        let Some(sums) = sums::take(&mut bytes, &ids) else { return Ok(None) };
        budget.count_rows((sums.edges.len() + sums.services.len()) as u64)?;
        calls.sums.insert(key, sums);
    }
    Ok(Some(Stored::Calls(calls)))
}

type Parts = (Ids, BTreeMap<u32, (TraceId, Collector)>, Option<Vec<SplitSpan>>);

fn parts(head: &Head, map: &mut Dependencies) -> Option<Parts> {
    let node = |(kind, name): &(u8, String)| {
        let kind = *NodeKind::ALL.get(usize::from(*kind))?;
        Some(map.node(kind, name))
    };
    let nodes: Vec<NodeId> = head.nodes.iter().map(node).collect::<Option<_>>()?;
    let protocols: Vec<&'static str> =
        head.protocols.iter().map(|name| protocol_named(name)).collect::<Option<_>>()?;
    let peer = |(protocol, node): &(u8, Option<u32>)| {
        let node = match node {
            Some(node) => Some(*nodes.get(*node as usize)?),
            None => None,
        };
        Some(map.intern_peer(protocols.get(usize::from(*protocol))?, node))
    };
    let peers = head.peers.iter().map(peer).collect::<Option<_>>()?;
    let ids = Ids { nodes, protocols, peers };
    let split = head.split.iter().map(|(row, trace, is_ebpf)| {
        let collector = if *is_ebpf { Collector::Ebpf } else { Collector::Sdk };
        Some((*row, (TraceId::try_from(u128::from_be_bytes(*trace)).ok()?, collector)))
    });
    let split: BTreeMap<u32, (TraceId, Collector)> = split.collect::<Option<_>>()?;
    let spans = match &head.spans {
        Some(spans) => Some(spans.iter().map(|span| ids.span(span)).collect::<Option<Vec<_>>>()?),
        None => None,
    };
    let is_listed = |span: &SplitSpan| split.contains_key(&span.row);
    spans.iter().flatten().all(is_listed).then_some((ids, split, spans))
}

impl Numbers {
    fn span(&self, SplitSpan { row, span }: &SplitSpan) -> Span {
        Span {
            row: *row,
            id: span.span_id.as_u64().to_be_bytes(),
            parent: span.parent.map(|parent| parent.as_u64().to_be_bytes()),
            service: self.nodes[&span.service],
            peer: span.peer_hints.map(|peer| self.peers[&peer]),
            start_us: span.start_us.unwrap_or_default(),
            duration_us: span.duration_us,
            kind: kind_number(span.kind),
            failed: span.failed,
        }
    }
}

impl Ids {
    fn span(&self, span: &Span) -> Option<SplitSpan> {
        let id = |bytes: [u8; 8]| SpanId::try_from(u64::from_be_bytes(bytes)).ok();
        let parent = match span.parent {
            Some(parent) => Some(id(parent)?),
            None => None,
        };
        let peer_hints = match span.peer {
            Some(peer) => Some(*self.peers.get(peer as usize)?),
            None => None,
        };
        let call = CallSpan {
            span_id: id(span.id)?,
            parent,
            service: *self.nodes.get(span.service as usize)?,
            peer_hints,
            start_us: Some(span.start_us),
            duration_us: span.duration_us,
            kind: SpanKind::from(i32::from(span.kind)),
            failed: span.failed,
        };
        Some(SplitSpan { row: span.row, span: call })
    }
}
