//! Functions of the samples of a range, `@`, subqueries, and functions of what is missing. Expected
//! values are worked out by hand from Prometheus's definitions.

use tempfile::TempDir;

use super::{NOON_MS, in_range, text};
use crate::SharedSources;
use crate::promql::TimeSpan;
use crate::tests::shop::{request, shop, sources};

/// A counter that is 0, 1, 3, 3 and 4 at the samples from a minute before noon to noon.
fn counter() -> (TempDir, SharedSources) {
    let ends = [(1, 50), (2, 35), (3, 35), (4, 5)];
    sources(ends.map(|(id, ago)| request(id, "shop", "/pay", ago, 0)).to_vec())
}

/// `expression` with the counter for `X`.
fn of_counter(expression: &str) -> String {
    expression.replace('X', "traces_spanmetrics_calls_total{service=\"shop\"}")
}

fn check(rows: &[(&str, &str)]) {
    let (_dir, from) = counter();
    for (expression, expected) in rows {
        assert_eq!(text(&from, &of_counter(expression)), *expected, "{expression}");
    }
}

#[test]
fn functions_over_time_are_of_the_samples_at_each_15_seconds_with_both_ends() {
    check(&[
        ("sum(sum_over_time(X[1m]))", "{} 11"),
        ("sum(avg_over_time(X[1m]))", "{} 2.2"),
        ("sum(min_over_time(X[1m]))", "{} 0"),
        ("sum(max_over_time(X[1m] offset 15s))", "{} 3"),
        ("sum(count_over_time(X[1m]))", "{} 5"),
        ("sum(count_over_time(X[59s]))", "{} 4"),
        ("sum(last_over_time(X[1m] offset 15s))", "{} 3"),
        (
            "count by (__name__) (last_over_time(X[1m]))",
            "{__name__=traces_spanmetrics_calls_total} 1",
        ),
        ("count by (__name__) (max_over_time(X[1m]))", "{} 1"),
        ("sum(quantile_over_time(0.5, X[1m]))", "{} 3"),
        ("sum(quantile_over_time(scalar(vector(0.25)), X[1m]))", "{} 1"),
        // Deviations from 2.2: -2.2, -1.2, 0.8, 0.8 and 1.8, whose squares are 10.8.
        ("sum(stdvar_over_time(X[1m]))", "{} 2.16"),
        ("sum(stddev_over_time(X[1m])) ^ 2", "{} 2.16"),
        ("sum(present_over_time(X[1m]))", "{} 1"),
        ("sum(changes(X[1m]))", "{} 3"),
        ("sum(resets(X[1m]))", "{} 0"),
        ("sum(idelta(X[1m]))", "{} 1"),
        ("sum(irate(X[1m])) * 15", "{} 1"),
        ("sum(delta(X[1m]))", "{} 4"),
        // -30 s * 0 - 15 s * 1 + 15 s * 3 + 30 s * 4 is 150, and squares of seconds are 2,250.
        ("sum(deriv(X[1m])) * 15", "{} 1"),
        // 2.2 half a minute before noon, and 90 seconds more.
        ("sum(predict_linear(X[1m], 60))", "{} 8.2"),
        ("sum(max_over_time(X[10s] offset 1s))", ""),
    ]);
}

#[test]
fn a_timestamp_is_that_of_the_sample_or_of_the_moment() {
    check(&[
        ("timestamp(sum(X)) - time()", "{} 0"),
        ("sum(timestamp(X)) - time()", "{} 0"),
        ("sum(timestamp(X offset 7s)) - time()", "{} -15"),
        ("timestamp(sum(X offset 7s)) - time()", "{} 0"),
    ]);
}

#[test]
fn a_selector_with_at_is_about_that_moment_at_every_step() {
    check(&[
        ("sum(X @ 1795607970)", "{} 3"),
        ("sum(X @ 1795607970 offset 15s)", "{} 1"),
        ("sum(X offset 15s @ 1795607970.000)", "{} 1"),
        ("sum(X offset -15s @ 1795607970)", "{} 3"),
        ("sum(increase(X[30s] @ 1795607970))", "{} 3"),
        ("sum(X @ start() offset 45s)", "{} 1"),
        ("sum(sum_over_time(X[1m] @ end()))", "{} 11"),
        ("sum_over_time(sum(X)[30s:15s] @ 1795607970)", "{} 4"),
        // `end()` is that of the question, also within a subquery.
        ("sum_over_time(sum(X @ end())[1m:15s])", "{} 20"),
        ("sum(X @ -1)", ""),
    ]);
    let (_dir, from) = counter();
    let within = TimeSpan { start: NOON_MS - 30_000, end: NOON_MS + 10_000 };
    for (expression, expected) in [
        ("sum(X)", [3.0, 3.0, 4.0]),
        ("sum(X @ start())", [3.0; 3]),
        ("sum(X @ end())", [4.0; 3]),
        ("timestamp(sum(X @ end())) - time()", [0.0; 3]),
    ] {
        let found = in_range(&from, &of_counter(expression), within, 15_000);
        let values: Vec<f64> = found[0].points.iter().map(|point| point.1).collect();
        assert_eq!(values, expected, "{expression}");
    }
}

