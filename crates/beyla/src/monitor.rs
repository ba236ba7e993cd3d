//! Collects evidence about Beyla, and reports its status and counters.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::{Duration, Instant};
use tracing::Level;

use super::arrivals::Arrivals;
use super::lack::Lack;
use super::lines::OutputLine;
use super::log_line::LogLine;
use super::process::{Exit, Pipe};
use super::release::Release;
use super::state::{Evidence, Phase, State};
use crate::status::BeylaStatus;
use coral_trace::{UnixNanos, sanitize};

/// Evidence and counters of the Beyla that an agent runs: written by the supervisor, read by the
/// status and metrics of the agent.
#[derive(Debug)]
pub struct BeylaMonitor {
    /// Number of spans, and of metric points with new requests, that were received from Beyla.
    received: Arc<AtomicU64>,
    /// The spans that were received from Beyla, by service.
    pub arrivals: Arc<Arrivals>,
    known: Mutex<Known>,
    starts: AtomicU64,
    exits: AtomicU64,
    kills: AtomicU64,
    /// Number of Beylas that have ended, and number of those that do not exist any more.
    left: AtomicU64,
    detached: AtomicU64,
    lines: AtomicU64,
    errors: AtomicU64,
    cut: AtomicU64,
    /// Number of lines that say what the host lacks, in the order of [`Lack::ALL`].
    lacks: [AtomicU64; Lack::ALL.len()],
}

#[derive(Debug)]
struct Known {
    evidence: Evidence,
    /// The state that was last logged.
    logged: Option<State>,
    running: Option<Running>,
    instrumented: u64,
    last_error: Option<String>,
    /// The last line that may say why Beyla has ended.
    last_words: Option<String>,
    /// Number of lines without a level since the start.
    unstructured: u32,
    notes: Vec<String>,
    /// The last line since the start that says so, for each thing that the host lacks.
    lacks: [Option<String>; Lack::ALL.len()],
    /// Whether Beyla is being stopped. Errors in its log then do not degrade its state.
    ending: bool,
    /// When Beyla was stopped for a restart, until its successor instruments a process.
    unseen_since: Option<Instant>,
    /// How long the last restart left every service unseen.
    last_gap: Option<Duration>,
}

/// The running Beyla.
#[derive(Clone, Debug)]
pub struct Running {
    /// The release of Beyla, or of OBI.
    pub release: Release,
    /// The path of the Beyla program.
    pub path: String,
    /// The process id.
    pub pid: u32,
    /// Settings that have no effect, with the reason.
    pub notes: Vec<String>,
}

/// How many lines without a level are logged at INFO or WARN per start; further ones are logged at
/// DEBUG. A dump of the kernel's verifier has thousands.
const MAX_UNSTRUCTURED_LINES: u32 = 100;
/// How long a restart may leave every service unseen: 3 s until the leader of the old Beyla ends,
/// and 7 s until the new one instruments.
const MAX_GAP: Duration = Duration::from_secs(10);

impl BeylaMonitor {
    /// The monitor of a Beyla that will be started. `received` counts what Beyla sends: spans, and
    /// metric points with new requests.
    pub fn new(received: Arc<AtomicU64>) -> Self {
        Self::with(Evidence::in_phase(Phase::Up, 0), received)
    }

    /// The monitor of a Beyla that is disabled for `reason`.
    pub fn switched_off(received: Arc<AtomicU64>, reason: &str) -> Self {
        Self::with(Evidence::in_phase(Phase::Off(reason.to_owned()), 0), received)
    }

    fn with(evidence: Evidence, received: Arc<AtomicU64>) -> Self {
        let known = Known {
            evidence,
            logged: None,
            running: None,
            instrumented: 0,
            last_error: None,
            last_words: None,
            unstructured: 0,
            notes: Vec::new(),
            lacks: Default::default(),
            ending: false,
            unseen_since: None,
            last_gap: None,
        };
        let zero = AtomicU64::default;
        Self {
            received,
            arrivals: Arc::default(),
            known: Mutex::new(known),
            starts: zero(),
            exits: zero(),
            kills: zero(),
            left: zero(),
            detached: zero(),
            lines: zero(),
            errors: zero(),
            cut: zero(),
            lacks: Default::default(),
        }
    }

