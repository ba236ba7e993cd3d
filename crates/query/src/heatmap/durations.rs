//! The rows of a heatmap. Traces are counted in narrow ranges of durations, ten for each power of
//! ten, and a row joins equally many of these, so that the rows fit what was counted.

use coral_engine::Histogram;

/// The first bound of each power of ten, and those behind it: preferred numbers (ISO 3, R10).
const PREFERRED: [i64; 10] = [100, 125, 160, 200, 250, 315, 400, 500, 630, 800];
/// The number of bounds: more than rows can have.
const BOUNDS: i64 = 160;
/// The last bound that rows have to reach: 10,000 seconds.
const LONG: i64 = 90;

/// The bounds between narrow ranges, in microseconds.
pub(super) fn bounds() -> Vec<i64> {
    (0..BOUNDS).map(bound).collect()
}

/// The bound with this number: bound 0 is 10 microseconds, and every tenth one a power of ten.
fn bound(number: i64) -> i64 {
    let preferred = PREFERRED[number as usize % 10];
    // The numbers of the first decade are not whole: 12.5 and 31.5.
    preferred * 10_i64.pow(number as u32 / 10) / 10
}

/// Rows of equal width on a logarithmic scale.
pub(super) struct Durations {
    rows: u32,
    /// The number of the bound at which the first row begins.
    first: i64,
    /// How many narrow ranges a row has.
    width: i64,
}

impl Durations {
    /// The narrowest rows that have room for all durations of `counted`.
    pub(super) fn of(counted: &Histogram, rows: u32) -> Self {
        let ranges = counted.grid().rows();
        let has_traces = |range: &usize| {
            counted.counts.chunks(ranges).any(|column| column.get(*range).is_some_and(|n| *n > 0))
        };
        // The range behind bound 0 has the number 0. What is shorter is in the first row too, and
        // what is very long is in the last.
        let number = |range: usize| (range as i64 - 1).clamp(0, LONG);
        let shortest = (0..ranges).find(has_traces).map_or(0, number);
        let longest = (0..ranges).rev().find(has_traces).map_or(0, number);
        let first = |width: i64| shortest / width * width;
        let mut width = 1;
        while (longest - first(width)) / width >= i64::from(rows) {
            width += 1;
        }
        Self { rows, first: first(width), width }
    }

    pub(super) fn bounds_us(&self) -> Vec<i64> {
        (0..=i64::from(self.rows)).map(|row| bound(self.first + row * self.width)).collect()
    }

    /// The sums of `cells`, which has narrow ranges, for the rows of each column.
    pub(super) fn cells(&self, cells: &[u64]) -> Vec<u64> {
        let mut sums = Vec::with_capacity(cells.len());
        for column in cells.chunks(bounds().len() + 1) {
            let mut of_rows = vec![0; self.rows as usize];
            for (range, count) in (-1_i64..).zip(column) {
                let row = (range - self.first) / self.width;
                of_rows[row.clamp(0, i64::from(self.rows) - 1) as usize] += count;
            }
            sums.extend(of_rows);
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use coral_engine::Grid;
    use coral_trace::{TimeRange, UnixNanos};
    use proptest::prelude::*;

    use super::*;

    fn counted(durations_us: &[i64]) -> Histogram {
        let grid = Grid { range: TimeRange::ALL, columns: 2, bounds_us: bounds() };
        let mut counted = Histogram::new(grid);
        durations_us.iter().for_each(|us| counted.add(UnixNanos(0), *us, false));
        counted
    }

    #[test]
    fn bounds_are_preferred_numbers() {
        assert_eq!(bounds()[..12], [10, 12, 16, 20, 25, 31, 40, 50, 63, 80, 100, 125]);
        assert_eq!(bounds()[88..91], [6_300_000_000, 8_000_000_000, 10_000_000_000]);
    }

    #[test]
    fn rows_are_as_narrow_as_the_durations_allow() {
        let durations = Durations::of(&counted(&[3_000, 9_000]), 20);
        assert_eq!(durations.bounds_us()[..4], [2_500, 3_150, 4_000, 5_000]);
        let durations = Durations::of(&counted(&[150, 2_000_000]), 20);
        assert_eq!(durations.bounds_us()[..5], [80, 160, 315, 630, 1_250]);
        let durations = Durations::of(&counted(&[]), 20);
        assert_eq!(durations.bounds_us()[..3], [10, 12, 16]);
    }

    proptest! {
        #[test]
        fn every_duration_is_in_the_row_whose_bounds_it_is_between(
            durations_us in prop::collection::vec(
                prop_oneof![-5..100_i64, 0..100_000_000_000_i64, any::<i64>()], 0..20),
            rows in 1..=60_u32,
        ) {
            let counted = counted(&durations_us);
            let durations = Durations::of(&counted, rows);
            let bounds = durations.bounds_us();
            prop_assert_eq!(bounds.len(), rows as usize + 1);
            prop_assert!(bounds.is_sorted_by(|one, next| one < next), "{:?}", bounds);
            let mut expected = vec![0; rows as usize * 2];
            for us in durations_us {
                let inner = &bounds[1..rows as usize];
                expected[inner.partition_point(|bound| *bound <= us)] += 1;
            }
            prop_assert_eq!(durations.cells(&counted.counts), expected);
        }
    }
}
