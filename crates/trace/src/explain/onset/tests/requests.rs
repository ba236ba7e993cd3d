//! The beginning by the metrics of requests.

use std::sync::Arc;

use proptest::prelude::*;

use super::super::amounts::Amounts;
use super::super::series::Value;
use super::{END, MINUTE, random};
use crate::attribute::Attributes;
use crate::explain::RequestHistory;
use crate::red::{Delta, Histogram, Protocol, Series, Side};
use crate::time::UnixNanos;
use crate::work;

const SECOND: u64 = 1_000_000_000;
/// The time between two rows of a series.
const INTERVAL: u64 = 10 * SECOND;

/// What is different in the requests of one row.
#[derive(Clone, Copy, Default)]
struct Difference {
    /// How many of a hundred take four times as long.
    slower: u64,
    /// How many of a hundred fail.
    failed: u64,
}

fn series(status: u16) -> Arc<Series> {
    Arc::new(Series {
        protocol: Protocol::Http,
        side: Side::Server,
        service: "shop".to_owned(),
        operation: "GET".to_owned(),
        target: "/cart".to_owned(),
        status: Some(status),
        error: String::new(),
        attributes: Attributes::default(),
    })
}

/// `count` requests with one status, by their durations: most take 5 to 100 ms, and `slower` of a
/// hundred four times as long.
fn row(ago: u64, status: u16, count: u64, slower: u64) -> Delta {
    let bounds: Arc<[u64]> =
        [5, 10, 25, 50, 75, 100, 250, 500].map(|millis| millis * 1_000_000).into();
    let mut counts = vec![0; bounds.len() + 1];
    for number in 0..count {
        let seed = ago / SECOND * 1_000 + number;
        let usual = 5.0 + 95.0 * random(seed).powi(3);
        let is_slower = random(seed + 7_000_000) * 100.0 < slower as f64;
        let nanos = (usual * if is_slower { 4e6 } else { 1e6 }) as u64;
        counts[bounds.partition_point(|bound| *bound < nanos)] += 1;
    }
    let time = UnixNanos(END - ago);
    Delta {
        series: series(status),
        since: UnixNanos(time.0 - INTERVAL),
        time,
        histogram: Histogram::new(bounds, counts, None).unwrap(),
        exemplars: Vec::new(),
    }
}

/// The rows of six hours with about `rate` requests each; `difference` gives what is different by
/// the minutes to the end.
fn rows(rate: u64, difference: impl Fn(f64) -> Difference) -> Vec<Delta> {
    let each = |number: u64| {
        let ago = number * INTERVAL + 1;
        let of = difference(ago as f64 / MINUTE as f64);
        let count = (rate as f64 * (0.5 + random(number))).round() as u64;
        let failed = (0..count)
            .filter(|at| random(number * 999 + at + 3_000_000) * 100.0 < of.failed as f64)
            .count() as u64;
        [row(ago, 200, count - failed, of.slower), row(ago, 503, failed, of.slower)]
    };
    (0..6 * 360).flat_map(each).collect()
}

fn minutes_ago(rows: &[Delta]) -> Option<f64> {
    let mut history = RequestHistory::new(UnixNanos(END));
    rows.iter().for_each(|row| history.add(row));
    Some((END - history.onset()?.time.0) as f64 / MINUTE as f64)
}

#[test]
fn slower_and_failing_requests_have_a_beginning_at_every_age() {
    let slower = Difference { slower: 60, ..Difference::default() };
    let failed = Difference { failed: 30, ..Difference::default() };
    for kind in [slower, failed] {
        for age in [4.0, 8.0, 15.0, 45.0, 240.0] {
            let found =
                minutes_ago(&rows(8, |ago| if ago <= age { kind } else { Difference::default() }));
            assert!(found.is_some_and(|found| (found - age).abs() <= 1.5), "{age}: {found:?}");
        }
    }
}

#[test]
fn two_failures_of_a_hundred_are_found_where_there_are_many_requests() {
    let failing = |ago| Difference { failed: u64::from(ago <= 6.0) * 2, ..Difference::default() };
    let found = minutes_ago(&rows(500, failing));
    assert!(found.is_some_and(|found| (found - 6.0).abs() <= 1.5), "{found:?}");
}

