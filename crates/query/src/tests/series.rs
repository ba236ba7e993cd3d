//! Requests over time are the table of requests, divided.

use std::sync::Arc;

use coral_engine::{MetricCheckpoint, PageWriter};
use coral_store::{Store, StoreConfig};
use coral_trace::red::{Delta, Exemplar, Histogram, Protocol, Series, Side};
use coral_trace::{Attributes, Span, SpanId, StatusCode, TraceId, UnixNanos};

use super::shop::{NOON, ask, request, shared, sources};
use crate::{
    Ask as _, Budget, RedProtocol, RedQuestion, RedSide, RedSource, SeriesQuestion, SharedSources,
};

const SECOND: u64 = 1_000_000_000;
const SECOND_US: i64 = 1_000_000;
const UNTIL_US: i64 = (NOON / 1_000) as i64;
const SINCE_US: i64 = UNTIL_US - 600 * SECOND_US;

fn question(service: &str) -> SeriesQuestion {
    SeriesQuestion {
        protocol: RedProtocol::Http,
        service: service.to_owned(),
        route: None,
        side: RedSide::Server,
        source: None,
        since_unix_us: SINCE_US,
        until_unix_us: UNTIL_US,
        points: 10,
    }
}

/// Requests to `/pay`, which take the longer the older they are and of which every fifth fails, and
/// to `/list`.
fn requests() -> (tempfile::TempDir, SharedSources) {
    let pay = (1..=50).map(|id| {
        let mut span = request(id, "shop", "/pay", 11 * id, 10 * id);
        if id % 5 == 0 {
            span.status.code = StatusCode::Error;
        }
        span
    });
    let list = (101..=110).map(|id| request(id, "shop", "/list", 50 * (id - 100), 2));
    sources(pay.chain(list).collect())
}

#[test]
fn steps_of_spans_add_up_to_the_table_of_requests() {
    let (_dir, from) = requests();
    let series = ask(&from, &question("shop"));
    let table = ask(
        &from,
        &RedQuestion {
            protocol: RedProtocol::Http,
            service: "shop".to_owned(),
            side: RedSide::Server,
            source: None,
            since_unix_us: SINCE_US,
            until_unix_us: UNTIL_US,
            compare_us: None,
            slow: false,
            over_us: None,
        },
    );
    assert_eq!((series.source, series.step_us), (RedSource::Spans, 60 * SECOND_US));
    assert_eq!(series.requests.len(), 10);
    assert_eq!(series.requests.iter().sum::<u64>(), table.overall.requests);
    assert_eq!(series.errors.iter().sum::<u64>(), table.overall.errors);
    assert_eq!(series.covered_since_unix_us, table.covered_since_unix_us);
    // From 60 s before noon: five requests to `/pay`, and one to `/list`.
    assert_eq!((series.requests[9], series.errors[9]), (6, 1));
    assert_eq!((series.p50_us[9], series.p95_us[9]), (Some(20_000), Some(50_000)));
    let last: Vec<_> = series.exemplars.iter().rev().take(3).rev().collect();
    let durations: Vec<i64> = last.iter().map(|one| one.duration_us).collect();
    assert_eq!(durations, [50_000, 40_000, 30_000]);
    assert!(last.iter().all(|one| one.stored) && last[0].error && !last[1].error);
    // One request is in the first minute.
    assert_eq!(series.exemplars.len(), 28);
}

#[test]
fn a_route_is_named_as_in_the_table_or_alone() {
    let (_dir, from) = requests();
    for (route, requests) in [("GET /list", 10), ("/list", 10), ("GET", 60), ("/nothing", 0)] {
        let question = SeriesQuestion { route: Some(route.to_owned()), ..question("shop") };
        let series = ask(&from, &question);
        assert_eq!(series.requests.iter().sum::<u64>(), requests, "{route}");
        assert_eq!(series.p95_us.iter().flatten().count() > 0, requests > 0, "{route}");
    }
}

fn store(spans: Vec<Span>, deltas: Vec<Delta>) -> (tempfile::TempDir, SharedSources) {
    let dir = tempfile::tempdir().unwrap();
    let config = StoreConfig { dir: dir.path().to_owned(), segment_rows: 10_000 };
    let store = Store::open(config).unwrap();
    store.append(&[spans], UnixNanos(NOON)).unwrap();
    let checkpoint = MetricCheckpoint {
        agent_id: "web-1".to_owned(),
        store_id: "web-1".to_owned(),
        next_receipt: 1,
        rows_stored: 0,
        rows_missed: 0,
    };
    PageWriter::append_metric_page(&store, deltas, UnixNanos(NOON), &checkpoint).unwrap();
    (dir, shared(store))
}

/// `count` requests of up to 10 ms, one longer than all buckets, and exemplars of the traces.
fn delta(seconds: u64, status: u16, count: u64, traces: &[u128]) -> Delta {
    let time = UnixNanos(NOON - seconds * SECOND);
    Delta {
        series: Arc::new(Series {
            protocol: Protocol::Http,
            side: Side::Server,
            service: "shop".to_owned(),
            operation: "GET".to_owned(),
            target: "/pay".to_owned(),
            status: Some(status),
            error: String::new(),
            attributes: Attributes::default(),
        }),
        since: UnixNanos(time.0 - 10 * SECOND),
        time,
        histogram: Histogram::new([10_000_000], vec![count, 1], None).unwrap(),
        exemplars: (traces.iter())
            .map(|trace| Exemplar {
                trace_id: TraceId::try_from(*trace).unwrap(),
                span_id: SpanId::try_from(*trace as u64).unwrap(),
                nanos: 1_000_000 * *trace as u64,
                time,
            })
            .collect(),
    }
}

#[test]
fn steps_of_metrics_have_their_exemplars_and_say_which_are_stored() {
    let deltas =
        vec![delta(590, 200, 9, &[3, 1, 2, 4]), delta(585, 503, 4, &[5]), delta(10, 200, 99, &[])];
    let (_dir, from) = store(vec![request(5, "shop", "/pay", 585, 5)], deltas);
    let series = ask(&from, &question("shop"));
    assert_eq!((series.source, series.beyond_us), (RedSource::Metrics, Some(10_000)));
    assert_eq!(series.requests, [15, 0, 0, 0, 0, 0, 0, 0, 0, 100]);
    assert_eq!(series.errors, [5, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!((series.p95_us[0], series.p95_us[1]), (None, None));
    assert!(series.p95_us[9].is_some());
    let exemplars: Vec<_> = (series.exemplars.iter())
        .map(|one| (one.trace_id.as_u128(), one.duration_us, one.error, one.stored))
        .collect();
    assert_eq!(
        exemplars,
        [(5, 5_000, true, true), (4, 4_000, false, false), (3, 3_000, false, false)]
    );
}

#[test]
fn an_unknown_service_has_no_requests_and_similar_names() {
    let (_dir, from) = requests();
    let series = ask(&from, &question("shops"));
    assert_eq!((series.requests, series.did_you_mean), (vec![0; 10], vec!["shop".to_owned()]));
    let refused = |question: SeriesQuestion| {
        let asked = question.answer(&from.at(UnixNanos(NOON)), &Budget::unlimited());
        asked.unwrap_err().to_string()
    };
    let empty = SeriesQuestion { until_unix_us: SINCE_US, ..question("shop") };
    assert_eq!(refused(empty), "until: the range is empty: its end is not after its start");
    let long = SeriesQuestion { points: 201, ..question("shop") };
    assert_eq!(refused(long), "points: 201 is not between 1 and 200");
}
