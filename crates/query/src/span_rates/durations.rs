//! Durations in buckets, of which some can be taken away again.

use std::collections::BTreeMap;

/// How many buckets each power of two has, as a power of two: a duration is off by at most 3 %.
const BUCKET_BITS: u32 = 5;

/// Durations in nanoseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Durations(BTreeMap<u32, u64>);

impl Durations {
    pub(super) fn add(&mut self, nanos: u64) {
        *self.0.entry(bucket(nanos)).or_default() += 1;
    }

    pub(super) fn add_all(&mut self, other: &Self) {
        for (bucket, count) in &other.0 {
            *self.0.entry(*bucket).or_default() += count;
        }
    }

    /// Takes away durations that were added.
    pub(super) fn take_all(&mut self, other: &Self) {
        for (bucket, count) in &other.0 {
            if let Some(kept) = self.0.get_mut(bucket) {
                *kept = kept.saturating_sub(*count);
            }
        }
        self.0.retain(|_, count| *count > 0);
    }

    /// The quantile `q` in nanoseconds, in the middle of its bucket; `None` without durations.
    pub(super) fn quantile(&self, q: f64) -> Option<f64> {
        let count: u64 = self.0.values().sum();
        let rank = (q * count as f64).ceil().max(1.0) as u64;
        let mut below = 0;
        let found = self.0.iter().find(|(_, count)| {
            below += **count;
            below >= rank
        });
        found.map(|(bucket, _)| middle(*bucket))
    }
}

fn bucket(nanos: u64) -> u32 {
    if nanos < 1 << BUCKET_BITS {
        return nanos as u32;
    }
    let power = nanos.ilog2();
    let place = (nanos >> (power - BUCKET_BITS)) as u32 - (1 << BUCKET_BITS);
    ((power - BUCKET_BITS + 1) << BUCKET_BITS) + place
}

fn middle(bucket: u32) -> f64 {
    if bucket < 1 << BUCKET_BITS {
        return f64::from(bucket);
    }
    let power = (bucket >> BUCKET_BITS) - 1;
    let place = f64::from((bucket & ((1 << BUCKET_BITS) - 1)) + (1 << BUCKET_BITS));
    (place + 0.5) * 2f64.powi(power as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_off_by_three_percent_at_most() {
        let mut durations = Durations::default();
        assert_eq!(durations.quantile(0.5), None);
        (1..=1_000u64).for_each(|one| durations.add(one * one * 1_000));
        for (q, exact) in [(0.5, 250_000_000.0), (0.95, 902_500_000.0), (0.0, 1_000.0)] {
            let found = durations.quantile(q).unwrap();
            assert!((found / exact - 1.0).abs() < 0.03, "{q}: {found}");
        }
        for nanos in [0, 1, 31, 32, 33, 1_000, u64::MAX] {
            let off = middle(bucket(nanos)) - nanos as f64;
            assert!(off.abs() <= nanos as f64 * 0.03, "{nanos}: {off}");
        }
    }

    #[test]
    fn what_is_taken_away_does_not_count() {
        let mut all = Durations::default();
        let mut some = Durations::default();
        [5, 500].into_iter().for_each(|one| all.add(one));
        some.add(500);
        all.take_all(&some);
        assert_eq!(all.quantile(1.0), Some(5.0));
        all.add_all(&some);
        assert!(all.quantile(1.0).unwrap() > 490.0);
    }
}
