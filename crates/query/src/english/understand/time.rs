//! The words of a question that express a time range.

mod moment;

use std::ops::Range;
use std::time::Duration;

use coral_trace::UnixNanos;
use coral_trace::units::{When, parse_duration};
use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::super::understanding::{Period, Window};
use super::word::{Reading, Word};

/// Words that may precede a length of time.
const LENGTH_PREFIXES: &[&str] = &["last", "past", "since", "within"];
/// Words that make the time after them the end of a range. Without a start, the grammar has no such
/// ranges, and the question is not understood.
const UNTIL: &[&str] = &["before", "until", "till"];
const NUMBERS: [&str; 12] = [
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve",
];
/// Further words about time.
const OTHER_TIME_WORDS: &[&str] = &[
    "afternoon",
    "april",
    "august",
    "december",
    "february",
    "january",
    "july",
    "june",
    "november",
    "october",
    "september",
    "ago",
    "between",
    "couple",
    "evening",
    "few",
    "friday",
    "half",
    "midnight",
    "monday",
    "month",
    "months",
    "morning",
    "next",
    "night",
    "noon",
    "saturday",
    "sunday",
    "thursday",
    "today",
    "tomorrow",
    "tonight",
    "tuesday",
    "wednesday",
    "weekend",
    "weekends",
    "year",
    "years",
    "yesterday",
];
/// Words for the present, which need no interpretation.
pub(super) const PRESENT: &[&str] = &["currently", "lately", "now", "recent", "recently"];
/// Units that are words about time only after a number.
const ONLY_AFTER_NUMBERS: &[&str] = &["d", "h", "hr", "m", "min", "ms", "sec", "second", "seconds"];
/// Words that belong to the word after them, as numbers do: `next` of `next week`.
const QUALIFIERS: &[&str] = &["a", "an", "few", "half", "next", "this"];

/// Whether `word` may express a time.
pub(super) fn is_word(word: &Word) -> bool {
    [LENGTH_PREFIXES, UNTIL, &NUMBERS, OTHER_TIME_WORDS, PRESENT]
        .into_iter()
        .any(|words| word.is_one_of(words))
        || !word.quoted && unit(&word.lower).is_some()
}

/// The time range that the question expresses, by the first words that are understood, and the
/// words that were used.
pub(super) fn window(words: &[Word], now: i64, zone: &TimeZone) -> Option<(Window, Range<usize>)> {
    let clock = Clock { now, zone };
    // A range with two ends comes before any other time, which may be the day of the range.
    let range = (0..words.len()).find_map(|at| moment::range(words, at, &clock));
    range.or_else(|| {
        (0..words.len()).find_map(|at| {
            let (window, used) = parse_window(words, at, &clock)?;
            let is_end = at.checked_sub(1).is_some_and(|before| words[before].is_one_of(UNTIL));
            let is_valid = !is_end && window.since_unix_us < window.until_unix_us;
            is_valid.then_some((window, at..at + used))
        })
    })
}

/// The time range of a question that names none: the last `length`.
pub(super) fn default_window(length: Duration, now: i64) -> Window {
    Window { is_default: true, ..last(length, now) }
}

/// The present time, in microseconds since the Unix epoch, and the time zone of a question.
pub(super) struct Clock<'a> {
    now: i64,
    zone: &'a TimeZone,
}

impl Clock<'_> {
    /// The start of a day that many days before today.
    fn midnight(&self, days_ago: u8) -> Option<i64> {
        self.instant(When::OnDay { days_ago, time: Time::midnight() })
    }

    fn instant(&self, when: When) -> Option<i64> {
        let instant = when.at(UnixNanos::from_micros(self.now), self.zone).ok()?;
        Some(instant.as_micros())
    }

    /// `period`, which says `UTC` when it is printed, or `other` in another time zone.
    fn named(&self, period: Period, other: Period) -> Period {
        if *self.zone == TimeZone::UTC { period } else { other }
    }
}

/// Parses the words from `at` on: the time range and the number of words used.
fn parse_window(words: &[Word], at: usize, clock: &Clock<'_>) -> Option<(Window, usize)> {
    let is = |at: usize, names: &[&str]| words.get(at).is_some_and(|word| word.is_one_of(names));
    if is(at, &["since", "within"]) && is(at + 1, &["the"]) {
        return parse_window(words, at + 2, clock).map(|(window, used)| (window, used + 2));
    }
    if let Some(found) = moment::window(words, at, clock) {
        return Some(found);
    }
    let now = clock.now;
    let from = usize::from(is(at, &["since"]));
    if is(at + from, &["today"]) {
        let period = clock.named(Period::Today, Period::Since);
        return Some((since(clock.midnight(0)?, now, period), from + 1));
    }
    if is(at, &["yesterday"]) {
        let period = clock.named(Period::Yesterday, Period::Between);
        let end = clock.midnight(0)?.saturating_sub(1);
        return Some((since(clock.midnight(1)?, end, period), 1));
    }
    if is(at, &["since"]) && is(at + 1, &["yesterday"]) {
        let period = clock.named(Period::SinceYesterday, Period::Since);
        return Some((since(clock.midnight(1)?, now, period), 2));
    }
    let prefix_words = usize::from(is(at, LENGTH_PREFIXES));
    // After `last` or `past`, a unit without a number is one unit: `last hour`.
    let (length, used) = length(&words[at + prefix_words..], is(at, &["last", "past"]))?;
    let end = at + prefix_words + used;
    let is_ago = is(end, &["ago"]);
    // Without `last` or `ago`, the length is a duration, as in `slower than 2 seconds`.
    (prefix_words > 0 || is_ago)
        .then(|| (last(length, now), prefix_words + used + usize::from(is_ago)))
}

