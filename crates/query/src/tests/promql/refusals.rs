//! What is no PromQL, and what Coral does not evaluate.

use super::text;
use crate::tests::shop::shop;

#[test]
fn an_expression_that_is_none_is_refused_with_its_place() {
    let (_dir, from) = shop();
    for (expression, expected) in [
        ("", "1:1: parse error: no expression found in input"),
        ("1 +", "1:4: parse error: unexpected end of input"),
        ("{}", "1:3: parse error: vector selector must contain at least one non-empty matcher"),
        ("a{b=~\"(\"}", "1:9: parse error: error: unclosed group"),
        ("rate(a)", "expected type range vector in call to function \"rate\", got instant vector"),
        ("sum(1)", "expected type instant vector in aggregation expression, got scalar"),
        ("nosuch(a)", "parse error: unknown function with name \"nosuch\""),
        ("1 == 1", "comparisons between scalars must use BOOL modifier"),
        ("a and 1", "set operator not allowed in binary scalar expression"),
        ("a\n  $", "2:3: parse error: unexpected character: '$'"),
        ("\"open", "1:1: parse error: unterminated or wrongly escaped quoted string"),
        ("a{__name__=\"a\"}", "metric name must not be set twice: \"a\" or \"a\""),
        ("a{__name__=~\"b.*\"}", "metric name must not be set twice: \"a\" or \"b.*\""),
        ("{\"a\", \"b\"}", "metric name must not be set twice: \"b\" or \"a\""),
        ("{\"a\", __name__!=\"b\"}", "metric name must not be set twice: \"a\" or \"b\""),
        ("a[0s]", "duration must be greater than 0"),
        ("a[5x]", "1:3: parse error: unexpected character: '5'"),
        ("topk(a)", "wrong number of arguments for aggregate expression provided"),
        ("-\"a\"", "unary expression only allowed on expressions of type scalar or instant vector"),
    ] {
        let found = text(&from, expression);
        assert!(found.starts_with("error: ") && found.contains(expected), "{expression}: {found}");
    }
}

#[test]
fn a_selector_without_a_name_may_have_several_matchers_of_the_name() {
    let (_dir, from) = shop();
    let calls = "__name__=~\"traces_spanmetrics_.*\", __name__!~\".*_latency_.*\"";
    for selector in [
        format!("{{{calls}}}"),
        format!("{{{calls}, __name__=\"traces_spanmetrics_calls_total\"}}"),
    ] {
        assert_eq!(text(&from, &format!("count(count by (__name__) ({selector}))")), "{} 1");
    }
}

#[test]
fn what_is_not_evaluated_is_refused_by_name() {
    let (_dir, from) = shop();
    for (expression, name) in [
        ("holt_winters(a[1h], 1, 1)", "holt_winters"),
        ("mad_over_time(a[1h])", "mad_over_time"),
        ("limitk(1, a)", "limitk"),
        ("day_of_week()", "day_of_week"),
    ] {
        let found = text(&from, expression);
        let expected =
            format!("error: Coral does not evaluate `{name}`; it evaluates abs, absent,");
        assert!(found.starts_with(&expected), "{expression}: {found}");
        assert!(found.contains(", count_values, ") && found.ends_with(", vector"), "{found}");
    }
}

#[test]
fn ranges_and_shifts_follow_only_what_they_can_change() {
    let (_dir, from) = shop();
    let shiftable = "must be preceded by an instant vector selector or range vector selector or a";
    for (expression, expected) in [
        ("(a)[5m]", "ranges only allowed for vector selectors"),
        ("a[5m][5m]", "ranges only allowed for vector selectors"),
        ("a offset 5m [5m]", "no offset modifiers allowed before range"),
        ("a @ 1 [5m]", "no @ modifiers allowed before range"),
        ("1[5m:1m]", "subquery is only allowed on instant vector, got scalar instead"),
        ("a[5m][5m:1m]", "subquery is only allowed on instant vector, got range vector instead"),
        ("a[5m:0s]", "duration must be greater than 0"),
        ("a[5m:1m", "unexpected end of input in subquery selector"),
        ("a[5m:x]", "unexpected"),
        ("1 offset 5m", shiftable),
        ("(a) offset 5m", shiftable),
        ("sum(a) @ 1", shiftable),
        ("a offset 1m offset 2m", "offset may not be set multiple times"),
        ("a @ 1 @ 2", "@ <timestamp> may not be set multiple times"),
        ("a @ start", "unexpected end of input in @"),
        ("a @ b", "unexpected \"b\" in @, expected timestamp"),
        ("a @ Inf", "timestamp out of bounds for @ modifier"),
        ("a @ NaN", "timestamp out of bounds for @ modifier"),
        ("count_values(1, a)", "expected type string in aggregation parameter, got scalar"),
        ("topk(\"a\", a)", "expected type scalar in aggregation parameter, got string"),
        ("quantile_over_time(a[5m], 1)", "expected type scalar in call to function"),
        ("label_join(a)", "expected at least 3 argument(s) in call to \"label_join\", got 1"),
        ("label_join(a, \"b\", \"c\", 1)", "expected type string in call to function"),
    ] {
        let found = text(&from, expression);
        assert!(found.starts_with("error: ") && found.contains(expected), "{expression}: {found}");
    }
}

#[test]
fn a_range_or_a_subquery_that_is_too_large_is_refused_before_it_is_evaluated() {
    let (_dir, from) = shop();
    for (expression, expected) in [
        ("sum_over_time(vector(1)[100y:1s])", "a subquery has more than 50000 steps"),
        ("sum_over_time(sum_over_time(vector(1)[1d:1s])[1d:1s])", "more than 50000 steps"),
        ("sum_over_time(a[100y])", "more than 500000 of one series"),
        ("sum_over_time(sum_over_time(vector(1)[5h:1s])[5h:1s])", "have more than 50000000"),
    ] {
        let found = text(&from, expression);
        assert!(found.starts_with("error: ") && found.contains(expected), "{expression}: {found}");
    }
}

#[test]
fn a_hostile_expression_is_refused_and_does_not_exhaust_the_stack() {
    let (_dir, from) = shop();
    for expression in ["(".repeat(9_000), "-".repeat(9_000), "2^".repeat(400) + "2"] {
        assert!(text(&from, &expression).contains("nest at most 64 deep"));
    }
    assert!(text(&from, &"sum(".repeat(200)).contains("nest at most 64 deep"));
    assert!(text(&from, &("1+".repeat(4_000) + "1")).contains("at most 500 operators"));
    assert!(text(&from, &"(".repeat(60_000)).contains("at most 10000 tokens"));
    assert!(text(&from, &"1+".repeat(40_000)).contains("at most 65536 bytes"));
    assert_eq!(text(&from, &("1+".repeat(499) + "1")), "500");
}

#[test]
fn nested_calls_do_not_double_a_label_without_end() {
    let (_dir, from) = shop();
    let mut expression =
        format!("label_replace(vector(1), \"a\", \"{}\", \"b\", \"\")", "x".repeat(64));
    for _ in 0..24 {
        expression = format!("label_replace({expression}, \"a\", \"$1$1\", \"a\", \"(.*)\")");
    }
    assert!(text(&from, &expression).contains("the label `a` has more than 4096 bytes"));
}
