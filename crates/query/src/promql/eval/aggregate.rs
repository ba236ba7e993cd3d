//! Aggregates of series.

use std::collections::BTreeMap;

use super::super::error::PromqlError;
use super::super::labels::{Labels, NAME};
use super::super::syntax::{Aggregate, AggregateKind, Grouping};
use super::super::value::{Row, check_size};
use super::{label, quantile};

/// The aggregate of `rows` by group at each of `steps` steps; `parameter` is that of `topk`,
/// `bottomk` and `quantile`.
pub(super) fn aggregated(
    of: &Aggregate,
    parameter: Option<Vec<f64>>,
    rows: Vec<Row>,
    steps: usize,
) -> Result<Vec<Row>, PromqlError> {
    let parameter = parameter.unwrap_or_else(|| vec![0.0; steps]);
    let mut groups: BTreeMap<Labels, Vec<Row>> = BTreeMap::new();
    for row in rows {
        groups.entry(grouped(&of.grouping, &row.labels)).or_default().push(row);
    }
    match of.kind {
        AggregateKind::Topk | AggregateKind::Bottomk => {
            let is_top = of.kind == AggregateKind::Topk;
            let kept = groups.into_values().map(|rows| largest(rows, &parameter, is_top));
            let kept: Result<Vec<_>, _> = kept.collect();
            let mut rows: Vec<Row> = kept?.into_iter().flatten().collect();
            rows.retain(|row| !row.is_empty());
            Ok(if steps == 1 { in_order(rows, is_top) } else { rows })
        }
        kind => {
            let reduced = groups.into_iter().map(|(labels, rows)| {
                let value = |step: usize| {
                    let mut here: Vec<f64> =
                        rows.iter().filter_map(|row| row.values[step]).collect();
                    (!here.is_empty()).then(|| reduced(kind, parameter[step], &mut here))
                };
                Row { values: (0..steps).map(value).collect(), labels }
            });
            Ok(reduced.collect())
        }
    }
}

/// `count_values`: how many of `rows` have each value, which the label `label` has as a text, by group
/// at each of `steps` steps.
pub(super) fn values_counted(
    grouping: &Grouping,
    label: &str,
    rows: Vec<Row>,
    steps: usize,
) -> Result<Vec<Row>, PromqlError> {
    if !label::is_name(label) {
        return Err(PromqlError::Execution(format!("invalid label name {label:?}")));
    }
    let mut grouping = grouping.clone();
    if let Grouping::By(kept) = &mut grouping {
        kept.push(label.to_owned());
    }
    let mut groups: BTreeMap<Labels, Vec<Option<f64>>> = BTreeMap::new();
    for row in rows {
        for (step, value) in row.values.iter().enumerate() {
            let Some(value) = value else { continue };
            let labels = row.labels.clone().with(label, number_text(*value));
            let labels = grouped(&grouping, &labels);
            if !groups.contains_key(&labels) {
                check_size(groups.len() + 1, steps)?;
            }
            let counts = groups.entry(labels).or_insert_with(|| vec![None; steps]);
            counts[step] = Some(counts[step].unwrap_or(0.0) + 1.0);
        }
    }
    Ok(groups.into_iter().map(|(labels, values)| Row { labels, values }).collect())
}

/// A number as Prometheus writes it in a label.
fn number_text(value: f64) -> String {
    match value {
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        value => value.to_string(),
    }
}

/// The labels that a group has in common.
fn grouped(grouping: &Grouping, labels: &Labels) -> Labels {
    match grouping {
        Grouping::By(kept) => labels.only(|label| kept.iter().any(|one| one == label)),
        Grouping::Without(dropped) => {
            labels.only(|label| label != NAME && !dropped.iter().any(|one| one == label))
        }
    }
}

/// The aggregate of `values`, of which there is at least one.
pub(super) fn reduced(kind: AggregateKind, parameter: f64, values: &mut [f64]) -> f64 {
    let count = values.len() as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / count;
    // A number is preferred to what is none.
    let best = |values: &[f64], is_better: fn(f64, f64) -> bool| {
        let best = |best: f64, value: &f64| match best.is_nan() || is_better(*value, best) {
            true => *value,
            false => best,
        };
        values.iter().fold(f64::NAN, best)
    };
    match kind {
        AggregateKind::Sum => values.iter().sum(),
        AggregateKind::Avg => mean(values),
        AggregateKind::Min => best(values, |value, best| value < best),
        AggregateKind::Max => best(values, |value, best| value > best),
        AggregateKind::Count => count,
        AggregateKind::Group => 1.0,
        AggregateKind::Stdvar => variance(values, mean(values)),
        AggregateKind::Stddev => variance(values, mean(values)).sqrt(),
        AggregateKind::Quantile => quantile::of_values(parameter, values),
        AggregateKind::Topk | AggregateKind::Bottomk | AggregateKind::CountValues => f64::NAN,
    }
}

fn variance(values: &[f64], mean: f64) -> f64 {
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64
}

/// `rows`, in which only the `count` largest (or smallest) values of each step are left.
fn largest(mut rows: Vec<Row>, count: &[f64], is_top: bool) -> Result<Vec<Row>, PromqlError> {
    let mut order: Vec<usize> = Vec::with_capacity(rows.len());
    for (step, count) in count.iter().enumerate() {
        if count.is_nan() || *count >= i64::MAX as f64 {
            let reason = format!("Scalar value {count} overflows int64");
            return Err(PromqlError::Execution(reason));
        }
        order.clear();
        order.extend((0..rows.len()).filter(|row| rows[*row].values[step].is_some()));
        order.sort_by(|one, other| {
            let value = |row: &usize| rows[*row].values[step].unwrap_or(f64::NAN);
            compared(value(one), value(other), is_top)
        });
        for row in order.iter().skip(count.max(0.0) as usize) {
            rows[*row].values[step] = None;
        }
    }
    Ok(rows)
}

fn in_order(mut rows: Vec<Row>, is_top: bool) -> Vec<Row> {
    let value = |row: &Row| row.values.first().copied().flatten().unwrap_or(f64::NAN);
    rows.sort_by(|one, other| compared(value(one), value(other), is_top));
    rows
}

/// The order from the best value. What is no number comes last.
fn compared(one: f64, other: f64, is_top: bool) -> std::cmp::Ordering {
    one.is_nan().cmp(&other.is_nan()).then_with(|| match is_top {
        true => other.total_cmp(&one),
        false => one.total_cmp(&other),
    })
}
