//! Numbers that rise: each version of a row is above the one before it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Numbers above all that this process gave out, and near the time in nanoseconds, so that they are
/// also above those of a process that ended before.
#[derive(Debug, Default)]
pub(crate) struct Sequence(AtomicU64);

impl Sequence {
    pub(crate) fn next(&self) -> u64 {
        let now = wall_clock();
        let above = |last: u64| Some(now.max(last.saturating_add(1)));
        match self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, above) {
            Ok(last) | Err(last) => now.max(last.saturating_add(1)),
        }
    }
}

/// Nanoseconds since the Unix epoch.
pub(crate) fn wall_clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_is_above_the_one_before() {
        let sequence = Sequence(AtomicU64::new(wall_clock() + 1_000_000_000_000));
        let numbers: Vec<u64> = (0..1_000).map(|_| sequence.next()).collect();
        assert!(numbers.is_sorted_by(|one, next| one < next));
    }
}
