//! Puts durations into buckets of Prometheus.

use coral_trace::red::Histogram;

const NANOS_PER_SECOND: f64 = 1e9;

/// The bucket of a duration: the first of `bounds` that is not below `seconds`, or else the last
/// bucket, which has no bound.
pub(super) fn of_seconds(bounds: &[f64], seconds: f64) -> usize {
    bounds.partition_point(|bound| *bound < seconds)
}

/// The requests of `histogram` in the buckets of `bounds`, and in the bucket without a bound.
///
/// The requests of one bucket are assumed to be spread evenly over it, as Prometheus assumes in
/// `histogram_quantile`, so that numbers may have fractions. Requests above the last bound of
/// `histogram` are in the bucket without a bound.
pub(super) fn of_histogram(bounds: &[f64], histogram: &Histogram) -> Vec<f64> {
    let mut found = vec![0.0; bounds.len() + 1];
    let upper = histogram.bounds().iter().map(|nanos| *nanos as f64 / NANOS_PER_SECOND);
    let mut lower = 0.0;
    for (upper, count) in upper.zip(histogram.counts()) {
        if *count > 0 {
            spread(bounds, [lower, upper], *count as f64, &mut found);
        }
        lower = upper;
    }
    found[bounds.len()] += histogram.counts().last().copied().unwrap_or(0) as f64;
    found
}

/// Adds `count` requests that took between `lower` and `upper` to the buckets that they fall into.
fn spread(bounds: &[f64], [lower, upper]: [f64; 2], count: f64, found: &mut [f64]) {
    let (first, last) = (of_seconds(bounds, lower), of_seconds(bounds, upper));
    if first == last || upper <= lower {
        found[last] += count;
        return;
    }
    let mut from = lower;
    for (at, found) in found.iter_mut().enumerate().take(last + 1).skip(first) {
        let to = bounds.get(at).map_or(upper, |bound| bound.min(upper));
        *found += count * (to - from).max(0.0) / (upper - lower);
        from = to;
    }
}

/// The seconds that the requests of `histogram` took together: what the exporter says, or else the
/// middle of each bucket.
pub(super) fn seconds(histogram: &Histogram) -> f64 {
    if let Some(nanos) = histogram.sum {
        return nanos.max(0.0) / NANOS_PER_SECOND;
    }
    let bounds = histogram.bounds();
    let middle = |at: usize| {
        let lower = at.checked_sub(1).map_or(0, |below| bounds[below]);
        (lower + bounds.get(at).copied().unwrap_or(lower)) as f64 / 2.0
    };
    let counts = histogram.counts().iter().enumerate();
    counts.map(|(at, count)| middle(at) * *count as f64).sum::<f64>() / NANOS_PER_SECOND
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_in_the_first_bucket_whose_bound_it_does_not_exceed() {
        let bucket = |seconds| of_seconds(&[0.1, 0.2], seconds);
        assert_eq!([0.0, 0.1, 0.10001, 0.2, 0.3].map(bucket), [0, 0, 1, 1, 2]);
    }

    #[test]
    fn requests_of_a_wider_bucket_are_spread_and_none_is_lost() {
        let bounds = vec![100_000_000, 400_000_000];
        let histogram = Histogram::new(bounds, vec![4, 6, 5], None).unwrap();
        let found = of_histogram(&[0.05, 0.2, 0.8], &histogram);
        let expected = [2.0, 4.0, 4.0, 5.0];
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{found:?}");
        let summed = seconds(&histogram);
        assert!((summed - (4.0 * 0.05 + 6.0 * 0.25 + 5.0 * 0.4)).abs() < 1e-9, "{summed}");
    }
}
