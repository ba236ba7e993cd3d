//! What can happen.

use std::fmt;

use crate::fault::Kind;

/// What happens to an application or to its agents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IncidentKind {
    /// A fault begins.
    Fault(Kind),
    /// A fault is there for five minutes in each ten.
    ComesAndGoes(Kind),
    /// Two services become slow at the same time.
    TwoAtOnce,
    /// A service becomes slow, and another one twelve minutes later.
    OneAfterTheOther,
    /// Nothing.
    Nothing,
    /// Three times as many requests, and everything is a little slower.
    MoreLoad,
    /// A third of the requests.
    LessLoad,
    /// The number of requests follows the time of day.
    DailyRhythm,
    /// A service is replaced by a new version that behaves like the old one.
    Deploy,
    /// The agent of one host stops. The services of the host run on.
    AgentDies,
    /// The agent of one host starts after forty minutes without it.
    AgentReturns,
    /// A host has an agent for the first time.
    AgentJoins,
    /// Beyla restarts on one host: there are no eBPF spans for three minutes.
    BeylaRestarts,
    /// From now on, one trace in four is sampled, by its trace id.
    SamplingBegins,
    /// From now on, all traces are sampled instead of one in four.
    SamplingEnds,
    /// The clock of one host is three seconds fast.
    ClockOff,
}

impl IncidentKind {
    /// The kinds with a fault.
    pub fn faults() -> Vec<Self> {
        let mut kinds: Vec<Self> = Kind::FAULTS.into_iter().map(Self::Fault).collect();
        kinds.extend(
            [Kind::SlowNode, Kind::ErrorsEverywhere, Kind::SlowQuery].map(Self::ComesAndGoes),
        );
        kinds.extend([Self::TwoAtOnce, Self::OneAfterTheOther]);
        kinds
    }

    /// The kinds without a fault.
    pub const WITHOUT_FAULT: [Self; 12] = [
        Self::Nothing,
        Self::MoreLoad,
        Self::LessLoad,
        Self::DailyRhythm,
        Self::Deploy,
        Self::AgentDies,
        Self::AgentReturns,
        Self::AgentJoins,
        Self::BeylaRestarts,
        Self::SamplingBegins,
        Self::SamplingEnds,
        Self::ClockOff,
    ];

    /// The name of the kind as one word: `slow-query`.
    pub fn slug(self) -> String {
        let name = self.to_string().replace('+', " plus ").to_lowercase();
        let words = name.split(|sign: char| !sign.is_alphanumeric());
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
    }
}

impl fmt::Display for IncidentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Fault(kind) => kind.as_str(),
            Self::ComesAndGoes(kind) => return write!(f, "{}, comes and goes", kind.as_str()),
            Self::TwoAtOnce => "two services slow at once",
            Self::OneAfterTheOther => "two services slow, one later",
            Self::Nothing => "calm",
            Self::MoreLoad => "load × 3",
            Self::LessLoad => "load ÷ 3",
            Self::DailyRhythm => "daily rhythm",
            Self::Deploy => "deploy without effect",
            Self::AgentDies => "agent dies",
            Self::AgentReturns => "agent returns",
            Self::AgentJoins => "agent joins",
            Self::BeylaRestarts => "Beyla restarts",
            Self::SamplingBegins => "sampling begins",
            Self::SamplingEnds => "sampling ends",
            Self::ClockOff => "clock off by 3 s",
        };
        f.write_str(name)
    }
}
