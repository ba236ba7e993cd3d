//! OTLP's exponential histograms, converted to histograms with bounds.

use super::histogram::{Histogram, InvalidHistogram, MAX_NANOS};

/// The positive half of an OTLP `ExponentialHistogramDataPoint`: bucket `i` of `counts` holds
/// values above 2^((offset+i) / 2^scale) and up to 2^((offset+i+1) / 2^scale), in the unit of the
/// metric.
#[derive(Clone, PartialEq, Debug)]
pub struct Exponential {
    /// The resolution of the buckets: a higher scale has narrower buckets.
    pub scale: i32,
    /// How many values are at most `zero_threshold`.
    pub zero_count: u64,
    /// The upper bound of the zero bucket, in the unit of the metric.
    pub zero_threshold: f64,
    /// The index of the first bucket in `counts`.
    pub offset: i32,
    /// The number of values in each bucket.
    pub counts: Vec<u64>,
}

/// The highest scale of the result, at which each bucket is 0.27% wide. Histograms with a higher
/// scale are reduced to this one. Percentiles need no finer buckets, and the bounds of finer
/// buckets of short durations would be equal in whole nanoseconds.
const MAX_SCALE: i32 = 8;

/// The scales that OpenTelemetry allows. The arithmetic of this file is exact only for these.
const SCALES: std::ops::RangeInclusive<i32> = -10..=20;

impl Exponential {
    /// The same histogram with bounds in nanoseconds. `nanos` is the length of the metric's unit in
    /// nanoseconds. Adjacent empty buckets become one.
    ///
    /// # Errors
    /// [`InvalidHistogram`] when OpenTelemetry does not allow the scale, the counts overflow, or
    /// there are too many buckets.
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
            let last = counts.last_mut().expect("the list is never empty");
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
    /// The lower bound of the bucket `index`, in nanoseconds, which is also the upper bound of the
    /// bucket before. A bound of one scale is exactly the same number at every finer scale.
    fn bound(&self, index: i64) -> u64 {
        to_nanos((index as f64 * (-self.scale as f64).exp2()).exp2(), self.nanos)
    }
}

/// `value` units of `nanos` nanoseconds each, as whole nanoseconds, between 0 and [`MAX_NANOS`].
fn to_nanos(value: f64, nanos: f64) -> u64 {
    ((value * nanos).round() as u64).min(MAX_NANOS)
}
