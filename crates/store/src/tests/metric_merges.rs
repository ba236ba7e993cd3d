//! Merges of metric files: what they keep, and when they are made.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use coral_engine::{DeltaQuery, Grain, MetricMerge};
use coral_trace::red::{Delta, Histogram, Protocol, Series, Side};
use coral_trace::{TimeRange, UnixNanos};
use proptest::prelude::*;
use tempfile::TempDir;

use super::metric_files::{append, pages, write_old_file};
use super::{NOON, config};
use crate::clock::Uptime;
use crate::disk::faults::{self, EIO, ENOSPC, Fault};
use crate::{MetricRetention, Store};

const SECOND: u64 = 1_000_000_000;
const DAY: Duration = Duration::from_secs(24 * 3_600);
const KEEP: MetricRetention = MetricRetention::all(Duration::from_secs(90 * 24 * 3_600), u64::MAX);

/// A store whose clock a test sets.
struct Clocked {
    dir: TempDir,
    uptime: Arc<AtomicU64>,
    store: Option<Store>,
}

impl Clocked {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut this = Self { dir, uptime: Arc::default(), store: None };
        this.reopen();
        this
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    fn reopen(&mut self) {
        self.store = None;
        let uptime = Uptime::Controlled(self.uptime.clone());
        self.store = Some(
            Store::open_with(config(&self.dir), crate::StoreConfig::COLONY_SEGMENT_BYTES, uptime)
                .unwrap(),
        );
    }

    fn pass(&self, time: Duration) {
        self.uptime.fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
    }

    /// Seals one row of each series and second of `seconds`.
    fn seal(&self, seconds: std::ops::Range<u64>) {
        let deltas = seconds.flat_map(|second| (0..3).map(move |series| delta(series, second)));
        append(self.store(), deltas.collect(), "agent");
        self.store().seal_metrics().unwrap();
    }

    fn merge(&self) -> MetricMerge {
        self.store().merge_all_metrics(KEEP).unwrap()
    }

