//! What one answer is worth.

use coral_query::answer::{Verdict, Why};
use coral_scenario::{Incident, MINUTE};
use coral_text::screen::Screen;
use coral_trace::UnixNanos;
use serde::Serialize;

use super::plan::Case;
use crate::text::has_word;

/// An answer to the default question, compared with the truth.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// What happens.
    pub kind: String,
    /// The name of the topology.
    pub topology: &'static str,
    /// Requests per second.
    pub rate: f64,
    /// The seed.
    pub seed: u64,
    /// Minutes since the incident began; negative before.
    pub age: i64,
    /// Whether a fault is there, or was.
    pub is_fault: bool,
    /// How many requests the fault has changed.
    pub affected: u64,
    /// Whether a cause is named, and which.
    pub naming: Naming,
    /// By how many minutes the beginning is off; null when none is told.
    pub began_error: Option<f64>,
    /// Whether the value to name is in the first sentences; null when there is none, or when the
    /// right cause is not named.
    pub value_named: Option<bool>,
    /// How long the answer took, in seconds.
    pub seconds: f64,
    /// The first paragraph of the answer.
    pub text: String,
}

/// Whether a cause is named, and which.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Naming {
    /// A culprit is named.
    Right,
    /// Something else is named.
    Wrong,
    /// Nothing is named.
    Silent,
}

impl Outcome {
    /// Compares an answer that was given at `now` and took some `seconds`.
    pub fn new(
        case: &Case,
        age: i64,
        now: UnixNanos,
        affected: u64,
        why: &Why,
        seconds: f64,
    ) -> Self {
        let incident = &case.incident;
        let is_fault = age >= 0 && !incident.faults().is_empty();
        let text = first_paragraph(why);
        let named = why.ranking.first().filter(|_| why.verdict == Verdict::Cause);
        let naming = match named {
            None => Naming::Silent,
            Some(cause) if is_fault && incident.is_culprit(&cause.service) => Naming::Right,
            Some(_) => Naming::Wrong,
        };
        let value = incident.culprit_value().filter(|_| naming == Naming::Right);
        Self {
            kind: if age < 0 { "before a fault".to_owned() } else { incident.kind.to_string() },
            topology: incident.topology.name,
            rate: case.rate,
            seed: case.seed,
            age,
            is_fault,
            affected,
            naming,
            began_error: why.began.and_then(|told| began_error(incident, told, now)),
            value_named: value.map(|value| has_word(&text, &value)),
            seconds,
            text,
        }
    }
}

/// By how many minutes `told` is off the nearest beginning.
fn began_error(incident: &Incident, told: UnixNanos, now: UnixNanos) -> Option<f64> {
    let beginnings = incident.beginnings(now).into_iter();
    let errors = beginnings.map(|began| began.0.abs_diff(told.0) as f64 / MINUTE as f64);
    errors.min_by(f64::total_cmp)
}

/// The verdict, as `coral why` prints it below the question: its first sentences.
fn first_paragraph(why: &Why) -> String {
    let page = coral_text::why::why(why, "", UnixNanos(0), Screen::PLAIN);
    page.split("\n\n").nth(1).unwrap_or_default().trim().to_owned()
}
