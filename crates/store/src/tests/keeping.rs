//! Retention and the size limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use coral_trace::{Collector, Span, UnixNanos};

use super::{NOON, config, span, store};
use crate::clock::Uptime;
use crate::hot::generation::Generation;
use crate::{IndexedQuery, SpanMaintenance, SpanRetention, Store, StoreConfig};

const HOUR: SpanRetention = SpanRetention { age: Duration::from_secs(3600), bytes: u64::MAX };

fn minutes(minutes: u64) -> UnixNanos {
    NOON.later(Duration::from_secs(60 * minutes))
}

/// A store with controlled clocks.
struct Clocked {
    dir: tempfile::TempDir,
    store: Store,
    uptime: Arc<AtomicU64>,
    opened: u64,
}

impl Clocked {
    /// Opens the store `at` minutes after noon.
    fn open(dir: tempfile::TempDir, at: u64) -> Self {
        let uptime = Arc::new(AtomicU64::new(0));
        let store = Store::open_with(
            config(&dir),
            StoreConfig::COLONY_SEGMENT_BYTES,
            Uptime::Controlled(uptime.clone()),
        )
        .unwrap();
        Self { dir, store, uptime, opened: at }
    }

    fn reopen(self, at: u64) -> Self {
        drop(self.store);
        Self::open(self.dir, at)
    }

    /// Sets both clocks to `at` minutes after noon.
    fn pass_to(&self, at: u64) {
        self.uptime.store((at - self.opened) * 60_000_000_000, Ordering::Relaxed);
    }

    /// Stores a trace of one span, received `at` minutes after noon by the wall clock.
    fn receive(&self, id: u64, at: u64) {
        self.pass_to(at);
        self.store.append(&[vec![span(id.into(), id, None, 0, 1)]], minutes(at)).unwrap();
    }

    fn maintain(&self, at: u64) -> SpanMaintenance {
        self.pass_to(at);
        self.store.maintain(HOUR, minutes(at)).unwrap()
    }

    /// The ids of stored traces.
    fn traces(&self) -> Vec<u128> {
        let found = self.store.search(&IndexedQuery::newest(100)).unwrap();
        let mut ids: Vec<u128> = found.iter().map(|trace| trace.trace_id.as_u128()).collect();
        ids.sort_unstable();
        ids
    }
}

fn segment_files(dir: &tempfile::TempDir) -> usize {
    let files = std::fs::read_dir(dir.path().join("store/segments")).unwrap();
    files
        .filter(|file| !file.as_ref().unwrap().file_name().to_string_lossy().starts_with("empty"))
        .count()
}

#[test]
fn spans_expire_by_their_receipt_and_their_files_with_them() {
    let it = Clocked::open(tempfile::tempdir().unwrap(), 0);
    it.receive(1, 0);
    it.receive(2, 10);
    // Nothing is due: the oldest row is younger than a quarter of the retention.
    assert_eq!(it.maintain(14), SpanMaintenance::default());
    assert_eq!(it.maintain(20).sealed, 2);
    it.receive(3, 50);
    assert_eq!(segment_files(&it.dir), 6);
    let done = it.maintain(71);
    assert_eq!((done.sealed, done.expired), (1, 2));
    assert_eq!(it.traces(), [3]);
    assert_eq!((it.store.extent().spans, it.store.extent().first_receipt), (1, 3));
    assert_eq!(segment_files(&it.dir), 6);
    assert_eq!(it.maintain(200).expired, 1);
    assert_eq!(segment_files(&it.dir), 0);
    assert_eq!(it.store.extent().spans, 0);
}

#[test]
fn receipts_continue_after_everything_expired_and_a_restart() {
    let it = Clocked::open(tempfile::tempdir().unwrap(), 0);
    it.receive(1, 0);
    it.maintain(60);
    it.maintain(120);
    assert_eq!(it.store.extent().spans, 0);
    let id = it.store.id().to_owned();
    let it = it.reopen(121);
    assert_eq!(it.store.id(), id);
    assert_eq!((it.store.extent().last_receipt, it.store.extent().first_receipt), (1, 2));
    it.receive(2, 121);
    let page = it.store.spans_after(Collector::Ebpf, 1, 10).unwrap();
    assert_eq!((page.spans[0].receipt, page.first_receipt), (2, 2));
}

const EIGHT_DAYS: u64 = 8 * 24 * 60;

#[test]
fn a_wall_clock_that_jumps_ahead_for_a_moment_expires_nothing() {
    let it = Clocked::open(tempfile::tempdir().unwrap(), 0);
    it.receive(1, 0);
    it.maintain(16);
    it.pass_to(17);
    // A row is received while the wall clock shows a time eight days later.
    it.store.append(&[vec![span(2, 2, None, 0, 1)]], minutes(17 + EIGHT_DAYS)).unwrap();
    it.store.seal().unwrap();
    let done = it.store.maintain(HOUR, minutes(17 + EIGHT_DAYS)).unwrap();
    assert_eq!(done.expired, 0);
    it.receive(3, 18);
    assert_eq!(it.maintain(34).expired, 0);
    assert_eq!(it.traces(), [1, 2, 3]);
    // Each row expires when it is an hour old.
    assert_eq!(it.maintain(62).expired, 1);
    assert_eq!(it.maintain(79).expired, 2);
}

