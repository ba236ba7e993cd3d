//! Runs one process of Beyla: its output, its exit, and signals to it.

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
use super::stat::Stat;

/// A running process, as the supervisor uses it.
pub struct Process {
    /// The id of the process and of its group.
    pub pid: u32,
    /// Lines of output, the end of the leader, and finally the end of the process.
    pub events: mpsc::Receiver<Event>,
    /// Sends a signal to the whole group. Does nothing after the exit.
    pub signal: Box<dyn Fn(Signal) + Send + Sync>,
    /// The thread that waits for the end of the process. The thread ends right after it has sent
    /// [`Event::Gone`].
    pub attendant: task::JoinHandle<()>,
}

/// An event of a process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A line of output.
    Said(Pipe, OutputLine),
    /// The leader has ended, and every other process of the group was killed. The process runs no
    /// code of its own any more, but may exist for minutes while the kernel detaches its probes.
    Left(Exit),
    /// The process does not exist any more. This is the last event.
    Gone,
}

/// The pipe from which a line came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pipe {
    /// Standard output: Beyla's log.
    Out,
    /// Standard error: messages of the kernel's verifier and of Go's runtime.
    Err,
}

/// How a process ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// With this exit code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// The kernel does not say how: only the parent may know, after the process is gone.
    Unknown,
}

/// A signal to a process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signal {
    /// SIGTERM.
    Terminate,
    /// SIGKILL.
    Kill,
}

/// How many events may wait for the receiver. At this limit, a process that writes further lines
/// blocks.
const LINES: usize = 256;
/// How long to wait, after the exit, for a pipe to close. A process that left the group may keep
/// the pipe open.
const LAST_WORDS_TIMEOUT: Duration = Duration::from_millis(500);
/// The interval of looks at a running process. No system call waits for the end of a leader whose
/// threads live on: wait(2) and poll(2) of a pidfd return after the last thread.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// Starts `command` in a process group of its own.
///
/// The process is the child of a thread, [`Process::attendant`], that lives as long as the process:
/// when the thread that started a process ends, the kernel sends the process its parent-death
/// signal.
///
/// # Errors
/// The operating system's error.
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

/// The process that leads a process group. Its id is not reused before the process is reaped, which
/// happens under the lock.
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

    /// Waits until the leader has ended, and kills the rest of the group.
    fn wait(&self) -> Exit {
        let mut was_zombie = false;
        let exit = loop {
            let stat = Stat::of(self.pid.as_raw_nonzero().get()).filter(|stat| stat.is_zombie);
            if let Some(exit) = self.exit() {
                break exit;
            }
            match stat {
                // The leader of a process without probes is a zombie for an instant only: until its
                // other threads have ended.
                Some(stat) if was_zombie => break Exit::of_zombie(stat),
                stat => was_zombie = stat.is_some(),
            }
            std::thread::sleep(LOOK_INTERVAL);
        };
        self.signal(Signal::Kill);
        exit
    }

    /// How the process has ended; `None` while any of its threads lives.
    fn exit(&self) -> Option<Exit> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        match waitid(WaitId::Pid(self.pid), options) {
            Ok(status) => status.map(|status| {
                let code = status.exit_status().map(Exit::Code);
                code.or(status.terminating_signal().map(Exit::Signal)).unwrap_or(Exit::Unknown)
            }),
            Err(rustix::io::Errno::INTR) => None,
            Err(_) => Some(Exit::Unknown),
        }
    }

    /// Waits until no thread is left of `child`, whose leader has ended, and reaps it.
    fn reap(&self, child: &mut Child) {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while waitid(WaitId::Pid(self.pid), options)
            .is_err_and(|error| error == rustix::io::Errno::INTR)
        {}
        let mut lives = self.lives.lock().unwrap_or_else(PoisonError::into_inner);
        *lives = false;
        let _ = child.wait();
    }
}

/// Forwards the output of `child`, waits for its end, and sends [`Event::Left`] and
/// [`Event::Gone`].
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
    let exit = leader.wait();
    // Both pipes close now, unless a thread of the process, or a process that left the group, holds
    // one open. The thread that reads such a pipe is joined if the pipe closes with the last thread
    // of the process; else it ends with the process that left the group.
    let mut join = || {
        while let Ok(closed) = closes.recv_timeout(LAST_WORDS_TIMEOUT) {
            let ended = listeners.iter_mut().find(|(pipe, _)| *pipe == closed);
            if let Some(thread) = ended.and_then(|(_, thread)| thread.take()) {
                let _ = thread.join();
            }
        }
    };
    join();
    let _ = say.blocking_send(Event::Left(exit));
    leader.reap(&mut child);
    join();
    let _ = say.blocking_send(Event::Gone);
}

