//! What is done with series: ranks, comparisons and arithmetic.

use std::cmp::Ordering;

use coral_traceql::{Operator, Stage, Static, operation};

use super::Raw;

/// The series after `stage`.
pub(super) fn apply(stage: Stage, mut series: Vec<Raw>) -> Vec<Raw> {
    match stage {
        Stage::Top(limit) => ranked(series, limit, |one, other| other.total_cmp(&one)),
        Stage::Bottom(limit) => ranked(series, limit, |one, other| one.total_cmp(&other)),
        Stage::Filter(op, threshold) => {
            let threshold = Static::Float(threshold);
            for value in series.iter_mut().flat_map(|series| &mut series.values) {
                if !operation::holds(op, &Static::Float(*value), &threshold) {
                    *value = f64::NAN;
                }
            }
            series.retain(|series| series.values.iter().any(|value| !value.is_nan()));
            series
        }
    }
}

/// In each step, the `limit` first values; equal values are ordered by their labels. A series without a
/// value left is left out.
fn ranked(mut series: Vec<Raw>, limit: i64, order: impl Fn(f64, f64) -> Ordering) -> Vec<Raw> {
    let limit = usize::try_from(limit).unwrap_or(0);
    series.sort_by_cached_key(|series| super::labels::prometheus(&series.labels));
    let steps = series.first().map_or(0, |series| series.values.len());
    for step in 0..steps {
        let mut at: Vec<usize> =
            (0..series.len()).filter(|at| !series[*at].values[step].is_nan()).collect();
        at.sort_by(|one, other| order(series[*one].values[step], series[*other].values[step]));
        for left_out in at.into_iter().skip(limit) {
            series[left_out].values[step] = f64::NAN;
        }
    }
    series.retain(|series| series.values.iter().any(|value| !value.is_nan()));
    let mean = |series: &Raw| {
        let known = series.values.iter().filter(|value| !value.is_nan());
        known.clone().sum::<f64>() / known.count().max(1) as f64
    };
    series.sort_by(|one, other| order(mean(one), mean(other)));
    series
}

/// `left op right` of series with the same labels; a series without labels goes with every other one.
pub(super) fn arithmetic(op: Operator, left: Vec<Raw>, right: &[Raw]) -> Vec<Raw> {
    let own = |series: &Raw| -> Vec<(String, Static)> {
        series.labels.iter().filter(|(name, _)| name != "__name__").cloned().collect()
    };
    let matching = |of: &Raw, all: &[Raw]| {
        let labels = own(of);
        let same = all.iter().find(|other| own(other) == labels);
        same.or_else(|| all.iter().find(|other| own(other).is_empty())).cloned()
    };
    // The side with labels names the series.
    let is_right = !right.iter().any(|series| own(series).is_empty());
    let pairs: Vec<(Raw, Raw)> = if is_right {
        right.iter().filter_map(|right| Some((matching(right, &left)?, right.clone()))).collect()
    } else {
        left.into_iter().filter_map(|left| Some((left.clone(), matching(&left, right)?))).collect()
    };
    pairs.into_iter().map(|(left, right)| joined(op, left, &right)).collect()
}

fn joined(op: Operator, left: Raw, right: &Raw) -> Raw {
    let zero = |value: f64| if value.is_nan() { 0.0 } else { value };
    let values = left.values.iter().zip(&right.values).map(|(left, right)| {
        let (left, right) = (zero(*left), zero(*right));
        match op {
            Operator::Add => left + right,
            Operator::Subtract => left - right,
            Operator::Multiply => left * right,
            _ if right == 0.0 => f64::NAN,
            _ => left / right,
        }
    });
    let values = values.collect();
    let name = |series: &Raw| {
        series.labels.iter().find(|(name, _)| name == "__name__").map(|(_, value)| value.text())
    };
    let joined = name(&left).zip(name(right));
    let mut labels = left.labels;
    for label in &right.labels {
        if !labels.iter().any(|(name, _)| *name == label.0) {
            labels.push(label.clone());
        }
    }
    labels.retain(|(name, _)| name != "__name__");
    if let Some((left, right)) = joined {
        let name = format!("({left} {} {right})", op.as_str());
        labels.insert(0, ("__name__".to_owned(), Static::String(name)));
    }
    Raw { labels, values }
}