#[test]
fn rows_from_the_future_do_not_delay_expiry_after_a_restart() {
    let it = Clocked::open(tempfile::tempdir().unwrap(), 0);
    it.store.append(&[vec![span(1, 1, None, 0, 1)]], minutes(EIGHT_DAYS)).unwrap();
    it.store.seal().unwrap();
    it.receive(2, 1);
    it.store.seal().unwrap();
    let it = it.reopen(30);
    assert_eq!(it.maintain(30).expired, 0);
    assert_eq!(it.maintain(62).expired, 2);
}

#[test]
fn a_wall_clock_that_is_wrong_at_a_restart_expires_nothing() {
    let it = Clocked::open(tempfile::tempdir().unwrap(), 0);
    it.receive(1, 0);
    let it = it.reopen(EIGHT_DAYS);
    // The clock may be right, but the store cannot know. So ages start at 0 at the newest row.
    assert_eq!(it.maintain(EIGHT_DAYS).expired, 0);
    assert_eq!(it.maintain(EIGHT_DAYS + 59).expired, 0);
    assert_eq!(it.maintain(EIGHT_DAYS + 61).expired, 1);
}

#[test]
fn after_a_restart_rows_are_as_old_as_the_wall_clock_says() {
    let it = Clocked::open(tempfile::tempdir().unwrap(), 0);
    it.receive(1, 0);
    it.maintain(16);
    let it = it.reopen(50);
    assert_eq!(it.maintain(50).expired, 0);
    assert_eq!(it.maintain(61).expired, 1);
}

#[test]
fn the_size_limit_evicts_the_oldest_spans_first_and_counts_them() {
    let (_dir, store) = store();
    for id in 1..=3 {
        store.append(&[vec![span(id.into(), id, None, 0, 1)]], minutes(id)).unwrap();
        store.seal().unwrap();
    }
    // Measures the directory.
    store.maintain(HOUR, minutes(3)).unwrap();
    let cap = store.extent().bytes - 1;
    let done = store.maintain(SpanRetention { bytes: cap, ..HOUR }, minutes(4)).unwrap();
    assert_eq!((done.evicted, done.expired), (1, 0));
    assert!(store.extent().bytes <= cap);
    let left = store.search(&IndexedQuery::newest(10)).unwrap();
    assert_eq!(left.iter().map(|trace| trace.trace_id.as_u128()).min(), Some(2));
}

#[test]
fn hot_rows_are_sealed_when_there_are_many() {
    let (_dir, store) = store();
    let many = (1..=1_000).map(|id| span(id.into(), id, None, id, 1)).collect();
    store.append(&[many], NOON).unwrap();
    assert_eq!(store.maintain(HOUR, NOON).unwrap().sealed, 1_000);
    assert_eq!((store.extent().segments, store.extent().spans), (1, 1_000));
    assert_eq!(store.search(&IndexedQuery::newest(2_000)).unwrap().len(), 1_000);
}

#[test]
fn a_new_store_has_a_new_store_id() {
    let ((_a, one), (_b, other)) = (store(), store());
    assert_ne!(one.id(), other.id());
    assert_eq!(one.id().len(), 32);
    let _: &Store = &one;
}

#[test]
fn the_age_of_hot_rows_starts_over_with_every_seal() {
    let it = Clocked::open(tempfile::tempdir().unwrap(), 0);
    it.receive(1, 0);
    assert_eq!(it.maintain(16).sealed, 1);
    it.receive(2, 16);
    assert_eq!(it.maintain(17).sealed, 0);
    assert_eq!(it.maintain(31).sealed, 1);
}

#[test]
fn the_size_limit_counts_damaged_files_and_removes_them_first() {
    let (dir, store) = store();
    for id in 1..=2 {
        store.append(&[vec![span(id.into(), id, None, 0, 1)]], minutes(id)).unwrap();
        store.seal().unwrap();
    }
    let damaged = dir.path().join("store/segments/000000000000.spans.damaged");
    std::fs::write(&damaged, vec![0; 1 << 20]).unwrap();
    let done = store.maintain(SpanRetention { bytes: 1 << 20, ..HOUR }, minutes(3)).unwrap();
    assert_eq!((done.evicted, damaged.exists()), (0, false));
}

#[test]
fn segments_stay_when_removing_them_would_not_help() {
    let (dir, store) = store();
    store.append(&[vec![span(1, 1, None, 0, 1)]], minutes(1)).unwrap();
    store.seal().unwrap();
    std::fs::write(dir.path().join("store/somebody-elses"), vec![0; 2 << 20]).unwrap();
    let done = store.maintain(SpanRetention { bytes: 1 << 20, ..HOUR }, minutes(3)).unwrap();
    assert_eq!(done.evicted, 0);
}

