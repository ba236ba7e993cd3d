//! What is known of Beyla, and the state that follows from it.
//!
//! Running is not instrumenting: a Beyla without probes runs, answers and sends empty metrics. So the newest
//! evidence decides: an error of its log, or spans that came after it.

/// How Beyla is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum State {
    /// It is not run: there is none, or it cannot do what is asked.
    Unavailable(String),
    /// The configuration says that the agent runs no Beyla.
    Off(String),
    /// It was started, and has not said much yet.
    Starting,
    /// It runs, and nothing came of it yet.
    Running,
    /// Spans, or requests counted by metrics, came since it was started.
    Instrumenting,
    /// It runs, or will again, and something is wrong.
    Degraded(String),
    /// It ends again and again.
    Crashloop(String),
}

/// What is known. [`State`] follows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// What its process does.
    pub phase: Phase,
    /// It lived for a while, or answered that it is well.
    pub settled: bool,
    /// It ended too often lately, and how.
    pub looping: Option<String>,
    /// Spans that had come when it was started.
    pub received_before: u64,
    /// What is wrong by its log, and how much had come then.
    pub complaint: Option<(String, u64)>,
    /// What is wrong by its answers, or by there being none, and how much had come then.
    pub unwell: Option<(&'static str, u64)>,
}

/// What its process does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Phase {
    /// There is none, and why.
    Unavailable(String),
    /// There is none because the configuration says so: the setting that does.
    Off(String),
    /// It runs.
    Up,
    /// It ended, or is being ended, and will be started again.
    Waiting(String),
}

impl Evidence {
    /// Before anything is known.
    pub fn none(reason: &str) -> Self {
        Self::in_phase(Phase::Unavailable(reason.to_owned()), 0)
    }

    /// In a new phase, with nothing else known; `came` spans came before.
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

    /// The state, now that `came` spans have come.
    pub fn state(&self, received: u64) -> State {
        let looping =
            self.looping.as_ref().filter(|_| !self.settled && received == self.received_before);
        match (&self.phase, looping) {
            (Phase::Unavailable(reason), _) => State::Unavailable(reason.clone()),
            (Phase::Off(reason), _) => State::Off(reason.clone()),
            (_, Some(reason)) => State::Crashloop(reason.clone()),
            (Phase::Waiting(reason), None) => State::Degraded(reason.clone()),
            (Phase::Up, None) => self.while_up(received),
        }
    }

    fn while_up(&self, received: u64) -> State {
        match &self.complaint {
            Some((complaint, received_then)) if *received_then == received => {
                State::Degraded(complaint.clone())
            }
            _ if let Some((unwell, received_then)) = self.unwell
                && received_then == received =>
            {
                State::Degraded(unwell.to_owned())
            }
            _ if received > self.received_before => State::Instrumenting,
            _ if self.settled => State::Running,
            _ => State::Starting,
        }
    }
}

impl State {
    /// Every state's name, in the order of the enum.
    pub const NAMES: [&str; 7] =
        ["unavailable", "off", "starting", "running", "instrumenting", "degraded", "crashloop"];

    /// Its name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => Self::NAMES[0],
            Self::Off(_) => Self::NAMES[1],
            Self::Starting => Self::NAMES[2],
            Self::Running => Self::NAMES[3],
            Self::Instrumenting => Self::NAMES[4],
            Self::Degraded(_) => Self::NAMES[5],
            Self::Crashloop(_) => Self::NAMES[6],
        }
    }

    /// Why, where there is a reason.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Unavailable(reason)
            | Self::Off(reason)
            | Self::Degraded(reason)
            | Self::Crashloop(reason) => Some(reason),
            Self::Starting | Self::Running | Self::Instrumenting => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn up(received: u64) -> Evidence {
        Evidence::in_phase(Phase::Up, received)
    }

    #[test]
    fn running_is_not_instrumenting_until_spans_come() {
        let mut evidence = up(7);
        assert_eq!(evidence.state(7), State::Starting);
        evidence.settled = true;
        assert_eq!(evidence.state(7), State::Running);
        assert_eq!(evidence.state(8), State::Instrumenting);
    }

    #[test]
    fn the_later_of_an_error_and_spans_decides() {
        let mut evidence = Evidence { settled: true, ..up(0) };
        evidence.complaint = Some(("no probes".into(), 5));
        assert_eq!(evidence.state(5), State::Degraded("no probes".into()));
        assert_eq!(evidence.state(6), State::Instrumenting);
        evidence.complaint = Some(("again".into(), 6));
        assert_eq!(evidence.state(6), State::Degraded("again".into()));
    }

    #[test]
    fn an_error_of_the_log_outlasts_an_answer_that_is_late() {
        let mut evidence = Evidence { settled: true, ..up(0) };
        evidence.complaint = Some(("no probes".into(), 0));
        evidence.unwell = Some(("no answer", 0));
        evidence.unwell = None;
        assert_eq!(evidence.state(0), State::Degraded("no probes".into()));
        evidence.complaint = None;
        evidence.unwell = Some(("no answer", 3));
        assert_eq!(evidence.state(3), State::Degraded("no answer".into()));
    }

    #[test]
    fn a_loop_is_named_until_it_settles_or_spans_come() {
        let looping = Some("exit code 255".to_owned());
        let waiting = Phase::Waiting("exit code 255; starts again".into());
        let mut evidence = Evidence { looping: looping.clone(), ..Evidence::in_phase(waiting, 0) };
        assert_eq!(evidence.state(0), State::Crashloop("exit code 255".into()));
        evidence.looping = None;
        assert_eq!(evidence.state(0), State::Degraded("exit code 255; starts again".into()));
        let mut evidence = Evidence { looping, ..up(0) };
        assert_eq!(evidence.state(0), State::Crashloop("exit code 255".into()));
        assert_eq!(evidence.state(1), State::Instrumenting);
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
    fn what_is_unavailable_says_why() {
        let state = Evidence::none("none installed").state(9);
        assert_eq!((state.name(), state.reason()), ("unavailable", Some("none installed")));
    }
}
