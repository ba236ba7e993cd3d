//! The series of hot rows: one copy of each, with its number in the log.

use std::collections::HashMap;
use std::sync::Arc;

use coral_trace::UnixNanos;
use coral_trace::red::{Key, LabelLimit, Point, Series};

/// Series by number, from 0.
#[derive(Default)]
pub(super) struct SeriesTable {
    all: Vec<Arc<Series>>,
    numbers: HashMap<Arc<Series>, u32>,
    /// By stream and series: the number of the series in which points were counted on `day`.
    admitted: HashMap<(Key, Key), u32>,
    day: u64,
    /// How many series are in the log.
    logged: usize,
}

impl SeriesTable {
    /// The number of the series in which `point` is counted: its own series, or the overflow
    /// series.
    pub(super) fn admit(&mut self, point: &Point, limit: &mut LabelLimit, now: UnixNanos) -> u32 {
        let day = LabelLimit::day(now);
        if day != self.day {
            (self.day, self.admitted) = (day, HashMap::new());
        }
        let key = (point.stream, point.key);
        if let Some(number) = self.admitted.get(&key) {
            return *number;
        }
        let series = limit.admit(point.series.clone(), now);
        // A number of the overflow series is not remembered, because the limit counts each point
        // that exceeds it.
        let is_over = !Arc::ptr_eq(&series, &point.series);
        let number = self.number(&series);
        if !is_over {
            self.admitted.insert(key, number);
        }
        number
    }

    /// The number of `series`.
    pub(super) fn number(&mut self, series: &Arc<Series>) -> u32 {
        if let Some(number) = self.numbers.get(series) {
            return *number;
        }
        let number = self.all.len() as u32;
        self.all.push(series.clone());
        self.numbers.insert(series.clone(), number);
        number
    }

    /// The shared copy of a series.
    pub(super) fn get(&self, number: u32) -> Arc<Series> {
        self.all[number as usize].clone()
    }

    /// The number of the first series that is not in the log, and all series from that one on.
    pub(super) fn unlogged(&self) -> (u32, &[Arc<Series>]) {
        (self.logged as u32, &self.all[self.logged..])
    }

    /// Records that all series are in the log.
    pub(super) fn mark_logged(&mut self) {
        self.logged = self.all.len();
    }

    /// Records that a new log begins, which has no series.
    pub(super) fn begin_log(&mut self) {
        self.logged = 0;
    }
}
