//! One running Beyla: its lines, its end, and the signals that it is sent.

use std::io::{self, Read};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal as Unix, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::sync::{mpsc, oneshot};
use tokio::task;

use super::lines::{Lines, OutputLine};

/// A process, as the supervisor sees it.
pub struct Process {
    /// Its id, which is its group's too.
    pub pid: u32,
    /// What it says, and at last its end.
    pub events: mpsc::Receiver<Event>,
    /// Sends a signal to its whole group; nothing when it has ended.
    pub signal: Box<dyn Fn(Signal) + Send + Sync>,
    /// Waits for its end, and ends right after [`Event::Ended`] was sent.
    pub attendant: task::JoinHandle<()>,
}

/// What a process does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// It said something.
    Said(Pipe, OutputLine),
    /// It is gone, and so is its group. Nothing comes after this.
    Ended(Exit),
}

/// Where something was said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pipe {
    /// Beyla's log.
    Out,
    /// What the kernel's verifier and Go's runtime say.
    Err,
}

/// How a process ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// By itself.
    Code(i32),
    /// By a signal.
    Signal(i32),
}

/// What a process can be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signal {
    /// End, please.
    Terminate,
    /// End.
    Kill,
}

/// Lines that wait to be read; then the process waits.
const LINES: usize = 256;
/// How long a pipe may stay open after the process ended: somebody who left the group may hold it.
const LAST_WORDS_TIMEOUT: Duration = Duration::from_secs(1);

/// Starts `command` in a process group of its own.
///
/// It is the child of a thread that lives as long as it does, [`Process::attendant`]: the kernel takes the end of
/// the thread that started a process for the death of its parent.
///
/// # Errors
/// The operating system's word.
pub async fn spawn(mut command: Command) -> io::Result<Process> {
    command.process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let (started, starts) = oneshot::channel();
    let (say, events) = mpsc::channel(LINES);
    let attendant = task::spawn_blocking(move || match command.spawn() {
        Ok(child) => attend(child, started, &say),
        Err(error) => drop(started.send(Err(error))),
    });
    let leader = starts.await.map_err(|_| io::Error::other("its thread ended"))??;
    let pid = leader.pid.as_raw_nonzero().get().unsigned_abs();
    let signal = Box::new(move |signal| leader.signal(signal));
    Ok(Process { pid, events, signal, attendant })
}

impl Process {
    /// Joins the thread of a process that has ended.
    pub async fn join(self) {
        if let Err(panic) = self.attendant.await {
            tracing::error!(%panic, "the thread that waits for Beyla panicked");
        }
    }
}

/// The first process of a group. Its id is its own until it is waited for, which is done under the lock.
#[derive(Clone)]
struct Leader {
    pid: Pid,
    lives: Arc<Mutex<bool>>,
}

impl Leader {
    fn of(child: &Child) -> Self {
        Self { pid: Pid::from_child(child), lives: Arc::new(Mutex::new(true)) }
    }

    fn signal(&self, signal: Signal) {
        let lives = self.lives.lock().unwrap_or_else(PoisonError::into_inner);
        if *lives {
            let unix = match signal {
                Signal::Terminate => Unix::TERM,
                Signal::Kill => Unix::KILL,
            };
            let _ = kill_process_group(self.pid, unix);
        }
    }

    /// Waits for the end of `child`, ends what is left of its group, and gives its id back.
    fn wait(&self, child: &mut Child) -> io::Result<ExitStatus> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while waitid(WaitId::Pid(self.pid), options)
            .is_err_and(|error| error == rustix::io::Errno::INTR)
        {}
        self.signal(Signal::Kill);
        let mut lives = self.lives.lock().unwrap_or_else(PoisonError::into_inner);
        *lives = false;
        child.wait()
    }
}

/// Passes on what `child` says until it has ended.
fn attend(
    mut child: Child,
    started: oneshot::Sender<io::Result<Leader>>,
    say: &mpsc::Sender<Event>,
) {
    let leader = Leader::of(&child);
    let (closed, closes) = sync_channel(2);
    let out = child.stdout.take().map(|pipe| listen(Pipe::Out, pipe, say.clone(), closed.clone()));
    let err = child.stderr.take().map(|pipe| listen(Pipe::Err, pipe, say.clone(), closed.clone()));
    let mut listeners = [(Pipe::Out, out), (Pipe::Err, err)];
    drop(closed);
    let _ = started.send(Ok(leader.clone()));
    let exit = leader.wait(&mut child).map_or(Exit::Code(-1), Exit::from);
    // Both pipes close now, unless somebody who left the group holds one: its thread ends when that process does, and
    // is not joined.
    while let Ok(closed) = closes.recv_timeout(LAST_WORDS_TIMEOUT) {
        let ended = listeners.iter_mut().find(|(pipe, _)| *pipe == closed);
        if let Some(thread) = ended.and_then(|(_, thread)| thread.take()) {
            let _ = thread.join();
        }
    }
    let _ = say.blocking_send(Event::Ended(exit));
}

/// Passes on the lines of `input` on a thread, which says so in `closed` when they have ended.
#[expect(clippy::disallowed_methods, reason = "`attend` joins it when the pipe has closed")]
fn listen(
    pipe: Pipe,
    input: impl Read + Send + 'static,
    say: mpsc::Sender<Event>,
    closed: SyncSender<Pipe>,
) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in Lines::of(input) {
            // Read on when nobody listens, or the process would wait for us.
            let _ = say.blocking_send(Event::Said(pipe, line));
        }
        let _ = closed.send(pipe);
    })
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(code),
            (None, signal) => Self::Signal(signal.unwrap_or(0)),
        }
    }
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    async fn shell(script: &str) -> Process {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        spawn(command).await.unwrap()
    }

    async fn all(mut process: Process) -> Vec<String> {
        let mut said = Vec::new();
        while let Some(event) = process.events.recv().await {
            said.push(match event {
                Event::Said(pipe, line) => format!("{pipe:?} {}", line.text),
                Event::Ended(exit) => exit.to_string(),
            });
        }
        process.join().await;
        said
    }

    #[tokio::test]
    async fn what_a_process_says_comes_before_its_end() {
        assert_eq!(all(shell("echo a; exit 255").await).await, ["Out a", "exit code 255"]);
        assert_eq!(all(shell("echo b >&2; kill -9 $$").await).await, ["Err b", "signal 9"]);
    }

    #[tokio::test]
    async fn a_signal_reaches_the_whole_group_and_one_after_the_end_nobody() {
        let mut process = shell("sleep 1000 & echo up; wait").await;
        assert!(matches!(process.events.recv().await, Some(Event::Said(..))));
        (process.signal)(Signal::Kill);
        assert_eq!(process.events.recv().await, Some(Event::Ended(Exit::Signal(9))));
        (process.signal)(Signal::Kill);
    }

    #[tokio::test]
    async fn what_a_process_leaves_behind_in_its_group_ends_with_it() {
        let mut process = shell("sleep 1000 & echo $!").await;
        let Some(Event::Said(_, line)) = process.events.recv().await else { panic!("no pid") };
        assert_eq!(process.events.recv().await, Some(Event::Ended(Exit::Code(0))));
        let lives = || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", line.text));
            stat.is_ok_and(|stat| !stat.contains(") Z "))
        };
        // Killed, it closes its pipes a moment before it is gone.
        let gone = async {
            while lives() {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(10), gone).await.expect("it lives");
    }

    #[tokio::test]
    async fn a_program_that_cannot_be_run_is_an_error() {
        assert!(spawn(Command::new("/nowhere/beyla")).await.is_err());
    }
}