#[test]
fn a_subquery_has_values_at_multiples_of_its_step_within_its_range() {
    check(&[
        ("sum_over_time(sum(X)[1m:15s])", "{} 11"),
        ("sum_over_time(sum(X)[1m:30s])", "{} 7"),
        ("sum_over_time(sum(X)[1m:30s] offset 15s)", "{} 3"),
        ("count_over_time(sum(X)[5m:])", "{} 6"),
        ("count_over_time(sum(X)[59s:1m])", "{} 1"),
        ("count_over_time(vector(1)[59s:1m] offset 1s)", "{} 1"),
        ("count_over_time(vector(1)[50s:1m] offset 1s)", ""),
        ("max_over_time(sum(rate(X[30s]))[1m:15s]) * 30", "{} 3"),
        ("resets((0 - sum(X))[1m:15s])", "{} 3"),
        // From 0 to -1, -3, -3 and -4: each that is lower counts as one that begins with 0 again.
        ("increase((0 - sum(X))[1m:15s])", "{} -8"),
        ("max_over_time(sum_over_time(sum(X)[30s:15s])[30s:15s])", "{} 10"),
        ("sum_over_time(vector(2)[1m:15s])", "{} 10"),
        ("sum(sum_over_time(X[1m:15s]))", "{} 11"),
    ]);
}

#[test]
fn what_is_missing_has_the_labels_that_its_selector_names() {
    check(&[
        ("absent(X)", ""),
        ("absent(a{service=\"no\"})", "{service=no} 1"),
        ("absent(a{service=\"no\",span_name=~\"a.*\",protocol!=\"b\"})", "{service=no} 1"),
        ("absent(a{service=\"no\",service=\"nor\",protocol=\"b\"})", "{protocol=b} 1"),
        ("absent(sum(a{service=\"no\"}))", "{} 1"),
        ("absent_over_time(X[1m])", ""),
        ("absent_over_time(a{service=\"no\"}[5m])", "{service=no} 1"),
        ("absent_over_time(sum(a)[5m:1m])", "{} 1"),
    ]);
}

#[test]
fn a_range_vector_as_a_question_has_its_samples() {
    let (_dir, from) = counter();
    let found = text(&from, &of_counter("X[30s]"));
    assert!(found.ends_with("} 3@-30 3@-15 4@0"), "{found}");
    assert_eq!(text(&from, &of_counter("sum(X)[1m:30s]")), "{} 0@-60 3@-30 4@0");
    assert_eq!(text(&from, &of_counter("sum(X)[20s:1m] offset 10s")), "");
}

#[test]
fn labels_are_joined_and_values_are_counted_as_labels() {
    let (_dir, from) = shop();
    let total = "traces_spanmetrics_calls_total";
    for (expression, expected) in [
        (
            "label_join(sum by (service) (T), \"a\", \"-\", \"service\", \"b\", \"service\")",
            "{a=cart--cart,service=cart} 3\n{a=shop--shop,service=shop} 30",
        ),
        ("label_join(vector(1), \"a\", \"-\")", "{} 1"),
        (
            "label_join(vector(1), \"-\", \"-\")",
            "error: invalid destination label name in label_join(): -",
        ),
        (
            "label_join(vector(1), \"a\", \"-\", \"\")",
            "error: invalid source label name in label_join(): ",
        ),
        (
            "label_join(sum by (service) (T), \"service\", \"\")",
            "error: vector cannot contain metrics with the same labelset",
        ),
        ("count_values(\"n\", T)", "{n=10} 1\n{n=20} 1\n{n=3} 1"),
        ("count_values(\"n\", T * 0)", "{n=0} 3"),
        (
            "count_values by (service) (\"n\", T / 0 )",
            "{n=+Inf,service=cart} 1\n{n=+Inf,service=shop} 2",
        ),
        (
            "count_values without (service, protocol, span_kind, status_code) (\"n\", T > 5)",
            "{n=10,span_name=GET /pay} 1\n{n=20,span_name=GET /list} 1",
        ),
        ("count_values(\"a-b\", T)", "error: invalid label name \"a-b\""),
    ] {
        let expression = expression.replace('T', total);
        assert_eq!(text(&from, &expression), expected, "{expression}");
    }
}
