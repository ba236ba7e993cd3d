//! The straight line with the least squares of distances to samples.

use super::super::question::Point;

/// A straight line.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Line {
    /// By how much it rises in a second.
    pub slope: f64,
    /// Its value at the moment that was asked for.
    pub value: f64,
}

/// The line through `points`, and its value at the moment `at`; `None` for fewer than two points.
/// Equal values have a slope of exactly 0.
pub(super) fn line(points: &[Point], at: i64) -> Option<Line> {
    let (_, first) = *points.first().filter(|_| points.len() > 1)?;
    if points.iter().all(|(_, value)| *value == first) {
        return Some(match first.is_infinite() {
            true => Line { slope: f64::NAN, value: f64::NAN },
            false => Line { slope: 0.0, value: first },
        });
    }
    let count = points.len() as f64;
    let [mut x, mut y, mut xy, mut xx] = [0.0; 4];
    for (time, value) in points {
        let seconds = (time - at) as f64 / 1_000.0;
        x += seconds;
        y += value;
        xy += seconds * value;
        xx += seconds * seconds;
    }
    let slope = (xy - x * y / count) / (xx - x * x / count);
    Some(Line { slope, value: y / count - slope * x / count })
}
