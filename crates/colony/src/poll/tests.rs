//! Pollers against scripted agents that misbehave. Tokio's clock is paused, so waits take no time.

mod books;
mod by_column;
mod follow;
mod lease;
mod listen;
mod metrics;
mod poison;
mod room;
mod state;
mod timeline;

use std::collections::VecDeque;
use std::sync::Mutex;

use coral_store::{PageColumns, PageLimit, Store, StoreConfig};
use coral_trace::{Collector, Span, TraceId, UnixNanos, testing};
use coral_wire::agent_rpc::lease::HeldLease;
use coral_wire::agent_rpc::proto::{QueryBeylaMetricsResponse, SpanColumns, SpanPage};
use coral_wire::otlp_out;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use tempfile::TempDir;
use tokio::sync::Notify;

use super::client::{AgentClient, Incoming, MetricPageRequest, SpanPageRequest};
use super::poller::Poller;
use super::*;
use crate::member::ClusterMember;
use crate::poll::status::AgentStatus;
use crate::registry::KnownBy;
use coral_server::clock;

/// An agent that holds spans and answers by a script.
#[derive(Clone, Default)]
struct ScriptedAgent(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    store_id: String,
    /// eBPF spans, whose receipts are 1, 2, 3, ….
    spans: Vec<Span>,
    /// Receipts below this one have expired. Starts at 1.
    expired_below: u64,
    page_spans: usize,
    /// The span with this receipt is sent with zeros in place of its trace id.
    idless: Option<u64>,
    /// A link with this trace id is sent with zeros in place of the id.
    linkless: Option<TraceId>,
    /// A page that contains the span with this receipt is sent as invalid OTLP.
    garbled: Option<u64>,
    /// Whether the agent answers in columns when it is asked to.
    by_column: bool,
    /// A page by column that contains the span with this receipt is sent with a byte too few.
    cut: Option<u64>,
    /// The span with this receipt is sent by column with zeros in place of its id.
    zeroed: Option<u64>,
    /// Faults of the next requests. After them, the agent answers normally.
    faults: VecDeque<Fault>,
    asked_after: Vec<u64>,
    asked_for: Vec<u32>,
    /// Every page of eBPF spans that was sent, with its request.
    sent: Vec<(SpanPageRequest, SpanPage)>,
    hung_up: usize,
    released: usize,
    beyla: String,
    started_unix_us: i64,
    beyla_sampling_rate: f64,
    /// Whether the agent says that it waits, and whether it does.
    waits: bool,
    is_hasty: bool,
    /// Told of every change of the script.
    changed: Arc<Notify>,
    /// How long each request for eBPF spans may wait.
    waited: Vec<Duration>,
    asked_sdk: usize,
    asked_metrics: usize,
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    Silent,
    /// Starts an answer and never ends it.
    Drip,
    Refuse,
    /// Another colony has the lease for this many more seconds.
    Held(u64),
    /// Answers without receipts, as an old agent does.
    Old,
    /// Sends a store id that is too long.
    LongId,
    /// The client panics.
    Panic,
    /// Sends the same page again, as if the cursor had not moved.
    Repeat,
    Garbage,
}

impl ScriptedAgent {
    fn with(spans: Vec<Span>) -> Self {
        let script = Script {
            store_id: "first".into(),
            spans,
            expired_below: 1,
            page_spans: 2,
            ..Script::default()
        };
        Self(Arc::new(Mutex::new(script)))
    }

    fn change(&self, change: impl FnOnce(&mut Script)) {
        let mut script = self.0.lock().unwrap();
        change(&mut script);
        script.changed.notify_waiters();
    }

    /// Waits for a receipt after `after`.
    async fn news(&self, after: u64) {
        loop {
            let changed = self.0.lock().unwrap().changed.clone();
            let changed = changed.notified();
            if self.0.lock().unwrap().spans.len() as u64 != after {
                return;
            }
            changed.await;
        }
    }
}

