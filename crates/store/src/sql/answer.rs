//! Answers one question, in the SQL child process.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use adbc_core::CancelHandle;

use super::cells;
use super::engine::Engine;
use super::request::{SqlColumn, SqlFailure, SqlFailureKind, SqlFrame, SqlLimits, SqlRequest};
use super::statement;

/// After the time limit, the running statement is cancelled again at this interval.
const CANCEL_INTERVAL: Duration = Duration::from_millis(50);

/// Runs `request` and writes lines to `output`: see [`SqlFrame`].
///
/// # Errors
/// The operating system's error when `output` cannot be written. Other failures are a
/// [`SqlFrame::Error`].
pub fn answer_sql(request: &SqlRequest, output: &mut impl Write) -> io::Result<()> {
    let mut answer = Answer { output, limits: request.limits, broken: None };
    let outcome = answer.run(request);
    if let Some(error) = answer.broken {
        return Err(error);
    }
    let last = match outcome {
        Ok(more) => SqlFrame::End { more },
        Err(failure) => SqlFrame::Error(failure),
    };
    write_frame(output, &last)?;
    output.flush()
}

struct Answer<'a, W> {
    output: &'a mut W,
    limits: SqlLimits,
    /// The error of a failed write, after which nothing more can be written.
    broken: Option<io::Error>,
}

impl<W: Write> Answer<'_, W> {
    /// Writes the answer. Returns whether a limit of rows or bytes cut the answer.
    fn run(&mut self, request: &SqlRequest) -> Result<bool, SqlFailure> {
        let mut engine = Engine::open(&request.library)?;
        let deadline = Deadline::start(engine.cancel_handle(), self.limits.time);
        let outcome = self.select(&mut engine, request);
        match outcome {
            Err(_) if deadline.has_passed() => {
                let limit = self.limits.time.as_secs_f64();
                let text = format!("the statement took longer than {limit} s, and was ended");
                Err(SqlFailure::new(SqlFailureKind::Limit, text))
            }
            outcome => outcome,
        }
    }

    fn select(&mut self, engine: &mut Engine, request: &SqlRequest) -> Result<bool, SqlFailure> {
        let select = statement::reading(&request.select)?;
        // These are statements of Coral, so a failure is not the fault of the user's statement.
        engine.lock_down(request).map_err(|failure| match failure.kind {
            SqlFailureKind::Statement => SqlFailure { kind: SqlFailureKind::Engine, ..failure },
            _ => failure,
        })?;
        statement::check_parsed(engine, select)?;
        let columns = engine.columns(select)?;
        let mut rows = engine.rows(&cells::projection(&columns, select))?;
        // The first rows are read before the columns are written, because most failures occur
        // here. Such a failure is then the only line of the answer.
        let mut next = rows.next_batch()?;
        self.frame(&SqlFrame::Columns(columns.clone()))?;
        let mut written = Written::default();
        while let Some(batch) = next {
            for row in 0..batch.num_rows() {
                if !self.row(&columns, &batch, row, &mut written)? {
                    return Ok(true);
                }
            }
            next = rows.next_batch()?;
        }
        Ok(false)
    }

    /// Writes one row, unless it would exceed a limit. Returns whether it was written.
    fn row(
        &mut self,
        columns: &[SqlColumn],
        batch: &arrow_array::RecordBatch,
        row: usize,
        written: &mut Written,
    ) -> Result<bool, SqlFailure> {
        if written.rows == self.limits.rows {
            return Ok(false);
        }
        let line = cells::row(columns, batch, row)? + "\n";
        if written.bytes + line.len() as u64 > self.limits.bytes {
            return Ok(false);
        }
        written.rows += 1;
        written.bytes += line.len() as u64;
        let outcome = self.output.write_all(line.as_bytes());
        self.done(outcome)?;
        Ok(true)
    }

    fn frame(&mut self, frame: &SqlFrame) -> Result<(), SqlFailure> {
        let outcome = write_frame(self.output, frame);
        self.done(outcome)
    }

    fn done(&mut self, outcome: io::Result<()>) -> Result<(), SqlFailure> {
        outcome.map_err(|error| {
            let failure = SqlFailure::new(SqlFailureKind::Engine, error.to_string());
            self.broken = Some(error);
            failure
        })
    }
}

#[derive(Default)]
struct Written {
    rows: u64,
    bytes: u64,
}

/// Writes one line that is not a row.
pub(super) fn write_frame(output: &mut impl Write, frame: &SqlFrame) -> io::Result<()> {
    let mut line = serde_json::to_string(frame).expect("a frame has a JSON form");
    line.push('\n');
    output.write_all(line.as_bytes())
}

/// Cancels the statements of a connection after a deadline.
struct Deadline {
    passed: Arc<AtomicBool>,
    /// Closed when the deadline is dropped.
    stop: Option<mpsc::SyncSender<()>>,
    watch: Option<JoinHandle<()>>,
}

impl Deadline {
    fn start(handle: Box<dyn CancelHandle>, time: Duration) -> Self {
        let (stop, stopped) = mpsc::sync_channel::<()>(1);
        let passed = Arc::new(AtomicBool::new(false));
        let watched = passed.clone();
        #[expect(clippy::disallowed_methods, reason = "joined when the deadline is dropped")]
        let watch = std::thread::spawn(move || {
            let mut wait = time;
            while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                watched.store(true, Ordering::Relaxed);
                // This fails between two statements. The next round cancels the next statement.
                let _ = handle.try_cancel();
                wait = CANCEL_INTERVAL;
            }
        });
        Self { passed, stop: Some(stop), watch: Some(watch) }
    }

    fn has_passed(&self) -> bool {
        self.passed.load(Ordering::Relaxed)
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(watch) = self.watch.take() {
            let _ = watch.join();
        }
    }
}
