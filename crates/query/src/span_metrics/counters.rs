//! Counters of many series at a list of moments.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};

use coral_trace::UnixNanos;
use coral_trace::red::Exemplar;

use super::metric::{Family, Part};
use super::{Moments, buckets};
use crate::promql::Labels;

/// The largest number of series that an answer is computed from.
pub(crate) const MAX_SERIES: usize = 10_000;
/// The largest number of moments at which series change, of all series together; each takes about
/// 250 bytes.
const MAX_CELLS: usize = 400_000;
/// The largest number of series that are known to be left out; more are not told apart.
const MAX_LEFT_OUT: usize = 100_000;

/// Series of one family under construction.
pub(crate) struct Counters {
    family: Family,
    moments: Moments,
    max_series: usize,
    places: HashMap<Labels, usize>,
    series: Vec<Series>,
    cells: usize,
    left_out: HashSet<u64>,
    hasher: RandomState,
}

/// One series: what was counted, by moment.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Series {
    /// The labels, without the name of a metric and `le`.
    pub labels: Labels,
    cells: BTreeMap<u32, Requests>,
}

/// Requests of one series that ended between two moments.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Requests {
    pub count: f64,
    pub failed: f64,
    /// How long they took together, by histogram.
    pub seconds: [f64; 2],
    /// Requests by bucket, one histogram after the other.
    pub buckets: Vec<f64>,
    /// The slowest of them that is known by its trace.
    pub exemplar: Option<Exemplar>,
}

impl Requests {
    /// One request that stands for `weight`, with its duration in each histogram of `family`.
    pub fn one(family: Family, weight: f64, failed: bool, seconds: [f64; 2]) -> Self {
        let bounds = family.bounds();
        let mut counts = vec![0.0; (bounds.len() + 1) * family.histograms()];
        for (at, seconds) in seconds.into_iter().enumerate().take(family.histograms()) {
            counts[at * (bounds.len() + 1) + buckets::of_seconds(bounds, seconds)] += weight;
        }
        let failed = if failed { weight } else { 0.0 };
        let seconds = seconds.map(|seconds| seconds * weight);
        Self { count: weight, failed, seconds, buckets: counts, exemplar: None }
    }

    /// Adds `more`.
    pub fn add(&mut self, more: &Self) {
        self.count += more.count;
        self.failed += more.failed;
        self.seconds.iter_mut().zip(more.seconds).for_each(|(sum, more)| *sum += more);
        self.buckets.iter_mut().zip(&more.buckets).for_each(|(sum, more)| *sum += more);
        if let Some(one) = &more.exemplar {
            let is_slower =
                |known: &Exemplar| (one.nanos, known.trace_id) > (known.nanos, one.trace_id);
            if self.exemplar.as_ref().is_none_or(is_slower) {
                self.exemplar = Some(one.clone());
            }
        }
    }

    /// The number of `part`; of a bucket, with all buckets below, up to the one at `bucket`.
    fn part(&self, part: Part, bucket: usize, buckets: usize) -> f64 {
        match part {
            Part::Count => self.count,
            Part::Failed => self.failed,
            Part::Sum(at) => self.seconds[at],
            Part::Bucket(at) => {
                let first = at * buckets;
                self.buckets[first..=first + bucket].iter().sum()
            }
        }
    }
}

impl Counters {
    /// No series of `family`; there are at most `max_series`.
    pub fn new(family: Family, moments: Moments, max_series: usize) -> Self {
        Self {
            family,
            moments,
            max_series,
            places: HashMap::new(),
            series: Vec::new(),
            cells: 0,
            left_out: HashSet::new(),
            hasher: RandomState::new(),
        }
    }

    /// When the counters are known.
    pub fn moments(&self) -> &Moments {
        &self.moments
    }

    /// The place of the series with `labels`, which is added if it is new. `None` if there are as
    /// many series as there may be, and not this one.
    pub fn place(&mut self, labels: &Labels) -> Option<usize> {
        if let Some(place) = self.places.get(labels) {
            return Some(*place);
        }
        if self.series.len() >= self.max_series {
            if self.left_out.len() < MAX_LEFT_OUT {
                self.left_out.insert(self.hasher.hash_one(labels));
            }
            return None;
        }
        let place = self.series.len();
        self.places.insert(labels.clone(), place);
        self.series.push(Series { labels: labels.clone(), cells: BTreeMap::new() });
        Some(place)
    }

    /// Adds `requests` that ended at `time` to the series at `place`.
    pub fn add(&mut self, place: usize, time: UnixNanos, requests: &Requests) {
        let Some(slot) = self.moments.slot(time) else { return };
        let cells = &mut self.series[place].cells;
        match cells.get_mut(&slot) {
            Some(known) => known.add(requests),
            None => {
                self.cells += 1;
                if self.cells <= MAX_CELLS {
                    cells.insert(slot, requests.clone());
                }
            }
        }
    }

    /// Whether more was counted than fits into memory.
    pub fn is_too_large(&self) -> bool {
        self.cells > MAX_CELLS
    }

    /// Hashes of the series that are left out, because there are too many.
    pub fn left_out(&self) -> impl Iterator<Item = u64> {
        self.left_out.iter().copied()
    }

    /// The series, sorted by their labels.
    pub fn into_series(self) -> Vec<Series> {
        let mut series = self.series;
        series.sort_unstable_by(|one, other| one.labels.cmp(&other.labels));
        series
    }

    /// Which metrics are counted.
    pub fn family(&self) -> Family {
        self.family
    }
}

impl Series {
    /// The values of a counter at the moments at which it changes: the index of the moment, and the
    /// value from then on.
    pub fn totals(&self, family: Family, part: Part, bucket: usize) -> Vec<(u32, f64)> {
        let buckets = family.bounds().len() + 1;
        let mut total = 0.0;
        let cells = self.cells.iter();
        cells
            .map(|(slot, cell)| {
                total += cell.part(part, bucket, buckets);
                (*slot, total)
            })
            .collect()
    }

    /// All requests together; `None` if there are none.
    pub fn sum(&self) -> Option<Requests> {
        let mut cells = self.cells.values();
        let mut sum = cells.next()?.clone();
        cells.for_each(|more| sum.add(more));
        Some(sum)
    }

    /// The slowest request before each moment, if it is known by its trace.
    pub fn slowest(&self) -> impl Iterator<Item = &Exemplar> {
        self.cells.values().filter_map(|cell| cell.exemplar.as_ref())
    }
}
