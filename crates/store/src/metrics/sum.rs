//! Sums of consecutive rows.

use std::sync::Arc;

use coral_engine::{Grain, StoredDelta};
use coral_trace::UnixNanos;
use coral_trace::red::{Delta, Exemplar, Histogram, Series};

use super::record::damaged;
use crate::error::StoreError;

/// Sums rows as a grain allows. Only consecutive rows are summed, so rows that a file stores apart
/// stay apart.
pub(super) struct Sums {
    grain: Grain,
    current: Option<Sum>,
    done: Vec<StoredDelta>,
}

/// One row to be added. Equal series, agents and bounds of consecutive rows are the same `Arc`.
pub(super) struct Part<'a> {
    pub(super) series: &'a Arc<Series>,
    pub(super) agent_id: &'a Arc<str>,
    pub(super) bounds: &'a Arc<[u64]>,
    pub(super) counts: &'a [u64],
    /// The sum of all durations in nanoseconds, if it is known.
    pub(super) sum: Option<f64>,
    pub(super) exemplars: Vec<Exemplar>,
    pub(super) since: UnixNanos,
    pub(super) time: UnixNanos,
    pub(super) receipt: u64,
    pub(super) received: UnixNanos,
}

/// The sum of the rows so far.
struct Sum {
    series: Arc<Series>,
    agent_id: Arc<str>,
    bounds: Arc<[u64]>,
    counts: Vec<u64>,
    /// The sum of `counts`.
    requests: u64,
    /// The sum of all durations in nanoseconds, if it is known.
    nanos: Option<f64>,
    exemplars: Vec<Exemplar>,
    since: UnixNanos,
    time: UnixNanos,
    receipt: u64,
    received: UnixNanos,
    step: Option<u64>,
}

/// The most requests of a row: the counts of a [`Histogram`] have this limit.
const MAX_REQUESTS: u64 = i64::MAX as u64;

impl Sums {
    pub(super) fn new(grain: Grain) -> Self {
        Self { grain, current: None, done: Vec::new() }
    }

    /// Adds `part` to the current sum, or begins a new sum.
    pub(super) fn add(&mut self, part: Part<'_>) -> Result<(), StoreError> {
        let step = self.grain.step_of(part.time);
        let requests = part.counts.iter().try_fold(0_u64, |sum, count| sum.checked_add(*count));
        let requests = requests.ok_or_else(|| damaged("counts", "too many requests"))?;
        match &mut self.current {
            Some(sum) if step.is_some() && sum.step == step && sum.takes(&part, requests) => {
                sum.add(part, requests);
            }
            _ => {
                let before = self.current.replace(Sum::of(part, requests, step));
                self.done.extend(before.map(Sum::row).transpose()?);
            }
        }
        Ok(())
    }

    /// Adds a whole row. Rows with equal series, agents and bounds must share them to be summed.
    pub(super) fn add_row(&mut self, row: StoredDelta) -> Result<(), StoreError> {
        let Delta { series, since, time, histogram, exemplars } = row.delta;
        self.add(Part {
            series: &series,
            agent_id: &row.agent_id,
            bounds: histogram.bounds(),
            counts: histogram.counts(),
            sum: histogram.sum,
            exemplars,
            since,
            time,
            receipt: row.receipt,
            received: row.received,
        })
    }

    /// The sums that are complete, without those that were taken before.
    pub(super) fn take(&mut self) -> Vec<StoredDelta> {
        std::mem::take(&mut self.done)
    }

    /// The sums that were not taken.
    pub(super) fn finish(mut self) -> Result<Vec<StoredDelta>, StoreError> {
        self.done.extend(self.current.take().map(Sum::row).transpose()?);
        Ok(self.done)
    }
}

impl Sum {
    fn of(part: Part<'_>, requests: u64, step: Option<u64>) -> Self {
        Self {
            series: part.series.clone(),
            agent_id: part.agent_id.clone(),
            bounds: part.bounds.clone(),
            counts: part.counts.to_vec(),
            requests,
            nanos: part.sum,
            exemplars: part.exemplars,
            since: part.since,
            time: part.time,
            receipt: part.receipt,
            received: part.received,
            step,
        }
    }

    fn takes(&self, part: &Part<'_>, requests: u64) -> bool {
        Arc::ptr_eq(&self.series, part.series)
            && Arc::ptr_eq(&self.agent_id, part.agent_id)
            && (Arc::ptr_eq(&self.bounds, part.bounds) || self.bounds == *part.bounds)
            && self.counts.len() == part.counts.len()
            && self.nanos.is_some() == part.sum.is_some()
            && self.requests.checked_add(requests).is_some_and(|sum| sum <= MAX_REQUESTS)
    }

    fn add(&mut self, part: Part<'_>, requests: u64) {
        self.counts.iter_mut().zip(part.counts).for_each(|(sum, count)| *sum += count);
        self.requests += requests;
        self.nanos = self.nanos.zip(part.sum).map(|(one, other)| one + other);
        self.exemplars.extend(part.exemplars);
        self.since = self.since.min(part.since);
        self.time = self.time.max(part.time);
        self.receipt = self.receipt.max(part.receipt);
        self.received = self.received.max(part.received);
    }

    fn row(self) -> Result<StoredDelta, StoreError> {
        let Self { series, agent_id, exemplars, since, time, receipt, received, .. } = self;
        let histogram = Histogram::new(self.bounds, self.counts, self.nanos);
        let histogram = histogram.map_err(|error| damaged("counts", error))?;
        let delta = Delta { series, since, time, histogram, exemplars };
        Ok(StoredDelta { receipt, agent_id, received, delta })
    }
}
