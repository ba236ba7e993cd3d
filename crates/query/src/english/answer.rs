//! The answer to a question in plain English, composed of the answers to other questions.

use coral_trace::UnixNanos;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::understanding::{By, Intent, Period, Understanding, Window};
use crate::anomalies::answer::Anomaly;
use crate::anomalies::question::AnomaliesQuestion;
use crate::coverage::Coverage;
use crate::json;
use crate::red::answer::{RedNumbers, RedRow};
use crate::red::question::RedQuestion;
use crate::services::answer::Services;
use crate::services::question::ServicesQuestion;
use crate::topology::answer::TopologyEdge;
use crate::topology::question::TopologyQuestion;
use crate::traces::answer::{Groups, TraceList, Unmatched};
use crate::traces::question::TracesQuestion;
use crate::why::answer::Why;
use crate::why::question::WhyQuestion;

/// How a question in plain English was understood, and what was found. Every number is one that
/// another question returned; each part contains that question.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct English {
    /// How the question was understood; null when a word was not understood.
    pub understanding: Option<Understanding>,
    /// What was found, by kind of question.
    pub findings: Findings,
}

/// What was found, by kind of question.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Findings {
    /// Nothing was searched for, because a word of the question was not understood.
    NotUnderstood(NotUnderstood),
    /// Nothing was searched for, because no trace has a service of that name.
    NoSuchService(NoSuchService),
    /// Why a service is slow.
    Why(Box<WhyFindings>),
    /// What changed since the baseline.
    Changes(ChangeFindings),
    /// Which services call a service, and what that service calls.
    ServiceCalls(ServiceCallFindings),
    /// Calls between services: those with the most calls, the slowest, or those with the most
    /// errors, as was asked.
    Calls(CallFindings),
    /// A list of traces.
    Traces(TraceFindings),
    /// The routes of a service: the slowest, or those with the most errors, as was asked.
    Requests(RequestFindings),
    /// How well services are.
    Services(Box<ServiceFindings>),
    /// Spans by service, endpoint, host, version or statement.
    Groups(GroupFindings),
}

/// The words of a question that were not understood, and names that a question can have.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NotUnderstood {
    /// The words and phrases that were not understood, in the order of the question. Empty if the
    /// question has no words, or if no word says what is asked for.
    pub words: Vec<String>,
    /// Names of known services, sorted; at most five.
    pub services: Vec<String>,
    /// How many known services are not in `services`.
    pub more_services: u64,
}

/// An unknown service name, and names of known services.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NoSuchService {
    /// The name that was asked about.
    pub service: String,
    /// Services with similar names, most similar first.
    pub similar: Vec<String>,
    /// Names of known services, sorted; at most five.
    pub known: Vec<String>,
    /// How many known services are not in `known`.
    pub more_known: u64,
}

/// Why a service is slow.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WhyFindings {
    /// Requests of the service that was asked about, counted from metrics, or from spans if the
    /// window has no RED metrics of the service; null when no service was asked about, or no
    /// requests were counted.
    pub requests: Option<RequestFindings>,
    /// The time range of `requests` and `cause_requests`: since the change began, if a beginning was
    /// found; else the range of the question, or null.
    #[serde(default)]
    pub window: Option<Window>,
    /// The question that `why` answers.
    pub query: WhyQuestion,
    /// The answer about the cause.
    pub why: Why,
    /// Requests of the service that is the cause; null when there is no cause, when `requests` is
    /// about the same service, or when no requests were counted.
    pub cause_requests: Option<RequestFindings>,
}

/// Requests of one protocol that a service served.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RequestFindings {
    /// The question that was answered. Its source is `spans` if the window has no RED metrics of
    /// the service.
    pub query: RedQuestion,
    /// Where the stored data begins, in microseconds since the Unix epoch: the start of the window,
    /// or later if all data is younger.
    #[serde(default)]
    pub covered_since_unix_us: i64,
    /// Rows of the route that was asked about, or of all routes. As a part of the findings about
    /// why something is slow, empty unless a route was asked about; elsewhere at most five rows, in
    /// the order that was asked for.
    pub rows: Vec<RedRow>,
    /// The numbers of all requests together.
    pub overall: RedNumbers,
    /// The numbers of all rows together in the baseline; null when the question has no baseline.
    pub overall_before: Option<RedNumbers>,
}

