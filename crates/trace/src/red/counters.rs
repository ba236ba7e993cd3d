//! From points to what happened since: each request counted once.
//!
//! - **A cumulative series** is known by its exporter, attributes and start. What its newest point has more
//!   than the one before happened in between; a point that is not newer says nothing new. Another start is
//!   another count, so that points may come in any order. A lower count with the same start is a reset: all
//!   of it is new. So is the count of a series that its exporter removed and took up again (see `stream`).
//! - **The first point** of a series counts whole, from its start on, if it was heard from the start: its
//!   exporter was heard before, or the start was at most [`MAX_START_AGE`] earlier. Otherwise it is the baseline of
//!   what follows: requests of days would otherwise appear in one minute.
//! - **A delta series** counts what it says, once for each interval.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use super::histogram::Histogram;
use super::point::{Key, KeyHasher, Point, Temporality};
use super::stream::{self, Head, SeriesState, StateChange, Stream};
use crate::time::UnixNanos;

/// What exporters said so far. A commit that fails is taken back.
#[derive(Debug)]
pub struct Counters {
    streams: HashMap<Key, Stream>,
    /// How many series there are in `streams`.
    tracked: usize,
    max_tracked: usize,
    /// The time by our own clock, as far as it was told.
    now: UnixNanos,
    /// Nothing more was to be forgotten: it is not looked for again before this.
    full_until: UnixNanos,
    /// Since the last commit: what changed, with what it was before.
    changes: Vec<Change>,
}

#[derive(Debug)]
struct Change {
    stream: Key,
    /// `None` when the stream is new.
    head: Option<Head>,
    series: Key,
    before: Before,
    /// Worth writing down: more than the time changed.
    is_durable: bool,
}

/// What was known of a series before a point.
#[derive(Debug)]
enum Before {
    /// Nothing.
    Unknown,
    /// What is known now.
    Same,
    /// Something else.
    Other(SeriesState),
}

/// What a point said.
#[derive(Clone, PartialEq, Debug)]
pub enum PointOutcome {
    /// Requests that were not counted before.
    Grown(Growth),
    /// That nothing happened.
    Unchanged,
    /// What had been said before.
    Duplicate,
    /// What had been counted before anybody listened.
    Baseline,
    /// Nothing: no more series can be remembered.
    Dropped,
}

/// Requests that were not counted before.
#[derive(Clone, PartialEq, Debug)]
pub struct Growth {
    /// They ended after this moment, and at the point's time at the latest.
    pub since: UnixNanos,
    /// The requests.
    pub histogram: Histogram,
}

/// How long before its first point a series may have started to be counted whole.
pub const MAX_START_AGE: Duration = Duration::from_secs(3_600);

/// How often a full memory is searched for what can be forgotten.
const RECHECK_INTERVAL: Duration = Duration::from_secs(60);

impl Counters {
    /// Remembers at most `max_tracked` series.
    pub fn new(max_tracked: usize) -> Self {
        Self {
            streams: HashMap::new(),
            tracked: 0,
            max_tracked,
            now: UnixNanos(0),
            full_until: UnixNanos(0),
            changes: Vec::new(),
        }
    }

    /// It is `now`, by the clock that exporters are forgotten by: theirs may be behind by days.
    pub fn at(&mut self, now: UnixNanos) {
        self.now = self.now.max(now);
    }

    /// What `point` says that was not known.
    pub fn take(&mut self, point: &Point) -> PointOutcome {
        let start = match point.temporality {
            Temporality::Cumulative => point.start,
            Temporality::Delta => UnixNanos(0),
        };
        let key = KeyHasher::default().with(point.stream).with(point.temporality).with(start).key();
        let known = self.streams.get(&key);
        let is_known = known.is_some_and(|stream| stream.series.contains_key(&point.key));
        // One exporter with ever new series leaves a quarter for the others.
        let max = self.max_tracked - self.max_tracked / 4;
        let is_greedy = known.is_some_and(|stream| stream.series.len() >= max);
        let head = known.map(|stream| stream.head);
        if !is_known && (is_greedy || !self.has_room(point.time)) {
            return PointOutcome::Dropped;
        }
        let stream = self.streams.entry(key).or_insert_with(|| Stream::new(start, point.time));
        let (taken, before) = stream.take(point);
        stream.head.hear(point.time);
        stream.received = self.now;
        let is_durable = match &before {
            Before::Unknown => true,
            Before::Same => false,
            Before::Other(before) => !stream.series[&point.key].counts_as(before),
        };
        self.tracked += usize::from(!is_known);
        self.changes.push(Change { stream: key, head, series: point.key, before, is_durable });
        taken
    }

    /// Whether one more series can be remembered, if need be for streams of exporters that have ended: who was
    /// silent for longer than [`MAX_START_AGE`] and comes back is a baseline, so that nothing is counted twice.
    fn has_room(&mut self, time: UnixNanos) -> bool {
        let now = if self.now > UnixNanos(0) { self.now } else { time };
        if self.tracked >= self.max_tracked && now >= self.full_until {
            self.forget(now.earlier(MAX_START_AGE));
            self.full_until = now.later(RECHECK_INTERVAL);
        }
        self.tracked < self.max_tracked
    }

