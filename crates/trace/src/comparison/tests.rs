//! Traces beside each other.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::Comparison;
use crate::tree::soundness;
use crate::{
    Attributes, Collector, Origin, Resource, Scope, Span, SpanId, SpanKind, Status, StatusCode,
    TraceId, UnixNanos,
};

const MS: u64 = 1_000_000;

/// A span of `service`: its id, that of its parent or 0, and its start and end in milliseconds.
fn span(trace: u64, service: &str, name: &str, ids: [u64; 2], times: [u64; 2]) -> Span {
    let resource = Resource {
        attributes: [("service.name", service)].into_iter().collect(),
        ..Resource::default()
    };
    Span {
        trace_id: TraceId::try_from(u128::from(trace)).unwrap(),
        span_id: SpanId::try_from(ids[0]).unwrap(),
        parent_span_id: SpanId::try_from(ids[1]).ok(),
        trace_state: String::new(),
        flags: 0,
        name: name.to_owned(),
        kind: SpanKind::Server,
        start: UnixNanos(times[0] * MS),
        end: UnixNanos(times[1] * MS),
        attributes: Attributes::default(),
        dropped_attributes: 0,
        dropped_events: 0,
        dropped_links: 0,
        events: Vec::new(),
        links: Vec::new(),
        status: Status::default(),
        origin: Arc::new(Origin { resource, scope: Scope::default(), collector: Collector::Sdk }),
    }
}

/// `shop` calls `stock` twice, then `bank`, which takes `bank` milliseconds.
fn trace(number: u64, bank: u64) -> Vec<Span> {
    vec![
        span(number, "shop", "GET /buy", [1, 0], [0, 30 + bank]),
        span(number, "stock", "GET /stock", [2, 1], [5, 10]),
        span(number, "stock", "GET /stock", [3, 1], [10, 17]),
        span(number, "bank", "POST /pay", [4, 1], [20, 20 + bank]),
    ]
}

fn lines(comparison: &Comparison) -> Vec<String> {
    let rows = comparison.rows.iter().map(|row| {
        let sides = row.sides.each_ref().map(|side| {
            side.as_ref().map_or("none".to_owned(), |times| {
                format!("{}x{} {:?}", times.traces, times.calls, times.p50)
            })
        });
        let share = row.share.unwrap_or_default();
        format!("{} {} {}: {} | {share}", row.depth, row.service, row.name, sides.join(", "))
    });
    rows.collect()
}

#[test]
fn the_operation_that_takes_longer_has_all_of_the_difference() {
    let slow = [trace(1, 430)];
    let healthy: Vec<_> = (2..12).map(|number| trace(number, 20)).collect();
    let found = Comparison::of(&slow, &healthy);
    assert!(found.aligned);
    assert_eq!(found.delta_nanos, 410 * MS as i64);
    assert_eq!(
        lines(&found),
        [
            "0 shop GET /buy: 1x1 460ms, 10x1 50ms | 0",
            "1 stock GET /stock: 1x2 5ms, 10x2 5ms | 0",
            "1 bank POST /pay: 1x1 430ms, 10x1 20ms | 1",
        ]
    );
    let bank = found.rows[2].sides[0].as_ref().unwrap();
    assert_eq!(bank.example.span_id.as_u64(), 4);
    assert_eq!((bank.self_p50, found.rows[2].delta_nanos), (bank.p50, Some(410 * MS as i64)));
}

#[test]
fn an_operation_of_one_side_only_is_told_and_its_failures_are_counted() {
    let mut retried = trace(1, 20);
    let mut failed = span(1, "bank", "POST /pay", [5, 1], [40, 60]);
    failed.status.code = StatusCode::Error;
    failed.name = "POST /fallback".to_owned();
    retried.push(failed);
    let found = Comparison::of(&[retried], &[trace(2, 20)]);
    let row = &found.rows[3];
    assert_eq!((row.name.as_str(), row.sides[1].is_none()), ("POST /fallback", true));
    assert_eq!(row.sides[0].as_ref().unwrap().errors, 1);
    assert_eq!(row.delta_nanos, None);
}

