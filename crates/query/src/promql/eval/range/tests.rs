//! Expected values are worked out by hand from Prometheus's definitions.

use super::*;
use crate::promql::syntax::AggregateKind;

/// Samples each 15 seconds with these values, in a range from 0 to the last.
fn of(function: RangeFunction, values: &[f64]) -> Option<f64> {
    with(function, values, f64::NAN)
}

fn with(function: RangeFunction, values: &[f64], number: f64) -> Option<f64> {
    let points: Vec<Point> = (1..).map(|at| at * 15_000).zip(values.iter().copied()).collect();
    let end = values.len() as i64 * 15_000;
    value(function, end, Samples { ends: [0, end], count: points.len(), points: &points }, number)
}

#[test]
fn a_steady_counter_has_its_rate_at_both_ends_of_the_range() {
    let steady = [30.0, 60.0, 90.0, 120.0];
    assert_eq!(of(RangeFunction::Rate, &steady), Some(2.0));
    assert_eq!(of(RangeFunction::Increase, &steady), Some(120.0));
    assert_eq!(of(RangeFunction::Irate, &steady), Some(2.0));
    assert_eq!(of(RangeFunction::Deriv, &steady), Some(2.0));
}

#[test]
fn the_samples_between_the_first_and_the_last_two_of_a_counter_do_not_matter() {
    let all: Vec<Point> = (1..=20).map(|at| (at * 15_000, (at * at) as f64)).collect();
    let ends = [all[0], all[18], all[19]];
    for function in [RangeFunction::Rate, RangeFunction::Irate, RangeFunction::Idelta] {
        assert!(function.reads_only_ends());
        let [all, ends] = [&all[..], &ends].map(|points| {
            value(function, 0, Samples { ends: [7_000, 301_000], count: 20, points }, f64::NAN)
        });
        assert_eq!(all, ends, "{function:?}");
    }
}

#[test]
fn the_value_with_which_a_counter_begins_does_not_matter() {
    for first in [0.0, 1.0, 1e9] {
        let values = [1.0, 2.0, 3.0, 4.0].map(|value| first + value * 15_000.0);
        assert_eq!(of(RangeFunction::Increase, &values), Some(60_000.0), "{first}");
        assert_eq!(of(RangeFunction::Delta, &values), Some(60_000.0), "{first}");
    }
}

#[test]
fn one_sample_has_no_rate_and_no_line_and_none_has_no_value() {
    let all = [
        RangeFunction::Rate,
        RangeFunction::Idelta,
        RangeFunction::Deriv,
        RangeFunction::PredictLinear,
    ];
    for function in all {
        assert_eq!(of(function, &[1.0]), None, "{function:?}");
    }
    for function in [RangeFunction::Present, RangeFunction::Changes, RangeFunction::Last] {
        assert_eq!(of(function, &[]), None, "{function:?}");
    }
}

#[test]
fn a_value_that_is_lower_than_before_is_a_counter_that_begins_again() {
    // 4 to 9 is 5, then 2 from 0, then 1: 8 over three of four intervals.
    let values = [4.0, 9.0, 2.0, 3.0];
    assert_eq!(of(RangeFunction::Increase, &values), Some(8.0 * 4.0 / 3.0));
    assert_eq!(of(RangeFunction::Delta, &values), Some(-4.0 / 3.0));
    assert_eq!(of(RangeFunction::Irate, &values[..3]), Some(2.0 / 15.0));
    assert_eq!(of(RangeFunction::Idelta, &values[..3]), Some(-7.0));
    assert_eq!(of(RangeFunction::Resets, &values), Some(1.0));
    assert_eq!(of(RangeFunction::Changes, &values), Some(3.0));
    assert_eq!(of(RangeFunction::Changes, &[f64::NAN, f64::NAN, 1.0, 1.0]), Some(1.0));
}

#[test]
fn aggregates_over_time_are_those_of_the_samples() {
    let values = [1.0, 2.0, 6.0, 3.0];
    for (kind, expected) in [
        (AggregateKind::Avg, 3.0),
        (AggregateKind::Sum, 12.0),
        (AggregateKind::Min, 1.0),
        (AggregateKind::Max, 6.0),
        (AggregateKind::Count, 4.0),
        // Squares of -2, -1, 3 and 0, by four.
        (AggregateKind::Stdvar, 3.5),
        (AggregateKind::Stddev, 3.5_f64.sqrt()),
    ] {
        assert_eq!(of(RangeFunction::OverTime(kind), &values), Some(expected), "{kind:?}");
    }
    let quantile = |q| with(RangeFunction::OverTime(AggregateKind::Quantile), &values, q);
    // Between 2 and 3, and a quarter of the way from 1 to 2 and from 3 to 6.
    assert_eq!([0.5, 0.75, 1.0].map(quantile), [Some(2.5), Some(3.75), Some(6.0)]);
    assert_eq!(quantile(2.0), Some(f64::INFINITY));
    assert_eq!(of(RangeFunction::Last, &values), Some(3.0));
    let with_none = [f64::NAN, 2.0, 1.0];
    assert_eq!(of(RangeFunction::OverTime(AggregateKind::Max), &with_none), Some(2.0));
    assert!(of(RangeFunction::OverTime(AggregateKind::Sum), &with_none).unwrap().is_nan());
}

#[test]
fn a_line_is_that_of_least_squares_and_goes_on() {
    // At 15, 30 and 45 s. The mean is 3 at 30 s, and the slope is (-15 * -2 + 15 * 0) / 450.
    let values = [1.0, 5.0, 3.0];
    let slope = of(RangeFunction::Deriv, &values).unwrap();
    assert!((slope - 30.0 / 450.0).abs() < 1e-12, "{slope}");
    let predicted = with(RangeFunction::PredictLinear, &values, 60.0).unwrap();
    assert!((predicted - (3.0 + slope * 75.0)).abs() < 1e-12, "{predicted}");
    assert_eq!(of(RangeFunction::Deriv, &[7.0; 5]), Some(0.0));
    assert_eq!(with(RangeFunction::PredictLinear, &[7.0; 5], 1e9), Some(7.0));
}