impl AgentClient for ScriptedAgent {
    async fn ask(&mut self, wanted: SpanPageRequest) -> Result<Incoming<SpanPage>, PollError> {
        let fault = {
            let mut script = self.0.lock().unwrap();
            if wanted.collector == Collector::Ebpf {
                script.asked_after.push(wanted.after);
                script.asked_for.push(wanted.most_spans);
                script.waited.push(wanted.wait);
                script.faults.pop_front()
            } else {
                script.asked_sdk += 1;
                None
            }
        };
        let waits = self.0.lock().unwrap().waits && !self.0.lock().unwrap().is_hasty;
        if waits {
            let _ = tokio::time::timeout(wanted.wait, self.news(wanted.after)).await;
        }
        let mut page = self.0.lock().unwrap().page(wanted);
        if page.spans > 0 && wanted.columns.is_some() {
            let script = self.0.lock().unwrap();
            let first = (wanted.after + 1).max(script.expired_below);
            if script.by_column {
                page = script.in_columns(page, first);
            }
        }
        match fault {
            Some(Fault::Silent) => std::future::pending().await,
            Some(Fault::Drip) => return Ok(Box::pin(std::future::pending())),
            Some(Fault::Refuse) => return Err(PollError::refused("not today")),
            Some(Fault::Held(seconds)) => {
                let remaining = Duration::from_secs(seconds);
                return Err(PollError::Leased(HeldLease { holder: "west".into(), remaining }));
            }
            Some(Fault::Old) => return Err(PollError::too_old("no page")),
            Some(Fault::Panic) => panic!("a scripted defect"),
            Some(Fault::Repeat) => {
                let after = wanted.after.saturating_sub(2);
                page = self.0.lock().unwrap().page(SpanPageRequest { after, ..wanted });
            }
            Some(Fault::LongId) => page.store_id = "x".repeat(100_000),
            Some(Fault::Garbage) => page.otlp = vec![0xff; 9],
            None => {}
        }
        if wanted.collector == Collector::Ebpf {
            self.change(|script| script.sent.push((wanted, page.clone())));
        }
        Ok(Box::pin(std::future::ready(Ok(page))))
    }

    async fn ask_metrics(
        &mut self,
        _: MetricPageRequest,
    ) -> Result<Incoming<QueryBeylaMetricsResponse>, PollError> {
        self.0.lock().unwrap().asked_metrics += 1;
        Ok(Box::pin(std::future::ready(Ok(QueryBeylaMetricsResponse::default()))))
    }

    fn hang_up(&mut self) {
        self.0.lock().unwrap().hung_up += 1;
    }

    async fn release(&mut self) {
        self.0.lock().unwrap().released += 1;
    }
}

impl Script {
    fn page(&self, wanted: SpanPageRequest) -> SpanPage {
        let SpanPageRequest { collector, after, most_spans, .. } = wanted;
        let page_spans = self.page_spans.min(most_spans as usize);
        let last = self.spans.len() as u64;
        let held = (1..).zip(&self.spans).filter(|(receipt, _)| {
            *receipt > after && *receipt >= self.expired_below && collector == Collector::Ebpf
        });
        let held: Vec<(u64, Span)> =
            held.take(page_spans).map(|(receipt, span)| (receipt, span.clone())).collect();
        let full = held.len() == page_spans;
        let next = held.last().filter(|_| full).map_or(last, |(receipt, _)| *receipt);
        let holds = |receipt: Option<u64>| held.iter().any(|(held, _)| Some(*held) == receipt);
        let (idless, garbled) = (self.idless.filter(|at| holds(Some(*at))), holds(self.garbled));
        let spans: Vec<Span> = held.into_iter().map(|(_, span)| span).collect();
        let mut otlp = otlp_out::encode(&spans);
        if let Some(receipt) = idless {
            zero(&mut otlp, self.spans[receipt as usize - 1].trace_id);
        }
        if let Some(id) = self.linkless.filter(|_| !spans.is_empty()) {
            zero(&mut otlp, id);
        }
        if garbled {
            otlp = vec![0xff; 9];
        }
        SpanPage {
            store_id: self.store_id.clone(),
            next_receipt: next,
            has_more: next < last,
            last_receipt: last,
            first_receipt: self.expired_below,
            spans: spans.len() as u32,
            otlp,
            beyla: self.beyla.clone(),
            started_unix_us: self.started_unix_us,
            beyla_sampling_rate: self.beyla_sampling_rate,
            waits: self.waits,
            columns: None,
        }
    }

    /// `page` with the same spans by column.
    fn in_columns(&self, page: SpanPage, first: u64) -> SpanPage {
        let held = self.spans.iter().skip(first as usize - 1).take(page.spans as usize);
        let (dir, limit) = (tempfile::tempdir().unwrap(), PageLimit::of_spans(100));
        let store = Store::open(StoreConfig { dir: dir.path().join("agent"), segment_rows: 1_000 });
        let store = store.unwrap();
        store.append(&[held.cloned().collect()], UnixNanos(1)).unwrap();
        let columns = store.column_page(Collector::Ebpf, 0, limit).unwrap().unwrap().columns;
        let columns = columns.map(|PageColumns { layout, origins, mut rows }| {
            let holds = |receipt: &u64| (first..first + u64::from(page.spans)).contains(receipt);
            if let Some(receipt) = self.zeroed.filter(holds) {
                zero(&mut rows, self.spans[receipt as usize - 1].trace_id);
            }
            if self.cut.filter(holds).is_some() {
                rows.pop();
            }
            SpanColumns { layout: layout.0, origins, rows }
        });
        SpanPage { otlp: Vec::new(), columns, ..page }
    }
}

