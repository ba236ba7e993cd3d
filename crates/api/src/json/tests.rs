//! Questions over sockets, to an engine whose reads end only when the budget of the question ends.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use coral_config::{SqlConfig, SqlLimits};
use coral_engine::{
    AgentMinute, Capabilities, Columns, DeltaQuery, EngineError, Extent, FilterCapabilities,
    MetricExtent, MetricReader, Operation, StoredDelta, StoredSpan, StoredTrace, TraceQuery,
    TraceReader, TraceSummary,
};
use coral_query::answer::ColonyStatus;
use coral_query::{FleetState, QueryError, SharedSources};
use coral_server::admission::{Admission, AdmissionLimits};
use coral_server::door::Door;
use coral_server::door::hosts::AllowedHosts;
use coral_server::listen;
use coral_store::{Store, StoreConfig};
use coral_trace::dependency::Dependencies;
use coral_trace::{Collector, SpanKind, TimeRange, TraceId, TraceIdPrefix, UnixNanos};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::*;

/// An engine whose reads last until the budget ends the question.
#[derive(Default)]
struct Endless {
    has_begun: Notify,
}

impl Endless {
    fn read<T>(&self, budget: &Budget) -> Result<T, EngineError> {
        self.has_begun.notify_one();
        loop {
            budget.check()?;
            std::thread::yield_now();
        }
    }
}

impl TraceReader for Endless {
    fn id(&self) -> &str {
        "endless"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            filter: FilterCapabilities::NONE,
            counts_duplicates: false,
            columns_layout: None,
        }
    }

    fn search(&self, _: &TraceQuery, budget: &Budget) -> Result<Vec<TraceSummary>, EngineError> {
        self.read(budget)
    }

    fn trace(
        &self,
        _: TraceId,
        _: Option<Collector>,
        _: Columns,
        _: u32,
        budget: &Budget,
    ) -> Result<StoredTrace, EngineError> {
        self.read(budget)
    }

    fn contains(&self, _: TraceId, _: &Budget) -> Result<bool, EngineError> {
        Ok(false)
    }

    fn traces_with_prefix(
        &self,
        _: TraceIdPrefix,
        _: u32,
        _: &Budget,
    ) -> Result<Vec<TraceId>, EngineError> {
        Ok(Vec::new())
    }

    fn spans_of(
        &self,
        _: &[TraceId],
        _: Option<Collector>,
        _: Columns,
        _: u32,
        budget: &Budget,
    ) -> Result<Vec<StoredSpan>, EngineError> {
        self.read(budget)
    }

    fn services(&self, _: TimeRange, budget: &Budget) -> Result<BTreeSet<String>, EngineError> {
        self.read(budget)
    }

    fn operations(
        &self,
        _: &str,
        _: TimeRange,
        budget: &Budget,
    ) -> Result<Vec<Operation>, EngineError> {
        self.read(budget)
    }

    fn dependencies(
        &self,
        _: TimeRange,
        _: Option<Collector>,
        budget: &Budget,
    ) -> Result<Dependencies, EngineError> {
        self.read(budget)
    }

    fn spans_ended(
        &self,
        _: &BTreeSet<String>,
        _: Collector,
        _: &[SpanKind],
        _: TimeRange,
        budget: &Budget,
        _: &mut dyn FnMut(&StoredSpan),
    ) -> Result<(), EngineError> {
        self.read(budget)
    }

    fn oldest_start(&self, _: Collector, _: &Budget) -> Result<Option<UnixNanos>, EngineError> {
        Ok(None)
    }

    fn extent(&self) -> Result<Extent, EngineError> {
        Ok(Extent::default())
    }

    fn agent_minutes(&self, _: TimeRange, _: &Budget) -> Result<Vec<AgentMinute>, EngineError> {
        Ok(Vec::new())
    }
}

impl MetricReader for Endless {
    fn deltas(
        &self,
        _: &DeltaQuery,
        budget: &Budget,
        _: &mut dyn FnMut(&StoredDelta),
    ) -> Result<(), EngineError> {
        self.read(budget)
    }

    fn metric_extent(&self) -> Result<MetricExtent, EngineError> {
        Ok(MetricExtent::default())
    }
}

impl FleetState for Endless {
    fn status(&self, _: UnixNanos) -> ColonyStatus {
        ColonyStatus { version: "of a test".to_owned(), ..ColonyStatus::default() }
    }
}

/// A colony with the endless engine, on which one question runs at a time.
pub(crate) struct Colony {
    engine: Arc<Endless>,
    admission: Admission,
    pub(crate) address: SocketAddr,
    stop: CancellationToken,
    served: tokio::task::JoinSet<()>,
    _dir: tempfile::TempDir,
}

/// How long to wait for a question to begin, which takes milliseconds.
const TURN_TIMEOUT: Duration = Duration::from_secs(20);

const ONE_TURN: AdmissionLimits = AdmissionLimits {
    max_running: 1,
    max_running_per_identity: 1,
    max_waiting: 1,
    max_waiting_per_identity: 1,
    wait_timeout: Duration::from_secs(60),
};

