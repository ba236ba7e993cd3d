//! Histograms of durations.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// How many requests took how long. Bucket `i` counts the durations above `bounds[i - 1]` and up to
/// `bounds[i]`, both in nanoseconds. The last bucket has no upper bound.
#[derive(Clone, PartialEq, Debug)]
pub struct Histogram {
    bounds: Arc<[u64]>,
    counts: Vec<u64>,
    /// The sum of all durations in nanoseconds, if the exporter sent one.
    pub sum: Option<f64>,
}

/// The largest bound that is accepted, in nanoseconds: 104 days. A 64-bit float does not hold all
/// larger integers.
pub const MAX_NANOS: u64 = 1 << 53;

/// The largest number of buckets. Exporters send 15 to 160; the limit bounds the memory of each
/// series, which keeps all its buckets.
pub const MAX_BUCKETS: usize = 1_024;
const MAX_REQUESTS: u64 = i64::MAX as u64;

/// Why numbers are not a valid histogram.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InvalidHistogram {
    /// The number of counts is not the number of bounds plus one.
    Length {
        /// How many bounds were given.
        bounds: usize,
        /// How many counts were given.
        counts: usize,
    },
    /// A bound is not above the bound before it, or is above [`MAX_NANOS`]; or the scale of an
    /// exponential histogram is not allowed.
    Bounds,
    /// The sum of the counts does not fit in the signed 64-bit integers of the store's tables.
    TooMany,
    /// There are more than 1,024 buckets; this is their number.
    Buckets(usize),
}

impl Histogram {
    /// A histogram with rising upper `bounds` in nanoseconds, and a count for each bucket. `counts`
    /// has one item more than `bounds`.
    ///
    /// # Errors
    /// [`InvalidHistogram`].
    pub fn new(
        bounds: impl Into<Arc<[u64]>>,
        counts: Vec<u64>,
        sum: Option<f64>,
    ) -> Result<Self, InvalidHistogram> {
        let bounds = bounds.into();
        if counts.len() > MAX_BUCKETS {
            return Err(InvalidHistogram::Buckets(counts.len()));
        }
        if counts.len() != bounds.len() + 1 {
            return Err(InvalidHistogram::Length { bounds: bounds.len(), counts: counts.len() });
        }
        let too_large = bounds.last().is_some_and(|last| *last > MAX_NANOS);
        if too_large || !bounds.is_sorted_by(|one, next| one < next) {
            return Err(InvalidHistogram::Bounds);
        }
        let total = counts.iter().try_fold(0u64, |total, count| total.checked_add(*count));
        total.filter(|total| *total <= MAX_REQUESTS).ok_or(InvalidHistogram::TooMany)?;
        Ok(Self { bounds, counts, sum })
    }

    /// The upper bounds in nanoseconds, rising.
    pub fn bounds(&self) -> &Arc<[u64]> {
        &self.bounds
    }

    /// The count of each bucket: one for each bound, and one for the durations above the last
    /// bound.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// How many requests there are.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Whether there are no requests.
    pub fn is_empty(&self) -> bool {
        self.counts.iter().all(|count| *count == 0)
    }

    /// The requests that were counted since `earlier`, an earlier total of the same series. `None`
    /// when this histogram is no later total of that series: a count is lower, or the buckets do
    /// not fit.
    ///
    /// The result has the buckets of this histogram. An SDK merges the buckets of an exponential
    /// histogram as the histogram grows. So an earlier total may have narrower buckets, which fit
    /// exactly into the wider ones.
    pub fn since(&self, earlier: &Self) -> Option<Self> {
        let before = earlier.in_buckets_of(self)?;
        let grown = |(now, before): (&u64, &u64)| now.checked_sub(*before);
        let counts: Option<Vec<u64>> = self.counts.iter().zip(&*before).map(grown).collect();
        let sum = self.sum.zip(earlier.sum).map(|(now, before)| (now - before).max(0.0));
        Some(Self { bounds: self.bounds.clone(), counts: counts?, sum })
    }

    /// The same histogram. If its bounds equal those of `other`, both share them in memory.
    pub fn sharing_with(mut self, other: &Self) -> Self {
        if self.bounds == other.bounds {
            self.bounds = other.bounds.clone();
        }
        self
    }

    /// The counts of this histogram in the buckets of `other`. `None` when a bucket with requests
    /// does not lie within a single bucket of `other`.
    fn in_buckets_of(&self, other: &Self) -> Option<Cow<'_, [u64]>> {
        if self.bounds == other.bounds {
            return Some(Cow::Borrowed(&self.counts));
        }
        let mut counts = vec![0; other.counts.len()];
        for (at, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let lower = at.checked_sub(1).map_or(0, |below| self.bounds[below]);
            let upper = self.bounds.get(at).copied();
            let home = match upper {
                Some(upper) => other.bounds.partition_point(|bound| *bound < upper),
                None => other.bounds.len(),
            };
            let begins = home.checked_sub(1).map_or(0, |below| other.bounds[below]);
            if begins > lower {
                return None;
            }
            counts[home] += count;
        }
        Some(Cow::Owned(counts))
    }
}

impl fmt::Display for InvalidHistogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { bounds, counts } => {
                write!(f, "{counts} bucket counts for {bounds} bounds, expected {}", bounds + 1)
            }
            Self::Bounds => f.write_str("bounds are not rising numbers"),
            Self::TooMany => f.write_str("the sum of the counts exceeds 63 bits"),
            Self::Buckets(buckets) => {
                write!(f, "{buckets} buckets, which is more than {MAX_BUCKETS}")
            }
        }
    }
}

impl std::error::Error for InvalidHistogram {}
