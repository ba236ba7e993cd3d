//! Histograms added up, and percentiles of the sum.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::histogram::Histogram;

/// The sum of histograms, whatever their buckets. Counts stay exact.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct MergedHistogram {
    by_bounds: BTreeMap<Arc<[u64]>, Vec<u64>>,
}

/// Where a percentile lies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Quantile {
    /// At so many nanoseconds, by linear interpolation within a bucket.
    At(u64),
    /// Beyond the last bound, which is at so many nanoseconds; nobody knows how far.
    Beyond(u64),
}

impl MergedHistogram {
    /// Adds `histogram`.
    pub fn add(&mut self, histogram: &Histogram) {
        self.add_counts(histogram.bounds(), histogram.counts());
    }

    /// Adds what `other` is the sum of.
    pub fn merge(&mut self, other: &Self) {
        for (bounds, counts) in &other.by_bounds {
            self.add_counts(bounds, counts);
        }
    }

    fn add_counts(&mut self, bounds: &Arc<[u64]>, counts: &[u64]) {
        match self.by_bounds.get_mut(bounds) {
            Some(sums) => {
                sums.iter_mut().zip(counts).for_each(|(sum, count)| {
                    *sum = sum.saturating_add(*count);
                });
            }
            None => drop(self.by_bounds.insert(bounds.clone(), counts.to_vec())),
        }
    }

    /// How many requests these are.
    pub fn count(&self) -> u64 {
        self.by_bounds.values().flatten().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Where the share `q` (0 to 1) of all requests is reached; `None` when there are none, or nobody said
    /// anything of how long they took.
    ///
    /// Within a bucket requests are taken to be spread evenly, as Prometheus does, also where a bucket of one
    /// exporter is cut by a bound of another.
    pub fn quantile(&self, q: f64) -> Option<Quantile> {
        let mut edges: Vec<u64> =
            self.by_bounds.keys().flat_map(|bounds| bounds.iter().copied()).collect();
        edges.sort_unstable();
        edges.dedup();
        let rank = q.clamp(0.0, 1.0) * self.count() as f64;
        let spread = self.spread(&edges);
        let (mut below, mut lower) = (0.0, 0);
        for (upper, count) in edges.iter().copied().zip(spread) {
            if count > 0.0 && below + count >= rank {
                let share = ((rank - below) / count).clamp(0.0, 1.0);
                let at = lower + ((upper - lower) as f64 * share).round() as u64;
                return Some(self.known(at));
            }
            (below, lower) = (below + count, upper);
        }
        // What rounding of shares left over belongs to the last bucket that has a bound.
        self.least_beyond().map(Quantile::Beyond)
    }

    /// How many requests lie between each of `edges` and the one before it.
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

    /// Beyond the bound of some exporter's last bucket that is not empty, nothing is known.
    fn known(&self, at: u64) -> Quantile {
        match self.least_beyond() {
            Some(bound) if at > bound => Quantile::Beyond(bound),
            _ => Quantile::At(at),
        }
    }

    /// The least of the last bounds beyond which there is anything.
    fn least_beyond(&self) -> Option<u64> {
        let open = self.by_bounds.iter().filter(|(_, counts)| counts.last() != Some(&0));
        open.filter_map(|(bounds, _)| bounds.last().copied()).min()
    }
}

impl Quantile {
    /// The nanoseconds it is at, or beyond.
    pub const fn nanos(self) -> u64 {
        match self {
            Self::At(nanos) | Self::Beyond(nanos) => nanos,
        }
    }
}
