//! The series of one function, while spans are observed.

use std::collections::{BTreeMap, HashMap};

use coral_trace::UnixNanos;
use coral_traceql::{Attribute, MetricsOperator, Static};

use super::steps::Steps;
use super::{Raw, quantile};
use crate::ask::QueryError;

/// The most series, and the most values of all series, that one function makes.
const MAX_SERIES: usize = 20_000;
const MAX_VALUES: usize = 8_000_000;

/// The series of one function.
pub(super) struct Table {
    pub(super) steps: Steps,
    pub(super) op: MetricsOperator,
    pub(super) of: Option<Attribute>,
    pub(super) by: Vec<Attribute>,
    /// The number of each series by the values of its group, as text with types.
    numbers: HashMap<String, usize>,
    rows: Vec<Row>,
}

/// One group.
struct Row {
    group: Vec<Static>,
    cells: Cells,
}

enum Cells {
    Counts(Vec<u64>),
    /// The least, the greatest or the sum of values; NaN for none.
    Folded(Vec<f64>),
    Averages(Vec<(f64, u64)>),
    /// Counts by the exponent of the bucket.
    Buckets(BTreeMap<i32, Vec<u64>>),
}

impl Table {
    pub(super) fn new(
        steps: Steps,
        op: MetricsOperator,
        of: Option<Attribute>,
        by: Vec<Attribute>,
    ) -> Self {
        Self { steps, op, of, by, numbers: HashMap::new(), rows: Vec::new() }
    }

    /// The number of the series of a group.
    pub(super) fn series_of(&mut self, group: Vec<Static>) -> Result<usize, QueryError> {
        let key = format!("{group:?}");
        if let Some(number) = self.numbers.get(&key) {
            return Ok(*number);
        }
        let count = self.rows.len() + 1;
        if count > MAX_SERIES || count * self.steps.count > MAX_VALUES {
            let reason =
                format!("the query makes more than {} series: group by fewer values", count - 1);
            return Err(QueryError::invalid("q", &reason));
        }
        let steps = self.steps.count;
        let cells = match self.op {
            MetricsOperator::Rate | MetricsOperator::CountOverTime => Cells::Counts(vec![0; steps]),
            MetricsOperator::MinOverTime
            | MetricsOperator::MaxOverTime
            | MetricsOperator::SumOverTime => Cells::Folded(vec![f64::NAN; steps]),
            MetricsOperator::AvgOverTime => Cells::Averages(vec![(0.0, 0); steps]),
            MetricsOperator::QuantileOverTime | MetricsOperator::HistogramOverTime => {
                Cells::Buckets(BTreeMap::new())
            }
        };
        self.rows.push(Row { group, cells });
        self.numbers.insert(key, count - 1);
        Ok(count - 1)
    }

    /// Whether a span without a number as its value does not count.
    pub(super) fn needs_value(&self) -> bool {
        self.of.is_some()
    }

    /// Adds a span that started at `start`. `value` is that of the function's attribute.
    pub(super) fn add(&mut self, series: usize, start: UnixNanos, value: &Static) {
        let Some(step) = self.steps.of(start) else { return };
        let op = self.op;
        let steps = self.steps.count;
        match &mut self.rows[series].cells {
            Cells::Counts(counts) => counts[step] += 1,
            Cells::Folded(values) => {
                let Some(next) = number(value) else { return };
                let folded = &mut values[step];
                *folded = match op {
                    _ if folded.is_nan() => next,
                    MetricsOperator::MinOverTime => folded.min(next),
                    MetricsOperator::MaxOverTime => folded.max(next),
                    _ => *folded + next,
                };
            }
            Cells::Averages(averages) => {
                let Some(next) = number(value) else { return };
                averages[step].0 += next;
                averages[step].1 += 1;
            }
            Cells::Buckets(buckets) => {
                let Some(bucket) = bucket(value) else { return };
                buckets.entry(bucket).or_insert_with(|| vec![0; steps])[step] += 1;
            }
        }
    }

