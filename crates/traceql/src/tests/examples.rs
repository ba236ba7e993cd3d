//! Queries of every production, with their printed form or the reason why they are refused.

use crate::{SyntaxErrorKind, parse, parse_syntax};

/// Checks the printed form, and that the printed form is the same query.
fn prints(cases: &[(&str, &str)]) {
    for (text, printed) in cases {
        let query = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(query.to_string(), *printed, "{text}");
        assert_eq!(parse(printed).as_ref(), Ok(&query), "{text}");
    }
}

fn refuses(kind: SyntaxErrorKind, texts: &[&str]) {
    for text in texts {
        match parse(text) {
            Ok(query) => panic!("{text} is accepted: {query}"),
            Err(error) => assert_eq!(error.kind, kind, "{text}: {error}"),
        }
    }
}

#[test]
fn a_filter_is_printed_with_its_operators_in_parentheses() {
    prints(&[
        ("{}", "{ true }"),
        ("{ .shop.id = 7 }", "{ .shop.id = 7 }"),
        ("{.a=1&&span.b!=`x`}", "{ (.a = 1) && (span.b != `x`) }"),
        ("{ .a = 1 || .b = 2 || .c = 3 }", "{ ((.a = 1) || (.b = 2)) || (.c = 3) }"),
        ("{ .a && (.b || .c) }", "{ .a && (.b || .c) }"),
        ("{ !(.a > 2s) }", "{ !(.a > 2s) }"),
        ("{ -.a + 3 * .b = 2 }", "{ ((-.a) + (3 * .b)) = 2 }"),
        ("{ .a ^ 2 ^ 3 < 9 }", "{ (.a ^ 8) < 9 }"),
        ("{ .a =~ \"GET|PUT\" }", "{ .a =~ `GET|PUT` }"),
        ("{ .a !~ `x.*` }", "{ .a !~ `x.*` }"),
        ("{ resource.cloud != nil }", "{ resource.cloud != nil }"),
        ("{ nil = .a || nil != .b }", "{ (.a = nil) || (.b != nil) }"),
        ("{ nil = nil }", "{ false }"),
        ("{ cidr(.ip, \"10.0.0.0/8\") }", "{ cidr(.ip, `10.0.0.0/8`) }"),
        ("{ .a = 1 } // until the end", "{ .a = 1 }"),
        ("{ /* inside */ .a = 1 }", "{ .a = 1 }"),
    ]);
}

#[test]
fn what_needs_no_span_is_computed_at_once() {
    prints(&[
        ("{ 2 * 3 = 6 }", "{ true }"),
        ("{ duration > 2 * 3s }", "{ duration > 6e+09 }"),
        ("{ .a > -(2 + 3) }", "{ .a > -5 }"),
        ("{ !false && .a }", "{ true && .a }"),
        ("{ \"abc\" =~ \"a.*\" }", "{ true }"),
        ("{ \"abc\" =~ \"b\" }", "{ false }"),
        ("{ 1h = 3600s }", "{ true }"),
        ("{ 7 / 2 = .n }", "{ 3 = .n }"),
    ]);
}

#[test]
fn fields_are_printed_by_the_names_of_tempo() {
    let plain = "duration name status statusMessage kind rootName rootServiceName traceDuration \
        nestedSetLeft nestedSetRight nestedSetParent span:id span:parentID span:childCount trace:id \
        event:name event:timeSinceStart link:traceID link:spanID instrumentation:name \
        instrumentation:version .a span.a resource.a event.a link.a instrumentation.a .duration \
        span.\"a b\" .\"x{}\".y";
    for field in plain.split(' ').filter(|field| !field.contains('"') && !field.is_empty()) {
        prints(&[(&format!("select({field})"), &format!("select({field})"))]);
    }
    prints(&[
        ("select(span:duration, span:name)", "select(duration, name)"),
        (
            "select(span:kind, span:status, span:statusMessage)",
            "select(kind, status, statusMessage)",
        ),
        (
            "select(trace:duration, trace:rootName, trace:rootService)",
            "select(traceDuration, rootName, rootServiceName)",
        ),
        ("{ .\"a b\" = 1 }", "{ .\"a b\" = 1 }"),
        ("{ span.\"a\".b = 1 }", "{ span.a.b = 1 }"),
        ("{ trace:id = \"00ab\" }", "{ trace:id = `ab` }"),
    ]);
}

