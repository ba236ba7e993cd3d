//! Counts of traces by start and duration.

use coral_trace::{TimeRange, UnixNanos};

use crate::query::TraceQuery;

/// The grid of a [`Histogram`]: columns of equal length in time, and rows of durations.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grid {
    /// The half-open time range that the columns divide.
    pub range: TimeRange,
    /// The number of columns, at least 1.
    pub columns: u32,
    /// Durations in microseconds, ascending, at which a row ends and the next one begins. The first
    /// row has what is shorter than the first bound, and the last row everything from the last
    /// bound on.
    pub bounds_us: Vec<i64>,
}

/// Traces counted in the cells of a grid.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Histogram {
    grid: Grid,
    /// Traces in each cell: the cell of a column and a row is at `column * rows + row`.
    pub counts: Vec<u64>,
    /// Traces with a failed span in each cell.
    pub failed: Vec<u64>,
}

impl Grid {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.bounds_us.len() + 1
    }

    /// A search for every trace that starts in the grid.
    pub fn query(&self) -> TraceQuery {
        TraceQuery { started: self.range, ..TraceQuery::newest(u32::MAX) }
    }

    /// The cell of a trace; `None` if the trace starts outside of the range.
    fn cell(&self, start: UnixNanos, duration_us: i64) -> Option<usize> {
        let [start, first, end] =
            [start, self.range.start, self.range.end].map(|time| i128::from(time.as_micros()));
        if !(first..end).contains(&start) {
            return None;
        }
        let column = ((start - first) * i128::from(self.columns) / (end - first)) as usize;
        let row = self.bounds_us.partition_point(|bound| *bound <= duration_us);
        Some(column * self.rows() + row)
    }
}

impl Histogram {
    /// A histogram without traces.
    pub fn new(grid: Grid) -> Self {
        let cells = grid.columns as usize * grid.rows();
        Self { grid, counts: vec![0; cells], failed: vec![0; cells] }
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Counts a trace, unless it starts outside of the grid's range.
    pub fn add(&mut self, start: UnixNanos, duration_us: i64, failed: bool) {
        if let Some(cell) = self.grid.cell(start, duration_us) {
            self.counts[cell] += 1;
            self.failed[cell] += u64::from(failed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_counted_in_the_cell_of_its_start_and_its_duration() {
        let range = TimeRange { start: UnixNanos(10_000), end: UnixNanos(110_000) };
        let grid = Grid { range, columns: 4, bounds_us: vec![10, 100] };
        let mut counted = Histogram::new(grid);
        for (start_us, duration_us, failed) in [
            (9, 1, false),
            (10, -1, false),
            (34, 9, true),
            (35, 10, false),
            (109, 99, false),
            (109, 100, true),
            (109, i64::MAX, false),
            (110, 1, false),
        ] {
            counted.add(UnixNanos(start_us * 1_000), duration_us, failed);
        }
        assert_eq!(counted.counts, [2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!(counted.failed, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn the_range_of_all_times_has_columns_too() {
        let grid = Grid { range: TimeRange::ALL, columns: 1, bounds_us: Vec::new() };
        let mut counted = Histogram::new(grid);
        counted.add(UnixNanos(0), 0, false);
        counted.add(UnixNanos(1_795_608_000_000_000_000), i64::MIN, false);
        assert_eq!(counted.counts, [2]);
    }
}
