//! A history of requests that RED metrics counted.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::series::{BLOCK_NANOS, History, MAX_SERIES, MIN_VALUES, Series, Unit, Value};
use super::{Beginning, beginning};
use crate::red;
use crate::red::{Delta, Protocol, Side};
use crate::time::UnixNanos;
use crate::work;

/// Rows whose requests ended in a longer time than this have no minute.
const MAX_INTERVAL: Duration = Duration::from_secs(5 * 60);
/// The largest number of operations; requests of operations that are added later are left out.
const MAX_OPERATIONS: usize = 4_000;
/// The largest number of requests of one series that are compared. Of more requests, an equal part
/// of each bucket and minute is compared.
const MAX_REQUESTS: u64 = 50_000;

/// The requests of the last hours, by operation and minute.
pub struct RequestHistory {
    end: UnixNanos,
    /// The index in `operations` of each series.
    known: HashMap<Arc<red::Series>, Option<usize>>,
    by_name: HashMap<Operation, usize>,
    operations: Vec<Operation>,
    /// By operation.
    minutes: Vec<BTreeMap<u64, Minute>>,
}

/// What is counted together: all statuses of the requests that a service handled or made.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Operation {
    service: String,
    protocol: Protocol,
    side: Side,
    method: String,
    target: String,
}

/// The requests of one minute.
#[derive(Default)]
struct Minute {
    /// How many requests took how long. The buckets of several exporters, and those of an
    /// exponential histogram at several times, may overlap.
    buckets: BTreeMap<Bucket, u64>,
    failures: u64,
}

/// The exclusive lower and the inclusive upper bound of durations, in nanoseconds.
type Bucket = (u64, u64);

impl RequestHistory {
    /// No requests, in a history that ends at `end`.
    pub fn new(end: UnixNanos) -> Self {
        let (known, by_name) = (HashMap::new(), HashMap::new());
        Self { end, known, by_name, operations: Vec::new(), minutes: Vec::new() }
    }

    /// Adds the requests of `delta`, unless they ended after the end of the history, or nobody knows
    /// in which minute.
    pub fn add(&mut self, delta: &Delta) {
        if delta.time >= self.end || delta.time.since(delta.since) > MAX_INTERVAL {
            return;
        }
        let Some(operation) = self.operation(&delta.series) else { return };
        let minute = (self.end.0 - 1 - delta.time.0) / BLOCK_NANOS;
        let requests = self.minutes[operation].entry(minute).or_default();
        let (bounds, counts) = (delta.histogram.bounds(), delta.histogram.counts());
        for (at, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let sum = requests.buckets.entry(bucket(bounds, at)).or_default();
            *sum = sum.saturating_add(*count);
        }
        if delta.series.is_error() {
            requests.failures = requests.failures.saturating_add(delta.histogram.count());
        }
    }

    /// When the last change for the worse began: requests of an operation take longer or fail more
    /// often. See [`onset`](super::onset); the time is exact to a minute, or to the interval in which
    /// the metrics are exported.
    pub fn onset(&self) -> Option<Beginning> {
        beginning(&self.history())
    }

    /// The index of the operation of `series`; `None` when there are too many operations.
    fn operation(&mut self, series: &Arc<red::Series>) -> Option<usize> {
        if let Some(known) = self.known.get(series) {
            return *known;
        }
        let operation = Operation::of(series);
        let known = self.by_name.get(&operation).copied();
        let at = known.or_else(|| {
            let at = self.operations.len();
            (at < MAX_OPERATIONS).then(|| {
                self.by_name.insert(operation.clone(), at);
                self.operations.push(operation);
                self.minutes.push(BTreeMap::new());
                at
            })
        });
        self.known.insert(series.clone(), at);
        at
    }

