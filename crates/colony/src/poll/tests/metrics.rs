//! Metrics of scripted agents that misbehave.

use std::sync::atomic::{AtomicUsize, Ordering};

use coral_engine::{AgentMinute, Minute, RequestCounts};
use coral_store::{DeltaQuery, StoredDelta};
use coral_trace::red::{Delta, Histogram, Protocol, Series, Side};
use coral_trace::{Attributes, TimeRange, UnixNanos};
use coral_wire::agent_rpc::proto::{MetricPage, QueryBeylaMetricsResponse, UntracedService};
use coral_wire::agent_rpc::put_metrics;

use super::*;
use crate::poll::client::MetricPageRequest;
use crate::poll::lease::AgentLease;
use crate::poll::metrics::MetricStream;
use crate::poll::page_fetcher::PageFetcher;
use crate::poll::position::Positions;

/// An agent whose store is called `id`. Each row has one request, each page two rows.
#[derive(Clone, Default)]
struct MetricScript {
    id: String,
    rows: u64,
    /// The time of the row with receipt 0.
    from: UnixNanos,
    /// The row with this receipt is sent without its detail.
    bad: Option<u64>,
    /// The number of next pages that start and never end.
    drips: usize,
    untraced: Vec<UntracedService>,
    asked_for: Vec<u32>,
    /// Pages whose reading started.
    read: Arc<AtomicUsize>,
    hung_up: usize,
}

impl AgentClient for MetricScript {
    async fn ask(&mut self, _: SpanPageRequest) -> Result<Incoming<SpanPage>, PollError> {
        Err(PollError::too_old("no spans"))
    }

    async fn ask_metrics(
        &mut self,
        wanted: MetricPageRequest,
    ) -> Result<Incoming<QueryBeylaMetricsResponse>, PollError> {
        self.asked_for.push(wanted.most_metrics);
        if self.drips > 0 {
            self.drips -= 1;
            return Ok(Box::pin(std::future::pending()));
        }
        let (answer, read) = (self.answer(wanted.after), self.read.clone());
        Ok(Box::pin(async move {
            read.fetch_add(1, Ordering::Relaxed);
            Ok(answer)
        }))
    }

    fn hang_up(&mut self) {
        self.hung_up += 1;
    }
}

impl MetricScript {
    fn of(id: &str, rows: u64) -> Self {
        Self { id: id.to_owned(), rows, ..Self::default() }
    }

    fn answer(&self, after: u64) -> QueryBeylaMetricsResponse {
        let last = self.rows.min(after + 2).max(after);
        let deltas: Vec<Delta> = (after + 1..=last).map(|row| request(self.from.0 + row)).collect();
        let mut answer = QueryBeylaMetricsResponse::default();
        put_metrics(&mut answer, (after + 1..).zip(&deltas), usize::MAX);
        let receipts = (after + 1..).zip(&mut answer.http_metrics);
        for (_, metric) in receipts.filter(|(receipt, _)| Some(*receipt) == self.bad) {
            metric.detail = None;
        }
        answer.metric_page = Some(MetricPage {
            store_id: self.id.clone(),
            next_receipt: last,
            has_more: last < self.rows,
            last_receipt: self.rows,
            first_receipt: 1,
            untraced: self.untraced.clone(),
        });
        answer
    }
}

/// A row of one request, which ended after `since`.
fn request(since: u64) -> Delta {
    let series =
        Series::from_attributes(Protocol::Http, Side::Server, "cart", Attributes::default());
    Delta {
        series: Arc::new(series.unwrap()),
        since: UnixNanos(since),
        time: UnixNanos(since + 1),
        histogram: Histogram::new([5], vec![1, 0], None).unwrap(),
        exemplars: Vec::new(),
    }
}

/// The stream of `web-1`, from its stored checkpoint.
fn resumed(engine: Arc<dyn Engine>) -> MetricStream {
    let stored = Positions::stored(&*engine, "web-1").unwrap();
    MetricStream::at(stored.metrics, engine)
}

impl Colony {
    fn fetcher(&self, agent: MetricScript) -> PageFetcher<MetricScript> {
        self.health.know("web-1", &at("http://web-1:9001"));
        let room = Arc::new(Semaphore::new(1));
        let lease = AgentLease::none(None);
        PageFetcher { client: agent, room, within: Duration::from_secs(9), lease }
    }

    /// Polls with a new stream, as after a restart of the colony.
    async fn poll_metrics(&self, fetcher: &mut PageFetcher<MetricScript>) -> Result<(), PollError> {
        let mut stream = resumed(self.engine());
        stream.catch_up(fetcher, &self.health, &CancellationToken::new()).await
    }

    fn requests(&self) -> u64 {
        let mut requests = 0;
        let count = |row: &StoredDelta| requests += row.delta.histogram.count();
        self.store.deltas(&DeltaQuery::all(Protocol::Http, TimeRange::ALL), count).unwrap();
        requests
    }
}

#[tokio::test(start_paused = true)]
async fn metrics_are_counted_once_even_if_the_agents_store_is_replaced() {
    let colony = Colony::new();
    let rows = [
        ("first", 5, 5),
        ("first", 7, 7),
        // An older copy of the store was restored: only rows after the copy are new.
        ("first", 4, 7),
        ("first", 6, 9),
        // The store was wiped.
        ("second", 3, 12),
    ];
    for (id, rows, expected) in rows {
        colony.poll_metrics(&mut colony.fetcher(MetricScript::of(id, rows))).await.unwrap();
        assert_eq!(colony.requests(), expected, "{id} with {rows} rows");
    }
    assert_eq!(colony.store.metric_checkpoints()[0].rows_stored, 12);
}