/// Starts a thread that passes on the lines of `input`, and sends `pipe` to `closed` after the last
/// line.
#[expect(clippy::disallowed_methods, reason = "`attend` joins it when the pipe has closed")]
fn listen(
    pipe: Pipe,
    input: impl Read + Send + 'static,
    say: mpsc::Sender<Event>,
    closed: SyncSender<Pipe>,
) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in Lines::of(input) {
            // Without a receiver, lines are read and dropped; otherwise the process would block.
            let _ = say.blocking_send(Event::Said(pipe, line));
        }
        let _ = closed.send(pipe);
    })
}

impl Exit {
    /// How the process of a leader with this `stat` has ended.
    fn of_zombie(stat: Stat) -> Self {
        match stat.wait_status {
            0 => Self::Unknown,
            status => ExitStatus::from_raw(status).into(),
        }
    }
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
            Self::Unknown => write!(f, "an unknown exit code"),
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
                Event::Left(exit) => exit.to_string(),
                Event::Gone => "gone".to_owned(),
            });
        }
        process.join().await;
        said
    }

    #[tokio::test]
    async fn what_a_process_says_comes_before_its_end() {
        assert_eq!(all(shell("echo a; exit 255").await).await, ["Out a", "exit code 255", "gone"]);
        assert_eq!(all(shell("echo b >&2; kill -9 $$").await).await, ["Err b", "signal 9", "gone"]);
    }

    #[tokio::test]
    async fn a_signal_reaches_the_whole_group_and_one_after_the_end_nobody() {
        let mut process = shell("sleep 1000 & echo up; wait").await;
        assert!(matches!(process.events.recv().await, Some(Event::Said(..))));
        (process.signal)(Signal::Kill);
        assert_eq!(process.events.recv().await, Some(Event::Left(Exit::Signal(9))));
        assert_eq!(process.events.recv().await, Some(Event::Gone));
        (process.signal)(Signal::Kill);
    }

    #[tokio::test]
    async fn what_a_process_leaves_behind_in_its_group_ends_with_it() {
        let mut process = shell("sleep 1000 & echo $!").await;
        let Some(Event::Said(_, line)) = process.events.recv().await else { panic!("no pid") };
        assert_eq!(process.events.recv().await, Some(Event::Left(Exit::Code(0))));
        let lives = || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", line.text));
            stat.is_ok_and(|stat| !stat.contains(") Z "))
        };
        // A killed process closes its pipes shortly before it is gone.
        let gone = async {
            while lives() {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(10), gone).await.expect("it lives");
    }

    #[tokio::test]
    async fn the_end_of_a_leader_is_seen_before_the_kernel_has_detached_its_probes() {
        for (signal, exit) in
            [(Signal::Terminate, Exit::Code(255)), (Signal::Kill, Exit::Signal(9))]
        {
            let dir = tempfile::tempdir().unwrap();
            let gone = dir.path().join("gone");
            let mut process = spawn(detaching(dir.path(), &gone)).await.unwrap();
            assert!(matches!(process.events.recv().await, Some(Event::Said(..))));
            (process.signal)(signal);
            // The shell may say that its child was terminated.
            let left = loop {
                match process.events.recv().await {
                    Some(Event::Said(..)) => {}
                    other => break other,
                }
            };
            assert_eq!(left, Some(Event::Left(exit)));
            let pid = i32::try_from(process.pid).unwrap();
            assert!(Stat::of(pid).unwrap().is_zombie, "it exists");
            (process.signal)(Signal::Kill);
            std::fs::write(gone, "").unwrap();
            assert_eq!(process.events.recv().await, Some(Event::Gone));
            process.join().await;
            assert_eq!(Stat::of(pid), None, "it was reaped");
        }
    }

    /// A program that exits with 255 after SIGTERM, and stays a zombie until the file `gone`
    /// exists.
    fn detaching(dir: &std::path::Path, gone: &std::path::Path) -> Command {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/process/detaching.c");
        let program = dir.join("detaching");
        assert!(Command::new("cc").arg(source).arg("-o").arg(&program).status().unwrap().success());
        let mut command = Command::new(program);
        let script = "trap 'exit 255' TERM; echo up; while :; do sleep 0.02; done";
        command.arg("25").arg(gone).args(["/bin/sh", "-c", script]);
        command
    }

    #[tokio::test]
    async fn a_program_that_cannot_be_run_is_an_error() {
        assert!(spawn(Command::new("/nowhere/beyla")).await.is_err());
    }
}
