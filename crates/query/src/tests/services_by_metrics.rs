//! The health of services whose requests metrics count.

use coral_engine::{MetricCheckpoint, PageWriter};
use coral_store::{Store, StoreConfig};
use coral_trace::red::{Delta, Histogram, Protocol, Series, Side};
use coral_trace::{Attributes, Span, SpanId, UnixNanos};
use tempfile::TempDir;

use super::coverage::NOW;
use super::services::{WINDOW_US, named, question, served};
use super::shop::{NOON, ask, shared};
use crate::answer::{Health, RequestKind};
use crate::{Ask as _, Budget, RedProtocol, RedQuestion, RedSide, RedSource, ServicesQuestion};

/// Rows of metrics of every ten seconds of the last hour, each with `count` requests that took 5 ms
/// or less, of which `failed` failed in the window.
fn with_metrics(dir: &TempDir, spans: Vec<Span>, count: u64, failed: u64) -> Store {
    let config = StoreConfig { dir: dir.path().to_owned(), segment_rows: 10_000 };
    let store = Store::open(config).unwrap();
    store.append(&[spans], UnixNanos(NOON)).unwrap();
    let series = |status| {
        std::sync::Arc::new(Series {
            protocol: Protocol::Http,
            side: Side::Server,
            service: "pay".to_owned(),
            operation: "GET".to_owned(),
            target: "/list".to_owned(),
            status: Some(status),
            error: String::new(),
            attributes: Attributes::default(),
        })
    };
    let (good, bad) = (series(200), series(503));
    let row = |number: u64, series: &std::sync::Arc<Series>, count| Delta {
        series: series.clone(),
        since: UnixNanos(NOON - 10_000_000_000 * (number + 1)),
        time: UnixNanos(NOON - 10_000_000_000 * number),
        histogram: Histogram::new([5_000_000, 10_000_000], vec![count, 0, 0], None).unwrap(),
        exemplars: Vec::new(),
    };
    let rows = (1..360).flat_map(|number| {
        let failed = if number <= 90 { failed } else { 0 };
        [row(number, &good, count - failed), row(number, &bad, failed)]
    });
    let checkpoint = MetricCheckpoint {
        agent_id: "web-1".to_owned(),
        store_id: "web-1".to_owned(),
        next_receipt: 1,
        rows_stored: 0,
        rows_missed: 0,
    };
    PageWriter::append_metric_page(&store, rows.collect(), UnixNanos(NOON), &checkpoint).unwrap();
    store
}

#[test]
fn requests_are_counted_from_metrics_where_there_are_any_and_messages_from_spans() {
    let dir = tempfile::tempdir().unwrap();
    // Few spans are sampled, and none of them fails.
    let http = (0..30).map(|n| served(n + 1, ("pay", RequestKind::Http), n * 60 + 1, 4, false));
    let messages =
        (0..40).map(|n| served(n + 500, ("pay", RequestKind::Messages), n * 40 + 1, 9, false));
    let store = with_metrics(&dir, http.chain(messages).collect(), 100, 8);
    let from = shared(store);
    let answer = ask(&from, &question(None));
    let pay = named(&answer, "pay");
    assert_eq!((pay.health, pay.kind), (Health::Failing, Some(RequestKind::Http)));
    let sources: Vec<_> = pay.requests.iter().map(|of| (of.kind, of.source)).collect();
    assert_eq!(
        sources,
        [(RequestKind::Http, RedSource::Metrics), (RequestKind::Messages, RedSource::Spans)]
    );
    let table = ask(
        &from,
        &RedQuestion {
            protocol: RedProtocol::Http,
            service: "pay".to_owned(),
            side: RedSide::Server,
            source: None,
            since_unix_us: NOW - WINDOW_US,
            until_unix_us: NOW,
            compare_us: Some(WINDOW_US),
            slow: false,
            over_us: None,
        },
    );
    let http = &pay.requests[0];
    let both = [
        (&http.now, &table.overall),
        (http.before.as_ref().unwrap(), table.overall_before.as_ref().unwrap()),
    ];
    for (service, red) in both {
        assert_eq!((service.requests, service.errors), (red.requests, red.errors));
        assert_eq!((service.p50_us, service.p95_us), (red.p50_us, red.p95_us));
        assert_eq!((service.exact, service.beyond_us), (false, None));
    }
    assert_eq!((http.now.requests, http.now.errors), (9_000, 720));
    assert_eq!(pay.requests[1].now.requests, 23);
}

