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

    /// Counts the requests that ended since the last call, except for those of the last minute.
    ///
    /// # Errors
    /// [`PromqlError`]; the next call counts the same requests.
    pub fn count(&mut self, from: &Sources<'_>, budget: &Budget) -> Result<(), PromqlError> {
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
        Ok(())
    }

    /// All metrics in Prometheus's text format.
    pub fn text(&self) -> String {
        self.written(|_, _| String::new())
    }

    /// The same with the exemplars of OpenMetrics: on the bucket of each histogram that has it, the
    /// slowest request among those that were counted together last.
    pub fn text_with_exemplars(&self) -> String {
        self.written(exemplar_of)
    }

    fn add(&mut self, counters: Counters) {
        let family = counters.family();
        self.left_out.extend(counters.left_out());
        for series in counters.into_series() {
            let Some(more) = series.sum() else { continue };
            let key = (family, series.labels);
            let known = self.totals.keys().filter(|(of, _)| *of == family).count();
            match self.totals.get_mut(&key) {
                Some(total) => {
                    total.exemplar = None;
                    total.add(&more);
                }
                None if known < self.max_series => drop(self.totals.insert(key, more)),
                None => drop(self.left_out.insert(self.hasher.hash_one(&key.1))),
            }
        }
    }

    /// All metrics, the samples of one series of a metric together. `exemplar` is asked for what
    /// follows each bucket: of the requests, whose slowest is in the bucket with these bounds.
    fn written(&self, exemplar: fn(&Requests, [f64; 2]) -> String) -> String {
        let mut text = format!(
            "# HELP {LEFT_OUT} Combinations of labels that are not counted, because there are \
             too many.\n# TYPE {LEFT_OUT} gauge\n{LEFT_OUT} {}\n",
            self.left_out.len()
        );
        for parts in METRICS.chunk_by(|one, next| one.family_name == next.family_name) {
            let Metric { family, family_name, help, kind, .. } = parts[0];
            let _ = writeln!(text, "# HELP {family_name} {help}\n# TYPE {family_name} {kind}");
            let of_family = self.totals.iter().filter(|((of, _), _)| *of == family);
            for ((_, labels), total) in of_family {
                for part in parts {
                    write_series(part, labels, total, exemplar, &mut text);
                }
            }
        }
        text
    }
}

fn write_series(
    metric: &Metric,
    labels: &Labels,
    total: &Requests,
    exemplar: fn(&Requests, [f64; 2]) -> String,
    text: &mut String,
) {
    let pairs: Vec<String> =
        labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
    let pairs = pairs.join(",");
    let name = metric.name;
    let value = match metric.part {
        Part::Count => total.count,
        Part::Failed => total.failed,
        Part::Sum(at) => total.seconds[at],
        Part::Bucket(at) => {
            let bounds = metric.family.bounds();
            let counts = &total.buckets[at * (bounds.len() + 1)..];
            let (mut sum, mut lower) = (0.0, f64::NEG_INFINITY);
            for (bucket, le) in bucket_bounds(metric.family).enumerate() {
                sum += counts[bucket];
                let upper = bounds.get(bucket).copied().unwrap_or(f64::INFINITY);
                let _ = write!(text, "{name}{{{pairs},le=\"{le}\"}} {sum}");
                if counts[bucket] > 0.0 {
                    text.push_str(&exemplar(total, [lower, upper]));
                }
                text.push('\n');
                lower = upper;
            }
            return;
        }
    };
    let _ = writeln!(text, "{name}{{{pairs}}} {value}");
}

/// The exemplar of `requests`, if it took longer than the first of `bounds` in seconds and at most the
/// second.
///
/// Source: OpenMetrics 1.0, "Exemplars"; the label that Grafana's data sources look for.
fn exemplar_of(requests: &Requests, [above, up_to]: [f64; 2]) -> String {
    let Some(exemplar) = &requests.exemplar else { return String::new() };
    let seconds = exemplar.nanos as f64 / 1e9;
    match above < seconds && seconds <= up_to {
        true => format!(
            " # {{trace_id=\"{}\",span_id=\"{}\"}} {seconds} {}",
            exemplar.trace_id,
            exemplar.span_id,
            (exemplar.time.0 / 1_000_000) as f64 / 1_000.0
        ),
        false => String::new(),
    }
}

/// The value of a label in the text format.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
