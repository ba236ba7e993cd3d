//! What was seen of kills.

use serde::Serialize;

use crate::figures::Figures;

/// What was seen.
#[derive(Debug, Default, Serialize)]
pub struct Outcome {
    /// Times that a process was killed.
    pub moments: u64,
    /// Of these, times that it was the colony.
    pub colony_killed: u64,
    /// Spans that were acknowledged before a kill, all found after it.
    pub acknowledged: u64,
    /// Spans stored in the end: with those of exports that were repeated.
    pub spans: u64,
    /// From the start of a process on old data until it listens, at most.
    pub slowest_start_ms: f64,
    /// Seconds in all.
    pub seconds: f64,
}

impl Outcome {
    /// As rows of a report.
    pub fn figures(&self) -> Figures {
        let mut figures = Figures::default();
        figures.add("kill -9 under load", self.moments as f64, "times");
        figures.add(
            "acknowledged before a kill, all there once after it",
            self.acknowledged as f64,
            "spans",
        );
        figures.at_most("slowest start after a kill", self.slowest_start_ms, "ms", 5_000.0);
        figures
    }
}
