//! What can be asked in PromQL.

use std::collections::BTreeSet;

use coral_engine::Budget;

use super::error::PromqlError;
use super::eval::Evaluator;
use super::exemplars::{self, SeriesExemplars};
use super::labels::{Labels, NAME};
use super::matcher::Matcher;
use super::parse::parse;
use super::plan::{Plan, nanos};
use super::series::Store;
use super::syntax::{Expr, Kind};
use super::value::Value;
use crate::ask::Sources;
use crate::span_metrics::{METRICS, Moments};

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

/// Which series are asked for their labels: those of a time that one of the selectors selects, or
/// all of the time if there is none.
#[derive(Clone, PartialEq, Debug)]
pub struct LabelQuestion {
    /// The time.
    pub within: TimeSpan,
    /// Selectors, such as `{service="checkout"}`.
    pub selectors: Vec<String>,
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
    if expr.kind() == Kind::Matrix {
        return Err(PromqlError::not_evaluated("a range vector as a query of its own"));
    }
    Ok(match evaluated(&expr, vec![at], from, budget)? {
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
    let value = evaluated(&expr, steps.clone(), from, budget)?;
    if let Value::Vector(rows) = &value
        && rows.len().saturating_mul(steps.len()) > MAX_POINTS
    {
        let (series, steps) = (rows.len(), steps.len());
        return Err(PromqlError::Execution(format!(
            "the answer has {series} series at {steps} moments, which is more than {MAX_POINTS} \
             values: aggregate the series or ask for a larger step"
        )));
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

/// The labels of the series that `question` asks for, each once, sorted.
///
/// # Errors
/// [`PromqlError`].
pub fn series(
    question: &LabelQuestion,
    from: &Sources<'_>,
    budget: &Budget,
) -> Result<BTreeSet<Labels>, PromqlError> {
    let mut found = BTreeSet::new();
    let mut store = Store::new(from, budget, question.moments());
    let mut all = Vec::new();
    for selector in &question.selectors {
        match parse(selector)? {
            Expr::Selector(selector) if selector.range_ms.is_none() => all.push(selector.matchers),
            _ => {
                let reason = "expected a selector of series, such as {service=\"checkout\"}";
                return Err(PromqlError::Refused(reason.to_owned()));
            }
        }
    }
    if question.selectors.is_empty() {
        all.push(Vec::<Matcher>::new());
    }
    for matchers in all {
        found.extend(store.select(&matchers)?.into_iter().map(|series| series.labels));
    }
    Ok(found)
}

/// The names of labels of the series that `question` asks for.
///
/// # Errors
/// [`PromqlError`].
pub fn label_names(
    question: &LabelQuestion,
    from: &Sources<'_>,
    budget: &Budget,
) -> Result<BTreeSet<String>, PromqlError> {
    let all = series(question, from, budget)?;
    Ok(all.iter().flat_map(Labels::iter).map(|(name, _)| name.to_owned()).collect())
}

/// The values that `label` has in the series that `question` asks for.
///
/// # Errors
/// [`PromqlError`].
pub fn label_values(
    label: &str,
    question: &LabelQuestion,
    from: &Sources<'_>,
    budget: &Budget,
) -> Result<BTreeSet<String>, PromqlError> {
    let all = series(question, from, budget)?;
    let values = all.iter().map(|labels| labels.get(label)).filter(|value| !value.is_empty());
    let values: BTreeSet<String> = values.map(str::to_owned).collect();
    Ok(values)
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

impl LabelQuestion {
    fn moments(&self) -> Moments {
        let TimeSpan { start, end } = self.within;
        Moments { since: nanos(start.saturating_sub(1)), at: vec![nanos(end)] }
    }

    /// Whether the question is about the names of all metrics, which need no reading.
    pub fn is_about_metrics(&self, label: &str) -> bool {
        label == NAME && self.selectors.is_empty()
    }
}

fn evaluated(
    expr: &Expr,
    steps: Vec<i64>,
    from: &Sources<'_>,
    budget: &Budget,
) -> Result<Value, PromqlError> {
    let now = (from.now.0 / 1_000_000) as i64;
    let plan = Plan { steps, now };
    let store = Store::new(from, budget, plan.moments(expr));
    Evaluator { plan, store, budget }.value(expr)
}
