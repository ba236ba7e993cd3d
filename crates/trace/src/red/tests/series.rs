//! How attributes become series.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::red::{
    Counters, Histogram, Key, LabelLimit, OVERFLOW, Point, PointOutcome, Protocol, Series, Side,
    Temporality,
};
use crate::{Attributes, UnixNanos, Value};

fn series(protocol: Protocol, pairs: &[(&str, Value)]) -> Option<Series> {
    let attributes: Attributes = pairs.iter().map(|(key, value)| (*key, value.clone())).collect();
    Series::from_attributes(protocol, Side::Server, "cart", attributes)
}

#[test]
fn a_status_is_read_from_both_attribute_names_and_from_any_type() {
    let rows: [(Protocol, &str, Value, Option<u16>); 7] = [
        (Protocol::Http, "http.response.status_code", 503.into(), Some(503)),
        (Protocol::Http, "http.status_code", "404".into(), Some(404)),
        (Protocol::Http, "http.response.status_code", 200.0.into(), Some(200)),
        (Protocol::Grpc, "rpc.grpc.status_code", 7.into(), Some(7)),
        (Protocol::Grpc, "rpc.response.status_code", "PERMISSION_DENIED".into(), Some(7)),
        (Protocol::Http, "http.response.status_code", (-1).into(), None),
        (Protocol::Http, "http.response.status_code", 200.5.into(), None),
    ];
    for (protocol, key, value, expected) in rows {
        let series =
            series(protocol, &[(key, value)]).expect("no attribute names another protocol");
        assert_eq!((series.status, series.attributes.len()), (expected, 0), "{key}");
    }
}

#[test]
fn the_fields_of_a_series_are_taken_out_of_the_attributes_and_the_rest_is_kept() {
    let series = series(
        Protocol::Sql,
        &[
            ("db.operation.name", "SELECT".into()),
            ("db.collection.name", "cards".into()),
            ("error.type", "42P01".into()),
            ("server.address", "outgoing".into()),
        ],
    );
    let series = series.expect("the attributes are of SQL");
    assert_eq!((&*series.operation, &*series.target, &*series.error), ("SELECT", "cards", "42P01"));
    assert_eq!(series.attributes, [("server.address", "outgoing")].into_iter().collect());
}

#[test]
fn other_protocols_with_the_same_metric_are_ignored() {
    assert_eq!(series(Protocol::Sql, &[("db.system.name", "redis".into())]), None);
    assert_eq!(series(Protocol::Grpc, &[("rpc.system", "aws-api".into())]), None);
    assert!(series(Protocol::Sql, &[("db.system.name", "other_sql".into())]).is_some());
}

#[test]
fn a_client_error_counts_as_failed_at_the_client_and_not_at_the_server() {
    let is_error = |protocol, side, status: i64| {
        let key = match protocol {
            Protocol::Http => "http.response.status_code",
            _ => "rpc.grpc.status_code",
        };
        let attributes = [(key, status)].into_iter().collect();
        Series::from_attributes(protocol, side, "cart", attributes)
            .expect("the attributes are of that protocol")
            .is_error()
    };
    for (protocol, status, server, client) in [
        (Protocol::Http, 200, false, false),
        (Protocol::Http, 404, false, true),
        (Protocol::Http, 500, true, true),
        (Protocol::Http, 0, true, true),
        (Protocol::Grpc, 0, false, false),
        (Protocol::Grpc, 7, false, true),
        (Protocol::Grpc, 13, true, true),
    ] {
        assert_eq!(is_error(protocol, Side::Server, status), server, "{protocol:?} {status}");
        assert_eq!(is_error(protocol, Side::Client, status), client, "{protocol:?} {status}");
    }
}

#[test]
fn series_above_the_limit_are_merged_into_one_series_per_status() {
    let mut limit = LabelLimit::new(2);
    let mut admitted = |route: &str, status: i64, day: u64| {
        let pairs =
            [("http.route", route.into()), ("http.response.status_code", Value::Int(status))];
        let series = series(Protocol::Http, &pairs).expect("the attributes are of HTTP");
        let now = UnixNanos(day * 86_400_000_000_000);
        let series = limit.admit(Arc::new(series), now);
        (series.target.clone(), series.status, limit.overflown())
    };
    assert_eq!(admitted("/a", 200, 1), ("/a".to_owned(), Some(200), 0));
    assert_eq!(admitted("/b", 200, 1), ("/b".to_owned(), Some(200), 0));
    assert_eq!(admitted("/c", 500, 1), (OVERFLOW.to_owned(), Some(500), 1));
    assert_eq!(admitted("/a", 200, 1), ("/a".to_owned(), Some(200), 1));
    assert_eq!(admitted("/c", 500, 2), ("/c".to_owned(), Some(500), 1), "another day");
}

#[test]
fn a_million_routes_use_a_bounded_number_of_series_and_every_request_is_counted_or_dropped() {
    let mut counters = Counters::new(10_000);
    let mut limit = LabelLimit::new(100);
    let (mut counted, mut dropped, mut names) = (0, 0, BTreeSet::new());
    for route in 0..1_000_000u128 {
        let pairs = [("http.route", format!("/{route}").as_str().into())];
        let point = Point {
            series: Arc::new(series(Protocol::Http, &pairs).expect("the attributes are of HTTP")),
            stream: Key(1),
            key: Key(route),
            temporality: Temporality::Cumulative,
            start: UnixNanos(1),
            time: UnixNanos(2),
            histogram: Histogram::new([5], vec![1, 0], None).unwrap(),
            exemplars: Vec::new(),
        };
        match counters.take(&point) {
            PointOutcome::Grown(growth) => {
                counted += growth.histogram.count();
                names.insert(limit.admit(point.series, UnixNanos(2)).target.clone());
            }
            _ => dropped += 1,
        }
        counters.committed();
    }
    assert_eq!((counted, dropped, counters.series_count()), (7_500, 992_500, 7_500));
    assert_eq!((names.len(), limit.overflown()), (101, 7_400));
    assert!(names.contains(OVERFLOW));
}
