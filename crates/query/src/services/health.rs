//! The rules of a service's health. Every rule compares the requests of a window with those of a
//! baseline.
//!
//! - **Failing**: at least 3 requests fail, and these are at least 5% of all. Or at least 1% of all
//!   fail, three times the share of the baseline (of at least 50 requests), and three standard
//!   deviations (Poisson) more than that share lets expect. An operation fails if at least 10 of
//!   its requests do, these are at least 10%, and three times the share of the baseline.
//! - **Slow**: P50 or P95 is at least half above that of the baseline, and by at least a
//!   millisecond; and a larger share of requests is above the earlier percentile, by three standard
//!   deviations (test of two proportions). The window has at least 20 requests, and the baseline at least 50.
//! - **Not seen**: the window has no requests, and at the rate of the baseline it would have at
//!   least 10.
//! - **Fewer requests**: the rate is at most half of that in the baseline, and at that rate the
//!   window would have at least 40 requests. Where a share of the spans is recorded, the rate of the
//!   baseline is that which would be recorded at the share of the window. The baseline ended at most an hour before the window:
//!   rates of another time of the day differ.
//!
//! Where none applies, a service is well if the window has at least 20 requests, the baseline at
//! least 50, and no gap hides spans of the service in the window; else its health is unknown.

use super::answer::{Health, UnknownHealth};
use crate::sampling::{Share, WHOLE};

/// Failing requests: the smallest number, and the smallest shares.
const MIN_FAILURES: u64 = 3;
const MIN_FAILING_SHARE: f64 = 0.05;
const MIN_RISEN_SHARE: f64 = 0.01;
const MIN_RISE: f64 = 3.0;
/// Failing requests of one operation.
const MIN_OPERATION_FAILURES: u64 = 10;
const MIN_OPERATION_SHARE: f64 = 0.1;
/// How much a percentile grows that makes a service slow.
const MIN_GROWTH: f64 = 1.5;
const MIN_GROWTH_US: u64 = 1_000;
/// How many standard deviations a number is away from the expected one.
const DEVIATIONS: f64 = 3.0;
/// How many requests are compared at least.
const MIN_REQUESTS: u64 = 20;
const MIN_BASELINE_REQUESTS: u64 = 50;
/// How many requests the baseline lets expect at least, where there are fewer or none.
const MIN_EXPECTED_OF_NONE: f64 = 10.0;
const MIN_EXPECTED: f64 = 40.0;
const MAX_REST: f64 = 0.5;

/// The requests of one kind in a time range.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Observed {
    pub requests: u64,
    pub errors: u64,
    /// P50 and P95 in microseconds; `None` if unknown.
    pub percentiles: [Option<u64>; 2],
    /// The part of the time range that the stored data covers.
    pub seconds: f64,
    /// The share of such requests that is recorded, if they are counted from spans: above 0 and at
    /// most 1.
    pub share: Share,
}

impl Default for Observed {
    fn default() -> Self {
        Self { requests: 0, errors: 0, percentiles: [None; 2], seconds: 0.0, share: WHOLE }
    }
}

/// What the rules know of the requests of one kind that a service serves.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Evidence {
    pub now: Observed,
    pub before: Observed,
    /// The parts of the requests now that are longer than P50 and P95 of the baseline.
    pub above: [f64; 2],
    /// Whether numbers of requests can be compared: sampling did not change.
    pub are_counts_comparable: bool,
    /// Whether the baseline ended at most an hour before the window.
    pub is_baseline_recent: bool,
}

/// What is wrong with the requests; `None` if no rule applies.
pub(super) fn problem(evidence: &Evidence) -> Option<Health> {
    let Evidence { now, before, are_counts_comparable, .. } = evidence;
    if fails((now.requests, now.errors), (before.requests, before.errors)) {
        return Some(Health::Failing);
    }
    if is_slow(evidence) {
        return Some(Health::Slow);
    }
    // A smaller share of the same requests is recorded as fewer of them.
    let sampling = now.share.zip(before.share).map(|(now, before)| now / before);
    let expected = match before.seconds {
        0.0 => 0.0,
        seconds => before.requests as f64 / seconds * now.seconds * sampling.unwrap_or(1.0),
    };
    if !are_counts_comparable || sampling.is_none() || now.seconds == 0.0 {
        return None;
    }
    match now.requests {
        0 => (expected >= MIN_EXPECTED_OF_NONE).then_some(Health::NotSeen),
        requests => (evidence.is_baseline_recent
            && expected >= MIN_EXPECTED
            && requests as f64 <= MAX_REST * expected)
            .then_some(Health::FewerRequests),
    }
}

