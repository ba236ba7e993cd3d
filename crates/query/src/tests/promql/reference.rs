//! Evaluation equals a simple reference: samples of every series at every 15 seconds, and Prometheus's
//! formula for all samples of a range.

use std::collections::BTreeMap;

use coral_trace::{Span, StatusCode};
use proptest::prelude::*;

use super::{NOON_MS, in_range};
use crate::promql::{Labels, TimeSpan};
use crate::tests::shop::{request, sources};

const SCRAPE: i64 = 15_000;

/// The end of a request in milliseconds before noon, its service, and whether it failed.
type Request = (i64, usize, bool);

const SERVICES: [&str; 2] = ["shop", "cart"];

fn span(id: u64, (before, service, failed): Request) -> Span {
    let mut span = request(id, SERVICES[service], "/pay", 0, 0);
    span.end = coral_trace::UnixNanos(((NOON_MS - before) as u64) * 1_000_000);
    span.start = coral_trace::UnixNanos(span.end.0 - 5_000_000);
    span.status.code = if failed { StatusCode::Error } else { StatusCode::Unset };
    span
}

/// The samples of a counter in `[start, end]`, from all requests that ended after `since`.
fn samples(requests: &[Request], since: i64, [start, end]: [i64; 2]) -> Vec<(i64, f64)> {
    let first = (start - 1).div_euclid(SCRAPE) * SCRAPE + SCRAPE;
    let at = (first..=end.min(NOON_MS)).step_by(SCRAPE as usize);
    let count = |at: i64| {
        let ended = requests.iter().map(|request| NOON_MS - request.0);
        ended.filter(|time| *time > since && *time <= at).count() as f64
    };
    at.map(|at| (at, count(at))).collect()
}

/// `extrapolatedRate` of Prometheus, for a counter that is older than the range.
fn increase(samples: &[(i64, f64)], [start, end]: [i64; 2]) -> Option<f64> {
    let [(first_at, first), .., (last_at, last)] = samples else { return None };
    let difference: f64 = samples.windows(2).map(|pair| pair[1].1 - pair[0].1).sum();
    assert!((difference - (last - first)).abs() < 1e-9);
    let sampled = (last_at - first_at) as f64 / 1e3;
    let average = sampled / (samples.len() - 1) as f64;
    let mut to_start = (first_at - start) as f64 / 1e3;
    let mut to_end = (end - last_at) as f64 / 1e3;
    let threshold = average * 1.1;
    if to_start >= threshold {
        to_start = average / 2.0;
    }
    if to_end >= threshold {
        to_end = average / 2.0;
    }
    Some(difference * (sampled + to_start + to_end) / sampled)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn rates_sums_and_last_values_equal_those_of_all_samples(
        requests in proptest::collection::vec((0_i64..1_200_000, 0_usize..2, any::<bool>()), 1..60),
        range in prop_oneof![Just(30_000_i64), Just(60_000), Just(300_000), 31_000_i64..200_000],
        step in prop_oneof![Just(15_000_i64), Just(60_000), 1_000_i64..90_000],
        end in 0_i64..120_000,
        length in 0_i64..600_000,
    ) {
        let spans = (1..).zip(&requests).map(|(id, request)| span(id, *request)).collect();
        let (_dir, from) = sources(spans);
        let within = TimeSpan { start: NOON_MS - end - length, end: NOON_MS - end };
        let steps: Vec<i64> = (within.start..=within.end).step_by(step as usize).collect();
        let since = within.start - range;

        let expression = format!("sum by (service) (rate(traces_spanmetrics_calls_total[{range}ms]))");
        let found = in_range(&from, &expression, within, step);
        for (at, service) in SERVICES.iter().enumerate() {
            let of_service: Vec<Request> =
                requests.iter().copied().filter(|request| request.1 == at).collect();
            // Series are told apart by their status, and are summed after the rate.
            let expected: BTreeMap<i64, f64> = steps.iter().filter_map(|step| {
                let window = [step - range, *step];
                let of_status = |failed: bool| {
                    let of: Vec<Request> =
                        of_service.iter().copied().filter(|one| one.2 == failed).collect();
                    let is_known = of.iter().any(|one| NOON_MS - one.0 > since
                        && NOON_MS - one.0 <= last_sample(&steps));
                    let all = samples(&of, since, window);
                    is_known.then(|| increase(&all, window)).flatten()
                };
                let both: Vec<f64> = [true, false].into_iter().filter_map(of_status).collect();
                (!both.is_empty()).then(|| (*step, both.iter().sum::<f64>() / (range as f64 / 1e3)))
            }).collect();
            let labels = Labels::from([("service", *service)]);
            let series = found.iter().find(|series| series.labels == labels);
            let points: BTreeMap<i64, f64> =
                series.map(|series| series.points.iter().copied().collect()).unwrap_or_default();
            prop_assert_eq!(points.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
            for (step, value) in &expected {
                prop_assert!((points[step] - value).abs() < 1e-9, "{} {} {}", step, points[step], value);
            }
        }

        // A moment has one value, whether it is asked for alone or as the last of many.
        let last = *steps.last().unwrap();
        let alone = TimeSpan { start: last, end: last };
        let alone = in_range(&from, &expression, alone, step);
        for one in &alone {
            let among = found.iter().find(|series| series.labels == one.labels);
            let among = among.and_then(|series| series.points.last()).map(|point| point.1);
            prop_assert!((among.unwrap_or(f64::NAN) - one.points[0].1).abs() < 1e-9, "{:?}", one);
        }

        let found = in_range(&from, "sum(traces_spanmetrics_calls_total)", within, step);
        let points: Vec<f64> =
            found.iter().flat_map(|series| &series.points).map(|point| point.1).collect();
        prop_assert!(points.is_sorted(), "a counter rises within an answer: {:?}", points);
    }
}

/// The last sample that a question at `steps` reads.
fn last_sample(steps: &[i64]) -> i64 {
    steps.last().unwrap().div_euclid(SCRAPE) * SCRAPE
}
