//! Converts points to increments, so that each request counts once.
//!
//! - **Cumulative series** are identified by exporter, attributes and start time. A point is a
//!   total, and its increment is the difference from the newest point before. A point that is not
//!   newer than that one has no increment. Points with different start times are different series,
//!   so they may arrive in any order. A count lower than before is a reset: the whole count is the
//!   increment. The same holds for a series that its exporter had removed and sends again (see
//!   `stream`).
//! - **The first point** of a series counts as a whole if Coral received the series from its start:
//!   if the same exporter sent exports before, or if the start was at most [`MAX_START_AGE`] before
//!   the point. Otherwise the first point is a baseline and counts nothing, so that the requests of
//!   days do not appear in one minute.
//! - **Delta series**: each interval counts once, however often it is sent.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use super::histogram::Histogram;
use super::point::{Key, KeyHasher, Point, Temporality};
use super::stream::{self, Head, SeriesState, StateChange, Stream};
use crate::time::UnixNanos;

/// The last state of each series. If a commit fails, its changes can be rolled back.
#[derive(Debug)]
pub struct Counters {
    streams: HashMap<Key, Stream>,
    /// How many series there are in all `streams`.
    series_count: usize,
    max_tracked: usize,
    /// The newest of the times that were passed to [`Counters::at`].
    now: UnixNanos,
    /// Until this time, a full memory is not searched again for series to forget.
    full_until: UnixNanos,
    /// The changes since the last commit, each with the previous state.
    changes: Vec<Change>,
}

#[derive(Debug)]
struct Change {
    stream: Key,
    /// The previous head of the stream; `None` when the stream is new.
    head: Option<Head>,
    series: Key,
    before: Before,
    /// Whether the change has to be stored. A change of only the newest point's time is not stored.
    is_durable: bool,
}

/// The state of a series before a point, from which a change is rolled back.
#[derive(Debug)]
enum Before {
    /// The series was not known.
    Unknown,
    /// The series was known, and the point did not change its state.
    Same,
    /// The series was known in this state, which the point changed.
    Other(SeriesState),
}

/// What a point adds to the counts.
#[derive(Clone, PartialEq, Debug)]
pub enum PointOutcome {
    /// Requests that were not counted before.
    Grown(Growth),
    /// No new requests.
    Unchanged,
    /// Nothing: the point was received before.
    Duplicate,
    /// Nothing: the point is a baseline, of requests from before this process received the series.
    Baseline,
    /// Nothing: the limit on series has been reached.
    Dropped,
}

/// Requests of one point that were not counted before.
#[derive(Clone, PartialEq, Debug)]
pub struct Growth {
    /// The requests ended after this instant, and not after the time of the point.
    pub since: UnixNanos,
    /// How many requests there were, and how long they took.
    pub histogram: Histogram,
}

/// The first point of a series counts as a whole if the series started at most this long before:
/// one hour.
pub const MAX_START_AGE: Duration = Duration::from_secs(3_600);

/// The shortest time between two searches of a full memory for series to forget.
const RECHECK_INTERVAL: Duration = Duration::from_secs(60);

impl Counters {
    /// Counters that track at most `max_tracked` series.
    pub fn new(max_tracked: usize) -> Self {
        Self {
            streams: HashMap::new(),
            series_count: 0,
            max_tracked,
            now: UnixNanos(0),
            full_until: UnixNanos(0),
            changes: Vec::new(),
        }
    }

    /// Sets the current time by this process's clock, which decides when exporters are forgotten.
    /// The clocks of exporters cannot decide, because they may be behind by days.
    pub fn at(&mut self, now: UnixNanos) {
        self.now = self.now.max(now);
    }

