//! Each request counts exactly once.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::red::{
    Counters, Growth, Histogram, Key, Point, PointOutcome, Protocol, Series, Side, StateChange,
    Temporality,
};
use crate::{Attributes, UnixNanos};

const SECOND: u64 = 1_000_000_000;
const T0: u64 = 1_795_000_000;

/// A cumulative point of series `key`: `counts` in two buckets, `start` and `time` in seconds after
/// T0.
fn point(key: u128, start: u64, time: u64, counts: [u64; 2]) -> Point {
    Point {
        series: Series::from_attributes(
            Protocol::Http,
            Side::Server,
            "cart",
            Attributes::default(),
        )
        .expect("the attributes are of HTTP")
        .into(),
        stream: Key(1),
        key: Key(key),
        temporality: Temporality::Cumulative,
        start: at(start),
        time: at(time),
        histogram: Histogram::new([10], counts.to_vec(), None).expect("two buckets"),
        exemplars: Vec::new(),
    }
}

fn delta(key: u128, start: u64, time: u64, counts: [u64; 2]) -> Point {
    Point { temporality: Temporality::Delta, ..point(key, start, time, counts) }
}

fn at(second: u64) -> UnixNanos {
    UnixNanos((T0 + second) * SECOND)
}

/// What a point adds, as text: "+3 since 10", or why nothing was counted.
fn outcome(counters: &mut Counters, point: &Point) -> String {
    match counters.take(point) {
        PointOutcome::Grown(Growth { since, histogram }) => {
            format!("+{} since {}", histogram.count(), since.0 / SECOND - T0)
        }
        other => format!("{other:?}").to_lowercase(),
    }
}

fn check(rows: &[(Point, &str)]) {
    let mut counters = Counters::new(100);
    for (at, (point, expected)) in rows.iter().enumerate() {
        assert_eq!(outcome(&mut counters, point), *expected, "row {at}");
        counters.committed();
    }
}

#[test]
fn a_total_becomes_the_increment_since_the_previous_point() {
    check(&[
        (point(1, 0, 10, [3, 0]), "+3 since 0"),
        (point(1, 0, 20, [5, 1]), "+3 since 10"),
        (point(1, 0, 30, [5, 1]), "unchanged"),
        (point(1, 0, 40, [6, 1]), "+1 since 30"),
    ]);
}

#[test]
fn a_point_that_is_repeated_or_late_is_counted_once() {
    check(&[
        (point(1, 0, 20, [5, 0]), "+5 since 0"),
        (point(1, 0, 20, [5, 0]), "duplicate"),
        (point(1, 0, 10, [3, 0]), "duplicate"),
        (delta(2, 0, 10, [3, 0]), "+3 since 0"),
        (delta(2, 10, 20, [2, 0]), "+2 since 10"),
        (delta(2, 0, 10, [3, 0]), "duplicate"),
    ]);
}

#[test]
fn another_start_time_or_a_lower_count_begins_a_new_count() {
    check(&[
        (point(1, 0, 10, [9, 0]), "+9 since 0"),
        (point(1, 12, 20, [9, 0]), "+9 since 12"),
        (point(1, 0, 11, [10, 0]), "+1 since 10"),
        (point(1, 12, 30, [2, 0]), "+2 since 20"),
        (point(1, 12, 40, [0, 0]), "unchanged"),
        (point(1, 12, 50, [1, 0]), "+1 since 40"),
    ]);
}

#[test]
fn a_series_received_from_its_start_counts_as_a_whole_and_any_other_begins_with_a_baseline() {
    check(&[
        (point(1, 0, 90_000, [7_000, 0]), "baseline"),
        (point(2, 0, 90_000, [1, 0]), "baseline"),
        (point(1, 0, 90_010, [7_002, 0]), "+2 since 90000"),
        // The first request of a route. The exporter has sent exports before.
        (point(3, 0, 90_010, [1, 0]), "+1 since 90000"),
        (point(4, 0, 90_020, [2, 0]), "+2 since 90010"),
    ]);
}

