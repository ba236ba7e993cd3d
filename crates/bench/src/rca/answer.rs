//! The answer of `coral why`, from the library or from the colony.

use std::fmt;
use std::time::Duration;

use coral_trace::explain::{Difference, Explanation};

/// The answer to why a window is slow, compared with a baseline.
pub struct WhyAnswer {
    /// The verdict: `cause`, `no_cause` or `not_enough_evidence`.
    pub verdict: String,
    /// The suspects, most suspicious first.
    pub ranking: Vec<Suspect>,
    /// How long the answer took.
    pub duration: Duration,
}

/// A suspect of the ranking.
pub struct Suspect {
    pub service: String,
    pub kind: String,
    pub score: f64,
    pub share: f64,
    /// For a change in behaviour, how often it was seen: ` 0/120 → 14/60`.
    pub rates: String,
}

impl WhyAnswer {
    /// Converts the answer of the library, which took `duration`.
    pub fn from_explanation(explanation: Explanation, duration: Duration) -> Self {
        let ranking = explanation.ranking.into_iter().map(|suspect| Suspect {
            service: suspect.service,
            kind: suspect.kind.as_str().to_owned(),
            score: suspect.score,
            share: suspect.share,
            rates: match suspect.difference {
                Difference::Rate { before, now } => {
                    format!(" {}/{} → {}/{}", before.count, before.of, now.count, now.of)
                }
                Difference::Time { .. } => String::new(),
            },
        });
        Self {
            verdict: explanation.verdict.as_str().to_owned(),
            ranking: ranking.collect(),
            duration,
        }
    }

    /// Whether a cause is named.
    pub fn names_cause(&self) -> bool {
        self.verdict == "cause"
    }

    /// The highest score; zero when there are no suspects.
    pub fn highest(&self) -> f64 {
        self.ranking.first().map_or(0.0, |first| first.score)
    }
}

impl fmt::Display for WhyAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [", self.verdict)?;
        for (at, suspect) in self.ranking.iter().take(4).enumerate() {
            let Suspect { service, kind, score, share, rates } = suspect;
            let comma = if at > 0 { ", " } else { "" };
            write!(f, "{comma}{service} {score:.2} {kind} {:.0}%{rates}", share * 100.0)?;
        }
        write!(f, "]")
    }
}
