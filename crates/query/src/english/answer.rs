//! An answer to a question in plain English, as parts of other answers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::understanding::{Intent, Period, Understanding, Window};
use crate::anomalies::answer::Anomaly;
use crate::anomalies::question::AnomaliesQuestion;
use crate::red::answer::{RedNumbers, RedRow};
use crate::red::question::RedQuestion;
use crate::topology::answer::TopologyEdge;
use crate::topology::question::TopologyQuestion;
use crate::traces::answer::TraceList;
use crate::traces::question::TracesQuestion;
use crate::why::answer::Why;
use crate::why::question::WhyQuestion;

/// What was understood, and what was found. Every number in it is one that a query returned; each part carries the
/// question that it answers.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct English {
    /// What was understood; null when the question is none of those that can be asked.
    pub understanding: Option<Understanding>,
    /// What was found.
    pub findings: Findings,
}

/// What was found, by what was asked.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Findings {
    /// Nothing was looked for: the question is none of those that can be asked.
    NotUnderstood,
    /// Nothing was looked for: no trace has a service of that name.
    NoSuchService(NoSuchService),
    /// Why something is slow.
    Why(Box<WhyFindings>),
    /// What changed since the baseline.
    Changes(ChangeFindings),
    /// What calls a service, and what it calls.
    ServiceCalls(ServiceCallFindings),
    /// Calls between services: those with the most calls, the slowest, or those that fail most, as was asked.
    Calls(CallFindings),
    /// Traces.
    Traces(TraceFindings),
    /// Requests that a service served: the slowest, or those that fail most, as was asked.
    Requests(RequestFindings),
}

/// A name that no service has, and names that services have.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NoSuchService {
    /// The name that was asked about.
    pub service: String,
    /// Services of a similar name, the most alike first.
    pub similar: Vec<String>,
    /// Some of all services, by name.
    pub known: Vec<String>,
    /// How many services there are beside `known`.
    pub more_known: u64,
}

/// Why something is slow.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WhyFindings {
    /// Requests of the service that was asked about, as metrics count them; null when no service was asked about, or
    /// no such request was counted.
    pub requests: Option<RequestFindings>,
    /// The question about the cause.
    pub query: WhyQuestion,
    /// The cause.
    pub why: Why,
    /// Requests of the service that is the cause; null when there is no cause, when `requests` has that service, or
    /// when no request of it was counted.
    pub cause_requests: Option<RequestFindings>,
}

/// Requests that a service served by one protocol.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RequestFindings {
    /// The question.
    pub query: RedQuestion,
    /// Rows of the table, of the route that was asked about or of all. In [`WhyFindings`] empty unless a route was
    /// asked about; elsewhere at most five, in the order that was asked for.
    pub rows: Vec<RedRow>,
    /// All rows of the table together.
    pub overall: RedNumbers,
    /// All rows of the baseline's table; null when the question has no baseline.
    pub overall_before: Option<RedNumbers>,
}

/// What changed since the baseline.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ChangeFindings {
    /// The question.
    pub query: AnomaliesQuestion,
    /// Changes of the service or route that was asked about, or of all; the highest score first, at most five.
    pub anomalies: Vec<Anomaly>,
    /// How many more there are, which score less.
    pub more: u64,
}

/// What calls a service, and what it calls.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ServiceCallFindings {
    /// The question.
    pub query: TopologyQuestion,
    /// Calls of the service, the most calls first, at most ten.
    pub callers: Vec<TopologyEdge>,
    /// Calls by the service, the most calls first, at most ten.
    pub callees: Vec<TopologyEdge>,
}

/// Calls between services.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CallFindings {
    /// The question.
    pub query: TopologyQuestion,
    /// The calls, in the order that was asked for; at most ten.
    pub edges: Vec<TopologyEdge>,
}

/// Traces.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TraceFindings {
    /// The question.
    pub query: TracesQuestion,
    /// The traces, in the order that was asked for; at most five.
    pub list: TraceList,
}