    /// The series, with their labels.
    pub(super) fn series(self, quantiles: &[f64]) -> Vec<Raw> {
        let Self { steps, op, of, by, rows, .. } = self;
        let scale = if is_duration(of.as_ref()) { 1e9 } else { 1.0 };
        let mut found = Vec::new();
        let counts = matches!(op, MetricsOperator::Rate | MetricsOperator::CountOverTime);
        if rows.is_empty() && by.is_empty() && counts {
            // No span is a count too: 0.
            found.push(Raw { labels: labels(op, &by, &[]), values: vec![0.0; steps.count] });
        }
        for Row { group, cells } in rows {
            let labels = labels(op, &by, &group);
            let with = |name: &str, value: f64| {
                let mut labels = labels.clone();
                labels.push((name.to_owned(), Static::Float(value)));
                labels
            };
            match cells {
                Cells::Counts(counts) => {
                    let seconds = if op == MetricsOperator::Rate { steps.seconds() } else { 1.0 };
                    let values = counts.iter().map(|count| *count as f64 / seconds).collect();
                    found.push(Raw { labels, values });
                }
                Cells::Folded(values) => found.push(Raw { labels, values }),
                Cells::Averages(averages) => {
                    let values = averages.iter().map(|(sum, count)| match count {
                        0 => f64::NAN,
                        count => sum / *count as f64,
                    });
                    found.push(Raw { labels, values: values.collect() });
                }
                Cells::Buckets(buckets) if op == MetricsOperator::HistogramOverTime => {
                    found.extend(buckets.into_iter().map(|(exponent, counts)| Raw {
                        labels: with("__bucket", f64::from(exponent).exp2() / scale),
                        values: counts.into_iter().map(|count| count as f64).collect(),
                    }));
                }
                Cells::Buckets(buckets) if buckets.is_empty() => {}
                Cells::Buckets(buckets) => found.extend(quantiles.iter().map(|wanted| {
                    let at = |step: usize| {
                        let counts: Vec<(i32, u64)> = buckets
                            .iter()
                            .map(|(exponent, counts)| (*exponent, counts[step]))
                            .collect();
                        quantile::quantile(*wanted, &counts) / scale
                    };
                    Raw { labels: with("p", *wanted), values: (0..steps.count).map(at).collect() }
                })),
            }
        }
        // A series without a value was made by spans outside of the range.
        found.retain(|series| series.values.iter().any(|value| !value.is_nan()));
        found
    }
}

/// The labels of a group: attributes without a value are left out, but not all of them.
fn labels(op: MetricsOperator, by: &[Attribute], group: &[Static]) -> Vec<(String, Static)> {
    let has_own =
        matches!(op, MetricsOperator::QuantileOverTime | MetricsOperator::HistogramOverTime);
    if by.is_empty() && !has_own {
        return vec![("__name__".to_owned(), Static::String(op.as_str().to_owned()))];
    }
    let all = by.iter().zip(group).map(|(name, value)| (name.to_string(), value.clone()));
    let mut labels: Vec<(String, Static)> = all.filter(|(_, value)| !value.is_nil()).collect();
    if let (true, Some(first)) = (labels.is_empty(), by.first()) {
        labels.push((first.to_string(), Static::Nil));
    }
    labels
}

/// Whether values of the attribute are durations, which series show in seconds.
fn is_duration(of: Option<&Attribute>) -> bool {
    use coral_traceql::Intrinsic;
    matches!(
        of,
        Some(Attribute::Intrinsic(
            Intrinsic::Duration | Intrinsic::TraceDuration | Intrinsic::EventTimeSinceStart
        ))
    )
}

/// The number of a value; durations in seconds.
pub(super) fn number(value: &Static) -> Option<f64> {
    match value {
        Static::Int(number) => Some(*number as f64),
        Static::Float(number) => Some(*number).filter(|number| !number.is_nan()),
        Static::Duration(nanos) => Some(*nanos as f64 / 1e9),
        _ => None,
    }
}

/// The bucket of a value; floats have none, as in Tempo.
fn bucket(value: &Static) -> Option<i32> {
    match value {
        Static::Int(number) | Static::Duration(number) => quantile::bucket(*number as f64),
        _ => None,
    }
}