#[test]
fn literals_are_printed_as_go_prints_them() {
    prints(&[
        ("{ .a = 1.0 }", "{ .a = 1.0 }"),
        ("{ .a = 1e21 }", "{ .a = 1e+21 }"),
        ("{ .a = 0.00001 }", "{ .a = 1e-05 }"),
        ("{ .a = 123456.5 }", "{ .a = 123456.5 }"),
        ("{ .a = 1500ms }", "{ .a = 1.5s }"),
        ("{ .a = 1d }", "{ .a = 24h0m0s }"),
        ("{ .a = \"x\\ty\" }", "{ .a = `x\ty` }"),
        ("{ kind = unspecified }", "{ kind = unspecified }"),
        ("{ .a < maxInt }", "{ .a < 9223372036854775807 }"),
    ]);
}

#[test]
fn span_sets_are_joined_by_logic_and_structure() {
    for op in "&& || > < >> << ~ !> !< !>> !<< !~ &> &< &>> &<< &~".split(' ') {
        prints(&[(&format!("{{.a}}{op}{{.b}}"), &format!("({{ .a }}) {op} ({{ .b }})"))]);
    }
    prints(&[
        ("{.a} && {.b} >> {.c}", "({ .a }) && (({ .b }) >> ({ .c }))"),
        ("{.a} >> {.b} ~ {.c}", "(({ .a }) >> ({ .b })) ~ ({ .c })"),
        ("({.a} | {.b}) > ({.c})", "({ .a }|{ .b }) > ({ .c })"),
        ("({.a} | count() > 1) && ({.b} | {.c})", "({ .a }|(count()) > 1) && ({ .b }|{ .c })"),
    ]);
}

#[test]
fn steps_of_a_pipeline_are_joined_by_bars() {
    prints(&[
        ("{ .a } | count() > 2", "{ .a }|(count()) > 2"),
        ("avg(duration) >= 1s", "(avg(duration)) >= 1s"),
        ("{ .a } | by(resource.x) | coalesce()", "{ .a }|by(resource.x)|coalesce()"),
        ("{ .a } | max(.n) > -3 | min(.n) < 2.5", "{ .a }|(max(.n)) > -3|(min(.n)) < 2.5"),
        ("{ .a } | sum(.n) != 3 | select(.b,.c)", "{ .a }|(sum(.n)) != 3|select(.b, .c)"),
        ("({ .a } | { .b })", "{ .a }|{ .b }"),
    ]);
}

#[test]
fn functions_of_metrics_have_groups_stages_arithmetic_and_hints() {
    prints(&[
        ("{} | rate()", "{ true } | rate()"),
        ("{} | rate() by (.a, name)", "{ true } | rate()by(.a,name)"),
        ("{} | sum_over_time(.n)", "{ true } | sum_over_time(.n)"),
        ("{} | avg_over_time(duration) by (kind)", "{ true } | avg_over_time(duration)by(kind)"),
        (
            "{} | quantile_over_time(duration, .5, 1)",
            "{ true } | quantile_over_time(duration,0.50000,1.00000)",
        ),
        ("{} | histogram_over_time(duration)", "{ true } | histogram_over_time(duration)"),
        ("{} | compare({ .a }, 5, 1, 2)", "{ true } | compare({ .a }, 5, 1, 2)"),
        (
            "{} | rate() | topk(3) > 1.5 | bottomk(2)",
            "{ true } | rate() | topk(3) > 1.5 | bottomk(2)",
        ),
        ("{} | max_over_time(duration) > 20ms", "{ true } | max_over_time(duration) > 0.02"),
        ("({} | rate())", "{ true } | rate()"),
        (
            "({.a} | rate()) / ({} | rate()) | topk(2)",
            "({ .a } | rate()) / ({ true } | rate()) | topk(2)",
        ),
        (
            "{} | rate() with(sample=true, exemplars=3)",
            "{ true } | rate() with(sample=true,exemplars=3)",
        ),
    ]);
}

