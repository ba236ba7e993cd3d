//! A service map is the same with sums of calls and without, whatever pages come when.

use std::time::Duration;

use coral_engine::conformance::NOON;
use coral_engine::{
    Budget, Checkpoint, Page, PageContent, PageWriter, Retention, SpanRetention, TraceReader,
};
use coral_trace::dependency::{CallSpan, Dependencies, Topology};
use coral_trace::{
    Attributes, Collector, KeyValue, Origin, Resource, Scope, Span, SpanId, SpanKind, Status,
    StatusCode, TimeRange, TraceId, UnixNanos, Value,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::sync::Arc;

use super::exactly_once::spans;
use super::server::{config, drop_database, shared};
use crate::Cluster;
use crate::calls::make::sum_up;
use crate::calls::stored;

/// What a test does.
#[derive(Clone, Debug)]
enum Step {
    /// Stores a page so many minutes after noon.
    Page(Vec<Made>, u64),
    /// Maintains the cluster so many minutes after noon.
    Maintain(u64),
}

/// A span: its trace, its number in the trace, its parent's, its service, kind, collector and peer, and
/// when it starts in seconds before its receipt.
type Made = (u128, u64, u64, usize, i32, bool, usize, u64);

const SERVICES: [&str; 3] = ["shop", "cards", "mail"];

fn span(made: &Made, received: UnixNanos) -> Span {
    let (trace, number, parent, service, kind, sdk, peer, before) = *made;
    let collector = if sdk { Collector::Sdk } else { Collector::Ebpf };
    let attributes = Attributes::from_iter([("service.name", SERVICES[service])]);
    let resource = Resource { attributes, ..Resource::default() };
    let start = received.earlier(Duration::from_secs(before));
    let mut span = Span {
        trace_id: TraceId::try_from(trace << 120 | trace).unwrap(),
        // An id is of one collector.
        span_id: SpanId::try_from(2 * number + u64::from(sdk)).unwrap(),
        parent_span_id: (parent < number).then(|| SpanId::try_from(2 * parent).unwrap()),
        kind: SpanKind::from(kind),
        start,
        end: start.later(Duration::from_micros(number * 7 + before)),
        origin: Arc::new(Origin { resource, scope: Scope::default(), collector }),
        attributes: Attributes::default(),
        ..spans(1, 1).remove(0)
    };
    if before % 5 == 0 {
        span.status = Status { code: StatusCode::Error, message: String::new() };
    }
    let mut add = |key: &str, value: Value| {
        span.attributes.0.push(KeyValue { key: key.to_owned(), value });
    };
    match peer {
        0 => add("db.system", Value::from("postgresql")),
        1 => {
            add("http.method", Value::from("GET"));
            add("server.address", Value::from("cards.internal"));
            add("server.port", Value::Int(8_080));
        }
        // The value does not fit in the column.
        2 => add("server.address", Value::Int(7)),
        _ => {}
    }
    span
}

fn expected(all: &[Span], started: TimeRange, collector: Option<Collector>) -> Topology {
    let mut map = Dependencies::default();
    let mut ids: Vec<TraceId> = all.iter().map(|span| span.trace_id).collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        let is_of = |span: &&Span| {
            span.trace_id == id && collector.is_none_or(|by| by == span.origin.collector)
        };
        let spans: Vec<&Span> = all.iter().filter(is_of).collect();
        let start = spans.iter().map(|span| span.start).min();
        if start.is_some_and(|start| started.contains(start)) {
            let spans: Vec<CallSpan> = spans.iter().map(|span| map.span(span)).collect();
            map.add_trace(&spans);
        }
    }
    map.topology()
}