    /// Counts `point`, and returns its requests that were not counted before.
    pub fn take(&mut self, point: &Point) -> PointOutcome {
        let start = match point.temporality {
            Temporality::Cumulative => point.start,
            Temporality::Delta => UnixNanos(0),
        };
        let key = KeyHasher::default().with(point.stream).with(point.temporality).with(start).key();
        let known = self.streams.get(&key);
        let is_known = known.is_some_and(|stream| stream.series.contains_key(&point.key));
        // One stream may have three quarters of the limit, which leaves a quarter to other streams
        // even if an exporter keeps sending new series.
        let max = self.max_tracked - self.max_tracked / 4;
        let is_greedy = known.is_some_and(|stream| stream.series.len() >= max);
        let head = known.map(|stream| stream.head);
        if !is_known && (is_greedy || !self.has_room(point.time)) {
            return PointOutcome::Dropped;
        }
        let stream = self.streams.entry(key).or_insert_with(|| Stream::new(start, point.time));
        let (taken, before) = stream.take(point);
        stream.head.record_export(point.time);
        stream.received = self.now;
        let is_durable = match &before {
            Before::Unknown => true,
            Before::Same => false,
            Before::Other(before) => !stream.series[&point.key].counts_as(before),
        };
        self.series_count += usize::from(!is_known);
        self.changes.push(Change { stream: key, head, series: point.key, before, is_durable });
        taken
    }

    /// Whether there is room for one more series. A full memory first forgets the exporters without
    /// an export in the last hour ([`MAX_START_AGE`]). If one of them sends again, its first point
    /// is a baseline, so nothing counts twice.
    fn has_room(&mut self, time: UnixNanos) -> bool {
        let now = if self.now > UnixNanos(0) { self.now } else { time };
        if self.series_count >= self.max_tracked && now >= self.full_until {
            self.forget(now.earlier(MAX_START_AGE));
            self.full_until = now.later(RECHECK_INTERVAL);
        }
        self.series_count < self.max_tracked
    }

    /// The changes that must be stored with the current commit.
    pub fn changes(&self) -> Vec<StateChange<'_>> {
        let durable = self.changes.iter().filter(|change| change.is_durable);
        let mut series: Vec<_> = durable.map(|change| (change.stream, change.series)).collect();
        // Of several changes of one series, only the last one is stored.
        series.sort_unstable();
        series.dedup();
        series.into_iter().filter_map(|(stream, series)| self.state(stream, series)).collect()
    }

    /// Keeps the changes, because the commit succeeded.
    pub fn committed(&mut self) {
        self.changes.clear();
    }

    /// Undoes the changes since the last commit, because the commit failed.
    pub fn roll_back(&mut self) {
        while let Some(Change { stream: key, head, series, before, .. }) = self.changes.pop() {
            let Some(stream) = self.streams.get_mut(&key) else { continue };
            match before {
                Before::Same => {}
                Before::Other(before) => drop(stream.series.insert(series, before)),
                Before::Unknown => {
                    self.series_count -= usize::from(stream.series.remove(&series).is_some());
                }
            }
            match head {
                Some(head) => stream.head = head,
                None => drop(self.streams.remove(&key)),
            }
        }
    }

    /// The state of all series.
    pub fn snapshot(&self) -> Vec<StateChange<'_>> {
        let series = self.streams.iter().flat_map(|(stream, held)| {
            held.series.keys().filter_map(|series| self.state(*stream, *series))
        });
        series.collect()
    }

    /// Restores stored states, in the order in which they were stored.
    pub fn restore<'a>(&mut self, changes: impl IntoIterator<Item = StateChange<'a>>) {
        for StateChange { stream, start, series, state } in changes {
            let time = state.time();
            let stream = self.streams.entry(stream).or_insert_with(|| Stream::new(start, time));
            stream.head.first = stream.head.first.min(time);
            self.series_count +=
                usize::from(stream.series.insert(series, state.into_owned()).is_none());
        }
    }

    /// Ends the restoration of states. To be called after the last [`Self::restore`], before the
    /// first point.
    pub fn settle(&mut self) {
        self.streams.values_mut().for_each(Stream::settle);
    }

    /// Forgets all series.
    pub fn clear(&mut self) {
        *self = Self { now: self.now, ..Self::new(self.max_tracked) };
    }

    /// Forgets the streams that had no export since `before`, and the series that their exporter
    /// removed. The next point of a forgotten stream counts as a first point.
    pub fn forget(&mut self, before: UnixNanos) {
        for stream in self.streams.values_mut() {
            // A restored stream counts as received now, because its last export was received by an
            // earlier process.
            if stream.received == UnixNanos(0) {
                stream.received = self.now;
            }
            self.series_count -= stream.forget_removed(before);
        }
        self.streams.retain(|_, stream| {
            let is_known = stream.received > UnixNanos(0);
            let last_export = if is_known { stream.received } else { stream.head.newest[0] };
            let stays = last_export >= before && !stream.series.is_empty();
            self.series_count -= if stays { 0 } else { stream.series.len() };
            stays
        });
    }

    /// How many series are in memory.
    pub fn series_count(&self) -> usize {
        self.series_count
    }

    fn state(&self, key: Key, series: Key) -> Option<StateChange<'_>> {
        let stream = self.streams.get(&key)?;
        let state = Cow::Borrowed(stream.series.get(&series)?);
        Some(StateChange { stream: key, start: stream.head.start, series, state })
    }
}

