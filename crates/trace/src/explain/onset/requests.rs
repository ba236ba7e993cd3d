//! A history of requests that RED metrics counted.

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
/// The largest number of operations; requests of others are left out.
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
    bounds: Arc<[u64]>,
}

/// The requests of one minute.
#[derive(Default)]
struct Minute {
    /// The count of each bucket.
    counts: Vec<u64>,
    failures: u64,
}

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
        let Some(operation) = self.operation(delta) else { return };
        let minute = (self.end.0 - 1 - delta.time.0) / BLOCK_NANOS;
        let requests = self.minutes[operation].entry(minute).or_default();
        let counts = delta.histogram.counts();
        requests.counts.resize(counts.len(), 0);
        for (sum, count) in requests.counts.iter_mut().zip(counts) {
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

    /// The index of the operation of `delta`; `None` when there are too many operations.
    fn operation(&mut self, delta: &Delta) -> Option<usize> {
        if let Some(known) = self.known.get(&delta.series) {
            let at = (*known)?;
            if self.operations[at].bounds == *delta.histogram.bounds() {
                return Some(at);
            }
        }
        let operation = Operation::of(delta);
        let at = self.by_name.get(&operation).copied().or_else(|| {
            let at = self.operations.len();
            (at < MAX_OPERATIONS).then(|| {
                self.by_name.insert(operation.clone(), at);
                self.operations.push(operation);
                self.minutes.push(BTreeMap::new());
                at
            })
        });
        self.known.insert(delta.series.clone(), at);
        at
    }

    fn history(&self) -> History {
        let mut ages: Vec<u64> = self.minutes.iter().flat_map(|of| of.keys().copied()).collect();
        ages.sort_unstable_by_key(|age| std::cmp::Reverse(*age));
        ages.dedup();
        let block_of: HashMap<u64, usize> =
            ages.iter().enumerate().map(|(block, age)| (*age, block)).collect();
        let start = |age: &u64| UnixNanos(self.end.0.saturating_sub((age + 1) * BLOCK_NANOS));
        // Series in an order that does not depend on the order of the rows.
        let mut operations: Vec<usize> = (0..self.operations.len()).collect();
        let requests = |at: &usize| self.minutes[*at].values().map(Minute::requests).sum::<u64>();
        operations.sort_by_cached_key(|at| (u64::MAX - requests(at), &self.operations[*at]));
        operations.truncate(MAX_SERIES / 2);
        operations.retain(|at| requests(at) >= MIN_VALUES as u64);
        let series = operations.into_iter().flat_map(|at| {
            let part = (MAX_REQUESTS as f64 / requests(&at) as f64).min(1.0);
            let minutes = self.minutes[at].iter().map(|(age, minute)| (block_of[age], minute));
            let minutes: Vec<(usize, &Minute)> = minutes.rev().collect();
            let bounds = &self.operations[at].bounds;
            [durations(bounds, &minutes, part), failures(&minutes, part)]
        });
        let series = series.filter(|series| !series.values.is_empty()).collect();
        History { blocks: ages.iter().map(start).collect(), series, starts: None }
    }
}

impl Operation {
    fn of(delta: &Delta) -> Self {
        let red::Series { protocol, side, service, operation, target, .. } = &*delta.series;
        Self {
            service: service.clone(),
            protocol: *protocol,
            side: *side,
            method: operation.clone(),
            target: target.clone(),
            bounds: delta.histogram.bounds().clone(),
        }
    }
}

impl Minute {
    fn requests(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }
}

/// How long the requests of `minutes` took. The last bucket has no upper bound; it is taken to be as
/// wide as all the others.
fn durations(bounds: &[u64], minutes: &[(usize, &Minute)], part: f64) -> Series {
    let mut values = Vec::new();
    for bucket in 0..=bounds.len() {
        let least = bucket.checked_sub(1).map_or(0, |below| bounds[below]);
        let amount = bounds.get(bucket).copied().unwrap_or(least * 2);
        let counts = minutes.iter().map(|(block, minute)| (*block, minute.counts[bucket]));
        let value = |(block, count)| Value { trace: 0, block, amount, least, count };
        values.extend(thinned(counts, part).map(value));
    }
    Series { unit: Unit::Nanos, values }
}

/// How many of the requests of `minutes` failed.
fn failures(minutes: &[(usize, &Minute)], part: f64) -> Series {
    let failed = minutes.iter().map(|(block, minute)| (*block, minute.failures));
    let others = minutes
        .iter()
        .map(|(block, minute)| (*block, minute.requests().saturating_sub(minute.failures)));
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
    counts: impl Iterator<Item = (usize, u64)>,
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
