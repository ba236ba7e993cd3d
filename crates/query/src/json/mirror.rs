//! The JSON form of enums of `coral-trace`, a crate that does not depend on serde. Each enum here
//! mirrors an enum there; the compiler checks that both have the same variants.

use coral_trace::dependency::NodeKind;
use coral_trace::explain::{CauseKind, Reason, Verdict};
use coral_trace::wholeness::{Cause, ProblemKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// [`Verdict`] as `cause`, `no_cause` or `not_enough_evidence`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Verdict", rename_all = "snake_case")]
pub(crate) enum VerdictJson {
    Cause,
    NoCause,
    NotEnoughEvidence,
}

/// [`CauseKind`] as `own`, `edge`, `leaf`, `queue`, `missing`, `error`, `repeated`, `more_often` or
/// `new`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(remote = "CauseKind", rename_all = "snake_case")]
pub(crate) enum CauseKindJson {
    Own,
    Edge,
    Leaf,
    Queue,
    Missing,
    Error,
    Repeated,
    MoreOften,
    New,
}

/// [`Reason`] as an object: the name of the variant under `kind`, beside the fields of the variant.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Reason", tag = "kind", rename_all = "snake_case")]
pub(crate) enum ReasonJson {
    NoTraces,
    NoBaselineTraces,
    TooFewBaselineTraces { traces: usize, least: usize },
    TornTraces { completeness: f64 },
    LowScore { score: f64, least: f64 },
    NotSlower,
    ReachedByChance { score: f64 },
    BeyondChance { score: f64 },
}

/// [`NodeKind`] as `service`, `database`, `queue` or `external`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(remote = "NodeKind", rename_all = "snake_case")]
pub(crate) enum NodeKindJson {
    Service,
    Database,
    Queue,
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
