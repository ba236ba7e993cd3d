//! Why a cause can be named, or cannot.

use super::Verdict;

/// Why a cause can be named, or cannot, with the numbers that decided it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Reason {
    /// No trace of the window has the spans that were asked about.
    NoTraces,
    /// No trace of the baseline has the spans that were asked about.
    NoBaselineTraces,
    /// The baseline has fewer traces than a comparison needs.
    TooFewBaselineTraces {
        /// Traces of the baseline that have the spans that were asked about.
        traces: usize,
        /// The smallest number of traces that a baseline is compared with.
        least: usize,
    },
    /// Most traces of the window lack the parents of some spans.
    TornTraces {
        /// The part of the window's traces that are in one piece: 0 to 1.
        completeness: f64,
    },
    /// No suspect's score is high enough.
    LowScore {
        /// The highest score of a suspect.
        score: f64,
        /// The lowest score of a cause.
        least: f64,
    },
    /// The window's traces do not take longer than those of the baseline, and the first suspect does not fail.
    NotSlower,
    /// The permutation test found as high a score among cohorts with shuffled labels.
    ReachedByChance {
        /// The highest score of a suspect.
        score: f64,
    },
    /// The permutation test found no score as high among cohorts with shuffled labels: a cause is named.
    BeyondChance {
        /// The score of the cause.
        score: f64,
    },
}

impl Reason {
    /// The verdict that follows from the reason.
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::BeyondChance { .. } => Verdict::Cause,
            Self::LowScore { .. } | Self::NotSlower => Verdict::NoCause,
            Self::NoTraces
            | Self::NoBaselineTraces
            | Self::TooFewBaselineTraces { .. }
            | Self::TornTraces { .. }
            | Self::ReachedByChance { .. } => Verdict::NotEnoughEvidence,
        }
    }
}
