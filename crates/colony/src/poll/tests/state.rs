//! The status of an agent.

use super::*;

#[tokio::test(start_paused = true)]
async fn each_kind_of_failure_gives_the_agent_its_own_state() {
    for (fault, state, reachable) in [
        (Fault::Silent, "unreachable", false),
        (Fault::Drip, "unreachable", false),
        (Fault::Refuse, "refuses", true),
        (Fault::Old, "too_old", true),
        (Fault::LongId, "nonsense", true),
    ] {
        let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(1)));
        let poller = colony.poller(&agent, ALL);
        assert_eq!(
            (colony.status().state.as_str(), colony.status().reachable),
            ("not_polled", false)
        );
        agent.change(|script| script.faults.extend([fault]));
        let (mut tasks, stop) = (JoinSet::new(), CancellationToken::new());
        tasks.spawn(poller.run(stop.clone()));
        while colony.status().last_error.is_none() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let status = colony.status();
        assert_eq!((status.state.as_str(), status.reachable), (state, reachable), "{status:?}");
        assert_eq!(colony.counter("polls.failed"), 1);
        while colony.status().last_error.is_some() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        assert_eq!((colony.status().state.as_str(), colony.status().reachable), ("ok", true));
        stop.cancel();
        tasks.join_next().await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_huge_number_of_losses_reported_by_an_agent_does_not_make_a_count_decrease() {
    let colony = Colony::new();
    for id in ["one", "other"] {
        let agent = ScriptedAgent::with(spans(2));
        let room = Arc::new(Semaphore::new(1));
        let mut poller = colony.poller_of(id, &agent, ALL, &room);
        poll(&mut poller).await.unwrap();
        agent.change(|script| {
            script.spans = spans(3);
            script.expired_below = u64::MAX;
        });
        poll(&mut poller).await.unwrap();
    }
    assert!(colony.counter("spans.missed") >= u64::MAX - 10);
}

#[tokio::test(start_paused = true)]
async fn the_lag_of_an_agent_grows_while_the_colony_cannot_store() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(2)));
    let mut poller = colony.poller(&agent, ALL);
    poll(&mut poller).await.unwrap();
    assert_eq!(colony.status().lag_receipts, Some(0));
    // Every later log is on a full disk.
    let log = |number: u32| colony.dir().join(format!("log/{number:012}.log"));
    for number in 2..50 {
        std::os::unix::fs::symlink("/dev/full", log(number)).unwrap();
    }
    colony.store.seal().unwrap_err();
    for count in [5, 9] {
        agent.change(|script| script.spans = spans(count));
        assert!(matches!(poll(&mut poller).await, Err(PollError::CannotStore(_))));
        assert_eq!(colony.status().lag_receipts, Some(count as u64 - 2));
    }
    for number in 2..50 {
        // The store may have removed a log that it could not begin.
        let _ = std::fs::remove_file(log(number));
    }
    poll(&mut poller).await.unwrap();
    assert_eq!(colony.status().lag_receipts, Some(0));
    assert_eq!(colony.spans(), sorted(spans(9)));
}

#[tokio::test(start_paused = true)]
async fn an_agent_whose_polls_failed_is_polled_at_once_when_it_registers_again() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(1)));
    agent.change(|script| script.faults.extend([Fault::Refuse; 6]));
    let poller = colony.poller(&agent, ALL);
    let (mut tasks, stop) = (JoinSet::new(), CancellationToken::new());
    tasks.spawn(poller.run(stop.clone()));
    while colony.counter("polls.failed") < 6 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let begin = tokio::time::Instant::now();
    colony.health.registered("web-1", "0.2.0");
    while colony.status().state != PollState::Ok {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    stop.cancel();
    tasks.join_next().await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_long_line_about_beyla_keeps_its_beginning_and_the_cause_at_its_end() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(1)));
    let mut poller = colony.poller(&agent, ALL);
    let line = format!("degraded ({}permission denied)", "wrapped: ".repeat(100));
    agent.change(|script| script.beyla = line);
    poll(&mut poller).await.unwrap();
    let kept = colony.status().beyla.unwrap();
    assert_eq!(kept.chars().count(), 500);
    assert!(kept.starts_with("degraded (wrapped"), "{kept}");
    assert!(kept.contains('…') && kept.ends_with("permission denied)"), "{kept}");
}