#[test]
fn what_is_not_in_the_grammar_is_refused_at_its_place() {
    let all = [
        "",
        "x",
        "{",
        "{ .a",
        "{ .a = }",
        "{ a = 1 }",
        "{ .a == 1 }",
        "{ .a = 1 } }",
        "{ span. }",
        "{ .a > nil }",
        "{ nil }",
        "{ childCount = 1 }",
        "{ trace:kind = server }",
        "{.a} + {.b}",
        "{.a} = {.b}",
        "{.a} | topk(1)",
        "{.a} | count()",
        "count() > 1 && {.a}",
        "coalesce()",
        "max() > 1",
        "max(.a) = \"x\"",
        "by()",
        "select()",
        "select(1)",
        "({.a} | count()) > 2 + 1",
        "2 > ({.a} | count())",
        "({.a}) && ({.b} | {.c})",
        "({.a} | {.b}) && {.c}",
        "({.a} | {.b}) | {.c}",
        "{} | rate() | rate()",
        "{} | rate() | topk(-1)",
        "({} | rate()) % ({} | rate())",
        "{} | rate() with()",
        "{} | rate() with(name=1)",
        "{ .a = 0x1 }",
        "{ .a = \"x }",
        "{ .a = `x }",
        "{ .\"a = 1 }",
        "{ .a = \"\\q\" }",
        "{ 1 / 0 = 1 }",
        "/* {}",
        "{ .a = 'x' }",
        "{ .a @ }x",
        "{} | compare({.a}, 1, 2)",
    ];
    refuses(SyntaxErrorKind::Syntax, &all);
    let error = parse("{ .a } |\n  { b }").unwrap_err();
    assert_eq!((error.line, error.column, error.offset), (2, 5, 13));
    assert_eq!(error.to_string(), "parse error at line 2, col 5: syntax error: unexpected b");
}

#[test]
fn types_that_do_not_fit_are_refused() {
    let all = [
        "{ 1 }",
        "{ name }",
        "{ 2s }",
        "{ 1 = \"a\" }",
        "{ name = 1 }",
        "{ kind > client }",
        "{ status = ok + 1 }",
        "{ .a && 1 }",
        "{ !1 = 2 }",
        "{ !name = 2 }",
        "{ -name = 2 }",
        "{ .a =~ 2 }",
        "{ .a =~ .b }",
        "{ .a =~ `(` }",
        "{ name = nil }",
        "{ resource.service.name = nil }",
        "{ duration = true }",
        "{ .a } | by(2)",
        "max(2) > 1",
        "max(name = \"a\") > 1",
        "{} | rate() | topk(0)",
        "{} | quantile_over_time(duration, 1.5)",
        "{} | compare({.a}) | topk(2)",
        "{} | compare({.a}, 0)",
        "{} | compare({.a}, 1, 5, 4)",
        "{} | compare({ 1 })",
        "{ cidr(.a, `x`) }",
        "{ cidr(2, `10.0.0.0/8`) }",
    ];
    refuses(SyntaxErrorKind::Type, &all);
}

#[test]
fn what_tempo_does_not_evaluate_is_refused_by_name() {
    let all = [
        "{ parent.a = 1 }",
        "{ parent = nil }",
        "max(.a) > min(.b)",
        "max(.a) + 1 > 2",
        "3 = 2",
        "({.a} | count()) > 3",
        "({.a} | count()) + ({.b} | count()) = 3",
        "{} | rate() by (.a,.b,.c,.d,.e,.f)",
    ];
    refuses(SyntaxErrorKind::Unsupported, &all);
    for text in all {
        let query = parse_syntax(text).unwrap();
        assert_eq!(parse_syntax(&query.to_string()), Ok(query), "{text}");
    }
}

#[test]
fn size_and_depth_are_bounded_and_long_chains_are_not_deep() {
    let chain = |count: usize| {
        let all: Vec<String> = (0..count).map(|at| format!(".a = {at}")).collect();
        format!("{{ {} }}", all.join(" || "))
    };
    assert!(parse(&chain(5_000)).is_ok());
    let nested = |depth: usize| format!("{{ {}.a{} }}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse(&nested(60)).is_ok());
    for text in [
        nested(10_000),
        format!("{{ {}.a }}", "-".repeat(10_000)),
        format!("{{ .a{} }}", "+ 1 ".repeat(10_000)),
        format!("{{ .a{} = 1 }}", " ^ .b".repeat(10_000)),
        format!("{}{{}}", "{} >> ".repeat(10_000)),
        format!("{}{{}}{}", "(".repeat(10_000), ")".repeat(10_000)),
        "{ .a = `x` }".repeat(20_000),
    ] {
        assert!(parse(&text).is_err());
    }
}