/// Why `problem` may have missed something; `None` if the service is well.
pub(super) fn missing(evidence: &[Evidence], is_hidden: bool) -> Option<UnknownHealth> {
    let sum = |of: fn(&Evidence) -> u64| evidence.iter().map(of).sum::<u64>();
    let (now, before) = (sum(|kind| kind.now.requests), sum(|kind| kind.before.requests));
    if is_hidden {
        return Some(UnknownHealth::Coverage);
    }
    match (now, before) {
        (0, 0) => Some(UnknownHealth::NoRequests),
        (..MIN_REQUESTS, _) => Some(UnknownHealth::FewRequests),
        (_, ..MIN_BASELINE_REQUESTS) => Some(UnknownHealth::NoBaseline),
        _ => None,
    }
}

/// Whether requests fail. Each pair is the number of requests, and of those that fail.
pub(super) fn fails((requests, errors): (u64, u64), before: (u64, u64)) -> bool {
    if errors < MIN_FAILURES {
        return false;
    }
    let (share, share_before) = (share(requests, errors), share(before.0, before.1));
    let expected = share_before * requests as f64;
    let is_risen = before.0 >= MIN_BASELINE_REQUESTS
        && share >= MIN_RISEN_SHARE
        && share >= MIN_RISE * share_before
        && errors as f64 - expected > DEVIATIONS * expected.max(1.0).sqrt();
    share >= MIN_FAILING_SHARE || is_risen
}

/// Whether one operation fails, of which both pairs are as for [`fails`].
pub(super) fn operation_fails((requests, errors): (u64, u64), before: (u64, u64)) -> bool {
    let (share, share_before) = (share(requests, errors), share(before.0, before.1));
    errors >= MIN_OPERATION_FAILURES
        && share >= MIN_OPERATION_SHARE
        && share >= MIN_RISE * share_before
}

fn share(requests: u64, errors: u64) -> f64 {
    errors as f64 / requests.max(1) as f64
}

