//! Tests of a store through its interface: real files, in a directory per test.

mod bad_days;
mod calls;
mod conformance;
mod coverage;
mod damage;
mod earlier;
mod endless;
mod exact;
mod exports;
mod faults;
mod index;
mod keeping;
mod metric_files;
mod metric_merges;
mod metrics;
mod once;
mod page_columns;
mod pages;
mod reading;
mod received;
mod searches;
mod segment_merges;
mod services;
mod sql;
mod values;

use std::path::PathBuf;
use std::sync::Arc;

use coral_engine::{Checkpoint, EngineError, Page, PageContent, PageWriter};
use coral_trace::{
    Attributes, Collector, Origin, Resource, Scope, Span, SpanId, SpanKind, Status, StatusCode,
    TraceId, UnixNanos,
};
use tempfile::TempDir;

use crate::{Store, StoreConfig};

/// The time at which tests take place: 12:00 UTC.
const NOON: UnixNanos = UnixNanos(1_795_608_000_000_000_000);

fn config(dir: &TempDir) -> StoreConfig {
    StoreConfig { dir: dir.path().join("store"), segment_rows: 1_000 }
}

/// A new store, and its directory.
pub(crate) fn store() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(config(&dir)).unwrap();
    (dir, store)
}

/// Stores a page with `checkpoint`, and updates `checkpoint` to what was stored.
fn append_page(
    store: &Store,
    spans: Vec<Span>,
    checkpoint: &mut Checkpoint,
) -> Result<(), EngineError> {
    let (content, received) = (PageContent::Spans(spans), NOON);
    let page = Page { content, received, checkpoint: checkpoint.clone() };
    *checkpoint = store.append_pages(vec![page]).remove(0)?.checkpoint;
    Ok(())
}

/// The files of segments with the extension `kind`, in order.
fn segment_files(dir: &TempDir, kind: &str) -> Vec<PathBuf> {
    let files = std::fs::read_dir(dir.path().join("store/segments")).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|of| of == kind)).collect();
    paths.sort();
    paths
}

/// The number of bytes that this thread has read so far, in system calls.
fn bytes_read() -> u64 {
    let io = std::fs::read_to_string("/proc/thread-self/io").unwrap();
    let read = io.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap();
    read.trim().parse().unwrap()
}

fn trace_id(number: u128) -> TraceId {
    TraceId::try_from(number).unwrap()
}

fn span_id(number: u64) -> SpanId {
    SpanId::try_from(number).unwrap()
}

fn origin(service: &str, collector: Collector) -> Arc<Origin> {
    let attributes = [("service.name", service), ("host.name", "vm")].into_iter().collect();
    let resource = Resource { attributes, ..Resource::default() };
    Arc::new(Origin { resource, scope: Scope::default(), collector })
}

/// A span of service `shop`, collected by eBPF, that starts `at_ms` after noon and takes `ms`.
pub(crate) fn span(trace: u128, id: u64, parent: Option<u64>, at_ms: u64, ms: u64) -> Span {
    let start = UnixNanos(NOON.0 + at_ms * 1_000_000);
    Span {
        trace_id: trace_id(trace),
        span_id: span_id(id),
        parent_span_id: parent.map(span_id),
        trace_state: String::new(),
        flags: 0,
        name: format!("GET /{id}"),
        kind: SpanKind::Server,
        start,
        end: UnixNanos(start.0 + ms * 1_000_000),
        attributes: Attributes::default(),
        dropped_attributes: 0,
        events: Vec::new(),
        dropped_events: 0,
        links: Vec::new(),
        dropped_links: 0,
        status: Status::default(),
        origin: origin("shop", Collector::Ebpf),
    }
}

fn failed(mut span: Span) -> Span {
    span.status = Status { code: StatusCode::Error, message: String::new() };
    span
}

fn of_service(mut span: Span, service: &str) -> Span {
    span.origin = origin(service, Collector::Ebpf);
    span
}

fn by_sdk(mut span: Span) -> Span {
    span.origin = origin("shop", Collector::Sdk);
    span
}

fn with_attributes<V: Into<coral_trace::Value>>(mut span: Span, pairs: Vec<(&str, V)>) -> Span {
    span.attributes = pairs.into_iter().collect();
    span
}
