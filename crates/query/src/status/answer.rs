//! The state of a colony.

use std::collections::BTreeMap;

use coral_trace::UnixNanos;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The state of a colony: one entry per agent, and the colony's own counters.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ColonyStatus {
    /// The version of Coral that the colony runs.
    pub version: String,
    /// What a person has to look at; empty when nothing is wrong.
    #[serde(default)]
    pub problems: Vec<Problem>,
    /// The agents, sorted by id.
    pub agents: Vec<AgentStatus>,
    /// The targets to which the colony exports spans, in the order of the setting `export`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exports: Vec<ExportStatus>,
    /// What the colony stores.
    #[serde(default)]
    pub store: StoreStatus,
    /// The DuckDB library that SQL queries would be answered with.
    #[serde(default)]
    pub sql_library: SqlLibrary,
    /// How what the colony sends is encrypted: `tls`; `loopback`, where it does not leave the host;
    /// or `insecure_plaintext`, where everybody on the network can read it. Empty from an older colony.
    #[serde(default)]
    pub encryption: String,
    /// Counters and gauges, by the names that they have on `/metrics`.
    pub counters: BTreeMap<String, u64>,
}

/// The polling state of one agent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AgentStatus {
    /// The agent's id.
    pub agent_id: String,
    /// The URL at which the agent is polled.
    pub address: String,
    /// How the colony knows of the agent: `configured` or `registered`.
    pub known_by: String,
    /// `ok`, `not_polled` (before the first poll), or how the last poll failed: `unreachable`,
    /// `refuses`, `too_old`, `nonsense` (the reply is not one that an agent sends), `cannot_store`
    /// (this colony could not store the data); or `polled_elsewhere` (another colony of the same
    /// store polls the agent).
    #[serde(default)]
    pub state: String,
    /// The version of Coral that the agent runs; null until the agent registers with this process.
    #[serde(default)]
    pub version: Option<String>,
    /// When the agent last replied to a poll: microseconds since the Unix epoch; null when the
    /// agent has not replied since the colony started.
    #[serde(default, rename = "answered_at_unix_us", with = "crate::json::micros_or_null")]
    #[schemars(with = "Option<i64>")]
    pub answered_at: Option<UnixNanos>,
    /// When spans of the agent were last stored: microseconds since the Unix epoch; null when none
    /// were stored since the colony started.
    #[serde(default, rename = "spans_at_unix_us", with = "crate::json::micros_or_null")]
    #[schemars(with = "Option<i64>")]
    pub spans_at: Option<UnixNanos>,
    /// Spans of the agent that were stored per second, averaged over the last minute; null when the
    /// agent was not polled in the last minute.
    #[serde(default)]
    pub spans_per_second: Option<f64>,
    /// Whether anything replied to the last poll, even with an error.
    pub reachable: bool,
    /// How many receipts the agent has issued that this colony has not stored yet; null before the
    /// first poll.
    pub lag_receipts: Option<u64>,
    /// Seconds since this colony last held everything that the agent had stored; null if it never
    /// did.
    pub lag_seconds: Option<f64>,
    /// The error of the last poll; null when the last poll succeeded.
    pub last_error: Option<String>,
    /// Spans of this agent that this colony has stored since its store was created.
    pub spans_stored: u64,
    /// Spans that expired on the agent before this colony had polled them.
    pub spans_missed: u64,
    /// Spans received from this agent that can never be stored, since the colony started.
    #[serde(default)]
    pub spans_refused: u64,
    /// Why the most recent span or metric was refused; null when none was.
    #[serde(default)]
    pub last_refusal: Option<String>,
    /// State and reason of the Beyla that the agent runs, as of `answered_at_unix_us`; null before
    /// the first poll, and for agents that do not report the state.
    #[serde(default)]
    pub beyla: Option<String>,
    /// Services that listen on the agent's host and that its Beyla, which runs, is not told to
    /// trace: at most 64, by port.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untraced: Vec<UntracedService>,
}

/// A service that listens on the host of an agent, and that Beyla could trace.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct UntracedService {
    /// A name for the service: that of its unit of systemd, its script or its program.
    pub name: String,
    /// The lowest port on which the service listens.
    pub port: u16,
    /// The path of the executable file.
    pub program: String,
}

/// The services of an agent's host that Beyla could trace.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct UntracedServices {
    /// The agent's id.
    pub agent_id: String,
    /// The services, by port.
    pub services: Vec<UntracedService>,
}

