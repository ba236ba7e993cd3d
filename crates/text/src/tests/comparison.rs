//! Comparisons as they are printed.

use expect_test::expect;

use crate::comparison::comparison;
use crate::screen::Screen;
use crate::tests::widths::keeps_to_width;
use coral_query::answer::{
    ComparedAttribute, ComparedKind, ComparedRow, ComparedSide, ComparedTimes, Comparison,
    NotAligned, WhyEvidence,
};
use coral_trace::UnixNanos;

fn times(ms: i64, calls: f64, errors: u64) -> Option<ComparedTimes> {
    let example = WhyEvidence {
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap(),
        span_id: "00f067aa0ba902b7".parse().unwrap(),
    };
    let p50_us = ms * 1_000;
    Some(ComparedTimes {
        traces: 1,
        calls,
        p50_us,
        p95_us: p50_us,
        self_p50_us: 1,
        errors,
        example,
    })
}

fn row(depth: u64, name: &str, sides: [Option<ComparedTimes>; 2], share: f64) -> ComparedRow {
    let [a, b] = sides;
    let delta_us = a.as_ref().zip(b.as_ref()).map(|(a, b)| a.p50_us - b.p50_us);
    let (service, kind) = ("shop".to_owned(), "server".to_owned());
    ComparedRow { depth, service, name: name.to_owned(), kind, a, b, delta_us, share: Some(share) }
}

fn found() -> Comparison {
    let (service, operation) = (Some("shop".to_owned()), Some("GET /buy".to_owned()));
    let a = ComparedSide {
        trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
        traces: 1,
        duration_p50_us: 460_000,
        service: service.clone(),
        operation: operation.clone(),
        ..ComparedSide::default()
    };
    let b = ComparedSide {
        kind: ComparedKind::Traces,
        healthy: true,
        traces: 29,
        duration_p50_us: 50_000,
        duration_p95_us: 61_000,
        service,
        operation,
        cut: true,
        ..ComparedSide::default()
    };
    Comparison {
        a,
        b,
        aligned: true,
        delta_us: 410_000,
        rows: vec![
            row(0, "GET /buy", [times(460, 1.0, 0), times(50, 1.0, 0)], 0.0),
            row(1, "GET /stock", [times(5, 2.0, 0), times(6, 1.96, 0)], -0.02),
            row(1, "POST /pay \u{1b}[2J", [times(430, 1.0, 1), times(20, 1.0, 0)], 1.02),
            row(2, "SELECT", [None, times(3, 1.0, 0)], 0.001),
            row(2, "retry", [times(3, 1.0, 0), None], 0.0),
        ],
        attributes: vec![ComparedAttribute {
            service: "shop".to_owned(),
            key: "host.name".to_owned(),
            value: "web-3".to_owned(),
            a: 1,
            a_of: 1,
            b: 2,
            b_of: 29,
        }],
        ..Comparison::default()
    }
}

fn page(found: &Comparison, screen: Screen) -> String {
    comparison(found, UnixNanos(1_795_608_000_000_000_000), screen)
}

#[test]
fn a_comparison_has_both_sides_the_operations_and_the_values_that_differ() {
    expect![[r#"
        A: trace 4bf92f3577b34da6a3ce929d0e0e4736 of shop GET /buy, 460ms
        B: 29 healthy traces of shop GET /buy (there are more), P50 50ms, P95 61ms

        A takes 410ms longer than B.

        Operation                  | A               | B      | Difference | Share
        ---------------------------|-----------------|--------|------------|------
        shop GET /buy              | 460ms           | 50ms   | +410ms     |
          shop GET /stock          | 5ms ×2          | 6ms ×2 | -1ms       | -2.0%
          shop POST /pay \u{1b}[2J | 430ms, 1 failed | 20ms   | +410ms     | 102%
            shop SELECT            | –               | 3ms    | only in B  |
            shop retry             | 3ms             | –      | only in A  |

        Values that differ, by traces with a span of the service:

        Service | Attribute | Value | A      | B
        --------|-----------|-------|--------|--------
        shop    | host.name | web-3 | 1 of 1 | 2 of 29
    "#]]
    .assert_eq(&page(&found(), Screen::PLAIN));
}

#[test]
fn a_comparison_says_what_is_left_out_and_why_it_is_not_aligned() {
    let a = ComparedSide {
        kind: ComparedKind::Traces,
        q: Some("status:error".to_owned()),
        ..ComparedSide::default()
    };
    let not_aligned = Some(NotAligned::NoTracesInA);
    let none = Comparison { a: a.clone(), not_aligned, ..Comparison::default() };
    expect![[r#"
        A: 0 traces that match `status:error`
        B: 0 traces

        Not aligned: A has no traces.
    "#]]
    .assert_eq(&page(&none, Screen::PLAIN));
    let not_aligned = Some(NotAligned::DifferentOperations);
    let rows = vec![row(0, "GET /buy", [times(460, 1.0, 0), None], 0.0); 70];
    let a = ComparedSide { traces: 3, ..a };
    let many = Comparison { a, not_aligned, rows, rows_left_out: 5, delta_us: -1_500, ..found() };
    let text = page(&many, Screen::PLAIN);
    assert!(text.contains("A takes 1.5ms less than B.\n"), "{text}");
    assert!(text.contains("… 15 further operations; "), "{text}");
    assert!(text.contains("begin with different operations"), "{text}");
}

#[test]
fn a_comparison_keeps_to_the_width_of_the_terminal() {
    keeps_to_width(|screen| page(&found(), screen));
}
