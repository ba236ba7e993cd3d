//! Handle of a SQL child and of its lines of output. One thread waits for the child; others may
//! end the child.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdout, Command};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Handle of a child that will run, runs or has ended. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct ChildSlot(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    child: Option<Child>,
    /// Whether the child is not needed any more.
    unwanted: bool,
}

impl ChildSlot {
    /// Starts the child and writes `input` to it. Returns `None`, and starts nothing, after
    /// [`end`](Self::end).
    ///
    /// # Errors
    /// The error of the operating system.
    pub(super) fn start(&self, mut command: Command, input: &[u8]) -> io::Result<Option<Lines>> {
        let mut state = self.lock();
        if state.unwanted {
            return Ok(None);
        }
        let mut child = command.spawn()?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        state.child = Some(child);
        drop(state);
        if let Some(mut stdin) = stdin
            && let Err(error) = stdin.write_all(input)
            // A child that ends early reports the reason on its standard output.
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            return Err(error);
        }
        Ok(stdout.map(|stdout| Lines(BufReader::new(stdout))))
    }

    /// Ends the child, or prevents its start.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.unwanted = true;
        if let Some(child) = &mut state.child {
            // This fails when the child has already ended.
            let _ = child.kill();
        }
    }

    /// Kills the child if it still runs, and waits until it has ended.
    pub(super) fn reap(&self) {
        if let Some(mut child) = self.lock().child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the output of a child line by line.
pub(super) struct Lines(BufReader<ChildStdout>);

impl Lines {
    /// The next line without its line feed, of at most `most` bytes; `None` at the end.
    ///
    /// # Errors
    /// The error of the operating system, or an error if the line is longer or incomplete.
    pub(super) fn next(&mut self, most: u64) -> io::Result<Option<String>> {
        let mut line = String::new();
        let read = self.0.by_ref().take(most).read_line(&mut line)?;
        match line.pop() {
            None => Ok(None),
            Some('\n') => Ok(Some(line)),
            Some(_) if (read as u64) < most => Err(io::ErrorKind::UnexpectedEof.into()),
            Some(_) => Err(io::Error::other("a line is longer than the limit of an answer")),
        }
    }
}
