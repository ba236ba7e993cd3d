//! Which durations are usual for an operation.
//!
//! Durations have a tail: of thousands of healthy requests, the slowest take several times the
//! median. Such a trace has no root cause, because the same happens all the time.

use coral_engine::TraceSummary;
use coral_trace::dependency::nearest_rank;
use coral_trace::explain::Typical;

/// How many times the distance from P50 to P90 a duration may lie above P50. Of an exponential
/// distribution, this is P99.98; of normal and of log-normal ones (sigma up to 0.5), more than
/// P99.9.
const TAIL: i64 = 5;
/// The smallest part of the median by which a duration exceeds what is usual.
const MIN_EXCESS_PERCENT: i64 = 25;
/// The number of periods into which the traces are divided by start time.
const PERIODS: usize = 4;
/// The largest probability, by the binomial distribution, of as many or as few slow traces in a part
/// of the time if slow traces are spread evenly.
const SIGNIFICANCE: f64 = 0.001;
/// The quantiles above which a trace is slow, in percent.
const SLOW_PERCENTS: [u64; 3] = [50, 75, 90];

/// The longest duration that is usual for the operation whose traces are `found`, in microseconds.
/// `None` if fewer than [`Typical::MIN_TRACES`] are known.
///
/// If the slow traces are spread over time as all traces are, the duration is P50 + 5 × (P90 − P50).
/// Otherwise something changed, and the duration is P95 of the periods with few slow traces.
pub(super) fn usual_us(found: &[TraceSummary]) -> Option<i64> {
    let mut traces: Vec<(_, i64)> =
        found.iter().map(|trace| (trace.start, trace.duration_us)).collect();
    let succeeded = found.iter().filter(|trace| trace.errors == 0);
    if succeeded.clone().count() >= Typical::MIN_TRACES {
        traces = succeeded.map(|trace| (trace.start, trace.duration_us)).collect();
    }
    if traces.len() < Typical::MIN_TRACES {
        return None;
    }
    traces.sort_unstable();
    let durations: Vec<i64> = traces.into_iter().map(|(_, duration_us)| duration_us).collect();
    let calm = SLOW_PERCENTS.iter().find_map(|percent| calm_periods(&durations, *percent));
    let (sorted, limit) = match calm {
        Some(calm) => {
            let sorted = sorted(calm);
            let limit = percentile(&sorted, 95);
            (sorted, limit)
        }
        None => {
            let sorted = sorted(durations);
            let (p50, p90) = (percentile(&sorted, 50), percentile(&sorted, 90));
            let limit = p50.saturating_add((p90 - p50).saturating_mul(TAIL));
            (sorted, limit)
        }
    };
    let p50 = percentile(&sorted, 50);
    Some(limit.max(p50.saturating_add(p50.saturating_mul(MIN_EXCESS_PERCENT) / 100)))
}

/// The durations, given by start time, of the periods with few slow traces; `None` if slow traces
/// are spread evenly. A trace is slow if it takes longer than `percent` percent of all.
fn calm_periods(durations: &[i64], percent: u64) -> Option<Vec<i64>> {
    let threshold = percentile(&sorted(durations.to_vec()), percent);
    let periods: Vec<&[i64]> = durations.chunks(durations.len().div_ceil(PERIODS)).collect();
    let slow = |period: &[i64]| period.iter().filter(|us| **us > threshold).count() as u64;
    let counts: Vec<u64> = periods.iter().map(|period| slow(period)).collect();
    let all: u64 = counts.iter().sum();
    // Each period against the others, and the time up to a period against the time from there on.
    let parts = (0..periods.len()).map(|at| at..at + 1).chain((2..periods.len()).map(|at| 0..at));
    let is_uneven = parts.into_iter().any(|part| {
        let traces: usize = periods[part.clone()].iter().map(|period| period.len()).sum();
        let count: u64 = counts[part].iter().sum();
        let share = traces as f64 / durations.len() as f64;
        let few = at_most(count, all, share);
        let many = 1.0 - count.checked_sub(1).map_or(0.0, |less| at_most(less, all, share));
        few.min(many) < SIGNIFICANCE
    });
    if !is_uneven {
        return None;
    }
    let least = counts.iter().copied().min().unwrap_or_default();
    let most = least as f64 + 2.0 * (least as f64 + 1.0).sqrt();
    let calm = periods.iter().zip(&counts).filter(|(_, count)| (**count as f64) <= most);
    Some(calm.flat_map(|(period, _)| period.iter().copied()).collect())
}

