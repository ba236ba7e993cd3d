//! Who calls whom.

pub use coral_trace::dependency::NodeKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::json;

/// The service map of a window.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Topology {
    /// The window: microseconds since the Unix epoch, half-open. Traces that started in it count, whole.
    pub since_unix_us: i64,
    /// Its end.
    pub until_unix_us: i64,
    /// Services with spans, and what they call, by name. No two have the same name.
    pub nodes: Vec<TopologyNode>,
    /// By caller, callee and protocol.
    pub edges: Vec<TopologyEdge>,
    /// Nodes that call each other in a circle, or themselves.
    pub cycles: Vec<Vec<String>>,
    /// Traces that were looked at: all of the window.
    pub traces: u64,
    /// Their spans.
    pub spans: u64,
    /// Spans whose parent is not stored: who called them is not known, and no edge is made.
    pub orphan_spans: u64,
    /// Calls by spans that do not say whom they call, and whose other side is not stored.
    pub unnamed_calls: u64,
    /// Calls over edges beyond the largest number of edges that are counted one by one.
    pub calls_left_out: u64,
    /// What changed; null unless that was asked for.
    pub diff: Option<TopologyDiff>,
}

/// A service, or what services call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TopologyNode {
    /// Its name.
    pub name: String,
    /// `service`, `database`, `queue` or `external`.
    #[serde(with = "json::NodeKindJson")]
    pub kind: NodeKind,
}

/// All calls of one node to another over one protocol.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct TopologyEdge {
    /// The caller's name.
    pub from: String,
    /// The callee's name.
    pub to: String,
    /// `http`, `grpc`, `sql`, `redis`, `kafka`, …; `unknown` when no attribute says it.
    pub protocol: String,
    /// How many; a client's and a server's span of one call are one.
    pub calls: u64,
    /// Of these, how many failed.
    pub errors: u64,
    /// Half of the calls took at most this, microseconds, as the caller saw it. Exact up to 256 calls, of more at
    /// most 0.4% off.
    pub p50_us: u64,
    /// 95 of 100 took at most this.
    pub p95_us: u64,
    /// 99 of 100 took at most this.
    pub p99_us: u64,
}

/// What changed since the time before the window.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct TopologyDiff {
    /// The time before: microseconds since the Unix epoch, half-open.
    pub since_unix_us: i64,
    /// Its end, where the window begins.
    pub until_unix_us: i64,
    /// Traces that were looked at there.
    pub traces: u64,
    /// Edges of the window that were not there before.
    pub added: Vec<TopologyEdge>,
    /// Edges of before that are not in the window, with the numbers of before.
    pub removed: Vec<TopologyEdge>,
    /// Nodes of `removed` that are not in the window.
    pub removed_nodes: Vec<TopologyNode>,
    /// Edges whose P50 or P95 rose by half or more, and by a millisecond or more, with 20 calls or more in both.
    pub slower: Vec<SlowerEdge>,
}

/// An edge that became slower.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct SlowerEdge {
    /// As it is in the window.
    #[serde(flatten)]
    pub edge: TopologyEdge,
    /// What it was.
    pub p50_us_before: u64,
    /// What it was.
    pub p95_us_before: u64,
}