/// Overwrites the first occurrence of an id with zeros.
fn zero(otlp: &mut [u8], id: TraceId) {
    let at = otlp.windows(16).position(|bytes| bytes == id.bytes()).unwrap();
    otlp[at..at + 16].fill(0);
}

struct Colony {
    temp: TempDir,
    store: Store,
    health: Arc<Health>,
}

impl Colony {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store =
            Store::open(StoreConfig { dir: dir.path().join("colony"), segment_rows: 1_000 });
        Self { temp: dir, store: store.unwrap(), health: Arc::default() }
    }

    /// The directory of the store.
    fn dir(&self) -> std::path::PathBuf {
        self.temp.path().join("colony")
    }

    fn engine(&self) -> Arc<dyn Engine> {
        Arc::new(self.store.clone())
    }

    fn poller(&self, agent: &ScriptedAgent, sampling: Sampling) -> Poller<ScriptedAgent> {
        self.poller_of("web-1", agent, sampling, &Arc::new(Semaphore::new(1)))
    }

    /// A poller of `web-1` for a colony of a cluster, which polls at this interval in seconds.
    fn leasing_poller(&self, agent: &ScriptedAgent, every: u64) -> Poller<ScriptedAgent> {
        self.health.know("web-1", &at("http://web-1:9001"));
        let member = ClusterMember { cluster_id: "c".into(), colony_id: "east".into() };
        let (every, timeout) = (Duration::from_secs(every), Duration::from_secs(10));
        let lease = Some(LeaseTerms::new(member, every, timeout));
        let settings = PollSettings { every, timeout, lease, ..settings(ALL) };
        let (engine, health) = (self.engine(), self.health.clone());
        let room = Arc::new(Semaphore::new(1));
        Poller::resume("web-1", agent.clone(), engine, settings, room, health).unwrap()
    }

    fn poller_of(
        &self,
        id: &str,
        agent: &ScriptedAgent,
        sampling: Sampling,
        room: &Arc<Semaphore>,
    ) -> Poller<ScriptedAgent> {
        self.health.know(id, &at("http://web-1:9001"));
        let (engine, health) = (self.engine(), self.health.clone());
        Poller::resume(id, agent.clone(), engine, settings(sampling), room.clone(), health).unwrap()
    }

    fn status(&self) -> AgentStatus {
        self.health.snapshot(clock::now()).remove(0)
    }

    fn counter(&self, name: &str) -> u64 {
        let name = format!("coral.colony.{name}");
        self.health.counters().find(|(counter, _)| *counter == name).unwrap().1
    }

    fn spans(&self) -> Vec<Span> {
        let page = self.store.spans_after(Collector::Ebpf, 0, u32::MAX).unwrap();
        let mut spans: Vec<Span> = page.spans.into_iter().map(|stored| stored.span).collect();
        testing::sort(&mut spans);
        spans
    }
}

fn at(address: &str) -> Agent {
    Agent { address: address.into(), known_by: KnownBy::Registration }
}

fn settings(sampling: Sampling) -> PollSettings {
    let (every, timeout) = (Duration::from_secs(5), Duration::from_secs(10));
    PollSettings { every, timeout, sampling, lease: None }
}

/// `count` eBPF spans, the same in every run.
fn spans(count: usize) -> Vec<Span> {
    let mut runner = TestRunner::deterministic();
    (1..=count)
        .map(|id| {
            let mut span = testing::span().new_tree(&mut runner).unwrap().current();
            span.trace_id = TraceId::try_from(id as u128).unwrap();
            let mut origin = (*span.origin).clone();
            origin.collector = Collector::Ebpf;
            span.origin = Arc::new(origin);
            span
        })
        .collect()
}

fn sorted(mut spans: Vec<Span>) -> Vec<Span> {
    testing::sort(&mut spans);
    spans
}

async fn poll(poller: &mut Poller<ScriptedAgent>) -> Result<(), PollError> {
    poller.poll(&CancellationToken::new()).await
}

const ALL: Sampling = Sampling::keeping(1.0);

#[tokio::test(start_paused = true)]
async fn everything_an_agent_has_is_stored_page_by_page_and_asked_for_once() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(5)));
    let mut poller = colony.poller(&agent, ALL);
    poll(&mut poller).await.unwrap();
    assert_eq!(colony.spans(), sorted(spans(5)));
    poll(&mut poller).await.unwrap();
    agent.change(|script| assert_eq!(script.asked_after, [0, 2, 4, 5]));
}