#[test]
fn a_map_is_the_same_with_sums_and_without_whatever_pages_come_when() {
    let Some(servers) = shared() else { return };
    let made = (
        1..12_u128,
        1..6_u64,
        1..6_u64,
        0..3_usize,
        0..6_i32,
        any::<bool>(),
        0..5_usize,
        0..900_u64,
    );
    let step = prop_oneof![
        3 => (prop::collection::vec(made, 1..12), 0..60_u64).prop_map(|(spans, at)| Step::Page(spans, at)),
        2 => (0..90_u64).prop_map(Step::Maintain),
    ];
    let window = (0..70_u64, 0..70_u64);
    let input = (prop::collection::vec(step, 2..16), window);
    let property = Config { cases: 6, failure_persistence: None, ..Config::default() };
    let tested = TestRunner::new(property).run(&input, |(steps, (since, until))| {
        let cluster = Cluster::open(&config(&servers.urls, servers.urls.len().min(2))).unwrap();
        let (mut all, mut receipt): (Vec<Span>, u64) = (Vec::new(), 0);
        let at = |minutes: u64| NOON.later(Duration::from_secs(60 * minutes));
        let window = TimeRange {
            start: at(since.min(until)).earlier(Duration::from_secs(333)),
            end: at(since.max(until)).later(Duration::from_millis(7)),
        };
        for step in steps {
            match step {
                Step::Page(made, minutes) => {
                    let mut page: Vec<Span> =
                        made.iter().map(|made| span(made, at(minutes))).collect();
                    // A span that comes again is the same.
                    for span in &mut page {
                        let is_same = |other: &&Span| {
                            (other.trace_id, other.span_id) == (span.trace_id, span.span_id)
                        };
                        match all.iter().find(is_same).cloned() {
                            Some(same) => *span = same,
                            None => all.push(span.clone()),
                        }
                    }
                    receipt += page.len() as u64;
                    let checkpoint = Checkpoint {
                        agent_id: "web-1".to_owned(),
                        collector: Collector::Ebpf,
                        store_id: "store".to_owned(),
                        next_receipt: receipt,
                        spans_stored: 0,
                        spans_missed: 0,
                    };
                    let content = PageContent::Spans(page);
                    let page = Page { content, received: at(minutes), checkpoint };
                    cluster.append_pages(vec![page]).remove(0).unwrap();
                }
                Step::Maintain(minutes) => {
                    let keep =
                        SpanRetention { age: Duration::from_secs(30 * 86_400), bytes: u64::MAX };
                    cluster.maintain(keep, at(minutes)).unwrap();
                }
            }
            for started in [TimeRange::ALL, window] {
                for collector in [None, Some(Collector::Ebpf), Some(Collector::Sdk)] {
                    let map = cluster.dependencies(started, collector, &Budget::unlimited());
                    prop_assert_eq!(map.unwrap().topology(), expected(&all, started, collector));
                }
            }
        }
        drop_database(&cluster);
        Ok(())
    });
    if let Err(error) = tested {
        panic!("{error}");
    }
}

#[test]
fn a_bucket_to_which_a_page_is_being_written_has_no_sums() {
    let Some(servers) = shared() else { return };
    let cluster = Cluster::open(&config(&servers.urls, 1)).unwrap();
    let checkpoint = Checkpoint {
        agent_id: "web-1".to_owned(),
        collector: Collector::Ebpf,
        store_id: "store".to_owned(),
        next_receipt: 8,
        spans_stored: 0,
        spans_missed: 0,
    };
    let content = PageContent::Spans(spans(8, 4));
    let page = Page { content, received: NOON, checkpoint };
    cluster.append_pages(vec![page]).remove(0).unwrap();
    let shard = cluster.first_shard();
    let summed = || stored(shard, 0, None, &Budget::unlimited()).unwrap().len();
    let keep = SpanRetention { age: Duration::from_secs(30 * 86_400), bytes: u64::MAX };
    let later = |seconds| NOON.later(Duration::from_secs(seconds));
    cluster.maintain(keep, later(650)).unwrap();
    assert_eq!(summed(), 0, "the bucket is over, and pages may still come");
    // Another page has written its summaries, and not its spans.
    let (table, places) = (shard.table("traces"), shard.table("pages"));
    shard.execute(&format!("INSERT INTO {table} SELECT * FROM {table} LIMIT 1")).unwrap();
    cluster.maintain(keep, later(1_300)).unwrap();
    assert_eq!(summed(), 0);
    let bucket = crate::bucket::bucket_of(NOON);
    // As when it was due, and the page came then.
    sum_up(shard, bucket, || 1).unwrap();
    assert_eq!(summed(), 0);
    shard.execute(&format!("INSERT INTO {places} SELECT toDateTime({bucket}), 1, 1")).unwrap();
    cluster.maintain(keep, later(1_950)).unwrap();
    assert_eq!(summed(), 1);
    drop_database(&cluster);
}
