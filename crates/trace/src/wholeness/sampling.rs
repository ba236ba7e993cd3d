//! Head sampling, seen from the trace ids: a sampler that decides by the trace id leaves only ids
//! of one range.

use crate::ids::TraceId;

/// The largest chance at which ids that are not sampled may look sampled.
const MAX_CHANCE: f64 = 1e-4;
/// A smaller part is no sampling, but ids that are no random numbers.
const MIN_RATIO: f64 = 1e-3;

/// The part of all traces that a sampler keeps, judged by the ids of the traces that it kept, or
/// `None` if the ids show no sampling: 0.3 for a sampler with the ratio 0.3.
///
/// Three rules are known. Go and Python compare the last 8 bytes with a bound; Java compares their
/// absolute value; OpenTelemetry's consistent sampling rejects the smallest values of the last 7
/// bytes.
///
/// Sources: `TraceIDRatioBased` of the SDKs; OpenTelemetry "TraceState: Probability Sampling".
pub(super) fn ratio(ids: impl Iterator<Item = TraceId>) -> Option<f64> {
    let mut bounds = [0f64; 3];
    let mut count = 0u32;
    for id in ids {
        count += 1;
        let low = id.as_u128() as u64;
        let magnitude = (low as i64).unsigned_abs();
        let random = low << 8;
        let values = [
            low as f64 / 2f64.powi(64),
            magnitude as f64 / 2f64.powi(63),
            1.0 - random as f64 / 2f64.powi(64),
        ];
        for (bound, value) in bounds.iter_mut().zip(values) {
            *bound = bound.max(value);
        }
    }
    let smallest = bounds.into_iter().fold(1.0, f64::min);
    let chance = smallest.powi(i32::try_from(count).unwrap_or(i32::MAX));
    // The largest of n values below a bound is n / (n + 1) of the bound on average.
    let ratio = smallest * f64::from(count + 1) / f64::from(count.max(1));
    (count > 0 && chance < MAX_CHANCE && ratio >= MIN_RATIO).then_some(ratio.min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pseudo-random ids.
    fn ids(count: u64) -> impl Iterator<Item = TraceId> {
        (1..=count).map(|seed| {
            let mix = |word: u64| {
                let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                word ^ (word >> 31)
            };
            let low = mix(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            TraceId::try_from((u128::from(mix(low)) << 64) | u128::from(low)).unwrap()
        })
    }

    fn low(id: TraceId) -> u64 {
        id.as_u128() as u64
    }

    #[test]
    fn ids_that_are_all_kept_show_no_sampling() {
        for count in [1, 10, 100, 2_000] {
            assert_eq!(ratio(ids(count)), None, "{count}");
        }
        let consecutive = (1..500u128).map(|id| TraceId::try_from(id).unwrap());
        assert_eq!(ratio(consecutive), None);
        assert_eq!(ratio(std::iter::empty()), None);
    }

    #[test]
    fn the_ratio_is_found_for_each_rule_by_which_sdks_sample() {
        let bound = (0.3 * 2f64.powi(63)) as u64;
        let rules: [fn(u64, u64) -> bool; 3] = [
            |low, bound| low >> 1 < bound,
            |low, bound| (low as i64).unsigned_abs() < bound,
            |low, bound| (low << 8) >> 1 >= (1 << 63) - bound,
        ];
        for rule in rules {
            let kept = ids(2_000).filter(|id| rule(low(*id), bound));
            let found = ratio(kept).unwrap();
            assert!((0.29..0.31).contains(&found), "{found}");
        }
    }
}
