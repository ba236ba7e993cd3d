//! Suspicions, kinds of suspects and reasons, in words.

use coral_query::answer::{CauseKind, Reason, WhySuspect};

/// What the suspect does, followed by its component: ``takes longer itself in `POST /validate` ``.
/// `component` is the name of the component as it is to be printed.
pub fn suspicion(suspect: &WhySuspect, component: &str) -> String {
    // The component of a call is named `caller → callee operation`, and either service may be the
    // suspect.
    let is_caller = suspect.component.starts_with(&format!("{} → ", suspect.service));
    let does = match (suspect.kind, is_caller) {
        (CauseKind::Own, _) => "takes longer itself in",
        (CauseKind::Edge, false) => "takes longer to be reached by its caller:",
        (CauseKind::Edge, true) => "takes longer to reach the service that it calls:",
        (CauseKind::Leaf, false) => "responds more slowly to the call",
        (CauseKind::Leaf, true) => "waits longer for the response to its call",
        (CauseKind::Queue, _) => "starts requests later, which wait in its queue:",
        (CauseKind::Missing, _) => "stops before making calls that it made in the baseline, in",
        (CauseKind::Error, _) => "fails, although nothing that it calls fails, in",
        (CauseKind::Repeated, false) => "is called repeatedly within one request:",
        (CauseKind::Repeated, true) => "repeats a call within one request:",
        (CauseKind::MoreOften, false) => "is called in more requests than in the baseline:",
        (CauseKind::MoreOften, true) => "makes a call in more requests than in the baseline:",
        (CauseKind::New, false) => "receives a call that the baseline does not have:",
        (CauseKind::New, true) => "makes a call that the baseline does not have:",
    };
    format!("{does} `{component}`")
}

/// The condition of a counterfactual: `if cards were as fast as in the baseline`.
pub fn as_in_baseline(kind: CauseKind, service: &str) -> String {
    match kind {
        CauseKind::Repeated | CauseKind::MoreOften | CauseKind::New => {
            "without the added calls".to_owned()
        }
        _ => format!("if {service} were as fast as in the baseline"),
    }
}

/// What a kind of suspect means: `time in the service's own work`.
pub const fn meaning(kind: CauseKind) -> &'static str {
    match kind {
        CauseKind::Own => "time in the service's own work",
        CauseKind::Edge => {
            "time between caller and service: network, connection pool, accept queue"
        }
        CauseKind::Leaf => "time of a call whose callee sends no spans, such as a database",
        CauseKind::Queue => "time between accepting a request and starting work on it",
        CauseKind::Missing => "the operation ends without calls that it made in the baseline",
        CauseKind::Error => "the operation fails, and nothing that it calls fails",
        CauseKind::Repeated => "one request repeats the same call: retries, or N+1",
        CauseKind::MoreOften => "more requests make this call than in the baseline",
        CauseKind::New => "requests make a call that the baseline does not have",
    }
}

/// Why a cause is named or not: a sentence without a full stop, and without names from the traces.
pub fn reason(reason: Reason) -> String {
    match reason {
        Reason::NoTraces => "no trace in the window matches the question".to_owned(),
        Reason::NoBaselineTraces => "no trace in the baseline matches the question".to_owned(),
        Reason::TooFewBaselineTraces { traces, least } => {
            format!("the baseline has {traces} traces; at least {least} are needed")
        }
        Reason::TornTraces { completeness } => {
            let percent = completeness * 100.0;
            format!("only {percent:.0}% of the traces are complete; parent spans are missing")
        }
        Reason::LowScore { score, least } => {
            format!("the highest score is {score:.2}; a cause needs at least {least:.2}")
        }
        Reason::NotSlower => "the traces are not slower than in the baseline".to_owned(),
        Reason::ReachedByChance { score } => {
            format!(
                "the highest score is {score:.2}, and the permutation test reaches it by chance"
            )
        }
        Reason::BeyondChance { score } => {
            format!("the score is {score:.2}, which the permutation test does not reach by chance")
        }
    }
}