/// Parses a length of time (`15 minutes`, `15m`, `an hour and a half`, `one hour 30 minutes`): the
/// length and the number of words used. With `bare`, a unit without a number is one unit: `hour`.
pub(super) fn length(words: &[Word], bare: bool) -> Option<(Duration, usize)> {
    let unit_alone = || Some((unit(&words.first().filter(|_| bare)?.lower)?, 1));
    let (mut sum, mut used) = one_length(words).or_else(unit_alone)?;
    loop {
        let and = usize::from(words.get(used).is_some_and(|word| word.is_one_of(&["and"])));
        let rest = &words[used + and..];
        let (more, words) = match one_length(rest) {
            Some(more) => more,
            None if and > 0 && is_a_half(rest) => (unit(&words[used - 1].lower)? / 2, 2),
            None => break,
        };
        sum = sum.checked_add(more)?;
        used += and + words;
    }
    (sum.as_micros() > 0 && i64::try_from(sum.as_micros()).is_ok()).then_some((sum, used))
}

fn is_a_half(words: &[Word]) -> bool {
    matches!(words, [a, half, ..] if a.is_one_of(&["a"]) && half.is_one_of(&["half"]))
}

fn one_length(words: &[Word]) -> Option<(Duration, usize)> {
    let word =
        |at: usize| words.get(at).filter(|word| !word.quoted).map(|word| word.lower.as_str());
    let unit_at = |at: usize| word(at).and_then(unit);
    let first = word(0)?;
    if first == "half" {
        let article = usize::from(matches!(word(1), Some("a" | "an")));
        return Some((unit_at(1 + article)? / 2, 2 + article));
    }
    if let Some(count) = number(first) {
        let length = unit_at(1)?.as_millis().checked_mul(u128::from(count))?;
        return Some((Duration::from_millis(u64::try_from(length).ok()?), 2));
    }
    parse_duration(first).ok().map(|length| (length, 1))
}

/// Parses `15`, `twelve` or `an`.
fn number(word: &str) -> Option<u64> {
    let named = NUMBERS.iter().position(|name| *name == word).map(|at| at as u64 + 1);
    let article = matches!(word, "a" | "an").then_some(1);
    named.or(article).or_else(|| word.parse().ok())
}

fn unit(word: &str) -> Option<Duration> {
    if matches!(word, "ms" | "millisecond" | "milliseconds") {
        return Some(Duration::from_millis(1));
    }
    let seconds = match word.strip_suffix('s').unwrap_or(word) {
        "second" | "sec" => 1,
        "minute" | "min" | "m" => 60,
        "hour" | "h" | "hr" => 3_600,
        "day" | "d" => 86_400,
        "week" => 7 * 86_400,
        _ => return None,
    };
    Some(Duration::from_secs(seconds))
}

fn last(length: Duration, now: i64) -> Window {
    let length_us = i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
    since(now.saturating_sub(length_us), now, Period::Last { length_us })
}

/// The range from `start` to `end`, both inclusive.
fn since(start: i64, end: i64, period: Period) -> Window {
    Window {
        since_unix_us: start,
        until_unix_us: end.saturating_add(1),
        period,
        unread: Vec::new(),
        is_default: false,
    }
}

/// Runs of words that seem to express a time, among those that were not read.
pub(super) fn phrases(reading: &Reading) -> Vec<Range<usize>> {
    let words = &reading.words;
    let is_open = |at: usize| reading.is_open(at) && is_about_time(words, at);
    let follows_prefix = |at: usize| {
        let before = at.checked_sub(1).filter(|before| is_open(*before));
        before.is_some_and(|at| words[at].is_one_of(LENGTH_PREFIXES) || words[at].is_one_of(UNTIL))
    };
    let is_qualifier =
        |at: usize| words[at].is_one_of(QUALIFIERS) || number(&words[at].lower).is_some();
    let is_part = |at: &usize| {
        let next_is_open = at + 1 < words.len() && is_open(at + 1);
        let is_before = next_is_open && (is_qualifier(*at) || words[*at].is_one_of(&["on"]));
        is_open(*at) || reading.is_open(*at) && (follows_prefix(*at) || is_before)
    };
    let places: Vec<usize> = (0..words.len()).filter(is_part).collect();
    let runs = places.chunk_by(|one, next| *next == one + 1);
    runs.filter_map(|run| Some(*run.first()?..run.last()? + 1)).collect()
}

fn is_about_time(words: &[Word], at: usize) -> bool {
    let word = &words[at];
    let is_number = |word: &Word| !word.is_one_of(QUALIFIERS) && number(&word.lower).is_some();
    let follows_number = at.checked_sub(1).is_some_and(|before| is_number(&words[before]));
    let is_unit =
        unit(&word.lower).is_some() && (follows_number || !word.is_one_of(ONLY_AFTER_NUMBERS));
    // A time of day, a date or a duration: 10:30, 2026-11-25, 15m
    let is_clock = word.lower.starts_with(|sign: char| sign.is_ascii_digit())
        && (word.lower.contains([':', '-']) || parse_duration(&word.lower).is_ok());
    let is_named =
        [LENGTH_PREFIXES, UNTIL, OTHER_TIME_WORDS].into_iter().any(|words| word.is_one_of(words));
    !word.quoted && (is_named || is_unit || is_clock && !is_number(word))
}
