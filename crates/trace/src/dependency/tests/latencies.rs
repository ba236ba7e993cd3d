use proptest::prelude::*;

use super::super::*;
use crate::ids::SpanId;
use crate::span::SpanKind;

#[test]
fn percentiles_are_durations_that_occurred_by_nearest_rank() {
    let percentiles = |values: &mut dyn Iterator<Item = u64>| {
        let mut latencies = Latencies::default();
        values.for_each(|value| latencies.add(value));
        assert!(latencies.is_exact());
        [0, 50, 95, 99, 100].map(|percent| latencies.percentile(percent).unwrap())
    };
    assert_eq!(percentiles(&mut [7].into_iter()), [7; 5]);
    assert_eq!(percentiles(&mut [3, 1, 2, 4].into_iter()), [1, 2, 4, 4, 4]);
    let many = (1..=100_000).rev().map(|at| at * 37);
    assert_eq!(
        percentiles(&mut many.into_iter()),
        [37, 1_850_000, 3_515_000, 3_663_000, 3_700_000]
    );
    // A million durations, of which few are distinct.
    let repeated = (0..1_000_000).map(|at| at % 1_000);
    assert_eq!(percentiles(&mut repeated.into_iter()), [0, 499, 949, 989, 999]);
    assert_eq!(percentiles(&mut [u64::MAX; 1_000].into_iter()), [u64::MAX; 5]);
    assert_eq!(percentiles(&mut [0; 1_000].into_iter()), [0; 5]);
    assert_eq!(Latencies::default().percentile(50), None);
}

#[test]
fn percentiles_of_more_distinct_durations_than_are_kept_are_within_a_twentieth_of_a_percent() {
    let distinct = Latencies::MAX_DISTINCT as u64;
    let of = |from: u64, to: u64| {
        let mut latencies = Latencies::default();
        (from..to).for_each(|at| latencies.add(at * 37));
        latencies
    };
    assert!(of(0, distinct).is_exact());
    let many = of(0, distinct + 1);
    assert!(!many.is_exact());
    let mut parts = of(1_000, distinct + 1);
    (0..1_000).for_each(|at| parts.add(at * 37));
    for percent in [0, 1, 50, 95, 99, 100] {
        let found = many.percentile(percent).unwrap();
        let exact = (((distinct + 1) * percent).div_ceil(100).max(1) - 1) * 37;
        assert!(found.abs_diff(exact) * 2_000 <= exact, "{percent}: {found}, not {exact}");
        assert_eq!(parts.percentile(percent), Some(found));
    }
}

#[test]
fn parts_that_no_set_has_make_none() {
    let parts = |distinct: &[(u64, u64)], bucket_bits, bounds| LatencyParts {
        distinct: distinct.to_vec(),
        bucket_bits,
        bounds,
    };
    for wrong in [
        parts(&[(2, 1), (1, 1)], None, (1, 2)),
        parts(&[(1, 0)], None, (1, 1)),
        parts(&[(1, u64::MAX), (2, 1)], None, (1, 2)),
        parts(&[(1, 1)], Some(11), (1, 1)),
        parts(&[(1, 1)], None, (2, 1)),
    ] {
        assert_eq!(Latencies::of_parts(wrong), None);
    }
}

#[test]
fn a_set_with_buckets_is_made_again_from_its_parts() {
    let mut many = Latencies::default();
    (0..=Latencies::MAX_DISTINCT as u64).for_each(|at| many.add(at * 37));
    let again = Latencies::of_parts(many.parts()).unwrap();
    let mut all = Latencies::default();
    all.add(5);
    all.add_all(&again);
    many.add(5);
    assert_eq!(all.settled(), many.settled());
    assert_eq!(all.take(5), None, "a set with buckets is too coarse");
}

/// Some sets of durations, with a limit of `max` durations of all sets together.
struct Limited {
    sets: Vec<Latencies>,
    limit: LatencyLimit,
}

impl Limited {
    fn new(sets: usize, max: usize) -> Self {
        Self { sets: vec![Latencies::default(); sets], limit: LatencyLimit::of(max) }
    }

    fn add(&mut self, set: usize, micros: u64) {
        self.sets[set].add(micros);
        if self.limit.is_due_after(1) {
            self.limit.apply(self.sets.iter_mut());
        }
    }

    fn finished(mut self) -> Vec<Latencies> {
        self.limit.apply(self.sets.iter_mut());
        self.sets
    }
}

