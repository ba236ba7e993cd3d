//! OTLP's exponential histograms, as histograms with bounds.

use super::histogram::{Histogram, InvalidHistogram, MAX_NANOS};

/// The positive half of an OTLP `ExponentialHistogramDataPoint`: bucket `i` of `counts` holds what is above
/// 2^((offset+i) / 2^scale) and at most 2^((offset+i+1) / 2^scale), in the metric's unit.
#[derive(Clone, PartialEq, Debug)]
pub struct Exponential {
    /// How fine the buckets are.
    pub scale: i32,
    /// What is at most `zero_threshold`.
    pub zero_count: u64,
    /// In the metric's unit.
    pub zero_threshold: f64,
    /// The index of the first of `counts`.
    pub offset: i32,
    /// Bucket by bucket.
    pub counts: Vec<u64>,
}

/// Finer buckets are joined to this scale, where each is 0.27% wide: no percentile needs more, and at a
/// nanosecond's resolution still finer ones of short durations would fall together.
const MAX_SCALE: i32 = 8;

/// OTLP's own range; beyond it the arithmetic ends.
const SCALES: std::ops::RangeInclusive<i32> = -10..=20;

impl Exponential {
    /// The same with bounds in nanoseconds, of which `nanos` are one unit. Empty buckets are left out but
    /// for the edges of others.
    ///
    /// # Errors
    /// [`InvalidHistogram`] when the scale is not OTLP's, or the counts are too many.
    pub fn histogram(&self, nanos: f64, sum: Option<f64>) -> Result<Histogram, InvalidHistogram> {
        if !SCALES.contains(&self.scale) {
            return Err(InvalidHistogram::Bounds);
        }
        let coarser = (self.scale - MAX_SCALE).max(0);
        let base = Base { scale: self.scale - coarser, nanos };
        let mut bounds = vec![to_nanos(self.zero_threshold, nanos)];
        let mut counts = vec![self.zero_count];
        for (at, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let index = (i64::from(self.offset) + at as i64) >> coarser;
            let (lower, upper) = (base.bound(index), base.bound(index + 1));
            if bounds.last().is_some_and(|last| *last < lower) {
                bounds.push(lower);
                counts.push(0);
            }
            if bounds.last().is_some_and(|last| *last < upper) {
                bounds.push(upper);
                counts.push(0);
            }
            let last = counts.last_mut().expect("it begins with one");
            *last = last.checked_add(*count).ok_or(InvalidHistogram::TooMany)?;
        }
        counts.push(0);
        Histogram::new(bounds, counts, sum)
    }
}

struct Base {
    scale: i32,
    nanos: f64,
}

impl Base {
    /// A bound of one scale is the very same number at every finer scale.
    fn bound(&self, index: i64) -> u64 {
        to_nanos((index as f64 * (-self.scale as f64).exp2()).exp2(), self.nanos)
    }
}

/// `value` units of `nanos` in whole nanoseconds; not below 0 and at most [`MAX_NANOS`].
fn to_nanos(value: f64, nanos: f64) -> u64 {
    ((value * nanos).round() as u64).min(MAX_NANOS)
}
