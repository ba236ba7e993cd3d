//! Tests of RED metrics through the store's interface.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use coral_trace::red::{
    Delta, Exemplar, Histogram, Key, KeyHasher, Point, Protocol, Series, Side, Temporality,
};
use coral_trace::{Attributes, TimeRange, UnixNanos};
use proptest::prelude::*;
use tempfile::TempDir;

use super::{NOON, config, span_id, store, trace_id};
use crate::clock::Uptime;
use crate::disk::faults::{self, EIO, ENOSPC, Fault};
use crate::{DeltaQuery, MetricCheckpoint, MetricRetention, Store};

const MS: u64 = 1_000_000;

/// A cumulative point of `protocol` and `route` at `second` after noon: counts in (0, 10 ms] and
/// above.
pub(super) fn point(protocol: Protocol, route: &str, second: u64, counts: [u64; 2]) -> Point {
    let pairs = match protocol {
        Protocol::Http => [("http.route", route), ("http.request.method", "GET")],
        Protocol::Grpc => [("rpc.method", route), ("server.address", "x")],
        Protocol::Sql => [("db.operation.name", route), ("server.address", "x")],
    };
    let attributes: Attributes = pairs.into_iter().collect();
    Point {
        key: KeyHasher::default().with(&attributes).key(),
        stream: Key(protocol as u128),
        series: Series::from_attributes(protocol, Side::Server, "cart", attributes).unwrap().into(),
        temporality: Temporality::Cumulative,
        start: NOON,
        time: at(second),
        histogram: Histogram::new([10 * MS], counts.to_vec(), Some(7.0)).unwrap(),
        exemplars: vec![Exemplar {
            trace_id: trace_id(7),
            span_id: span_id(8),
            nanos: 5 * MS,
            time: at(second),
        }],
    }
}

fn at(second: u64) -> UnixNanos {
    NOON.later(Duration::from_secs(second))
}

/// Number of requests by protocol and name, over all rows.
fn counted(store: &Store) -> BTreeMap<String, u64> {
    let mut counted = BTreeMap::new();
    for protocol in Protocol::ALL {
        let visit = |row: &crate::StoredDelta| {
            let series = &row.delta.series;
            let name = format!("{} {}{}", protocol.as_str(), series.operation, series.target);
            *counted.entry(name).or_default() += row.delta.histogram.count();
        };
        store.deltas(&DeltaQuery::all(protocol, TimeRange::ALL), visit).unwrap();
    }
    counted
}

/// All rows, read in pages of `limit`.
fn pages(store: &Store, limit: usize) -> Vec<(u64, Delta)> {
    let (mut rows, mut after) = (Vec::new(), 0);
    loop {
        let page = store.deltas_after(after, limit).unwrap();
        rows.extend(page.rows.into_iter().map(|row| (row.receipt, row.delta)));
        if page.next_receipt >= page.last_receipt {
            return rows;
        }
        assert!(page.next_receipt > after);
        after = page.next_receipt;
    }
}