/// The probability of at most `count` successes in `trials` trials of probability `share`.
fn at_most(count: u64, trials: u64, share: f64) -> f64 {
    if share >= 1.0 {
        return if count >= trials { 1.0 } else { 0.0 };
    }
    // In logarithms: with thousands of trials, the first terms are too small for a float.
    let mut log = trials as f64 * (1.0 - share).ln();
    let mut sum = log.exp();
    for successes in 1..=count {
        let left = (trials + 1 - successes) as f64;
        log += (left / successes as f64 * share / (1.0 - share)).ln();
        sum += log.exp();
    }
    sum.min(1.0)
}

fn sorted(mut durations: Vec<i64>) -> Vec<i64> {
    durations.sort_unstable();
    durations
}

/// The percentile of sorted durations by nearest rank.
fn percentile(sorted: &[i64], percent: u64) -> i64 {
    let rank = nearest_rank(sorted.len() as u64, percent);
    sorted.get(rank as usize - 1).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use coral_trace::{TraceId, UnixNanos};

    use super::*;

    /// Traces that start one second apart, with the durations in milliseconds that `millis` gives.
    fn usual(count: u64, millis: impl Fn(u64) -> f64) -> Option<i64> {
        let found: Vec<TraceSummary> = (1..=count)
            .map(|number| TraceSummary {
                trace_id: TraceId::try_from(u128::from(number)).unwrap(),
                start: UnixNanos(number * 1_000_000_000),
                duration_us: (millis(number) * 1_000.0) as i64,
                spans: 1,
                errors: 0,
                services: Vec::new(),
                root_service: Some("shop".to_owned()),
                root_name: "GET /list".to_owned(),
                status_code: None,
            })
            .collect();
        usual_us(&found)
    }

    /// A number from 0 to 1 that follows from `number`.
    fn uniform(number: u64) -> f64 {
        let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((mixed ^ (mixed >> 29)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Ten milliseconds and an exponential tail with a mean of 20 ms.
    fn healthy(number: u64) -> f64 {
        10.0 - 20.0 * (1.0 - uniform(number)).ln()
    }

    #[test]
    fn the_slowest_of_many_healthy_requests_are_usual() {
        for count in [100, 400, 2_000] {
            let limit = usual(count, healthy).unwrap();
            let beyond = (1..=count).filter(|at| (healthy(*at) * 1_000.0) as i64 > limit).count();
            assert!(beyond <= 2, "{beyond} of {count} beyond {limit}µs");
        }
    }

    #[test]
    fn requests_of_an_incident_are_beyond_what_is_usual_whatever_their_share() {
        // The last quarter of the time, and of it all, a half, or a tenth of the requests.
        for count in [100, 400, 2_000] {
            for one_in in [1, 2, 10] {
                let is_slow = |at: u64| at > count - count / 4 && at.is_multiple_of(one_in);
                let millis = |at| healthy(at) + if is_slow(at) { 300.0 } else { 0.0 };
                let limit = usual(count, millis).unwrap();
                assert!(limit < 300_000, "{count}, one in {one_in}: {limit}µs");
            }
        }
        // Three quarters of the time, and half of the time with few requests.
        for (count, from) in [(400, 100), (40, 20)] {
            let limit = usual(count, |at| healthy(at) + if at > from { 300.0 } else { 0.0 });
            assert!(limit.unwrap() < 300_000, "{count}: {limit:?}");
        }
    }

    #[test]
    fn a_few_requests_do_not_say_what_is_usual() {
        assert_eq!(usual(9, healthy), None);
        assert_eq!(usual(10, |_| 20.0), Some(25_000));
        assert_eq!(usual(10, |_| 0.096), Some(120));
    }

    #[test]
    fn the_binomial_distribution_sums_to_one() {
        assert!((at_most(25, 25, 0.25) - 1.0).abs() < 1e-9);
        assert!((at_most(0, 25, 0.25) - 0.75f64.powi(25)).abs() < 1e-12);
        assert!((at_most(1_500, 2_000, 0.75) - 0.5).abs() < 0.02);
        assert!(at_most(12, 25, 0.5) > 0.49 && at_most(12, 25, 0.5) < 0.51);
    }
}
