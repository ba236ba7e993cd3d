//! Suspicions, kinds of suspects and reasons, in words.

use std::fmt::Write as _;

use crate::duration::duration;
use crate::percent::percent;
use coral_query::answer::{CauseKind, Reason, WhyRates, WhyStandout, WhySuspect};

/// What the suspect does, followed by its component: ``takes longer itself in `POST /validate` ``.
/// `component` is the name of the component as it is to be printed.
pub fn suspicion(suspect: &WhySuspect, component: &str) -> String {
    // The component of a call is named `caller → callee operation`, and either service may be the
    // suspect.
    let is_caller = suspect.component.starts_with(&format!("{} → ", suspect.service));
    let is_called = suspect.component.contains(&format!(" → {} ", suspect.service));
    let does = match (suspect.kind, is_caller) {
        (CauseKind::Own, _) => return format!("takes longer itself in `{component}`"),
        (CauseKind::Error, _) => {
            return format!("fails, although nothing that it calls fails, in `{component}`");
        }
        (CauseKind::Missing, _) if !is_called => {
            return format!(
                "stops before making calls that it made in the baseline, in `{component}`"
            );
        }
        (CauseKind::Missing, _) => "has a caller that stops early, before or after this call",
        (CauseKind::Edge, false) => "takes longer to be reached by its caller",
        (CauseKind::Edge, true) => "takes longer to reach the service that it calls",
        (CauseKind::Leaf, false) => "responds more slowly to a call",
        (CauseKind::Leaf, true) => "waits longer for the response to a call",
        (CauseKind::Queue, _) => "starts requests later, which wait in its queue",
        (CauseKind::Repeated, false) => "is called repeatedly within one request",
        (CauseKind::Repeated, true) => "repeats a call within one request",
        (CauseKind::MoreOften, false) => "is called in more requests than in the baseline",
        (CauseKind::MoreOften, true) => "makes a call in more requests than in the baseline",
        (CauseKind::New, false) => "receives a call that the baseline does not have",
        (CauseKind::New, true) => "makes a call that the baseline does not have",
    };
    format!("{does} (`{component}`)")
}

/// The smallest part of failing spans whose common outcome, such as a status, is told.
const MIN_OUTCOME: f64 = 0.5;
/// From this part on, spans are all spans.
const ALL: f64 = 0.995;

/// How the first suspect differs from the baseline, and the attribute value that explains the
/// difference: `: 6.5% of its requests fail (0.4% before), all of them with host.name=pay-2`. Starts
/// with its own punctuation. `clean` writes names and values from traces.
pub fn difference(
    cause: &WhySuspect,
    standouts: &[WhyStandout],
    clean: impl Fn(&str) -> String,
) -> String {
    let explains = standouts.iter().find(|found| found.explains);
    let value = |found: &WhyStandout| {
        let also = found.also.iter().take(1).map(|also| (&also.key, &also.value));
        let values = std::iter::once((&found.key, &found.value)).chain(also);
        let values: Vec<String> =
            values.map(|(key, value)| format!("{}={}", clean(key), clean(value))).collect();
        values.join(", ")
    };
    let times = explains.and_then(|found| Some((found, found.times.as_ref()?)));
    match (cause.kind, cause.rates, cause.times, times) {
        (CauseKind::Error, Some(rates), ..) => {
            let mut text = format!(": {}", failures(&rates));
            if let Some(found) = explains {
                let _ = write!(text, ", {} of them with {}", share(found.affected), value(found));
            }
            let outcome = standouts.iter().find(|found| !found.explains);
            if let Some(outcome) = outcome.filter(|found| found.affected >= MIN_OUTCOME) {
                let _ = write!(text, ", {} with {}", share(outcome.affected), value(outcome));
            }
            text
        }
        (_, Some(rates), ..) => {
            let mut text = format!(
                ": in {} of requests ({} in the baseline)",
                percent(rates.now.part()),
                percent(rates.before.part())
            );
            if let Some(found) = explains {
                let _ = write!(text, ", {} of them with {}", share(found.affected), value(found));
            }
            text
        }
        (_, None, _, Some((found, times))) => {
            let without = match &times.other_value {
                Some(other) => format!("with {}={}", clean(&found.key), clean(other)),
                None => "without".to_owned(),
            };
            format!(
                ": P50 is {} with {}, and {} {without}",
                duration(times.with_us),
                value(found),
                duration(times.without_us)
            )
        }
        (_, None, Some(times), None) => {
            format!(
                ": {} per trace, {} in the baseline",
                duration(times.now_us),
                duration(times.before_us)
            )
        }
        (_, None, None, None) => String::new(),
    }
}

fn failures(rates: &WhyRates) -> String {
    let (now, before) = (percent(rates.now.part()), percent(rates.before.part()));
    format!("{now} of its requests fail ({before} in the baseline)")
}

fn share(part: f64) -> String {
    if part >= ALL { "all".to_owned() } else { percent(part) }
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
            format!("only {percent:.0}% of the traces have every parent span")
        }
        Reason::LowScore { score, least } => {
            format!("the highest score is {score:.2}; a cause needs at least {least:.2}")
        }
        Reason::FewCalls { calls, least } => {
            format!("only {calls} runs of the operation end early; a cause needs at least {least}")
        }
        Reason::NotSlower => {
            "the traces with the first suspect are not slower than in the baseline".to_owned()
        }
        Reason::ReachedByChance { score, p_value } => format!(
            "the highest score is {score:.2}, and the permutation test reaches it by chance (p = \
             {p_value:.2})"
        ),
        Reason::BeyondChance { score, p_value } => format!(
            "the score is {score:.2}, which the permutation test does not reach by chance (p = \
             {p_value:.2})"
        ),
    }
}
