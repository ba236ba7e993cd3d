//! The terminal: its width, its colours, and a progress line.

use std::convert::Infallible;
use std::io::{IsTerminal as _, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anstream::{AutoStream, ColorChoice};
use coral_text::screen::Screen;

/// The width if the terminal does not report one.
const DEFAULT_WIDTH: usize = 80;
/// A progress line appears after this time.
const PROGRESS_DELAY: Duration = Duration::from_secs(1);
const ERASE_LINE: &str = "\r\u{1b}[K";

/// The screen of standard output. Colours follow `--color`, or else the terminal and `NO_COLOR`.
pub fn screen() -> Screen {
    let output = std::io::stdout();
    let colour = !matches!(AutoStream::choice(&output), ColorChoice::Never);
    Screen { width: output.is_terminal().then(width), colour }
}

/// The width from `COLUMNS`, else from the terminal.
fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let asked = || rustix::termios::tcgetwinsize(std::io::stdout()).ok();
    let width = columns.or_else(|| asked().map(|size| usize::from(size.ws_col)));
    width.filter(|width| *width > 0).unwrap_or(DEFAULT_WIDTH)
}

/// A progress line on standard error. It appears after a second, only on a terminal, and is erased
/// on drop.
pub struct Progress {
    running: Option<(SyncSender<Infallible>, JoinHandle<()>)>,
}

impl Progress {
    /// Starts progress with the text `what`, such as `Waiting for the colony`.
    pub fn of(what: impl Into<String>) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self { running: None };
        }
        let (done, is_done) = sync_channel(1);
        let what = what.into();
        #[expect(clippy::disallowed_methods, reason = "joined when this is dropped")]
        let thread = std::thread::spawn(move || {
            report(&what, PROGRESS_DELAY, &is_done, &mut std::io::stderr())
        });
        Self { running: Some((done, thread)) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((done, thread)) = self.running.take() {
            drop(done);
            let _ = thread.join();
        }
    }
}

/// A line on standard error that says how far long work is. Only on a terminal, and erased on drop.
#[derive(Default)]
pub struct Tally {
    is_shown: bool,
}

impl Tally {
    /// Shows `text` in the place of the text before.
    pub fn show(&mut self, text: &str) {
        let mut to = std::io::stderr();
        if to.is_terminal() {
            let _ = write!(to, "{ERASE_LINE}{text} …");
            self.is_shown = to.flush().is_ok();
        }
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        if self.is_shown {
            let mut to = std::io::stderr();
            let _ = write!(to, "{ERASE_LINE}");
            let _ = to.flush();
        }
    }
}

/// Writes the line every `interval` until the sender of `is_done` is dropped. Then erases the line.
fn report(what: &str, interval: Duration, is_done: &Receiver<Infallible>, to: &mut impl Write) {
    let begin = Instant::now();
    let mut is_shown = false;
    while let Err(RecvTimeoutError::Timeout) = is_done.recv_timeout(interval) {
        let _ = write!(to, "{ERASE_LINE}{what} … {}s", begin.elapsed().as_secs());
        is_shown = to.flush().is_ok();
    }
    if is_shown {
        let _ = write!(to, "{ERASE_LINE}");
        let _ = to.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A writer that ends the wait after the line was written.
    struct Terminal {
        written: Vec<u8>,
        done: Option<SyncSender<Infallible>>,
    }

    impl Write for Terminal {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.written.extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            self.done = None;
            Ok(())
        }
    }

    #[test]
    fn a_wait_is_told_and_the_line_is_erased_when_it_ends() {
        let (done, is_done) = sync_channel(1);
        let mut terminal = Terminal { written: Vec::new(), done: Some(done) };
        report("Waiting for the colony", Duration::from_millis(1), &is_done, &mut terminal);
        let written = String::from_utf8(terminal.written).unwrap();
        assert_eq!(written, "\r\u{1b}[KWaiting for the colony … 0s\r\u{1b}[K");
    }

    #[test]
    fn what_ends_at_once_is_not_told() {
        let (done, is_done) = sync_channel(1);
        drop(done);
        let mut terminal = Terminal { written: Vec::new(), done: None };
        report("Waiting for the colony", PROGRESS_DELAY, &is_done, &mut terminal);
        assert!(terminal.written.is_empty());
    }
}
