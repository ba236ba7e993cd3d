//! Functions of the samples of a range. Extrapolation is that of Prometheus's `extrapolatedRate` for a
//! counter that is older than the range.

use super::super::question::Point;
use super::super::syntax::RangeFunction;
use super::{aggregate, regression};

/// The samples of one series in a range.
#[derive(Clone, Copy, Debug)]
pub(super) struct Samples<'a> {
    /// Both ends of the range, in milliseconds since the Unix epoch.
    pub ends: [i64; 2],
    /// How many samples there are.
    pub count: usize,
    /// The samples by time. If there are fewer than `count`, those between the first and the last two
    /// are left out, and the series is a counter that is never reset.
    pub points: &'a [Point],
}

/// The value of `function` at the moment `step` for `samples`, and for `number`, which some functions
/// have; `None` if there are too few.
pub(super) fn value(
    function: RangeFunction,
    step: i64,
    samples: Samples<'_>,
    number: f64,
) -> Option<f64> {
    let points = samples.points;
    let (_, last) = *points.last()?;
    let pairs = || points.windows(2).map(|pair| (pair[0].1, pair[1].1));
    Some(match function {
        RangeFunction::Rate => {
            let [start, end] = samples.ends;
            extrapolated(samples, increase(points))? / seconds(end - start)
        }
        RangeFunction::Increase => extrapolated(samples, increase(points))?,
        RangeFunction::Delta => extrapolated(samples, last - points[0].1)?,
        RangeFunction::Irate | RangeFunction::Idelta => {
            let [.., (before_at, before), (last_at, last)] = *points else { return None };
            match function {
                RangeFunction::Idelta => last - before,
                // A counter that is lower has begun with 0 again.
                _ if last < before => last / seconds(last_at - before_at),
                _ => (last - before) / seconds(last_at - before_at),
            }
        }
        RangeFunction::Deriv => regression::line(points, points[0].0)?.slope,
        RangeFunction::PredictLinear => {
            let line = regression::line(points, step)?;
            line.slope * number + line.value
        }
        RangeFunction::Changes => {
            let is_change =
                |(one, next): &(f64, f64)| one != next && !(one.is_nan() && next.is_nan());
            pairs().filter(is_change).count() as f64
        }
        RangeFunction::Resets => pairs().filter(|(one, next)| next < one).count() as f64,
        RangeFunction::Last => last,
        RangeFunction::Present => 1.0,
        RangeFunction::OverTime(super::super::syntax::AggregateKind::Count) => samples.count as f64,
        RangeFunction::OverTime(kind) => {
            let mut values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
            aggregate::reduced(kind, number, &mut values)
        }
    })
}

/// How much a counter rose. A counter that is lower than before has begun with 0 again.
fn increase(points: &[Point]) -> f64 {
    let resets = points.windows(2).filter(|pair| pair[1].1 < pair[0].1);
    let lost: f64 = resets.map(|pair| pair[0].1).sum();
    points[points.len() - 1].1 - points[0].1 + lost
}

/// `difference`, which is that of the last and the first sample, extrapolated to the ends of the
/// range: if the distance to an end is less than 1.1 times that between samples, to the end, else by
/// half the distance between samples. `None` with fewer than two samples.
///
/// Prometheus does not extrapolate a counter below zero. Here the first time that a question needs
/// decides where a counter begins, so that its value says nothing of its age: the rule would give one
/// moment two rates, in a question for it alone and in one for the hour before it.
fn extrapolated(samples: Samples<'_>, difference: f64) -> Option<f64> {
    let [(first_at, _), .., (last_at, _)] = *samples.points else { return None };
    let sampled = seconds(last_at - first_at);
    let between = sampled / (samples.count - 1) as f64;
    let reach = |distance: f64| if distance >= between * 1.1 { between / 2.0 } else { distance };
    let [start, end] = samples.ends;
    let to_start = reach(seconds(first_at - start));
    let to_end = reach(seconds(end - last_at));
    Some(difference * ((sampled + to_start + to_end) / sampled))
}

fn seconds(millis: i64) -> f64 {
    millis as f64 / 1_000.0
}

#[cfg(test)]
mod tests;