    fn history(&self) -> History {
        let mut ages: Vec<u64> = self.minutes.iter().flat_map(|of| of.keys().copied()).collect();
        ages.sort_unstable_by_key(|age| Reverse(*age));
        ages.dedup();
        let block_of: HashMap<u64, usize> =
            ages.iter().enumerate().map(|(block, age)| (*age, block)).collect();
        let start = |age: &u64| UnixNanos(self.end.0.saturating_sub((age + 1) * BLOCK_NANOS));
        // Those with most requests, in an order that does not depend on the order of the rows.
        let mut operations: Vec<usize> = (0..self.operations.len()).collect();
        let requests = |at: &usize| self.minutes[*at].values().map(Minute::requests).sum::<u128>();
        operations.sort_by_cached_key(|at| (Reverse(requests(at)), &self.operations[*at]));
        operations.truncate(MAX_SERIES / 2);
        operations.retain(|at| requests(at) >= MIN_VALUES as u128);
        let series = operations.into_iter().flat_map(|at| {
            let part = (MAX_REQUESTS as f64 / requests(&at) as f64).min(1.0);
            let minutes = self.minutes[at].iter().map(|(age, minute)| (block_of[age], minute));
            let minutes: Vec<(usize, &Minute)> = minutes.rev().collect();
            [durations(&minutes, part), failures(&minutes, part)]
        });
        let series = series.filter(|series| !series.values.is_empty()).collect();
        History { blocks: ages.iter().map(start).collect(), series, starts: None }
    }
}

impl Operation {
    fn of(series: &red::Series) -> Self {
        let red::Series { protocol, side, service, operation, target, .. } = series;
        Self {
            service: service.clone(),
            protocol: *protocol,
            side: *side,
            method: operation.clone(),
            target: target.clone(),
        }
    }
}

impl Minute {
    fn requests(&self) -> u128 {
        self.buckets.values().map(|count| u128::from(*count)).sum()
    }
}

/// The bucket at an index of a histogram with these bounds. The last bucket has no upper bound; it
/// is taken to be as wide as all the others.
fn bucket(bounds: &[u64], at: usize) -> Bucket {
    let least = at.checked_sub(1).map_or(0, |below| bounds[below]);
    (least, bounds.get(at).copied().unwrap_or(least * 2))
}

/// How long the requests of `minutes` took.
fn durations(minutes: &[(usize, &Minute)], part: f64) -> Series {
    let mut buckets: BTreeMap<Bucket, Vec<(usize, u128)>> = BTreeMap::new();
    for (block, minute) in minutes {
        for (bucket, count) in &minute.buckets {
            buckets.entry(*bucket).or_default().push((*block, u128::from(*count)));
        }
    }
    let values = buckets.into_iter().flat_map(|((least, amount), counts)| {
        let value = move |(block, count)| Value { trace: 0, block, amount, least, count };
        thinned(counts.into_iter(), part).map(value)
    });
    Series { unit: Unit::Nanos, values: values.collect() }
}

/// How many of the requests of `minutes` failed.
fn failures(minutes: &[(usize, &Minute)], part: f64) -> Series {
    let failed = minutes.iter().map(|(block, minute)| (*block, u128::from(minute.failures)));
    let others = minutes.iter().map(|(block, minute)| {
        (*block, minute.requests().saturating_sub(u128::from(minute.failures)))
    });
    let value =
        |amount| move |(block, count)| Value { trace: 0, block, amount, least: amount, count };
    let values = thinned(failed, part).map(value(1));
    Series {
        unit: Unit::Failures,
        values: values.chain(thinned(others, part).map(value(0))).collect(),
    }
}

/// The `part` (0 to 1) of each count. What is lost by rounding is added to later counts, so that the
/// sum is exact.
fn thinned(
    counts: impl Iterator<Item = (usize, u128)>,
    part: f64,
) -> impl Iterator<Item = (usize, u32)> {
    let (mut all, mut kept) = (0.0, 0.0);
    counts.filter_map(move |(block, count)| {
        work::step();
        all += count as f64 * part;
        let now = f64::round(all);
        let count = (now - kept) as u32;
        kept = now;
        (count > 0).then_some((block, count))
    })
}
