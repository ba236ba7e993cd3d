//! The coverage timeline that polling leaves behind.

use coral_engine::{AgentMinute, Budget, Minute, PolledMinute, RequestCounts, TraceReader as _};
use coral_trace::red::Protocol;
use coral_trace::{SpanKind, TimeRange, UnixNanos};

use super::*;
use crate::poll::timeline::Timeline;

impl Colony {
    fn timeline(&self) -> Timeline {
        Timeline { engine: self.engine(), health: self.health.clone() }
    }

    fn minutes(&self) -> Vec<AgentMinute> {
        self.store.agent_minutes(TimeRange::ALL, &Budget::unlimited()).unwrap()
    }

    /// The same colony after a restart.
    fn restarted(self) -> Self {
        let Self { temp: dir, store, .. } = self;
        drop(store);
        let store =
            Store::open(StoreConfig { dir: dir.path().join("colony"), segment_rows: 1_000 });
        Self { temp: dir, store: store.unwrap(), health: Arc::default() }
    }
}

/// `spans`, moved to start at `start`, of `service`.
fn at_time(spans: Vec<Span>, start: UnixNanos, service: &str) -> Vec<Span> {
    let moved = spans.into_iter().map(|span| {
        let mut origin = (*span.origin).clone();
        origin.resource.attributes = [("service.name", service)].into_iter().collect();
        Span { start, end: start, origin: Arc::new(origin), ..span }
    });
    moved.collect()
}

fn after(minute: Minute, minutes: u32) -> Minute {
    Minute(minute.0 + minutes)
}

fn polled(minutes: &[AgentMinute], at: Minute) -> Option<PolledMinute> {
    minutes.iter().find(|record| record.minute == at)?.polled
}

#[tokio::test(start_paused = true)]
async fn a_minute_of_an_agent_that_answers_has_its_services_and_what_is_complete() {
    let (colony, now) = (Colony::new(), clock::now());
    let minute = Minute::at(now);
    let agent = ScriptedAgent::with(at_time(spans(3), now, "cart"));
    let started = now.earlier(Duration::from_secs(3_600));
    agent.change(|script| {
        script.beyla = "instrumenting".into();
        script.started_unix_us = started.as_micros();
        script.beyla_sampling_rate = 0.5;
        script.spans.extend(at_time(
            spans(4).split_off(3),
            now.earlier(Duration::from_secs(600)),
            "cart",
        ));
    });
    let mut poller = colony.poller(&agent, ALL);
    poll(&mut poller).await.unwrap();
    colony.health.caught_up("web-1", now, 0.5);
    colony.timeline().record(minute).await;
    let expected = PolledMinute {
        reachable: true,
        complete: Some(TimeRange { start: UnixNanos::from_micros(started.as_micros()), end: now }),
        instrumenting: Some(true),
        sampling_ratio: Some(0.25),
    };
    let found = colony.minutes();
    assert_eq!(polled(&found, minute), Some(expected));
    let services: Vec<_> =
        found.iter().map(|record| (record.minute, record.services.clone())).collect();
    let cart = |spans| [(("cart".to_owned(), Collector::Ebpf), spans)].into();
    assert_eq!(services, [(Minute(minute.0 - 10), cart(1)), (minute, cart(3))]);
}

