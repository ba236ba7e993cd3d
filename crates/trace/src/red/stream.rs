//! The state of one instrument of one exporter between exports.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use super::histogram::Histogram;
use super::point::Key;
use crate::time::UnixNanos;

/// One instrument of one exporter, since one start time, with its series.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) head: Head,
    /// When the last export was received, by this process's clock; zero when this is not known.
    pub(super) received: UnixNanos,
    pub(super) series: HashMap<Key, SeriesState>,
}

/// The start time of a stream, and the times of its exports.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) start: UnixNanos,
    /// The time of the earliest export.
    pub(super) first: UnixNanos,
    /// The times of the newest exports, the newest first; zero where there were fewer.
    pub(super) newest: [UnixNanos; REMEMBERED_EXPORTS],
}

/// The state of one series, which decides what its next point adds.
#[derive(Clone, PartialEq, Debug)]
pub enum SeriesState {
    /// A cumulative series, by its newest point.
    Total {
        /// The time of the point.
        time: UnixNanos,
        /// The total counts of the point.
        histogram: Histogram,
    },
    /// A delta series, by the start and end of its newest points, the newest last.
    Intervals(VecDeque<(UnixNanos, UnixNanos)>),
}

/// The new state of a series, in the form that is stored and restored after a restart.
#[derive(Clone, PartialEq, Debug)]
pub struct StateChange<'a> {
    /// The stream of the series.
    pub stream: Key,
    /// When counting began; zero for delta series.
    pub start: UnixNanos,
    /// The series.
    pub series: Key,
    /// The new state.
    pub state: Cow<'a, SeriesState>,
}

/// How many export times of a stream are kept.
const REMEMBERED_EXPORTS: usize = 4;

/// A cumulative series that is missing from this many exports of its stream was removed by its
/// exporter, and counts from zero when it returns. Beyla removes a series that was idle for five
/// minutes, which is at least five exports, and keeps the start time when the series returns. One
/// missing export is not enough, because an exporter may split an export in two.
const ABSENT_EXPORTS: usize = 2;

/// How many intervals of a delta series are kept, to recognise an interval that is sent again.
const REMEMBERED_INTERVALS: usize = 64;

impl StateChange<'_> {
    /// A copy that does not borrow.
    pub fn into_owned(self) -> StateChange<'static> {
        StateChange { state: Cow::Owned(self.state.into_owned()), ..self }
    }
}

impl Stream {
    pub(super) fn new(start: UnixNanos, first_export: UnixNanos) -> Self {
        let head = Head { start, first: first_export, newest: [UnixNanos(0); REMEMBERED_EXPORTS] };
        Self { head, received: UnixNanos(0), series: HashMap::new() }
    }

    /// Ends a restoration. A series that an export did not change was not stored with that export,
    /// so every series counts as received with the newest export.
    pub(super) fn settle(&mut self) {
        let newest = self.series.values().map(SeriesState::time).max().unwrap_or_default();
        for state in self.series.values_mut() {
            if let SeriesState::Total { time, .. } = state {
                *time = newest;
            }
        }
        self.head.newest = [UnixNanos(0); REMEMBERED_EXPORTS];
        self.head.record_export(newest);
    }

    /// Forgets the series that the exporter removed, and delta series without a point since
    /// `before`. Returns how many.
    pub(super) fn forget_removed(&mut self, before: UnixNanos) -> usize {
        let (head, had) = (self.head, self.series.len());
        // The exporter's clock may be behind this process's clock, so `before` is moved back by the
        // difference.
        let before = before.earlier(self.received.since(head.newest[0]));
        self.series.retain(|_, state| match state {
            SeriesState::Total { time, .. } => !head.was_absent(*time, UnixNanos::MAX),
            SeriesState::Intervals(_) => state.time() >= before,
        });
        had - self.series.len()
    }
}

impl Head {
    /// Records an export at `time`.
    pub(super) fn record_export(&mut self, time: UnixNanos) {
        self.first = self.first.min(time);
        if let Some(at) = self.newest.iter().position(|known| *known <= time)
            && self.newest[at] != time
        {
            self.newest[at..].rotate_right(1);
            self.newest[at] = time;
        }
    }

    /// Whether a series whose last point was at `last` is missing from so many exports before `now`
    /// that its exporter removed it.
    pub(super) fn was_absent(&self, last: UnixNanos, now: UnixNanos) -> bool {
        let between = self.newest.iter().filter(|export| last < **export && **export < now);
        between.count() >= ABSENT_EXPORTS
    }

    /// The time of the newest known export before `time`, if there was one.
    pub(super) fn before(&self, time: UnixNanos) -> Option<UnixNanos> {
        let earlier = self.newest.iter().find(|export| **export < time).copied();
        (self.first < time).then(|| earlier.unwrap_or_default().max(self.first))
    }
}

impl SeriesState {
    /// Whether both states have the same counts. The time of a cumulative series' newest point does
    /// not matter.
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

/// Records an interval of a delta series, and returns whether it is new.
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
