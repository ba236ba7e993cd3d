//! Time ranges whose ends are points in time: `since 02:40`, `between 02:30 and 03:00`.

use std::ops::Range;

use coral_trace::UnixNanos;
use coral_trace::units::When;
use jiff::civil::Time;

use super::super::super::understanding::{Period, Window};
use super::super::word::Word;
use super::{Clock, since};

/// Words that a start follows.
const STARTS: &[&str] = &["since", "from", "after"];
/// Words that an end follows, after a start.
const ENDS: &[&str] = &["to", "until", "till", "and", "before"];
/// Words that a time follows around which the range is.
const AROUND: &[&str] = &["at", "around", "about"];
/// The time before and after a single point in time: 15 minutes.
const AROUND_US: i64 = 15 * 60 * 1_000_000;
const DAY_US: i64 = 86_400_000_000;
/// The largest number of words of a point in time: `2026-11-25 14:02 UTC`, `20 minutes ago`.
const MAX_WORDS: usize = 3;

/// The range with two ends whose words begin at `at`, and all words that were used, among them a
/// day before or after the range.
pub(super) fn range(
    words: &[Word],
    at: usize,
    clock: &Clock<'_>,
) -> Option<(Window, Range<usize>)> {
    let is = |at: usize, names: &[&str]| words.get(at).is_some_and(|word| word.is_one_of(names));
    if !is(at, STARTS) && !is(at, &["between"]) {
        return None;
    }
    let (start, start_words) = moment(words, at + 1)?;
    let middle = at + 1 + start_words;
    if !is(middle, ENDS) {
        return None;
    }
    let (end, end_words) = moment(words, middle + 1)?;
    let after = middle + 1 + end_words;
    let day_after = day(words, after);
    let day_before = at.checked_sub(1).and_then(|before| day(words, before));
    let (start, end, used) = match (day_after, day_before) {
        (Some((day, used)), _) => (on(start, day), on(end, day), at..after + used),
        (None, Some((day, 1))) => (on(start, day), on(end, day), at - 1..after),
        _ => (start, end, at..after),
    };
    let end = clock.instant(end)?;
    // The start is the latest such time before the end: 23:30 of `between 23:30 and 00:30`.
    let start = start.at(
        UnixNanos::from_micros(clock.now.min(match start {
            When::LatestTime(_) | When::LatestTimeUtc(_) => end,
            _ => clock.now,
        })),
        clock.zone,
    );
    let start = start.ok()?.as_micros();
    (start < end).then(|| (since(start, end - 1, Period::Between), used))
}

/// The range that one point in time gives, and the number of words used.
pub(super) fn window(words: &[Word], at: usize, clock: &Clock<'_>) -> Option<(Window, usize)> {
    let is = |names: &[&str]| words.get(at).is_some_and(|word| word.is_one_of(names));
    let prefix = usize::from(is(STARTS) || is(AROUND) || is(&["on"]));
    let (when, mut used) = moment(words, at + prefix)?;
    used += prefix;
    let (when, is_timed) = match (day(words, at + used), when) {
        (Some((day, more)), When::LatestTime(_) | When::LatestTimeUtc(_)) => {
            used += more;
            (on(when, day), true)
        }
        _ => (when, !is_day(when)),
    };
    // Lengths and days by name have periods of their own.
    if matches!(when, When::Ago(_)) || matches!(when, When::OnDay { .. }) && !is_timed {
        return None;
    }
    let start = clock.instant(when)?;
    if is(STARTS) {
        return (start < clock.now).then(|| (since(start, clock.now, Period::Since), used));
    }
    let (start, end) = match is_timed {
        true if prefix == 0 => return None,
        true => (start.saturating_sub(AROUND_US), start.saturating_add(AROUND_US)),
        false => (start, start.saturating_add(DAY_US)),
    };
    Some((since(start, end.saturating_sub(1), Period::Between), used))
}

/// The point in time whose words begin at `at`, and the number of words.
fn moment(words: &[Word], at: usize) -> Option<(When, usize)> {
    (1..=MAX_WORDS).rev().find_map(|count| {
        let words = words.get(at..at + count)?;
        let text: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        let is_quoted = words.iter().any(|word| word.quoted);
        let when: When = text.join(" ").parse().ok().filter(|_| !is_quoted)?;
        // A length is a time only if the words say so: `2h ago`, `now`.
        let is_ago = words[count - 1].is_one_of(&["ago", "now"]);
        (is_ago || !matches!(when, When::Ago(_))).then_some((when, count))
    })
}

/// The day whose words begin at `at`, which may be `on`, and the number of words.
fn day(words: &[Word], at: usize) -> Option<(When, usize)> {
    let on = usize::from(words.get(at)?.is_one_of(&["on"]));
    let day = words.get(at + on).filter(|word| !word.quoted)?;
    let when: When = day.text.parse().ok().filter(|when| is_day(*when))?;
    Some((when, on + 1))
}

/// Whether `when` is the start of a day.
fn is_day(when: When) -> bool {
    match when {
        When::OnDay { time, .. } => time == Time::midnight(),
        When::Local(time) => time.time() == Time::midnight(),
        _ => false,
    }
}

/// A time of day on a day; any other time unchanged.
fn on(when: When, day: When) -> When {
    match (when, day) {
        (When::LatestTime(time), When::OnDay { days_ago, .. }) => When::OnDay { days_ago, time },
        (When::LatestTime(time), When::Local(day)) => When::Local(day.date().to_datetime(time)),
        _ => when,
    }
}
