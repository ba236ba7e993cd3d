//! A subquery has the values of a question over a range with the same step.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{NOON_MS, in_range};
use crate::promql::{Labels, Point, TimeSpan};
use crate::tests::shop::{request, sources};

const SERVICES: [&str; 2] = ["shop", "cart"];

/// What a function over time makes of samples.
type OfSamples = fn(&[f64]) -> f64;

const FUNCTIONS: [(&str, OfSamples); 5] = [
    ("sum_over_time", |values| values.iter().sum()),
    ("count_over_time", |values| values.len() as f64),
    ("max_over_time", |values| values.iter().copied().fold(f64::MIN, f64::max)),
    ("last_over_time", |values| values[values.len() - 1]),
    ("resets", |values| values.windows(2).filter(|pair| pair[1] < pair[0]).count() as f64),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn a_function_of_a_subquery_is_that_of_the_values_of_the_same_question_over_a_range(
        requests in proptest::collection::vec((0_u64..900, 0_usize..2), 1..40),
        of in prop::sample::select(vec![
            "sum by (service) (rate(traces_spanmetrics_calls_total[1m]))",
            "sum by (service) (traces_spanmetrics_calls_total)",
            "sum by (service) (traces_spanmetrics_calls_total offset 1m) > 2",
            "sum by (service) (max_over_time(traces_spanmetrics_calls_total[45s]))",
        ]),
        range in 1_000_i64..400_000,
        every in prop_oneof![Just(15_000_i64), 5_000_i64..90_000],
        step in 1_000_i64..120_000,
        end in 0_i64..120_000,
        length in 0_i64..300_000,
    ) {
        let spans = (1..).zip(&requests)
            .map(|(id, (ago, service))| request(id, SERVICES[*service], "/pay", *ago, 3))
            .collect();
        let (_dir, from) = sources(spans);
        // Without gaps between the ranges, both questions read the same time, and have its series.
        let step = step.min(range);
        let start = NOON_MS - end - length;
        let within = TimeSpan { start, end: start + length / step * step };
        let first = (within.start - range + every - 1).div_euclid(every) * every;
        let inner: BTreeMap<Labels, Vec<Point>> = match first > within.end {
            true => BTreeMap::new(),
            false => {
                let inner = TimeSpan { start: first, end: within.end };
                let found = in_range(&from, of, inner, every);
                found.into_iter().map(|series| (series.labels, series.points)).collect()
            }
        };
        for (name, function) in FUNCTIONS {
            let expression = format!("{name}(({of})[{range}ms:{every}ms])");
            let found = in_range(&from, &expression, within, step);
            let found: BTreeMap<Labels, Vec<Point>> =
                found.into_iter().map(|series| (series.labels, series.points)).collect();
            let mut expected: BTreeMap<Labels, Vec<Point>> = BTreeMap::new();
            for (labels, points) in &inner {
                for at in (within.start..=within.end).step_by(step as usize) {
                    let is_inside = |point: &&Point| (at - range..=at).contains(&point.0);
                    let values: Vec<f64> =
                        points.iter().filter(is_inside).map(|point| point.1).collect();
                    if !values.is_empty() {
                        expected.entry(labels.clone()).or_default().push((at, function(&values)));
                    }
                }
            }
            prop_assert_eq!(&found, &expected, "{}", expression);
        }
    }

    #[test]
    fn a_range_has_the_samples_of_a_subquery_with_a_step_of_15_seconds(
        requests in proptest::collection::vec((0_u64..900, 0_usize..2), 1..40),
        range in 1_000_i64..400_000,
        end in 0_i64..120_000,
    ) {
        let spans = (1..).zip(&requests)
            .map(|(id, (ago, service))| request(id, SERVICES[*service], "/pay", *ago, 3))
            .collect();
        let (_dir, from) = sources(spans);
        let at = TimeSpan { start: NOON_MS - end, end: NOON_MS - end };
        for function in [
            "avg_over_time(R)", "sum_over_time(R)", "min_over_time(R)", "max_over_time(R)",
            "last_over_time(R)", "quantile_over_time(0.3, R)", "predict_linear(R, 60)", "changes(R)",
            "resets(R)", "rate(R)", "irate(R)", "increase(R)", "delta(R)", "idelta(R)", "deriv(R)",
            "stddev_over_time(R)", "stdvar_over_time(R)",
        ] {
            let total = "traces_spanmetrics_calls_total";
            let [plain, subquery] = [format!("{range}ms"), format!("{range}ms:15s")].map(|range| {
                // A series whose requests are all before the range adds 0 to differences.
                let of = function.replace('R', &format!("{total}[{range}]"));
                in_range(&from, &format!("sum({of}) or vector(0)"), at, 1_000)
            });
            let [plain, subquery] =
                [plain, subquery].map(|found| found[found.len() - 1].points[0].1);
            prop_assert!((plain - subquery).abs() < 1e-9, "{function}: {plain} {subquery}");
        }
    }
}
