//! RED metrics as Beyla exports them: the requests of each host, every ten seconds.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use coral_engine::{MetricCheckpoint, PageWriter};
use coral_store::Store;
use coral_trace::red::{Delta, Histogram, Series, series_from_span};
use coral_trace::{Span, UnixNanos};

use super::history::DELIVERY;
use crate::Failure;

/// The time between two exports, in nanoseconds.
const INTERVAL: u64 = 10_000_000_000;
/// The bounds of the buckets, in milliseconds.
const BOUNDS: [u64; 15] =
    [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000];

/// The requests that are counted and not exported yet.
pub struct Metrics {
    bounds: Arc<[u64]>,
    /// The counts of the buckets, by interval, host and series.
    intervals: BTreeMap<u64, BTreeMap<String, HashMap<Series, Vec<u64>>>>,
    /// How many rows of each host are stored.
    stored: HashMap<String, u64>,
}

impl Metrics {
    /// No requests.
    pub fn new() -> Self {
        let bounds = BOUNDS.map(|millis| millis * 1_000_000).into();
        Self { bounds, intervals: BTreeMap::new(), stored: HashMap::new() }
    }

    /// Counts the request of `span`, if it is one.
    pub fn count(&mut self, span: &Span) {
        let Some(series) = series_from_span(span) else { return };
        let host = span.origin.resource.attributes.text("host.name").unwrap_or_default();
        let interval = self.intervals.entry(span.end.0 / INTERVAL).or_default();
        let none = || vec![0; self.bounds.len() + 1];
        let counts =
            interval.entry(host.to_owned()).or_default().entry(series).or_insert_with(none);
        let nanos = span.end.since(span.start).as_nanos() as u64;
        counts[self.bounds.partition_point(|bound| *bound < nanos)] += 1;
    }

    /// Stores what has been delivered by `now`.
    ///
    /// # Errors
    /// An error of the store.
    pub fn deliver(&mut self, store: &Store, now: UnixNanos) -> Result<(), Failure> {
        let open = now.earlier(DELIVERY).0 / INTERVAL;
        let open = self.intervals.split_off(&open);
        let mut hosts: BTreeMap<String, Vec<Delta>> = BTreeMap::new();
        for (interval, counted) in std::mem::replace(&mut self.intervals, open) {
            let (since, time) =
                (UnixNanos(interval * INTERVAL), UnixNanos((interval + 1) * INTERVAL - 1));
            for (host, series) in counted {
                let delta = |(series, counts)| {
                    let histogram = Histogram::new(self.bounds.clone(), counts, None);
                    let histogram = histogram.map_err(|invalid| invalid.to_string())?;
                    let series = Arc::new(series);
                    Ok(Delta { series, since, time, histogram, exemplars: Vec::new() })
                };
                let deltas: Result<Vec<Delta>, Failure> = series.into_iter().map(delta).collect();
                hosts.entry(host).or_default().extend(deltas?);
            }
        }
        for (host, deltas) in hosts {
            let stored = self.stored.entry(host.clone()).or_default();
            *stored += deltas.len() as u64;
            let checkpoint = MetricCheckpoint {
                agent_id: host.clone(),
                store_id: host,
                next_receipt: *stored,
                rows_stored: 0,
                rows_missed: 0,
            };
            PageWriter::append_metric_page(store, deltas, now, &checkpoint)?;
        }
        Ok(())
    }
}
