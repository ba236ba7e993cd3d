//! The JSON form of enums of `coral-trace`, a crate that does not depend on serde. Each enum here
//! mirrors an enum there; the compiler checks that both have the same variants.

use coral_trace::dependency::NodeKind;
use coral_trace::explain::{CauseKind, Reason, Verdict};
use coral_trace::wholeness::{Cause, ProblemKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether a cause was found.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Verdict", rename_all = "snake_case")]
pub(crate) enum VerdictJson {
    /// The first suspect is the cause.
    Cause,
    /// Nothing became slower or different enough to have a cause.
    NoCause,
    /// The traces are too few or too incomplete, or chance explains the first suspect's score.
    NotEnoughEvidence,
}

/// How a component lost time, or what changed.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(remote = "CauseKind", rename_all = "snake_case")]
pub(crate) enum CauseKindJson {
    /// A service's own work in an operation takes longer.
    Own,
    /// The time between the caller's span and the span of the called service grew.
    Edge,
    /// A call whose other side is not observed takes longer: a database, a queue, an external host.
    Leaf,
    /// Requests wait longer before the work begins.
    Queue,
    /// The operation ends without making a call that it used to make.
    Missing,
    /// The component fails, and none of its callees does.
    Error,
    /// One caller calls the component repeatedly.
    Repeated,
    /// A larger part of the caller's requests call the component.
    MoreOften,
    /// The caller calls the component, and did not in the baseline.
    New,
}

/// The reason for a verdict, with the numbers that decided it.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Reason", tag = "kind", rename_all = "snake_case")]
pub(crate) enum ReasonJson {
    /// Not enough evidence: no trace of the window is of the service or route.
    NoTraces,
    /// Not enough evidence: no trace of the baseline is of the service or route.
    NoBaselineTraces,
    /// Not enough evidence: the baseline has fewer traces than a comparison needs.
    TooFewBaselineTraces {
        /// How many traces the baseline has.
        traces: usize,
        /// The smallest number of baseline traces that a comparison needs.
        least: usize,
    },
    /// Not enough evidence: most traces of the window lack spans.
    TornTraces {
        /// The part of the window's traces that are complete, from 0 to 1.
        completeness: f64,
    },
    /// Not enough evidence: the first suspect ends early in too few calls.
    FewCalls {
        /// How many calls of the window end early.
        calls: usize,
        /// The smallest number of calls that show a cause.
        least: usize,
    },
    /// No cause: no suspect has a score that is high enough.
    LowScore {
        /// The highest score of all suspects.
        score: f64,
        /// The smallest score of a cause.
        least: f64,
    },
    /// No cause: the first suspect is slower or makes a new call, but the traces that it is in are
    /// not slower than in the baseline.
    NotSlower,
    /// Not enough evidence: the permutation test found an equal or higher score among random
    /// comparisons without a cause.
    ReachedByChance {
        /// The highest score of all suspects.
        score: f64,
        /// The p-value: how likely a score this high is without a cause.
        #[serde(default)]
        p_value: f64,
    },
    /// A cause: the permutation test found only lower scores among random
    /// comparisons without a cause.
    BeyondChance {
        /// The score of the cause.
        score: f64,
        /// The p-value: how likely a score this high is without a cause.
        #[serde(default)]
        p_value: f64,
    },
}

/// The kind of a node.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(remote = "NodeKind", rename_all = "snake_case")]
pub(crate) enum NodeKindJson {
    /// A service, known from its own spans.
    Service,
    /// A database, known from the `db.*` attributes of its clients.
    Database,
    /// A message queue, known from the `messaging.*` attributes of producers and consumers.
    Queue,
    /// Any other host or peer without spans.
    External,
}

/// [`ProblemKind`] in snake case, such as `cut_root`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(remote = "ProblemKind", rename_all = "snake_case")]
pub(crate) enum TraceProblemKindJson {
    CutRoot,
    MissingServer,
    Orphan,
    DetachedCall,
    CrossStitched,
    Endless,
    OutsideCall,
}

/// [`Cause`] in snake case, such as `no_propagation`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Cause", rename_all = "snake_case")]
pub(crate) enum TraceProblemCauseJson {
    NoPropagation,
    OldConnection,
    Tls,
    Proxy,
    ThreadHandOver,
    ForeignContext,
    SdkExcluded,
    NotInstrumented,
    CallerNotObserved,
    Sampling,
    Lag,
    Clock,
    ContextReuse,
    NotExported,
}
