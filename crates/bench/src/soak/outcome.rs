//! The results of killing processes.

use serde::Serialize;

use crate::figures::Figures;

/// The results of killing processes.
#[derive(Debug, Default, Serialize)]
pub struct Outcome {
    /// How many kills there were.
    pub moments: u64,
    /// How many of the kills were of the colony.
    pub colony_killed: u64,
    /// How many spans were acknowledged before the kills, in total. A span that is missing
    /// afterwards fails the test.
    pub acknowledged: u64,
    /// How many spans are stored in the end, including those of repeated exports.
    pub spans: u64,
    /// The longest time from the start of a process on existing data until it listens, in
    /// milliseconds.
    pub slowest_start_ms: f64,
    /// The duration of the test, in seconds.
    pub seconds: f64,
}

impl Outcome {
    /// The results as rows of a report.
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
