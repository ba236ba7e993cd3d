//! Stores that earlier versions wrote: `fixtures/store` has one directory for each.

use std::path::Path;

use coral_trace::{Collector, TimeRange};

use super::{NOON, of_service, span};
use crate::{IndexedQuery, Order, Store, StoreConfig};

/// A copy of each store, opened.
fn stores() -> Vec<(tempfile::TempDir, Store)> {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/store");
    let written = std::fs::read_dir(all).unwrap().map(|entry| entry.unwrap().path());
    written
        .filter(|path| path.is_dir())
        .map(|from| {
            let dir = tempfile::tempdir().unwrap();
            copy(&from, &dir.path().join("store"));
            let config = StoreConfig { dir: dir.path().join("store"), segment_rows: 1_000 };
            let store = Store::open(config).unwrap();
            (dir, store)
        })
        .collect()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(&path, &to).unwrap();
        }
    }
}

fn ids(store: &Store, query: &IndexedQuery) -> Vec<(u128, u64)> {
    let found = store.search(query).unwrap();
    found.iter().map(|trace| (trace.trace_id.as_u128(), trace.spans)).collect()
}

#[test]
fn a_store_of_an_earlier_version_answers_as_it_did() {
    let stores = stores();
    assert!(!stores.is_empty());
    for (_dir, store) in stores {
        let all = IndexedQuery::newest(10);
        assert_eq!(store.extent().damaged, 0);
        assert_eq!(ids(&store, &all), [(5, 1), (4, 2), (3, 2), (2, 2), (1, 2)]);
        let stock = IndexedQuery { services: vec!["stock".to_owned()], ..all.clone() };
        assert_eq!(ids(&store, &stock), [(4, 2), (2, 2), (1, 2)]);
        let long = IndexedQuery { min_duration_us: Some(50_000), ..all.clone() };
        assert_eq!(ids(&store, &long), [(4, 2), (3, 2), (2, 2), (1, 2)]);
        let by_ebpf = IndexedQuery { collector: Some(Collector::Ebpf), ..all.clone() };
        assert_eq!(ids(&store, &by_ebpf), [(5, 1), (4, 1), (3, 2), (2, 1), (1, 1)]);
        let slowest = IndexedQuery { order: Order::Slowest, ..IndexedQuery::newest(1) };
        assert_eq!(ids(&store, &slowest), [(3, 2)]);
        assert_eq!(
            store.services(TimeRange::ALL).unwrap().into_iter().collect::<Vec<_>>(),
            ["shop", "stock"]
        );
        assert_eq!(store.dependencies(TimeRange::ALL, None).unwrap().topology().counts.traces, 5);
    }
}

#[test]
fn a_store_of_an_earlier_version_goes_on() {
    for (dir, store) in stores() {
        let late = of_service(span(1, 90, None, 40, 100), "late");
        store.append(&[vec![late.clone(), span(6, 60, None, 300, 1)]], NOON).unwrap();
        store.append(&[vec![late]], NOON).unwrap();
        store.seal().unwrap();
        drop(store);
        let config = StoreConfig { dir: dir.path().join("store"), segment_rows: 1_000 };
        let store = Store::open(config).unwrap();
        let all = IndexedQuery::newest(10);
        assert_eq!(ids(&store, &all), [(6, 1), (5, 1), (4, 2), (3, 2), (2, 2), (1, 3)]);
        let late = IndexedQuery { services: vec!["late".to_owned()], ..all };
        assert_eq!(ids(&store, &late), [(1, 3)]);
    }
}
