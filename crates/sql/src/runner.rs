//! Runs SQL children for a colony: a few at the same time. A child is killed when its client goes
//! away.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use coral_cluster::{Cluster, ClusterError};
use coral_engine::{Budget, CancelOnDrop};
use coral_store::{
    FoundLibrary, LibraryError, LibraryPlaces, SqlColumn, SqlFailure, SqlFrame, SqlLimits,
    SqlRequest, Store, StoreError, find_library,
};
use coral_trace::UnixNanos;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Sleep;
use tokio_util::task::TaskTracker;

use super::child::{Task, command};
use super::cluster;
use super::counters::{Ended, SqlCounters};
use super::lines::ChildSlot;
use crate::SqlQuestion;
use coral_config::SqlConfig;

/// The most SQL children that run at the same time. Each may use `sql.memory_limit`.
const MAX_CHILDREN: usize = 3;
/// Longest time that a question waits for one of [`MAX_CHILDREN`] running children to end.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(10);
/// Time after `sql.time_limit` at which a child is killed if its statement still runs.
const END_TIMEOUT: Duration = Duration::from_secs(5);
/// Lines that are buffered between a child and its reader.
const QUEUED_LINES: usize = 256;
/// A line of a child, such as one with columns or an error, may have this many bytes more than
/// `sql.max_bytes`.
const MAX_OTHER_LINE: u64 = 4 << 20;

/// Answers questions in SQL. Cheap to clone: clones share the limits.
#[derive(Clone)]
pub struct SqlRunner {
    source: SqlSource,
    places: LibraryPlaces,
    limits: SqlLimits,
    children: Arc<Semaphore>,
    counters: Arc<SqlCounters>,
    /// The tasks that read the children's output, one for each child. Each ends when its child is
    /// gone. [`join`](Self::join) waits for them.
    relays: TaskTracker,
}

/// Where the spans and metrics are that a statement reads.
#[derive(Clone)]
pub enum SqlSource {
    /// In files, which DuckDB reads.
    Files(Store),
    /// On ClickHouse, which answers itself.
    ClickHouse(Arc<Cluster>),
}

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
pub enum SqlError {
    /// Too many other questions are running.
    #[error(
        "{MAX_CHILDREN} questions in SQL are being answered, and none ended within {QUEUE_TIMEOUT:?}"
    )]
    Busy,
    /// The colony's ClickHouse cannot answer SQL with these settings.
    #[error("SQL is not answered here: {0}")]
    NotSet(String),
    /// No DuckDB library was found, or the library is not safe to load.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// The files of the store could not be read, or its hot rows not be written for DuckDB.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// DuckDB, or the child, reported an error.
    #[error(transparent)]
    Failed(#[from] SqlFailure),
    /// The child ended before its answer: DuckDB crashed, or the kernel killed the child for lack
    /// of memory.
    #[error("the child process that runs DuckDB ended before its answer was complete")]
    Crashed,
    /// The statement exceeded its time limit, and the child was killed.
    #[error("the statement took longer than {0:?}, and its process was killed")]
    Killed(Duration),
    /// The child could not be started, or its output not be read.
    #[error("cannot run the child process that loads DuckDB")]
    Process(#[source] std::io::Error),
}

/// An answer in progress. Dropping the stream ends the child.
pub struct SqlStream {
    /// The columns of the answer.
    pub columns: Vec<SqlColumn>,
    pieces: mpsc::Receiver<Piece>,
    limit: Duration,
    deadline: Pin<Box<Sleep>>,
    _child: EndedOnDrop,
    /// Ends a statement at ClickHouse.
    _cancel: CancelOnDrop,
}

/// One part of an answer.
#[derive(Debug)]
pub enum Piece {
    /// The columns: always the first part, and only once.
    Columns(Vec<SqlColumn>),
    /// One row, as a JSON array.
    Row(String),
    /// The end of the rows; `true` when a limit cut them.
    End(bool),
    /// The answer ended with this error.
    Failed(SqlError),
}

struct EndedOnDrop(ChildSlot);

/// Kills the child, if it still runs, and waits for its end, on drop.
struct Reaped<'a>(&'a ChildSlot);

impl Drop for Reaped<'_> {
    fn drop(&mut self) {
        self.0.reap();
    }
}

impl Drop for EndedOnDrop {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl SqlRunner {
    /// A runner that answers from `source` within the limits of `config`. `data_dir` is one of the
    /// places where the library may be.
    pub fn new(source: SqlSource, data_dir: PathBuf, config: &SqlConfig) -> Self {
        let children = Arc::new(Semaphore::new(MAX_CHILDREN));
        let places =
            LibraryPlaces { named: config.library.clone(), program_dir: program_dir(), data_dir };
        let limits = SqlLimits {
            memory: config.limits.memory,
            threads: config.limits.threads,
            time: config.limits.time,
            rows: config.limits.rows,
            bytes: config.limits.bytes,
        };
        Self {
            source,
            places,
            limits,
            children,
            counters: Arc::default(),
            relays: TaskTracker::new(),
        }
    }

    /// Counters of questions by outcome.
    pub fn counters(&self) -> &SqlCounters {
        &self.counters
    }

    /// The URL of the ClickHouse that answers, or why none does; `None` if DuckDB answers.
    pub fn clickhouse(&self) -> Option<Result<&str, ClusterError>> {
        match &self.source {
            SqlSource::Files(_) => None,
            SqlSource::ClickHouse(cluster) => Some(cluster.selects_from()),
        }
    }

