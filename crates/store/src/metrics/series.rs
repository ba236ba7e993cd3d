//! The series of hot rows: one copy of each, and the number that the log knows it by.

use std::collections::HashMap;
use std::sync::Arc;

use coral_trace::UnixNanos;
use coral_trace::red::{Key, LabelLimit, Point, Series};

/// Numbers follow on each other from 0.
#[derive(Default)]
pub(super) struct SeriesTable {
    all: Vec<Arc<Series>>,
    numbers: HashMap<Arc<Series>, u32>,
    /// By stream and series: what points were admitted as on `day`.
    admitted: HashMap<(Key, Key), u32>,
    day: u64,
    /// How many the log has been told of.
    told: usize,
}

impl SeriesTable {
    /// The number of the series that `point` is counted in.
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
        // The limit counts each point that is over it.
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

    /// The copy that everybody has.
    pub(super) fn get(&self, number: u32) -> Arc<Series> {
        self.all[number as usize].clone()
    }

    /// Those that the log has not been told of, and the number of the first.
    pub(super) fn untold(&self) -> (u32, &[Arc<Series>]) {
        (self.told as u32, &self.all[self.told..])
    }

    /// The log has been told of all.
    pub(super) fn tell(&mut self) {
        self.told = self.all.len();
    }

    /// Another log begins, which knows none.
    pub(super) fn begin_log(&mut self) {
        self.told = 0;
    }
}