#[tokio::test(start_paused = true)]
async fn after_an_answer_without_a_page_the_same_page_is_requested_again() {
    for fault in [Fault::Silent, Fault::Drip, Fault::Refuse, Fault::Old, Fault::LongId] {
        let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(4)));
        let mut poller = colony.poller(&agent, ALL);
        agent.change(|script| script.faults.extend([fault]));
        assert!(poll(&mut poller).await.is_err());
        assert!(colony.spans().is_empty());
        poll(&mut poller).await.unwrap();
        assert_eq!(colony.spans(), sorted(spans(4)));
        agent.change(|script| assert_eq!(script.asked_after[..2], [0, 0]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_sent_twice_is_stored_once() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(6)));
    let mut poller = colony.poller(&agent, ALL);
    agent.change(|script| script.faults.extend([Fault::Repeat, Fault::Repeat]));
    poll(&mut poller).await.unwrap();
    assert_eq!(colony.spans(), sorted(spans(6)));
    assert_eq!(colony.store.extent().spans, 6);
}

#[tokio::test(start_paused = true)]
async fn an_agent_whose_pages_do_not_advance_waits_for_the_next_poll() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(6)));
    let mut poller = colony.poller(&agent, ALL);
    agent.change(|script| script.faults.extend([Fault::Repeat; 100]));
    let outcome = poll(&mut poller).await;
    assert!(matches!(outcome, Err(PollError::Standstill(_))), "{outcome:?}");
    agent.change(|script| {
        assert!(script.asked_after.len() < 10, "asked {} times", script.asked_after.len());
        script.faults.clear();
    });
    poll(&mut poller).await.unwrap();
    assert_eq!(colony.spans(), sorted(spans(6)));
}

#[tokio::test(start_paused = true)]
async fn a_wiped_agent_is_polled_from_its_beginning() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(4)));
    let mut poller = colony.poller(&agent, ALL);
    poll(&mut poller).await.unwrap();
    agent.change(|script| {
        script.store_id = "second".into();
        script.spans = spans(7).split_off(4);
    });
    poll(&mut poller).await.unwrap();
    assert_eq!(colony.spans(), sorted(spans(7)));
}

#[tokio::test(start_paused = true)]
async fn an_agent_whose_older_store_was_put_back_is_polled_from_its_beginning() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(6)));
    let mut poller = colony.poller(&agent, ALL);
    poll(&mut poller).await.unwrap();
    agent.change(|script| script.spans = spans(8).split_off(5));
    poll(&mut poller).await.unwrap();
    assert_eq!(colony.spans(), sorted(spans(8)));
}

#[tokio::test(start_paused = true)]
async fn a_restarted_colony_resumes_from_its_checkpoints() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(4)));
    poll(&mut colony.poller(&agent, ALL)).await.unwrap();
    agent.change(|script| script.spans = spans(5));
    poll(&mut colony.poller(&agent, ALL)).await.unwrap();
    agent.change(|script| assert_eq!(script.asked_after.last(), Some(&4)));
    assert_eq!(colony.spans(), sorted(spans(5)));
}

#[tokio::test(start_paused = true)]
async fn spans_that_expired_before_a_poll_are_counted_as_missed() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(2)));
    let mut poller = colony.poller(&agent, ALL);
    poll(&mut poller).await.unwrap();
    agent.change(|script| {
        script.spans = spans(9);
        script.expired_below = 6;
    });
    poll(&mut poller).await.unwrap();
    let status = colony.status();
    assert_eq!((status.spans_missed, status.spans_stored), (3, 6));
    assert_eq!(status.lag_receipts, Some(0));
}

#[tokio::test(start_paused = true)]
async fn a_sampled_colony_keeps_whole_traces_and_counts_the_rest() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(40)));
    let half = Sampling::keeping(0.5);
    poll(&mut colony.poller(&agent, half)).await.unwrap();
    let kept: Vec<Span> = spans(40).into_iter().filter(|span| half.keeps(span.trace_id)).collect();
    let left_out = 40 - kept.len() as u64;
    assert_eq!(colony.spans(), sorted(kept));
    assert_eq!(colony.counter("spans.sampled_out"), left_out);
}

#[tokio::test(start_paused = true)]
async fn a_dead_agent_is_polled_less_and_less_often_and_a_live_one_at_the_usual_interval() {
    let (colony, dead) = (Colony::new(), ScriptedAgent::with(vec![]));
    dead.change(|script| script.faults.extend([Fault::Refuse; 1_000]));
    let stop = CancellationToken::new();
    let poller = colony.poller(&dead, ALL);
    let mut tasks = JoinSet::new();
    tasks.spawn(poller.run(stop.clone()));
    tokio::time::sleep(Duration::from_secs(600)).await;
    stop.cancel();
    tasks.join_next().await.unwrap().unwrap();
    dead.change(|script| {
        let tries = script.asked_after.len();
        assert!((8..30).contains(&tries), "{tries} tries in ten minutes");
    });
    let status = colony.status();
    assert_eq!(
        (status.reachable, status.last_error.as_deref()),
        (true, Some("agent refused: not today"))
    );
}