#[test]
fn many_sets_together_keep_a_limited_number_of_durations_and_small_sets_stay_exact() {
    const MAX: usize = 10_000;
    let mut limited = Limited::new(101, MAX);
    for at in 1..=300 {
        (0..100).for_each(|set| limited.add(set, at * 1_009));
        limited.add(100, at % 60 * 1_009);
    }
    let sets = limited.finished();
    assert!(sets.iter().map(Latencies::size).sum::<usize>() <= MAX);
    let (small, large) = (&sets[100], &sets[0]);
    assert!(small.is_exact() && !large.is_exact());
    assert_eq!((small.count(), small.percentile(50)), (300, Some(29 * 1_009)));
    assert_eq!(large.count(), 300);
    for percent in [50, 95, 99] {
        let (found, exact) = (large.percentile(percent).unwrap(), percent * 3 * 1_009);
        assert!(found.abs_diff(exact) * 16 <= exact, "P{percent}: {found}, not {exact}");
    }
}

#[test]
fn the_edges_of_a_map_together_keep_a_limited_number_of_durations() {
    let mut map = Dependencies { limit: LatencyLimit::of(2_000), ..Dependencies::default() };
    for at in 0..50_000 {
        let span = CallSpan {
            span_id: SpanId::try_from(at + 1).unwrap(),
            parent: None,
            service: map.service("a"),
            peer_hints: Some(map.intern_peer_hints(&PeerHints {
                server_address: Some(["x", "y", "z"][at as usize % 3]),
                ..PeerHints::default()
            })),
            start_us: None,
            duration_us: at,
            kind: SpanKind::Client,
            failed: false,
        };
        map.add_trace(&[span]);
        assert!(map.edges.values().map(|edge| edge.latencies.size()).sum::<usize>() <= 4_001);
    }
    let topology = map.topology();
    let sizes = topology.edges.iter().map(|edge| edge.latencies.size());
    assert!(sizes.sum::<usize>() <= 2_000);
    assert!(topology.edges.iter().all(|edge| !edge.latencies.is_exact()));
    assert_eq!(topology.edges.iter().map(|edge| edge.calls).sum::<u64>(), 50_000);
}

#[test]
fn many_durations_are_sorted_whatever_their_size() {
    let numbers = (0..10_000_u64).map(|at| at.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    for shift in [0, 13, 40, 63] {
        let mut sorted: Vec<u64> = numbers.clone().map(|number| number >> shift).collect();
        let mut expected = sorted.clone();
        expected.sort_unstable();
        sort::rising(&mut sorted);
        assert_eq!(sorted, expected);
    }
}

proptest! {
    #[test]
    fn a_set_is_made_again_from_its_parts_and_added_to_another(one in prop::collection::vec(0..300_u64, 0..300), other in prop::collection::vec(0..300_u64, 0..300)) {
        let of = |values: &[u64]| {
            let mut latencies = Latencies::default();
            values.iter().for_each(|value| latencies.add(*value));
            latencies
        };
        let again = Latencies::of_parts(of(&other).parts()).unwrap();
        prop_assert_eq!(&again, &of(&other).settled().into_owned());
        let mut all = of(&one);
        all.add_all(&again);
        let expected = of(&[one.clone(), other.clone()].concat());
        prop_assert_eq!(all.settled(), expected.settled());
        for micros in &other {
            all.take(*micros).unwrap();
        }
        let left = of(&one);
        prop_assert_eq!(all.settled(), left.settled());
        prop_assert_eq!(all.take(1_000), None);
    }

    #[test]
    fn limited_sets_do_not_depend_on_the_order_of_their_durations(added in prop::collection::vec((0..5_usize, 0..100_000_u64), 0..400), by in 0..400_usize, max in 5..200_usize) {
        let of = |added: &mut dyn Iterator<Item = &(usize, u64)>| {
            let mut limited = Limited::new(5, max);
            added.for_each(|(set, micros)| limited.add(*set, *micros));
            limited.finished()
        };
        let (first, rest) = added.split_at(by.min(added.len()));
        prop_assert_eq!(of(&mut added.iter()), of(&mut rest.iter().chain(first).rev()));
    }

    #[test]
    fn the_durations_above_a_duration_are_counted(values in prop::collection::vec(0..200_u64, 0..300), micros in 0..210_u64) {
        let mut latencies = Latencies::default();
        values.iter().for_each(|value| latencies.add(*value));
        let expected = values.iter().filter(|value| **value > micros).count() as u64;
        prop_assert_eq!(latencies.count_above(micros), expected);
    }

    #[test]
    fn percentiles_are_exact_whatever_the_order_of_the_durations(values in prop::collection::vec(any::<u32>(), 1..600)) {
        let mut latencies = Latencies::default();
        values.iter().for_each(|value| latencies.add(u64::from(*value)));
        prop_assert_eq!(latencies.count(), values.len() as u64);
        let mut sorted: Vec<u64> = values.iter().copied().map(u64::from).collect();
        sorted.sort_unstable();
        for percent in [1, 50, 95, 99] {
            let rank = (sorted.len() * percent as usize).div_ceil(100);
            prop_assert_eq!(latencies.percentile(percent), Some(sorted[rank - 1]));
        }
    }
}
