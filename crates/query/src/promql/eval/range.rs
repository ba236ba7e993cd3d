//! Functions of the samples of a range. Extrapolation is that of Prometheus's `extrapolatedRate`.

use super::super::plan::{SCRAPE_MS, Window};
use super::super::syntax::Function;

/// Functions of a range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RangeFunction {
    Rate,
    Increase,
    Delta,
    Irate,
    Idelta,
}

/// The function of a range that `function` is.
pub(super) fn kind(function: Function) -> Option<RangeFunction> {
    Some(match function {
        Function::Rate => RangeFunction::Rate,
        Function::Increase => RangeFunction::Increase,
        Function::Delta => RangeFunction::Delta,
        Function::Irate => RangeFunction::Irate,
        Function::Idelta => RangeFunction::Idelta,
        _ => return None,
    })
}

/// The value of `function` for the samples in `window`, which `at` has by their time; `None` with
/// fewer than two samples. Counters here are never reset.
pub(super) fn value(
    function: RangeFunction,
    window: Window,
    at: &dyn Fn(i64) -> f64,
) -> Option<f64> {
    if window.intervals() < 1 {
        return None;
    }
    let seconds = SCRAPE_MS as f64 / 1_000.0;
    match function {
        RangeFunction::Irate => Some((at(window.last) - at(window.last - SCRAPE_MS)) / seconds),
        RangeFunction::Idelta => Some(at(window.last) - at(window.last - SCRAPE_MS)),
        RangeFunction::Rate => {
            let range = (window.end - window.start) as f64 / 1_000.0;
            Some(extrapolated(window, at, true) / range)
        }
        RangeFunction::Increase => Some(extrapolated(window, at, true)),
        RangeFunction::Delta => Some(extrapolated(window, at, false)),
    }
}

/// The difference of the last and the first sample, extrapolated to the ends of the range: if the
/// distance to an end is less than 1.1 times that between samples, to the end, else by half the
/// distance between samples. A counter is not extrapolated below zero.
fn extrapolated(window: Window, at: &dyn Fn(i64) -> f64, is_counter: bool) -> f64 {
    let seconds = |millis: i64| millis as f64 / 1_000.0;
    let (first, last) = (at(window.first), at(window.last));
    let difference = last - first;
    let sampled = seconds(window.last - window.first);
    let between = sampled / window.intervals() as f64;
    let reach = |distance: f64| if distance >= between * 1.1 { between / 2.0 } else { distance };
    let mut to_start = reach(seconds(window.first - window.start));
    if is_counter && difference > 0.0 && first >= 0.0 {
        to_start = to_start.min(sampled * (first / difference));
    }
    let to_end = reach(seconds(window.end - window.last));
    difference * ((sampled + to_start + to_end) / sampled)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Window = Window { start: 0, end: 60_000, first: 15_000, last: 60_000 };

    #[test]
    fn a_steady_counter_has_its_rate_at_both_ends_of_the_range() {
        let at = |millis: i64| millis as f64 / 1_000.0 * 2.0;
        assert_eq!(value(RangeFunction::Rate, WINDOW, &at), Some(2.0));
        assert_eq!(value(RangeFunction::Increase, WINDOW, &at), Some(120.0));
        assert_eq!(value(RangeFunction::Irate, WINDOW, &at), Some(2.0));
    }

    #[test]
    fn a_counter_is_not_extrapolated_below_zero() {
        let at = |millis: i64| (millis - 15_000) as f64;
        assert_eq!(value(RangeFunction::Increase, WINDOW, &at), Some(45_000.0));
        assert_eq!(value(RangeFunction::Delta, WINDOW, &at), Some(60_000.0));
    }

    #[test]
    fn one_sample_has_no_rate() {
        let window = Window { start: 50_000, ..WINDOW };
        let one = Window { first: 60_000, ..window };
        assert_eq!(value(RangeFunction::Rate, one, &|_| 1.0), None);
    }
}
