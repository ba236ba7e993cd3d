//! What was understood of a question in plain English.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was understood of a question.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Understanding {
    /// What is to be found.
    pub intent: Intent,
    /// The service that the question is about; null for all.
    pub service: Option<String>,
    /// A word that stands where a service's name does, and names none; null when there is no such word.
    pub unknown_service: Option<String>,
    /// The route that the question is about; null for all.
    pub route: Option<String>,
    /// The time that the question is about.
    pub window: Window,
}

/// What is to be found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Intent {
    /// Why something is slow, or fails.
    Why,
    /// What changed since the baseline.
    Changes,
    /// Who calls whom.
    Calls,
    /// Traces.
    Traces {
        /// The slowest first.
        slow: bool,
        /// With a failed span.
        failed: bool,
    },
    /// What is slowest.
    Slowest,
    /// What fails.
    Errors,
}

/// The time that a question is about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    /// Its start: microseconds since the Unix epoch.
    pub since_unix_us: i64,
    /// Its end, exclusive: microseconds since the Unix epoch.
    pub until_unix_us: i64,
    /// How the question names that time.
    pub period: Period,
    /// Phrases of the question that may name another time, and were not understood: `last night`.
    pub unread: Vec<String>,
}

/// How a question names a time. Days are those of UTC.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Period {
    /// The time before the question: `last 15 minutes`.
    Last {
        /// How long it is, microseconds.
        length_us: i64,
    },
    /// Since midnight.
    Today,
    /// The day before today.
    Yesterday,
    /// Since the midnight before the last.
    SinceYesterday,
}

impl Window {
    /// The shortest baseline: a shorter one has few traces.
    const MIN_BASELINE_US: i64 = 3_600_000_000;

    /// The length of the baseline before the window: the window's own in whole seconds, and at least an hour.
    pub fn baseline_us(&self) -> i64 {
        let length = self.until_unix_us.saturating_sub(self.since_unix_us);
        // The window includes the microsecond of the question, which is no part of the length that was asked for.
        (length / 1_000_000 * 1_000_000).max(Self::MIN_BASELINE_US)
    }
}
