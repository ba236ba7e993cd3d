//! Questions in plain English, by a small grammar; no model is asked.
//!
//! | said | asked |
//! | --- | --- |
//! | `why …`, `root cause …` | why a service, or a route of it, is as it is |
//! | `what changed …`, `anomalies …`, `what is different …` | what is otherwise than it was |
//! | `what calls X`, `what does X call`, `… depend …`, `map`, `topology`; nothing slow or failing | who calls whom |
//! | `show me [slow, failing] traces …` | traces |
//! | `slowest endpoints …`, `… slow …`, `… latency …` | the slowest routes of a service, or calls of all |
//! | `errors …`, `what fails …` | what fails |
//!
//! The first line that fits counts. A route begins with `/`. A service is named as it names itself; one whose name is a
//! word of the grammar, in quotes: ``why is `map` slow``.
//!
//! | time, in UTC | means |
//! | --- | --- |
//! | `last 15 minutes`, `past 2h`, `since half an hour`, `in the last two hours`, `10 minutes ago` | from so long ago until now |
//! | `last hour`, `last day`, `last week` | the same: an hour, 24 hours, 7 days |
//! | `today`, `yesterday`, `since yesterday` | since midnight; the day before; since that began |
//! | nothing | the last hour; of why, the last 15 minutes, against the hour before |
//!
//! Numbers are digits or `one` to `twelve`, `a`, `half a`. Other words about time (`last night`, `monday`, `10:30`) are
//! not understood, which the answer says beside the time that it is of.

mod name;
#[cfg(test)]
mod tests;
mod time;
mod word;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::time::Window;
use self::word::{Word, words};

/// A question in words.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnglishQuestion {
    /// The question, in English.
    pub question: String,
    /// When it was asked: microseconds since the Unix epoch.
    pub now_unix_us: i64,
}

/// What was understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    /// What is wanted.
    pub intent: Intent,
    /// Of which service; of all, when none was named.
    pub service: Option<String>,
    /// A word that looks like a service's name, and is none.
    pub unknown: Option<String>,
    /// Of which route.
    pub route: Option<String>,
    /// When.
    pub window: Window,
}

/// What can be wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Intent {
    /// Why it is slow, or fails.
    Why,
    /// What is otherwise than it was.
    Changed,
    /// Who calls whom.
    Calls,
    /// Traces: slow ones, failed ones.
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

/// What `question` asks, where `services` are known; `None` when it is none of what can be asked.
pub fn understand(question: &str, services: &[String], now_unix_us: i64) -> Option<Asked> {
    let words = words(question);
    let named = name::service(&words, services);
    let others = |at: usize| intent(&[&words[..at], &words[at + 1..]].concat());
    let intent = named.and_then(|(at, _)| others(at)).or_else(|| intent(&words))?;
    let unknown = if named.is_none() { name::meant(&words) } else { None };
    Some(Asked {
        intent,
        service: named.map(|(_, service)| service.to_owned()),
        unknown: unknown.map(str::to_owned),
        route: words.iter().find(|word| word.said.starts_with('/')).map(|word| word.said.clone()),
        window: time::window(&words, otherwise(intent), now_unix_us),
    })
}

/// How long ago is meant when nothing says so: as long as the command for it looks back.
fn otherwise(intent: Intent) -> Duration {
    let minutes = if intent == Intent::Why { 15 } else { 60 };
    Duration::from_secs(60 * minutes)
}

/// Beginnings of words that say what is wanted.
const STEMS: [&[&str]; 7] = [WHY, CHANGED, CALLS, TRACES, SLOW, PLACES, FAILED];
const WHY: &[&str] = &["why", "root", "cause"];
const CHANGED: &[&str] = &["chang", "anomal", "different", "otherwise", "happen"];
const CALLS: &[&str] = &["call", "depend", "topology", "map", "talk"];
const TRACES: &[&str] = &["trace"];
const SLOW: &[&str] = &["slow", "latency", "longest", "p95", "p99"];
const PLACES: &[&str] = &["endpoint", "route"];
const FAILED: &[&str] = &["error", "fail", "5xx", "broken", "500"];

fn intent(words: &[Word]) -> Option<Intent> {
    let says = |stems: &[&str]| words.iter().any(|word| word.begins(stems));
    let (slow, failed) = (says(SLOW), says(FAILED));
    Some(if says(&["why"]) || (says(&["root"]) && says(&["cause"])) {
        Intent::Why
    } else if says(CHANGED) {
        Intent::Changed
    } else if says(CALLS) && !slow && !failed {
        Intent::Calls
    } else if says(TRACES) {
        Intent::Traces { slow, failed }
    } else if slow || says(PLACES) && !failed {
        Intent::Slowest
    } else if failed {
        Intent::Errors
    } else {
        return None;
    })
}
