//! Percentiles of sums of histograms.

use proptest::prelude::*;

use crate::red::{Exponential, Histogram, InvalidHistogram, MergedHistogram, Quantile};

const MS: u64 = 1_000_000;

fn histogram(bounds_ms: &[u64], counts: &[u64]) -> Histogram {
    let bounds: Vec<u64> = bounds_ms.iter().map(|bound| bound * MS).collect();
    Histogram::new(bounds, counts.to_vec(), None).expect("the test wrote a histogram")
}

fn quantile(q: f64, histograms: &[Histogram]) -> Option<Quantile> {
    let mut merged = MergedHistogram::default();
    histograms.iter().for_each(|histogram| merged.add(histogram));
    merged.quantile(q)
}

#[test]
fn a_percentile_is_interpolated_within_its_bucket() {
    let even = histogram(&[10, 20, 30], &[0, 10, 10, 0]);
    assert_eq!(quantile(0.5, std::slice::from_ref(&even)), Some(Quantile::At(20 * MS)));
    assert_eq!(quantile(0.75, std::slice::from_ref(&even)), Some(Quantile::At(25 * MS)));
    assert_eq!(quantile(1.0, &[even]), Some(Quantile::At(30 * MS)));
    let first = histogram(&[10], &[4, 0]);
    assert_eq!(quantile(0.5, &[first]), Some(Quantile::At(5 * MS)));
}

#[test]
fn a_percentile_above_the_last_bound_is_reported_as_beyond_the_bound() {
    let slow = histogram(&[5_000, 10_000], &[0, 90, 10]);
    assert_eq!(quantile(0.9, std::slice::from_ref(&slow)), Some(Quantile::At(10_000 * MS)));
    assert_eq!(quantile(0.95, &[slow]), Some(Quantile::Beyond(10_000 * MS)));
    // One exporter has a request above its last bound of 10 s. The wider buckets of the other
    // exporter do not tell how slow that request was.
    let wide = histogram(&[20_000, 30_000], &[0, 100, 0]);
    let slow = histogram(&[10_000], &[100, 1]);
    assert_eq!(quantile(0.9, &[slow, wide]), Some(Quantile::Beyond(10_000 * MS)));
}

#[test]
fn requests_above_a_duration_are_counted_as_percentiles_count_them() {
    let above = |nanos: u64, histograms: &[Histogram]| {
        let mut merged = MergedHistogram::default();
        histograms.iter().for_each(|histogram| merged.add(histogram));
        merged.count_above(nanos)
    };
    let even = histogram(&[10, 20, 30], &[0, 10, 10, 4]);
    assert_eq!(above(0, std::slice::from_ref(&even)), 24.0);
    assert_eq!(above(15 * MS, std::slice::from_ref(&even)), 19.0);
    assert_eq!(above(30 * MS, std::slice::from_ref(&even)), 4.0);
    assert_eq!(above(31 * MS, std::slice::from_ref(&even)), 0.0, "not known");
    assert_eq!(above(15 * MS, &[even, histogram(&[20], &[100, 1])]), 19.0 + 25.0 + 1.0);
}

#[test]
fn no_requests_have_no_percentile() {
    assert_eq!(quantile(0.5, &[]), None);
    assert_eq!(quantile(0.5, &[histogram(&[10], &[0, 0])]), None);
    assert_eq!(quantile(0.5, &[histogram(&[], &[7])]), None, "a count without buckets");
}

#[test]
fn histograms_of_different_buckets_add_up() {
    let coarse = histogram(&[100], &[10, 0]);
    let fine = histogram(&[50, 100], &[10, 0, 0]);
    let merged = quantile(0.5, &[coarse.clone(), fine.clone()]);
    // 15 of the 20 requests are below 50 ms: all ten fine ones, and five of the coarse ones.
    assert_eq!(merged, Some(Quantile::At(33_333_333)));
    assert_eq!(quantile(1.0, &[coarse, fine]), Some(Quantile::At(100 * MS)));
}