#[test]
fn files_that_a_reader_holds_do_not_evict_further_segments() {
    let (_dir, store) = store();
    for id in 1..=6 {
        store.append(&[vec![span(id.into(), id, None, 0, 1)]], minutes(id)).unwrap();
        store.seal().unwrap();
    }
    store.maintain(HOUR, minutes(7)).unwrap();
    let cap = SpanRetention { bytes: store.extent().bytes - 1, ..HOUR };
    let held = store.0.spans.live.segments();
    assert_eq!(store.maintain(cap, minutes(7)).unwrap().evicted, 1);
    for _ in 0..5 {
        assert_eq!(store.maintain(cap, minutes(7)).unwrap().evicted, 0);
    }
    drop(held);
    assert_eq!(store.maintain(cap, minutes(7)).unwrap().evicted, 0);
    assert_eq!(store.extent().segments, 5);
}

/// A span with an attribute of 10 KB.
fn big(id: u64) -> Span {
    let payload = "x".repeat(10_000);
    super::with_attributes(span(id.into(), id, None, 0, 1), vec![("payload", payload.as_str())])
}

#[test]
fn big_spans_are_sealed_early_and_usual_spans_by_their_number() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open_within(config(&dir), 512 << 10).unwrap();
    let maintain = || store.maintain(HOUR, NOON).unwrap().sealed;
    for id in 1..=40 {
        store.append(&[vec![big(id)]], NOON).unwrap();
    }
    assert_eq!(maintain(), 0);
    store.append(&[(41..=70).map(big).collect()], NOON).unwrap();
    assert_eq!(maintain(), 70);
    // The sealed rows count no more.
    store.append(&[vec![big(71)]], NOON).unwrap();
    assert_eq!(maintain(), 0);
}

#[test]
fn a_generation_exceeds_its_memory_by_at_most_one_commit_however_large_spans_are() {
    let dir = tempfile::tempdir().unwrap();
    const LIMIT: u64 = 256 << 10;
    const COMMIT: u64 = 64 << 10;
    let open = || Store::open_within(config(&dir), LIMIT).unwrap();
    let memory = |store: &Store| -> Vec<u64> {
        store.0.spans.live.read().generations().map(Generation::memory).collect()
    };
    let store = open();
    for id in 0..20 {
        store.append(&[(4 * id + 1..=4 * id + 4).map(big).collect()], NOON).unwrap();
    }
    let held = memory(&store);
    assert!(held.len() >= 3 && held.iter().all(|held| *held < LIMIT + COMMIT), "{held:?}");
    // Also after a restart, and in segments in order of receipt.
    drop(store);
    let store = open();
    let held = memory(&store);
    assert!(held.len() >= 3 && held.iter().all(|held| *held < LIMIT + COMMIT), "{held:?}");
    store.append(&[vec![big(81)]], NOON).unwrap();
    assert_eq!(store.seal().unwrap(), 81);
    let page = store.spans_after(Collector::Ebpf, 0, 100).unwrap();
    assert!(page.spans.iter().map(|stored| stored.receipt).eq(1..=81));
    assert!(store.extent().segments >= 3);
    // A span that comes again is known, wherever it was sealed.
    let again = store.append(&[(1..=81).map(big).collect()], NOON).unwrap();
    assert_eq!((again[0].new, again[0].duplicate), (0, 81));
}

#[test]
fn a_full_generation_is_sealed_without_the_rows_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open_within(config(&dir), 256 << 10).unwrap();
    store.append(&[(1..=30).map(big).collect()], NOON).unwrap();
    store.append(&[vec![span(31, 31, None, 0, 1)]], NOON).unwrap();
    assert_eq!(store.maintain(HOUR, NOON).unwrap().sealed, 30);
    assert_eq!(store.maintain(HOUR, NOON).unwrap().sealed, 0);
    assert_eq!(store.seal().unwrap(), 1);
}

#[test]
fn spans_are_refused_while_large_ones_cannot_be_sealed() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open_within(config(&dir), 64 << 10).unwrap();
    let refused = (1..=60).find(|id| store.append(&[vec![big(*id)]], NOON).is_err()).unwrap();
    assert!((20..50).contains(&refused), "{refused}");
    assert_eq!(store.seal().unwrap(), refused - 1);
    store.append(&[vec![big(refused)]], NOON).unwrap();
}

#[test]
fn usual_spans_have_so_few_bytes_that_they_are_sealed_by_their_number() {
    let (_dir, store) = store();
    let usual = |id: u64| {
        let attributes = vec![
            ("http.request.method", "GET"),
            ("http.route", "/api/v1/orders/{id}"),
            ("url.path", "/api/v1/orders/7e1f0a2c"),
            ("url.scheme", "http"),
            ("client.address", "10.42.0.117"),
            ("server.address", "orders.shop.svc"),
            ("deployment", "blue"),
        ];
        super::with_attributes(span(id.into(), id, None, 0, 1), attributes)
    };
    store.append(&[(1..=1_000).map(usual).collect()], NOON).unwrap();
    let bytes = store.0.spans.live.read().hot_memory() / 1_000;
    assert!(bytes * 163_840 < StoreConfig::AGENT_SEGMENT_BYTES, "{bytes} bytes per row");
}