#[test]
fn traces_of_different_operations_are_compared_without_their_paths() {
    let other = vec![
        span(9, "admin", "GET /refund", [1, 0], [0, 100]),
        span(9, "bank", "POST /pay", [2, 1], [10, 90]),
    ];
    let found = Comparison::of(&[other], &[trace(2, 20)]);
    assert!(!found.aligned);
    assert_eq!(found.sides[0].operation, Some(("admin".to_owned(), "GET /refund".to_owned())));
    assert_eq!(lines(&found)[0], "0 bank POST /pay: 1x1 80ms, 1x1 20ms | 1.2");
    assert!(found.rows.iter().all(|row| row.depth == 0));
}

#[test]
fn values_that_one_side_has_are_told_and_those_that_name_a_request_are_not() {
    let with = |trace: Vec<Span>, host: &str, id: u64| -> Vec<Span> {
        let attributes: Attributes =
            [("host.name", host), ("request.id", id.to_string().as_str())].into_iter().collect();
        trace.into_iter().map(|span| Span { attributes: attributes.clone(), ..span }).collect()
    };
    let slow: Vec<_> = (0..20).map(|id| with(trace(id + 1, 400), "web-3", id)).collect();
    let healthy: Vec<_> = (0..40)
        .map(|id| with(trace(id + 100, 20), ["web-1", "web-2"][id as usize % 2], id + 100))
        .collect();
    let told = |found: &Comparison| -> Vec<String> {
        let bank = found.differences.iter().filter(|difference| difference.service == "bank");
        bank.map(|of| format!("{}={} {:?} of {:?}", of.key, of.value, of.traces, of.of)).collect()
    };
    let found = Comparison::of(&slow, &healthy);
    assert_eq!(
        told(&found),
        [
            "host.name=web-3 [20, 0] of [20, 40]",
            "host.name=web-1 [0, 20] of [20, 40]",
            "host.name=web-2 [0, 20] of [20, 40]",
        ]
    );
    assert_eq!(told(&Comparison::of(&slow[..1], &healthy)), ["host.name=web-3 [1, 0] of [1, 40]"]);
    assert_eq!(told(&Comparison::of(&healthy[..20], &healthy[20..])), [""; 0]);
}

#[test]
fn of_very_many_operations_those_that_differ_most_are_kept_with_their_paths() {
    let chain = |number: u64, last: u64| -> Vec<Span> {
        let spans = (1..=3_000).map(|id| {
            let name = format!("step {id}");
            span(
                number,
                "shop",
                &name,
                [id, if id > 2_500 { 1 } else { id - 1 }],
                [0, 6_000 + last],
            )
        });
        spans.collect()
    };
    let found = Comparison::of(&[chain(1, 500)], &[chain(2, 0)]);
    assert_eq!((found.rows.len(), found.rows_left_out), (Comparison::MAX_ROWS, 1_000));
    let depths: Vec<usize> = found.rows.iter().map(|row| row.depth).collect();
    assert!(depths.windows(2).all(|pair| pair[1] <= pair[0] + 1));
}

#[test]
fn nothing_is_compared_with_nothing() {
    let found = Comparison::of(&[], &[]);
    assert_eq!((found.rows.len(), found.delta_nanos), (0, 0));
    assert_eq!(found.sides[0].p95, Duration::ZERO);
}

proptest! {
    #[test]
    fn any_traces_are_compared(
        one in prop::collection::vec(any::<u8>(), 0..200),
        other in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let spans = |bytes: &[u8]| -> Vec<Span> {
            let hops = soundness::hops(bytes).into_iter();
            hops.map(|hop| Span {
                span_id: hop.span_id,
                parent_span_id: hop.parent,
                start: hop.start,
                end: hop.end,
                kind: hop.kind,
                ..span(1, ["a", "b"][hop.start.0 as usize % 2], "x", [1, 0], [0, 0])
            }).collect()
        };
        let (one, other) = (vec![spans(&one)], vec![spans(&other)]);
        let there = Comparison::of(&one, &other);
        let back = Comparison::of(&other, &one);
        prop_assert_eq!(there.delta_nanos, -back.delta_nanos);
        prop_assert_eq!(there.rows.len(), back.rows.len());
        for row in &there.rows {
            prop_assert!(row.sides.iter().any(Option::is_some));
        }
        prop_assert!(there.rows.first().is_none_or(|row| row.depth == 0 || !there.aligned));
    }
}
