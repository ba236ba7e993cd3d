//! What can be asked in PromQL.

use std::collections::BTreeSet;

use coral_engine::Budget;

use super::error::PromqlError;
use super::eval::Evaluator;
use super::exemplars::{self, SeriesExemplars};
use super::labels::Labels;
use super::needs;
use super::parse::parse;
use super::plan::Plan;
use super::series::Store;
use super::syntax::{Expr, Kind};
use super::value::Value;
use crate::ask::Sources;
use crate::span_metrics::METRICS;

/// The largest number of steps of a range, as in Prometheus.
pub const MAX_STEPS: i64 = 11_000;

/// The largest number of values of an answer, which take about 30 bytes each.
const MAX_POINTS: usize = 1_000_000;

/// Labels whose values are services.
const SERVICE_LABELS: [&str; 3] = ["service", "client", "server"];

/// A value at one moment, in milliseconds since the Unix epoch.
pub type Point = (i64, f64);

/// The value of an expression at one moment.
#[derive(Clone, PartialEq, Debug)]
pub enum Answer {
    /// A number.
    Scalar(Point),
    /// A text.
    Text(i64, String),
    /// Series with a value each.
    Vector(Vec<Sample>),
    /// Series with their samples in a range.
    Matrix(Vec<RangeSeries>),
}

/// A series with its value at one moment.
#[derive(Clone, PartialEq, Debug)]
pub struct Sample {
    /// The labels of the series.
    pub labels: Labels,
    /// The value.
    pub point: Point,
}

/// A series with its values over time.
#[derive(Clone, PartialEq, Debug)]
pub struct RangeSeries {
    /// The labels of the series.
    pub labels: Labels,
    /// The values, by time.
    pub points: Vec<Point>,
}

/// A time from start to end, both included, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimeSpan {
    /// The start.
    pub start: i64,
    /// The end; not before the start.
    pub end: i64,
}

/// What is known of a metric without reading the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MetricAbout {
    /// The name without `_bucket`, `_sum` and `_count`.
    pub name: &'static str,
    /// `counter` or `histogram`.
    pub kind: &'static str,
    /// What the metric counts.
    pub help: &'static str,
}

/// The value of `expression` at the moment `at`, in milliseconds since the Unix epoch.
///
/// # Errors
/// [`PromqlError`].
pub fn instant(
    expression: &str,
    at: i64,
    from: &Sources<'_>,
    budget: &Budget,
) -> Result<Answer, PromqlError> {
    let expr = parse(expression)?;
    if let Expr::Text(text) = &expr {
        return Ok(Answer::Text(at, text.clone()));
    }
    let mut evaluator = evaluator(&expr, vec![at], TimeSpan { start: at, end: at }, from, budget)?;
    if expr.kind() == Kind::Matrix {
        let series = evaluator.points(&expr)?;
        check_points(series.iter().map(|(_, points)| points.len()).sum())?;
        let series = series.into_iter().map(|(labels, points)| RangeSeries { labels, points });
        return Ok(Answer::Matrix(series.collect()));
    }
    Ok(match evaluator.value(&expr)? {
        Value::Scalar(values) => Answer::Scalar((at, values[0])),
        Value::Vector(rows) => Answer::Vector(
            rows.into_iter()
                .filter_map(|row| Some(Sample { point: (at, row.values[0]?), labels: row.labels }))
                .collect(),
        ),
    })
}

/// The values of `expression` at each `step_ms` of `within`.
///
/// # Errors
/// [`PromqlError`]. The number of steps is at most [`MAX_STEPS`], and `step_ms` is above 0.
pub fn range(
    expression: &str,
    within: TimeSpan,
    step_ms: i64,
    from: &Sources<'_>,
    budget: &Budget,
) -> Result<Vec<RangeSeries>, PromqlError> {
    let expr = parse(expression)?;
    if !matches!(expr.kind(), Kind::Scalar | Kind::Vector) {
        return Err(PromqlError::Refused(format!(
            "invalid expression type {:?} for range query, must be Scalar or instant Vector",
            expr.kind().as_str()
        )));
    }
    let step = step_ms.max(1);
    let count = within.end.saturating_sub(within.start).max(0) / step;
    if count > MAX_STEPS {
        return Err(PromqlError::Refused(format!("more than {MAX_STEPS} steps")));
    }
    let steps: Vec<i64> = (0..=count).map(|at| within.start + at * step).collect();
    let points = |values: Vec<Option<f64>>| {
        let both = steps.iter().zip(values);
        both.filter_map(|(at, value)| Some((*at, value?))).collect::<Vec<Point>>()
    };
    let value = evaluator(&expr, steps.clone(), within, from, budget)?.value(&expr)?;
    if let Value::Vector(rows) = &value {
        check_points(rows.len().saturating_mul(steps.len()))?;
    }
    Ok(match value {
        Value::Scalar(values) => {
            let points = points(values.into_iter().map(Some).collect());
            vec![RangeSeries { labels: Labels::default(), points }]
        }
        Value::Vector(mut rows) => {
            rows.sort_by(|one, other| one.labels.cmp(&other.labels));
            let series = rows
                .into_iter()
                .map(|row| RangeSeries { points: points(row.values), labels: row.labels });
            series.filter(|series| !series.points.is_empty()).collect()
        }
    })
}

/// The exemplars of the series that `expression` selects, within a time.
///
/// # Errors
/// [`PromqlError`].
pub fn exemplars(
    expression: &str,
    within: TimeSpan,
    from: &Sources<'_>,
    budget: &Budget,
) -> Result<Vec<SeriesExemplars>, PromqlError> {
    exemplars::found(&parse(expression)?, within, from, budget)
}

/// The services that `expression` names, for the audit log; none if it is no expression.
pub fn services_of(expression: &str) -> Vec<String> {
    let mut found = BTreeSet::new();
    if let Ok(expr) = parse(expression) {
        expr.selectors(&mut |selector| {
            let named =
                selector.matchers.iter().filter(|one| SERVICE_LABELS.contains(&&*one.label));
            found.extend(named.map(|one| one.value.clone()));
        });
    }
    found.into_iter().collect()
}

/// The names of all metrics, which exist whether or not they have series.
pub fn metric_names() -> impl Iterator<Item = &'static str> {
    METRICS.into_iter().map(|metric| metric.name)
}

/// What is known of each metric; `_bucket`, `_sum` and `_count` are one.
pub fn metrics() -> Vec<MetricAbout> {
    let all = METRICS.into_iter();
    let mut found: Vec<MetricAbout> = all
        .map(|metric| MetricAbout {
            name: metric.family_name,
            kind: metric.kind,
            help: metric.help,
        })
        .collect();
    found.dedup();
    found
}

/// Evaluates `expr` at `steps`, of a question about the time `within`.
fn evaluator<'a>(
    expr: &Expr,
    steps: Vec<i64>,
    within: TimeSpan,
    from: &'a Sources<'_>,
    budget: &'a Budget,
) -> Result<Evaluator<'a>, PromqlError> {
    let now = (from.now.0 / 1_000_000) as i64;
    let plan = Plan { steps, now, within };
    let moments = needs::moments(expr, &plan)?;
    Ok(Evaluator { plan, store: Store::new(from, budget, moments), budget })
}

/// An error if an answer has more than [`MAX_POINTS`] values.
fn check_points(points: usize) -> Result<(), PromqlError> {
    match points > MAX_POINTS {
        true => Err(PromqlError::Execution(format!(
            "the answer has {points} values, which is more than {MAX_POINTS}: aggregate the series \
             or ask for a larger step"
        ))),
        false => Ok(()),
    }
}
