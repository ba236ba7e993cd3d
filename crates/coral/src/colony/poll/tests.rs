//! Pollers against agents that misbehave. Time is Tokio's, paused: waits cost nothing.

use std::collections::VecDeque;
use std::sync::Mutex;

use coral_store::{Resources, StoreConfig};
use coral_trace::{Collector, Span, TraceId, testing};
use coral_wire::agent_rpc::proto::SpanPage;
use coral_wire::otlp_out;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use tempfile::TempDir;

use super::client::{AgentClient, PollError};
use super::*;

/// An agent that holds some spans and answers as it was told to.
#[derive(Clone, Default)]
struct ScriptedAgent(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    store_id: String,
    /// eBPF spans; receipts are `first_receipt..`.
    spans: Vec<Span>,
    /// Receipts below this have expired. Starts at 1.
    expired_below: u64,
    page_spans: usize,
    /// What happens to the next requests, before it answers normally again.
    faults: VecDeque<Fault>,
    asked_after: Vec<u64>,
}

#[derive(Clone, Copy)]
enum Fault {
    Silent,
    Refuse,
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
        change(&mut self.0.lock().unwrap());
    }
}

impl AgentClient for ScriptedAgent {
    async fn page(&mut self, collector: Collector, after: u64) -> Result<SpanPage, PollError> {
        let fault = {
            let mut script = self.0.lock().unwrap();
            if collector == Collector::Ebpf {
                script.asked_after.push(after);
                script.faults.pop_front()
            } else {
                None
            }
        };
        match fault {
            Some(Fault::Silent) => std::future::pending().await,
            Some(Fault::Refuse) => Err(PollError::Refused("not today".into())),
            Some(Fault::Repeat) => {
                Ok(self.0.lock().unwrap().page(collector, after.saturating_sub(2)))
            }
            Some(Fault::Garbage) => {
                let page = self.0.lock().unwrap().page(collector, after);
                Ok(SpanPage { otlp: vec![0xff; 9], ..page })
            }
            None => Ok(self.0.lock().unwrap().page(collector, after)),
        }
    }
}

impl Script {
    fn page(&self, collector: Collector, after: u64) -> SpanPage {
        let last = self.spans.len() as u64;
        let held = (1..).zip(&self.spans).filter(|(receipt, _)| {
            *receipt > after && *receipt >= self.expired_below && collector == Collector::Ebpf
        });
        let held: Vec<(u64, Span)> =
            held.take(self.page_spans).map(|(receipt, span)| (receipt, span.clone())).collect();
        let full = held.len() == self.page_spans;
        let next = held.last().filter(|_| full).map_or(last, |(receipt, _)| *receipt);
        let spans: Vec<Span> = held.into_iter().map(|(_, span)| span).collect();
        SpanPage {
            store_id: self.store_id.clone(),
            next_receipt: next,
            has_more: next < last,
            last_receipt: last,
            first_receipt: self.expired_below,
            spans: spans.len() as u32,
            otlp: otlp_out::encode(&spans),
            beyla: String::new(),
        }
    }
}

struct Colony {
    _dir: TempDir,
    store: Store,
    health: Arc<Health>,
}

impl Colony {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(StoreConfig {
            dir: dir.path().join("colony"),
            resources: Resources { memory_limit: 128 << 20, threads: 1 },
            segment_rows: 1_000,
        });
        Self { _dir: dir, store: store.unwrap(), health: Arc::default() }
    }

    fn poller(&self, agent: &ScriptedAgent, sampling: Sampling) -> Poller<ScriptedAgent> {
        let settings = PollSettings {
            every: Duration::from_secs(5),
            timeout: Duration::from_secs(10),
            sampling,
        };
        let known = Agent {
            address: "http://web-1:9001".into(),
            known_by: super::super::registry::KnownBy::Configuration,
        };
        self.health.know("web-1", &known);
        let pages = Arc::new(Semaphore::new(1));
        let health = self.health.clone();
        Poller::resume("web-1", agent.clone(), self.store.clone(), settings, pages, health).unwrap()
    }

    fn spans(&self) -> Vec<Span> {
        let page = self.store.spans_after(Collector::Ebpf, 0, u32::MAX).unwrap();
        let mut spans: Vec<Span> = page.spans.into_iter().map(|stored| stored.span).collect();
        testing::sort(&mut spans);
        spans
    }
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

const ALL: Sampling = Sampling::keeping(1.0);

#[tokio::test(start_paused = true)]
async fn everything_an_agent_has_is_stored_page_by_page_and_asked_for_once() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(5)));
    let mut poller = colony.poller(&agent, ALL);
    poller.poll().await.unwrap();
    assert_eq!(colony.spans(), sorted(spans(5)));
    poller.poll().await.unwrap();
    agent.change(|script| assert_eq!(script.asked_after, [0, 2, 4, 5]));
}