/// How the export to one target goes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExportStatus {
    /// The name of the target in the setting `export`.
    pub name: String,
    /// The URL to which spans are sent.
    pub url: String,
    /// `grpc` or `http` (OTLP), or `zipkin`.
    pub protocol: String,
    /// `waiting` (nothing was sent yet), `ok`, `retrying` (the last request failed and is repeated
    /// soon), `refused` (somebody has to change the target or its settings; the request is repeated
    /// slowly) or `cannot_read` (the colony's store or the export's cursor cannot be used).
    pub state: String,
    /// How many receipts the colony has issued that the target has not acknowledged; null before
    /// the export began.
    pub lag_receipts: Option<u64>,
    /// Seconds since the oldest of them was received; null if that is not known.
    pub lag_seconds: Option<f64>,
    /// Spans that the target took since the export began.
    pub exported: u64,
    /// Spans that the target rejected for good since the export began.
    pub rejected: u64,
    /// Spans that expired before the target took them, since the export began.
    pub missed: u64,
    /// Spans that the filter left out since the colony started.
    pub filtered: u64,
    /// Spans that came back and were not exported again, since the colony started.
    pub returned: u64,
    /// Requests that failed since the colony started.
    pub failures: u64,
    /// Why the last request failed; null when it succeeded.
    pub last_error: Option<String>,
    /// Why the target rejected spans at last; null when it rejected none.
    pub last_rejection: Option<String>,
}

/// The DuckDB library that a colony answers SQL queries with.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct SqlLibrary {
    /// The path of the library; null when none was found.
    pub path: Option<String>,
    /// Which setting or search location the library was found by; null when none was found.
    pub found_by: Option<String>,
    /// Why no library could be used; null when one was found.
    pub reason: Option<String>,
}

/// What a colony stores, and for how long.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct StoreStatus {
    /// Stored spans.
    pub spans: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// The number of bytes at which the oldest data is deleted early: `storage.max_size`.
    pub max_bytes: u64,
    /// When the oldest stored span was received: microseconds since the Unix epoch; null when no
    /// span is stored.
    #[serde(rename = "oldest_received_unix_us", with = "crate::json::micros_or_null")]
    #[schemars(with = "Option<i64>")]
    pub oldest_received: Option<UnixNanos>,
    /// Seconds for which a span is kept: `storage.beyla.retention.traces`.
    pub keep_seconds: u64,
    /// Spans that were stored and cannot be read any more.
    pub spans_damaged: u64,
    /// The ClickHouse servers that store everything; absent if the colony's own host does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shards: Vec<ShardStatus>,
}

/// A ClickHouse server that stores the spans of some traces.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ShardStatus {
    /// The server.
    pub url: String,
    /// The version that the server states; null if it did not answer.
    pub version: Option<String>,
    /// Stored rows of spans, repeats included; null if the server did not answer.
    pub spans: Option<u64>,
    /// Bytes on disk; null if the server did not answer.
    pub bytes: Option<u64>,
    /// Bytes that are free on the disk; null if the server does not say.
    pub free_bytes: Option<u64>,
    /// Why the server did not answer; null if it did.
    pub last_error: Option<String>,
}

/// Something about a colony that a person has to look at.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Problem {
    /// The colony knows no agent, so it collects nothing.
    NoAgents,
    /// The first poll of the agent has not ended yet.
    AgentNotPolled {
        /// The agent's id.
        agent_id: String,
    },
    /// Nothing replies at the agent's address.
    AgentUnreachable {
        /// The agent's id.
        agent_id: String,
        /// When the agent last replied: microseconds since the Unix epoch; null when the agent has
        /// not replied since the colony started.
        #[serde(rename = "answered_at_unix_us", with = "crate::json::micros_or_null")]
        #[schemars(with = "Option<i64>")]
        answered_at: Option<UnixNanos>,
    },
    /// Something replies at the agent's address, and its reply cannot be used.
    AgentUnusable {
        /// The agent's id.
        agent_id: String,
        /// The state of polling: `refuses`, `too_old` or `nonsense`.
        state: String,
    },
    /// The colony cannot store what the agent sent.
    CannotStore {
        /// The agent's id.
        agent_id: String,
    },
    /// The agent replies, and the colony has not caught up with it.
    AgentBehind {
        /// The agent's id.
        agent_id: String,
        /// Seconds since the colony last held everything that the agent had stored.
        seconds: f64,
    },
    /// The agent should run Beyla, and its Beyla does not work.
    BeylaNotWorking {
        /// The agent's id.
        agent_id: String,
        /// State and reason of the agent's Beyla.
        beyla: String,
    },
    /// A server that stores the spans of some traces does not answer. Questions about these traces are
    /// not answered, and nothing is stored, until it does.
    ShardUnavailable {
        /// The URL of the server.
        url: String,
        /// Why it did not answer.
        error: String,
    },
    /// Stored spans cannot be read any more.
    SpansDamaged {
        /// How many.
        spans: u64,
    },
}
