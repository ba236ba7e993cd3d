//! Sets of instants, as time ranges.

use coral_trace::{TimeRange, UnixNanos};

/// Disjoint time ranges that do not touch, in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Intervals(Vec<TimeRange>);

impl Intervals {
    /// Adds a range; an empty one adds nothing.
    pub(super) fn add(&mut self, range: TimeRange) {
        if range.end <= range.start {
            return;
        }
        let (mut start, mut end) = (range.start, range.end);
        self.0.retain(|known| {
            let is_apart = known.end < start || end < known.start;
            if !is_apart {
                (start, end) = (start.min(known.start), end.max(known.end));
            }
            is_apart
        });
        let at = self.0.partition_point(|known| known.start < start);
        self.0.insert(at, TimeRange { start, end });
    }

    /// The parts of `range` that are not in the set, in order.
    pub(super) fn missing_in(&self, range: TimeRange) -> Vec<TimeRange> {
        let (mut missing, mut from) = (Vec::new(), range.start);
        for known in self.0.iter().filter(|known| known.end > range.start) {
            if known.start >= range.end {
                break;
            }
            if known.start > from {
                missing.push(TimeRange { start: from, end: known.start });
            }
            from = from.max(known.end);
        }
        if from < range.end {
            missing.push(TimeRange { start: from, end: range.end });
        }
        missing
    }

    /// Whether `instant` is in the set.
    pub(super) fn contains(&self, instant: UnixNanos) -> bool {
        let at = self.0.partition_point(|range| range.end <= instant);
        self.0.get(at).is_some_and(|range| range.contains(instant))
    }

    /// The first instant of the set.
    pub(super) fn first(&self) -> Option<UnixNanos> {
        Some(self.0.first()?.start)
    }

    /// The first instant after the set.
    pub(super) fn end(&self) -> Option<UnixNanos> {
        Some(self.0.last()?.end)
    }

    /// The end of the last range that ends at or before `instant`.
    pub(super) fn end_before(&self, instant: UnixNanos) -> Option<UnixNanos> {
        Some(self.0.iter().rfind(|range| range.end <= instant)?.end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range(start: u64, end: u64) -> TimeRange {
        TimeRange { start: UnixNanos(start), end: UnixNanos(end) }
    }

    proptest! {
        #[test]
        fn an_instant_is_either_in_the_set_or_missing(
            added in prop::collection::vec((0..40u64, 0..12u64), 0..8),
            (from, length) in (0..40u64, 0..20u64),
        ) {
            let mut set = Intervals::default();
            added.iter().for_each(|(start, length)| set.add(range(*start, start + length)));
            let asked = range(from, from + length);
            let missing = set.missing_in(asked);
            for instant in (from..from + length).map(UnixNanos) {
                let is_added = added
                    .iter()
                    .any(|(start, length)| range(*start, start + length).contains(instant));
                prop_assert_eq!(is_added, set.contains(instant));
                let is_missing = missing.iter().any(|part| part.contains(instant));
                prop_assert_eq!(is_added, !is_missing);
            }
            prop_assert!(set.0.windows(2).all(|pair| pair[0].end < pair[1].start));
        }
    }
}
