//! What the agent holds to, whatever its callers do.

use std::sync::mpsc;

use coral_store::{Resources, StoreConfig};
use coral_wire::agent_rpc::proto::SpanEncoding;

use super::request::Place;
use super::*;

#[test]
fn a_caller_that_goes_does_not_let_more_queries_run_than_there_are_places() {
    let dir = tempfile::tempdir().unwrap();
    let resources = Resources { memory_limit: 128 << 20, threads: 1 };
    let config = StoreConfig { dir: dir.path().join("agent"), resources, segment_rows: 1_000 };
    let view = AgentView {
        agent_id: "web-1".into(),
        store: Store::open(config).unwrap(),
        counters: Arc::default(),
        retained: Arc::default(),
    };
    let rpc = AgentRpc { view: Arc::new(view), queries: Arc::new(Semaphore::new(1)) };
    let one_thread = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build();
    one_thread.unwrap().block_on(async {
        // The query cannot begin before this ends.
        let (go, wait) = mpsc::channel::<()>();
        let before = tokio::task::spawn_blocking(move || wait.recv());
        let place = Place { after: 0, max_spans: 5, encoding: SpanEncoding::Otlp };
        let query = rpc.spans(Collector::Ebpf, SpanQuestion::After(place));
        tokio::select! { biased; _ = query => panic!("it began"), () = std::future::ready(()) => {} }
        assert_eq!(rpc.queries.available_permits(), 0, "its place is free while it is to run");
        go.send(()).unwrap();
        before.await.unwrap().unwrap();
        drop(rpc.queries.acquire().await.unwrap());
    });
}
