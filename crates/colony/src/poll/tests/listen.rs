//! Polls that wait at the agent for new spans.

use super::*;

/// A poller of `agent`, polling every five seconds, and what stops it.
fn polling(colony: &Colony, agent: &ScriptedAgent) -> (JoinSet<()>, CancellationToken) {
    let (mut tasks, stop) = (JoinSet::new(), CancellationToken::new());
    tasks.spawn(colony.poller(agent, ALL).run(stop.clone()));
    (tasks, stop)
}

fn waiting_agent(spans: Vec<Span>) -> ScriptedAgent {
    let agent = ScriptedAgent::with(spans);
    agent.change(|script| (script.waits, script.page_spans) = (true, 1_000));
    agent
}

async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

#[tokio::test(start_paused = true)]
async fn a_new_span_is_stored_by_the_poll_that_waits_for_it() {
    let (colony, agent) = (Colony::new(), waiting_agent(spans(1)));
    let (mut tasks, stop) = polling(&colony, &agent);
    pass(Duration::from_secs(20)).await;
    for count in 2..10 {
        // At any time of the interval.
        pass(Duration::from_millis(1_370)).await;
        agent.change(|script| script.spans = spans(count));
        pass(Duration::from_millis(210)).await;
        assert_eq!(colony.spans(), sorted(spans(count)));
    }
    stop.cancel();
    tasks.join_next().await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_agent_without_news_is_asked_for_spans_once_per_interval() {
    let (colony, agent) = (Colony::new(), waiting_agent(spans(1)));
    let (mut tasks, stop) = polling(&colony, &agent);
    pass(Duration::from_secs(300)).await;
    stop.cancel();
    tasks.join_next().await.unwrap().unwrap();
    agent.change(|script| {
        let asked = (script.asked_after.len(), script.asked_sdk, script.asked_metrics);
        // The first poll waits for nothing. Later ones wait for about five seconds each.
        assert!((50..=75).contains(&asked.0), "{asked:?}");
        assert!(asked.1 == 1 && asked.2.abs_diff(asked.0) <= 1, "{asked:?}");
    });
}

#[tokio::test(start_paused = true)]
async fn a_steady_trickle_fills_pages_and_does_not_delay_metrics() {
    let (colony, agent) = (Colony::new(), waiting_agent(spans(1)));
    let (mut tasks, stop) = polling(&colony, &agent);
    let all = spans(601);
    for count in 2..=601 {
        pass(Duration::from_millis(50)).await;
        agent.change(|script| script.spans.push(all[count - 1].clone()));
    }
    pass(Duration::from_millis(210)).await;
    assert_eq!(colony.spans(), sorted(all));
    stop.cancel();
    tasks.join_next().await.unwrap().unwrap();
    agent.change(|script| {
        let asked = (script.asked_after.len(), script.asked_metrics);
        assert!(asked.0 <= 160, "{asked:?} requests for 600 spans in 30 seconds");
        assert!((4..=8).contains(&asked.1), "{asked:?}");
    });
}

#[tokio::test(start_paused = true)]
async fn an_older_agent_is_polled_at_the_interval_and_not_asked_to_wait() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(1)));
    let (mut tasks, stop) = polling(&colony, &agent);
    for span in spans(100).split_off(1) {
        pass(Duration::from_secs(3)).await;
        agent.change(|script| script.spans.push(span));
    }
    stop.cancel();
    tasks.join_next().await.unwrap().unwrap();
    agent.change(|script| {
        assert!(script.waited.iter().all(Duration::is_zero), "{:?}", script.waited);
        assert!(script.asked_metrics.abs_diff(60) < 10, "{}", script.asked_metrics);
    });
}

#[tokio::test(start_paused = true)]
async fn an_empty_answer_that_came_at_once_is_followed_by_the_interval() {
    let (colony, agent) = (Colony::new(), waiting_agent(spans(1)));
    agent.change(|script| script.is_hasty = true);
    let (mut tasks, stop) = polling(&colony, &agent);
    pass(Duration::from_secs(300)).await;
    stop.cancel();
    tasks.join_next().await.unwrap().unwrap();
    agent.change(|script| {
        let asked = script.asked_after.len();
        assert!(asked <= 150, "{asked} requests in 300 seconds");
    });
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_waits_ends_at_once_when_polling_stops() {
    let (colony, agent) = (Colony::new(), waiting_agent(spans(1)));
    let (mut tasks, stop) = polling(&colony, &agent);
    while agent.0.lock().unwrap().waited.last().is_none_or(Duration::is_zero) {
        pass(Duration::from_millis(10)).await;
    }
    let begin = tokio::time::Instant::now();
    stop.cancel();
    tasks.join_next().await.unwrap().unwrap();
    assert_eq!(begin.elapsed(), Duration::ZERO);
}
