//! Functions of the samples of a range. Extrapolation is that of Prometheus's `extrapolatedRate` for a
//! counter that is older than the range.

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
            Some(extrapolated(window, at) / range)
        }
        RangeFunction::Increase | RangeFunction::Delta => Some(extrapolated(window, at)),
    }
}

/// The difference of the last and the first sample, extrapolated to the ends of the range: if the
/// distance to an end is less than 1.1 times that between samples, to the end, else by half the
/// distance between samples.
///
/// Prometheus does not extrapolate a counter below zero. Here the first time that a question needs
/// decides where a counter begins, so that its value says nothing of its age: the rule would give one
/// moment two rates, in a question for it alone and in one for the hour before it.
fn extrapolated(window: Window, at: &dyn Fn(i64) -> f64) -> f64 {
    let seconds = |millis: i64| millis as f64 / 1_000.0;
    let difference = at(window.last) - at(window.first);
    let sampled = seconds(window.last - window.first);
    let between = sampled / window.intervals() as f64;
    let reach = |distance: f64| if distance >= between * 1.1 { between / 2.0 } else { distance };
    let to_start = reach(seconds(window.first - window.start));
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
    fn the_value_with_which_a_counter_begins_does_not_matter() {
        for first in [0.0, 1.0, 1e9] {
            let at = |millis: i64| first + (millis - 15_000) as f64;
            assert_eq!(value(RangeFunction::Increase, WINDOW, &at), Some(60_000.0), "{first}");
            assert_eq!(value(RangeFunction::Delta, WINDOW, &at), Some(60_000.0), "{first}");
        }
    }

    #[test]
    fn one_sample_has_no_rate() {
        let window = Window { start: 50_000, ..WINDOW };
        let one = Window { first: 60_000, ..window };
        assert_eq!(value(RangeFunction::Rate, one, &|_| 1.0), None);
    }
}
