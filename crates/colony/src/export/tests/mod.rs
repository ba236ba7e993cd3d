//! Exports to scripted targets that misbehave. Tokio's clock is paused, so waits take no time.

mod cursor;
mod one_off;
mod sockets;
mod target;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use coral_config::{ExportTarget, export_targets};
use coral_engine::Filter;
use coral_store::{Store, StoreConfig};
use coral_trace::{Recogniser, Span, SpanId, TraceId, UnixNanos, testing};
use coral_wire::export_answer::PartialSuccess;
use coral_wire::otlp_in::{self, Encoding};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::client::Receiver;
use super::exporter::Exporter;
use super::health::{ExportHealth, ExportStatus};
use super::refusal::{Refusal, Remedy};
use super::target::Target;

/// A receiver that answers by a script, and then takes everything.
#[derive(Clone, Default)]
struct ScriptedTarget(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    answers: VecDeque<Answer>,
    /// A request with more spans is too large.
    most_spans: Option<usize>,
    /// A request with this span is too large.
    giant: Option<u64>,
    /// The spans of each request that was read, by their numbers.
    requests: Vec<Vec<u64>>,
    /// The spans that the target has, by their numbers.
    taken: Vec<u64>,
    /// The last request, as it was decoded.
    last: Vec<Span>,
}

#[derive(Clone, Debug)]
enum Answer {
    Take,
    /// Takes all but so many spans, which it rejects.
    TakeBut(u64),
    Refuse(Remedy),
    /// Takes the spans, and the connection breaks before the answer.
    TakeAndBreak,
    /// Takes the spans, and never answers.
    TakeAndHang,
}

impl Receiver for ScriptedTarget {
    async fn deliver(&mut self, body: Bytes) -> Result<PartialSuccess, Refusal> {
        let spans =
            otlp_in::decode(&body, Encoding::Protobuf, &Recogniser::default()).unwrap().spans;
        let numbers: Vec<u64> = spans.iter().map(|span| span.span_id.as_u64()).collect();
        let answer = {
            let mut script = self.0.lock().unwrap();
            script.requests.push(numbers.clone());
            script.last = spans;
            if script.most_spans.is_some_and(|most| numbers.len() > most)
                || script.giant.is_some_and(|giant| numbers.contains(&giant))
            {
                return Err(Refusal::new(Remedy::Smaller, "too large"));
            }
            let answer = script.answers.pop_front().unwrap_or(Answer::Take);
            if !matches!(answer, Answer::Refuse(_)) {
                script.taken.extend(&numbers);
            }
            answer
        };
        match answer {
            Answer::Take => Ok(PartialSuccess::default()),
            Answer::TakeBut(rejected_spans) => {
                Ok(PartialSuccess { rejected_spans, message: "too old".to_owned() })
            }
            Answer::Refuse(remedy) => Err(Refusal::new(remedy, "not today")),
            Answer::TakeAndBreak => Err(Refusal::unanswered("the connection broke")),
            Answer::TakeAndHang => std::future::pending().await,
        }
    }
}

/// A store, a target and what is between them.
struct World {
    dir: TempDir,
    store: Store,
    target: Arc<Target>,
    receiver: ScriptedTarget,
    health: Arc<ExportHealth>,
    next: u64,
}

const NOON: UnixNanos = UnixNanos(1_795_608_000_000_000_000);

/// The settings of a target that takes requests without compression, with further fields.
fn settings(more: &str) -> ExportTarget {
    let text = format!(
        r#"[{{"name": "tempo", "otlp": "http://127.0.0.1:4318", "compression": "none"{more}}}]"#
    );
    export_targets(&serde_json::from_str(&text).unwrap()).unwrap().remove(0)
}

fn open_store(dir: &TempDir) -> Store {
    Store::open(StoreConfig { dir: dir.path().join("colony"), segment_rows: 1_000 }).unwrap()
}

impl World {
    fn new(more: &str) -> Self {
        Self::with_filter(more, None)
    }

    fn with_filter(more: &str, filter: Option<Filter>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let target = Arc::new(Target::open(&settings(more), filter, false).unwrap());
        let (store, health) = (open_store(&dir), Arc::new(ExportHealth::new(&target)));
        Self { dir, store, target, receiver: ScriptedTarget::default(), health, next: 1 }
    }

    /// Stores `count` spans, whose span ids are their receipts.
    fn receive(&mut self, count: u64) {
        let spans = (self.next..self.next + count).map(numbered).collect();
        self.next += count;
        self.store.append(&[spans], NOON).unwrap();
    }

    fn answers(&self, answers: impl IntoIterator<Item = Answer>) {
        self.receiver.0.lock().unwrap().answers.extend(answers);
    }

    fn exporter(&self) -> Exporter<ScriptedTarget> {
        Exporter {
            receiver: self.receiver.clone(),
            target: self.target.clone(),
            engine: Arc::new(self.store.clone()),
            file: self.dir.path().join("export/tempo.json"),
            health: self.health.clone(),
        }
    }

    /// Exports until the target has everything.
    async fn catch_up(&self) {
        let all = self.store.extent().last_receipt;
        self.export_until(|status| status.lag_receipts == Some(0), all).await;
    }

    /// Exports until the status is as `is_done` says. The exporter then ends as in a crash.
    async fn export_until(&self, is_done: impl Fn(&ExportStatus) -> bool, last_receipt: u64) {
        let mut running = JoinSet::new();
        running.spawn(self.exporter().run(CancellationToken::new()));
        for _ in 0..100_000 {
            if is_done(&self.health.status(NOON, last_receipt)) {
                return running.shutdown().await;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{:?}", self.health.status(NOON, last_receipt));
    }

    fn status(&self) -> ExportStatus {
        self.health.status(NOON, self.store.extent().last_receipt)
    }

    /// The numbers of the spans that the target has, sorted, each once.
    fn taken(&self) -> Vec<u64> {
        let mut taken = self.receiver.0.lock().unwrap().taken.clone();
        taken.sort_unstable();
        taken.dedup();
        taken
    }
}

/// A usual span with the number as its id.
fn numbered(number: u64) -> Span {
    let mut runner = TestRunner::deterministic();
    let mut span = testing::span().new_tree(&mut runner).unwrap().current();
    span.span_id = SpanId::try_from(number).unwrap();
    span.trace_id = TraceId::try_from(u128::from(number)).unwrap();
    span
}
