//! When a change began: the change point of the operations in a history of traces.
//!
//! 1. Each operation yields several series with one value per span or per trace: durations,
//!    failures, and how often a trace makes the call (`series`).
//! 2. Each series is compared with several of its own quantiles. For each split of the history, a
//!    likelihood-ratio test compares the part of the values above the quantile after the split with
//!    the part before the split (`split`).
//! 3. The ratio has to exceed the largest ratios of the same history with its minutes in random
//!    order, among durations, failures or calls. Whole minutes are permuted, or shorter periods of a
//!    short history, because traces of one minute resemble each other.
//! 4. A change that ended is no beginning, nor is one that is too small for a cause.

mod amounts;
mod requests;
mod series;
mod split;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use self::requests::RequestHistory;

use self::amounts::Amounts;
use self::series::{History, Series, Unit};
use self::split::{Channel, LogTable, Split};
use super::observation::Entry;
use super::permutation::shuffle;
use crate::span::Span;
use crate::time::UnixNanos;

/// A change whose last sign is older than this has ended.
pub const ENDED_AFTER: Duration = Duration::from_secs(15 * 60);
/// The smallest growth of a duration, by any of the compared quantiles, that counts as a change.
const MIN_GROWTH: f64 = 1.25;
/// The smallest increase in the part of values above a quantile, or of failures.
const MIN_RISE: f64 = 0.01;
/// A change has to be seen at least this many times.
const MIN_SEEN: u32 = 4;
/// A change has to have at least this many values before it.
const MIN_BEFORE: u32 = 10;
/// How many random orders of the minutes the channels of one unit are compared with. Each of the
/// three units finds a change where none is in one of 40 histories.
const ORDERS: u64 = 39;
/// The smallest number of periods on which the permutation test is possible.
const MIN_BLOCKS: usize = 5;

/// When a change began.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Beginning {
    /// The time of the first values that are changed.
    pub time: UnixNanos,
    /// The likelihood ratio of the change, as a multiple of the largest one without a change.
    pub clearness: f64,
}

/// The time at which the last change for the worse began, that is, operations that became slower,
/// fail, repeat calls or no longer make them; `None` when nothing changed, or the change ended more
/// than [`ENDED_AFTER`] before the end of the history.
///
/// Each item of `traces` is the spans of one trace, in any order of traces. With a service or an
/// operation in `entry`, only the spans that match `entry` and those below them count. Only ids,
/// times, names, kinds, services and status codes of the spans are read, and with an operation the
/// attribute `http.route`.
///
/// The result is deterministic. Time: O(n log n) in the number of spans.
pub fn onset<'a>(
    traces: impl IntoIterator<Item = &'a [Span]>,
    entry: Entry<'_>,
) -> Option<Beginning> {
    beginning(&History::from_traces(traces, entry))
}

/// See [`onset`].
fn beginning(history: &History) -> Option<Beginning> {
    let blocks = history.blocks.len();
    if blocks < MIN_BLOCKS {
        return None;
    }
    let channels: Vec<Channel> = history
        .series
        .iter()
        .enumerate()
        .flat_map(|(at, series)| series.channels(at, blocks))
        .collect();
    let logs = LogTable::new(history.series.iter().map(Series::len).max()?);
    let mut found: Vec<Found<'_>> = Vec::new();
    for unit in [Unit::Nanos, Unit::Failures, Unit::Calls] {
        let is_of = |channel: &&Channel| history.series[channel.series].unit == unit;
        let channels: Vec<&Channel> = channels.iter().filter(is_of).collect();
        found.extend(beyond_chance(&channels, blocks, &logs));
    }
    found.sort_by(|one, other| other.split.ratio.total_cmp(&one.split.ratio));
    found
        .into_iter()
        .filter(|found| is_large(history, found.channel, found.split))
        .find(|found| !has_ended(history, found, &logs))
        .map(|found| Beginning {
            time: history.refined(found.channel, found.split, &logs),
            clearness: found.split.ratio / found.chance.max(1.0),
        })
}

/// A split that is beyond chance.
struct Found<'a> {
    channel: &'a Channel,
    split: Split,
    /// The largest ratio of any channel of the same unit without a change.
    chance: f64,
}

/// The splits of `channels` that exceed what the same channels reach without a change. Channels of
/// one unit are compared with each other: there are thousands of durations, and the few failures
/// among them would never stand out.
fn beyond_chance<'a>(channels: &[&'a Channel], blocks: usize, logs: &LogTable) -> Vec<Found<'a>> {
    let in_time: Vec<usize> = (0..blocks).collect();
    let splits: Vec<(&Channel, Split)> = channels
        .iter()
        .filter_map(|channel| Some((*channel, channel.split(&in_time, logs, true)?)))
        .collect();
    let largest = splits.iter().map(|(_, split)| split.ratio).fold(0.0, f64::max);
    let chance = chance(channels, blocks, logs, largest);
    let beyond = splits.into_iter().filter(|(_, split)| split.ratio > chance);
    beyond.map(|(channel, split)| Found { channel, split, chance }).collect()
}

/// The largest ratio of any channel and split among random orders of the blocks. Stops at the first
/// ratio that reaches `enough`, since nothing can exceed the result then.
fn chance(channels: &[&Channel], blocks: usize, logs: &LogTable, enough: f64) -> f64 {
    let in_time: Vec<usize> = (0..blocks).collect();
    let mut largest = 0.0f64;
    for seed in 1..=ORDERS {
        let order = shuffle(&in_time, seed);
        let splits = channels.iter().filter_map(|channel| channel.split(&order, logs, true));
        largest = splits.map(|split| split.ratio).fold(largest, f64::max);
        if largest >= enough {
            break;
        }
    }
    largest
}

/// Whether the change is large enough for a cause, not only beyond chance.
fn is_large(history: &History, channel: &Channel, split: Split) -> bool {
    let rise = split.after.rate() - split.before.rate();
    let seen = split.after.above >= MIN_SEEN && split.before.all >= MIN_BEFORE;
    let series = &history.series[channel.series];
    seen && rise >= MIN_RISE
        && (series.unit != Unit::Nanos || growth(series, split.at) >= MIN_GROWTH)
}

/// The largest ratio of a quantile of the values after a block to the same quantile before.
fn growth(series: &Series, block: usize) -> f64 {
    let part = |is_after: bool| {
        Amounts::new(
            series.values.iter().copied().filter(|value| (value.block >= block) == is_after),
        )
    };
    let (before, after) = (part(false), part(true));
    if before.count() == 0 || after.count() == 0 {
        return 0.0;
    }
    let ratio = |q: f64| after.quantile(q).max(1.0) / before.quantile(q).max(1.0);
    [0.5, 0.75, 0.9, 0.95].map(ratio).into_iter().fold(0.0, f64::max)
}

/// Whether the change ended: there is a later split after which the rate is no longer higher than
/// before the change, and what follows is longer than [`ENDED_AFTER`].
fn has_ended(history: &History, found: &Found<'_>, logs: &LogTable) -> bool {
    let Found { channel, split, chance } = *found;
    let after: Vec<usize> = (split.at..history.blocks.len()).collect();
    let Some(end) = channel.split(&after, logs, false) else { return false };
    let end_at = after[end.at];
    let last = history.blocks[history.blocks.len() - 1];
    let quiet = last.since(history.blocks[end_at]);
    // What is left of the change is less than half of it.
    let rest = end.after.rate() - split.before.rate();
    let during = end.before.rate() - split.before.rate();
    quiet > ENDED_AFTER && end.ratio > chance / 2.0 && rest < during / 2.0
}
