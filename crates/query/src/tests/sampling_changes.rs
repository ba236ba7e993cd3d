//! Changes of sampling are told, and are no causes, edges or changes.

use coral_engine::PolledMinute;

use super::beginning::{MINUTE_US, ask};
use super::coverage::{Colony, MINUTES, NOW, answered, times};
use crate::AnomaliesQuestion;
use crate::answer::{AnomalyKind, CoverageGap, LeftOut, Verdict};

#[test]
fn sampling_that_one_agent_switched_on_is_no_change_and_its_ratio_is_told() {
    let colony = Colony::new(|_| 0, |minutes, number| minutes >= 10 || number % 10 == 0);
    colony.record("web-2", "stock", 0..MINUTES, |minutes| PolledMinute {
        sampling_ratio: Some(if minutes < 10 { 0.1 } else { 1.0 }),
        ..answered(MINUTES, minutes)
    });
    let gap = colony.nothing_but_a_gap();
    assert_eq!(times(&gap), (CoverageGap::SamplingChanged, Some(10), None, LeftOut::Spans));
    assert_eq!(gap.sampling.map(|change| (change.before, change.now)), Some((1.0, 0.1)));
}

#[test]
fn sampling_that_all_agents_switched_on_is_told_and_whole_traces_are_compared() {
    let colony = Colony::new(|minutes| if minutes < 15 { 200 } else { 0 }, |_, _| true);
    let sampled = |minutes| PolledMinute {
        sampling_ratio: Some(if minutes < 15 { 0.1 } else { 1.0 }),
        ..answered(MINUTES, minutes)
    };
    colony.record("web-1", "shop", 0..MINUTES, sampled);
    colony.record("web-2", "stock", 0..MINUTES, sampled);
    let found = colony.why();
    let gaps: Vec<_> = found.coverage.iter().map(|gap| (gap.gap, gap.left_out)).collect();
    assert_eq!(gaps, [(CoverageGap::SamplingChanged, LeftOut::Nothing); 2]);
    assert_eq!((found.verdict, &*found.ranking[0].service), (Verdict::Cause, "stock"));
}

/// The spans and the counted requests of one minute, in which one request of ten has a span for the
/// last `sampled` minutes.
fn one_of_ten(sampled: u64) -> impl Fn(u64) -> (u64, u64) {
    move |minutes| if minutes < sampled { (6, 60) } else { (60, 60) }
}

#[test]
fn sampling_that_only_metrics_show_is_no_change_and_its_ratio_is_told() {
    let colony = Colony::new(|_| 0, |minutes, number| minutes >= 10 || number % 10 == 0);
    colony.record("web-2", "stock", 0..MINUTES, |minutes| answered(MINUTES, minutes));
    colony.record_requests("web-2", "stock", one_of_ten(10));
    let gap = colony.nothing_but_a_gap();
    assert_eq!(times(&gap), (CoverageGap::SamplingChanged, Some(10), None, LeftOut::Spans));
    assert_eq!(gap.sampling.map(|change| (change.before, change.now)), Some((1.0, 0.1)));
}

#[test]
fn a_service_that_exports_metrics_and_no_spans_any_more_has_a_sampling_ratio_of_0() {
    let colony = Colony::new(|_| 0, |minutes, _| minutes >= 10);
    colony.record("web-2", "stock", 0..MINUTES, |minutes| answered(MINUTES, minutes));
    colony.record_requests("web-2", "stock", |minutes| (if minutes < 10 { 0 } else { 60 }, 60));
    let gap = colony.nothing_but_a_gap();
    assert_eq!(times(&gap), (CoverageGap::SamplingChanged, Some(10), None, LeftOut::Spans));
    assert_eq!(gap.sampling.map(|change| (change.before, change.now)), Some((1.0, 0.0)));
}

#[test]
fn whole_traces_that_an_sdk_samples_are_compared_and_their_smaller_number_is_no_change() {
    for (slow, verdict) in [(200, Verdict::Cause), (0, Verdict::NoCause)] {
        let colony = Colony::sampled(
            |minutes| if minutes < 15 { slow } else { 0 },
            |_, _| true,
            |minutes, number| minutes >= 15 || number % 3 == 0,
        );
        colony.record("web-2", "stock", 0..MINUTES, |minutes| answered(MINUTES, minutes));
        // The metrics of `shop` are unknown.
        colony.record_requests("web-2", "stock", |minutes| match minutes < 15 {
            true => (2, 6),
            false => (6, 6),
        });
        let found = colony.why();
        let gaps: Vec<_> = found.coverage.iter().map(times).collect();
        let expected = (CoverageGap::SamplingChanged, Some(15), None, LeftOut::Nothing);
        assert_eq!(gaps, [expected]);
        assert_eq!(found.verdict, verdict, "{:?}", found.because);
        let changes = AnomaliesQuestion {
            since_unix_us: NOW - 15 * MINUTE_US,
            until_unix_us: NOW,
            baseline_us: 60 * MINUTE_US,
            find_beginning: false,
        };
        let changes = ask(&colony.store, None, &changes).anomalies;
        let is_slow = changes.iter().all(|change| change.kind == AnomalyKind::Slower);
        assert!(is_slow && changes.is_empty() == (slow == 0), "{changes:?}");
    }
}

#[test]
fn more_requests_or_a_service_without_metrics_are_no_change_of_sampling() {
    let colony = Colony::new(|_| 0, |_, _| true);
    colony.record("web-2", "stock", 0..MINUTES, |minutes| answered(MINUTES, minutes));
    colony.record_requests("web-2", "stock", |minutes| match minutes < 10 {
        true => (600, 600),
        false => (60, 60),
    });
    colony.record_requests("web-1", "shop", |minutes| (if minutes < 10 { 6 } else { 60 }, 0));
    assert_eq!(colony.why().coverage, []);
}
