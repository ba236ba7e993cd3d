//! How long a cluster takes. Run by hand:
//! `cargo test -p coral-cluster --lib -- --ignored --nocapture how_long`.

use std::time::Instant;

use coral_engine::conformance::NOON;
use coral_engine::{
    Budget, Checkpoint, Columns, Grid, Page, PageContent, PageWriter, TraceQuery, TraceReader,
};
use coral_trace::{Collector, TimeRange};

use super::exactly_once::spans;
use super::server::{config, drop_database, shared};
use crate::Cluster;

#[test]
#[ignore = "it measures"]
fn how_long_questions_take() {
    let Some(servers) = shared() else { return };
    let cluster = Cluster::open(&config(&servers.urls, servers.urls.len().min(2))).unwrap();
    let (count, traces) = (400_000, 50_000);
    let all = spans(count, traces);
    let budget = Budget::unlimited();
    let mut checkpoint = Checkpoint {
        agent_id: "web-1".to_owned(),
        collector: Collector::Ebpf,
        store_id: "store".to_owned(),
        next_receipt: 0,
        spans_stored: 0,
        spans_missed: 0,
    };
    let begun = Instant::now();
    for some in all.chunks(5_000) {
        checkpoint.next_receipt += some.len() as u64;
        let content = PageContent::Spans(some.to_vec());
        let page = Page { content, received: NOON, checkpoint: checkpoint.clone() };
        checkpoint = cluster.append_pages(vec![page]).remove(0).unwrap().checkpoint;
    }
    eprintln!("{count} spans in pages of 5,000: {:?}", begun.elapsed());
    eprintln!("{:?}", cluster.extent().unwrap());
    let time = |name: &str, ask: &dyn Fn()| {
        let mut times: Vec<_> = (0..5)
            .map(|_| {
                let begun = Instant::now();
                ask();
                begun.elapsed()
            })
            .collect();
        times.sort_unstable();
        eprintln!("{name}: {:?}", times[2]);
    };
    let id = all[7].trace_id;
    let hour = TimeRange { start: NOON, end: NOON.later(std::time::Duration::from_secs(3_600)) };
    let newest = TraceQuery { started: hour, ..TraceQuery::newest(20) };
    let named = TraceQuery { name: Some("GET /3".to_owned()), ..newest.clone() };
    let with = TraceQuery {
        attributes: vec![("url.path".to_owned(), "/a/path/of/some/length".to_owned())],
        ..newest.clone()
    };
    time("a trace by its id", &|| {
        assert_eq!(cluster.trace(id, None, Columns::ALL, 100, &budget).unwrap().span_count, 8);
    });
    time("the newest 20", &|| assert_eq!(cluster.search(&newest, &budget).unwrap().len(), 20));
    time("20 with a name", &|| assert_eq!(cluster.search(&named, &budget).unwrap().len(), 20));
    time("20 with an attribute", &|| {
        assert_eq!(cluster.search(&with, &budget).unwrap().len(), 20);
    });
    time("a histogram", &|| {
        let grid = Grid { range: hour, columns: 60, bounds_us: vec![1_000, 10_000] };
        cluster.histogram(&newest, &grid, &budget).unwrap();
    });
    time("services", &|| assert_eq!(cluster.services(hour, &budget).unwrap().len(), 1));
    time("the service map", &|| drop(cluster.dependencies(hour, None, &budget).unwrap()));
    drop_database(&cluster);
}
