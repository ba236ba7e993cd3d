//! What is remembered of one exporter's instrument between its exports.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use super::histogram::Histogram;
use super::point::Key;
use crate::time::UnixNanos;

/// One instrument of one exporter since one start.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) head: Head,
    /// When it was last heard, by our own clock; zero where that was not told.
    pub(super) received: UnixNanos,
    pub(super) series: HashMap<Key, SeriesState>,
}

/// When it was heard.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) start: UnixNanos,
    /// The earliest export.
    pub(super) first: UnixNanos,
    /// The newest exports, newest first; zero where there were fewer.
    pub(super) newest: [UnixNanos; REMEMBERED_EXPORTS],
}

/// What is known of one series.
#[derive(Clone, PartialEq, Debug)]
pub enum SeriesState {
    /// A cumulative one: its newest point.
    Total {
        /// When the counts were true.
        time: UnixNanos,
        /// What they were.
        histogram: Histogram,
    },
    /// A delta one: starts and ends of the newest points, newest last.
    Intervals(VecDeque<(UnixNanos, UnixNanos)>),
}

/// What a commit changed in what is remembered: enough to remember it after a restart.
#[derive(Clone, PartialEq, Debug)]
pub struct StateChange<'a> {
    /// The instrument.
    pub stream: Key,
    /// When its counting began; zero for delta ones.
    pub start: UnixNanos,
    /// The series.
    pub series: Key,
    /// What it is now.
    pub tracked: Cow<'a, SeriesState>,
}

const REMEMBERED_EXPORTS: usize = 4;

/// A cumulative series that was left out of so many exports of its stream was removed by the exporter, and
/// counts from zero when it is back. Beyla removes idle ones after five minutes, which are five exports at
/// least, and its SDK leaves their start as it was. Two, since an exporter may split an export in two.
const ABSENT_EXPORTS: usize = 2;

/// How many intervals of a delta series are remembered, to know those that are sent again.
const REMEMBERED_INTERVALS: usize = 64;

impl StateChange<'_> {
    /// The same, apart from where it is remembered.
    pub fn into_owned(self) -> StateChange<'static> {
        StateChange { tracked: Cow::Owned(self.tracked.into_owned()), ..self }
    }
}

impl Stream {
    pub(super) fn new(start: UnixNanos, heard: UnixNanos) -> Self {
        let head = Head { start, first: heard, newest: [UnixNanos(0); REMEMBERED_EXPORTS] };
        Self { head, received: UnixNanos(0), series: HashMap::new() }
    }

    /// After a restart: exports in which nothing changed were not written down, so that all series count as
    /// heard when the newest was.
    pub(super) fn settle(&mut self) {
        let newest = self.series.values().map(SeriesState::time).max().unwrap_or_default();
        for tracked in self.series.values_mut() {
            if let SeriesState::Total { time, .. } = tracked {
                *time = newest;
            }
        }
        self.head.newest = [UnixNanos(0); REMEMBERED_EXPORTS];
        self.head.hear(newest);
    }

    /// Forgets series that were removed, and delta ones that were not heard of since `before`.
    pub(super) fn forget_removed(&mut self, before: UnixNanos) -> usize {
        let (head, had) = (self.head, self.series.len());
        // By the exporter's own clock, which may be behind.
        let before = before.earlier(self.received.since(head.newest[0]));
        self.series.retain(|_, tracked| match tracked {
            SeriesState::Total { time, .. } => !head.was_absent(*time, UnixNanos::MAX),
            SeriesState::Intervals(_) => tracked.time() >= before,
        });
        had - self.series.len()
    }
}

impl Head {
    /// Notes an export at `time`.
    pub(super) fn hear(&mut self, time: UnixNanos) {
        self.first = self.first.min(time);
        if let Some(at) = self.newest.iter().position(|known| *known <= time)
            && self.newest[at] != time
        {
            self.newest[at..].rotate_right(1);
            self.newest[at] = time;
        }
    }

    /// Whether exports between `last` and `now` left a series out that they would not have.
    pub(super) fn was_absent(&self, last: UnixNanos, now: UnixNanos) -> bool {
        let between = self.newest.iter().filter(|export| last < **export && **export < now);
        between.count() >= ABSENT_EXPORTS
    }

    /// The newest export before `time`, if there was one.
    pub(super) fn before(&self, time: UnixNanos) -> Option<UnixNanos> {
        let earlier = self.newest.iter().find(|export| **export < time).copied();
        (self.first < time).then(|| earlier.unwrap_or_default().max(self.first))
    }
}

impl SeriesState {
    /// Whether nothing but the time of the newest point is another.
    pub(super) fn counts_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Total { histogram, .. }, Self::Total { histogram: other, .. }) => {
                histogram == other
            }
            (one, other) => one == other,
        }
    }

    pub(super) fn histogram(&self) -> Option<&Histogram> {
        match self {
            Self::Total { histogram, .. } => Some(histogram),
            Self::Intervals(_) => None,
        }
    }

    pub(super) fn time(&self) -> UnixNanos {
        match self {
            Self::Total { time, .. } => *time,
            Self::Intervals(known) => known.iter().map(|(_, time)| *time).max().unwrap_or_default(),
        }
    }
}

/// Whether a delta series was told of this interval for the first time; it is then known.
pub(super) fn is_new_interval(
    known: &mut VecDeque<(UnixNanos, UnixNanos)>,
    start: UnixNanos,
    time: UnixNanos,
) -> bool {
    let is_new = !known.contains(&(start, time));
    if is_new {
        known.push_back((start, time));
        known.drain(..known.len().saturating_sub(REMEMBERED_INTERVALS));
    }
    is_new
}
