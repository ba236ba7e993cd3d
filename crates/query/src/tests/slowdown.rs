//! "N slower" in the answer to why something is slow, recomputed from the spans by its definition in
//! `docs/glossary.md`.

use coral_trace::UnixNanos;
use proptest::prelude::*;

use super::shop::{NOON, ask, request, sources};
use crate::WhyQuestion;
use crate::answer::Why;

const NOON_US: i64 = (NOON / 1_000) as i64;
const MINUTE_US: i64 = 60_000_000;

/// The definition: the mean of P50, P75 and P90 of the window's traces, minus that of the
/// baseline's, in nanoseconds; zero if the window or the baseline has no traces. A quantile that
/// lies between two durations is interpolated.
fn slowdown(baseline: &[u64], window: &[u64]) -> f64 {
    let quantile = |sorted: &[u64], q: f64| {
        let rank = q * (sorted.len() - 1) as f64;
        let (below, above) = (sorted[rank.floor() as usize], sorted[rank.ceil() as usize]);
        below as f64 + rank.fract() * (above as f64 - below as f64)
    };
    let mean = |durations: &[u64]| {
        let mut sorted = durations.to_vec();
        sorted.sort_unstable();
        [0.5, 0.75, 0.9].map(|q| quantile(&sorted, q)).iter().sum::<f64>() / 3.0
    };
    if baseline.is_empty() || window.is_empty() {
        return 0.0;
    }
    mean(window) - mean(baseline)
}

/// Why `shop` is slow in the 15 minutes before noon. The durations are those of its requests, in
/// nanoseconds: all to one route, in the window and in the hour before.
fn why(baseline: &[u64], window: &[u64]) -> Why {
    let spans = |durations: &[u64], id: u64, until_secs: u64| {
        let each = durations.iter().zip(0..).map(|(nanos, at)| {
            let span = request(id + at, "shop", "/list", until_secs + 10 * at + 1, 0);
            let end = UnixNanos(span.start.0 + nanos);
            coral_trace::Span { end, ..span }
        });
        each.collect::<Vec<_>>()
    };
    let all = [spans(window, 1, 0), spans(baseline, 1_000, 900)].concat();
    let (_dir, from) = sources(all);
    let question = WhyQuestion {
        service: Some("shop".to_owned()),
        since_unix_us: NOON_US - 15 * MINUTE_US,
        until_unix_us: NOON_US,
        baseline_us: 60 * MINUTE_US,
        ..WhyQuestion::default()
    };
    ask(&from, &question)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn the_slowdown_is_that_of_the_spans_by_its_definition(
        baseline in prop::collection::vec(1_000..900_000_000_u64, 0..60),
        window in prop::collection::vec(1_000..900_000_000_u64, 0..60),
    ) {
        let why = why(&baseline, &window);
        prop_assert_eq!((why.traces, why.baseline_traces), (window.len() as u64, baseline.len() as u64));
        let expected = slowdown(&baseline, &window) / 1_000.0;
        prop_assert!((why.slowdown_us as f64 - expected).abs() <= 1.0, "{}, not {expected}", why.slowdown_us);
    }
}

#[test]
fn the_shares_of_a_slowdown_and_the_unattributed_part_sum_to_one() {
    let why = why(&[10_000_000; 40], &[200_000_000; 40]);
    assert_eq!(why.slowdown_us, 190_000);
    let shares: f64 = why.ranking.iter().map(|suspect| suspect.share).sum();
    assert!((shares + why.unattributed - 1.0).abs() < 1e-9, "{shares} {}", why.unattributed);
    // Only `shop` became slower, and nothing else did.
    assert!(why.ranking[0].service == "shop" && why.ranking[0].share >= 0.9, "{why:?}");
}
