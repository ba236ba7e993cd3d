//! Why it is slow: the traces of a window beside the same operation's traces at their baseline.
//!
//! 1. Each trace's critical path is divided into exclusive path shares: own work, the edge between a caller and
//!    whom it called, calls nobody observes the other side of, queues (`observation`, `role`).
//! 2. Each component's time is compared with its baseline, robustly, and shrunk by how little is known (`shift`).
//! 3. The time on an edge is laid at the door of whichever end's other edges have shifted with it (`edge`).
//! 4. Operations that fail, stop early or repeat themselves are found from what they call (`change`).
//! 5. A service's score is its shift, weighted by its share of the time added to the traces it is in (`score`).
//! 6. A cause is named only when that is much, and when cohorts with shuffled labels do not score as high (`permutation`).
//!
//! Shares are of the time added by all components together, and sum to one with `unattributed`.

mod added_time;
mod anomaly;
mod change;
mod counterfactual;
mod edge;
mod names;
mod observation;
mod permutation;
mod ranking;
mod reason;
mod role;
mod score;
mod shift;
mod single_trace;
mod slowest;
mod standout;
mod suspect;
mod table;
#[cfg(test)]
mod tests;
mod verdict;

use std::time::Duration;

pub use self::anomaly::{Anomalies, Anomaly, AnomalyKind, anomalies};
pub use self::change::change_weight;
pub use self::names::CauseKind;
use self::names::Names;
pub use self::observation::Entry;
use self::observation::Observation;
pub use self::reason::Reason;
pub use self::single_trace::{Loss, RootCause, Typical};
pub use self::standout::Standout;
pub use self::suspect::{Evidence, Suspect};
use self::table::ObservationTable;
use crate::span::Span;

/// Why the traces of a window are as they are.
#[derive(Clone, PartialEq, Debug)]
pub struct Explanation {
    /// Whether a cause can be named.
    pub verdict: Verdict,
    /// Why so; the verdict follows from it.
    pub reason: Reason,
    /// The services under suspicion, most suspicious first, at most twenty; there are some also without a verdict.
    pub ranking: Vec<Suspect>,
    /// The part of the added time that no service in `ranking` added: 0 to 1. The added time is by how much the
    /// window's traces took longer, or all that components took longer, if that is more.
    pub unattributed: f64,
    /// What the slow or failing spans of the first of `ranking` have in common that its others have not.
    pub standouts: Vec<Standout>,
    /// How much longer the traces took than at their baseline, nanoseconds; negative when they were faster.
    pub slowdown_nanos: i64,
    /// What 95% of the window's traces took at most.
    pub p95: Duration,
    /// What that would be with the first of `ranking` at its baseline.
    pub counterfactual_p95: Duration,
    /// The part of the window's traces that are in one piece: 0 to 1.
    pub completeness: f64,
    /// Traces of both cohorts whose clocks disagreed by a millisecond or more; their servers were moved into the
    /// calls that they answer, as [`crate::clock::deltas`] says.
    pub adjusted: usize,
    /// How many traces of the window have the spans that were asked about.
    pub traces: usize,
    /// How many traces of the baseline have.
    pub baseline_traces: usize,
}

/// Whether a cause can be named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The first of the ranking.
    Cause,
    /// Nothing is much different from the baseline.
    NoCause,
    /// There are too few traces, or too torn ones, or chance would do as well.
    NotEnoughEvidence,
}

/// Why the traces of `window` are slower than, or otherwise than, those of `baseline`, as far as they are
/// below `entry`. Each item is the spans of one trace.
///
/// Deterministic; O(n log n) in the number of spans. Repeated spans, circles and missing parents are as
/// [`crate::tree::Tree`] has them.
pub fn explain<'a>(
    entry: Entry<'_>,
    baseline: impl IntoIterator<Item = &'a [Span]>,
    window: impl IntoIterator<Item = &'a [Span]>,
) -> Explanation {
    let mut names = Names::default();
    let mut observe =
        |spans: &'a [Span]| Some((Observation::from_spans(spans, entry, &mut names)?, spans));
    let mut observed: Vec<(Observation, &[Span])> =
        baseline.into_iter().filter_map(&mut observe).collect();
    let before = observed.len();
    observed.extend(window.into_iter().filter_map(&mut observe));
    let (observations, traces): (Vec<Observation>, Vec<&[Span]>) = observed.into_iter().unzip();
    let in_window: Vec<bool> = (0..observations.len()).map(|at| at >= before).collect();
    let table = ObservationTable::from_observations(&names, &observations);
    verdict::explanation(&table, &traces, &in_window, entry)
}

impl Verdict {
    /// `cause`, `no_cause` or `not_enough_evidence`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cause => "cause",
            Self::NoCause => "no_cause",
            Self::NotEnoughEvidence => "not_enough_evidence",
        }
    }
}
