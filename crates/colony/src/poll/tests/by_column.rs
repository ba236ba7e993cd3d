//! Pages by column: everything that a colony does to spans, it does to columns.

use coral_engine::Minute;
use coral_trace::SpanKind;

use super::*;

/// An agent with `spans` that answers in columns if `by_column`.
fn agent(spans: Vec<Span>, by_column: bool) -> ScriptedAgent {
    let agent = ScriptedAgent::with(spans);
    agent.change(|script| {
        script.by_column = by_column;
        script.page_spans = 5;
    });
    agent
}

/// Whether each page that the agent sent was by column.
fn forms(agent: &ScriptedAgent) -> Vec<bool> {
    let script = agent.0.lock().unwrap();
    let pages = script.sent.iter().filter(|(_, page)| page.spans > 0);
    pages.map(|(_, page)| page.columns.is_some()).collect()
}

/// 40 spans that started at `now`; some serve requests over HTTP, and some were sampled.
fn served_requests(now: UnixNanos) -> Vec<Span> {
    let mut spans = spans(40);
    for (at, span) in spans.iter_mut().enumerate() {
        (span.start, span.end) = (now.earlier(Duration::from_secs(1)), now);
        if at.is_multiple_of(2) {
            span.kind = SpanKind::Server;
            span.attributes = [("http.request.method", "GET")].into_iter().collect();
        }
        if at.is_multiple_of(3) {
            span.trace_state = "ot=th:8".to_owned();
        }
    }
    spans
}

#[tokio::test(start_paused = true)]
async fn columns_are_sampled_counted_and_stored_as_spans_are() {
    let (half, now) = (Sampling::keeping(0.5), clock::now());
    let mut results = Vec::new();
    for by_column in [true, false] {
        let (colony, agent) = (Colony::new(), agent(served_requests(now), by_column));
        let mut poller = colony.poller(&agent, half);
        poll(&mut poller).await.unwrap();
        assert_eq!(forms(&agent), [by_column; 8]);
        let minutes = colony.health.end_minute(Minute::at(now));
        let minutes: Vec<_> =
            minutes.into_iter().map(|minute| (minute.services, minute.requests)).collect();
        let status = colony.status();
        let counts = (status.spans_stored, status.spans_missed, status.spans_refused);
        let (sampled, duplicate) =
            (colony.counter("spans.sampled_out"), colony.counter("spans.duplicate"));
        results.push((colony.spans(), counts, sampled, duplicate, minutes));
    }
    assert_eq!(results[0], results[1]);
    assert!(results[0].2 > 0 && !results[0].0.is_empty());
    assert!(
        results[0]
            .4
            .iter()
            .any(|(services, requests)| !services.is_empty() && !requests.is_empty())
    );
}

#[tokio::test(start_paused = true)]
async fn columns_that_are_sent_twice_are_stored_once() {
    let (colony, agent) = (Colony::new(), agent(spans(6), true));
    let mut poller = colony.poller(&agent, ALL);
    agent.change(|script| script.store_id = "first".into());
    poll(&mut poller).await.unwrap();
    agent.change(|script| script.store_id = "second".into());
    poll(&mut poller).await.unwrap();
    assert_eq!(colony.spans(), sorted(spans(6)));
    assert_eq!((colony.store.extent().spans, colony.counter("spans.duplicate")), (6, 6));
}

#[tokio::test(start_paused = true)]
async fn a_page_by_column_that_cannot_be_read_is_asked_for_as_spans_and_the_next_by_column_again() {
    let (colony, agent) = (Colony::new(), agent(spans(15), true));
    agent.change(|script| script.cut = Some(7));
    poll(&mut colony.poller(&agent, ALL)).await.unwrap();
    assert_eq!(colony.spans(), sorted(spans(15)));
    assert_eq!(forms(&agent), [true, true, false, true]);
    assert_eq!(colony.status().spans_refused, 0);
}

#[tokio::test(start_paused = true)]
async fn only_the_row_that_is_no_span_is_lost_and_its_reason_is_kept() {
    let (colony, agent) = (Colony::new(), agent(spans(7), true));
    agent.change(|script| script.zeroed = Some(4));
    poll(&mut colony.poller(&agent, ALL)).await.unwrap();
    let mut others = spans(7);
    others.remove(3);
    assert_eq!(colony.spans(), sorted(others));
    let status = colony.status();
    assert_eq!((status.spans_stored, status.spans_refused), (6, 1));
    assert!(status.last_refusal.unwrap().contains("trace_id"));
    assert_eq!(colony.counter("spans.refused.invalid"), 1);
    assert_eq!(forms(&agent), [true, true]);
}
