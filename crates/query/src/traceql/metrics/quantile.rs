//! Quantiles of counts in buckets that end at powers of two.

/// The bucket of a value: the exponent of the smallest power of two that is not less; `None` for values
/// below 2, which Tempo leaves out.
pub(super) fn bucket(value: f64) -> Option<i32> {
    (value >= 2.0 && value.is_finite()).then(|| {
        let whole = (value as u64).max(2);
        (64 - (whole - 1).leading_zeros()) as i32
    })
}

/// The quantile, with exponential interpolation in its bucket. `buckets` are exponents and counts, in the
/// order of the exponents; 0 without counts.
pub(super) fn quantile(quantile: f64, buckets: &[(i32, u64)]) -> f64 {
    let total: u64 = buckets.iter().map(|(_, count)| count).sum();
    if total == 0 {
        return 0.0;
    }
    let wanted = ((quantile * total as f64).ceil() as u64).max(1);
    let mut before = 0;
    for (exponent, count) in buckets.iter().filter(|(_, count)| *count > 0) {
        if before + count >= wanted {
            let part = (wanted - before) as f64 / *count as f64;
            return (f64::from(*exponent) - 1.0 + part).exp2();
        }
        before += count;
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_ends_at_the_next_power_of_two() {
        let cases = [(1.0, None), (2.0, Some(1)), (3.0, Some(2)), (4.0, Some(2)), (5.0, Some(3))];
        for (value, expected) in cases {
            assert_eq!(bucket(value), expected, "{value}");
        }
    }

    #[test]
    fn a_quantile_lies_in_the_bucket_of_its_rank() {
        let buckets = [(3, 2), (4, 2)];
        assert_eq!(quantile(0.5, &buckets), 8.0);
        assert_eq!(quantile(1.0, &buckets), 16.0);
        assert_eq!(quantile(0.75, &buckets), 8.0 * 2_f64.sqrt());
        assert_eq!(quantile(0.0, &buckets), 4.0 * 2_f64.sqrt());
        assert_eq!(quantile(0.5, &[]), 0.0);
    }
}