impl Stream {
    fn take(&mut self, point: &Point) -> (PointOutcome, Before) {
        match (self.series.get_mut(&point.key), point.temporality) {
            (None, Temporality::Delta) => {
                let interval = [(point.start, point.time)].into_iter().collect();
                self.series.insert(point.key, SeriesState::Intervals(interval));
                (growth_outcome(point.start, point.histogram.clone()), Before::Unknown)
            }
            (None, Temporality::Cumulative) => (self.first_point(point), Before::Unknown),
            (Some(SeriesState::Total { time, histogram }), _) => {
                next_total(self.head, time, histogram, point)
            }
            (Some(SeriesState::Intervals(known)), _) => {
                let before = known.clone();
                if stream::is_new_interval(known, point.start, point.time) {
                    let before = Before::Other(SeriesState::Intervals(before));
                    (growth_outcome(point.start, point.histogram.clone()), before)
                } else {
                    (PointOutcome::Duplicate, Before::Same)
                }
            }
        }
    }

    fn first_point(&mut self, point: &Point) -> PointOutcome {
        let sibling = self.series.values().find_map(SeriesState::histogram);
        let histogram = point.histogram.clone();
        let histogram = match sibling {
            Some(sibling) => histogram.sharing_with(sibling),
            None => histogram,
        };
        let total = SeriesState::Total { time: point.time, histogram };
        self.series.insert(point.key, total);
        match self.head.before(point.time) {
            Some(previous) => growth_outcome(previous.max(point.start), point.histogram.clone()),
            None if point.time.since(point.start) <= MAX_START_AGE => {
                growth_outcome(point.start, point.histogram.clone())
            }
            None => PointOutcome::Baseline,
        }
    }
}

/// Counts a further point of a cumulative series whose newest point was at `time`, and makes
/// `point` the newest.
fn next_total(
    head: Head,
    time: &mut UnixNanos,
    newest: &mut Histogram,
    point: &Point,
) -> (PointOutcome, Before) {
    if point.time <= *time {
        return (PointOutcome::Duplicate, Before::Same);
    }
    let was_absent = head.was_absent(*time, point.time);
    let since = if was_absent { head.before(point.time).unwrap_or(*time) } else { *time };
    let growth = if was_absent { None } else { point.histogram.since(newest) };
    let total = point.histogram.clone().sharing_with(newest);
    let before = SeriesState::Total {
        time: std::mem::replace(time, point.time),
        histogram: std::mem::replace(newest, total),
    };
    let growth = growth.unwrap_or_else(|| point.histogram.clone());
    (growth_outcome(since, growth), Before::Other(before))
}

fn growth_outcome(since: UnixNanos, histogram: Histogram) -> PointOutcome {
    if histogram.is_empty() {
        return PointOutcome::Unchanged;
    }
    PointOutcome::Grown(Growth { since, histogram })
}
