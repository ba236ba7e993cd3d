//! Latency percentiles: exact, except for very many distinct durations.

use std::borrow::Cow;

use super::sort;

/// A set of durations in microseconds. The order in which durations are added does not matter.
///
/// Percentiles are exact for up to [`Latencies::MAX_DISTINCT`] distinct durations, each of which
/// may occur any number of times. Of more, each duration is replaced by the middle of a bucket:
/// each power of two is divided into 1,024 buckets, and percentiles are off by at most 0.05%, half
/// the width of a bucket. [`is_exact`](Self::is_exact) tells which of the two holds. The size is at
/// most 4 MiB, and at most 24 bytes for each duration. [`LatencyLimit`](super::LatencyLimit) limits
/// the size of many sets together.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Latencies {
    /// Durations that are not yet in `distinct`, unsorted.
    recent: Vec<u64>,
    /// Distinct durations in rising order, or middles of buckets, with their numbers.
    distinct: Vec<(u64, u64)>,
    /// How many buckets each power of two has, as a power of two; `None` while durations are exact.
    bucket_bits: Option<u32>,
    min: u64,
    max: u64,
    count: u64,
}

/// The content of [`Latencies`].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LatencyParts {
    /// Distinct durations in rising order, or middles of buckets, with their numbers.
    pub distinct: Vec<(u64, u64)>,
    /// How many buckets each power of two has, as a power of two; `None` if durations are exact.
    pub bucket_bits: Option<u32>,
    /// The shortest and the longest duration; zero if there are none.
    pub bounds: (u64, u64),
}

/// The number of buckets of each power of two in a set that keeps [`Latencies::MAX_DISTINCT`]
/// durations, as a power of two.
const FINEST_BUCKET_BITS: u32 = 10;
/// The number of durations that are sorted together.
const BATCH: usize = Latencies::MAX_DISTINCT;

impl Latencies {
    /// The largest number of distinct durations that are kept one by one.
    pub const MAX_DISTINCT: usize = 131_072;

    /// Adds one duration.
    pub fn add(&mut self, micros: u64) {
        self.min = if self.count == 0 { micros } else { self.min.min(micros) };
        self.max = self.max.max(micros);
        self.count += 1;
        self.recent.push(micros);
        self.settle_if_full();
    }

    /// Adds all durations of `other`, which may have much fewer than this set.
    pub(super) fn add_all(&mut self, other: &Self) {
        if other.bucket_bits.is_some() {
            return self.merge(other.clone());
        }
        if other.count == 0 {
            return;
        }
        self.min = if self.count == 0 { other.min } else { self.min.min(other.min) };
        self.max = self.max.max(other.max);
        self.count += other.count;
        self.recent.extend_from_slice(&other.recent);
        for (micros, count) in &other.distinct {
            if *count == 1 {
                self.recent.push(*micros);
                continue;
            }
            // Very many equal durations are added in pieces.
            let mut left = *count as usize;
            while left > 0 {
                let now = left.min(BATCH);
                self.recent.extend(std::iter::repeat_n(*micros, now));
                left -= now;
                self.settle_if_full();
            }
        }
        self.settle_if_full();
    }

    /// Takes out one duration. Returns `None` if durations are not exact, or if there is no such
    /// duration.
    pub(super) fn take(&mut self, micros: u64) -> Option<()> {
        self.settle();
        let at = self.distinct.binary_search_by_key(&micros, |(micros, _)| *micros).ok()?;
        if self.bucket_bits.is_some() {
            return None;
        }
        self.distinct[at].1 -= 1;
        if self.distinct[at].1 == 0 {
            self.distinct.remove(at);
        }
        self.count -= 1;
        self.min = self.distinct.first().map_or(0, |(micros, _)| *micros);
        self.max = self.distinct.last().map_or(0, |(micros, _)| *micros);
        Some(())
    }

    /// The content of a set: what [`of_parts`](Self::of_parts) needs to make it again.
    pub fn parts(&self) -> LatencyParts {
        let settled = self.settled().into_owned();
        let Self { distinct, bucket_bits, min, max, .. } = settled;
        LatencyParts { distinct, bucket_bits, bounds: (min, max) }
    }

    /// The set with this content; `None` if no set has it.
    pub fn of_parts(parts: LatencyParts) -> Option<Self> {
        let LatencyParts { distinct, bucket_bits, bounds: (min, max) } = parts;
        let rising = distinct.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let counted = distinct.iter().all(|(_, count)| *count > 0);
        let count = distinct.iter().try_fold(0_u64, |sum, (_, count)| sum.checked_add(*count))?;
        let fits = bucket_bits.is_none_or(|bits| bits <= FINEST_BUCKET_BITS)
            && distinct.len() <= Self::MAX_DISTINCT;
        (rising && counted && fits && min <= max).then_some(Self {
            recent: Vec::new(),
            distinct,
            bucket_bits,
            min,
            max,
            count,
        })
    }

