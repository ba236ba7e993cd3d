//! A small grammar for questions in plain English; no language model is involved.
//!
//! Every word of a question is read: as a name, a time, a value, a word of the kind of question, or
//! a filler such as `the`. A question with any other word is refused with that word, so that no
//! other question than the one that was asked is answered.
//!
//! What a question asks for, by its words. The first line that matches counts:
//!
//! - A trace id, or its first 8 or more hex digits: why that trace is slow or fails.
//! - `why …`, `root cause …`: why a service, or a route of it, is slow or fails.
//! - `slow queries …`, `… statements …`: the slowest statements of databases.
//! - `what changed …`, `anomalies …`, `what happened …`, `did the deploy break …`: what changed
//!   since the baseline.
//! - `… slower than 500ms`: traces of that duration.
//! - `what calls X`, `what does X call`, `… depend …`, `map`, `topology`, without a word for slow or
//!   failing: which service calls which. X may be a database, a queue or an external host.
//! - `[slow, failing] traces …`, `slow requests …`: traces.
//! - `latency of X`, `p99 of X`, `how slow is X`: how long requests take.
//! - `is X slow`, `is X failing`: how well X is.
//! - `slowest endpoints …`, `which host is slow`, `… slow …`: the slowest routes, hosts, versions or
//!   calls.
//! - `errors …`, `what fails …`, `5xx …`, `errors by version`: what fails.
//! - `what is wrong …`, `is … ok`, `healthy`, `status …`, `which services …`: how well services
//!   are.
//!
//! Values: a route begins with `/`, and an HTTP method may precede a route. `on NAME` and `host
//! NAME` are a host, `version 2.4.0` a version, `status 503` and `5xx` a response status code, and
//! `p50`, `p95`, `p99` and `median` a percentile.
//!
//! Service names are matched without regard to case. A service whose name is a word of the grammar,
//! such as `map`, must be in quotes, except where no other word can stand: `why is map slow`.
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
//! Numbers are digits, `one` to `twelve`, `a`, or `half a`. A question with other words about time
//! (`last night`, `monday`) is refused.

mod intent;
mod name;
mod slots;
mod support;
#[cfg(test)]
mod tests;
mod time;
mod vocabulary;
mod word;

use std::ops::Range;
use std::time::Duration;

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::name::Names;
use self::vocabulary::WHY;
use self::word::Reading;
use super::understanding::{Intent, Understanding, Window};

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

/// The largest number of words of a question.
const MAX_WORDS: usize = 200;

/// A question that is not answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The words and phrases that were not understood, in the order of the question; none if the
    /// question has no words.
    pub words: Vec<String>,
    /// The time range in which one of the words may be a node of the service map; null when no
    /// such node could be meant.
    pub window: Option<Window>,
}

/// Reads `question`, given the names that it may have. Times in the question are read in `zone`.
///
/// # Errors
/// [`Refusal`], if a word was not understood.
pub fn understand(
    question: &str,
    names: Names<'_>,
    now_unix_us: i64,
    zone: &TimeZone,
) -> Result<Understanding, Refusal> {
    let mut reading = Reading::new(question);
    if let Some(word) = reading.words.get(MAX_WORDS) {
        return Err(Refusal { words: vec![word.text.clone()], window: None });
    }
    let time = time::window(&reading.words, now_unix_us, zone);
    time.iter().for_each(|(_, used)| reading.read(used.clone()));
    let service = name::service(&mut reading, names.services);
    let mut slots = slots::slots(&mut reading);
    let peers = match service {
        None => name::peers(&mut reading, names.peers),
        Some(_) => Vec::new(),
    };
    slots.host = slots::host(&mut reading);
    let phrases = time::phrases(&reading);
    let intent = intent::intent(&reading, &slots);
    let is_named = service.is_some() || !peers.is_empty() || slots.route.is_some();
    let by = intent
        .and_then(|intent| intent::groups(&reading, intent, &slots, (service.is_some(), is_named)));
    intent::read_fillers(&mut reading);
    let Some(intent) = intent else {
        reading.read_all(WHY);
        return Err(Refusal { words: without_intent(&reading, &phrases), window: None });
    };
    intent::read_words(&mut reading, intent, slots.has_trace());
    let unknown_service = match is_named || slots.has_trace() {
        true => None,
        false => unknown_name(&mut reading),
    };
    let window = match time {
        Some((window, _)) => window,
        None => time::default_window(default_length(intent), now_unix_us),
    };
    let mut words = left(&reading, &phrases);
    let understanding = slots.understanding(intent, by, window);
    let understanding = Understanding { service, unknown_service, peers, ..understanding };
    words.extend(support::unusable(&understanding));
    if words.is_empty() {
        return Ok(understanding);
    }
    let may_be_peer = understanding.may_name_peers();
    Err(Refusal { words, window: may_be_peer.then_some(understanding.window) })
}

/// The only word that was not read, if it is likely to be a name. The word is read then.
fn unknown_name(reading: &mut Reading) -> Option<String> {
    let [at] = reading.left()[..] else { return None };
    let name = name::likely_name(reading, at)?.to_owned();
    reading.read(at..at + 1);
    Some(name)
}

/// The words that nothing reads, and the `phrases` about time that have such words.
fn left(reading: &Reading, phrases: &[Range<usize>]) -> Vec<String> {
    let text = |at: usize| reading.words[at].text.clone();
    let mut written = 0;
    let mut words = Vec::new();
    for at in reading.left() {
        if at < written {
            continue;
        }
        let phrase = phrases.iter().find(|phrase| phrase.contains(&at));
        let places = phrase.cloned().unwrap_or(at..at + 1);
        written = places.end;
        words.push(places.map(text).collect::<Vec<_>>().join(" "));
    }
    words
}

/// The words of a question that does not say what to look for: those that nothing reads; if there
/// are none, all but the fillers.
fn without_intent(reading: &Reading, phrases: &[Range<usize>]) -> Vec<String> {
    let words = left(reading, phrases);
    if !words.is_empty() {
        return words;
    }
    let others = reading.words.iter().filter(|word| !slots::is_filler(word));
    others.map(|word| word.text.clone()).collect()
}

/// The length of the window when the question names no time: the default of the corresponding
/// command.
fn default_length(intent: Intent) -> Duration {
    let minutes = if matches!(intent, Intent::Why | Intent::Health) { 15 } else { 60 };
    Duration::from_secs(60 * minutes)
}
