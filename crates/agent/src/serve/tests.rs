//! Properties of the agent's RPC that hold whatever its callers send.

mod lease;

use std::sync::mpsc;

use coral_server::admission::{Identity, Surface};
use coral_store::StoreConfig;
use coral_trace::{Collector, testing};
use coral_wire::agent_rpc::proto::agent_service_server::AgentService as _;
use coral_wire::agent_rpc::proto::{QueryBeylaMetricsRequest, QueryTelemetryRequest, SpanEncoding};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use prost::Message as _;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response};

use super::request::{SpanQuestion, StreamPosition};
use super::rpc::AgentRpc;
use super::*;

/// An agent that runs at most `queries` queries at a time, and its directory.
fn agent(queries: usize) -> (AgentRpc, TempDir) {
    let (_ends, committed) = watch::channel(());
    agent_with(queries, Commits { committed, stop: CancellationToken::new() })
}

/// An agent whose polls listen to `commits`.
fn agent_with(queries: usize, commits: Commits) -> (AgentRpc, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let config = StoreConfig { dir: dir.path().join("agent"), segment_rows: 1_000 };
    let survey = Arc::new(coral_beyla::survey::Survey::new(&[], dir.path()));
    let view = AgentView {
        encryption: "loopback",
        survey,
        agent_id: "web-1".into(),
        store: Store::open(config).unwrap(),
        commits,
        counters: Arc::default(),
        retain_counters: Arc::default(),
        beyla: Arc::new(BeylaMonitor::switched_off(Arc::default(), "not run here")),
        admission: Admission::new(AdmissionLimits { max_running: queries, ..QUERIES }),
        colony: Arc::default(),
        leases: Leases::default(),
        started: UnixNanos(1_795_608_000_000_000_000),
        beyla_sampling_rate: None,
    };
    (AgentRpc { view: Arc::new(view) }, dir)
}

/// Arbitrary requests, whose fields are unusual individually and in combination.
fn request() -> impl Strategy<Value = QueryBeylaMetricsRequest> {
    let seconds = || prop_oneof![3 => Just(0), 1 => any::<i64>(), 1 => 0..2_000_000_000i64];
    let hex =
        |digits: &'static str| prop_oneof![3 => Just(String::new()), 2 => digits, 1 => ".{0,9}"];
    let services = prop::collection::vec(testing::text(), 0..3);
    let limits = (prop_oneof![Just(0), any::<i32>(), 1..1_001i32], any::<u32>());
    let place = (prop::option::of(prop_oneof![0..50u64, any::<u64>()]), -1..4i32);
    let ids = (hex("[0-9a-f]{32}"), hex("[0-9a-f]{16}"));
    let kinds = prop::collection::vec(-1..5i32, 0..3);
    let member = || prop_oneof![4 => Just(String::new()), 2 => "[a-c]", 1 => testing::text()];
    let lease = (member(), member(), prop_oneof![Just(0), any::<u32>()]);
    (seconds(), seconds(), services, ids, limits, place, kinds, lease).prop_map(
        |(start_time, end_time, service_names, ids, limits, place, metric_types, lease)| {
            QueryBeylaMetricsRequest {
                start_time,
                end_time,
                service_names,
                metric_types,
                include_traces: true,
                trace_id: ids.0,
                span_id: ids.1,
                max_traces: limits.0,
                max_spans: limits.1,
                after_receipt: place.0,
                span_encoding: place.1,
                cluster_id: lease.0,
                colony_id: lease.1,
                lease_ms: lease.2,
                ..QueryBeylaMetricsRequest::default()
            }
        },
    )
}

/// A request whose bytes were cut or changed, if the result is still a request.
fn damaged() -> impl Strategy<Value = Option<QueryBeylaMetricsRequest>> {
    let damage = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    (request(), damage).prop_map(|(request, damage)| {
        let mut bytes = request.encode_to_vec();
        for (place, byte) in damage {
            *place.get_mut(&mut bytes) = byte;
        }
        QueryBeylaMetricsRequest::decode(&bytes[..]).ok()
    })
}

