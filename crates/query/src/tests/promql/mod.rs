//! Expressions of PromQL over a store.

mod edges;
mod exposition;
mod grafana;
mod limited;
mod metrics;
mod over_time;
mod reference;
mod refusals;
mod subquery;

use coral_trace::UnixNanos;

use super::shop::NOON;
use crate::promql::{Answer, Labels, PromqlError, RangeSeries, TimeSpan, instant, range};
use crate::{Budget, SharedSources};

const NOON_MS: i64 = (NOON / 1_000_000) as i64;

fn at_noon(from: &SharedSources, expression: &str) -> Result<Answer, PromqlError> {
    let from = from.at(UnixNanos(NOON));
    instant(expression, NOON_MS, &from, &Budget::unlimited())
}

/// The value at noon: a number, or lines of labels and numbers.
fn text(from: &SharedSources, expression: &str) -> String {
    match at_noon(from, expression) {
        Err(error) => format!("error: {error}"),
        Ok(Answer::Scalar((_, value))) => value.to_string(),
        Ok(Answer::Text(_, text)) => text,
        Ok(Answer::Vector(samples)) => {
            let lines = samples
                .iter()
                .map(|sample| format!("{} {}", shown(&sample.labels), rounded(sample.point.1)));
            lines.collect::<Vec<_>>().join("\n")
        }
        Ok(Answer::Matrix(series)) => {
            let lines = series.iter().map(|series| {
                let ago = |(at, value): &(i64, f64)| format!(" {value}@{}", (at - NOON_MS) / 1_000);
                shown(&series.labels) + &series.points.iter().map(ago).collect::<String>()
            });
            lines.collect::<Vec<_>>().join("\n")
        }
    }
}

fn in_range(
    from: &SharedSources,
    expression: &str,
    within: TimeSpan,
    step: i64,
) -> Vec<RangeSeries> {
    let from = from.at(UnixNanos(NOON));
    range(expression, within, step, &from, &Budget::unlimited()).unwrap()
}

fn shown(labels: &Labels) -> String {
    let pairs: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{{{}}}", pairs.join(","))
}

/// Six digits are enough to see a wrong number.
fn rounded(value: f64) -> f64 {
    match value.is_finite() {
        true => (value * 1e6).round() / 1e6,
        false => value,
    }
}

#[test]
fn numbers_and_operators_have_the_precedence_of_prometheus() {
    let (_dir, from) = super::shop::shop();
    for (expression, expected) in [
        ("1+1", "2"),
        ("1 + 2 * 3 ^ 2", "19"),
        ("-2 ^ 2", "-4"),
        ("2 ^ 3 ^ 2", "512"),
        ("(1 + 2) * 3", "9"),
        ("10 % 4 - 1", "1"),
        ("1 == bool 1", "1"),
        ("0x1F + .5 + 1e1", "41.5"),
        ("5m", "300"),
        ("time()", "1795608000"),
        ("vector(1) > 2", ""),
        ("vector(3) > bool 2", "{} 1"),
        ("vector(1) or vector(2)", "{} 1"),
        ("vector(1) and vector(2) unless vector(3)", ""),
        ("scalar(vector(7)) / 2", "3.5"),
        ("label_replace(vector(1), \"a\", \"$1!\", \"b\", \"(.*)\")", "{a=!} 1"),
        ("clamp(vector(9), 0, 5)", "{} 5"),
        ("clamp(vector(9), 5, 5)", "{} 5"),
        ("clamp(vector(9), 5, 1)", ""),
        ("clamp(vector(9), 5, NaN)", "{} NaN"),
        ("clamp(vector(NaN), 1, 5)", "{} NaN"),
        ("clamp_min(vector(9), NaN)", "{} NaN"),
        ("clamp_max(vector(NaN), 1)", "{} NaN"),
        ("round(vector(1.24), 0.1)", "{} 1.2"),
        ("# a comment\n 1", "1"),
        ("\"text\"", "text"),
    ] {
        assert_eq!(text(&from, expression), expected, "{expression}");
    }
}
