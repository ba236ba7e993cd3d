//! A small grammar for questions in plain English; no language model is involved.
//!
//! What a question asks for, by its words. The first line that matches counts:
//!
//! - `why …`, `root cause …`: why a service, or a route of it, is slow or fails.
//! - `what changed …`, `anomalies …`, `what is different …`: what changed since the baseline.
//! - `what calls X`, `what does X call`, `… depend …`, `map`, `topology`, without a word for slow or
//!   failing: which service calls which.
//! - `show me [slow, failing] traces …`: traces.
//! - `slowest endpoints …`, `… slow …`, `… latency …`: the slowest routes of a service, or the
//!   slowest calls.
//! - `errors …`, `what fails …`: what fails.
//! - `what is wrong …`, `is … ok`, `healthy`, `status …`, `which services …`: how well services
//!   are.
//!
//! A question with a whole trace id, of 32 hex digits, is about why that trace is slow or fails.
//!
//! A route begins with `/`. Service names are matched without regard to case. A service whose name
//! is a word of the grammar, such as `map`, must be in quotes, except where no other word can stand:
//! `why is map slow`.
//!
//! The time range of a question, in UTC or in the time zone of the question:
//!
//! - `last 15 minutes`, `past 2h`, `since half an hour`, `in the last two hours`, `10 minutes ago`:
//!   from that long ago until now.
//! - `last hour`, `last day`, `last week`: the last hour, 24 hours or 7 days.
//! - `today`: since midnight. `yesterday`: the day before today. `since yesterday`: since the start
//!   of the day before today.
//! - `since 02:40`, `since 2026-11-25 14:02`: from that time until now. Times are in the forms of
//!   the command line, and `02:40` is the latest such time that has passed.
//! - `between 02:30 and 03:00`, `from 02:30 to 03:00`, also with a day: between both times.
//! - `at 02:40`, `around 3am`: from 15 minutes before until 15 minutes after.
//! - `on 2026-11-24`: the whole day.
//! - No such words: the last hour; for `why` and for how well services are, the last 15 minutes.
//!
//! Numbers are digits, `one` to `twelve`, `a`, or `half a`. Other words about time (`last night`,
//! `monday`) are not understood; the answer lists them beside the time range that was
//! used.

mod name;
#[cfg(test)]
mod tests;
mod time;
mod word;

use std::time::Duration;

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::word::{Word, words};
use super::understanding::{Intent, Understanding};

/// A question in plain English.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnglishQuestion {
    /// The question, in words.
    pub question: String,
    /// When it was asked: microseconds since the Unix epoch.
    pub now_unix_us: i64,
    /// Time zone of times in the question: `UTC`, `local` (of the colony), or a name of the IANA
    /// database. Empty: UTC.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tz: String,
}

/// Parses `question`, given the names of the known services; `None` when the question does not fit
/// the grammar.
///
/// Times in the question are read in `zone`.
pub fn understand(
    question: &str,
    services: &[String],
    now_unix_us: i64,
    zone: &TimeZone,
) -> Option<Understanding> {
    let words = words(question);
    let service = name::service(&words, services);
    let others = |at: usize| intent(&[&words[..at], &words[at + 1..]].concat());
    let trace_id = words.iter().find_map(Word::trace_id);
    let intent = match trace_id {
        Some(_) => Intent::Why,
        None => service.and_then(|(at, _)| others(at)).or_else(|| intent(&words))?,
    };
    let is_about_any = service.is_none() && trace_id.is_none();
    let unknown = if is_about_any { name::likely_name(&words) } else { None };
    Some(Understanding {
        intent,
        service: service.map(|(_, service)| service.to_owned()),
        unknown_service: unknown.map(str::to_owned),
        route: words.iter().find(|word| word.text.starts_with('/')).map(|word| word.text.clone()),
        trace_id,
        window: time::window(&words, default_length(intent), now_unix_us, zone),
    })
}

/// The length of the window when the question names no time: the default of the corresponding
/// command.
fn default_length(intent: Intent) -> Duration {
    let minutes = if matches!(intent, Intent::Why | Intent::Health) { 15 } else { 60 };
    Duration::from_secs(60 * minutes)
}

/// Beginnings of the words that decide what a question asks for.
const STEMS: [&[&str]; 7] = [WHY, CHANGES, CALLS, TRACES, SLOW, PLACES, FAILURES];
const WHY: &[&str] = &["why", "root", "cause"];
const CHANGES: &[&str] = &["chang", "anomal", "different", "otherwise", "happen"];
const CALLS: &[&str] = &["call", "depend", "topology", "map", "talk"];
const TRACES: &[&str] = &["trace"];
const SLOW: &[&str] = &["slow", "latency", "longest", "p95", "p99"];
const PLACES: &[&str] = &["endpoint", "route"];
const FAILURES: &[&str] = &["error", "fail", "5xx", "broken", "500"];
/// Words that ask how well services are. They are whole words: many names begin with `ok`.
const HEALTH: &[&str] = &[
    "down",
    "fine",
    "health",
    "healthy",
    "issue",
    "issues",
    "ok",
    "okay",
    "problem",
    "problems",
    "sick",
    "status",
    "unhealthy",
    "well",
    "wrong",
];
/// Words that ask which services there are.
const SERVICES: &[&str] = &["services"];

fn intent(words: &[Word]) -> Option<Intent> {
    let has_any = |stems: &[&str]| words.iter().any(|word| word.begins(stems));
    let (slow, failed) = (has_any(SLOW), has_any(FAILURES));
    Some(if has_any(&["why"]) || (has_any(&["root"]) && has_any(&["cause"])) {
        Intent::Why
    } else if has_any(CHANGES) {
        Intent::Changes
    } else if has_any(CALLS) && !slow && !failed {
        Intent::Calls
    } else if has_any(TRACES) {
        Intent::Traces { slow, failed }
    } else if slow || has_any(PLACES) && !failed {
        Intent::Slowest
    } else if failed {
        Intent::Errors
    } else if words.iter().any(|word| word.is_one_of(HEALTH) || word.is_one_of(SERVICES)) {
        Intent::Health
    } else {
        return None;
    })
}
