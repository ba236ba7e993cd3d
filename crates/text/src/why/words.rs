//! Suspicions and reasons, in words.

use coral_query::answer::{CauseKind, Reason, WhySuspect};

/// What the suspect does, with its `component` as that is to be printed: `takes longer itself in `POST /validate``.
pub fn suspicion(suspect: &WhySuspect, component: &str) -> String {
    // A component is `caller → callee operation`, and either may be the cause.
    let calls = suspect.component.starts_with(&format!("{} → ", suspect.service));
    match (suspect.kind, calls) {
        (CauseKind::Own, _) => format!("takes longer itself in `{component}`"),
        (CauseKind::Edge, false) => format!("takes longer to be reached: {component}"),
        (CauseKind::Edge, true) => format!("takes longer to reach what it calls: {component}"),
        (CauseKind::Leaf, false) => format!("answers later: {component}"),
        (CauseKind::Leaf, true) => format!("waits longer for what it calls: {component}"),
        (CauseKind::Queue, _) => format!("lets `{component}` wait in its queue"),
        (CauseKind::Missing, _) => {
            format!("stops in `{component}` before it has called what it used to call")
        }
        (CauseKind::Error, _) => format!("fails, and nothing below it does: {component}"),
        (CauseKind::Repeated, false) => format!("is called again and again: {component}"),
        (CauseKind::Repeated, true) => format!("calls again and again: {component}"),
        (CauseKind::MoreOften, _) => {
            format!("calls it in more of its requests than it did: {component}")
        }
        (CauseKind::New, _) => format!("calls what it did not call: {component}"),
    }
}

/// Why a cause is named or not: a sentence without a full stop, and without names from the traces.
pub fn reason(reason: Reason) -> String {
    match reason {
        Reason::NoTraces => "no trace of the window has the spans that were asked about".to_owned(),
        Reason::NoBaselineTraces => {
            "no trace of the baseline has the spans that were asked about".to_owned()
        }
        Reason::TooFewBaselineTraces { traces, least } => {
            format!("the baseline has {traces} traces; at least {least} are needed")
        }
        Reason::TornTraces { completeness } => {
            let percent = completeness * 100.0;
            format!("only {percent:.0}% of the traces are whole; parents are missing")
        }
        Reason::LowScore { score, least } => {
            format!("the highest score is {score:.2}; a cause has at least {least:.2}")
        }
        Reason::NotSlower => "the traces are not slower than at their baseline".to_owned(),
        Reason::ReachedByChance { score } => {
            format!("chance leads to scores as high as {score:.2} among these traces")
        }
        Reason::BeyondChance { score } => {
            format!("the score is {score:.2}, and chance leads to none as high")
        }
    }
}
