//! Evidence about Beyla, and the state that follows from it.
//!
//! A running Beyla may instrument nothing: without probes it runs, answers health checks and sends
//! empty metrics. So the newest evidence decides: an error in its log, or spans received after the
//! error.

use coral_trace::UnixNanos;
use coral_trace::units::time_of_day;

/// The state of Beyla.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum State {
    /// Beyla does not run: the program is missing, or cannot do what is configured.
    Unavailable(String),
    /// Beyla is disabled by the configuration.
    Off(String),
    /// Beyla was started, and has not settled yet.
    Starting,
    /// Beyla has settled, but has sent no data yet.
    Running,
    /// Beyla has sent spans, or metrics with requests, since its start and since the last error of
    /// its log. The error, if there is one, lasts until Beyla is started again.
    Instrumenting(Option<String>),
    /// The agent has stopped Beyla to start it again, with other settings or another program.
    Restarting(String),
    /// Beyla runs, or ended by itself and will be restarted, and there is a problem.
    Degraded(String),
    /// Beyla ends again and again.
    Crashloop(String),
}

/// Evidence, from which a [`State`] follows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// The phase of the process.
    pub phase: Phase,
    /// Whether Beyla has run for a while, or has answered a health check.
    pub settled: bool,
    /// How Beyla last ended, if it is in a crash loop.
    pub looping: Option<String>,
    /// Value of the counter of received spans and metric points when the phase began.
    pub received_before: u64,
    /// The last error in the log.
    pub complaint: Option<Complaint>,
    /// Why Beyla is not well although its log has no error, such as a failing health check, and the
    /// value of the counter at that time.
    pub unwell: Option<(&'static str, u64)>,
}

/// An error in Beyla's log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Complaint {
    /// The error, with its cause.
    pub error: String,
    /// When the error was logged first, without another error since.
    pub since: UnixNanos,
    /// The value of the counter of received spans and metric points when the error was logged last.
    pub received: u64,
}

/// The phase of the process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Beyla cannot be run, for this reason.
    Unavailable(String),
    /// Beyla is disabled, for this reason.
    Off(String),
    /// The process runs.
    Up,
    /// The process is being stopped, to be started again, for this reason.
    Restarting(String),
    /// The process ended by itself, and will be started again, or the agent stops, for this reason.
    Waiting(String),
}

impl Evidence {
    /// Evidence that Beyla cannot be run, because of `reason`.
    pub fn none(reason: &str) -> Self {
        Self::in_phase(Phase::Unavailable(reason.to_owned()), 0)
    }

    /// A new phase without other evidence. `received` is the value of the counter of received spans
    /// and metric points.
    pub fn in_phase(phase: Phase, received: u64) -> Self {
        Self {
            phase,
            settled: false,
            looping: None,
            received_before: received,
            complaint: None,
            unwell: None,
        }
    }

    /// Adds an error that Beyla logged at `now`.
    pub fn complain(&mut self, error: String, now: UnixNanos, received: u64) {
        let same = self.complaint.take().filter(|complaint| complaint.error == error);
        let since = same.map_or(now, |complaint| complaint.since);
        self.complaint = Some(Complaint { error, since, received });
    }

    /// The state that follows from the evidence, if the counter of received spans and metric points
    /// is now `received`.
    pub fn state(&self, received: u64) -> State {
        let looping =
            self.looping.as_ref().filter(|_| !self.settled && received == self.received_before);
        match (&self.phase, looping) {
            (Phase::Unavailable(reason), _) => State::Unavailable(reason.clone()),
            (Phase::Off(reason), _) => State::Off(reason.clone()),
            (_, Some(reason)) => State::Crashloop(reason.clone()),
            (Phase::Restarting(reason), None) => State::Restarting(reason.clone()),
            (Phase::Waiting(reason), None) => State::Degraded(reason.clone()),
            (Phase::Up, None) => self.while_up(received),
        }
    }

    fn while_up(&self, received: u64) -> State {
        match &self.complaint {
            Some(complaint) if complaint.received == received => {
                State::Degraded(complaint.error.clone())
            }
            _ if let Some((unwell, received_then)) = self.unwell
                && received_then == received =>
            {
                State::Degraded(unwell.to_owned())
            }
            complaint if received > self.received_before => {
                State::Instrumenting(complaint.as_ref().map(Complaint::lasting))
            }
            _ if self.settled => State::Running,
            _ => State::Starting,
        }
    }
}

impl Complaint {
    /// The error with the time of its beginning: `error since 02:41 UTC: no probes`.
    fn lasting(&self) -> String {
        format!("error since {}: {}", time_of_day(self.since.as_micros()), self.error)
    }
}

impl State {
    /// The names of all states, in the order of the enum.
    pub const NAMES: [&str; 8] = [
        "unavailable",
        "off",
        "starting",
        "running",
        "instrumenting",
        "restarting",
        "degraded",
        "crashloop",
    ];

