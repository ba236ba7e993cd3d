//! An answer, whoever gave it.

use std::fmt;
use std::time::Duration;

use coral_trace::explain::Explanation;

/// What was said of two cohorts.
pub struct Told {
    /// `cause`, `no_cause` or `not_enough_evidence`.
    pub verdict: String,
    /// Most suspicious first.
    pub ranking: Vec<Suspect>,
    /// How long the answer took.
    pub took: Duration,
}

/// One of the ranking.
pub struct Suspect {
    pub service: String,
    pub kind: String,
    pub score: f64,
    pub share: f64,
}

impl Told {
    /// The library's own answer.
    pub fn of(explanation: Explanation, took: Duration) -> Self {
        let ranking = explanation.ranking.into_iter().map(|suspect| Suspect {
            service: suspect.service,
            kind: suspect.kind.as_str().to_owned(),
            score: suspect.score,
            share: suspect.share,
        });
        Self { verdict: explanation.verdict.as_str().to_owned(), ranking: ranking.collect(), took }
    }

    /// A cause is named.
    pub fn names(&self) -> bool {
        self.verdict == "cause"
    }

    /// The first score; zero when nobody is suspected.
    pub fn highest(&self) -> f64 {
        self.ranking.first().map_or(0.0, |first| first.score)
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [", self.verdict)?;
        for (at, suspect) in self.ranking.iter().take(4).enumerate() {
            let Suspect { service, kind, score, share } = suspect;
            let comma = if at > 0 { ", " } else { "" };
            write!(f, "{comma}{service} {score:.2} {kind} {:.0}%", share * 100.0)?;
        }
        write!(f, "]")
    }
}
