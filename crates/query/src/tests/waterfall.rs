//! The waterfall of a stored trace.

use std::sync::Arc;

use coral_trace::{
    Origin, Resource, Scope, Span, SpanId, SpanKind, Status, StatusCode, TraceId, UnixNanos,
    testing,
};
use expect_test::expect;
use proptest::prelude::*;

use super::shop::{NOON, ask, request, sources};
use crate::answer::{ClockMove, Waterfall};
use crate::{Source, WaterfallQuestion};

const MS: u64 = 1_000_000;

/// A span of the trace 7 that starts `at_ms` after noon.
pub(super) fn span(
    id: u64,
    parent: u64,
    (service, host): (&str, &str),
    kind: SpanKind,
    (at_ms, ms): (u64, u64),
) -> Span {
    let resource = Resource {
        attributes: [("service.name", service), ("host.name", host)].into_iter().collect(),
        ..Resource::default()
    };
    let template = request(id, service, "/", 0, 0);
    Span {
        trace_id: TraceId::try_from(7).unwrap(),
        parent_span_id: SpanId::try_from(parent).ok(),
        kind,
        start: UnixNanos(NOON + at_ms * MS),
        end: UnixNanos(NOON + (at_ms + ms) * MS),
        origin: Arc::new(Origin {
            resource,
            scope: Scope::default(),
            collector: template.origin.collector,
        }),
        ..template
    }
}

/// A request to `shop`, which calls `bank`, whose clock is half a second ahead.
pub(super) fn skewed() -> Vec<Span> {
    let (shop, bank) = (("shop", "web-1"), ("bank", "web-2"));
    let failed = Status { code: StatusCode::Error, message: "declined".to_owned() };
    vec![
        span(1, 0, shop, SpanKind::Server, (0, 100)),
        span(2, 1, shop, SpanKind::Client, (10, 50)),
        Span { status: failed, ..span(3, 2, bank, SpanKind::Server, (515, 40)) },
        span(4, 3, bank, SpanKind::Client, (520, 10)),
        span(5, 99, bank, SpanKind::Internal, (70, 5)),
    ]
}

fn waterfall(spans: Vec<Span>, adjust_clocks: bool) -> Waterfall {
    let (_dir, sources) = sources(spans);
    ask(&sources, &WaterfallQuestion { id: id(), source: Source::All, adjust_clocks })
}

fn id() -> coral_trace::TraceIdPrefix {
    TraceId::try_from(7).unwrap().into()
}

