use coral_trace::{SpanId, Status, StatusCode, UnixNanos};

use super::*;
use crate::tests::shop::{NOON, request, sources};

fn question(tags: &[(&str, &str)]) -> TaggedQuestion {
    TaggedQuestion {
        tags: tags.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect(),
        started: TimeRange::ALL,
        min_duration: None,
        max_duration: None,
        limit: 20,
    }
}

/// Trace 1 is `/list` of `shop`, 10 ms; trace 2 is `/pay` of `shop`, 300 ms, which calls `cart` and
/// fails there.
fn answer(question: &TaggedQuestion) -> Result<SearchAnswer, QueryError> {
    let pay = request(2, "shop", "/pay", 30, 300);
    let call = Span {
        trace_id: pay.trace_id,
        span_id: SpanId::try_from(3).unwrap(),
        parent_span_id: Some(pay.span_id),
        status: Status { code: StatusCode::Error, message: String::new() },
        ..request(3, "cart", "/take", 30, 20)
    };
    let (_dir, sources) = sources(vec![request(1, "shop", "/list", 60, 10), pay, call]);
    question.answer(&sources.at(UnixNanos(NOON)), &Budget::unlimited())
}

fn found(question: &TaggedQuestion) -> Vec<u128> {
    let found = answer(question).unwrap().traces;
    found.into_iter().map(|trace| trace.trace_id.as_u128()).collect()
}

#[test]
fn a_tag_is_a_part_of_a_value_in_any_case() {
    for (tags, expected) in [
        (&[][..], &[2, 1][..]),
        (&[("http.route", "/PA")], &[2]),
        (&[("service.name", "shop")], &[2, 1]),
        (&[("service.name", "cart"), ("http.route", "/pay")], &[2]),
        (&[("http.route", ".")], &[]),
        (&[("http.route", r"\<")], &[]),
        (&[("name", "get /list")], &[1]),
        (&[("root.name", "/pay"), ("root.service.name", "sho")], &[2]),
        (&[("error", "true")], &[2]),
        (&[("error", "false")], &[1]),
        (&[("status.code", "error")], &[2]),
        (&[("nosuch", "x")], &[]),
    ] {
        assert_eq!(found(&question(tags)), expected, "{tags:?}");
    }
    let error = answer(&question(&[("error", "maybe")])).unwrap_err();
    assert_eq!(error.to_string(), "tags: `error` is true or false");
}

#[test]
fn durations_and_a_limit_are_those_of_whole_traces() {
    let ms = |ms| Some(Duration::from_millis(ms));
    assert_eq!(found(&TaggedQuestion { min_duration: ms(50), ..question(&[]) }), [2]);
    assert_eq!(found(&TaggedQuestion { max_duration: ms(50), ..question(&[]) }), [1]);
    assert_eq!(found(&TaggedQuestion { limit: 1, ..question(&[]) }), [2]);
}

#[test]
fn each_trace_has_the_numbers_of_its_services() {
    let traces = answer(&question(&[("http.route", "/pay")])).unwrap().traces;
    let stats: Vec<_> = traces[0].service_stats.iter().collect();
    let expected = [
        (&"cart".to_owned(), &ServiceStats { spans: 1, errors: 1 }),
        (&"shop".to_owned(), &ServiceStats { spans: 1, errors: 0 }),
    ];
    assert_eq!(stats, expected);
    assert_eq!(traces[0].root_service.as_deref(), Some("shop"));
    assert_eq!(traces[0].duration, Duration::from_millis(300));
}
