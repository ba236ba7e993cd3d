//! What the colony answers. CLI, HTTP, MCP and web show the same values (design decision 14), and
//! these are the documented JSON shapes of design §7: fields may be added, none renamed.

mod anomalies;
mod plain;
mod red;
mod topology;
mod why;

pub use anomalies::{Anomalies, Anomaly};
pub use plain::{Plain, PlainLine, PlainSection};
pub use red::{RedNumbers, RedRow, RedTable, SlowRow, SlowTrace};
pub use topology::{SlowerEdge, Topology, TopologyDiff, TopologyEdge, TopologyNode};
pub use why::{Why, WhyEvidence, WhyStandout, WhySuspect};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One whole trace.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Trace {
    /// 32 lower-case hex digits.
    pub trace_id: String,
    /// Start of its first span, microseconds since the Unix epoch.
    pub start_time_unix_us: i64,
    /// From the start of its first span to the end of its last, microseconds.
    pub duration_us: i64,
    /// Spans stored; `spans` may be shorter, see `spans_left_out`.
    pub span_count: u64,
    /// Spans whose status is `error`.
    pub error_count: u64,
    /// Every service that has a span in it, in the order in which its tree is read.
    pub services: Vec<String>,
    /// One root, every parent that a span names is stored, and no span is left out here.
    pub complete: bool,
    /// Spans by start time, then id.
    pub spans: Vec<Span>,
    /// Spans stored and not in `spans`, because a trace is answered up to a limit: the latest by start.
    #[serde(default)]
    pub spans_left_out: u64,
}

/// One span of a [`Trace`].
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Span {
    /// 32 lower-case hex digits.
    pub trace_id: String,
    /// 16 lower-case hex digits.
    pub span_id: String,
    /// 16 lower-case hex digits; null for a root.
    pub parent_span_id: Option<String>,
    /// The agent that received it.
    pub agent_id: String,
    /// `service.name`, or `unknown_service`.
    pub service_name: String,
    /// The operation.
    pub span_name: String,
    /// `internal`, `server`, `client`, `producer` or `consumer`.
    pub span_kind: String,
    /// Microseconds since the Unix epoch.
    pub start_time_unix_us: i64,
    /// Microseconds; 0 when it ended before it began.
    pub duration_us: i64,
    /// HTTP or gRPC response status; null when there is none.
    pub status_code: Option<u16>,
    /// `unset`, `ok` or `error`.
    pub span_status: String,
    /// Attributes as text; lists and maps as JSON.
    pub attributes: BTreeMap<String, String>,
    /// `ebpf` or `sdk`: who made the span.
    pub source: String,
    /// One of Beyla's `in queue` and `processing` children, which trees see through.
    #[serde(default)]
    pub virtual_hop: bool,
}

/// A page of traces.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TraceList {
    /// In the order that was asked for.
    pub traces: Vec<TraceSummary>,
    /// More traces match than `limit` let through, or than one answer may hold.
    pub more: bool,
}

/// One line of a [`TraceList`].
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TraceSummary {
    /// 32 lower-case hex digits.
    pub trace_id: String,
    /// Start of its first span, microseconds since the Unix epoch.
    pub start_time_unix_us: i64,
    /// From the start of its first span to the end of its last, microseconds.
    pub duration_us: i64,
    /// Spans stored.
    pub span_count: u64,
    /// Spans whose status is `error`.
    pub error_count: u64,
    /// Every service that has a span in it, by name.
    pub services: Vec<String>,
    /// The root's service; null when no root was received.
    pub root_service: Option<String>,
    /// The root's name; that of the earliest span when no root was received.
    pub root_operation: String,
    /// The root's response status; null when there is none.
    pub status_code: Option<u16>,
    /// Why it was slow, in a few words: `card-validator-svc timeout (4.8s)`. Null when that was not asked, or cannot be told.
    pub root_cause: Option<String>,
}

/// `coral colony status`: one entry per agent, and the colony's own counters.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ColonyStatus {
    /// Coral's version.
    pub version: String,
    /// In order of their ids.
    pub agents: Vec<AgentStatus>,
    /// DuckDB's library, with which questions in SQL would be answered.
    #[serde(default)]
    pub sql_library: SqlLibrary,
    /// Counters and gauges under the names that /metrics gives them.
    pub counters: BTreeMap<String, u64>,
}

/// How polling one agent goes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct AgentStatus {
    /// The agent's id.
    pub agent_id: String,
    /// Where it is polled.
    pub address: String,
    /// `configured` or `registered`.
    pub known_by: String,
    /// `ok`; `not_polled` before the first poll; what went wrong with the last one: `unreachable`, `refuses`,
    /// `too_old`, `nonsense` (it answers what no agent does), `cannot_store` (this colony's fault).
    #[serde(default)]
    pub state: String,
    /// Somebody answered the last poll, whatever it was.
    pub reachable: bool,
    /// Receipts the agent has given out and this colony has not stored; null before the first poll.
    pub lag_receipts: Option<u64>,
    /// Seconds since the colony last held everything the agent had; null when it never did.
    pub lag_seconds: Option<f64>,
    /// What went wrong with the last poll; null when it succeeded.
    pub last_error: Option<String>,
    /// Spans of this agent stored here since the colony's store was made.
    pub spans_stored: u64,
    /// Spans that expired on the agent before this colony polled them.
    pub spans_missed: u64,
    /// Spans that came and can never be stored, since the colony started.
    #[serde(default)]
    pub spans_refused: u64,
    /// Why, for the last of them or of its metrics; null when there is none.
    #[serde(default)]
    pub last_refusal: Option<String>,
    /// State and reason of the Beyla that the agent runs; null before the first poll, and of agents that do
    /// not say it.
    #[serde(default)]
    pub beyla: Option<String>,
}

/// DuckDB's library, with which a colony answers SQL.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SqlLibrary {
    /// The file; null when there is none.
    pub path: Option<String>,
    /// How it was found; null when it was not.
    pub found_by: Option<String>,
    /// Why there is none; null when there is one.
    pub reason: Option<String>,
}
