//! The limit of pages in memory, with many agents.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// An agent that counts, when reading of its page starts, how many pages are read and not stored.
#[derive(Clone)]
struct CountingAgent {
    agent: ScriptedAgent,
    store: Store,
    read: Arc<AtomicUsize>,
    most_held: Arc<AtomicUsize>,
}

impl AgentClient for CountingAgent {
    async fn ask(&mut self, wanted: SpanPageRequest) -> Result<Incoming<SpanPage>, PollError> {
        let page = self.agent.ask(wanted).await?;
        let Self { store, read, most_held, .. } = self.clone();
        Ok(Box::pin(async move {
            let read = read.fetch_add(1, Ordering::Relaxed) + 1;
            // Each stream has one page here, and its first page stores its checkpoint.
            let stored = store.checkpoints().len();
            most_held.fetch_max(read - stored, Ordering::Relaxed);
            page.await
        }))
    }

    async fn ask_metrics(
        &mut self,
        wanted: MetricPageRequest,
    ) -> Result<Incoming<QueryBeylaMetricsResponse>, PollError> {
        self.agent.ask_metrics(wanted).await
    }

    fn hang_up(&mut self) {}
}

#[tokio::test(start_paused = true)]
async fn fifty_agents_never_have_more_pages_in_memory_than_there_are_permits() {
    const ROOM: usize = 3;
    let colony = Colony::new();
    let (room, most_held) = (Arc::new(Semaphore::new(ROOM)), Arc::<AtomicUsize>::default());
    let read = Arc::<AtomicUsize>::default();
    let mut polls = JoinSet::new();
    for number in 0..50 {
        let agent = CountingAgent {
            agent: ScriptedAgent::with(spans(1)),
            store: colony.store.clone(),
            read: read.clone(),
            most_held: most_held.clone(),
        };
        let (engine, health) = (colony.engine(), colony.health.clone());
        let id = format!("web-{number}");
        let poller = Poller::resume(&id, agent, engine, settings(ALL), room.clone(), health);
        let mut poller = poller.unwrap();
        polls.spawn(async move { poller.poll(&CancellationToken::new()).await });
    }
    while let Some(polled) = polls.join_next().await {
        polled.unwrap().unwrap();
    }
    assert_eq!(read.load(Ordering::Relaxed), 100);
    let most = most_held.load(Ordering::Relaxed);
    assert!((1..=ROOM).contains(&most), "{most} pages at once");
}

#[tokio::test(start_paused = true)]
async fn agents_that_have_not_answered_hold_no_permits() {
    let colony = Colony::new();
    let (room, stop) = (Arc::new(Semaphore::new(1)), CancellationToken::new());
    let mut thinkers = JoinSet::new();
    for number in 0..20 {
        let thinker = ScriptedAgent::with(spans(2));
        thinker.change(|script| script.faults.extend([Fault::Silent; 1_000]));
        let poller = colony.poller_of(&format!("slow-{number}"), &thinker, ALL, &room);
        thinkers.spawn(poller.run(stop.clone()));
    }
    // After this time, all agents have received their first request.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let begin = tokio::time::Instant::now();
    let quick = ScriptedAgent::with(spans(5));
    poll(&mut colony.poller_of("quick", &quick, ALL, &room)).await.unwrap();
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    stop.cancel();
    while thinkers.join_next().await.is_some() {}
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_ends_frees_its_permit_and_shrinks_the_next_request() {
    let colony = Colony::new();
    let room = Arc::new(Semaphore::new(1));
    let dripping = ScriptedAgent::with(spans(5));
    dripping.change(|script| script.faults.extend([Fault::Drip]));
    let mut poller = colony.poller_of("dripping", &dripping, ALL, &room);
    let begin = tokio::time::Instant::now();
    let outcome = poll(&mut poller).await;
    assert!(matches!(outcome, Err(PollError::TimedOut(_))), "{outcome:?}");
    assert!(begin.elapsed() < Duration::from_secs(11), "{:?}", begin.elapsed());
    assert_eq!(room.available_permits(), 1);
    poll(&mut poller).await.unwrap();
    dripping.change(|script| {
        assert_eq!(script.hung_up, 1);
        assert!(script.asked_for[1] < script.asked_for[0], "{:?}", script.asked_for);
    });
}