    /// Records that Beyla cannot be run, because of `reason`.
    pub fn unavailable(&self, reason: String) {
        let mut known = self.lock();
        known.evidence = Evidence::none(&reason);
        known.running = None;
        drop(known);
        self.tell();
    }

    /// Records that Beyla was started. Resets what is known of the previous process.
    pub fn started(&self, running: Running) {
        self.starts.fetch_add(1, Ordering::Relaxed);
        let mut known = self.lock();
        let looping = known.evidence.looping.take();
        known.evidence = Evidence { looping, ..Evidence::in_phase(Phase::Up, self.received()) };
        known.notes.clone_from(&running.notes);
        known.running = Some(running);
        known.instrumented = 0;
        known.last_error = None;
        known.last_words = None;
        known.unstructured = 0;
        known.lacks = Default::default();
        known.ending = false;
        drop(known);
        self.tell();
    }

    /// Records that Beyla has run for a few seconds, or has answered a health check.
    pub fn settled(&self) {
        let mut known = self.lock();
        known.evidence.settled = true;
        known.evidence.looping = None;
        drop(known);
        self.tell();
    }

    /// Records a problem that Beyla's log does not report, such as a failing health check. `None`
    /// records that the problem is over.
    pub fn unwell(&self, unwell: Option<&'static str>) {
        let received = self.received();
        self.lock().evidence.unwell = unwell.map(|unwell| (unwell, received));
        self.tell();
    }

    /// Records that Beyla is being stopped, because of `reason`, to be started again.
    pub fn restarting(&self, reason: &str) {
        self.lock().unseen_since = Some(Instant::now());
        self.end_with(Phase::Restarting(reason.to_owned()));
    }

    /// Whether a Beyla runs.
    pub fn is_running(&self) -> bool {
        self.lock().running.is_some()
    }

    /// How long a restart may leave every service unseen: as long as the last restart did, at least
    /// [`MAX_GAP`]. `None` if no Beyla runs.
    pub fn restart_gap(&self) -> Option<Duration> {
        let known = self.lock();
        known.running.as_ref().map(|_| known.last_gap.unwrap_or_default().max(MAX_GAP))
    }

    /// Records that Beyla is being stopped for good, because of `reason`.
    pub fn ending(&self, reason: &str) {
        self.end_with(Phase::Waiting(reason.to_owned()));
    }

    fn end_with(&self, phase: Phase) {
        let mut known = self.lock();
        known.ending = true;
        known.evidence.phase = phase;
        drop(known);
        self.tell();
    }

    /// Records that Beyla had to be killed.
    pub fn killed(&self) {
        self.kills.fetch_add(1, Ordering::Relaxed);
    }

    /// Records that a Beyla has ended, and that the kernel may still detach its probes.
    pub fn left(&self) {
        self.left.fetch_add(1, Ordering::Relaxed);
    }

    /// Records that an ended Beyla does not exist any more.
    pub fn detached(&self) {
        self.detached.fetch_add(1, Ordering::Relaxed);
    }

    /// Records that no Beyla is started while the kernel detaches the probes of earlier ones.
    pub fn crowded(&self) {
        let reason = format!(
            "the kernel still detaches the probes of {} earlier ones; it starts when one is gone",
            self.detaching()
        );
        let mut known = self.lock();
        known.evidence.looping = known.evidence.looping.take().map(|_| reason.clone());
        known.evidence.phase = Phase::Waiting(reason);
        drop(known);
        self.tell();
    }