    /// The library that would answer the next question.
    ///
    /// # Errors
    /// [`LibraryError`].
    pub fn library(&self) -> Result<FoundLibrary, LibraryError> {
        find_library(&self.places)
    }

    /// Starts the answer to `question`. Most errors are reported here and not in the stream.
    ///
    /// # Errors
    /// [`SqlError`].
    pub async fn ask(&self, question: SqlQuestion) -> Result<SqlStream, SqlError> {
        let place = tokio::time::timeout(QUEUE_TIMEOUT, self.children.clone().acquire_owned());
        let Some(place) = place.await.ok().and_then(Result::ok) else {
            self.counters.count(Ended::Busy);
            return Err(SqlError::Busy);
        };
        let (queue, pieces) = mpsc::channel(QUEUED_LINES);
        let (slot, runner) = (ChildSlot::default(), self.clone());
        let child = EndedOnDrop(slot.clone());
        let budget = Budget::unlimited().with_timeout(self.limits.time);
        let cancel = budget.cancel_on_drop();
        // This task ends when the child ends. The child ends when the stream is dropped.
        self.relays.spawn_blocking(move || {
            let _place = place;
            let ended = runner.relay(question, &slot, &budget, &queue).unwrap_or_else(|error| {
                let told = queue.blocking_send(Piece::Failed(error));
                if told.is_ok() { Ended::Failed } else { Ended::Abandoned }
            });
            runner.counters.count(ended);
        });
        let limit = self.limits.time;
        let deadline = Box::pin(tokio::time::sleep(limit + END_TIMEOUT));
        let mut stream =
            SqlStream { columns: vec![], pieces, limit, deadline, _child: child, _cancel: cancel };
        match std::future::poll_fn(|context| stream.poll_next(context)).await {
            Piece::Columns(columns) => Ok(SqlStream { columns, ..stream }),
            Piece::Failed(error) => Err(error),
            Piece::Row(_) | Piece::End(_) => Err(SqlError::Crashed),
        }
    }

    /// Waits until every child is gone. A child ends when its [`SqlStream`] is dropped, so call
    /// this after the server that holds the streams has ended.
    pub async fn join(&self) {
        self.relays.close();
        self.relays.wait().await;
    }

    /// Runs the child, and blocks until the answer ends or the client goes away.
    fn relay(
        &self,
        question: SqlQuestion,
        slot: &ChildSlot,
        budget: &Budget,
        queue: &mpsc::Sender<Piece>,
    ) -> Result<Ended, SqlError> {
        let store = match &self.source {
            SqlSource::Files(store) => store,
            SqlSource::ClickHouse(cluster) => {
                return cluster::relay(cluster, question, self.limits, budget, queue);
            }
        };
        let library = self.library()?.path;
        let since = question.since_unix_us.map(UnixNanos::from_micros);
        // Declared before `_child`, and so dropped after the child has ended, because the child
        // reads the files of the snapshot.
        let snapshot = store.sql_snapshot(since)?;
        let _child = Reaped(slot);
        let request = SqlRequest {
            library,
            select: question.sql,
            span_files: snapshot.span_files().to_vec(),
            metric_files: snapshot.metric_files().to_vec(),
            since_unix_us: question.since_unix_us,
            spill_dir: snapshot.dir().to_owned(),
            limits: self.limits,
        };
        let request =
            serde_json::to_vec(&request).map_err(|error| SqlError::Process(error.into()))?;
        let command = command(Task::Answer, snapshot.dir());
        let started = slot.start(command, &request).map_err(SqlError::Process)?;
        let Some(mut lines) = started else { return Ok(Ended::Abandoned) };
        let most = self.limits.bytes.saturating_add(MAX_OTHER_LINE);
        while let Some(line) = lines.next(most).map_err(|_| SqlError::Crashed)? {
            let piece = piece(line)?;
            let ended = match &piece {
                Piece::End(cut) => Some(if *cut { Ended::Cut } else { Ended::Answered }),
                Piece::Failed(_) => Some(Ended::Failed),
                Piece::Columns(_) | Piece::Row(_) => None,
            };
            if queue.blocking_send(piece).is_err() {
                return Ok(Ended::Abandoned);
            }
            if let Some(ended) = ended {
                return Ok(ended);
            }
        }
        Err(SqlError::Crashed)
    }
}

impl SqlStream {
    /// The next part of the answer. Polling after the last part returns an error.
    ///
    /// The time limit also includes the time that the caller takes between two parts.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Piece> {
        if self.deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(Piece::Failed(SqlError::Killed(self.limit)));
        }
        let piece = self.pieces.poll_recv(context);
        piece.map(|piece| piece.unwrap_or(Piece::Failed(SqlError::Crashed)))
    }
}

fn piece(line: String) -> Result<Piece, SqlError> {
    if line.starts_with('[') {
        return Ok(Piece::Row(line));
    }
    Ok(match serde_json::from_str(&line).map_err(|_| SqlError::Crashed)? {
        SqlFrame::Columns(columns) => Piece::Columns(columns),
        SqlFrame::End { more } => Piece::End(more),
        SqlFrame::Error(failure) => Piece::Failed(failure.into()),
    })
}

/// Directory of the running program.
pub fn program_dir() -> Option<PathBuf> {
    std::env::current_exe().ok()?.parent().map(PathBuf::from)
}
