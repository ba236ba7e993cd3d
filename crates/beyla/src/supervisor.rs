//! Keeps Beyla running: starts, watches, stops and restarts it.

#[cfg(test)]
mod tests;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::backoff::Backoff;
use super::health;
use super::monitor::{BeylaMonitor, Running};
use super::predecessors::Predecessors;
use super::process::{Event, Exit, Process, Signal};
use coral_server::clock;

/// Starts Beyla with the current configuration.
pub type Start = Box<
    dyn FnMut() -> Pin<Box<dyn Future<Output = Result<StartedBeyla, CannotStart>> + Send>> + Send,
>;

/// A started Beyla.
pub struct StartedBeyla {
    /// The process of Beyla.
    pub process: Process,
    /// The running program, for the status.
    pub running: Running,
    /// Whether a new start would use another program: the program's file was replaced, or another
    /// program is found.
    pub is_outdated: Box<dyn Fn() -> bool + Send + Sync>,
    /// The port of the health check, if the version has one.
    pub health_port: Option<u16>,
}

/// Why Beyla was not started.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CannotStart {
    /// Another start can succeed only after something has changed, such as an installation. It is
    /// tried at every check interval.
    Unavailable(String),
    /// Another start may succeed without a change. It is tried after the backoff.
    Failed(String),
}

/// Keeps one Beyla running until it is stopped.
pub struct Supervisor {
    /// Starts Beyla.
    pub start: Start,
    /// Receives a new value when the configuration of Beyla has changed.
    pub changes: watch::Receiver<u64>,
    /// Records evidence.
    pub monitor: Arc<BeylaMonitor>,
    /// How long Beyla may take to end after SIGTERM.
    pub stop_within: Duration,
    /// The interval of checks of the program's file and of the health check.
    pub check_interval: Duration,
}

/// Changes in quick succession cause a single restart, this long after the last of them.
const DEBOUNCE_TIMEOUT: Duration = Duration::from_secs(1);
/// A restart happens at most this long after the first change.
const MAX_DEBOUNCE: Duration = Duration::from_secs(5);
/// After this uptime, Beyla counts as settled: it has accepted its configuration.
const SETTLED_UPTIME: Duration = Duration::from_secs(3);
/// After this many consecutive failed health checks, Beyla counts as unwell.
const MAX_MISSED_ANSWERS: u32 = 3;
/// How long to wait for the end of the leader of a killed process.
const KILL_TIMEOUT: Duration = Duration::from_secs(10);

/// Reasons of a restart.
const SETTINGS_CHANGED: &str = "its settings have changed";
const PROGRAM_CHANGED: &str = "its program has changed";

/// Why a Beyla does not run any more.
enum EndReason {
    /// The agent is stopping.
    Stopped,
    /// Beyla was stopped, to be restarted with another configuration or program.
    ToRestart,
    /// Beyla ended by itself, after this uptime.
    ByItself(Exit, Duration),
}

