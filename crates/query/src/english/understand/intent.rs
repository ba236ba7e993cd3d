//! What a question asks for, by its words.

use super::super::understanding::{By, Intent};
use super::slots::Slots;
use super::time;
use super::vocabulary::{
    BREAKS, CALLS, CALLS_WORDS, CHANGES, CHANGES_WORDS, COMPLAINTS, DEPLOYS, ENDPOINTS,
    ERRORS_WORDS, FAILURES, FILLERS, HEALTH, HEALTH_WORDS, LATENCY_WORDS, NEWEST, ONE_TRACE_WORDS,
    REQUESTS, SERVICES, SLOW, SLOWEST_WORDS, STATEMENTS, STATEMENTS_WORDS, TRACES, TRACES_WORDS,
    WHY, WHY_WORDS,
};
use super::word::Reading;

/// What the question asks for, by the words that were not read, and by the values in it.
pub(super) fn intent(reading: &Reading, slots: &Slots) -> Option<Intent> {
    let has = |words: &[&str]| reading.has(words);
    let slow = has(SLOW);
    let failed = has(FAILURES) || slots.times_out;
    let is_group = slots.by.is_some() || slots.version.is_some() || slots.host.is_some();
    let is_latency = has(&["latency", "latencies"]) || slots.quantile.is_some();
    let traces = Intent::Traces { slow: slow || slots.min_duration_us.is_some(), failed };
    Some(if slots.has_trace() || has(&["root"]) && has(&["cause"]) {
        Intent::Why
    } else if has(WHY) {
        let is_bad = COMPLAINTS.iter().any(|words| has(words)) || slots.times_out;
        if !is_bad && slots.quantile.is_none() && slots.status.is_none() {
            return None;
        }
        Intent::Why
    } else if has(STATEMENTS) && !failed {
        Intent::Statements
    } else if has(CHANGES) || (has(DEPLOYS) || slots.is_new_version) && has(BREAKS) {
        Intent::Changes
    } else if slots.min_duration_us.is_some() {
        traces
    } else if has(CALLS) && !slow && !failed && slots.status.is_none() {
        Intent::Calls
    } else if has(TRACES) || is_list(reading) && slots.by.is_none() {
        traces
    } else if is_latency
        || slots.how_long
        || has(&["how"]) && slow
        || has(&["response"]) && has(&["time", "times"])
    {
        Intent::Latency
    } else if begins_with_is(reading) && (slow || failed) && !is_group && slots.status.is_none() {
        Intent::Health
    } else if slow {
        Intent::Slowest
    } else if failed || slots.status.is_some() {
        Intent::Errors
    } else if has(HEALTH) || has(&["services"]) || slots.goes_on {
        Intent::Health
    } else if has(ENDPOINTS) {
        Intent::Slowest
    } else {
        return None;
    })
}

/// Whether words before `requests` make a list of them: `slow requests`, but not `how many failed
/// requests`.
fn is_list(reading: &Reading) -> bool {
    let is_adjective = |at: usize| {
        reading.is(at, &["slow", "slowest", "failed", "failing", "longest"])
            || reading.is(at, NEWEST)
    };
    let is_counted = reading.has(&["many", "number"]);
    !is_counted
        && (1..reading.words.len()).any(|at| reading.is(at, REQUESTS) && is_adjective(at - 1))
}

/// Whether the question asks whether something is so.
fn begins_with_is(reading: &Reading) -> bool {
    reading.is(0, &["is", "are"]) && !reading.is(1, &["there"])
}

/// Groups that the words ask for besides `by host`: `which service`, `slowest endpoints`,
/// `how many errors`.
pub(super) fn groups(
    reading: &Reading,
    intent: Intent,
    slots: &Slots,
    (service, is_named): (bool, bool),
) -> Option<By> {
    let follows = |at: usize, words: &[&str]| at > 0 && reading.is(at - 1, words);
    let is_asked = |at: usize| {
        let is_one = reading.is(at, SERVICES) && follows(at, &["which", "what", "slowest"]);
        reading.is(at, &["services"]) || is_one
    };
    let is_service = (0..reading.words.len()).any(is_asked);
    let is_of_calls = reading.has(&["call", "calls"]);
    match intent {
        // A new version is a change like any other.
        Intent::Changes if slots.is_new_version => None,
        Intent::Slowest | Intent::Errors | Intent::Latency => match () {
            () if slots.by.is_some() => slots.by,
            () if reading.has(ENDPOINTS) => Some(By::Endpoint),
            () if slots.version.is_some() => Some(By::Version),
            () if intent == Intent::Latency => None,
            () if is_of_calls && service => Some(By::Call),
            () if is_service => Some(By::Service),
            () if intent == Intent::Errors && !is_named && reading.has(&["many", "number"]) => {
                Some(By::Service)
            }
            () => None,
        },
        _ => slots.by,
    }
}

/// Marks the words as read that a question of the kind may have.
pub(super) fn read_words(reading: &mut Reading, intent: Intent, has_trace: bool) {
    let kinds = match intent {
        Intent::Why => WHY_WORDS,
        Intent::Changes => CHANGES_WORDS,
        Intent::Calls => CALLS_WORDS,
        Intent::Traces { .. } => TRACES_WORDS,
        Intent::Slowest => SLOWEST_WORDS,
        Intent::Latency => LATENCY_WORDS,
        Intent::Statements => STATEMENTS_WORDS,
        Intent::Errors => ERRORS_WORDS,
        Intent::Health => HEALTH_WORDS,
    };
    kinds.iter().for_each(|words| reading.read_all(words));
    if has_trace {
        ONE_TRACE_WORDS.iter().for_each(|words| reading.read_all(words));
    }
}

/// Marks the words as read that do not change what a question means.
pub(super) fn read_fillers(reading: &mut Reading) {
    for at in 0..reading.words.len() {
        if reading.is(at, &["right"])
            && reading.words.get(at + 1).is_some_and(|word| word.lower == "now")
        {
            reading.read(at..at + 1);
        }
    }
    reading.read_all(FILLERS);
    reading.read_all(time::PRESENT);
}