#[test]
fn a_trace_is_answered_as_columns() {
    let found = waterfall(skewed(), true);
    let json = serde_json::to_string(&found).unwrap();
    let lines = json.replace(",\"", ",\n\"");
    expect![[r#"
        {"trace_id":"00000000000000000000000000000007",
        "start_time_unix_us":1795608000000000,
        "trace_duration_us":100000,
        "span_count":5,
        "error_count":1,
        "complete":false,
        "spans_left_out":0,
        "virtual_hops":0,
        "redacted":0,
        "services":["shop",
        "bank"],
        "names":["GET /"],
        "depth":[0,1,2,3,0],
        "start_us":[0,10000,15000,20000,70000],
        "duration_us":[100000,50000,40000,10000,5000],
        "self_us":[50000,10000,30000,10000,5000],
        "service":[0,0,1,1,1],
        "name":[0,0,0,0,0],
        "kind":[1,2,1,2,0],
        "flags":[16,528,25,24,2],
        "span_ids":"00000000000000010000000000000002000000000000000300000000000000040000000000000005",
        "critical_row":[0,1,2,3,2,1,0],
        "critical_start_us":[0,10000,15000,20000,30000,55000,60000],
        "critical_end_us":[10000,15000,20000,30000,55000,60000,100000],
        "service_times":[{"service":"bank",
        "spans":3,
        "errors":1,
        "self_us":55000,
        "critical_us":50000},{"service":"shop",
        "spans":2,
        "errors":0,
        "self_us":50000,
        "critical_us":50000}],
        "clock_moves":[{"service":"bank",
        "host":"web-2",
        "agent_id":"",
        "moved_us":-500000,
        "spans":2}]}"#]].assert_eq(&lines);
    assert_eq!(serde_json::from_str::<Waterfall>(&json).unwrap(), found);
}

#[test]
fn clocks_are_moved_only_when_that_is_asked() {
    let found = waterfall(skewed(), false);
    assert_eq!(found.start_us, [0, 10_000, 515_000, 520_000, 70_000]);
    assert_eq!((found.trace_duration_us, found.clock_moves.len()), (555_000, 0));
    let moved = waterfall(skewed(), true);
    assert_eq!(moved.start_us, [0, 10_000, 15_000, 20_000, 70_000]);
    assert_eq!(moved.trace_duration_us, 100_000);
    let bank = ClockMove {
        service: "bank".to_owned(),
        host: Some("web-2".to_owned()),
        agent_id: String::new(),
        moved_us: -500_000,
        spans: 2,
    };
    assert_eq!(moved.clock_moves, [bank]);
}

#[test]
fn a_trace_that_is_not_stored_has_no_rows() {
    let (_dir, sources) = sources(skewed());
    for digits in ["abc", &"9".repeat(32)] {
        let id = digits.parse().unwrap();
        let question = WaterfallQuestion { id, source: Source::All, adjust_clocks: true };
        let found = ask(&sources, &question);
        let none = Waterfall { trace_id: digits.to_owned(), ..Waterfall::default() };
        assert_eq!(found, none);
    }
}

#[test]
fn the_network_to_a_service_counts_for_that_service() {
    let mut spans = skewed();
    spans.retain(|span| span.parent_span_id != SpanId::try_from(99).ok());
    let found = waterfall(spans, true);
    let times: Vec<_> = found
        .service_times
        .iter()
        .map(|time| (time.service.as_str(), time.spans, time.self_us, time.critical_us))
        .collect();
    assert_eq!(times, [("shop", 2, 50_000, 50_000), ("bank", 2, 50_000, 50_000)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_stored_spans_have_columns_of_one_length_and_times_within_the_trace(
        spans in testing::distinct_spans(0..40),
        adjust_clocks in any::<bool>(),
    ) {
        let one = TraceId::try_from(7).unwrap();
        let mut spans: Vec<Span> =
            spans.into_iter().map(|span| Span { trace_id: one, ..span }).collect();
        spans.sort_by_key(|span| span.span_id);
        spans.dedup_by_key(|span| span.span_id);
        let count = spans.len();
        let found = waterfall(spans, adjust_clocks);
        let rows = found.depth.len();
        prop_assert_eq!(found.span_count, count as u64);
        prop_assert_eq!(rows as u64 + found.virtual_hops, found.span_count);
        for length in [
            found.start_us.len(), found.duration_us.len(), found.self_us.len(),
            found.service.len(), found.name.len(), found.kind.len(), found.flags.len(),
            found.span_ids.len() / 16,
        ] {
            prop_assert_eq!(length, rows);
        }
        for row in 0..rows {
            prop_assert!(found.start_us[row] >= 0 && found.self_us[row] >= 0);
            prop_assert!(found.self_us[row] <= found.duration_us[row]);
            prop_assert!((found.service[row] as usize) < found.services.len());
            prop_assert!((found.name[row] as usize) < found.names.len());
        }
        let segments = found.critical_start_us.iter().zip(&found.critical_end_us);
        prop_assert!(segments.clone().all(|(start, end)| start < end));
        let next = found.critical_start_us.iter().skip(1);
        prop_assert!(next.zip(&found.critical_end_us).all(|(start, end)| start == end));
        prop_assert!(segments.into_iter().all(|(_, end)| *end <= found.trace_duration_us));
    }
}