impl Supervisor {
    /// Runs until `stop` is cancelled. When this returns, the leader of Beyla has ended, or could
    /// not be killed. The kernel may still detach its probes; then the parent of the agent reaps it.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut backoff = Backoff::default();
        let mut predecessors = Predecessors::new(self.monitor.clone());
        while !stop.is_cancelled() {
            if !predecessors.allow_start() {
                self.monitor.crowded();
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = predecessors.one_gone() => continue,
                }
            }
            // The next start includes all changes so far.
            self.changes.mark_unchanged();
            let wait = match (self.start)().await {
                Ok(started) => match self.watch(started, &mut predecessors, &stop).await {
                    EndReason::Stopped => return,
                    EndReason::ToRestart => continue,
                    EndReason::ByItself(exit, lived) => {
                        let wait = backoff.ended(lived);
                        let how = format!("it ended with {exit} after {} s", lived.as_secs());
                        self.monitor.ended(&how, wait, backoff.is_loop());
                        wait
                    }
                },
                Err(CannotStart::Failed(reason)) => {
                    let wait = backoff.ended(Duration::ZERO);
                    self.monitor.ended(&reason, wait, backoff.is_loop());
                    wait
                }
                Err(CannotStart::Unavailable(reason)) => {
                    self.monitor.unavailable(reason);
                    self.check_interval
                }
            };
            self.pause(wait, &stop).await;
        }
    }

    /// Watches Beyla until its leader has ended. Beyla is then one of the `predecessors`.
    async fn watch(
        &mut self,
        started: StartedBeyla,
        predecessors: &mut Predecessors,
        stop: &CancellationToken,
    ) -> EndReason {
        let StartedBeyla { mut process, running, is_outdated, health_port } = started;
        self.monitor.started(running);
        let begin = Instant::now();
        let mut checks = interval(self.check_interval);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut watched = Watch { settles: Some(begin + SETTLED_UPTIME), ..Watch::default() };
        // The health check that runs. The port of a Beyla that has died may accept it and not answer.
        let mut question: Option<Question> = None;
        loop {
            tokio::select! {
                event = process.events.recv() => match event {
                    Some(Event::Said(pipe, line)) => self.monitor.said(pipe, &line, clock::now()),
                    ended => {
                        let exit = match ended {
                            Some(Event::Left(exit)) => exit,
                            _ => Exit::Unknown,
                        };
                        predecessors.add(process);
                        return EndReason::ByItself(exit, begin.elapsed());
                    }
                },
                () = stop.cancelled() => {
                    self.monitor.ending("the agent is stopping");
                    predecessors.add(self.end(process).await);
                    return EndReason::Stopped;
                }
                Ok(()) = self.changes.changed() => watched.changed(SETTINGS_CHANGED),
                () = at(watched.restarts), if predecessors.allow_restart() => {
                    self.monitor.restarting(watched.why);
                    predecessors.add(self.end(process).await);
                    return EndReason::ToRestart;
                }
                () = predecessors.one_gone() => {}
                () = at(watched.settles) => {
                    watched.settles = None;
                    self.monitor.settled();
                }
                _ = checks.tick() => {
                    if is_outdated() {
                        watched.changed(PROGRAM_CHANGED);
                    }
                    if let Some(port) = health_port && question.is_none() {
                        question = Some(Box::pin(health::answers(port)));
                    }
                    self.monitor.tell();
                }
                is_well = answer(&mut question) => {
                    question = None;
                    self.asked(is_well, &mut watched);
                }
            }
        }
    }

    /// Records the result of a health check.
    fn asked(&self, is_well: bool, watched: &mut Watch) {
        if is_well {
            if watched.missed >= MAX_MISSED_ANSWERS {
                self.monitor.unwell(None);
            }
            watched.missed = 0;
            if watched.settles.take().is_some() {
                self.monitor.settled();
            }
        } else if watched.settles.is_none() {
            watched.missed += 1;
            if watched.missed == MAX_MISSED_ANSWERS {
                self.monitor.unwell(Some("its health check fails"));
            }
        }
    }

    /// Stops Beyla with SIGTERM, and with SIGKILL after `stop_within`. Returns the process when its
    /// leader has ended.
    async fn end(&mut self, mut process: Process) -> Process {
        (process.signal)(Signal::Terminate);
        let exit = match timeout(self.stop_within, self.last_words(&mut process)).await {
            Ok(exit) => Some(exit),
            Err(_) => {
                let patience_in_s = self.stop_within.as_secs();
                tracing::warn!(patience_in_s, "Beyla does not end; killing it");
                self.monitor.killed();
                (process.signal)(Signal::Kill);
                timeout(KILL_TIMEOUT, self.last_words(&mut process)).await.ok()
            }
        };
        match exit {
            // Every exit code is fine here: Beyla exits with 255 if it could not detach its probes
            // in time.
            Some(exit) => self.monitor.stopped(exit),
            None => tracing::error!(pid = process.pid, "Beyla was killed, and is not gone yet"),
        }
        process
    }

    async fn last_words(&mut self, process: &mut Process) -> Exit {
        loop {
            match process.events.recv().await {
                Some(Event::Said(pipe, line)) => self.monitor.said(pipe, &line, clock::now()),
                Some(Event::Left(exit)) => return exit,
                Some(Event::Gone) | None => return Exit::Unknown,
            }
        }
    }

    /// Waits until `wait` has passed, a debounced change is due, or `stop` is cancelled.
    async fn pause(&mut self, wait: Duration, stop: &CancellationToken) {
        let mut watched = Watch::default();
        let over = sleep(wait);
        tokio::pin!(over);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = &mut over, if watched.restarts.is_none() => return,
                () = at(watched.restarts) => return,
                Ok(()) = self.changes.changed() => watched.changed(SETTINGS_CHANGED),
            }
        }
    }
}

/// Timers of a running Beyla: when it counts as settled, when it is restarted after changes, and
/// how many consecutive health checks failed.
#[derive(Default)]
struct Watch {
    settles: Option<Instant>,
    first_change: Option<Instant>,
    restarts: Option<Instant>,
    /// Why it is restarted: the last change.
    why: &'static str,
    missed: u32,
}

impl Watch {
    /// Records a change: a restart is due when no change follows for a while.
    fn changed(&mut self, why: &'static str) {
        let now = Instant::now();
        self.why = why;
        let first = *self.first_change.get_or_insert(now);
        self.restarts = Some((now + DEBOUNCE_TIMEOUT).min(first + MAX_DEBOUNCE));
    }
}

/// A health check that runs.
type Question = Pin<Box<dyn Future<Output = bool> + Send>>;

/// Waits for the result of `question`; forever if `None`.
async fn answer(question: &mut Option<Question>) -> bool {
    match question {
        Some(question) => question.await,
        None => std::future::pending().await,
    }
}

/// Waits until `when`; forever if `None`.
async fn at(when: Option<Instant>) {
    match when {
        Some(when) => sleep_until(when).await,
        None => std::future::pending().await,
    }
}
