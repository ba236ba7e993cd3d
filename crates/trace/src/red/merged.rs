//! Sums of histograms, and their percentiles.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::histogram::Histogram;

/// The sum of histograms, which may have different buckets. No count is lost or rounded.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct MergedHistogram {
    by_bounds: BTreeMap<Arc<[u64]>, Vec<u64>>,
}

/// The value of a percentile.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Quantile {
    /// The percentile is this many nanoseconds, by linear interpolation within a bucket.
    At(u64),
    /// The percentile is above the last bound of a histogram, which is this many nanoseconds; its
    /// exact value is not known.
    Beyond(u64),
}

impl MergedHistogram {
    /// Adds `histogram`.
    pub fn add(&mut self, histogram: &Histogram) {
        let (bounds, counts) = (histogram.bounds(), histogram.counts());
        match self.by_bounds.get_mut(bounds) {
            Some(sums) => {
                sums.iter_mut().zip(counts).for_each(|(sum, count)| {
                    *sum = sum.saturating_add(*count);
                });
            }
            None => drop(self.by_bounds.insert(bounds.clone(), counts.to_vec())),
        }
    }

    /// How many requests there are.
    pub fn count(&self) -> u64 {
        self.by_bounds.values().flatten().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The duration that the fraction `q` (0 to 1) of all requests does not exceed. `None` when
    /// there are no requests, or no histogram has bounds.
    ///
    /// The requests of a bucket are assumed to be spread evenly over it, as in Prometheus, also
    /// where a bound of another histogram divides the bucket.
    pub fn quantile(&self, q: f64) -> Option<Quantile> {
        let mut edges: Vec<u64> =
            self.by_bounds.keys().flat_map(|bounds| bounds.iter().copied()).collect();
        edges.sort_unstable();
        edges.dedup();
        let rank = q.clamp(0.0, 1.0) * self.count() as f64;
        let spread = self.spread(&edges);
        let (mut below, mut lower, mut last) = (0.0, 0, None);
        for (upper, count) in edges.iter().copied().zip(spread) {
            if count > 0.0 && below + count >= rank {
                let share = ((rank - below) / count).clamp(0.0, 1.0);
                let at = lower + ((upper - lower) as f64 * share).round() as u64;
                return Some(self.bounded(at));
            }
            last = if count > 0.0 { Some(upper) } else { last };
            (below, lower) = (below + count, upper);
        }
        // The rank is above every bucket with an upper bound. Without requests above these buckets,
        // rounding made the sum of their counts too small.
        self.least_beyond().map(Quantile::Beyond).or_else(|| Some(self.bounded(last?)))
    }

    /// How many requests take longer than `nanos`. The requests of a bucket are assumed to be spread
    /// evenly over it. Those above the last bound of their histogram count if that bound is at least
    /// `nanos`.
    pub fn count_above(&self, nanos: u64) -> f64 {
        let mut above = 0.0;
        for (bounds, counts) in &self.by_bounds {
            let mut lower = 0;
            for (at, count) in counts.iter().enumerate() {
                let part = match bounds.get(at) {
                    _ if nanos <= lower => 1.0,
                    Some(upper) if nanos < *upper => {
                        (upper - nanos) as f64 / (upper - lower) as f64
                    }
                    _ => 0.0,
                };
                above += *count as f64 * part;
                lower = bounds.get(at).copied().unwrap_or(lower);
            }
        }
        above
    }

    /// For each of `edges`, how many requests lie between it and the edge before. Requests above
    /// the last bound of their histogram are left out.
    fn spread(&self, edges: &[u64]) -> Vec<f64> {
        let mut spread = vec![0.0; edges.len()];
        for (bounds, counts) in &self.by_bounds {
            let mut lower = 0;
            for (upper, count) in bounds.iter().copied().zip(counts) {
                let first = edges.partition_point(|edge| *edge <= lower);
                let last = edges.partition_point(|edge| *edge < upper);
                if first >= last || upper == lower {
                    spread[last] += *count as f64;
                } else if *count > 0 {
                    let mut from = lower;
                    for at in first..=last {
                        let share = (edges[at] - from) as f64 / (upper - lower) as f64;
                        spread[at] += *count as f64 * share;
                        from = edges[at];
                    }
                }
                lower = upper;
            }
        }
        spread
    }

    /// The quantile `at`. It is [`Quantile::Beyond`] if a histogram has requests above its last
    /// bound and that bound is below `at`, because the durations of those requests are not known.
    fn bounded(&self, at: u64) -> Quantile {
        match self.least_beyond() {
            Some(bound) if at > bound => Quantile::Beyond(bound),
            _ => Quantile::At(at),
        }
    }

    /// The smallest last bound of the histograms that have requests above their last bound.
    fn least_beyond(&self) -> Option<u64> {
        let open = self.by_bounds.iter().filter(|(_, counts)| counts.last() != Some(&0));
        open.filter_map(|(bounds, _)| bounds.last().copied()).min()
    }
}

impl Quantile {
    /// The nanoseconds of [`Quantile::At`], or of the bound in [`Quantile::Beyond`].
    pub const fn nanos(self) -> u64 {
        match self {
            Self::At(nanos) | Self::Beyond(nanos) => nanos,
        }
    }
}