#[test]
fn a_series_that_its_exporter_removed_counts_from_zero_when_it_returns() {
    check(&[
        (point(1, 0, 10, [1, 0]), "+1 since 0"),
        (point(2, 0, 10, [1, 0]), "+1 since 0"),
        (point(2, 0, 20, [1, 0]), "unchanged"),
        (point(2, 0, 30, [1, 0]), "unchanged"),
        (point(2, 0, 40, [1, 0]), "unchanged"),
        (point(1, 0, 50, [1, 0]), "+1 since 40"),
    ]);
}

#[test]
fn a_series_that_was_idle_before_a_restart_was_not_removed() {
    let mut counters = Counters::new(100);
    let mut written = Vec::new();
    for at in 1..=5 {
        counters.take(&point(1, 0, 10 * at, [1, 0]));
        counters.take(&point(2, 0, 10 * at, [at, 0]));
        written.extend(counters.changes().into_iter().map(StateChange::into_owned));
        counters.committed();
    }
    let mut counters = Counters::new(100);
    counters.restore(written);
    counters.settle();
    assert_eq!(outcome(&mut counters, &point(1, 0, 60, [2, 0])), "+1 since 50");
}

#[test]
fn series_beyond_the_limit_are_dropped() {
    let mut counters = Counters::new(2);
    for key in 1..=2 {
        assert_eq!(outcome(&mut counters, &point(key, 0, 10, [1, 0])), "+1 since 0");
    }
    assert_eq!(outcome(&mut counters, &point(3, 0, 10, [1, 0])), "dropped");
    assert_eq!(outcome(&mut counters, &point(1, 0, 20, [2, 0])), "+1 since 10");
    counters.committed();
    counters.forget(at(30));
    assert_eq!(counters.series_count(), 0);
    assert_eq!(outcome(&mut counters, &point(3, 0, 40, [2, 0])), "+2 since 0");
}

/// One run of an exporter: when it started, and the total of each series at each export.
#[derive(Clone, Debug)]
struct Life {
    start: u64,
    exports: Vec<Vec<[u64; 2]>>,
}

fn lives() -> impl Strategy<Value = Vec<Life>> {
    let growth = prop::collection::vec(prop::collection::vec((0u64..3, 0u64..3), 3), 1..6);
    prop::collection::vec(growth, 1..4).prop_map(|lives| {
        let grow = |(at, growth): (usize, Vec<Vec<(u64, u64)>>)| {
            let mut totals = vec![[0, 0]; 3];
            let exports = growth.into_iter().map(|export| {
                for (total, (fast, slow)) in totals.iter_mut().zip(export) {
                    *total = [total[0] + fast, total[1] + slow];
                }
                totals.clone()
            });
            Life { start: 1_000 * at as u64, exports: exports.collect() }
        };
        lives.into_iter().enumerate().map(grow).collect()
    })
}

/// The points of each export of `lives`, and the number of requests that all points count together.
fn points(lives: &[Life]) -> (Vec<Vec<Point>>, u64) {
    let last = |life: &Life| life.exports.last().map_or(0, |last| last.iter().flatten().sum());
    let exports = lives.iter().flat_map(|life| {
        (1u64..).zip(&life.exports).map(|(at, export)| {
            let series = (1u128..).zip(export);
            series
                .map(|(key, counts)| point(key, life.start, life.start + 10 * at, *counts))
                .collect()
        })
    });
    (exports.collect(), lives.iter().map(last).sum())
}

