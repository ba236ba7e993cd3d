//! Quantiles of histograms and of values, as Prometheus computes them.

use std::collections::BTreeMap;

use super::super::labels::{Labels, NAME};
use super::super::series::LE;
use super::super::value::Row;

/// The buckets of a histogram: upper bounds, and counts at each step.
type Buckets = Vec<(f64, Vec<Option<f64>>)>;

/// The quantile `q` at each step of each histogram among `rows`, whose buckets are rows with the
/// label `le`. Rows without the label are left out.
pub(super) fn of_histograms(q: &[f64], rows: Vec<Row>) -> Vec<Row> {
    let mut histograms: BTreeMap<Labels, Buckets> = BTreeMap::new();
    for row in rows {
        let Some(bound) = bound(row.labels.get(LE)) else { continue };
        let labels = row.labels.only(|label| label != LE && label != NAME);
        histograms.entry(labels).or_default().push((bound, row.values));
    }
    let quantiles = histograms.into_iter().map(|(labels, mut buckets)| {
        buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
        let value = |step: usize| {
            let here: Vec<(f64, f64)> = buckets
                .iter()
                .filter_map(|(bound, values)| Some((*bound, values[step]?)))
                .collect();
            (!here.is_empty()).then(|| of_buckets(q[step], here))
        };
        Row { values: (0..q.len()).map(value).collect(), labels }
    });
    quantiles.collect()
}

fn bound(le: &str) -> Option<f64> {
    match le {
        "+Inf" | "Inf" | "inf" | "+inf" => Some(f64::INFINITY),
        le => le.parse().ok(),
    }
}

/// The quantile `q` of a histogram with these upper bounds, rising, and counts up to each bound.
fn of_buckets(q: f64, buckets: Vec<(f64, f64)>) -> f64 {
    if q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    let buckets = monotonic(buckets);
    let Some((bound, all)) = buckets.last().copied() else { return f64::NAN };
    if !(bound.is_infinite() && bound > 0.0) || buckets.len() < 2 || all == 0.0 {
        return f64::NAN;
    }
    let rank = q * all;
    let below_last = &buckets[..buckets.len() - 1];
    let at = below_last.partition_point(|(_, count)| *count < rank);
    let Some((upper, count)) = below_last.get(at).copied() else {
        return below_last[below_last.len() - 1].0;
    };
    if at == 0 && upper <= 0.0 {
        return upper;
    }
    let (lower, before) = at.checked_sub(1).map_or((0.0, 0.0), |below| buckets[below]);
    lower + (upper - lower) * ((rank - before) / (count - before))
}

/// Buckets with the same bound are one, and no count is below that of a smaller bound.
fn monotonic(buckets: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let mut found: Vec<(f64, f64)> = Vec::with_capacity(buckets.len());
    for (bound, count) in buckets {
        match found.last_mut().filter(|last| last.0 == bound) {
            Some(last) => last.1 += count,
            None => found.push((bound, count)),
        }
    }
    let mut most = f64::NEG_INFINITY;
    for (_, count) in &mut found {
        most = most.max(*count);
        *count = most;
    }
    found
}

/// The quantile `q` of `values`, by linear interpolation between them.
pub(super) fn of_values(q: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    // What is no number comes first, as in Prometheus.
    values
        .sort_by(|one, other| other.is_nan().cmp(&one.is_nan()).then_with(|| one.total_cmp(other)));
    let rank = q * (values.len() - 1) as f64;
    let (lower, upper) = (rank.floor() as usize, rank.ceil() as usize);
    let weight = rank - rank.floor();
    values[lower] * (1.0 - weight) + values[upper] * weight
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    #[test]
    fn a_quantile_is_interpolated_within_its_bucket() {
        let buckets = vec![(0.1, 50.0), (0.2, 90.0), (INF, 100.0)];
        let quantile = |q| of_buckets(q, buckets.clone());
        assert!((quantile(0.5) - 0.1).abs() < 1e-12);
        assert!((quantile(0.7) - 0.15).abs() < 1e-12);
        assert_eq!(quantile(0.99), 0.2, "above the last bound, the last bound");
        assert_eq!((quantile(-1.0), quantile(2.0)), (-INF, INF));
    }

    #[test]
    fn a_histogram_without_requests_or_without_infinity_has_no_quantile() {
        assert!(of_buckets(0.5, vec![(0.1, 0.0), (INF, 0.0)]).is_nan());
        assert!(of_buckets(0.5, vec![(0.1, 1.0), (0.2, 2.0)]).is_nan());
    }

    #[test]
    fn a_bucket_counts_at_least_as_much_as_a_smaller_one() {
        let found = of_buckets(0.5, vec![(0.1, 10.0), (0.2, 8.0), (INF, 10.0)]);
        assert!((found - 0.05).abs() < 1e-12, "{found}");
    }
}