fn metric_files(dir: &TempDir) -> Vec<PathBuf> {
    files(&dir.path().join("store/metrics/files"))
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn a_row_comes_back_as_it_was_from_memory_from_the_log_and_from_a_file() {
    let (dir, store) = store();
    let appended = store.append_points(&[vec![point(Protocol::Http, "/a", 10, [2, 1])]], NOON);
    assert_eq!(appended.unwrap()[0].stored, 1);
    let first = pages(&store, 10);
    assert_eq!((first.len(), first[0].0), (1, 1));
    let Delta { series, since, time, histogram, exemplars } = &first[0].1;
    assert_eq!((&*series.target, *since, *time), ("/a", NOON, at(10)));
    assert_eq!((histogram.counts(), histogram.sum), (&[2, 1][..], Some(7.0)));
    assert_eq!(exemplars.len(), 1);
    drop(store);
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!(pages(&store, 10), first, "from the log");
    assert_eq!(store.seal_metrics().unwrap(), 1);
    assert_eq!(pages(&store, 10), first, "from a file");
    drop(store);
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!(pages(&store, 10), first, "from a file, after a restart");
    assert_eq!(store.metric_extent().rows, 1);
}

#[test]
fn an_exemplar_that_is_repeated_is_stored_once() {
    let (_dir, store) = store();
    let old = point(Protocol::Http, "/a", 10, [1, 0]).exemplars;
    let groups = [10, 20].map(|second| {
        vec![Point { exemplars: old.clone(), ..point(Protocol::Http, "/a", second, [second, 0]) }]
    });
    store.append_points(&groups, NOON).unwrap();
    let exemplars: Vec<usize> =
        pages(&store, 10).iter().map(|(_, delta)| delta.exemplars.len()).collect();
    assert_eq!(exemplars, [1, 0]);
}

#[test]
fn each_protocol_expires_by_its_own_retention_and_its_disk_space_returns() {
    let dir = tempfile::tempdir().unwrap();
    let uptime = Arc::new(AtomicU64::new(0));
    let store = Store::open_with(
        config(&dir),
        crate::StoreConfig::COLONY_SEGMENT_BYTES,
        Uptime::Controlled(uptime.clone()),
    )
    .unwrap();
    let all = Protocol::ALL.map(|protocol| point(protocol, "/a", 10, [1, 0])).to_vec();
    store.append_points(&[all], NOON).unwrap();
    let day = Duration::from_secs(86_400);
    let keep = MetricRetention { http: 30 * day, grpc: 30 * day, sql: 14 * day, bytes: u64::MAX };
    uptime.store((4 * day).as_nanos() as u64, Ordering::Relaxed);
    store.maintain_metrics(keep, NOON.later(4 * day)).unwrap();
    assert_eq!(metric_files(&dir).len(), 3);
    uptime.store((15 * day).as_nanos() as u64, Ordering::Relaxed);
    let done = store.maintain_metrics(keep, NOON.later(15 * day)).unwrap();
    assert_eq!((done.expired, metric_files(&dir).len()), (1, 2));
    assert_eq!(counted(&store).keys().collect::<Vec<_>>(), ["grpc /a", "http GET/a"]);
    let done = store.maintain_metrics(MetricRetention { bytes: 1, ..keep }, NOON).unwrap();
    assert_eq!((done.evicted, metric_files(&dir).len()), (2, 0));
    assert_eq!(pages(&store, 10), []);
}

#[test]
fn an_interrupted_seal_loses_and_repeats_nothing() {
    let (dir, store) = store();
    let all = |second| Protocol::ALL.map(|kind| point(kind, "/a", second, [second, 0])).to_vec();
    store.append_points(&[all(10), all(20)], NOON).unwrap();
    let before = pages(&store, 100);
    let logs = dir.path().join("store/metrics/log");
    let saved: Vec<_> =
        files(&logs).into_iter().map(|log| (log.clone(), std::fs::read(log).unwrap())).collect();
    store.seal_metrics().unwrap();
    drop(store);
    // As if the second of three files had not been written and the logs still existed.
    std::fs::remove_file(&metric_files(&dir)[0]).unwrap();
    saved.iter().for_each(|(log, bytes)| std::fs::write(log, bytes).unwrap());
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!(pages(&store, 100), before);
    store.append_points(&[all(30)], NOON).unwrap();
    store.seal_metrics().unwrap();
    drop(store);
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!(pages(&store, 2).len(), 9);
    assert!(counted(&store).values().all(|count| *count == 30), "{:?}", counted(&store));
}

#[test]
fn an_unreadable_metric_file_is_set_aside_and_the_others_are_readable() {
    let (dir, store) = store();
    let all = Protocol::ALL.map(|protocol| point(protocol, "/a", 10, [1, 0])).to_vec();
    store.append_points(&[all], NOON).unwrap();
    store.seal_metrics().unwrap();
    let file = metric_files(&dir).remove(0);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[4..60].fill(0xff);
    std::fs::write(&file, bytes).unwrap();
    assert_eq!(counted(&store).len(), 2);
    assert!(file.with_extension("damaged").exists());
}

#[test]
fn an_agents_page_and_its_checkpoint_are_stored_together() {
    let (dir, store) = store();
    let (_agent_dir, agent) = self::store();
    agent.append_points(&[vec![point(Protocol::Sql, "SELECT", 10, [1, 2])]], NOON).unwrap();
    let page = agent.deltas_after(0, 10).unwrap();
    let mut place =
        MetricCheckpoint { agent_id: "web-1".into(), next_receipt: 1, ..Default::default() };
    let deltas = page.rows.into_iter().map(|row| row.delta).collect();
    store.append_metric_page(deltas, NOON, &mut place).unwrap();
    drop(store);
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!(store.metric_checkpoints(), [MetricCheckpoint { rows_stored: 1, ..place }]);
    let rows = store.deltas_after(0, 10).unwrap().rows;
    assert_eq!((rows.len(), &*rows[0].agent_id), (1, "web-1"));
}

#[test]
fn series_above_the_limit_of_a_service_are_counted_in_one_overflow_series() {
    let (_dir, store) = store();
    let points: Vec<Point> = (0..5_000)
        .map(|route| Point {
            temporality: Temporality::Delta,
            ..point(Protocol::Http, &format!("/{route}"), 10, [1, 0])
        })
        .collect();
    let appended = store.append_points(&[points], NOON).unwrap()[0];
    assert_eq!((appended.stored, appended.dropped), (5_000, 0));
    let counted = counted(&store);
    assert_eq!(counted.len(), 2_001);
    assert_eq!(counted["http otel.metric.overflow"], 3_000);
    assert_eq!(store.metric_extent().overflown, 3_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    /// Points of exporters in any order, some of them repeated, with seals and restarts in between.
    #[test]
    fn every_request_is_stored_once_over_seals_and_restarts(
        steps in prop::collection::vec((0usize..3, 1u64..8, 0u8..6), 1..25),
    ) {
        let (dir, mut store) = store();
        let mut expected = BTreeMap::new();
        for (protocol, second, then) in steps {
            let protocol = Protocol::ALL[protocol];
            // As many requests as seconds have passed, and twice that above the bound.
            let point = point(protocol, "/a", second, [second, 2 * second]);
            store.append_points(&[vec![point.clone()], vec![point]], NOON).unwrap();
            let most: &mut u64 = expected.entry(protocol.as_str()).or_default();
            *most = (3 * second).max(*most);
            match then {
                0 => drop(store.seal_metrics().unwrap()),
                1 => {
                    drop(store);
                    store = Store::open(config(&dir)).unwrap();
                }
                _ => {}
            }
        }
        let counted = counted(&store);
        for (protocol, most) in expected {
            let name = counted.keys().find(|name| name.starts_with(protocol)).unwrap();
            prop_assert_eq!(counted[name], most);
        }
        let rows = pages(&store, 3);
        prop_assert!(rows.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0));
    }

    #[test]
    fn no_fault_loses_doubles_or_misattributes_a_request(
        steps in prop::collection::vec(
            (0..3_usize, 0..2_usize, 1..20_u64, 0..6_u8, prop::option::of((0..8_u64, 0..4_u8))),
            1..16,
        ),
    ) {
        let (dir, first) = store();
        let mut store = Some(first);
        let mut latest: BTreeMap<(usize, usize), u64> = BTreeMap::new();
        let points = |latest: &BTreeMap<(usize, usize), u64>| -> Vec<Point> {
            let point_of = |(&(protocol, route), &second): (&(usize, usize), &u64)| {
                // Each series has an exporter of its own, because the series of one exporter must
                // advance together.
                let stream = Key((10 * protocol + route) as u128);
                let route = ["/a", "/b"][route];
                let counts = [second, 2 * second];
                Point { stream, ..point(Protocol::ALL[protocol], route, second, counts) }
            };
            latest.iter().map(point_of).collect()
        };
        for (protocol, route, second, then, fault) in steps {
            if let Some((after, fault)) = fault {
                let fault = match fault {
                    0 => Fault::Fails(EIO),
                    1 => Fault::Fails(ENOSPC),
                    2 => Fault::CutShort(ENOSPC),
                    _ => Fault::Panics,
                };
                faults::plan(None, after, fault);
            }
            let most = latest.entry((protocol, route)).or_default();
            *most = second.max(*most);
            let exported = points(&latest);
            let at_hand = store.as_ref().unwrap();
            let _ = catch_unwind(AssertUnwindSafe(|| {
                let _ = at_hand.append_points(&[exported], NOON);
            }));
            match then {
                0 => drop(catch_unwind(AssertUnwindSafe(|| at_hand.seal_metrics().is_ok()))),
                1 => {
                    drop(store.take());
                    let opened = catch_unwind(AssertUnwindSafe(|| Store::open(config(&dir)).ok()));
                    faults::clear();
                    store = opened.ok().flatten();
                    store.get_or_insert_with(|| Store::open(config(&dir)).unwrap());
                }
                _ => {}
            }
        }
        faults::clear();
        for _ in 0..2 {
            let at_hand = store.as_ref().unwrap();
            at_hand.append_points(&[points(&latest)], NOON).unwrap();
            let counted = counted(at_hand);
            let mut expected: BTreeMap<String, u64> = BTreeMap::new();
            for Point { series, histogram, .. } in points(&latest) {
                let protocol = series.protocol.as_str();
                let name = format!("{protocol} {}{}", series.operation, series.target);
                expected.insert(name, histogram.count());
            }
            prop_assert_eq!(&counted, &expected);
            prop_assert_eq!(at_hand.metric_extent().damaged, 0);
            store = None;
            store.get_or_insert_with(|| Store::open(config(&dir)).unwrap());
        }
    }
}

#[test]
fn a_metric_log_with_a_damaged_header_is_set_aside_and_its_rows_are_counted() {
    let (dir, store) = store();
    for second in 1..=3 {
        let points = vec![point(Protocol::Http, "/a", second, [second, 0])];
        store.append_points(&[points], at(second)).unwrap();
    }
    let rows = store.deltas_after(0, 100).unwrap().rows.len() as u64;
    assert!(rows > 0);
    drop(store);
    let log = dir.path().join("store/metrics/log/000000000001.log");
    let mut bytes = std::fs::read(&log).unwrap();
    bytes[9] ^= 0x40;
    std::fs::write(&log, bytes).unwrap();
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!(store.metric_extent().damaged, rows);
    assert!(log.with_extension("damaged").exists());
}
