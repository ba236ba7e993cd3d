//! Durations, counted by bucket.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// How many requests took how long. Bucket `i` holds those of more than `bounds[i - 1]` and at most
/// `bounds[i]`; the last one those beyond the last bound.
#[derive(Clone, PartialEq, Debug)]
pub struct Histogram {
    bounds: Arc<[u64]>,
    counts: Vec<u64>,
    /// All durations together, in nanoseconds, where that was said.
    pub sum: Option<f64>,
}

/// The largest bound, 104 days: beyond it, a float of milliseconds is not exact to the nanosecond.
pub const MAX_NANOS: u64 = 1 << 53;

/// Exporters have 15 to 160; each series is remembered with its buckets.
pub const MAX_BUCKETS: usize = 1_024;
const MAX_REQUESTS: u64 = i64::MAX as u64;

/// Why some numbers are no histogram.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InvalidHistogram {
    /// There must be one count more than there are bounds.
    Length {
        /// How many bounds there were.
        bounds: usize,
        /// How many counts there were.
        counts: usize,
    },
    /// A bound is no number, not above the one before it, or above [`MAX_NANOS`].
    Bounds,
    /// The counts together are more than a signed 64-bit number holds, which is what tables have.
    TooMany,
    /// There are so many buckets, more than 1,024.
    Buckets(usize),
}

impl Histogram {
    /// A histogram of upper `bounds` in nanoseconds, rising, and one count more than those.
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

    /// One request of `nanos`, in the buckets that Beyla uses unless told otherwise.
    ///
    /// Source: spec/beyla.md §3.
    pub fn from_one(nanos: u64) -> Self {
        let bounds = beyla_bounds();
        let mut counts = vec![0; bounds.len() + 1];
        counts[bounds.partition_point(|bound| *bound < nanos)] = 1;
        Self { bounds, counts, sum: Some(nanos as f64) }
    }

    /// The upper bounds, in nanoseconds, rising.
    pub fn bounds(&self) -> &Arc<[u64]> {
        &self.bounds
    }

    /// One for each bound, and one for what lies beyond the last.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// How many requests these are.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Whether these are none.
    pub fn is_empty(&self) -> bool {
        self.counts.iter().all(|count| *count == 0)
    }

    /// What this has more than `earlier`, an earlier total of the same series; `None` when it is not a later
    /// total of that: some count is lower, or the buckets do not fit into each other.
    ///
    /// The buckets are this one's. Exponential ones become wider with time, and wider ones are made of whole
    /// narrower ones, so that nothing is guessed.
    pub fn since(&self, earlier: &Self) -> Option<Self> {
        let before = earlier.in_buckets_of(self)?;
        let grown = |(now, before): (&u64, &u64)| now.checked_sub(*before);
        let counts: Option<Vec<u64>> = self.counts.iter().zip(&*before).map(grown).collect();
        let sum = self.sum.zip(earlier.sum).map(|(now, before)| (now - before).max(0.0));
        Some(Self { bounds: self.bounds.clone(), counts: counts?, sum })
    }

    /// The same, holding no bounds of its own where `other` has equal ones.
    pub fn sharing_with(mut self, other: &Self) -> Self {
        if self.bounds == other.bounds {
            self.bounds = other.bounds.clone();
        }
        self
    }

    /// The counts in the buckets of `other`; `None` when one lies in two of those.
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

/// 0, 5, 10, 25, 50, 75, 100, 250, 500, 750 ms and 1, 2.5, 5, 7.5, 10 s.
fn beyla_bounds() -> Arc<[u64]> {
    const MILLIS: [u64; 15] =
        [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000];
    MILLIS.iter().map(|millis| millis * 1_000_000).collect()
}

impl fmt::Display for InvalidHistogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { bounds, counts } => {
                write!(f, "{counts} bucket counts for {bounds} bounds, expected {}", bounds + 1)
            }
            Self::Bounds => f.write_str("bounds are not rising numbers"),
            Self::TooMany => f.write_str("more counts than 63 bits hold"),
            Self::Buckets(buckets) => {
                write!(f, "{buckets} buckets, which is more than {MAX_BUCKETS}")
            }
        }
    }
}

impl std::error::Error for InvalidHistogram {}