#[test]
fn calls_that_metrics_do_not_count_are_counted_from_spans() {
    let dir = tempfile::tempdir().unwrap();
    let http = (0..30).map(|n| served(n + 1, ("pay", RequestKind::Http), n * 60 + 1, 4, false));
    // gRPC calls fail; metrics count HTTP requests only.
    let grpc = (0..90).map(|n| served(n + 500, ("pay", RequestKind::Grpc), n * 20 + 1, 9, n < 20));
    let store = with_metrics(&dir, http.chain(grpc).collect(), 100, 0);
    let answer = ask(&shared(store), &question(None));
    let pay = named(&answer, "pay");
    let requests: Vec<_> =
        pay.requests.iter().map(|of| (of.kind, of.source, of.now.requests)).collect();
    assert_eq!(
        requests,
        [(RequestKind::Http, RedSource::Metrics, 9_000), (RequestKind::Grpc, RedSource::Spans, 45)]
    );
    assert_eq!((pay.health, pay.kind), (Health::Failing, Some(RequestKind::Grpc)));
}

#[test]
fn a_rare_message_is_counted_although_the_newest_spans_of_its_service_are_requests() {
    let dir = tempfile::tempdir().unwrap();
    let http = (0..400).map(|n| served(n + 1, ("pay", RequestKind::Http), n + 1, 4, false));
    let message = served(900, ("pay", RequestKind::Messages), 890, 9, false);
    let gone = served(901, ("pay", RequestKind::Messages), 1_700, 9, false);
    let store = with_metrics(&dir, http.chain([message, gone]).collect(), 100, 0);
    let answer = ask(&shared(store), &question(None));
    let messages = named(&answer, "pay").requests.iter().find(|of| of.source == RedSource::Spans);
    let messages = messages.unwrap();
    assert_eq!(messages.kind, RequestKind::Messages);
    assert_eq!((messages.now.requests, messages.before.as_ref().unwrap().requests), (1, 1));
}

#[test]
fn steps_of_a_service_add_up_to_its_requests_of_metrics_and_spans() {
    let dir = tempfile::tempdir().unwrap();
    let messages =
        (0..40).map(|n| served(n + 500, ("pay", RequestKind::Messages), n * 40 + 1, 9, n < 3));
    let store = with_metrics(&dir, messages.collect(), 100, 8);
    let from = shared(store);
    let question = |points| ServicesQuestion { points, ..question(None) };
    let answer = ask(&from, &question(15));
    let pay = named(&answer, "pay");
    let series = pay.series.as_ref().unwrap();
    assert_eq!((series.step_us, series.requests.len()), (60_000_000, 15));
    assert_eq!(series.requests.iter().sum::<u64>(), pay.now.requests);
    assert_eq!(series.errors.iter().sum::<u64>(), pay.now.errors);
    // Six rows of metrics a minute, and the messages of the last minute.
    assert_eq!((series.requests[14], series.errors[14]), (602, 50));
    // The percentile is that of HTTP requests, which are more.
    assert!(series.p95_us.iter().all(|micros| micros.is_some_and(|micros| micros < 5_000)));
    assert_eq!(named(&ask(&from, &question(0)), "pay").series, None);
    let refused = question(201).answer(&from.at(UnixNanos(NOON)), &Budget::unlimited());
    assert_eq!(refused.unwrap_err().to_string(), "points: 201 is not between 1 and 200");
}

#[test]
fn a_service_says_which_part_of_its_traces_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let spans = (0..40_u64).flat_map(|n| {
        let root = served(n + 1, ("pay", RequestKind::Http), n * 10 + 1, 4, false);
        let mut call = served(n + 1, ("cards", RequestKind::Http), n * 10 + 1, 2, false);
        call.span_id = SpanId::try_from(1_000 + n).unwrap();
        // The parent of every fourth call is not stored.
        call.parent_span_id = match n % 4 {
            0 => Some(SpanId::try_from(9_999).unwrap()),
            _ => Some(root.span_id),
        };
        [root, call]
    });
    let lone = served(700, ("cart", RequestKind::Http), 5, 2, false);
    let store = with_metrics(&dir, spans.chain([lone]).collect(), 1, 0);
    let answer = ask(&shared(store), &question(None));
    let ratio = |name| named(&answer, name).complete_ratio;
    assert_eq!(["pay", "cards", "cart"].map(ratio), [Some(0.75), Some(0.75), Some(1.0)]);
}