    /// Records that Beyla ended by itself or could not be started, and will be started again after
    /// `wait`.
    pub fn ended(&self, how: &str, wait: Duration, is_loop: bool) {
        self.exits.fetch_add(1, Ordering::Relaxed);
        let mut known = self.lock();
        let last = known.last_error.clone().or_else(|| known.last_words.clone());
        let how = last.map_or(how.to_owned(), |last| format!("{how}: {last}"));
        let reason = format!("{how}; restarts in {} s", wait.as_secs());
        let looping = is_loop.then(|| reason.clone());
        let phase = Phase::Waiting(reason);
        known.evidence = Evidence { looping, ..Evidence::in_phase(phase, self.received()) };
        known.running = None;
        drop(known);
        self.tell();
    }

    /// Records that Beyla has ended because the supervisor stopped it: to restart it, or because
    /// the agent stops.
    pub fn stopped(&self, exit: Exit) {
        self.lock().running = None;
        tracing::info!(%exit, "Beyla has stopped");
    }

    /// Logs a line that Beyla wrote at `now`, and records errors and instrumented processes.
    pub fn said(&self, pipe: Pipe, line: &OutputLine, now: UnixNanos) {
        self.lines.fetch_add(1, Ordering::Relaxed);
        self.cut.fetch_add(line.cut.into(), Ordering::Relaxed);
        let parsed = LogLine::parse(&line.text);
        if let Some(lack) = Lack::of(&parsed) {
            self.lacks[lack as usize].fetch_add(1, Ordering::Relaxed);
        }
        let level = {
            let mut known = self.lock();
            known.note(pipe, &parsed, now, self.received());
            known.shown_level(pipe, parsed.level)
        };
        if parsed.level == Some(Level::ERROR) {
            self.errors.fetch_add(1, Ordering::Relaxed);
        }
        log(level, &parsed);
        self.tell();
    }

    /// Logs a line of a Beyla that has ended. Such a line says nothing about the running Beyla.
    pub fn said_late(&self, pipe: Pipe, line: &OutputLine) {
        self.lines.fetch_add(1, Ordering::Relaxed);
        self.cut.fetch_add(line.cut.into(), Ordering::Relaxed);
        let parsed = LogLine::parse(&line.text);
        if parsed.level == Some(Level::ERROR) {
            self.errors.fetch_add(1, Ordering::Relaxed);
        }
        let level = self.lock().shown_level(pipe, parsed.level);
        log(level, &parsed);
    }

    /// Logs the state if it differs from the one that was logged last.
    pub fn tell(&self) {
        let mut known = self.lock();
        let state = known.evidence.state(self.received());
        if known.logged.as_ref() == Some(&state) {
            return;
        }
        let reason = state.reason();
        match state {
            State::Degraded(_) if known.ending => {
                tracing::info!(state = state.name(), reason, "beyla")
            }
            State::Off(_) | State::Restarting(_) => {
                tracing::info!(state = state.name(), reason, "beyla")
            }
            State::Unavailable(_) | State::Degraded(_) | State::Crashloop(_) => {
                tracing::warn!(state = state.name(), reason, "beyla");
            }
            State::Instrumenting(Some(_)) => {
                tracing::warn!(state = state.name(), reason, "beyla");
            }
            State::Starting | State::Running | State::Instrumenting(None) => {
                tracing::info!(state = state.name(), "beyla");
            }
        }
        known.logged = Some(state);
    }

    /// The status, for people and programs.
    pub fn status(&self) -> BeylaStatus {
        let known = self.lock();
        let state = known.evidence.state(self.received());
        let running = known.running.as_ref();
        BeylaStatus {
            state: state.name().to_owned(),
            reason: state.reason().map(str::to_owned),
            program: running.map(|running| running.release.distribution.name().to_owned()),
            version: running.map(|running| running.release.version.to_string()),
            path: running.map(|running| running.path.clone()),
            pid: running.map(|running| running.pid),
            instrumented: known.instrumented,
            last_error: known.last_error.clone(),
            spans_by_service: self.arrivals.by_service(),
            notes: known.notes(),
        }
    }

