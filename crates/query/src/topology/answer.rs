//! The service map as an answer.

pub use coral_trace::dependency::NodeKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::coverage::Coverage;
use crate::json;
use crate::sampling::answer::{Estimate, SampledSpans};

/// The service map of a window, from all traces that started in the window. Spans of these traces
/// that are outside of the window count too.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Topology {
    /// Start of the window, microseconds since the Unix epoch.
    pub since_unix_us: i64,
    /// End of the window, exclusive, microseconds since the Unix epoch.
    pub until_unix_us: i64,
    /// Services with spans, and what they call, sorted by name. Names are unique. A callee without a
    /// span is named by its address, or by the one service that is known at the address: from other
    /// calls to the address, or from server spans that name the address as their own. For a loopback
    /// address such as `127.0.0.1`, which is another one on each host, only calls of the same caller
    /// tell the service.
    pub nodes: Vec<TopologyNode>,
    /// The edges, sorted by caller, callee and protocol.
    pub edges: Vec<TopologyEdge>,
    /// Cycles: each is a list of names of nodes that call each other in a circle. A node that calls
    /// itself is a cycle of one.
    pub cycles: Vec<Vec<String>>,
    /// How many traces started in the window.
    pub traces: u64,
    /// How many spans these traces have.
    pub spans: u64,
    /// How many spans have a parent that is not stored. The call that led to such a span is not
    /// known and adds no edge.
    pub orphan_spans: u64,
    /// How many calls have no known callee: the calling span does not name it, and the called
    /// service's span is not stored.
    pub unnamed_calls: u64,
    /// How many calls are not in `edges` because the map has reached its largest number of edges.
    pub calls_left_out: u64,
    /// What changed since the time before the window; null unless `diff_us` was given.
    pub diff: Option<TopologyDiff>,
    /// The gaps in what was seen of agents, in the window and in the time that it is compared with.
    /// Edges of their services are not in `diff`.
    #[serde(default)]
    pub coverage: Vec<Coverage>,
    /// The spans of services of the map of which only a share is recorded, in the window. Absent
    /// where everything is recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sampled: Vec<SampledSpans>,
    /// Where nodes and edges are in a picture; absent unless `layout` was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<TopologyLayout>,
}

/// Where the nodes and the edges of a service map are in a picture, in pixels. Callers are left of
/// what they call, except in cycles. No two nodes overlap, and no line of an edge passes through a
/// node.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct TopologyLayout {
    /// The width of the picture.
    pub width: i32,
    /// The height of the picture.
    pub height: i32,
    /// The nodes of the map and of the removed edges of the diff.
    pub nodes: Vec<PlacedNode>,
    /// The edges of the map and the removed edges of the diff. Edges of nodes that one node stands
    /// for are one edge for each other end and protocol.
    pub edges: Vec<PlacedEdge>,
}

/// A node in the picture of a service map.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlacedNode {
    /// The name of the node: a node of the map or of `diff.removed_nodes`. With `folded`, how many
    /// nodes it stands for: `23 more`.
    pub name: String,
    /// The kind of node: `service`, `database`, `queue` or `external`; `service` with `folded`.
    #[serde(with = "json::NodeKindJson")]
    pub kind: NodeKind,
    /// The left edge of the node.
    pub x: i32,
    /// The upper edge of the node.
    pub y: i32,
    /// The width of the node.
    pub width: i32,
    /// The height of the node.
    pub height: i32,
    /// How many nodes this node stands for, because the picture has no space for them; 0 for a node
    /// of the map.
    pub folded: u32,
}

/// An edge in the picture of a service map.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlacedEdge {
    /// The name of the caller in `nodes` of the layout.
    pub from: String,
    /// The name of the callee in `nodes` of the layout.
    pub to: String,
    /// The protocol of the calls.
    pub protocol: String,
    /// The corners of the line, x and y, from the border of the caller to the border of the callee.
    pub points: Vec<[i32; 2]>,
    /// Whether the edge is one of `diff.removed`.
    pub removed: bool,
}

/// A node of the service map: a service, or a database, queue or external host.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TopologyNode {
    /// The name of the node, unique in the map.
    pub name: String,
    /// The kind of node: `service`, `database`, `queue` or `external`.
    #[serde(with = "json::NodeKindJson")]
    pub kind: NodeKind,
}

/// All calls from one node to another over one protocol.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct TopologyEdge {
    /// The name of the caller.
    pub from: String,
    /// The name of the callee.
    pub to: String,
    /// `http`, `grpc`, `sql`, `redis`, `kafka` and so on; `unknown` when no attribute names the
    /// protocol.
    pub protocol: String,
    /// How many calls there were. The client span and the server span of one call count once.
    pub calls: u64,
    /// How many of the calls failed.
    pub errors: u64,
    /// The median duration of the calls in microseconds, as measured by the caller; of a message, the
    /// time from the start of sending it to the start of processing it. A percentile is the duration
    /// of a call (nearest rank).
    pub p50_us: u64,
    /// The 95th percentile of the durations in microseconds.
    pub p95_us: u64,
    /// The 99th percentile of the durations in microseconds.
    pub p99_us: u64,
    /// Whether the percentiles are exact. With more than 131,072 distinct durations the percentiles
    /// are at most 0.05% off. If all edges together have more than 4 million distinct durations, the
    /// percentiles of edges with more than 1,024 of them are up to 3.2% off.
    #[serde(default)]
    pub exact: bool,
    /// What the counts stand for, where they come from spans and only a share of these is recorded.
    /// Absent where everything is recorded. Shares and percentiles are those of the recorded ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
}

/// What changed in the service map, compared with the time before the window.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct TopologyDiff {
    /// Start of the earlier time range, microseconds since the Unix epoch.
    pub since_unix_us: i64,
    /// End of the earlier time range, exclusive, where the window begins: microseconds since the
    /// Unix epoch.
    pub until_unix_us: i64,
    /// How many traces started in the earlier time range.
    pub traces: u64,
    /// Edges of the window that did not exist in the earlier time range.
    pub added: Vec<TopologyEdge>,
    /// Edges of the earlier time range that no longer exist, with their earlier numbers.
    pub removed: Vec<TopologyEdge>,
    /// Nodes of `removed` that no longer exist.
    pub removed_nodes: Vec<TopologyNode>,
    /// Edges whose P50 or P95 grew by at least half and by at least a millisecond, with at least 20
    /// calls in both time ranges.
    pub slower: Vec<SlowerEdge>,
    /// Edges on which a larger share of calls fails than before: `errors / calls` grew by one
    /// percentage point or more, by half of its earlier value or by five percentage points, and by
    /// three standard errors or more; both time ranges have 20 calls or more.
    #[serde(default)]
    pub failing: Vec<FailingEdge>,
}

/// An edge that became slower.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct SlowerEdge {
    /// The edge with the numbers of the window.
    #[serde(flatten)]
    pub edge: TopologyEdge,
    /// The edge's P50 in the earlier time range, in microseconds.
    pub p50_us_before: u64,
    /// The edge's P95 in the earlier time range, in microseconds.
    pub p95_us_before: u64,
}

/// An edge on which a larger share of calls fails than before.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct FailingEdge {
    /// The edge with the numbers of the window.
    #[serde(flatten)]
    pub edge: TopologyEdge,
    /// How many calls there were in the earlier time range.
    pub calls_before: u64,
    /// How many of the calls in the earlier time range failed.
    pub errors_before: u64,
}
