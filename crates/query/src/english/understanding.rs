//! How a question in plain English was understood.

use coral_trace::{TraceId, UnixNanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::json;

/// How a question in plain English was understood.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Understanding {
    /// What the question asks for.
    pub intent: Intent,
    /// The service that the question is about; null for all services.
    pub service: Option<String>,
    /// A word in the place of a service's name that no service has; null when there is none.
    pub unknown_service: Option<String>,
    /// The route that the question is about; null for all routes.
    pub route: Option<String>,
    /// The HTTP method before the route, in upper case; null when the question has none.
    #[serde(default)]
    pub method: Option<String>,
    /// The trace that the question is about, if the question has a whole trace id. The time range of
    /// the question does not matter then.
    #[serde(default, with = "json::text_or_null")]
    #[schemars(with = "Option<String>")]
    pub trace_id: Option<TraceId>,
    /// The beginning of the id of the trace that the question is about: 8 to 31 lower-case hex
    /// digits; null when there is none.
    #[serde(default)]
    pub trace_id_prefix: Option<String>,
    /// Databases, queues and external hosts that the question is about, by the names that they have
    /// in the service map; empty when the question names none.
    #[serde(default)]
    pub peers: Vec<String>,
    /// The host that the question is about, by its `host.name`; null for all hosts.
    #[serde(default)]
    pub host: Option<String>,
    /// The version that the question is about, by `service.version`; null for all versions.
    #[serde(default)]
    pub version: Option<String>,
    /// The response status code that the question is about: `503`, or `4xx` or `5xx` for a class of
    /// codes; null for all.
    #[serde(default)]
    pub status: Option<String>,
    /// The shortest duration of the traces that the question is about, in microseconds; null
    /// without a limit.
    #[serde(default)]
    pub min_duration_us: Option<i64>,
    /// The percentile that the question asks for: 50, 95 or 99; null when the question names none.
    #[serde(default)]
    pub quantile: Option<u8>,
    /// What the question asks to group by; null for no groups.
    #[serde(default)]
    pub by: Option<By>,
    /// The time range that the question is about.
    pub window: Window,
}

impl Understanding {
    /// The operation that the question is about: the route, after its method if the question has
    /// one.
    pub(super) fn operation(&self) -> Option<String> {
        let route = self.route.as_ref()?;
        Some(match &self.method {
            Some(method) => format!("{method} {route}"),
            None => route.clone(),
        })
    }

    /// Whether questions of this kind may be about databases, queues and external hosts.
    pub(super) fn may_name_peers(&self) -> bool {
        let is_of_calls = matches!(
            self.intent,
            Intent::Calls | Intent::Slowest | Intent::Latency | Intent::Errors
        );
        is_of_calls && self.service.is_none()
    }
}

/// What a question asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Intent {
    /// Why something is slow or fails.
    Why,
    /// What changed since the baseline.
    Changes,
    /// Which service calls which.
    Calls,
    /// A list of traces.
    Traces {
        /// Whether the slowest traces come first; else the newest do.
        slow: bool,
        /// Whether only traces with a failed span are listed.
        failed: bool,
    },
    /// The slowest routes or calls.
    Slowest,
    /// The routes or calls with the most errors.
    Errors,
    /// Which services there are, and how well they are.
    Health,
    /// How long requests of a service, or all requests, take.
    Latency,
    /// The slowest statements of databases.
    Statements,
}

/// What a question asks to group by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// By service.
    Service,
    /// By call from one service to another: the calls to and by the service of the question.
    Call,
    /// By endpoint: the name of the span that serves the request, such as `GET /items`.
    Endpoint,
    /// By host: `host.name`.
    Host,
    /// By version: `service.version`.
    Version,
}

/// The time range that a question is about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    /// The start: microseconds since the Unix epoch.
    pub since_unix_us: i64,
    /// The end, exclusive: microseconds since the Unix epoch.
    pub until_unix_us: i64,
    /// How the question expressed the time range.
    pub period: Period,
    /// Always empty: a question with a time that is not understood, such as `last night`, is not
    /// answered.
    pub unread: Vec<String>,
    /// Whether the question named no time range that was understood. Then the answer to `why` or
    /// `changes` is about the time since the change began, where that is found.
    #[serde(default)]
    pub is_default: bool,
}

/// How a question expressed a time range. Days begin at midnight in the time zone of the question.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Period {
    /// A length of time that ends with the question: `last 15 minutes`.
    Last {
        /// The length in microseconds.
        length_us: i64,
    },
    /// From midnight today until now.
    Today,
    /// The whole day before today.
    Yesterday,
    /// From midnight at the start of yesterday until now.
    SinceYesterday,
    /// From a time that the question names until now: `since 02:40`.
    Since,
    /// From one time that the question names to another: `between 02:30 and 03:00`.
    Between,
    /// From the time at which a change began, which the question did not name, until now.
    SinceChange,
}

impl Window {
    /// The rest of this window after the time at which a change `began`, from a whole second on, as
    /// the flags of commands can say it.
    pub(super) fn since_change(&self, began: UnixNanos) -> Self {
        let since_unix_us = began.as_micros() / 1_000_000 * 1_000_000;
        Self { since_unix_us, period: Period::SinceChange, ..self.clone() }
    }

    /// The shortest baseline, in microseconds: one hour. A shorter one would have too few traces.
    const MIN_BASELINE_US: i64 = 3_600_000_000;

    /// The length of the baseline before the window, in microseconds: as long as the window,
    /// rounded down to whole seconds, and at least one hour.
    pub fn baseline_us(&self) -> i64 {
        let length = self.until_unix_us.saturating_sub(self.since_unix_us);
        // The window includes the microsecond of the question itself, which is not part of the
        // length that the question names.
        (length / 1_000_000 * 1_000_000).max(Self::MIN_BASELINE_US)
    }
}