    /// Counters and gauges, with names that begin with `coral.agent.beyla.`. There is one gauge for
    /// each state (1 for the current state, otherwise 0), and one of detaching Beylas.
    pub fn counters(&self) -> Vec<(String, u64)> {
        let now = self.lock().evidence.state(self.received()).name();
        let states = State::NAMES.map(|name| (format!("state.{name}"), u64::from(name == now)));
        let counts = [
            ("starts", &self.starts),
            ("exits", &self.exits),
            ("kills", &self.kills),
            ("detached", &self.detached),
            ("log.lines", &self.lines),
            ("log.errors", &self.errors),
            ("log.lines_cut", &self.cut),
        ];
        let counts = counts.map(|(name, count)| (name.to_owned(), count.load(Ordering::Relaxed)));
        let lacks = Lack::ALL.map(|lack| {
            let count = self.lacks[lack as usize].load(Ordering::Relaxed);
            (format!("log.lacks.{}", lack.name()), count)
        });
        let detaching = ("detaching".to_owned(), self.detaching());
        let all = states.into_iter().chain(counts).chain(lacks).chain([detaching]);
        all.map(|(name, value)| (format!("coral.agent.beyla.{name}"), value)).collect()
    }

    /// Number of ended Beylas from which the kernel still detaches probes.
    fn detaching(&self) -> u64 {
        let detached = self.detached.load(Ordering::Relaxed);
        self.left.load(Ordering::Relaxed).saturating_sub(detached)
    }

    fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn note(&mut self, pipe: Pipe, line: &LogLine, now: UnixNanos, received: u64) {
        if line.message == "instrumenting process" {
            self.instrumented += 1;
            self.seen_again();
        }
        let summary = line.summary();
        if line.level == Some(Level::ERROR) {
            if !self.ending {
                self.evidence.complain(summary.clone(), now, received);
            }
            self.last_error = Some(summary.clone());
        }
        if let Some(lack) = Lack::of(line) {
            self.lacks[lack as usize] = Some(summary.clone());
        }
        if line.may_be_last_words(pipe) {
            self.last_words = Some(summary);
        }
    }

    /// Settings that have no effect, and what the host lacks according to the log.
    fn notes(&self) -> Vec<String> {
        let lacks = Lack::ALL.into_iter().zip(&self.lacks);
        let lacks = lacks.filter_map(|(lack, line)| {
            Some(format!("the log says: {} ({})", line.as_ref()?, lack.advice()))
        });
        self.notes.iter().cloned().chain(lacks).collect()
    }

    /// Ends the time in which a restart left every service unseen.
    fn seen_again(&mut self) {
        if self.ending {
            return;
        }
        if let Some(since) = self.unseen_since.take() {
            let gap = since.elapsed();
            tracing::info!(unseen_ms = gap.as_millis(), "Beyla instruments again after a restart");
            self.last_gap = Some(gap);
        }
    }

    /// The level at which a line is logged. A line without a level is logged at WARN if it came
    /// from stderr, at INFO if it came from stdout, and at DEBUG after [`MAX_UNSTRUCTURED_LINES`]
    /// of such lines.
    fn shown_level(&mut self, pipe: Pipe, level: Option<Level>) -> Level {
        if let Some(level) = level {
            return level;
        }
        self.unstructured += 1;
        match pipe {
            _ if self.unstructured > MAX_UNSTRUCTURED_LINES => Level::DEBUG,
            Pipe::Out => Level::INFO,
            Pipe::Err => Level::WARN,
        }
    }
}

/// Logs a line with Beyla's level and the target `beyla`.
fn log(level: Level, line: &LogLine) {
    let (said, rest) = (sanitize::whole(&line.message), sanitize::whole(&line.rest()));
    match level {
        Level::ERROR => tracing::error!(target: "beyla", "{said} {rest}"),
        Level::WARN => tracing::warn!(target: "beyla", "{said} {rest}"),
        Level::INFO => tracing::info!(target: "beyla", "{said} {rest}"),
        _ => tracing::debug!(target: "beyla", "{said} {rest}"),
    }
}

#[cfg(test)]
mod tests;
