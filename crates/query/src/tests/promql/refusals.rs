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
        ("predict_linear(a[1h], 60)", "predict_linear"),
        ("avg_over_time(a[1h])", "avg_over_time"),
        ("absent(a)", "absent"),
        ("count_values(\"x\", a)", "count_values"),
        ("a @ 1609746000", "@"),
        ("rate(a[5m] @ end())", "@"),
        ("max_over_time(rate(a[5m])[1h:5m])", "max_over_time"),
        ("rate(a[1h:5m])", "[…:…] (a subquery)"),
        ("rate(a[1h])[1h:]", "[…:…] (a subquery)"),
        ("a[5m]", "a range vector as a query of its own"),
    ] {
        let found = text(&from, expression);
        let expected = format!("error: Coral does not evaluate `{name}`");
        assert!(found.starts_with(&expected), "{expression}: {found}");
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
