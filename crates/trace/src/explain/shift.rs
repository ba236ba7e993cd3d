//! How much longer each component takes than it did: robust, and shrunk by how little is known.

use super::table::{ObservationTable, Sample};

/// A component's time in the window beside its time in the baseline.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shift {
    /// Mean of the logarithms of the ratios at [`QUANTILES`], shrunk towards zero.
    pub log_ratio: f64,
    /// What it takes at its baseline: the mean of its values at [`QUANTILES`], nanoseconds.
    pub baseline: f64,
    /// What it takes in the window, likewise.
    pub now: f64,
    /// How often it is known in the window.
    pub count: usize,
}

/// Where distributions are compared: the middle, and as far into the tail as few values reach.
const QUANTILES: [f64; 3] = [0.50, 0.75, 0.90];
/// Fewer values in the baseline are no baseline: they have no quartiles.
pub(super) const MIN_BASELINE_VALUES: usize = 5;
/// Added to both sides of a ratio, nanoseconds: differences below it are clocks and schedulers.
const RESOLUTION: f64 = 50_000.0;
/// Standard errors at which a ratio counts half.
const HALF_BELIEF_ERRORS: f64 = 2.0;
/// Values in the smaller cohort at which a ratio counts half.
const HALF_BELIEF_VALUES: f64 = 1.0;
/// How many values' worth the common variance counts beside a component's own.
const COMMON_VARIANCE_WEIGHT: f64 = 3.0;
/// Variance of the logarithm of a time when nothing is known of it.
const DEFAULT_VARIANCE: f64 = 0.25;

/// The shift of every component; `None` where the baseline has fewer than [`MIN_BASELINE_VALUES`] values or the
/// window none.
pub(super) fn shifts(table: &ObservationTable<'_>, in_window: &[bool]) -> Vec<Option<Shift>> {
    let both = table.samples.iter().zip(&table.off_path);
    let cohorts: Vec<(Times, Times)> = both
        .map(|(samples, off_path)| {
            let (baseline, now) = split(samples, in_window);
            if baseline.sorted.len() >= MIN_BASELINE_VALUES
                || now.sorted.is_empty()
                || off_path.is_empty()
            {
                return (baseline, now);
            }
            // Nobody waited for it before: it has overtaken what they waited for.
            split(&[&samples[..], off_path].concat(), in_window)
        })
        .collect();
    let known = cohorts.iter().filter(|(baseline, _)| baseline.sorted.len() >= MIN_BASELINE_VALUES);
    let common = median(known.map(|(baseline, _)| baseline.variance()).collect());
    cohorts.iter().map(|(baseline, now)| shift(baseline, now, common)).collect()
}

fn split(samples: &[Sample], in_window: &[bool]) -> (Times, Times) {
    let (now, baseline): (Vec<Sample>, Vec<Sample>) =
        samples.iter().partition(|sample| in_window[sample.observation as usize]);
    (Times::from_samples(&baseline), Times::from_samples(&now))
}

fn shift(baseline: &Times, now: &Times, common: f64) -> Option<Shift> {
    if baseline.sorted.len() < MIN_BASELINE_VALUES || now.sorted.is_empty() {
        return None;
    }
    let ratio = |q: f64| ((now.at(q) + RESOLUTION) / (baseline.at(q) + RESOLUTION)).ln();
    let ratio = mean(QUANTILES.map(ratio));
    let (before, after) = (baseline.sorted.len() as f64, now.sorted.len() as f64);
    let own = before - 1.0;
    let variance = (baseline.variance() * own + common * COMMON_VARIANCE_WEIGHT)
        / (own + COMMON_VARIANCE_WEIGHT);
    let error = (variance * (1.0 / before + 1.0 / after)).sqrt();
    let evidence = before * after / (before + after);
    Some(Shift {
        log_ratio: ratio * shift_belief(ratio / error) * evidence / (evidence + HALF_BELIEF_VALUES),
        baseline: mean(QUANTILES.map(|q| baseline.at(q))),
        now: mean(QUANTILES.map(|q| now.at(q))),
        count: now.sorted.len(),
    })
}

/// How much of an effect to believe that is `z` standard errors large.
pub(super) fn shift_belief(z: f64) -> f64 {
    belief(z, HALF_BELIEF_ERRORS)
}

/// As [`shift_belief`], where an effect counts half at `half` standard errors.
pub(super) fn belief(z: f64, half: f64) -> f64 {
    if z.is_infinite() { 1.0 } else { z * z / (z * z + half * half) }
}

/// Times in order, nanoseconds.
struct Times {
    sorted: Vec<f64>,
}

impl Times {
    fn from_samples(samples: &[Sample]) -> Self {
        let mut sorted: Vec<f64> = samples.iter().map(|sample| sample.nanos).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        Self { sorted }
    }

    /// The value at quantile `q`, between its neighbours.
    fn at(&self, q: f64) -> f64 {
        quantile(&self.sorted, q)
    }

    /// Of the logarithms; unbiased.
    fn variance(&self) -> f64 {
        if self.sorted.len() < 2 {
            return 0.0;
        }
        let logs: Vec<f64> = self.sorted.iter().map(|nanos| (nanos + RESOLUTION).ln()).collect();
        let mean = logs.iter().sum::<f64>() / logs.len() as f64;
        let squares: f64 = logs.iter().map(|log| (log - mean).powi(2)).sum();
        squares / (logs.len() - 1) as f64
    }
}

/// The value of `sorted` at quantile `q`, between its neighbours; zero when there are none.
pub(super) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = q * last as f64;
    let below = place.floor();
    let above = sorted[(below as usize + 1).min(last)];
    sorted[below as usize] + (place - below) * (above - sorted[below as usize])
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    if values.is_empty() { DEFAULT_VARIANCE } else { quantile(&values, 0.5) }
}

fn mean(values: [f64; 3]) -> f64 {
    values.iter().sum::<f64>() / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(nanos: &[f64]) -> Times {
        let sample = |nanos: &f64| Sample { observation: 0, nanos: *nanos };
        Times::from_samples(&nanos.iter().map(sample).collect::<Vec<Sample>>())
    }

    #[test]
    fn a_quantile_lies_between_its_neighbours() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.5), 2.0);
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), 3.0);
        assert_eq!((quantile(&[7.0], 0.9), quantile(&[], 0.9)), (7.0, 0.0));
    }

    #[test]
    fn a_shift_is_believed_more_the_more_is_known_of_it() {
        let shift = |before: usize, after: usize| {
            let baseline =
                times(&(0..before).map(|at| 1e7 + (at % 5) as f64 * 1e5).collect::<Vec<f64>>());
            shift(&baseline, &times(&vec![4e7; after]), 0.1).map(|shift| shift.log_ratio)
        };
        let [few, some, many] = [(5, 1), (20, 5), (500, 500)].map(|(n, m)| shift(n, m).unwrap());
        assert!(0.3 < few && few < some && some < many && many < 4f64.ln(), "{few} {some} {many}");
        assert_eq!((shift(4, 100), shift(100, 0)), (None, None));
    }

    #[test]
    fn the_same_times_have_no_shift() {
        let baseline = times(&[1e6, 2e6, 3e6, 4e6, 5e6]);
        assert_eq!(shift(&baseline, &baseline, 0.1).unwrap().log_ratio, 0.0);
    }
}
