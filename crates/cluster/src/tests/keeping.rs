//! Data expires by whole days, and not before its time.

use std::time::Duration;

use coral_engine::conformance::NOON;
use coral_engine::{
    Budget, Checkpoint, Columns, DeltaQuery, MetricCheckpoint, MetricReader, MetricRetention, Page,
    PageContent, PageWriter, Retention, SpanRetention, TraceReader,
};
use coral_trace::red::Protocol;
use coral_trace::{Collector, TimeRange, TraceId, UnixNanos};

use super::exactly_once::spans;
use super::metrics::delta;
use super::server::{config, drop_database, shared};
use crate::Cluster;

const DAY: Duration = Duration::from_secs(86_400);

/// Stores the spans of trace `number` alone, received `days` days before noon.
fn store(cluster: &Cluster, number: usize, days: u32) {
    let checkpoint = Checkpoint {
        agent_id: "web-1".to_owned(),
        collector: Collector::Ebpf,
        store_id: "store".to_owned(),
        next_receipt: 1,
        spans_stored: 0,
        spans_missed: 0,
    };
    let content = PageContent::Spans(vec![spans(10, 10).swap_remove(number)]);
    let page = Page { content, received: NOON.earlier(days * DAY), checkpoint };
    cluster.append_pages(vec![page]).remove(0).unwrap();
}

/// Which of the traces 0 to 3 are stored.
fn stored(cluster: &Cluster) -> Vec<u128> {
    let is_stored = |number: &u128| {
        let id = TraceId::try_from(number + 1).unwrap();
        let listed =
            cluster.traces_with_prefix(id.to_string().parse().unwrap(), 10, &Budget::unlimited());
        let is_stored = cluster.contains(id, &Budget::unlimited()).unwrap();
        assert_eq!(listed.unwrap().len(), usize::from(is_stored));
        is_stored
    };
    (0..4).filter(is_stored).collect()
}

#[test]
fn spans_expire_by_the_day_and_a_clock_ahead_removes_nothing() {
    let Some(servers) = shared() else { return };
    let config = config(&servers.urls, servers.urls.len().min(2));
    let cluster = Cluster::open(&config).unwrap();
    (0..4).for_each(|number| store(&cluster, number, number as u32));
    let maintain = |age: Duration, bytes: u64, now: UnixNanos| {
        let done = cluster.maintain(SpanRetention { age, bytes }, now).unwrap();
        (done.expired, done.evicted)
    };
    assert_eq!(maintain(3 * DAY, u64::MAX, NOON), (0, 0), "the oldest day has a bucket within");
    let later = NOON.later(Duration::from_secs(700));
    assert_eq!(maintain(3 * DAY, u64::MAX, later), (1, 0));
    assert_eq!(stored(&cluster), [0, 1, 2]);
    // The server's clock is days after noon, and not a year.
    assert_eq!(maintain(300 * DAY, u64::MAX, NOON.later(365 * DAY)), (0, 0));
    assert_eq!(stored(&cluster), [0, 1, 2]);
    // A process that starts looks at the size at once.
    let other = Cluster::open(&config).unwrap();
    let done = other.maintain(SpanRetention { age: 30 * DAY, bytes: 1 }, later).unwrap();
    assert_eq!((done.expired, done.evicted), (0, 2), "the newest day stays");
    assert_eq!(stored(&cluster), [0]);
    drop_database(&cluster);
}

#[test]
fn an_origin_stays_as_long_as_its_last_span() {
    let Some(servers) = shared() else { return };
    let config = config(&servers.urls, 1);
    let cluster = Cluster::open(&config).unwrap();
    (0..2).for_each(|number| store(&cluster, 1 - number, 3 - 3 * number as u32));
    let keep = SpanRetention { age: DAY, bytes: u64::MAX };
    assert_eq!(cluster.maintain(keep, NOON.later(Duration::from_secs(700))).unwrap().expired, 1);
    assert_eq!(stored(&cluster), [0]);
    // A process that knows no origin yet.
    let other = Cluster::open(&config).unwrap();
    let id = TraceId::try_from(1_u128).unwrap();
    let trace = other.trace(id, None, Columns::ALL, 10, &Budget::unlimited()).unwrap();
    assert_eq!(trace.spans[0].span, spans(10, 10).swap_remove(0));
    drop_database(&cluster);
}

#[test]
fn metrics_of_each_protocol_expire_by_their_own_retention() {
    let Some(servers) = shared() else { return };
    let cluster = Cluster::open(&config(&servers.urls, 1)).unwrap();
    let mut sql = delta("orders", 60, 3);
    std::sync::Arc::make_mut(&mut sql.series).protocol = Protocol::Sql;
    let checkpoint = MetricCheckpoint { agent_id: "web-1".to_owned(), ..Default::default() };
    let received = NOON.earlier(2 * DAY);
    cluster.append_metric_page(vec![delta("/pay", 60, 3), sql], received, &checkpoint).unwrap();
    let keep = MetricRetention { sql: DAY, ..MetricRetention::all(30 * DAY, u64::MAX) };
    assert_eq!(cluster.maintain_metrics(keep, NOON).unwrap().expired, 1);
    let count = |protocol| {
        let mut rows = 0;
        let all = DeltaQuery::all(protocol, TimeRange::ALL);
        cluster.deltas(&all, &Budget::unlimited(), &mut |_| rows += 1).unwrap();
        rows
    };
    assert_eq!((count(Protocol::Http), count(Protocol::Sql)), (1, 0));
    assert_eq!(cluster.metric_extent().unwrap().rows, 1);
    drop_database(&cluster);
}
