//! Services at loopback addresses, whose spans are in traces of their own: causes have their names.

use coral_trace::{Attributes, Span, SpanId, SpanKind, TraceId, UnixNanos, Value};

use super::coverage::NOW;
use super::shop::{NOON, ask, request, sources};
use crate::WhyQuestion;
use crate::answer::{CauseKind, Verdict};

const MS: u64 = 1_000_000;
const MINUTE_US: i64 = 60_000_000;

/// A request to the shop each five seconds of 75 minutes, which calls `127.0.0.1:18082`: the bank,
/// whose spans have no caller. In the last ten minutes, the bank is slow.
fn calls() -> Vec<Span> {
    let [shop, bank] = ["shop", "bank"].map(|service| request(1, service, "/charge", 0, 0));
    let attributes = |more: [(&'static str, Value); 2]| {
        let method = [("http.request.method", Value::from("GET"))];
        method.into_iter().chain(more).collect::<Attributes>()
    };
    let calls = (0..900u64).flat_map(|number| {
        let secs = 4_500 - number * 5;
        let ms = if secs <= 600 { 200 } else { 20 } + number % 7;
        let start = NOON - secs * 1_000_000_000;
        let made = |id: u64, (from, ms): (u64, u64), of: &Span| Span {
            trace_id: TraceId::try_from(u128::from(id)).unwrap(),
            span_id: SpanId::try_from(id).unwrap(),
            start: UnixNanos(start + from * MS),
            end: UnixNanos(start + (from + ms) * MS),
            ..of.clone()
        };
        let request = made(3 * number + 1, (0, ms + 10), &shop);
        let client = Span {
            trace_id: request.trace_id,
            parent_span_id: Some(request.span_id),
            kind: SpanKind::Client,
            attributes: attributes([
                ("server.address", Value::from("127.0.0.1")),
                ("server.port", Value::Int(18_082)),
            ]),
            ..made(3 * number + 2, (5, ms + 2), &shop)
        };
        let server = Span {
            attributes: attributes([
                ("url.path", Value::from("/charge")),
                ("server.port", Value::Int(18_082)),
            ]),
            ..made(3 * number + 3, (6, ms), &bank)
        };
        [request, client, server]
    });
    calls.collect()
}

#[test]
fn a_cause_at_a_loopback_address_has_the_name_of_the_service_that_answers_there() {
    let (_dir, sources) = sources(calls());
    let why = ask(
        &sources,
        &WhyQuestion {
            service: Some("shop".to_owned()),
            since_unix_us: NOW - 10 * MINUTE_US,
            until_unix_us: NOW,
            baseline_us: 60 * MINUTE_US,
            ..WhyQuestion::default()
        },
    );
    let cause = &why.ranking[0];
    assert_eq!(why.verdict, Verdict::Cause);
    assert_eq!((cause.service.as_str(), cause.kind), ("bank", CauseKind::Leaf));
    assert_eq!(cause.component, "shop → 127.0.0.1:18082 GET /charge");
}
