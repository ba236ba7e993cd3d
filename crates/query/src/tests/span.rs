//! One span of a stored trace.

use coral_trace::{SpanId, SpanKind, TraceId};

use super::shop::{ask, request, sources};
use super::waterfall::{skewed, span};
use crate::SpanQuestion;
use crate::answer::{SpanDetails, UsualDuration};

fn question(trace: u128, span: u64) -> SpanQuestion {
    let id = TraceId::try_from(trace).unwrap().into();
    SpanQuestion { id, span: SpanId::try_from(span).unwrap() }
}

#[test]
fn a_span_is_answered_whole_with_its_self_time_and_its_failure() {
    let spans = skewed();
    let (_dir, sources) = sources(spans.clone());
    let found = ask(&sources, &question(7, 3));
    assert_eq!(found.span.unwrap().span, spans[2]);
    let failure = found.failure.unwrap();
    assert_eq!((failure.service.as_str(), failure.message.as_deref()), ("bank", Some("declined")));
    assert_eq!(failure.host.as_deref(), Some("web-2"));
    assert_eq!((found.self_us, found.usual), (Some(0), None));
    let root = ask(&sources, &question(7, 1));
    assert_eq!((root.self_us, root.failure), (Some(50_000), None));
}

#[test]
fn what_is_not_stored_is_null() {
    let (_dir, sources) = sources(skewed());
    for (trace, span) in [(7, 77), (8, 1)] {
        assert_eq!(ask(&sources, &question(trace, span)), SpanDetails::default());
    }
}

#[test]
fn what_is_usual_is_what_spans_of_the_same_operation_took_in_the_hour_before() {
    let slow = request(1, "shop", "/pay", 0, 430);
    let since = slow.start.earlier(std::time::Duration::from_secs(3_600));
    let mut spans = vec![slow];
    // 40 requests in the hour before, and others: older, later, of another route or service, and
    // calls of the same name.
    spans.extend((1..=40).map(|n| request(10 + n, "shop", "/pay", 80 * n, n)));
    spans.push(request(100, "shop", "/pay", 3_700, 900));
    spans.push(request(101, "shop", "/list", 60, 900));
    spans.push(request(102, "cart", "/pay", 60, 900));
    let mut call = request(103, "shop", "/pay", 60, 900);
    call.kind = SpanKind::Client;
    spans.push(call);
    let (_dir, sources) = sources(spans);
    let usual = ask(&sources, &question(1, 1)).usual;
    assert_eq!(usual, Some(UsualDuration { spans: 40, p50_us: 20_000, p95_us: 38_000, since }));
}

#[test]
fn a_trace_with_more_than_twenty_thousand_spans_has_no_self_time_here() {
    let place = ("shop", "web-1");
    let root = span(1, 0, place, SpanKind::Server, (0, 100));
    let child = |id| coral_trace::Span {
        span_id: SpanId::try_from(id).unwrap(),
        parent_span_id: SpanId::try_from(1).ok(),
        ..root.clone()
    };
    let spans = (2..=20_001).map(child).chain([root.clone()]).collect();
    let (_dir, sources) = sources(spans);
    let found = ask(&sources, &question(7, 5));
    assert!(found.span.is_some() && found.self_us.is_none());
}