proptest! {
    /// Exports arrive in any order, some of them several times. Some commits are rolled back and
    /// their points are sent again. The process restarts in between.
    #[test]
    fn every_request_is_counted_once_whatever_the_order_of_points_and_resets(
        lives in lives(),
        order in prop::collection::vec((any::<prop::sample::Index>(), 0u8..4), 0..40),
    ) {
        let (exports, expected) = points(&lives);
        let mut sent: Vec<(&Vec<Point>, u8)> =
            order.iter().map(|(index, what)| (index.get(&exports), *what)).collect();
        sent.extend(exports.iter().rev().map(|export| (export, 3)));
        let (mut counters, mut written, mut counted) = (Counters::new(1_000), Vec::new(), 0);
        for (export, what) in sent {
            let grown: u64 = export.iter().map(|point| match counters.take(point) {
                PointOutcome::Grown(growth) => growth.histogram.count(),
                _ => 0,
            }).sum();
            if what == 0 {
                counters.roll_back();
                continue;
            }
            counted += grown;
            written.extend(counters.changes().into_iter().map(StateChange::into_owned));
            counters.committed();
            if what == 1 {
                counters = Counters::new(1_000);
                counters.restore(written.clone());
                counters.settle();
            } else if what == 2 {
                written = counters.snapshot().into_iter().map(StateChange::into_owned).collect();
            }
        }
        prop_assert_eq!(counted, expected);
    }

    #[test]
    fn every_delta_is_counted_once_whatever_the_order(
        points in prop::collection::btree_map((1u128..4, 0u64..20), (0u64..5, 0u64..5), 0..40),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
    ) {
        let expected: u64 = points.values().map(|(fast, slow)| fast + slow).sum();
        let points: Vec<Point> = points
            .into_iter()
            .map(|((key, at), (fast, slow))| delta(key, at, at + 1, [fast, slow]))
            .collect();
        let mut counters = Counters::new(1_000);
        let again = order.iter().filter(|_| !points.is_empty()).map(|index| index.get(&points));
        let mut counted = BTreeMap::new();
        for point in again.chain(&points) {
            if let PointOutcome::Grown(growth) = counters.take(point) {
                *counted.entry(point.key).or_insert(0) += growth.histogram.count();
            }
            counters.committed();
        }
        prop_assert_eq!(counted.values().sum::<u64>(), expected);
    }
}

#[test]
fn a_full_memory_forgets_only_exporters_that_were_silent_for_an_hour() {
    let mut counters = Counters::new(4);
    let of = |exporter: u128, series: u128, minutes: u64| {
        let minute = 60 * minutes;
        Point { stream: Key(exporter), ..point(series, minute, minute, [1, 0]) }
    };
    assert_ne!(counters.take(&of(1, 1, 0)), PointOutcome::Dropped);
    assert_ne!(counters.take(&of(1, 2, 0)), PointOutcome::Dropped);
    assert_eq!(counters.series_count(), 2);
    let full: Vec<PointOutcome> = (0..4).map(|at| counters.take(&of(2 + at, 1, 30))).collect();
    assert_eq!(full.iter().filter(|taken| **taken == PointOutcome::Dropped).count(), 2);
    // The first exporter has been silent for more than an hour, so it is forgotten.
    assert_ne!(counters.take(&of(9, 1, 75)), PointOutcome::Dropped);
    assert!(counters.series_count() <= 4);
}

#[test]
fn one_exporter_with_many_new_series_leaves_room_for_others() {
    let mut counters = Counters::new(10);
    let of = |exporter: u128, series: u128| Point {
        stream: Key(exporter),
        key: Key(series),
        ..point(1, 0, 1, [1, 0])
    };
    let dropped = (0..100).filter(|at| counters.take(&of(1, *at)) == PointOutcome::Dropped).count();
    assert_eq!(dropped, 92);
    assert_ne!(counters.take(&of(2, 1)), PointOutcome::Dropped);
}

#[test]
fn an_active_exporter_whose_clock_is_days_behind_is_not_forgotten() {
    let mut counters = Counters::new(10);
    let days = |days: u64| at(days * 86_400);
    counters.at(days(5));
    assert_eq!(outcome(&mut counters, &point(1, 0, 10, [1, 0])), "+1 since 0");
    counters.forget(days(4));
    assert_eq!(outcome(&mut counters, &point(1, 0, 20, [3, 0])), "+2 since 10");
    counters.at(days(7));
    counters.forget(days(6));
    assert_eq!(counters.series_count(), 0);
}