    /// Adds all durations of `other`.
    pub(super) fn merge(&mut self, mut other: Self) {
        if other.count == 0 {
            return;
        }
        self.settle();
        other.settle();
        self.min = if self.count == 0 { other.min } else { self.min.min(other.min) };
        self.max = self.max.max(other.max);
        self.count += other.count;
        if let Some(bits) = self.bucket_bits.into_iter().chain(other.bucket_bits).min() {
            self.round(bits);
            other.round(bits);
        }
        self.insert(other.distinct);
    }

    /// How many durations there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether percentiles are exact.
    pub fn is_exact(&self) -> bool {
        self.settled().bucket_bits.is_none()
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
        let found = settled.distinct.iter().find(|(_, count)| {
            below += count;
            below >= rank
        });
        // The middle of a bucket may lie outside of the durations in it.
        found.map(|(micros, _)| (*micros).clamp(self.min, self.max))
    }

    /// How many durations are longer than `micros`.
    pub fn count_above(&self, micros: u64) -> u64 {
        let settled = self.settled();
        let first = settled.distinct.partition_point(|(duration, _)| *duration <= micros);
        settled.distinct[first..].iter().map(|(_, count)| count).sum()
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

    /// Sorts the durations, keeps at most `max` of them, and releases memory that is not used.
    pub(super) fn limit(&mut self, max: usize) {
        self.settle();
        self.keep_at_most(max);
        self.recent = Vec::new();
        self.distinct.shrink_to_fit();
    }

    /// How many distinct durations there are, as long as that is not more than `max`: a set with
    /// buckets once had more. The set must be settled.
    pub(super) fn distinct_up_to(&self, max: usize) -> usize {
        if self.bucket_bits.is_some() { max } else { self.distinct.len().min(max) }
    }

    /// How many durations are kept, sorted or not.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.recent.len() + self.distinct.len()
    }

    fn settle_if_full(&mut self) {
        if self.recent.len() >= BATCH {
            self.settle();
        }
    }

    fn settle(&mut self) {
        if self.recent.is_empty() {
            return;
        }
        let mut recent = std::mem::take(&mut self.recent);
        if let Some(bits) = self.bucket_bits {
            recent.iter_mut().for_each(|micros| *micros = middle(*micros, bits));
        }
        sort::rising(&mut recent);
        let counts: Vec<(u64, u64)> = recent
            .chunk_by(|one, next| one == next)
            .map(|equal| (equal[0], equal.len() as u64))
            .collect();
        self.insert(counts);
        recent.clear();
        self.recent = recent;
    }

    /// Adds distinct durations in rising order, with their numbers.
    fn insert(&mut self, counts: Vec<(u64, u64)>) {
        self.distinct = match self.distinct.is_empty() {
            true => counts,
            false => merged(&self.distinct, &counts),
        };
        self.keep_at_most(Self::MAX_DISTINCT);
    }

    /// Replaces the durations by the middles of buckets if there are more than `max`. The buckets
    /// are the narrowest with which at most `max` remain.
    fn keep_at_most(&mut self, max: usize) {
        while self.distinct.len() > max && self.bucket_bits != Some(0) {
            self.round(self.bucket_bits.map_or(FINEST_BUCKET_BITS, |bits| bits - 1));
        }
    }

    /// Replaces the durations, which must be settled, by the middles of buckets.
    fn round(&mut self, bits: u32) {
        for (micros, _) in &mut self.distinct {
            *micros = middle(*micros, bits);
        }
        self.distinct.dedup_by(|next, one| {
            let is_same = next.0 == one.0;
            one.1 += if is_same { next.1 } else { 0 };
            is_same
        });
        self.bucket_bits = Some(bits);
    }
}

/// The rank of a percentile among `count` values in rising order, counted from 1: the smallest rank
/// that `percent` percent of the values do not exceed. At least 1, also for no values.
pub fn nearest_rank(count: u64, percent: u64) -> u64 {
    let rank = (u128::from(count) * u128::from(percent)).div_ceil(100);
    (rank as u64).clamp(1, count.max(1))
}

/// Two lists of distinct durations with their numbers, both in rising order, as one.
fn merged(one: &[(u64, u64)], other: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut all = Vec::with_capacity(one.len() + other.len());
    let (mut left, mut right) = (0, 0);
    while let (Some((micros, count)), Some((other_micros, other_count))) =
        (one.get(left), other.get(right))
    {
        let is_equal = micros == other_micros;
        let is_left = micros <= other_micros;
        let count = if is_equal { count + other_count } else { *count };
        all.push(if is_left { (*micros, count) } else { (*other_micros, *other_count) });
        left += usize::from(is_left);
        right += usize::from(is_equal || !is_left);
    }
    all.extend_from_slice(&one[left..]);
    all.extend_from_slice(&other[right..]);
    all
}

/// The middle of the bucket that `micros` is in. Each power of two has `1 << bits` buckets; values
/// below twice that have a bucket each. A bucket lies within one of the buckets of fewer bits.
fn middle(micros: u64, bits: u32) -> u64 {
    let shift = micros.checked_ilog2().unwrap_or(0).saturating_sub(bits);
    (micros >> shift << shift) + (1 << shift) / 2
}