    /// What has to be written down with the commit that is being made.
    pub fn changes(&self) -> Vec<StateChange<'_>> {
        let durable = self.changes.iter().filter(|change| change.is_durable);
        let mut series: Vec<_> = durable.map(|change| (change.stream, change.series)).collect();
        // Of several changes of one series the last is what it is now.
        series.sort_unstable();
        series.dedup();
        series.into_iter().filter_map(|(stream, series)| self.state(stream, series)).collect()
    }

    /// The commit was made.
    pub fn committed(&mut self) {
        self.changes.clear();
    }

    /// The commit failed: nothing was said.
    pub fn roll_back(&mut self) {
        while let Some(Change { stream: key, head, series, before, .. }) = self.changes.pop() {
            let Some(stream) = self.streams.get_mut(&key) else { continue };
            match before {
                Before::Same => {}
                Before::Other(before) => drop(stream.series.insert(series, before)),
                Before::Unknown => {
                    self.tracked -= usize::from(stream.series.remove(&series).is_some());
                }
            }
            match head {
                Some(head) => stream.head = head,
                None => drop(self.streams.remove(&key)),
            }
        }
    }

    /// Everything that is remembered.
    pub fn snapshot(&self) -> Vec<StateChange<'_>> {
        let series = self.streams.iter().flat_map(|(stream, held)| {
            held.series.keys().filter_map(|series| self.state(*stream, *series))
        });
        series.collect()
    }

    /// Remembers what was written down, in the order in which it was.
    pub fn restore<'a>(&mut self, changes: impl IntoIterator<Item = StateChange<'a>>) {
        for StateChange { stream, start, series, tracked } in changes {
            let heard = tracked.time();
            let stream = self.streams.entry(stream).or_insert_with(|| Stream::new(start, heard));
            stream.head.first = stream.head.first.min(heard);
            self.tracked +=
                usize::from(stream.series.insert(series, tracked.into_owned()).is_none());
        }
    }

    /// Everything that was written down is restored, and further points follow.
    pub fn settle(&mut self) {
        self.streams.values_mut().for_each(Stream::settle);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self { now: self.now, ..Self::new(self.max_tracked) };
    }

    /// Forgets streams that were not heard of since `before`, and series that were removed from theirs. Such
    /// a stream's next point is a first point again.
    pub fn forget(&mut self, before: UnixNanos) {
        for stream in self.streams.values_mut() {
            // Restored: as if it had been heard of now.
            if stream.received == UnixNanos(0) {
                stream.received = self.now;
            }
            self.tracked -= stream.forget_removed(before);
        }
        self.streams.retain(|_, stream| {
            let is_told = stream.received > UnixNanos(0);
            let heard = if is_told { stream.received } else { stream.head.newest[0] };
            let stays = heard >= before && !stream.series.is_empty();
            self.tracked -= if stays { 0 } else { stream.series.len() };
            stays
        });
    }

    /// How many series are remembered.
    pub fn tracked(&self) -> usize {
        self.tracked
    }

    fn state(&self, key: Key, series: Key) -> Option<StateChange<'_>> {
        let stream = self.streams.get(&key)?;
        let tracked = Cow::Borrowed(stream.series.get(&series)?);
        Some(StateChange { stream: key, start: stream.head.start, series, tracked })
    }
}

impl Stream {
    fn take(&mut self, point: &Point) -> (PointOutcome, Before) {
        match (self.series.get_mut(&point.key), point.temporality) {
            (None, Temporality::Delta) => {
                let interval = [(point.start, point.time)].into_iter().collect();
                self.series.insert(point.key, SeriesState::Intervals(interval));
                (grown(point.start, point.histogram.clone()), Before::Unknown)
            }
            (None, Temporality::Cumulative) => (self.first(point), Before::Unknown),
            (Some(SeriesState::Total { time, histogram }), _) => {
                total(self.head, time, histogram, point)
            }
            (Some(SeriesState::Intervals(known)), _) => {
                let before = known.clone();
                if stream::is_new_interval(known, point.start, point.time) {
                    let before = Before::Other(SeriesState::Intervals(before));
                    (grown(point.start, point.histogram.clone()), before)
                } else {
                    (PointOutcome::Duplicate, Before::Same)
                }
            }
        }
    }

    fn first(&mut self, point: &Point) -> PointOutcome {
        let sibling = self.series.values().find_map(SeriesState::histogram);
        let histogram = point.histogram.clone();
        let histogram = match sibling {
            Some(sibling) => histogram.sharing_with(sibling),
            None => histogram,
        };
        let total = SeriesState::Total { time: point.time, histogram };
        self.series.insert(point.key, total);
        match self.head.before(point.time) {
            Some(heard) => grown(heard.max(point.start), point.histogram.clone()),
            None if point.time.since(point.start) <= MAX_START_AGE => {
                grown(point.start, point.histogram.clone())
            }
            None => PointOutcome::Baseline,
        }
    }
}

/// A further point of a cumulative series whose newest was at `time`.
fn total(
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
    (grown(since, growth), Before::Other(before))
}

fn grown(since: UnixNanos, histogram: Histogram) -> PointOutcome {
    if histogram.is_empty() {
        return PointOutcome::Unchanged;
    }
    PointOutcome::Grown(Growth { since, histogram })
}
