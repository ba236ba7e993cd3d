//! The quantiles of values and of counted buckets.

use super::series::Value;

/// Values in ascending order.
pub(super) struct Amounts {
    sorted: Vec<Value>,
    /// The sum of the counts of all values up to each one.
    up_to: Vec<u64>,
}

impl Amounts {
    /// Sorts `values`.
    pub fn new(values: impl Iterator<Item = Value>) -> Self {
        let mut sorted: Vec<Value> = values.filter(|value| value.count > 0).collect();
        sorted.sort_unstable_by_key(|value| (value.amount, value.least));
        let mut sum = 0;
        let counted = |value: &Value| {
            sum += u64::from(value.count);
            sum
        };
        let up_to = sorted.iter().map(counted).collect();
        Self { sorted, up_to }
    }

    /// How many values there are.
    pub fn count(&self) -> u64 {
        self.up_to.last().copied().unwrap_or(0)
    }

    /// The smallest and the largest value; `None` when there are no values.
    pub fn ends(&self) -> (Option<u64>, Option<u64>) {
        (
            self.sorted.first().map(|value| value.amount),
            self.sorted.last().map(|value| value.amount),
        )
    }

    /// The value that the fraction `quantile` (0 to 1) of all other values does not exceed: the
    /// rank is rounded down. There must be values.
    pub fn at_rank(&self, quantile: f64) -> Value {
        let last = self.count().saturating_sub(1);
        self.at((last as f64 * quantile) as u64).0
    }

    /// The value at `quantile`, with the rank rounded to the nearest one. The values of a bucket are
    /// assumed to be spread evenly over it. There must be values.
    pub fn quantile(&self, quantile: f64) -> f64 {
        let rank = (self.count().saturating_sub(1) as f64 * quantile).round();
        let (value, below) = self.at(rank as u64);
        let part = (rank - below as f64 + 0.5) / f64::from(value.count);
        value.least as f64 + (value.amount - value.least) as f64 * part
    }

    /// The value at `rank`, and how many values are in front of its bucket.
    fn at(&self, rank: u64) -> (Value, u64) {
        let at = self.up_to.partition_point(|sum| *sum <= rank).min(self.sorted.len() - 1);
        let value = self.sorted[at];
        (value, self.up_to[at] - u64::from(value.count))
    }
}
