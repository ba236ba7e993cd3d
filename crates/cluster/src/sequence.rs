//! Numbers that rise: each version of a row is above the one before it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Numbers that pass as nanoseconds do, so that those of two processes are in the order in which they
/// were given out, but for the difference of the clocks that both began with.
#[derive(Debug)]
pub(crate) struct Sequence {
    first: u64,
    begun: Instant,
    last: AtomicU64,
}

impl Sequence {
    /// Numbers above `stored`, all that an earlier process stored, from the time `now` on, in seconds.
    pub(crate) fn after(stored: u64, now: u64) -> Self {
        let first = now.saturating_mul(1_000_000_000).max(stored.saturating_add(1));
        Self { first, begun: Instant::now(), last: AtomicU64::new(0) }
    }

    pub(crate) fn next(&self) -> u64 {
        let passed = u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let now = self.first.saturating_add(passed);
        let above = |last: u64| now.max(last.saturating_add(1));
        let before =
            self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(above(last)));
        match before {
            Ok(last) | Err(last) => above(last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_is_above_the_one_before_and_above_what_is_stored() {
        let of = |sequence: Sequence| (0..1_000).map(|_| sequence.next()).collect::<Vec<u64>>();
        for numbers in [of(Sequence::after(7_000_000_000, 3)), of(Sequence::after(0, 8))] {
            assert!(numbers.is_sorted_by(|one, next| one < next));
            assert!(numbers[0] > 7_000_000_000);
        }
    }
}