#[tokio::test(start_paused = true)]
async fn the_server_spans_of_each_service_and_protocol_are_recorded() {
    let (colony, now) = (Colony::new(), clock::now());
    let minute = Minute::at(now);
    let kinds = [
        (SpanKind::Server, "http.request.method"),
        (SpanKind::Server, "http.method"),
        (SpanKind::Server, "rpc.method"),
        (SpanKind::Server, "other"),
        (SpanKind::Client, "http.request.method"),
        (SpanKind::Internal, "http.request.method"),
    ];
    let spans = at_time(spans(kinds.len()), now, "cart").into_iter().zip(kinds);
    let of_kind = |(span, (kind, key)): (Span, (SpanKind, &'static str))| {
        let attributes = [(key, "GET")].into_iter().collect();
        Span { kind, attributes, ..span }
    };
    let agent = ScriptedAgent::with(spans.map(of_kind).collect());
    poll(&mut colony.poller(&agent, ALL)).await.unwrap();
    colony.timeline().record(minute).await;
    let found = colony.minutes().pop().unwrap().requests;
    let counts =
        |protocol, spans| (("cart".to_owned(), protocol), RequestCounts { spans, counted: 0 });
    assert_eq!(found, [counts(Protocol::Http, 2), counts(Protocol::Grpc, 1)].into());
}

#[tokio::test(start_paused = true)]
async fn the_minutes_of_a_dead_agent_are_recorded_as_unreachable_and_read_after_a_restart() {
    let (colony, now) = (Colony::new(), clock::now());
    let minute = Minute::at(now);
    let agent = ScriptedAgent::with(at_time(spans(2), now, "cart"));
    agent.change(|script| script.started_unix_us = now.as_micros() - 3_600_000_000);
    let mut poller = colony.poller(&agent, ALL);
    poll(&mut poller).await.unwrap();
    colony.health.caught_up("web-1", now, 1.0);
    colony.timeline().record(minute).await;
    agent.change(|script| script.faults.extend([Fault::Silent; 3]));
    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    tasks.spawn(poller.run(stop.clone()));
    tokio::time::sleep(Duration::from_secs(20)).await;
    stop.cancel();
    tasks.join_next().await.unwrap().unwrap();
    for minutes in 1..4 {
        colony.timeline().record(after(minute, minutes)).await;
    }
    // The colony is down for two minutes, and does not reach the agent afterwards.
    let colony = colony.restarted();
    let poller = colony.poller(&agent, ALL);
    let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
    agent.change(|script| script.faults.extend([Fault::Silent; 3]));
    tasks.spawn(poller.run(stop.clone()));
    tokio::time::sleep(Duration::from_secs(20)).await;
    stop.cancel();
    tasks.join_next().await.unwrap().unwrap();
    colony.timeline().record(after(minute, 6)).await;
    let found = colony.minutes();
    let reachable = |minutes| polled(&found, after(minute, minutes)).map(|polled| polled.reachable);
    assert_eq!(
        (0..7).map(reachable).collect::<Vec<_>>(),
        [Some(true), Some(false), Some(false), Some(false), None, None, Some(false),]
    );
    assert_eq!(polled(&found, after(minute, 3)).unwrap().complete.unwrap().end, now);
    assert_eq!(polled(&found, after(minute, 6)).unwrap().complete, None);
}

#[tokio::test(start_paused = true)]
async fn what_expired_on_an_agent_before_it_was_polled_is_not_complete() {
    let (colony, now) = (Colony::new(), clock::now());
    let minute = Minute::at(now);
    let agent = ScriptedAgent::with(at_time(spans(2), now, "cart"));
    agent.change(|script| script.started_unix_us = now.as_micros() - 3_600_000_000);
    let mut poller = colony.poller(&agent, ALL);
    poll(&mut poller).await.unwrap();
    agent.change(|script| {
        script.spans = at_time(spans(9), now, "cart");
        script.expired_below = 6;
    });
    poll(&mut poller).await.unwrap();
    let later = now.later(Duration::from_secs(30));
    colony.health.caught_up("web-1", later, 1.0);
    colony.timeline().record(minute).await;
    let complete = polled(&colony.minutes(), minute).unwrap().complete.unwrap();
    assert!(now <= complete.start && complete.start < complete.end, "{complete:?}");
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_agent_and_one_that_was_not_polled_yet_have_no_minute() {
    let colony = Colony::new();
    let agent = ScriptedAgent::with(vec![]);
    let mut poller = colony.poller(&agent, ALL);
    colony.timeline().record(Minute(1)).await;
    assert_eq!(colony.minutes(), []);
    poll(&mut poller).await.unwrap();
    colony.health.forget("web-1");
    colony.timeline().record(Minute(2)).await;
    assert_eq!(colony.minutes(), []);
}
