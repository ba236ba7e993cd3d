//! A store with requests of a shop, and answers from it: for the tests of `coral-query` and of
//! `coral-text`.

use std::sync::Arc;

use coral_store::{Store, StoreConfig};
use coral_trace::{
    Attributes, Collector, Origin, Resource, Scope, Span, SpanId, SpanKind, Status, TraceId,
    UnixNanos, testing,
};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use tempfile::TempDir;

use coral_query::answer::ColonyStatus;
use coral_query::{Ask, Budget, FleetState, SharedSources};

const MS: u64 = 1_000_000;
/// 2026-11-25T12:00:00Z.
pub const NOON: u64 = 1_795_608_000_000 * MS;

/// The sources of a store that holds `spans`, and the temporary directory of the store.
pub fn sources(spans: Vec<Span>) -> (TempDir, SharedSources) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(StoreConfig { dir: dir.path().to_owned(), segment_rows: 10_000 });
    let store = store.unwrap();
    store.append(&[spans], UnixNanos(NOON)).unwrap();
    (dir, shared(store))
}

/// A trace of one request, `secs` before noon, as the SDK of `service` reports it.
pub fn request(id: u64, service: &str, route: &str, secs: u64, ms: u64) -> Span {
    let span = testing::span().new_tree(&mut TestRunner::deterministic()).unwrap().current();
    let resource = Resource {
        attributes: [("service.name", service)].into_iter().collect(),
        ..Resource::default()
    };
    let attributes = [("http.request.method", "GET"), ("http.route", route)];
    let start = NOON - secs * 1_000 * MS;
    Span {
        trace_id: TraceId::try_from(u128::from(id)).unwrap(),
        span_id: SpanId::try_from(id).unwrap(),
        parent_span_id: None,
        name: format!("GET {route}"),
        kind: SpanKind::Server,
        start: UnixNanos(start),
        end: UnixNanos(start + ms * MS),
        attributes: attributes.into_iter().collect::<Attributes>(),
        status: Status::default(),
        events: Vec::new(),
        links: Vec::new(),
        origin: Arc::new(Origin { resource, scope: Scope::default(), collector: Collector::Sdk }),
        ..span
    }
}

/// A colony without agents.
struct NoAgents;

impl FleetState for NoAgents {
    fn status(&self, _: UnixNanos) -> ColonyStatus {
        ColonyStatus::default()
    }
}

/// The sources of a colony that has `store` and no agents.
pub fn shared(store: Store) -> SharedSources {
    let store = Arc::new(store);
    SharedSources { traces: store.clone(), metrics: store, fleet: Arc::new(NoAgents) }
}

/// The answer to `question`.
pub fn ask<Q: Ask>(sources: &SharedSources, question: &Q) -> Q::Answer {
    question.answer(&sources.at(UnixNanos(NOON)), &Budget::unlimited()).unwrap()
}

/// Requests to two routes of `shop`, of which `/pay` is slow, and requests to `cart`.
pub fn shop() -> (TempDir, SharedSources) {
    let list = (1..=20).map(|n| request(n, "shop", "/list", 60 * n, 5 + n % 3));
    let pay = (21..=30).map(|n| request(n, "shop", "/pay", 60 * (n - 20), 300 + n));
    let cart = (31..=33).map(|n| request(n, "cart", "/list", 60 * (n - 30), 7));
    sources(list.chain(pay).chain(cart).collect())
}
