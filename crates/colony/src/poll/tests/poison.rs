//! Spans that can never be stored.

use super::*;

/// `spans(7)` without the fourth span.
fn others() -> Vec<Span> {
    let mut others = spans(7);
    others.remove(3);
    sorted(others)
}

#[tokio::test(start_paused = true)]
async fn only_the_refused_span_is_lost_and_its_reason_is_kept() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(7)));
    agent.change(|script| script.idless = Some(4));
    let mut poller = colony.poller(&agent, ALL);
    poll(&mut poller).await.unwrap();
    assert_eq!(colony.spans(), others());
    let status = colony.status();
    assert_eq!((status.spans_stored, status.spans_refused), (6, 1));
    assert!(status.last_refusal.unwrap().contains("trace_id"));
    assert_eq!(colony.counter("spans.refused.invalid"), 1);
    poll(&mut poller).await.unwrap();
    agent.change(|script| assert_eq!(script.asked_after, [0, 2, 4, 6, 7]));
    assert_eq!(colony.counter("spans.refused.invalid"), 1);
}

#[tokio::test(start_paused = true)]
async fn only_the_span_that_makes_a_page_invalid_otlp_is_lost() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(7)));
    agent.change(|script| {
        script.page_spans = 5;
        script.garbled = Some(4);
    });
    let mut poller = colony.poller(&agent, ALL);
    poll(&mut poller).await.unwrap();
    assert_eq!(colony.spans(), others());
    assert_eq!(colony.counter("spans.refused.undecodable"), 1);
    assert!(colony.status().last_refusal.unwrap().contains("cannot read the agent's page"));
    agent.change(|script| {
        // Pages shrink to a single span, and grow again after that span was skipped.
        assert!(script.asked_for.contains(&1), "{:?}", script.asked_for);
        script.garbled = None;
        script.spans = spans(40);
    });
    poll(&mut poller).await.unwrap();
    let widest = agent.0.lock().unwrap().asked_for[0];
    agent.change(|script| assert_eq!(script.asked_for.last(), Some(&widest)));
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_invalid_once_is_stored_at_the_next_try() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(4)));
    agent.change(|script| script.faults.extend([Fault::Garbage]));
    poll(&mut colony.poller(&agent, ALL)).await.unwrap();
    assert_eq!(colony.spans(), sorted(spans(4)));
    assert_eq!(colony.status().spans_refused, 0);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_invalid_once_after_an_outage_loses_no_span() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(4)));
    agent.change(|script| script.faults.extend([Fault::Refuse; 20]));
    let mut poller = colony.poller(&agent, ALL);
    // Each failed fetch shrinks pages, down to a single span.
    for _ in 0..10 {
        poll(&mut poller).await.unwrap_err();
    }
    agent.change(|script| {
        assert!(script.asked_for.contains(&1), "{:?}", script.asked_for);
        script.faults = [Fault::Garbage].into();
    });
    poll(&mut poller).await.unwrap();
    assert_eq!(colony.spans(), sorted(spans(4)));
    assert_eq!(colony.status().spans_refused, 0);
}

#[tokio::test(start_paused = true)]
async fn all_spans_of_an_agent_that_sends_only_invalid_pages_are_counted_as_refused() {
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(spans(3)));
    agent.change(|script| script.faults.extend([Fault::Garbage; 20]));
    poll(&mut colony.poller(&agent, ALL)).await.unwrap();
    assert!(colony.spans().is_empty());
    assert_eq!(colony.counter("spans.refused.undecodable"), 3);
}

#[tokio::test(start_paused = true)]
async fn an_invalid_link_is_dropped_from_its_span_and_counted() {
    let mut span = spans(1).remove(0);
    let link = coral_trace::Link {
        trace_id: TraceId::try_from(0xabcd_ef01_u128 << 80).unwrap(),
        span_id: coral_trace::SpanId::try_from(9).unwrap(),
        trace_state: String::new(),
        attributes: Default::default(),
        dropped_attributes: 0,
        flags: 0,
    };
    let id = link.trace_id;
    (span.links, span.dropped_links) = (vec![link], 0);
    let (colony, agent) = (Colony::new(), ScriptedAgent::with(vec![span.clone()]));
    agent.change(|script| script.linkless = Some(id));
    poll(&mut colony.poller(&agent, ALL)).await.unwrap();
    (span.links, span.dropped_links) = (vec![], 1);
    assert_eq!(colony.spans(), sorted(vec![span]));
    assert_eq!(colony.counter("links.dropped"), 1);
}
