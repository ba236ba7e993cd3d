//! How much longer each component takes than in its baseline: compared at several quantiles, and
//! shrunk towards zero where there is little data.

use super::table::{ObservationTable, Sample};

/// The time of a component in the window, compared with its baseline.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shift {
    /// The mean of the logarithms of the ratios at [`QUANTILES`], shrunk towards zero.
    pub log_ratio: f64,
    /// The time in the baseline, in nanoseconds: the mean of the values at [`QUANTILES`].
    pub baseline: f64,
    /// The mean time in the baseline, in nanoseconds, of which added time is what exceeds it.
    pub baseline_mean: f64,
    /// The time in the window, in nanoseconds: the mean of the values at [`QUANTILES`].
    pub now: f64,
    /// How many values the window has.
    pub count: usize,
}

/// The quantiles at which distributions are compared: the median, and as far into the tail as few
/// values allow.
const QUANTILES: [f64; 3] = [0.50, 0.75, 0.90];
/// The number of values in a baseline that are enough to estimate a variance, and to prefer the
/// times on critical paths. A smaller baseline has the common variance, and is believed less.
const ENOUGH_VALUES: usize = 5;
/// Nanoseconds that are added to both sides of a ratio, because smaller differences are noise of
/// clocks and schedulers.
const RESOLUTION: f64 = 50_000.0;
/// The size of a ratio, in standard errors, at which half of it is believed.
const HALF_BELIEF_ERRORS: f64 = 2.0;
/// The number of values in the smaller cohort at which half of a ratio is believed.
const HALF_BELIEF_VALUES: f64 = 1.0;
/// The weight of the common variance of all components, in values of a component.
const COMMON_VARIANCE_WEIGHT: f64 = 3.0;
/// The variance of the logarithm of a time when there is no data.
const DEFAULT_VARIANCE: f64 = 0.25;

/// The shift of each component; `None` where the baseline or the window has no values.
pub(super) fn shifts(table: &ObservationTable<'_>, in_window: &[bool]) -> Vec<Option<Shift>> {
    let both = table.samples.iter().zip(&table.off_path);
    let cohorts: Vec<(Times, Times)> = both
        .map(|(samples, off_path)| {
            let (baseline, now) = split(samples, in_window);
            if baseline.sorted.len() >= ENOUGH_VALUES
                || now.sorted.is_empty()
                || off_path.is_empty()
            {
                return (baseline, now);
            }
            // In the baseline the component was hardly on the critical path: something else took
            // longer. Its time beside the path is the baseline then.
            split(&[&samples[..], off_path].concat(), in_window)
        })
        .collect();
    let known = cohorts.iter().filter(|(baseline, _)| baseline.sorted.len() >= ENOUGH_VALUES);
    let common = median(known.map(|(baseline, _)| baseline.variance()).collect());
    cohorts.iter().map(|(baseline, now)| shift(baseline, now, common)).collect()
}

fn split(samples: &[Sample], in_window: &[bool]) -> (Times, Times) {
    let (mut now, mut baseline) = (Vec::new(), Vec::with_capacity(samples.len()));
    for sample in samples {
        let cohort = if in_window[sample.observation as usize] { &mut now } else { &mut baseline };
        cohort.push(sample.nanos);
    }
    (Times::from_nanos(baseline), Times::from_nanos(now))
}

fn shift(baseline: &Times, now: &Times, common: f64) -> Option<Shift> {
    if baseline.sorted.is_empty() || now.sorted.is_empty() {
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
        baseline_mean: baseline.sorted.iter().sum::<f64>() / before,
        now: mean(QUANTILES.map(|q| now.at(q))),
        count: now.sorted.len(),
    })
}

/// How much of an effect of `z` standard errors is believed: 0 to 1.
pub(super) fn shift_belief(z: f64) -> f64 {
    belief(z, HALF_BELIEF_ERRORS)
}

/// How much of an effect of `z` standard errors is believed, if one of `half` standard errors is
/// believed by half.
pub(super) fn belief(z: f64, half: f64) -> f64 {
    if z.is_infinite() { 1.0 } else { z * z / (z * z + half * half) }
}

/// Times in nanoseconds, sorted.
struct Times {
    sorted: Vec<f64>,
}

impl Times {
    fn from_nanos(mut sorted: Vec<f64>) -> Self {
        sorted.sort_unstable_by(f64::total_cmp);
        Self { sorted }
    }

    /// The value at quantile `q`, interpolated between neighbours.
    fn at(&self, q: f64) -> f64 {
        quantile(&self.sorted, q)
    }

    /// The unbiased variance of the logarithms.
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

/// The value of `sorted` at quantile `q`, interpolated between neighbours; zero when `sorted` is
/// empty.
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
        Times::from_nanos(nanos.to_vec())
    }

    #[test]
    fn a_quantile_is_interpolated_between_neighbouring_values() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.5), 2.0);
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), 3.0);
        assert_eq!((quantile(&[7.0], 0.9), quantile(&[], 0.9)), (7.0, 0.0));
    }

    #[test]
    fn a_shift_is_believed_more_the_more_data_there_is() {
        let shift = |before: usize, after: usize| {
            let baseline =
                times(&(0..before).map(|at| 1e7 + (at % 5) as f64 * 1e5).collect::<Vec<f64>>());
            shift(&baseline, &times(&vec![4e7; after]), 0.1).map(|shift| shift.log_ratio)
        };
        let [few, some, many] = [(5, 1), (20, 5), (500, 500)].map(|(n, m)| shift(n, m).unwrap());
        assert!(0.3 < few && few < some && some < many && many < 4f64.ln(), "{few} {some} {many}");
        assert_eq!((shift(0, 100), shift(100, 0)), (None, None));
        // There is no number of values from which on a shift is believed all at once.
        let rare: Vec<f64> = (1..8).map(|before| shift(before, 100).unwrap()).collect();
        let steps: Vec<f64> = rare.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(steps.iter().all(|step| (0.0..0.3).contains(step)), "{rare:?}");
    }

    #[test]
    fn equal_times_have_no_shift() {
        let baseline = times(&[1e6, 2e6, 3e6, 4e6, 5e6]);
        assert_eq!(shift(&baseline, &baseline, 0.1).unwrap().log_ratio, 0.0);
    }
}
