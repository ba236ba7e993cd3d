//! Why requests are slow: the traces of a window, compared with a baseline of traces of the same
//! operation.
//!
//! 1. The critical path of each trace is divided into exclusive path shares: a service's own work,
//!    the edge between a caller and a callee, calls whose other side nobody observes, and queues
//!    (`observation`, `role`).
//! 2. The time of each component is compared with its baseline at several quantiles. The difference
//!    is shrunk towards zero where there is little data (`shift`).
//! 3. The time on an edge is divided between caller and callee, by how much the other edges of each
//!    have shifted too (`edge`).
//! 4. Operations that fail, end early or repeat calls are found by comparing their calls
//!    (`change`).
//! 5. The score of a service is its shift, weighted by its share of the time that was added to the
//!    traces it is in (`score`).
//! 6. A cause is named only when the highest score is large, and larger than the scores that
//!    other windows of the baseline reach by chance (`permutation`).
//!
//! Shares are relative to the time added by all components together. All shares and `unattributed`
//! add up to 1.

mod added_time;
mod anomaly;
mod change;
mod counterfactual;
mod edge;
mod names;
mod node_names;
mod observation;
mod onset;
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
mod wait_clock;

use std::time::Duration;

pub use self::anomaly::{Anomalies, Anomaly, AnomalyKind, anomalies};
pub use self::change::change_weight;
pub use self::names::CauseKind;
use self::names::Names;
pub use self::observation::Entry;
use self::observation::Observation;
pub use self::onset::{Beginning, ENDED_AFTER, RequestHistory, onset};
pub use self::reason::Reason;
pub use self::single_trace::{Loss, RootCause, Typical};
pub use self::standout::{Standout, StandoutTimes};
pub use self::suspect::{Difference, Evidence, Rate, Suspect};
use self::table::ObservationTable;
use crate::side_by_side::side_by_side;
use crate::span::Span;

/// What distinguishes the traces of a window from those of a baseline.
#[derive(Clone, PartialEq, Debug)]
pub struct Explanation {
    /// Whether a cause was found.
    pub verdict: Verdict,
    /// The reason for the verdict, from which the verdict follows.
    pub reason: Reason,
    /// The services under suspicion, most suspicious first, at most twenty. Suspects are listed
    /// even when the verdict names no cause.
    pub ranking: Vec<Suspect>,
    /// The part of the added time that no service in `ranking` accounts for: 0 to 1. The added time
    /// is what the mean durations of the window's traces exceed those of the baseline's, or the sum
    /// over all components that became slower, whichever is larger.
    pub unattributed: f64,
    /// Further causes, most suspicious first: suspects that remain after everything that the first
    /// suspect explains is subtracted. Empty without a cause.
    pub further_causes: Vec<Suspect>,
    /// Attribute values that the slow or failing spans of the first suspect have in common, and its
    /// other spans do not have.
    pub standouts: Vec<Standout>,
    /// How much longer the window's traces took than the baseline's, in nanoseconds: the means of
    /// P50, P75 and P90 are compared. Negative when they were faster.
    pub slowdown_nanos: i64,
    /// The 95th percentile of the durations of the window's traces.
    pub p95: Duration,
    /// What `p95` would be if the first suspect were as fast as in the baseline.
    pub counterfactual_p95: Duration,
    /// The part of the window's traces of which no parent span is missing, except that of the
    /// topmost span: 0 to 1.
    pub completeness: f64,
    /// How many traces of both cohorts had clocks that disagreed by a millisecond or more. Server
    /// spans of such traces were moved into the client spans of the same calls, as described at
    /// [`crate::clock::deltas`]; times that messages waited were made shorter by what a clock had
    /// added to them.
    pub adjusted: usize,
    /// How many traces of the window have spans that match the entry.
    pub traces: usize,
    /// How many traces of the baseline have spans that match the entry.
    pub baseline_traces: usize,
}

/// Whether a cause was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The first suspect of the ranking is the cause.
    Cause,
    /// The window does not differ enough from the baseline.
    NoCause,
    /// There are too few traces, too many of them are incomplete, or chance explains the score as
    /// well.
    NotEnoughEvidence,
}

/// Compares the traces of `window` with those of `baseline`, as far as they are below the spans
/// that match `entry`. Each item is the spans of one trace.
///
/// The result is deterministic. Time: O(n log n) in the number of spans. Repeated spans, cycles and
/// missing parents are treated as in [`crate::tree::Tree`].
pub fn explain<'a>(
    entry: Entry<'_>,
    baseline: impl IntoIterator<Item = &'a [Span]>,
    window: impl IntoIterator<Item = &'a [Span]>,
) -> Explanation {
    let baseline: Vec<&[Span]> = baseline.into_iter().collect();
    let window: Vec<&[Span]> = window.into_iter().collect();
    let ((mut names, mut observed), (others, window)) =
        side_by_side(|| observe(baseline, entry), || observe(window, entry));
    let before = observed.len();
    let numbers = names.include(&others);
    observed.extend(window.into_iter().map(|(mut observation, spans)| {
        observation.renumber(&numbers);
        (observation, spans)
    }));
    let (mut observations, traces): (Vec<Observation>, Vec<&[Span]>) = observed.into_iter().unzip();
    let in_window: Vec<bool> = (0..observations.len()).map(|at| at >= before).collect();
    wait_clock::adjust(&mut observations, &in_window);
    let table = ObservationTable::from_observations(&names, &observations);
    verdict::explanation(&table, &traces, &in_window, entry)
}

/// The observations of `traces` that match `entry`, and the names of their components.
fn observe<'a>(
    traces: Vec<&'a [Span]>,
    entry: Entry<'_>,
) -> (Names, Vec<(Observation, &'a [Span])>) {
    let mut names = Names::default();
    let observed = traces
        .into_iter()
        .filter_map(|spans| Some((Observation::from_spans(spans, entry, &mut names)?, spans)))
        .collect();
    (names, observed)
}

impl Verdict {
    /// The verdict as JSON spells it: `cause`, `no_cause` or `not_enough_evidence`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cause => "cause",
            Self::NoCause => "no_cause",
            Self::NotEnoughEvidence => "not_enough_evidence",
        }
    }
}