impl Colony {
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(StoreConfig { dir: dir.path().join("s"), segment_rows: 1_000 });
        let limits = SqlLimits { memory: 1, threads: 1, time: Duration::ZERO, rows: 1, bytes: 1 };
        let sql = SqlConfig { library: None, limits };
        let sql = SqlRunner::new(
            coral_sql::runner::SqlSource::Files(store.unwrap()),
            dir.path().to_owned(),
            &sql,
        );
        let (engine, admission) = (Arc::<Endless>::default(), Admission::new(ONE_TURN));
        let sources = SharedSources {
            traces: engine.clone(),
            metrics: engine.clone(),
            fleet: engine.clone(),
        };
        let hosts = AllowedHosts::of_this_host(&[], "colony.allowed_hosts");
        let answering = Answering { sources, admission: admission.clone() };
        let door = Door::new(hosts, "a test").merge(routes(&answering, sql));
        let door = crate::tempo::grpc::add_rpcs(door, &answering);
        let listener = listen::bind(([127, 0, 0, 1], 0).into(), "a test").await.unwrap();
        let (address, stop) = (listen::local_address(&listener), CancellationToken::new());
        let mut served = tokio::task::JoinSet::new();
        let stopped = stop.clone();
        served.spawn(async move { listen::serve(listener, None, door, stopped).await.unwrap() });
        Self { engine, admission, address, stop, served, _dir: dir }
    }

    /// Waits until the engine starts to answer one more question.
    pub(crate) async fn begins(&self) {
        let begun = tokio::time::timeout(TURN_TIMEOUT, self.engine.has_begun.notified());
        begun.await.expect("no question began");
    }

    async fn ask(&self, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    }

    async fn answer(&self, path: &str) -> String {
        let mut answer = String::new();
        let mut stream = self.ask(path).await;
        let read = tokio::time::timeout(TURN_TIMEOUT, stream.read_to_string(&mut answer));
        read.await.expect("no answer came").unwrap();
        answer
    }

    pub(crate) fn counter(&self, name: &str) -> u64 {
        let name = format!("coral.colony.queries.{name}");
        self.admission.counters("colony").into_iter().find(|(known, _)| *known == name).unwrap().1
    }

    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        self.served.join_next().await.unwrap().unwrap();
    }
}

/// A question whose answer has as its JSON how many questions run while that JSON is made.
#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct Probe {}

#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct ProbeAnswer {}

/// The admission control whose running questions [`ProbeAnswer`] counts. Only one test sets it.
static PROBED: std::sync::OnceLock<Admission> = std::sync::OnceLock::new();

impl Ask for Probe {
    const PATH: &'static str = "/probe";
    const NAME: &'static str = "probe";
    const SUMMARY: &'static str = "How many questions run.";
    const PERMISSION: &'static str = "status.read";
    type Answer = ProbeAnswer;

    fn rows(_answer: &Self::Answer) -> usize {
        0
    }

    fn answer(&self, _: &Sources<'_>, _: &Budget) -> Result<ProbeAnswer, QueryError> {
        Ok(ProbeAnswer {})
    }
}

impl Projection for ProbeAnswer {
    fn json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let counters = PROBED.get().expect("the test has set it").counters("colony");
        let running = counters.iter().find(|(name, _)| name.ends_with(".running"));
        Ok(running.expect("it is counted").1.to_string().into_bytes())
    }
}

#[tokio::test]
async fn the_json_of_an_answer_is_made_before_the_next_question_may_run() {
    let admission = PROBED.get_or_init(|| Admission::new(ONE_TURN)).clone();
    let engine = Arc::<Endless>::default();
    let sources = SharedSources { traces: engine.clone(), metrics: engine.clone(), fleet: engine };
    let answering = Answering { sources, admission };
    let asker = Asker::unlimited(Surface::Json);
    let answer = ask(&answering, Probe {}, asker, RowCount::default()).await;
    let running = axum::body::to_bytes(answer.into_body(), 100).await.unwrap();
    assert_eq!(running, "1", "answers of more questions than may run are in memory");
}

const MAP: &str = "/api/v1/topology?since_unix_us=1&until_unix_us=2";

#[tokio::test(flavor = "multi_thread")]
async fn a_question_ends_when_its_client_goes_and_the_next_one_begins() {
    let colony = Colony::start().await;
    let asker = colony.ask(MAP).await;
    colony.begins().await;
    assert_eq!((colony.counter("running"), colony.counter("cancelled")), (1, 0));
    let next = colony.ask(MAP).await;
    drop(asker);
    // The next question begins only if the turn is free again.
    colony.begins().await;
    assert_eq!((colony.counter("running"), colony.counter("cancelled")), (1, 1));
    drop(next);
    colony.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_colony_refuses_further_questions_and_still_answers_its_status() {
    let colony = Colony::start().await;
    let running = colony.ask(MAP).await;
    colony.begins().await;
    let waiting = colony.ask(MAP).await;
    while colony.counter("waiting") == 0 {
        tokio::task::yield_now().await;
    }
    let refused = colony.answer(MAP).await;
    assert!(refused.starts_with("HTTP/1.1 429 ") && refused.contains("retry-after"), "{refused}");
    assert!(refused.contains("\"hint\":"), "{refused}");
    assert_eq!(colony.counter("refused"), 1);
    let status = colony.answer("/api/v1/status").await;
    assert!(status.starts_with("HTTP/1.1 200 ") && status.contains("of a test"), "{status}");
    drop((running, waiting));
    colony.stop().await;
}
