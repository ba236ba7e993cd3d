//! Runs SQL children for a colony: few at once, each ended when nobody waits for its answer.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use coral_store::{
    FoundLibrary, LibraryError, LibraryPlaces, SqlColumn, SqlFailure, SqlFrame, SqlLimits,
    SqlRequest, Store, StoreError, find_library,
};
use coral_trace::UnixNanos;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Sleep;
use tokio_util::task::TaskTracker;

use super::child::{Task, command};
use super::counters::{Ended, SqlCounters};
use super::lines::ChildSlot;
use crate::SqlQuestion;
use coral_config::SqlConfig;

/// SQL children at once: each may take `sql.memory_limit`.
const MAX_CHILDREN: usize = 3;
/// How long a question waits for one of these places.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long after `sql.time_limit` a child that has not ended its statement is killed.
const END_TIMEOUT: Duration = Duration::from_secs(5);
/// Lines that wait between a child and its reader.
const QUEUED_LINES: usize = 256;
/// What a line with columns, or with an error, may have beside what rows may.
const MAX_OTHER_LINE: u64 = 4 << 20;

/// Answers questions in SQL. Cheap to clone.
#[derive(Clone)]
pub struct SqlRunner {
    store: Store,
    places: LibraryPlaces,
    limits: SqlLimits,
    children: Arc<Semaphore>,
    counters: Arc<SqlCounters>,
    /// One for each child, until the child is gone. Awaited by [`join`](Self::join).
    relays: TaskTracker,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SqlError {
    /// Others are being answered.
    #[error(
        "{MAX_CHILDREN} questions in SQL are being answered, and none ended within {QUEUE_TIMEOUT:?}"
    )]
    Busy,
    /// There is no DuckDB.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// The store's files cannot be read, or the rows of its memory not written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// DuckDB said so, or the child.
    #[error(transparent)]
    Failed(#[from] SqlFailure),
    /// The child ended in the middle: DuckDB crashed, or the kernel had no memory for it.
    #[error("the process that asked DuckDB ended before its answer did")]
    Crashed,
    /// The child did not end its statement, and was killed.
    #[error("the statement took longer than {0:?}, and its process was killed")]
    Killed(Duration),
    /// The child cannot be started or read.
    #[error("cannot run a process that asks DuckDB")]
    Process(#[source] std::io::Error),
}

/// An answer that is being made. The child ends when this is dropped.
pub struct SqlStream {
    /// The columns of every row.
    pub columns: Vec<SqlColumn>,
    pieces: mpsc::Receiver<Piece>,
    limit: Duration,
    deadline: Pin<Box<Sleep>>,
    _child: EndedOnDrop,
}

/// A part of an answer.
#[derive(Debug)]
pub enum Piece {
    /// What every row has; comes first, and once.
    Columns(Vec<SqlColumn>),
    /// One row: a JSON array.
    Row(String),
    /// There are no more rows; `true` when a limit cut them.
    End(bool),
    /// There is no more, because of this.
    Failed(SqlError),
}

struct EndedOnDrop(ChildSlot);

/// Waits for a child's end when it is dropped.
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
    /// Answers from `store` as `config` says, with the library in `data_dir` among others.
    pub fn new(store: Store, data_dir: PathBuf, config: &SqlConfig) -> Self {
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
            store,
            places,
            limits,
            children,
            counters: Arc::default(),
            relays: TaskTracker::new(),
        }
    }

    /// What became of the questions.
    pub fn counters(&self) -> &SqlCounters {
        &self.counters
    }

    /// The library that the next question would be answered with.
    ///
    /// # Errors
    /// [`LibraryError`].
    pub fn library(&self) -> Result<FoundLibrary, LibraryError> {
        find_library(&self.places)
    }

    /// Begins to answer `question`. Most of what can fail fails here.
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
        // Ends when the child does, which ends when the stream is dropped.
        self.relays.spawn_blocking(move || {
            let _place = place;
            let ended = runner.relay(question, &slot, &queue).unwrap_or_else(|error| {
                let told = queue.blocking_send(Piece::Failed(error));
                if told.is_ok() { Ended::Failed } else { Ended::Abandoned }
            });
            runner.counters.count(ended);
        });
        let limit = self.limits.time;
        let deadline = Box::pin(tokio::time::sleep(limit + END_TIMEOUT));
        let mut stream = SqlStream { columns: vec![], pieces, limit, deadline, _child: child };
        match std::future::poll_fn(|context| stream.poll_next(context)).await {
            Piece::Columns(columns) => Ok(SqlStream { columns, ..stream }),
            Piece::Failed(error) => Err(error),
            Piece::Row(_) | Piece::End(_) => Err(SqlError::Crashed),
        }
    }

    /// Waits until every child is gone. A child ends when its [`SqlStream`] is dropped: to be called when the server
    /// that holds the streams has ended.
    pub async fn join(&self) {
        self.relays.close();
        self.relays.wait().await;
    }

    /// Runs the child on this thread's time, until its answer ends or nobody wants it.
    fn relay(
        &self,
        question: SqlQuestion,
        slot: &ChildSlot,
        queue: &mpsc::Sender<Piece>,
    ) -> Result<Ended, SqlError> {
        let library = self.library()?.path;
        let since = question.since_unix_us.map(UnixNanos::from_micros);
        // Dropped after the child is gone: its files stay so long.
        let snapshot = self.store.sql_snapshot(since)?;
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
    /// The next part of the answer. After the last one the answer has failed.
    ///
    /// Its time includes that which its reader takes.
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

/// Where the program that runs lies.
pub fn program_dir() -> Option<PathBuf> {
    std::env::current_exe().ok()?.parent().map(PathBuf::from)
}
