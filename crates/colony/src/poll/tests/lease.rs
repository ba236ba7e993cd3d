//! Agents that another colony of the cluster polls, or has polled.

use super::*;

#[tokio::test(start_paused = true)]
async fn an_agent_of_another_colony_is_shown_so_and_polled_from_where_that_colony_got_to() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(4)));
    let poller = colony.leasing_poller(&agent, 50);
    agent.change(|script| script.faults.extend([Fault::Held(20), Fault::Held(7)]));
    let (mut tasks, stop) = (JoinSet::new(), CancellationToken::new());
    tasks.spawn(poller.run(stop.clone()));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let status = colony.status();
    assert_eq!((status.state.as_str(), status.reachable), ("polled_elsewhere", true));
    assert_eq!(status.last_error.as_deref(), Some("polled by colony `west`"));
    assert_eq!(colony.counter("polls.failed"), 0);
    // One request was refused, and no other stream was tried.
    agent.change(|script| assert_eq!((script.asked_after.len(), script.asked_sdk), (1, 0)));
    // The other colony polls meanwhile, with checkpoints of the same engine.
    agent.change(|script| script.faults.clear());
    poll(&mut colony.poller(&agent, ALL)).await.unwrap();
    agent.change(|script| {
        script.faults.push_front(Fault::Held(7));
        script.spans = spans(6);
    });
    tokio::time::sleep(Duration::from_secs(30)).await;
    agent.change(|script| assert_eq!(script.asked_after, [0, 0, 2, 4, 4]));
    assert_eq!(colony.spans(), sorted(spans(6)));
    assert_eq!((colony.status().state, colony.status().last_error), (PollState::Ok, None));
    stop.cancel();
    tasks.join_next().await.unwrap().unwrap();
    agent.change(|script| assert_eq!(script.released, 1));
}

#[tokio::test(start_paused = true)]
async fn a_colony_that_was_paused_beyond_its_lease_reads_its_checkpoints_again() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(4)));
    let mut poller = colony.leasing_poller(&agent, 5);
    poll(&mut poller).await.unwrap();
    agent.change(|script| script.spans = spans(6));
    // Another colony polls what is new.
    poll(&mut colony.poller(&agent, ALL)).await.unwrap();
    for (paused, asked_after) in [(29, 4), (31, 6)] {
        agent.change(|script| script.asked_after.clear());
        tokio::time::advance(Duration::from_secs(paused)).await;
        let first = poller.poll(&CancellationToken::new()).await;
        assert!(first.is_ok(), "{first:?}");
        agent.change(|script| assert_eq!(script.asked_after[0], asked_after, "{paused} s"));
    }
    assert_eq!(colony.spans(), sorted(spans(6)));
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_given_up_at_the_end_only_by_its_holder() {
    for (fault, cluster, released) in
        [(None, true, 1), (Some(Fault::Held(90)), true, 0), (None, false, 0)]
    {
        let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(1)));
        agent.change(|script| script.faults.extend(fault));
        let poller = match cluster {
            true => colony.leasing_poller(&agent, 50),
            false => colony.poller(&agent, ALL),
        };
        let (mut tasks, stop) = (JoinSet::new(), CancellationToken::new());
        tasks.spawn(poller.run(stop.clone()));
        tokio::time::sleep(Duration::from_secs(2)).await;
        stop.cancel();
        tasks.join_next().await.unwrap().unwrap();
        agent.change(|script| assert_eq!(script.released, released, "{fault:?}"));
    }
}

/// What a colony shows of `web-1` with these shares, and whether it polls the agent.
fn shown_with(shares: Shares) -> (bool, AgentStatus) {
    let colony = Colony::new();
    let agents = BTreeMap::from([("web-1".to_owned(), at("http://a:1"))]);
    let mut polling = Polling {
        agents: watch::Sender::new(agents).subscribe(),
        shares: watch::Sender::new(shares).subscribe(),
        engine: colony.engine(),
        settings: settings(ALL),
        health: colony.health.clone(),
        identity: None,
    };
    let is_own = polling.own_agents().contains_key("web-1");
    colony.health.know("web-1", &at("http://a:1"));
    (is_own, colony.status())
}

#[test]
fn a_colony_polls_its_share_and_says_who_polls_the_others() {
    let among = |ids: &[&str]| Shares::Among {
        own: "east".to_owned(),
        colonies: ids.iter().map(|&id| id.to_owned()).collect(),
    };
    for (shares, is_own, state) in [
        (Shares::Alone, true, "not_polled"),
        (among(&["east"]), true, "not_polled"),
        (Shares::NotKnownYet, false, "not_polled"),
        (among(&["west"]), false, "polled_elsewhere"),
        (Shares::CutOff, false, "cannot_store"),
    ] {
        let (polls, status) = shown_with(shares.clone());
        assert_eq!((polls, status.state.as_str()), (is_own, state), "{shares:?}");
    }
    let (_, status) = shown_with(among(&["west"]));
    assert_eq!(status.last_error.as_deref(), Some("polled by colony `west`"));
}
