//! Agents that move, and pollers that panic.

use std::sync::mpsc;

use super::*;
use crate::poll::follow::Follower;

type Agents = BTreeMap<String, Agent>;

impl Colony {
    /// A follower of `web-1`. `agent` answers at every address.
    fn follower(
        &self,
        agent: &ScriptedAgent,
        agents: watch::Receiver<Agents>,
    ) -> Follower<impl Fn(String) -> ScriptedAgent + use<>> {
        let agent = agent.clone();
        Follower {
            id: "web-1".into(),
            agents,
            connect: move |_| agent.clone(),
            engine: self.engine(),
            settings: settings(ALL),
            room: Arc::new(Semaphore::new(1)),
            health: self.health.clone(),
        }
    }
}

fn known_at(address: &str) -> Agents {
    Agents::from([("web-1".into(), at(address))])
}

/// Yields until every other task waits.
async fn others_go_on() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_a_poller_is_counted_and_the_poller_restarted_with_backoff() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(4)));
    agent.change(|script| script.faults.extend([Fault::Panic; 6]));
    let (_registry, agents) = watch::channel(known_at("http://a:1"));
    let (mut tasks, stop) = (JoinSet::new(), CancellationToken::new());
    tasks.spawn(colony.follower(&agent, agents).run(stop.clone()));
    tokio::time::sleep(Duration::from_secs(60)).await;
    let panicked = colony.counter("pollers.panicked");
    assert!((2..=4).contains(&panicked), "{panicked} in a minute");
    assert!(colony.status().last_error.unwrap().contains("a scripted defect"));
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(colony.counter("pollers.panicked"), 6);
    assert_eq!((colony.spans(), colony.status().last_error), (sorted(spans(4)), None));
    stop.cancel();
    tasks.join_next().await.unwrap().unwrap();
}

/// Runs `test` on a runtime with one thread for blocking calls. While that thread is busy, a commit
/// can be started but not finish.
fn with_one_blocking_thread(test: impl AsyncFnOnce()) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .max_blocking_threads(1)
        .build();
    runtime.unwrap().block_on(test());
}

/// Takes the thread for blocking calls, once it is free, until the sender is dropped.
async fn take_blocking_thread() -> mpsc::SyncSender<()> {
    let (taken, free) = mpsc::sync_channel(1);
    let (began, has_begun) = tokio::sync::oneshot::channel();
    // Ends when the test drops the sender.
    std::mem::drop(tokio::task::spawn_blocking(move || {
        let _ = began.send(());
        free.recv().is_ok()
    }));
    has_begun.await.unwrap();
    taken
}

#[test]
fn a_poller_that_is_stopped_during_a_commit_ends_after_the_commit() {
    with_one_blocking_thread(async || {
        let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(2)));
        let (mut tasks, stop) = (JoinSet::new(), CancellationToken::new());
        tasks.spawn(colony.poller(&agent, ALL).run(stop.clone()));
        let taken = take_blocking_thread().await;
        others_go_on().await;
        tokio::time::advance(Duration::from_secs(2)).await;
        others_go_on().await;
        agent.change(|script| assert_eq!(script.asked_after, [0]));
        stop.cancel();
        others_go_on().await;
        assert!(tasks.try_join_next().is_none(), "the poller left its commit behind");
        drop(taken);
        tasks.join_next().await.unwrap().unwrap();
        assert_eq!(colony.spans(), sorted(spans(2)));
    });
}

#[test]
fn an_agent_that_moves_during_a_commit_is_polled_at_its_new_address_and_no_count_decreases() {
    with_one_blocking_thread(async || {
        let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(4)));
        let (registry, agents) = watch::channel(known_at("http://a:1"));
        let (mut tasks, stop) = (JoinSet::new(), CancellationToken::new());
        tasks.spawn(colony.follower(&agent, agents).run(stop.clone()));
        // The follower reads the checkpoints first, which needs the thread for blocking calls.
        others_go_on().await;
        let taken = take_blocking_thread().await;
        others_go_on().await;
        tokio::time::advance(Duration::from_secs(2)).await;
        others_go_on().await;
        agent.change(|script| assert_eq!(script.asked_after, [0]));
        registry.send_replace(known_at("http://b:2"));
        others_go_on().await;
        assert_eq!(colony.status().address, "http://a:1", "two pollers of one agent");
        drop(taken);
        tokio::time::sleep(Duration::from_secs(3)).await;
        agent.change(|script| assert_eq!(script.asked_after, [0, 2]));
        assert_eq!(colony.status().address, "http://b:2");
        assert_eq!((colony.spans(), colony.status().spans_stored), (sorted(spans(4)), 4));
        stop.cancel();
        tasks.join_next().await.unwrap().unwrap();
    });
}
