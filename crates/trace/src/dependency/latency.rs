//! Latency percentiles: exact, except for very many distinct durations.

use std::borrow::Cow;

/// A set of durations in microseconds. The order in which durations are added or merged does not
/// matter.
///
/// Percentiles are exact for up to [`Latencies::MAX_DISTINCT`] distinct durations, each of which
/// may occur any number of times. With more, percentiles are off by at most 0.05%, which is half
/// the width of a bucket: each power of two is divided into 1,024 buckets.
/// [`is_exact`](Self::is_exact) tells which of the two holds. The size is at most 4 MiB, and at
/// most 16 bytes for each duration.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Latencies {
    /// The durations that are not yet in `exact`, unsorted; empty once there are buckets.
    recent: Vec<u64>,
    /// Distinct durations in rising order, with their numbers; empty once there are buckets.
    exact: Vec<(u64, u64)>,
    /// The number of durations in each bucket, starting with bucket number `first`.
    buckets: Vec<u64>,
    first: usize,
    min: u64,
    max: u64,
    count: u64,
}

/// The number of buckets for each power of two.
const DIVISIONS: u32 = 1_024;
const DIVISION_BITS: u32 = DIVISIONS.ilog2();
/// The number of durations that are sorted together. Sorting takes most of the time: an `add` takes
/// 40-60 ns with this number, and 100-130 ns with a few hundred.
const BATCH: usize = Latencies::MAX_DISTINCT;

impl Latencies {
    /// The largest number of distinct durations that are kept one by one.
    pub const MAX_DISTINCT: usize = 131_072;

    /// Adds one duration.
    pub fn add(&mut self, micros: u64) {
        self.min = if self.count == 0 { micros } else { self.min.min(micros) };
        self.max = self.max.max(micros);
        self.count += 1;
        if !self.buckets.is_empty() {
            self.count_in(bucket(micros), 1);
            return;
        }
        self.recent.push(micros);
        if self.recent.len() >= BATCH {
            self.settle();
        }
    }

    /// Adds all durations of `other`.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        let other = other.settled();
        self.min = if self.count == 0 { other.min } else { self.min.min(other.min) };
        self.max = self.max.max(other.max);
        self.count += other.count;
        if self.buckets.is_empty() && other.buckets.is_empty() {
            self.settle();
            self.exact = merged(&self.exact, &other.exact);
            self.limit();
            return;
        }
        self.fill_buckets();
        for (micros, count) in &other.exact {
            self.count_in(bucket(*micros), *count);
        }
        for (at, count) in other.buckets.iter().enumerate().filter(|(_, count)| **count > 0) {
            self.count_in(other.first + at, *count);
        }
    }

    /// How many durations there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether percentiles are exact.
    pub fn is_exact(&self) -> bool {
        self.settled().buckets.is_empty()
    }

    /// The smallest duration that `percent` percent of the durations do not exceed (nearest rank).
    /// `None` when there are no durations.
    pub fn percentile(&self, percent: u64) -> Option<u64> {
        if self.count == 0 {
            return None;
        }
        let rank = nearest_rank(self.count, percent);
        let settled = self.settled();
        let mut below = 0;
        let mut reaches = |count: u64| {
            below += count;
            below >= rank
        };
        if settled.buckets.is_empty() {
            let found = settled.exact.iter().find(|(_, count)| reaches(*count));
            return found.map(|(micros, _)| *micros);
        }
        let at = settled.buckets.iter().position(|count| reaches(*count));
        at.map(|at| middle(settled.first + at).clamp(self.min, self.max))
    }

    /// The same durations, sorted. Several percentiles are found faster in the result.
    #[must_use]
    pub fn settled(&self) -> Cow<'_, Self> {
        if self.recent.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut settled = self.clone();
        settled.settle();
        Cow::Owned(settled)
    }

    fn settle(&mut self) {
        let mut recent = std::mem::take(&mut self.recent);
        recent.sort_unstable();
        let counts: Vec<(u64, u64)> = recent
            .chunk_by(|one, next| one == next)
            .map(|equal| (equal[0], equal.len() as u64))
            .collect();
        self.exact = merged(&self.exact, &counts);
        recent.clear();
        self.recent = recent;
        self.limit();
    }

    /// Moves the durations into buckets if too many of them are distinct.
    fn limit(&mut self) {
        if self.exact.len() > Self::MAX_DISTINCT {
            self.fill_buckets();
        }
    }

    fn fill_buckets(&mut self) {
        for micros in std::mem::take(&mut self.recent) {
            self.count_in(bucket(micros), 1);
        }
        for (micros, count) in std::mem::take(&mut self.exact) {
            self.count_in(bucket(micros), count);
        }
    }

    fn count_in(&mut self, bucket: usize, count: u64) {
        if self.buckets.is_empty() {
            self.first = bucket;
        }
        if bucket < self.first {
            let more = self.first - bucket;
            self.buckets.splice(..0, std::iter::repeat_n(0, more));
            self.first = bucket;
        }
        if bucket - self.first >= self.buckets.len() {
            self.buckets.resize(bucket - self.first + 1, 0);
        }
        self.buckets[bucket - self.first] += count;
    }
}

/// The rank of a percentile among `count` values in rising order, counted from 1: the smallest rank
/// that `percent` percent of the values do not exceed. At least 1, also for no values.
pub(crate) fn nearest_rank(count: u64, percent: u64) -> u64 {
    let rank = (u128::from(count) * u128::from(percent)).div_ceil(100);
    (rank as u64).clamp(1, count.max(1))
}

/// Two lists of distinct durations with their numbers, both in rising order, as one.
fn merged(one: &[(u64, u64)], other: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut all = Vec::with_capacity(one.len() + other.len());
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    loop {
        let next = match (one.peek(), other.peek()) {
            (Some(left), Some(right)) if left.0 == right.0 => {
                let sum = (left.0, left.1 + right.1);
                one.next();
                other.next();
                sum
            }
            (Some(left), right) if right.is_none_or(|right| left.0 < right.0) => {
                let least = **left;
                one.next();
                least
            }
            (_, Some(right)) => {
                let least = **right;
                other.next();
                least
            }
            (_, None) => return all,
        };
        all.push(next);
    }
}

/// The index of the bucket that counts `micros`. Values below twice [`DIVISIONS`] have a bucket
/// each.
fn bucket(micros: u64) -> usize {
    let power = micros.checked_ilog2().unwrap_or(0);
    let shift = power.saturating_sub(DIVISION_BITS);
    // After the shift, the value lies between DIVISIONS and twice that.
    (u64::from(shift) * u64::from(DIVISIONS) + (micros >> shift)) as usize
}

/// The duration in the middle of a bucket, in microseconds.
fn middle(bucket: usize) -> u64 {
    let (bucket, divisions) = (bucket as u64, u64::from(DIVISIONS));
    let shift = (bucket / divisions).saturating_sub(1);
    let begin = (bucket - shift * divisions) << shift;
    begin + (1 << shift) / 2
}