#[test]
fn exponential_buckets_have_bounds_in_the_unit_of_the_metric() {
    // Scale 0: (1, 2] and (2, 4] seconds.
    let exponential =
        Exponential { scale: 0, zero_count: 1, zero_threshold: 0.0, offset: 0, counts: vec![2, 3] };
    let histogram = exponential.histogram(1e9, None).expect("a valid histogram");
    assert_eq!(histogram.bounds()[..], [0, 1_000 * MS, 2_000 * MS, 4_000 * MS]);
    assert_eq!(histogram.counts(), [1, 0, 2, 3, 0]);
    let out_of_range = Exponential { scale: 21, ..exponential };
    assert_eq!(out_of_range.histogram(1e9, None), Err(InvalidHistogram::Bounds));
}

#[test]
fn a_histogram_with_other_buckets_is_no_earlier_total() {
    let now = histogram(&[10, 20], &[1, 2, 0]);
    assert_eq!(now.since(&histogram(&[15], &[1, 0])), None);
    assert_eq!(now.since(&histogram(&[10, 20], &[2, 0, 0])), None);
    let fits = now.since(&histogram(&[5, 10], &[0, 1, 0])).expect("(5, 10] lies in (0, 10]");
    assert_eq!(fits.counts(), [0, 2, 0]);
}

proptest! {
    /// An SDK merges buckets to limit their number. Whatever it merges, all counts are found again.
    #[test]
    fn an_exponential_histogram_that_became_coarser_still_counts_every_request(
        scale in 2i32..=20,
        coarser in 0i32..6,
        offset in -4_000i32..4_000,
        before in prop::collection::vec(0u64..5, 1..40),
        more in prop::collection::vec(0u64..5, 40),
    ) {
        let at = |counts: &[u64], scale, offset| {
            let counts = counts.to_vec();
            Exponential { scale, zero_count: 0, zero_threshold: 0.0, offset, counts }
        };
        // The first bucket lies between 20 microseconds and 14 hours, as durations do in practice.
        let offset = offset >> (8 - scale.min(8));
        let now: Vec<u64> =
            before.iter().chain([0].iter().cycle()).zip(&more).map(|(a, b)| a + b).collect();
        let mut joined = vec![0; now.len() + 1];
        let first = offset >> coarser;
        for (index, count) in (offset..).zip(&now) {
            joined[((index >> coarser) - first) as usize] += count;
        }
        let earlier = at(&before, scale, offset).histogram(1e9, None).expect("in range");
        let later = at(&joined, scale - coarser, first);
        prop_assume!(later.scale >= -10);
        let later = later.histogram(1e9, None).expect("in range");
        let since = later.since(&earlier).expect("it is a later total");
        prop_assert_eq!(since.count(), more.iter().sum::<u64>());
    }

    #[test]
    fn percentiles_rise_with_their_rank_and_no_request_is_lost(
        parts in prop::collection::vec((prop::collection::btree_set(0u64..20_000, 0..6), prop::collection::vec(0u64..9, 7)), 0..5),
        ranks in prop::collection::vec(0.0f64..=1.0, 2..6),
    ) {
        let (mut merged, mut count) = (MergedHistogram::default(), 0);
        let mut with_bounds = 0;
        for (bounds, counts) in parts {
            let bounds: Vec<u64> = bounds.into_iter().collect();
            let counts = counts[..=bounds.len()].to_vec();
            count += counts.iter().sum::<u64>();
            with_bounds += if bounds.is_empty() { 0 } else { counts.iter().sum::<u64>() };
            merged.add(&Histogram::new(bounds, counts, None).expect("they rise"));
        }
        prop_assert_eq!(merged.count(), count);
        if with_bounds == count {
            prop_assert_eq!(merged.quantile(1.0).is_some(), count > 0);
        }
        let mut ranks = ranks;
        ranks.sort_by(f64::total_cmp);
        let found: Vec<_> = ranks.iter().filter_map(|q| merged.quantile(*q)).collect();
        for pair in found.windows(2) {
            prop_assert!(pair[0].nanos() <= pair[1].nanos(), "{found:?}");
        }
    }
}
