//! The reason for a verdict.

use super::Verdict;

/// The reason for a verdict, with the numbers that decided it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Reason {
    /// No trace of the window has spans that match the entry.
    NoTraces,
    /// No trace of the baseline has spans that match the entry.
    NoBaselineTraces,
    /// The baseline has fewer traces than a comparison needs.
    TooFewBaselineTraces {
        /// How many traces of the baseline have spans that match the entry.
        traces: usize,
        /// The smallest number of baseline traces that a comparison needs.
        least: usize,
    },
    /// Most traces of the window are incomplete: parents of some spans are missing.
    TornTraces {
        /// The part of the window's traces that are complete: 0 to 1.
        completeness: f64,
    },
    /// No suspect has a high enough score.
    LowScore {
        /// The highest score of all suspects.
        score: f64,
        /// The smallest score of a cause.
        least: f64,
    },
    /// The first suspect is slower or makes a new call, but the traces that it is in are not slower
    /// than in the baseline.
    NotSlower,
    /// The first suspect ends early, but in too few calls: a few sessions end early by chance.
    FewCalls {
        /// How many calls of the window end early.
        calls: usize,
        /// The smallest number of calls that show a cause.
        least: usize,
    },
    /// The permutation test found an equal or higher score among its random comparisons.
    ReachedByChance {
        /// The highest score of all suspects.
        score: f64,
        /// The p-value: how likely a score this high is without a cause.
        p_value: f64,
    },
    /// The permutation test found only lower scores among its random comparisons: a cause is
    /// named.
    BeyondChance {
        /// The score of the cause.
        score: f64,
        /// The p-value: how likely a score this high is without a cause.
        p_value: f64,
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
            | Self::FewCalls { .. }
            | Self::ReachedByChance { .. } => Verdict::NotEnoughEvidence,
        }
    }
}