/// What changed since the baseline.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ChangeFindings {
    /// The question that was answered.
    pub query: AnomaliesQuestion,
    /// Changes of the service or route that was asked about, or of all services; highest score
    /// first, at most five.
    pub anomalies: Vec<Anomaly>,
    /// How many further changes there are, with lower scores.
    pub more: u64,
    /// How many traces of the window were compared.
    #[serde(default)]
    pub traces: u64,
    /// How many traces of the baseline were compared; with none, there is nothing to compare with.
    #[serde(default)]
    pub baseline_traces: u64,
    /// When the change began that the window and the baseline are divided by: microseconds since
    /// the Unix epoch; null when no beginning was found, or none was asked for.
    #[serde(default, rename = "began_unix_us", with = "json::micros_or_null")]
    #[schemars(with = "Option<i64>")]
    pub began: Option<UnixNanos>,
    /// The gaps in what was seen of agents in the window and in the baseline, and what was not
    /// compared because of them.
    #[serde(default)]
    pub coverage: Vec<Coverage>,
    /// The start of the stored span that was received first; null unless the baseline is empty and
    /// began before that time. Microseconds since the Unix epoch.
    #[serde(default, rename = "stored_since_unix_us", with = "json::micros_or_null")]
    #[schemars(with = "Option<i64>")]
    pub stored_since: Option<UnixNanos>,
}

/// Which services call a service, and what that service calls.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ServiceCallFindings {
    /// The question that was answered.
    pub query: TopologyQuestion,
    /// Calls to the service, most calls first; at most ten.
    pub callers: Vec<TopologyEdge>,
    /// Calls by the service, most calls first; at most ten.
    pub callees: Vec<TopologyEdge>,
    /// How many spans of the window, of any service, have a parent that is not stored: calls that
    /// led there are not among the edges.
    #[serde(default)]
    pub orphan_spans: u64,
    /// The gaps in what was seen of agents in the window.
    #[serde(default)]
    pub coverage: Vec<Coverage>,
}

/// How well all services are, or one.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ServiceFindings {
    /// The question that was answered.
    pub query: ServicesQuestion,
    /// The answer.
    pub services: Services,
}

/// Calls between services.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CallFindings {
    /// The question that was answered.
    pub query: TopologyQuestion,
    /// The edges of the service map, in the order that was asked for; at most ten.
    pub edges: Vec<TopologyEdge>,
    /// The gaps in what was seen of agents in the window.
    #[serde(default)]
    pub coverage: Vec<Coverage>,
}

/// A list of traces.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TraceFindings {
    /// The question that was answered.
    pub query: TracesQuestion,
    /// The traces, in the order that was asked for; at most five.
    pub list: TraceList,
}

/// Spans by service, endpoint, host, version or statement.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GroupFindings {
    /// The tables: one, or one for each service whose versions are compared; at most five.
    pub tables: Vec<GroupTable>,
}

/// Spans by one key.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GroupTable {
    /// The question that was answered.
    pub query: TracesQuestion,
    /// How many spans meet the conditions, those of all groups together.
    pub spans: u64,
    /// How many of these spans have the status `error`.
    pub errors: u64,
    /// The groups, in the order that was asked for: the slowest or those with the most errors
    /// first; at most ten. Groups without errors are left out if the question is about errors.
    pub groups: Groups,
    /// How many further groups there are.
    pub more: u64,
    /// Keys and values of the question that no span has, when no trace matches.
    pub unmatched: Vec<Unmatched>,
    /// The gaps in what was seen of agents in the window.
    pub coverage: Vec<Coverage>,
}