#[tokio::test(start_paused = true)]
async fn services_that_beyla_does_not_trace_are_shown_without_what_no_terminal_should_get() {
    let colony = Colony::new();
    let service = |name: &str, port: u32| UntracedService {
        name: name.to_owned(),
        port,
        program: "/srv/\u{1b}[2Jcart".to_owned(),
    };
    let bad = [service("", 80), service("a", 0), service("b", 70_000)];
    let long = service(&"x".repeat(1_000), 81);
    let mut untraced = [vec![service("cart\n", 8080), long], bad.to_vec()].concat();
    untraced.extend((0..1_000).map(|_| service("more", 82)));
    let script = MetricScript { untraced, ..MetricScript::of("first", 1) };
    colony.poll_metrics(&mut colony.fetcher(script)).await.unwrap();
    let shown = colony.status().untraced;
    assert_eq!(shown.len(), 64 - bad.len());
    assert!(shown[1].name.len() <= 256);
    let texts = shown.iter().flat_map(|of| [&of.name, &of.program]);
    assert!(texts.into_iter().all(|text| !text.contains(char::is_control)), "{shown:?}");
    colony.poll_metrics(&mut colony.fetcher(MetricScript::of("first", 2))).await.unwrap();
    assert_eq!(colony.status().untraced, []);
}

#[tokio::test(start_paused = true)]
async fn requests_that_metrics_count_are_recorded_once_in_the_coverage_timeline() {
    let (colony, now) = (Colony::new(), clock::now());
    let minute = Minute::at(now.earlier(Duration::from_secs(60)));
    let from = UnixNanos(minute.start().0 + 1_000_000_000);
    let mut fetcher = colony.fetcher(MetricScript { from, ..MetricScript::of("first", 5) });
    for expected in [Some(5), None] {
        colony.poll_metrics(&mut fetcher).await.unwrap();
        let records = colony.health.end_minute(Minute::at(now));
        let found = records.iter().find(|record| record.minute == minute);
        let of_cart = |record: &AgentMinute| {
            let counts = record.requests[&("cart".to_owned(), Protocol::Http)];
            (record.agent_id.clone(), counts)
        };
        let expected = expected.map(|counted| RequestCounts { spans: 0, counted });
        assert_eq!(found.map(of_cart), expected.map(|counts| ("web-1".to_owned(), counts)));
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_refused_metric_is_lost_and_its_reason_is_kept() {
    let colony = Colony::new();
    let mut fetcher = colony.fetcher(MetricScript { bad: Some(4), ..MetricScript::of("first", 7) });
    for _ in 0..2 {
        colony.poll_metrics(&mut fetcher).await.unwrap();
        assert_eq!((colony.requests(), colony.counter("metrics.refused")), (6, 1));
    }
    assert!(colony.status().last_refusal.unwrap().contains("detail"));
    assert_eq!(colony.store.metric_checkpoints()[0].next_receipt, 7);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_ends_frees_its_permit_and_shrinks_the_next_request_for_metrics() {
    let colony = Colony::new();
    let mut fetcher = colony.fetcher(MetricScript { drips: 1, ..MetricScript::of("first", 3) });
    let stop = CancellationToken::new();
    let mut stream = resumed(colony.engine());
    let outcome = stream.catch_up(&mut fetcher, &colony.health, &stop).await;
    assert!(matches!(outcome, Err(PollError::TimedOut(_))), "{outcome:?}");
    assert_eq!((fetcher.client.hung_up, fetcher.room.available_permits()), (1, 1));
    stream.catch_up(&mut fetcher, &colony.health, &stop).await.unwrap();
    assert_eq!(colony.requests(), 3);
    assert!(
        fetcher.client.asked_for[1] < fetcher.client.asked_for[0],
        "{:?}",
        fetcher.client.asked_for
    );
}

#[tokio::test(start_paused = true)]
async fn metrics_wait_at_their_agent_until_a_permit_is_free() {
    let colony = Colony::new();
    let mut fetcher = colony.fetcher(MetricScript::of("first", 3));
    let taken = fetcher.room.clone().acquire_owned().await.unwrap();
    let (stop, mut stream) = (CancellationToken::new(), resumed(colony.engine()));
    let poll = stream.catch_up(&mut fetcher, &colony.health, &stop);
    assert!(tokio::time::timeout(Duration::from_secs(600), poll).await.is_err());
    assert_eq!(
        (fetcher.client.asked_for.len(), fetcher.client.read.load(Ordering::Relaxed)),
        (1, 0)
    );
    drop(taken);
    stream.catch_up(&mut fetcher, &colony.health, &stop).await.unwrap();
    assert_eq!(colony.requests(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_store_id_that_is_too_long_is_refused_for_metrics() {
    let colony = Colony::new();
    let mut fetcher = colony.fetcher(MetricScript::of(&"x".repeat(100_000), 3));
    let outcome = colony.poll_metrics(&mut fetcher).await;
    assert!(matches!(outcome, Err(PollError::Nonsense(_))), "{outcome:?}");
    assert_eq!(colony.requests(), 0);
}