    fn files(&self) -> Vec<String> {
        let dir = std::fs::read_dir(self.dir.path().join("store/metrics/files")).unwrap();
        let mut names: Vec<String> =
            dir.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn delta(series: u64, second: u64) -> Delta {
    let time = UnixNanos(NOON.0 + second * SECOND);
    let series = Series {
        protocol: Protocol::Http,
        side: Side::Server,
        service: format!("service-{}", series % 2),
        operation: "GET".to_owned(),
        target: format!("/{series}"),
        status: Some(if series == 2 { 500 } else { 200 }),
        error: String::new(),
        attributes: Default::default(),
    };
    Delta {
        series: series.into(),
        since: UnixNanos(time.0 - SECOND),
        time,
        histogram: Histogram::new([5, 10], vec![second, 1, 2], Some(second as f64)).unwrap(),
        exemplars: vec![coral_trace::red::Exemplar {
            trace_id: super::trace_id(u128::from(second) + 1),
            span_id: super::span_id(1),
            nanos: second,
            time,
        }],
    }
}

/// Requests by bucket and durations of each series and window of `window` seconds.
fn sums(store: &Store, window: u64) -> BTreeMap<(String, u64), (Vec<u64>, f64)> {
    let mut sums: BTreeMap<_, (Vec<u64>, f64)> = BTreeMap::new();
    let all = DeltaQuery::all(Protocol::Http, TimeRange::ALL);
    store
        .deltas(&all, |row| {
            let Delta { series, time, histogram, .. } = &row.delta;
            let key = (format!("{} {series:?}", row.agent_id), time.0 / SECOND / window);
            let sum = sums.entry(key).or_insert((vec![0; histogram.counts().len()], 0.0));
            sum.0.iter_mut().zip(histogram.counts()).for_each(|(sum, count)| *sum += count);
            sum.1 += histogram.sum.unwrap_or_default();
        })
        .unwrap();
    sums
}

#[test]
fn eight_neighbouring_files_become_one_with_the_same_rows() {
    let mut clocked = Clocked::new();
    for file in 0..8 {
        clocked.seal(file * 10..file * 10 + 10);
    }
    let before = pages(clocked.store(), 100);
    assert_eq!(clocked.files().len(), 8);
    let merged = clocked.merge();
    assert_eq!(merged, MetricMerge { merged: 240, ..MetricMerge::default() });
    assert_eq!(clocked.files(), ["http-000000000001-000000000240-0s.parquet"]);
    assert_eq!(pages(clocked.store(), 7), before);
    clocked.reopen();
    assert_eq!(pages(clocked.store(), 100), before);
    assert_eq!(clocked.store().metric_extent().rows, 240);
    assert_eq!(clocked.merge(), MetricMerge::default());
}

#[test]
fn rows_older_than_a_day_have_sums_of_minutes_and_older_than_a_week_of_hours() {
    let mut clocked = Clocked::new();
    clocked.store().maintain_metrics(KEEP, NOON).unwrap();
    clocked.seal(0..7_200);
    let [minutes, hours] = [60, 3_600].map(|window| sums(clocked.store(), window));
    assert_eq!(clocked.merge(), MetricMerge::default());
    clocked.pass(DAY);
    let merged = clocked.merge();
    assert_eq!((merged.merged, merged.rolled_up), (21_600, 21_600 - 360));
    assert_eq!(merged.exemplars_left_out, 21_600 - 3 * 360);
    assert_eq!(sums(clocked.store(), 60), minutes);
    // The question is as fine as the rows were before: each row is in the window of its minute.
    let first = pages(clocked.store(), 1)[0].delta.clone();
    assert_eq!((first.since.0, first.time.0), (NOON.0 - SECOND, NOON.0 + 59 * SECOND));
    clocked.reopen();
    assert_eq!(sums(clocked.store(), 60), minutes);
    clocked.store().maintain_metrics(KEEP, NOON.later(8 * DAY)).unwrap();
    let merged = clocked.merge();
    assert_eq!((merged.merged, merged.rolled_up), (360, 360 - 6));
    assert_eq!(sums(clocked.store(), 3_600), hours);
    assert_eq!(clocked.merge(), MetricMerge::default());
}

#[test]
fn a_file_of_an_earlier_version_is_sorted_by_the_first_merge() {
    let source = Clocked::new();
    let deltas = (0..50).flat_map(|second| (0..3).map(move |series| delta(series, second)));
    append(source.store(), deltas.collect(), "agent");
    let rows = pages(source.store(), 1_000);
    let mut clocked = Clocked::new();
    write_old_file(&clocked.dir, &rows);
    clocked.reopen();
    assert_eq!(clocked.merge().merged, 150);
    assert_eq!(clocked.files(), ["http-000000000001-000000000150-0s.parquet"]);
    assert_eq!(pages(clocked.store(), 1_000), rows);
    assert_eq!(clocked.merge(), MetricMerge::default());
}

#[test]
fn a_reader_that_began_before_a_merge_sees_every_row_once() {
    let clocked = Clocked::new();
    (0..8).for_each(|file| clocked.seal(file..file + 1));
    let (mut rows, mut files) = (0, 0);
    let all = DeltaQuery::all(Protocol::Http, TimeRange::ALL);
    clocked
        .store()
        .deltas(&all, |_| {
            if rows == 0 {
                clocked.merge();
                files = clocked.files().len();
            }
            rows += 1;
        })
        .unwrap();
    assert_eq!((rows, files), (24, 9), "replaced files stay while a reader uses them");
    assert_eq!(clocked.files().len(), 1);
}

#[test]
fn replaced_files_that_a_crash_left_are_removed_when_the_store_is_opened() {
    let mut clocked = Clocked::new();
    (0..8).for_each(|file| clocked.seal(file..file + 1));
    let dir = clocked.dir.path().join("store/metrics/files");
    let saved: Vec<_> = clocked.files().into_iter().map(|name| dir.join(name)).collect();
    let saved: Vec<_> =
        saved.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
    let before = pages(clocked.store(), 100);
    clocked.merge();
    clocked.store = None;
    saved.iter().for_each(|(path, bytes)| std::fs::write(path, bytes).unwrap());
    clocked.reopen();
    assert_eq!(pages(clocked.store(), 100), before);
    assert_eq!(clocked.files().len(), 1);
}

#[test]
fn a_damaged_file_is_set_aside_by_a_merge_and_counted_once() {
    let mut clocked = Clocked::new();
    (0..9).for_each(|file| clocked.seal(file * 100..file * 100 + 100));
    let path = clocked.dir.path().join("store/metrics/files").join(&clocked.files()[4]);
    let mut bytes = std::fs::read(&path).unwrap();
    let end = bytes.len() / 2;
    bytes[4..end].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    clocked.store().merge_all_metrics(KEEP).unwrap_err();
    clocked.merge();
    assert_eq!(clocked.store().metric_extent().damaged, 300);
    assert_eq!(pages(clocked.store(), 10_000).len(), 2_400);
    assert!(path.with_extension("damaged").exists());
    clocked.reopen();
    assert_eq!(pages(clocked.store(), 10_000).len(), 2_400);
}

#[test]
fn a_merge_that_failed_waits_before_it_is_tried_again() {
    let clocked = Clocked::new();
    (0..8).for_each(|file| clocked.seal(file..file + 1));
    clocked.pass(Duration::from_secs(1));
    faults::plan(Some(crate::disk::Operation::Sync), 0, Fault::Fails(ENOSPC));
    clocked.store().merge_metrics(KEEP).unwrap_err();
    clocked.pass(Duration::from_secs(59));
    assert_eq!(clocked.store().merge_metrics(KEEP).unwrap(), MetricMerge::default());
    assert_eq!(clocked.files().len(), 8, "a partial file is removed");
    clocked.pass(Duration::from_secs(1));
    assert_eq!(clocked.store().merge_metrics(KEEP).unwrap().merged, 24);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_fault_in_a_merge_loses_or_doubles_a_request(
        steps in prop::collection::vec(
            (1..4_u64, 0..5_u8, prop::option::of((0..60_u64, 0..4_u8))),
            8..20,
        ),
    ) {
        let mut clocked = Clocked::new();
        clocked.store().maintain_metrics(KEEP, NOON).unwrap();
        let (mut second, mut expected) = (0, 0_u64);
        for (seconds, then, fault) in steps {
            clocked.seal(second..second + seconds);
            second += seconds;
            expected += seconds * 3;
            if let Some((after, fault)) = fault {
                let fault = match fault {
                    0 => Fault::Fails(EIO),
                    1 => Fault::Fails(ENOSPC),
                    2 => Fault::CutShort(ENOSPC),
                    _ => Fault::Panics,
                };
                faults::plan(None, after, fault);
            }
            let store = clocked.store();
            let _ = catch_unwind(AssertUnwindSafe(|| store.merge_all_metrics(KEEP).is_ok()));
            faults::clear();
            match then {
                0 => clocked.reopen(),
                1 => clocked.pass(DAY),
                _ => {}
            }
            let found: u64 = sums(clocked.store(), 3_600).values().map(|sum| sum.0[1]).sum();
            prop_assert_eq!(found, expected);
        }
        clocked.merge();
        let by_minute = sums(clocked.store(), 60);
        clocked.reopen();
        prop_assert_eq!(sums(clocked.store(), 60), by_minute);
        prop_assert_eq!(clocked.store().metric_extent().damaged, 0);
        let minutes = Grain::Step { start: UnixNanos(0), step: 60 * SECOND };
        let all = DeltaQuery::all(Protocol::Http, TimeRange::ALL);
        let (mut found, wanted) = (0, DeltaQuery { grain: minutes, ..all });
        clocked.store().deltas(&wanted, |row| found += row.delta.histogram.counts()[1]).unwrap();
        prop_assert_eq!(found, expected);
    }
}