#[test]
fn usual_requests_have_no_beginning_nor_has_a_change_that_ended() {
    assert_eq!(minutes_ago(&rows(8, |_| Difference::default())), None);
    assert_eq!(minutes_ago(&rows(8, |_| Difference { slower: 5, failed: 5 })), None);
    let ended = |ago: f64| Difference {
        failed: if (100.0..160.0).contains(&ago) { 30 } else { 0 },
        ..Difference::default()
    };
    assert_eq!(minutes_ago(&rows(8, ended)), None);
}

#[test]
fn the_order_of_the_rows_and_rows_without_a_minute_do_not_matter() {
    let mut all = rows(8, |ago| Difference { slower: u64::from(ago <= 20.0) * 60, failed: 0 });
    let expected = minutes_ago(&all);
    assert!(expected.is_some());
    all.reverse();
    let late = Delta { time: UnixNanos(END), ..all[0].clone() };
    let long = Delta { since: UnixNanos(END - 90 * MINUTE), ..row(30 * MINUTE, 503, 9_000, 0) };
    all.extend([late, long]);
    assert_eq!(minutes_ago(&all), expected);
}

/// The same requests with the bounds of an exponential histogram, which are only around buckets that
/// have requests.
fn with_few_bounds(row: &Delta) -> Delta {
    let (bounds, counts) = (row.histogram.bounds(), row.histogram.counts());
    let mut few: Vec<(u64, u64)> = Vec::new();
    for (at, bound) in bounds.iter().enumerate() {
        let is_needed = counts[at] > 0 || counts[at + 1] > 0;
        few.extend(is_needed.then_some((*bound, counts[at])));
    }
    let last = counts[bounds.len()];
    let bounds: Vec<u64> = few.iter().map(|(bound, _)| *bound).collect();
    let counts = few.iter().map(|(_, count)| *count).chain([last]).collect();
    Delta { histogram: Histogram::new(bounds, counts, None).unwrap(), ..row.clone() }
}

#[test]
fn bounds_that_change_with_the_durations_hide_no_change() {
    let rows = rows(8, |ago| Difference { slower: u64::from(ago <= 20.0) * 60, failed: 0 });
    let rows: Vec<Delta> = rows.iter().map(with_few_bounds).collect();
    let found = minutes_ago(&rows);
    assert!(found.is_some_and(|found| (found - 20.0).abs() <= 1.5), "{found:?}");
}

#[test]
fn hostile_counts_are_searched_without_a_panic() {
    let huge = |ago: u64, status| {
        let counts = vec![i64::MAX as u64, 0];
        let histogram = Histogram::new([25_000_000], counts, None).unwrap();
        Delta { histogram, ..row(ago, status, 0, 0) }
    };
    let rows: Vec<Delta> =
        (1..60).flat_map(|at| [huge(at * MINUTE, 200), huge(at * MINUTE, 503)]).collect();
    minutes_ago(&[&rows[..], &rows, &rows].concat());
}

#[test]
fn a_history_of_many_requests_costs_no_more_than_its_rows() {
    let steps = |rate| {
        let rows = rows(rate, |_| Difference::default());
        work::steps(|| minutes_ago(&rows)).1
    };
    assert!(steps(200) <= 2 * steps(20), "{} {}", steps(200), steps(20));
}

proptest! {
    #[test]
    fn buckets_of_one_value_have_the_quantiles_of_their_values(
        counted in prop::collection::vec((0u64..50, 1u32..5), 1..20),
        quantile in 0.0..=1.0f64,
    ) {
        let value = |amount, count| Value { trace: 0, block: 0, amount, least: amount, count };
        let buckets = Amounts::new(counted.iter().map(|(amount, count)| value(*amount, *count)));
        let each = counted.iter().flat_map(|(amount, count)| vec![*amount; *count as usize]);
        let mut sorted: Vec<u64> = each.collect();
        sorted.sort_unstable();
        let last = (sorted.len() - 1) as f64;
        let nearest = sorted[(last * quantile).round() as usize];
        prop_assert_eq!(buckets.quantile(quantile), nearest as f64);
        let below = sorted[(last * quantile) as usize];
        prop_assert_eq!(buckets.at_rank(quantile).amount, below);
    }
}
