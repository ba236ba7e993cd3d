//! Exemplars: slow requests of the series that an expression selects.

use std::collections::BTreeSet;

use coral_engine::Budget;
use coral_trace::red::Exemplar;
use coral_trace::{SpanId, TraceId, UnixNanos};

use super::error::PromqlError;
use super::labels::{Labels, NAME};
use super::plan::nanos;
use super::question::TimeSpan;
use super::series::{LE, Store, metrics};
use super::syntax::{Expr, Selector};
use crate::ask::Sources;
use crate::span_metrics::{Moments, Part};

/// Into how many parts the time is divided: each series has the slowest request of each.
const PARTS: i64 = 60;
/// The largest number of exemplars of an answer.
const MAX_EXEMPLARS: usize = 1_000;

/// The exemplars of one series.
#[derive(Clone, PartialEq, Debug)]
pub struct SeriesExemplars {
    /// The labels of the series.
    pub labels: Labels,
    /// Its exemplars, by time.
    pub exemplars: Vec<ExemplarPoint>,
}

/// One request.
#[derive(Clone, PartialEq, Debug)]
pub struct ExemplarPoint {
    /// The trace of the request, which may not be stored any more.
    pub trace_id: TraceId,
    /// The span of the request.
    pub span_id: SpanId,
    /// How long the request took.
    pub seconds: f64,
    /// When the request ended.
    pub time: UnixNanos,
}

/// The exemplars of the series of each selector in `expr`, within a time: the slowest request of
/// each part of the time. Of a histogram, each is in the series of the smallest bucket that has it.
pub(super) fn found(
    expr: &Expr,
    within: TimeSpan,
    from: &Sources<'_>,
    budget: &Budget,
) -> Result<Vec<SeriesExemplars>, PromqlError> {
    let mut store = Store::new(from, budget, moments(within));
    let mut selectors: Vec<&Selector> = Vec::new();
    expr.selectors(&mut |selector| selectors.push(selector));
    let mut found: Vec<SeriesExemplars> = Vec::new();
    let mut left = MAX_EXEMPLARS;
    let mut seen = BTreeSet::new();
    for selector in selectors {
        for metric in metrics(&selector.matchers) {
            let bounds = metric.family.bounds();
            for series in store.series(metric.family, &selector.matchers)? {
                let labels = series.labels.clone().with(NAME, metric.name);
                let mut slow: Vec<&Exemplar> = series.slowest().collect();
                slow.sort_by_key(|exemplar| exemplar.time);
                for exemplar in slow {
                    let mut labels = labels.clone();
                    if let Part::Bucket(_) = metric.part {
                        let seconds = exemplar.nanos as f64 / 1e9;
                        let bound = bounds.iter().find(|bound| **bound >= seconds);
                        labels.set(LE, bound.map_or("+Inf".to_owned(), f64::to_string));
                    }
                    let is_wanted = selector.matchers.iter().all(|one| one.matches_in(&labels));
                    if left == 0 || !is_wanted || !seen.insert((labels.clone(), exemplar.span_id)) {
                        continue;
                    }
                    left -= 1;
                    add(&mut found, labels, exemplar);
                }
            }
        }
    }
    Ok(found)
}

fn add(found: &mut Vec<SeriesExemplars>, labels: Labels, exemplar: &Exemplar) {
    let point = ExemplarPoint {
        trace_id: exemplar.trace_id,
        span_id: exemplar.span_id,
        seconds: exemplar.nanos as f64 / 1e9,
        time: exemplar.time,
    };
    match found.iter_mut().find(|known| known.labels == labels) {
        Some(known) => known.exemplars.push(point),
        None => found.push(SeriesExemplars { labels, exemplars: vec![point] }),
    }
}

fn moments(within: TimeSpan) -> Moments {
    let length = within.end.saturating_sub(within.start).max(1);
    let part = (length / PARTS).max(1);
    let mut at: Vec<UnixNanos> =
        (1..PARTS).map(|count| nanos(within.start + count * part)).collect();
    at.retain(|moment| *moment < nanos(within.end));
    at.push(nanos(within.end));
    Moments { since: nanos(within.start.saturating_sub(1)), at }
}