    /// The name of the state.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => Self::NAMES[0],
            Self::Off(_) => Self::NAMES[1],
            Self::Starting => Self::NAMES[2],
            Self::Running => Self::NAMES[3],
            Self::Instrumenting(_) => Self::NAMES[4],
            Self::Restarting(_) => Self::NAMES[5],
            Self::Degraded(_) => Self::NAMES[6],
            Self::Crashloop(_) => Self::NAMES[7],
        }
    }

    /// The reason, for states that have one.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Unavailable(reason)
            | Self::Off(reason)
            | Self::Restarting(reason)
            | Self::Degraded(reason)
            | Self::Crashloop(reason) => Some(reason),
            Self::Instrumenting(error) => error.as_deref(),
            Self::Starting | Self::Running => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A time of a day.
    fn at(hour: u64, minute: u64) -> UnixNanos {
        UnixNanos((hour * 60 + minute) * 60_000_000_000)
    }

    fn up(received: u64) -> Evidence {
        Evidence::in_phase(Phase::Up, received)
    }

    #[test]
    fn a_running_beyla_is_instrumenting_only_after_spans_were_received() {
        let mut evidence = up(7);
        assert_eq!(evidence.state(7), State::Starting);
        evidence.settled = true;
        assert_eq!(evidence.state(7), State::Running);
        assert_eq!(evidence.state(8), State::Instrumenting(None));
    }

    #[test]
    fn the_later_of_an_error_and_spans_decides() {
        let mut evidence = Evidence { settled: true, ..up(0) };
        evidence.complain("no probes".into(), at(2, 41), 5);
        assert_eq!(evidence.state(5), State::Degraded("no probes".into()));
        assert_eq!(evidence.state(6).name(), "instrumenting");
        evidence.complain("again".into(), at(2, 42), 6);
        assert_eq!(evidence.state(6), State::Degraded("again".into()));
    }

    #[test]
    fn an_error_stays_visible_beside_spans_since_it_was_logged_first() {
        let mut evidence = Evidence { settled: true, ..up(0) };
        let reason = |evidence: &Evidence, received| {
            let state = evidence.state(received);
            (state.name(), state.reason().map(str::to_owned))
        };
        assert_eq!(reason(&evidence, 1), ("instrumenting", None));
        evidence.complain("no probes".into(), at(2, 41), 1);
        evidence.complain("no probes".into(), at(2, 59), 4);
        let since = |text: &str| ("instrumenting", Some(text.to_owned()));
        assert_eq!(reason(&evidence, 5), since("error since 02:41 UTC: no probes"));
        evidence.complain("no memory".into(), at(3, 7), 5);
        assert_eq!(reason(&evidence, 9), since("error since 03:07 UTC: no memory"));
        assert_eq!(reason(&up(9), 10), ("instrumenting", None), "it was started again");
    }

    #[test]
    fn an_error_of_the_log_outlasts_a_late_health_check() {
        let mut evidence = Evidence { settled: true, ..up(0) };
        evidence.complain("no probes".into(), at(2, 41), 0);
        evidence.unwell = Some(("no answer", 0));
        evidence.unwell = None;
        assert_eq!(evidence.state(0), State::Degraded("no probes".into()));
        evidence.complaint = None;
        evidence.unwell = Some(("no answer", 3));
        assert_eq!(evidence.state(3), State::Degraded("no answer".into()));
    }

    #[test]
    fn a_crash_loop_lasts_until_beyla_settles_or_spans_are_received() {
        let looping = Some("exit code 255".to_owned());
        let waiting = Phase::Waiting("exit code 255; starts again".into());
        let mut evidence = Evidence { looping: looping.clone(), ..Evidence::in_phase(waiting, 0) };
        assert_eq!(evidence.state(0), State::Crashloop("exit code 255".into()));
        evidence.looping = None;
        assert_eq!(evidence.state(0), State::Degraded("exit code 255; starts again".into()));
        let mut evidence = Evidence { looping, ..up(0) };
        assert_eq!(evidence.state(0), State::Crashloop("exit code 255".into()));
        assert_eq!(evidence.state(1), State::Instrumenting(None));
        evidence.settled = true;
        assert_eq!(evidence.state(0), State::Running);
    }

    #[test]
    fn a_beyla_that_is_switched_off_is_not_unavailable() {
        let phase = Phase::Off("`beyla.enabled` is false".to_owned());
        let state = Evidence::in_phase(phase, 0).state(9);
        assert_eq!((state.name(), state.reason()), ("off", Some("`beyla.enabled` is false")));
    }

    #[test]
    fn a_beyla_that_is_restarted_is_not_degraded() {
        let phase = Phase::Restarting("its settings have changed".to_owned());
        let state = Evidence::in_phase(phase, 3).state(3);
        assert_eq!(
            (state.name(), state.reason()),
            ("restarting", Some("its settings have changed"))
        );
    }

    #[test]
    fn an_unavailable_beyla_has_a_reason() {
        let state = Evidence::none("none installed").state(9);
        assert_eq!((state.name(), state.reason()), ("unavailable", Some("none installed")));
    }
}