#[test]
fn any_request_is_answered_or_refused_with_a_reason() {
    let (rpc, _dir) = agent(QUERIES.max_running);
    let mut runner = TestRunner::deterministic();
    let spans = testing::distinct_spans(30..60).new_tree(&mut runner).unwrap().current();
    rpc.view.store.append(&[spans], coral_trace::UnixNanos(1)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let property = |request: Option<QueryBeylaMetricsRequest>| {
        let Some(request) = request else { return Ok(()) };
        let asked = format!("{request:?}");
        let outcome = runtime.block_on(rpc.query_beyla_metrics(Request::new(request)));
        if let Err(status) = outcome {
            // A panic would be reported as `Internal`.
            let expected = [
                tonic::Code::InvalidArgument,
                tonic::Code::ResourceExhausted,
                tonic::Code::FailedPrecondition,
            ];
            prop_assert!(expected.contains(&status.code()), "{asked}: {status}");
        }
        Ok(())
    };
    TestRunner::new(Config { failure_persistence: None, ..Config::default() })
        .run(&damaged(), property)
        .unwrap();
}

#[test]
fn a_trace_that_exceeds_max_spans_is_refused_by_that_limit_and_not_by_a_wrong_count() {
    let (rpc, _dir) = agent(QUERIES.max_running);
    let mut runner = TestRunner::deterministic();
    let template = testing::span().new_tree(&mut runner).unwrap().current();
    let mut origin = (*template.origin).clone();
    origin.collector = Collector::Ebpf;
    let origin = Arc::new(origin);
    let spans = (1..=50_u64).map(|id| coral_trace::Span {
        span_id: id.try_into().unwrap(),
        parent_span_id: None,
        origin: origin.clone(),
        ..template.clone()
    });
    rpc.view.store.append(&[spans.collect()], coral_trace::UnixNanos(1)).unwrap();
    let request = QueryBeylaMetricsRequest {
        include_traces: true,
        trace_id: template.trace_id.to_string(),
        max_spans: 10,
        ..QueryBeylaMetricsRequest::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let refused = runtime.block_on(rpc.query_beyla_metrics(Request::new(request))).unwrap_err();
    assert_eq!(refused.code(), tonic::Code::ResourceExhausted);
    assert!(refused.message().contains("has more than max_spans (10) spans;"), "{refused}");
}

#[test]
fn the_query_of_a_disconnected_caller_keeps_its_permit_until_it_has_ended() {
    let (rpc, _dir) = agent(1);
    let mut one_thread = tokio::runtime::Builder::new_current_thread();
    // A wait for the permit needs a timer.
    let one_thread = one_thread.enable_time().max_blocking_threads(1).build();
    one_thread.unwrap().block_on(async {
        // The query cannot begin before this blocking task ends.
        let (go, wait) = mpsc::sync_channel::<()>(1);
        let before = tokio::task::spawn_blocking(move || wait.recv());
        let position = StreamPosition {
            after: 0,
            max_spans: 5,
            encoding: SpanEncoding::Otlp,
            wait: Duration::ZERO,
            columns: None,
        };
        let who = Identity::new(Surface::AgentRpc, None);
        let query = rpc.spans(&who, Collector::Ebpf, SpanQuestion::After(position));
        tokio::select! { biased; _ = query => panic!("it began"), () = std::future::ready(()) => {} }
        let running = || rpc.view.counters()["coral.agent.queries.running"];
        assert_eq!(running(), 1, "the permit of a running query is free");
        go.send(()).unwrap();
        before.await.unwrap().unwrap();
        drop(rpc.view.admission.admit(&who).await.expect("no permit"));
        assert_eq!(running(), 0);
    });
}

#[test]
fn pages_of_big_spans_are_bounded_by_bytes_and_have_each_span_once() {
    let (rpc, _dir) = agent(QUERIES.max_running);
    let store = &rpc.view.store;
    let mut runner = TestRunner::deterministic();
    let template = testing::span().new_tree(&mut runner).unwrap().current();
    let mut origin = (*template.origin).clone();
    origin.collector = Collector::Ebpf;
    let origin = Arc::new(origin);
    let name = "x".repeat(600_000);
    let spans = (1..=16_u64).map(|id| coral_trace::Span {
        span_id: id.try_into().unwrap(),
        name: name.clone(),
        origin: origin.clone(),
        ..template.clone()
    });
    store.append(&[spans.collect()], coral_trace::UnixNanos(1)).unwrap();
    for _ in 0..2 {
        let (mut after, mut pages) = (0, Vec::new());
        loop {
            let (encoding, wait) = (SpanEncoding::Otlp, Duration::ZERO);
            let position =
                StreamPosition { after, max_spans: 1_000, encoding, wait, columns: None };
            // What is read for a page is about what the page has.
            let limit = page::limit(&position);
            let read = store.span_page(Collector::Ebpf, after, limit).unwrap().spans.len();
            assert!(read <= 12, "{read} spans were read for one page");
            let answer = page::answer(store, Collector::Ebpf, &position).unwrap();
            assert!(answer.page.otlp.len() < page::ANSWER_BYTES);
            pages.push(answer.page.spans);
            after = answer.page.next_receipt;
            if !answer.page.has_more {
                break;
            }
        }
        assert_eq!(pages, [5, 5, 5, 1]);
        store.seal().unwrap();
    }
}

/// `count` eBPF spans with names of `bytes` bytes.
fn named_spans(first: u64, count: u64, bytes: usize) -> Vec<coral_trace::Span> {
    let mut runner = TestRunner::deterministic();
    let template = testing::span().new_tree(&mut runner).unwrap().current();
    let mut origin = (*template.origin).clone();
    origin.collector = Collector::Ebpf;
    let origin = Arc::new(origin);
    let spans = (first..first + count).map(|id| coral_trace::Span {
        span_id: id.try_into().unwrap(),
        name: "x".repeat(bytes),
        origin: origin.clone(),
        ..template.clone()
    });
    spans.collect()
}

/// All pages of eBPF spans for a caller that reads columns of `layout`: for each, how many spans it has
/// by column, and how many as OTLP.
fn pages_for_reader_of(store: &coral_store::Store, layout: u64) -> Vec<(u32, u32)> {
    let (mut after_receipt, mut pages) = (0, Vec::new());
    loop {
        let request = QueryBeylaMetricsRequest {
            include_traces: true,
            after_receipt: Some(after_receipt),
            span_encoding: SpanEncoding::Otlp.into(),
            columns_layout: layout,
            ..QueryBeylaMetricsRequest::default()
        };
        let Ok(SpanQuestion::After(position)) = SpanQuestion::try_from(request) else {
            panic!("the request has a cursor")
        };
        let page = page::answer(store, Collector::Ebpf, &position).unwrap().page;
        let spans = page.spans;
        match page.columns {
            Some(columns) => {
                let origins: usize = columns.origins.iter().map(String::len).sum();
                assert!(columns.rows.len() + origins < page::ANSWER_BYTES && page.otlp.is_empty());
                pages.push((spans, 0));
            }
            None => pages.push((0, spans)),
        }
        assert!(page.next_receipt > after_receipt);
        after_receipt = page.next_receipt;
        if !page.has_more {
            return pages;
        }
    }
}

#[test]
fn only_a_caller_that_reads_the_stores_layout_gets_columns() {
    let (rpc, _dir) = agent(QUERIES.max_running);
    let store = &rpc.view.store;
    store.append(&[named_spans(1, 400, 20_000)], coral_trace::UnixNanos(1)).unwrap();
    let layout = coral_store::Store::columns_layout().0;
    for sealed in [false, true] {
        for other in [0, layout + 1] {
            let pages = pages_for_reader_of(store, other);
            let spans: u32 = pages.iter().map(|(_, spans)| spans).sum();
            assert!(pages.iter().all(|(by_column, _)| *by_column == 0) && spans == 400);
        }
        let pages = pages_for_reader_of(store, layout);
        let spans: u32 = pages.iter().map(|(by_column, _)| by_column).sum();
        assert!(pages.iter().all(|(_, spans)| *spans == 0) && spans == 400, "{pages:?}");
        assert_eq!(pages.len(), 3, "{pages:?}");
        if !sealed {
            store.seal().unwrap();
        }
    }
}

#[test]
fn a_span_that_is_too_large_for_columns_is_sent_as_otlp() {
    let (rpc, _dir) = agent(QUERIES.max_running);
    let store = &rpc.view.store;
    for spans in [named_spans(1, 2, 9), named_spans(3, 1, 600_000), named_spans(4, 3, 9)] {
        store.append(&[spans], coral_trace::UnixNanos(1)).unwrap();
    }
    let layout = coral_store::Store::columns_layout().0;
    assert_eq!(pages_for_reader_of(store, layout), [(2, 0), (0, 4)]);
}

/// An agent without spans, what ends the waits of its polls, and its directory.
fn waited_for() -> (Arc<AgentRpc>, watch::Sender<()>, CancellationToken, TempDir) {
    let ((commit, committed), stop) = (watch::channel(()), CancellationToken::new());
    let (rpc, dir) = agent_with(1, Commits { committed, stop: stop.clone() });
    (Arc::new(rpc), commit, stop, dir)
}

/// The page after receipt 0, which waits for up to five seconds.
async fn waiting_poll(rpc: Arc<AgentRpc>) -> SpanPage {
    let request = QueryBeylaMetricsRequest {
        include_traces: true,
        after_receipt: Some(0),
        wait_ms: 5_000,
        ..QueryBeylaMetricsRequest::default()
    };
    let answer = rpc.query_beyla_metrics(Request::new(request)).await.unwrap().into_inner();
    answer.page.unwrap()
}

fn append_one(store: &Store, collector: Collector) {
    let mut span = testing::span().new_tree(&mut TestRunner::deterministic()).unwrap().current();
    let mut origin = (*span.origin).clone();
    origin.collector = collector;
    span.origin = Arc::new(origin);
    store.append(&[vec![span]], UnixNanos(1)).unwrap();
}

/// Yields until every other task waits.
async fn others_go_on() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_span_that_is_committed_during_a_waiting_poll_is_in_its_answer() {
    let (rpc, commit, _stop, _dir) = waited_for();
    let (mut polls, begin) = (JoinSet::new(), Instant::now());
    polls.spawn(waiting_poll(rpc.clone()));
    others_go_on().await;
    // A commit without spans of a higher receipt does not end the wait.
    commit.send_replace(());
    others_go_on().await;
    assert!(polls.try_join_next().is_none(), "the poll did not wait");
    append_one(&rpc.view.store, Collector::Ebpf);
    commit.send_replace(());
    let page = polls.join_next().await.unwrap().unwrap();
    assert_eq!((page.spans, page.next_receipt, page.waits), (1, 1, true));
    assert!(begin.elapsed() < Duration::from_secs(5), "it waited to the end");
}

#[tokio::test(start_paused = true)]
async fn a_span_of_the_other_stream_ends_the_wait_and_moves_the_cursor() {
    let (rpc, commit, _stop, _dir) = waited_for();
    let mut polls = JoinSet::new();
    polls.spawn(waiting_poll(rpc.clone()));
    others_go_on().await;
    append_one(&rpc.view.store, Collector::Sdk);
    commit.send_replace(());
    let page = polls.join_next().await.unwrap().unwrap();
    assert_eq!((page.spans, page.next_receipt), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_waiting_poll_without_new_spans_ends_after_its_wait_with_an_empty_page() {
    let (rpc, _commit, _stop, _dir) = waited_for();
    let begin = Instant::now();
    let page = waiting_poll(rpc).await;
    assert_eq!((page.spans, page.next_receipt, page.has_more), (0, 0, false));
    assert_eq!(begin.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_waiting_poll_ends_at_once_when_the_agent_stops() {
    let (rpc, _commit, stop, _dir) = waited_for();
    let (mut polls, begin) = (JoinSet::new(), Instant::now());
    polls.spawn(waiting_poll(rpc));
    others_go_on().await;
    stop.cancel();
    assert_eq!(polls.join_next().await.unwrap().unwrap().spans, 0);
    assert!(begin.elapsed() < Duration::from_secs(5), "it waited to the end");
}

#[tokio::test(start_paused = true)]
async fn sixty_waiting_polls_leave_the_only_permit_free_and_all_end_with_one_span() {
    let (rpc, commit, _stop, _dir) = waited_for();
    let mut polls = JoinSet::new();
    for _ in 0..60 {
        polls.spawn(waiting_poll(rpc.clone()));
    }
    others_go_on().await;
    assert_eq!(rpc.view.counters()["coral.agent.queries.running"], 0);
    append_one(&rpc.view.store, Collector::Ebpf);
    commit.send_replace(());
    let ended = polls.join_all().await;
    assert!(ended.iter().all(|page| page.spans == 1), "a poll without the span");
}