/// Whether the requests are slow.
pub(super) fn is_slow(evidence: &Evidence) -> bool {
    let Evidence { now, before, above, .. } = evidence;
    if now.requests < MIN_REQUESTS || before.requests < MIN_BASELINE_REQUESTS {
        return false;
    }
    let (requests, requests_before) = (now.requests as f64, before.requests as f64);
    [0.5, 0.05].into_iter().enumerate().any(|(at, usual)| {
        let (Some(now), Some(before)) = (now.percentiles[at], before.percentiles[at]) else {
            return false;
        };
        // Under the hypothesis that both shares are the same.
        let both = (above[at] * requests + usual * requests_before) / (requests + requests_before);
        let deviation = (both * (1.0 - both) * (1.0 / requests + 1.0 / requests_before)).sqrt();
        now as f64 >= MIN_GROWTH * before as f64
            && now.saturating_sub(before) >= MIN_GROWTH_US
            && above[at] - usual > DEVIATIONS * deviation
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 900 requests in a window of 15 minutes, and 3,600 in an hour before, of which none fails.
    fn usual() -> Evidence {
        let percentiles = [Some(10_000), Some(40_000)];
        Evidence {
            now: Observed { requests: 900, percentiles, seconds: 900.0, ..Observed::default() },
            before: Observed {
                requests: 3_600,
                percentiles,
                seconds: 3_600.0,
                ..Observed::default()
            },
            above: [0.5, 0.05],
            are_counts_comparable: true,
            is_baseline_recent: true,
        }
    }

    fn with(change: impl Fn(&mut Evidence)) -> Option<Health> {
        let mut evidence = usual();
        change(&mut evidence);
        problem(&evidence)
    }

    #[test]
    fn usual_requests_are_no_problem() {
        assert_eq!((problem(&usual()), missing(&[usual()], false)), (None, None));
    }

    #[test]
    fn a_service_fails_from_five_percent_on_or_from_one_percent_if_that_is_three_times_the_baseline()
     {
        let failing =
            |now: u64, before: u64| with(|of| (of.now.errors, of.before.errors) = (now, before));
        assert_eq!(failing(45, 0), Some(Health::Failing));
        assert_eq!(failing(45, 180), Some(Health::Failing), "as in the baseline, but 5%");
        assert_eq!(failing(9, 0), Some(Health::Failing));
        assert_eq!(failing(8, 0), None, "below 1%");
        assert_eq!(failing(18, 24), Some(Health::Failing), "2% after 0.67%");
        assert_eq!(failing(18, 36), None, "2% after 1%");
        let new = |errors| with(|of| (of.now.errors, of.before.requests) = (errors, 49));
        assert_eq!(new(18), None, "2%, and nothing to compare with");
        assert_eq!(new(45), Some(Health::Failing));
        // Of few requests, two failures are more than 5%.
        let few = |errors| with(|of| (of.now.requests, of.now.errors) = (20, errors));
        assert_ne!(few(2), Some(Health::Failing));
        assert_eq!(few(3), Some(Health::Failing));
    }

    #[test]
    fn one_failing_operation_needs_ten_failures_and_a_share_of_ten_percent() {
        assert!(operation_fails((100, 10), (400, 0)));
        assert!(!operation_fails((100, 9), (400, 0)));
        assert!(!operation_fails((101, 10), (400, 0)));
        assert!(!operation_fails((100, 10), (400, 20)), "5% in the baseline");
    }

    #[test]
    fn a_service_is_slow_if_p50_or_p95_is_half_above_the_baseline_and_chance_does_not_explain_it() {
        let slower = |at: usize, now: u64, above: f64| {
            with(|of| (of.now.percentiles[at], of.above[at]) = (Some(now), above))
        };
        assert_eq!(slower(1, 60_000, 0.2), Some(Health::Slow));
        assert_eq!(slower(1, 59_000, 0.2), None, "less than half above");
        assert_eq!(slower(1, 60_000, 0.07), None, "7% of 900 are above: chance");
        assert_eq!(slower(0, 15_000, 0.6), Some(Health::Slow));
        let fast = |of: &mut Evidence| {
            (of.before.percentiles[0], of.now.percentiles[0]) = (Some(500), Some(1_400));
            of.above[0] = 0.9;
        };
        assert_eq!(with(fast), None, "by less than a millisecond");
        let few = |of: &mut Evidence| {
            (of.now.percentiles[1], of.above[1], of.now.requests) = (Some(90_000), 0.9, 19);
            of.before.requests = 76;
        };
        assert_eq!(with(few), None);
    }

    #[test]
    fn missing_requests_are_compared_with_the_rate_of_the_baseline() {
        let requests =
            |now, before| with(|of| (of.now.requests, of.before.requests) = (now, before));
        assert_eq!(requests(0, 40), Some(Health::NotSeen));
        assert_eq!(requests(0, 39), None);
        assert_eq!(requests(20, 160), Some(Health::FewerRequests));
        assert_eq!(requests(21, 160), None);
        assert_eq!(requests(19, 156), None, "39 are expected");
        let sampled = |of: &mut Evidence| {
            (of.now.requests, of.are_counts_comparable) = (10, false);
        };
        assert_eq!(with(sampled), None);
        let share = |now, share| with(|of| (of.now.requests, of.now.share) = (now, share));
        assert_eq!(share(450, Some(0.6)), None, "60% of 900 are recorded");
        assert_eq!(share(270, Some(0.6)), Some(Health::FewerRequests));
        assert_eq!(share(270, None), None);
        assert_eq!(share(0, Some(0.01)), None, "9 are expected");
        let of_another_hour =
            |now| with(|of| (of.now.requests, of.is_baseline_recent) = (now, false));
        assert_eq!(of_another_hour(300), None);
        assert_eq!(of_another_hour(0), Some(Health::NotSeen));
    }

    #[test]
    fn nothing_that_is_not_seen_is_well() {
        let of = |now: u64, before: u64, is_hidden| {
            let mut evidence = usual();
            (evidence.now.requests, evidence.before.requests) = (now, before);
            missing(&[evidence], is_hidden)
        };
        assert_eq!(of(900, 3_600, true), Some(UnknownHealth::Coverage));
        assert_eq!(of(0, 0, false), Some(UnknownHealth::NoRequests));
        assert_eq!(of(19, 100, false), Some(UnknownHealth::FewRequests));
        assert_eq!(of(20, 49, false), Some(UnknownHealth::NoBaseline));
        assert_eq!(of(20, 50, false), None);
        assert_eq!(missing(&[], false), Some(UnknownHealth::NoRequests));
    }

    /// Numbers from 0 to 1 that look random, the same in each run.
    fn random(seed: &mut u64) -> f64 {
        *seed =
            seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The durations of `requests` requests in microseconds, sorted: the exponential of an
    /// exponential distribution, with a heavy tail.
    fn durations(requests: u64, seed: &mut u64) -> Vec<u64> {
        let duration = |_| (20_000.0 * (-random(seed).max(1e-9).ln()).exp()) as u64;
        let mut all: Vec<u64> = (0..requests).map(duration).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn chance_alone_calls_less_than_one_of_a_hundred_services_slow() {
        let (mut slow, mut seed, trials) = (0, 7, 1_000);
        for _ in 0..trials {
            let (now, before) = (durations(60, &mut seed), durations(240, &mut seed));
            let percentiles = |of: &[u64]| {
                [50, 95].map(|percent| of.get((of.len() * percent).div_ceil(100) - 1).copied())
            };
            let earlier = percentiles(&before);
            let above = earlier.map(|micros| {
                now.iter().filter(|of| Some(**of) > micros).count() as f64 / now.len() as f64
            });
            let mut evidence = Evidence { above, ..usual() };
            (evidence.now.requests, evidence.before.requests) = (60, 240);
            (evidence.now.percentiles, evidence.before.percentiles) = (percentiles(&now), earlier);
            slow += u64::from(is_slow(&evidence));
        }
        assert!(slow * 100 < trials, "{slow}");
    }
}
