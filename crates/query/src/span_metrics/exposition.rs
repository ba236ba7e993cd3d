//! The metrics of calls in Prometheus's text format, for `/metrics`.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use coral_engine::Budget;
use coral_trace::UnixNanos;

use super::counters::{Counters, MAX_SERIES, Requests};
use super::metric::{Family, METRICS, Metric, Part};
use super::{Everything, Moments};
use crate::ask::Sources;
use crate::promql::{Labels, PromqlError, bucket_bounds};
use crate::reader::Reader;

/// How long after its end a request is counted. Spans and metrics that arrive later do not count.
pub const SETTLE_TIME: Duration = Duration::from_secs(60);

/// The largest number of combinations of labels on `/metrics`, of requests and of edges each.
pub const MAX_EXPOSED: usize = 2_000;

/// The gauge of the series that are left out.
const LEFT_OUT: &str = "coral_colony_span_metrics_series_left_out";

/// Counters that rise from one scrape to the next, and begin with 0 when the process starts.
pub struct SpanExposition {
    max_series: usize,
    /// Requests that ended until this time are counted.
    until: UnixNanos,
    totals: BTreeMap<(Family, Labels), Requests>,
    left_out: HashSet<u64>,
    hasher: RandomState,
}

impl SpanExposition {
    /// No requests. Those that end after `start` will count, in at most `max_series` combinations of
    /// labels of requests and as many of edges.
    pub fn new(start: UnixNanos, max_series: usize) -> Self {
        Self {
            max_series: max_series.min(MAX_SERIES),
            until: start,
            totals: BTreeMap::new(),
            left_out: HashSet::new(),
            hasher: RandomState::new(),
        }
    }

    /// Counts the requests that ended since the last call, except for those of the last minute, and
    /// returns all metrics as text.
    ///
    /// # Errors
    /// [`PromqlError`]; the next call counts the same requests.
    pub fn scrape(&mut self, from: &Sources<'_>, budget: &Budget) -> Result<String, PromqlError> {
        let until = from.now.earlier(SETTLE_TIME);
        if until > self.until {
            let moments = Moments { since: self.until, at: vec![until] };
            let reader = Reader::new(from, budget);
            let mut calls = Counters::new(Family::SpanCalls, moments.clone(), MAX_SERIES);
            reader.count_span_calls(&Everything, &mut calls)?;
            let mut edges = Counters::new(Family::Edges, moments, MAX_SERIES);
            reader.count_edges(&mut edges)?;
            self.add(calls);
            self.add(edges);
            self.until = until;
        }
        Ok(self.text())
    }

    fn add(&mut self, counters: Counters) {
        let family = counters.family();
        self.left_out.extend(counters.left_out());
        for series in counters.into_series() {
            let Some(more) = series.sum() else { continue };
            let key = (family, series.labels);
            let known = self.totals.keys().filter(|(of, _)| *of == family).count();
            match self.totals.get_mut(&key) {
                Some(total) => total.add(&more),
                None if known < self.max_series => drop(self.totals.insert(key, more)),
                None => drop(self.left_out.insert(self.hasher.hash_one(&key.1))),
            }
        }
    }

    fn text(&self) -> String {
        let mut text = format!(
            "# HELP {LEFT_OUT} Combinations of labels that are not counted, because there are \
             too many.\n# TYPE {LEFT_OUT} gauge\n{LEFT_OUT} {}\n",
            self.left_out.len()
        );
        let mut family_name = "";
        for metric in METRICS {
            if metric.family_name != family_name {
                family_name = metric.family_name;
                let Metric { help, kind, .. } = metric;
                let _ = writeln!(text, "# HELP {family_name} {help}\n# TYPE {family_name} {kind}");
            }
            let of_family = self.totals.iter().filter(|((family, _), _)| *family == metric.family);
            for ((_, labels), total) in of_family {
                write_series(&metric, labels, total, &mut text);
            }
        }
        text
    }
}

fn write_series(metric: &Metric, labels: &Labels, total: &Requests, text: &mut String) {
    let pairs: Vec<String> =
        labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
    let pairs = pairs.join(",");
    let name = metric.name;
    let value = match metric.part {
        Part::Count => total.count,
        Part::Failed => total.failed,
        Part::Sum(at) => total.seconds[at],
        Part::Bucket(at) => {
            let buckets = metric.family.bounds().len() + 1;
            let mut sum = 0.0;
            for (bucket, le) in bucket_bounds(metric.family).enumerate() {
                sum += total.buckets[at * buckets + bucket];
                let _ = writeln!(text, "{name}{{{pairs},le=\"{le}\"}} {sum}");
            }
            return;
        }
    };
    let _ = writeln!(text, "{name}{{{pairs}}} {value}");
}

/// The value of a label in the text format.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