#[tokio::test(start_paused = true)]
async fn a_silent_refusing_or_garbled_agent_is_asked_again_from_where_it_was() {
    for fault in [Fault::Silent, Fault::Refuse, Fault::Garbage] {
        let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(4)));
        let mut poller = colony.poller(&agent, ALL);
        agent.change(|script| script.faults.extend([fault]));
        assert!(poller.poll().await.is_err());
        assert!(colony.spans().is_empty());
        poller.poll().await.unwrap();
        assert_eq!(colony.spans(), sorted(spans(4)));
        agent.change(|script| assert_eq!(script.asked_after[..2], [0, 0]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_sent_twice_is_stored_once() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(6)));
    let mut poller = colony.poller(&agent, ALL);
    agent.change(|script| script.faults.extend([Fault::Repeat, Fault::Repeat]));
    poller.poll().await.unwrap();
    assert_eq!(colony.spans(), sorted(spans(6)));
    assert_eq!(colony.store.extent().spans, 6);
}

#[tokio::test(start_paused = true)]
async fn an_agent_whose_pages_never_move_on_is_left_until_the_next_poll() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(6)));
    let mut poller = colony.poller(&agent, ALL);
    agent.change(|script| script.faults.extend([Fault::Repeat; 100]));
    let outcome = poller.poll().await;
    assert!(matches!(outcome, Err(PollError::Standstill(_))), "{outcome:?}");
    agent.change(|script| {
        assert!(script.asked_after.len() < 10, "asked {} times", script.asked_after.len());
        script.faults.clear();
    });
    poller.poll().await.unwrap();
    assert_eq!(colony.spans(), sorted(spans(6)));
}

#[tokio::test(start_paused = true)]
async fn a_wiped_agent_is_polled_from_its_beginning() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(4)));
    let mut poller = colony.poller(&agent, ALL);
    poller.poll().await.unwrap();
    agent.change(|script| {
        script.store_id = "second".into();
        script.spans = spans(7).split_off(4);
    });
    poller.poll().await.unwrap();
    assert_eq!(colony.spans(), sorted(spans(7)));
}

#[tokio::test(start_paused = true)]
async fn an_agent_whose_older_store_was_put_back_is_polled_from_its_beginning() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(6)));
    let mut poller = colony.poller(&agent, ALL);
    poller.poll().await.unwrap();
    agent.change(|script| script.spans = spans(8).split_off(5));
    poller.poll().await.unwrap();
    assert_eq!(colony.spans(), sorted(spans(8)));
}

#[tokio::test(start_paused = true)]
async fn a_restarted_colony_goes_on_where_its_checkpoints_say() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(4)));
    colony.poller(&agent, ALL).poll().await.unwrap();
    agent.change(|script| script.spans = spans(5));
    colony.poller(&agent, ALL).poll().await.unwrap();
    agent.change(|script| assert_eq!(script.asked_after.last(), Some(&4)));
    assert_eq!(colony.spans(), sorted(spans(5)));
}

#[tokio::test(start_paused = true)]
async fn what_expired_before_it_was_polled_is_counted_as_missed() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(2)));
    let mut poller = colony.poller(&agent, ALL);
    poller.poll().await.unwrap();
    agent.change(|script| {
        script.spans = spans(9);
        script.expired_below = 6;
    });
    poller.poll().await.unwrap();
    let status = &colony.health.snapshot(clock_now())[0];
    assert_eq!((status.spans_missed, status.spans_stored), (3, 6));
    assert_eq!(status.lag_receipts, Some(0));
}

#[tokio::test(start_paused = true)]
async fn a_sampled_colony_keeps_whole_traces_and_counts_the_rest() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(40)));
    let half = Sampling::keeping(0.5);
    colony.poller(&agent, half).poll().await.unwrap();
    let kept: Vec<Span> = spans(40).into_iter().filter(|span| half.keeps(span.trace_id)).collect();
    let left_out = 40 - kept.len() as u64;
    assert_eq!(colony.spans(), sorted(kept));
    assert_eq!(colony.health.sampled_out(), left_out);
}

#[tokio::test(start_paused = true)]
async fn a_dead_agent_is_tried_less_and_less_often_and_a_live_one_goes_on() {
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
    let status = &colony.health.snapshot(clock_now())[0];
    assert_eq!(
        (status.reachable, status.last_error.as_deref()),
        (true, Some("agent refused: not today"))
    );
}

fn clock_now() -> coral_trace::UnixNanos {
    crate::clock::now()
}
