//! Rates of spans, against counting by hand.

use std::collections::BTreeSet;
use std::time::Duration;

use coral_engine::Budget;
use coral_trace::{Span, SpanKind, Status, StatusCode, TimeRange, UnixNanos};

use super::{SpanRates, SpanSeries};
use crate::QueryError;
use crate::tests::shop::{NOON, request, sources};

const SECOND: u64 = 1_000_000_000;

fn rates() -> SpanRates {
    SpanRates {
        services: BTreeSet::from(["shop".to_owned()]),
        kinds: vec![SpanKind::Server],
        by_name: false,
        range: TimeRange { start: UnixNanos(NOON - 60 * SECOND), end: UnixNanos(NOON) },
        step: Duration::from_secs(20),
        window: Duration::from_secs(40),
        quantile: 0.5,
    }
}

fn spans() -> Vec<Span> {
    let mut failed = request(3, "shop", "/pay", 30, 100);
    failed.status = Status { code: StatusCode::Error, message: String::new() };
    let mut call = request(5, "shop", "/pay", 30, 100);
    call.kind = SpanKind::Client;
    vec![
        request(1, "shop", "/list", 90, 10),
        request(2, "shop", "/list", 25, 10),
        failed,
        request(4, "cart", "/list", 25, 10),
        call,
    ]
}

#[test]
fn each_instant_has_the_spans_that_ended_in_the_window_before() {
    let (_dir, sources) = sources(spans());
    let found = rates().answer(&sources.at(UnixNanos(NOON)), &Budget::unlimited()).unwrap();
    let [SpanSeries { service, name: None, points }] = &found[..] else { panic!("{found:?}") };
    assert_eq!(service, "shop");
    let seconds: Vec<u64> = points.iter().map(|point| (NOON - point.time.0) / SECOND).collect();
    assert_eq!(seconds, [60, 40, 20, 0]);
    let calls: Vec<f64> = points.iter().map(|point| point.calls_per_second * 40.0).collect();
    assert_eq!(calls, [1.0, 0.0, 2.0, 2.0]);
    let shares: Vec<_> = points.iter().map(|point| point.error_share).collect();
    assert_eq!(shares, [Some(0.0), None, Some(0.5), Some(0.5)]);
    let ms = points[0].duration_ms.unwrap();
    assert!((9.7..10.3).contains(&ms) && points[1].duration_ms.is_none(), "{ms}");
}

#[test]
fn each_name_has_its_own_series_if_that_is_asked_for() {
    let (_dir, sources) = sources(spans());
    let services = BTreeSet::from(["shop".to_owned(), "cart".to_owned()]);
    let by_name = SpanRates { by_name: true, services, ..rates() };
    let found = by_name.answer(&sources.at(UnixNanos(NOON)), &Budget::unlimited()).unwrap();
    let names: Vec<_> =
        found.iter().map(|one| (one.service.as_str(), one.name.as_deref().unwrap())).collect();
    assert_eq!(names, [("cart", "GET /list"), ("shop", "GET /list"), ("shop", "GET /pay")]);
}

#[test]
fn parts_out_of_range_are_refused_by_name() {
    let (_dir, sources) = sources(vec![]);
    for (rates, name) in [
        (SpanRates { step: Duration::ZERO, ..rates() }, "step"),
        (SpanRates { step: Duration::from_millis(1), ..rates() }, "step"),
        (SpanRates { window: Duration::ZERO, ..rates() }, "window"),
        (SpanRates { window: Duration::from_secs(1 << 40), ..rates() }, "window"),
        (SpanRates { quantile: 1.5, ..rates() }, "quantile"),
        (SpanRates { quantile: f64::NAN, ..rates() }, "quantile"),
    ] {
        let error = rates.answer(&sources.at(UnixNanos(NOON)), &Budget::unlimited()).unwrap_err();
        assert!(matches!(&error, QueryError::Invalid { field, .. } if *field == name), "{error}");
    }
}
