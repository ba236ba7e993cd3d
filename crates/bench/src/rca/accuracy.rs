//! Accuracy of rankings: at which rank the culprit is.

use coral_scenario::mix;

/// The rank of each culprit, from 1; `None` when the culprit is not in the ranking.
#[derive(Clone, Default, Debug)]
pub struct Places(pub Vec<Option<usize>>);

/// The number of bootstrap resamples.
const DRAWS: u64 = 2_000;

impl Places {
    /// AS@k: the share of the cases whose culprit is among the first `k` of the ranking.
    pub fn at(&self, k: usize) -> f64 {
        let hits = self.0.iter().flatten().filter(|place| **place <= k).count();
        hits as f64 / self.0.len().max(1) as f64
    }

    /// Avg@5: the mean of AS@1 to AS@5.
    pub fn average(&self) -> f64 {
        (1..=5).map(|k| self.at(k)).sum::<f64>() / 5.0
    }

    /// The 95% confidence interval of `figure`, by bootstrap: the range of its value in 95% of
    /// resamples with replacement.
    pub fn interval(&self, figure: impl Fn(&Self) -> f64) -> (f64, f64) {
        let cases = self.0.len() as u64;
        if cases == 0 {
            return (0.0, 0.0);
        }
        let draw = |seed: u64| {
            let case = |at: u64| self.0[(mix(mix(seed) ^ at) % cases) as usize];
            figure(&Self((0..cases).map(case).collect()))
        };
        let mut figures: Vec<f64> = (0..DRAWS).map(draw).collect();
        figures.sort_unstable_by(f64::total_cmp);
        (figures[DRAWS as usize / 40], figures[DRAWS as usize * 39 / 40])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_culprit_at_rank_three_counts_from_three_on() {
        let places = Places(vec![Some(1), Some(3), None, Some(9)]);
        assert_eq!((places.at(1), places.at(3), places.at(5)), (0.25, 0.5, 0.5));
        assert_eq!(places.average(), (0.25 + 0.25 + 0.5 + 0.5 + 0.5) / 5.0);
    }

    #[test]
    fn an_interval_contains_the_figure_and_is_narrow_when_all_cases_agree() {
        let places = Places(vec![Some(1), Some(3), None, Some(1)]);
        let (low, high) = places.interval(|places| places.at(1));
        assert!(low < 0.5 && 0.5 < high);
        assert_eq!(Places(vec![Some(1); 9]).interval(|places| places.at(1)), (1.0, 1.0));
    }
}
