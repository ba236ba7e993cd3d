//! Metrics in a cluster.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use coral_engine::conformance::NOON;
use coral_engine::{
    Budget, DeltaQuery, Fleet, Grain, MetricCheckpoint, MetricReader, PageWriter, StoredDelta,
};
use coral_trace::red::{Delta, Exemplar, Histogram, Protocol, Series, Side};
use coral_trace::{Attributes, SpanId, TimeRange, TraceId, UnixNanos};

use super::server::{config, drop_database, shared};
use crate::Cluster;

/// Requests of `shop` to a route that ended `seconds` after noon.
pub(super) fn delta(route: &str, seconds: u64, requests: u64) -> Delta {
    let time = NOON.later(Duration::from_secs(seconds));
    Delta {
        series: Arc::new(Series {
            protocol: Protocol::Http,
            side: Side::Server,
            service: "shop".to_owned(),
            operation: "GET".to_owned(),
            target: route.to_owned(),
            status: Some(200),
            error: String::new(),
            attributes: Attributes::from_iter([("host.name", "vm")]),
        }),
        since: time.earlier(Duration::from_secs(60)),
        time,
        histogram: Histogram::new(vec![1_000, 2_000], vec![requests, 0, 1], Some(1.5)).unwrap(),
        exemplars: vec![Exemplar {
            trace_id: TraceId::try_from(7).unwrap(),
            span_id: SpanId::try_from(9).unwrap(),
            nanos: 1_500,
            time,
        }],
    }
}

fn read(cluster: &Cluster, wanted: &DeltaQuery) -> Vec<StoredDelta> {
    let mut found = Vec::new();
    cluster.deltas(wanted, &Budget::unlimited(), &mut |row| found.push(row.clone())).unwrap();
    found.sort_by_key(|row| (row.agent_id.clone(), row.delta.time));
    found
}

#[test]
fn rows_of_metrics_are_read_as_they_were_sent_and_once_however_often_a_page_comes() {
    let Some(servers) = shared() else { return };
    let cluster = Cluster::open(&config(&servers.urls, servers.urls.len().min(2))).unwrap();
    let all = DeltaQuery::all(Protocol::Http, TimeRange::ALL);
    // Two rows are equal in everything, and both count.
    let rows = vec![delta("/pay", 60, 3), delta("/pay", 60, 3), delta("/cart", 120, 1)];
    for agent in ["web-1", "web-2", "web-3"] {
        let checkpoint = MetricCheckpoint {
            agent_id: agent.to_owned(),
            store_id: "store".to_owned(),
            next_receipt: 3,
            ..MetricCheckpoint::default()
        };
        let stored = cluster.append_metric_page(rows.clone(), NOON, &checkpoint).unwrap();
        assert_eq!(stored.rows_stored, 3);
        // The answer was lost: the page comes again in two, later.
        let later = NOON.later(Duration::from_secs(900));
        cluster.append_metric_page(rows[..2].to_vec(), later, &checkpoint).unwrap();
        cluster.append_metric_page(rows[2..].to_vec(), later, &checkpoint).unwrap();
    }
    let found = read(&cluster, &all);
    assert_eq!(found.len(), 9);
    let of_one = found.iter().filter(|row| &*row.agent_id == "web-2");
    assert_eq!(of_one.map(|row| row.delta.clone()).collect::<Vec<_>>(), rows);
    let agents: Vec<String> =
        cluster.metric_checkpoints().unwrap().into_iter().map(|known| known.agent_id).collect();
    assert_eq!(agents, ["web-1", "web-2", "web-3"]);
    let named = DeltaQuery { name: Some("/cart".to_owned()), exemplars: false, ..all.clone() };
    let named = read(&cluster, &named);
    assert_eq!(named.len(), 3);
    assert!(named.iter().all(|row| row.delta.exemplars.is_empty()));
    let other = DeltaQuery { service: Some("sh'op".to_owned()), ..all.clone() };
    assert_eq!(read(&cluster, &other), []);
    assert_eq!(read(&cluster, &DeltaQuery { side: Some(Side::Client), ..all }), []);
    drop_database(&cluster);
}

#[test]
fn a_sum_has_the_requests_of_the_rows_of_its_series_agent_and_step() {
    let Some(servers) = shared() else { return };
    let cluster = Cluster::open(&config(&servers.urls, servers.urls.len().min(2))).unwrap();
    let mut rows: Vec<Delta> = (1..60)
        .map(|minute| delta(["/pay", "/cart"][minute as usize % 2], 60 * minute, minute))
        .collect();
    // Of other buckets, and without a sum of durations: they stay apart.
    rows[7].histogram = Histogram::new(vec![1_000], vec![7, 1], Some(2.0)).unwrap();
    rows[9].histogram.sum = None;
    for agent in ["web-1", "web-2"] {
        let checkpoint =
            MetricCheckpoint { agent_id: agent.to_owned(), ..MetricCheckpoint::default() };
        for page in [&rows[..], &rows[..30]] {
            cluster.append_metric_page(page.to_vec(), NOON, &checkpoint).unwrap();
        }
    }
    let start = NOON.later(Duration::from_secs(600));
    let query = DeltaQuery { exemplars: false, ..DeltaQuery::all(Protocol::Http, TimeRange::ALL) };
    for grain in [Grain::Range, Grain::Step { start, step: 900_000_000_000 }] {
        let mut expected: BTreeMap<_, (Vec<u64>, UnixNanos, UnixNanos)> = BTreeMap::new();
        for row in read(&cluster, &DeltaQuery { grain: Grain::Row, ..query.clone() }) {
            let Delta { series, histogram, since, time, .. } = row.delta;
            let key = (
                row.agent_id,
                series.target.clone(),
                histogram.bounds().to_vec(),
                histogram.sum.is_some(),
                grain.step_of(time),
            );
            let (counts, first, last) =
                expected.entry(key).or_insert((vec![0; histogram.counts().len()], since, time));
            counts.iter_mut().zip(histogram.counts()).for_each(|(sum, count)| *sum += count);
            (*first, *last) = (since.min(*first), time.max(*last));
        }
        let mut found = BTreeMap::new();
        for row in read(&cluster, &DeltaQuery { grain, ..query.clone() }) {
            let Delta { series, histogram, since, time, exemplars } = row.delta;
            assert!(exemplars.is_empty());
            let key = (
                row.agent_id,
                series.target.clone(),
                histogram.bounds().to_vec(),
                histogram.sum.is_some(),
                grain.step_of(time),
            );
            let sum = (histogram.counts().to_vec(), since, time);
            assert_eq!(found.insert(key, sum), None, "one row for each sum");
        }
        assert_eq!(found, expected);
        assert!(found.len() < 30, "rows are summed: {}", found.len());
    }
    drop_database(&cluster);
}
