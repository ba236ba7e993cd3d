//! Latency percentiles: exact for few calls, approximate for many.

/// A set of durations in microseconds. The order in which durations are added or merged does not
/// matter.
///
/// Percentiles are exact for up to [`Latencies::EXACT`] durations. With more durations, percentiles
/// are off by at most 0.4%, which is half the width of a bucket: each power of two is divided into
/// 128 buckets. The size is at most 60 KiB.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Latencies {
    /// The durations one by one, unsorted; empty once there are buckets.
    few: Vec<u64>,
    /// The number of durations in each bucket, starting with bucket number `first`.
    buckets: Vec<u64>,
    first: usize,
    min: u64,
    max: u64,
    count: u64,
}

/// The number of buckets for each power of two.
const DIVISIONS: u32 = 128;
const DIVISION_BITS: u32 = DIVISIONS.ilog2();

impl Latencies {
    /// The largest number of durations that are kept one by one.
    pub const EXACT: usize = 256;

    /// Adds one duration.
    pub fn add(&mut self, micros: u64) {
        self.min = if self.count == 0 { micros } else { self.min.min(micros) };
        self.max = self.max.max(micros);
        self.count += 1;
        if !self.buckets.is_empty() {
            self.count_in(bucket(micros), 1);
        } else if self.few.len() < Self::EXACT {
            self.few.push(micros);
        } else {
            self.few.push(micros);
            self.fill_buckets();
        }
    }

    /// Adds all durations of `other`.
    pub fn merge(&mut self, other: &Self) {
        for micros in &other.few {
            self.add(*micros);
        }
        if other.buckets.is_empty() {
            return;
        }
        self.fill_buckets();
        for (at, count) in other.buckets.iter().enumerate().filter(|(_, count)| **count > 0) {
            self.count_in(other.first + at, *count);
        }
        self.min = if self.count == 0 { other.min } else { self.min.min(other.min) };
        self.max = self.max.max(other.max);
        self.count += other.count;
    }

    /// How many durations there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The smallest duration that `percent` percent of the durations do not exceed (nearest rank).
    /// `None` when there are no durations.
    pub fn percentile(&self, percent: u64) -> Option<u64> {
        if self.count == 0 {
            return None;
        }
        let rank = (u128::from(self.count) * u128::from(percent)).div_ceil(100);
        let rank = (rank as u64).clamp(1, self.count);
        if self.buckets.is_empty() {
            let mut sorted = self.few.clone();
            sorted.sort_unstable();
            return sorted.get(rank as usize - 1).copied();
        }
        let mut below = 0;
        let at = self.buckets.iter().position(|count| {
            below += count;
            below >= rank
        });
        at.map(|at| middle(self.first + at).clamp(self.min, self.max))
    }

    fn fill_buckets(&mut self) {
        for micros in std::mem::take(&mut self.few) {
            self.count_in(bucket(micros), 1);
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
