//! Spans, each weighed by the share of spans that it stands for.

use super::Share;
use super::answer::Estimate;

/// A sum of requests or calls of which each counts as one divided by its share.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weighed {
    count: f64,
    errors: f64,
    is_sampled: bool,
    is_unknown: bool,
}

impl Weighed {
    /// Adds `count` requests, which all failed or all did not.
    pub(crate) fn add(&mut self, share: Share, count: u64, failed: bool) {
        self.is_unknown |= share.is_none();
        self.is_sampled |= share.is_none_or(|share| share < 1.0);
        let weight = count as f64 / share.unwrap_or(1.0);
        self.count += weight;
        self.errors += if failed { weight } else { 0.0 };
    }

    /// What `recorded` requests stand for, which are all that were added; `None` if all of them have
    /// the share 1.
    pub(crate) fn estimate(&self, recorded: u64) -> Option<Estimate> {
        match (self.is_sampled, self.is_unknown) {
            (false, _) => None,
            (true, true) => Some(Estimate::default()),
            (true, false) => Some(Estimate {
                sampling_ratio: Some((recorded as f64 / self.count).min(1.0)),
                count: Some(self.count.round() as u64),
                errors: Some(self.errors.round() as u64),
            }),
        }
    }
}

impl Estimate {
    /// The estimate of `count` requests of which `errors` failed, at one share for all; `None` if
    /// everything is recorded.
    pub(crate) fn of(share: Share, count: u64, errors: u64) -> Option<Self> {
        let mut sum = Weighed::default();
        sum.add(share, count - errors.min(count), false);
        sum.add(share, errors.min(count), true);
        sum.estimate(count)
    }

    /// The estimate of two counts together: of `counts` requests, of which `errors` failed.
    pub(crate) fn joined(
        [one, other]: [Option<Self>; 2],
        counts: [u64; 2],
        errors: [u64; 2],
    ) -> Option<Self> {
        if one.is_none() && other.is_none() {
            return None;
        }
        let add = |of: Option<Self>, at: usize| match of {
            None => Some((counts[at], errors[at])),
            Some(of) => Some((of.count?, of.errors?)),
        };
        let (Some(one), Some(other)) = (add(one, 0), add(other, 1)) else {
            return Some(Self::default());
        };
        let count = one.0 + other.0;
        Some(Self {
            sampling_ratio: Some(((counts[0] + counts[1]) as f64 / count.max(1) as f64).min(1.0)),
            count: Some(count),
            errors: Some(one.1 + other.1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_counts_as_one_divided_by_its_share() {
        let mut sum = Weighed::default();
        sum.add(Some(1.0), 100, false);
        assert_eq!(sum.estimate(100), None);
        sum.add(Some(0.1), 8, false);
        sum.add(Some(0.1), 2, true);
        let expected =
            Estimate { sampling_ratio: Some(110.0 / 200.0), count: Some(200), errors: Some(20) };
        assert_eq!(sum.estimate(110), Some(expected));
        sum.add(None, 1, false);
        assert_eq!(sum.estimate(111), Some(Estimate::default()));
    }

    #[test]
    fn a_count_that_is_whole_and_one_that_is_estimated_are_an_estimate_together() {
        let tenth = Estimate::of(Some(0.1), 10, 2);
        let both = Estimate::joined([None, tenth], [100, 10], [1, 2]).unwrap();
        assert_eq!((both.count, both.errors), (Some(200), Some(21)));
        assert_eq!(Estimate::joined([None, None], [1, 2], [0, 0]), None);
        let unknown = Estimate::of(None, 3, 0);
        assert_eq!(Estimate::joined([tenth, unknown], [10, 3], [2, 0]), unknown);
    }
}
