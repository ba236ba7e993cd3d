//! Changes in the behaviour of operations: failing, ending early, repeating calls, or calling
//! something new.

mod failing;
mod missing;
mod more_often;
mod repeated;

use super::added_time::AddedTime;
use super::names::CauseKind;
use super::shift::belief;
use super::suspect::{Evidence, Rate, Suspect};
use super::table::ObservationTable;

/// Something that an operation does more often than in the baseline.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Change {
    /// The component that changed.
    pub component: u32,
    /// The service that the change makes suspicious. One change may be listed for several services.
    pub service: u32,
    /// The kind of change.
    pub kind: CauseKind,
    /// How significant the change is, on the scale of a service's latency score.
    pub weight: f64,
    /// How often the change was seen in each cohort, and how often it could have been.
    pub counts: Counts,
    /// Nanoseconds that the change added to the window's traces, beyond what the shifts of
    /// components account for.
    pub added: f64,
    /// For a change in what an operation calls: the rate of these calls in the baseline.
    pub calls: Option<CallRate>,
    /// Spans of the window that show the change: at most [`Suspect::MAX_EVIDENCE`].
    pub examples: Vec<Evidence>,
}

impl Change {
    /// Tells the changes of one comparison apart: component, kind and suspected service, and the
    /// calling operation of a change in what it calls.
    pub fn identity(&self) -> (u32, CauseKind, u32, Option<u32>) {
        (self.component, self.kind, self.service, self.calls.map(|calls| calls.operation))
    }
}

/// How often an operation makes a call in the baseline.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct CallRate {
    /// The calling operation, as a component.
    pub operation: u32,
    /// Calls of the change's component per call of the operation.
    pub baseline: f64,
}

/// How often something happened in each cohort, and how often it could have.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Counts {
    pub baseline: usize,
    pub baseline_total: usize,
    pub window: usize,
    pub window_total: usize,
}

/// The factor by which a change weighs more than a shift of the same size: failures are worse than
/// slowness.
const CHANGE_WEIGHT: f64 = 2.0;
/// The largest factor by which a change is taken to be more frequent. Something that the baseline
/// does not have at all is not weighed by how large the baseline happens to be.
const MAX_RATIO: f64 = 20.0;
/// The effect size, in standard errors, at which half of a change is believed.
const HALF_BELIEF_ERRORS: f64 = 1.0;
/// The number of calls in the smaller cohort at which half of a change is believed.
const HALF_BELIEF_CALLS: f64 = 3.0;

/// The weight of a change that was seen `baseline` times of `baseline_total` before, and `window`
/// times of `window_total` now. Zero when it did not become more frequent.
pub fn change_weight(
    (baseline, baseline_total): (u64, u64),
    (window, window_total): (u64, u64),
) -> f64 {
    let [baseline, baseline_total, window, window_total] =
        [baseline, baseline_total, window, window_total].map(|count| count as usize);
    Counts { baseline, baseline_total, window, window_total }.weight()
}

/// Example spans for calls given by observation and index: one of each trace, at most
/// [`Suspect::MAX_EVIDENCE`].
fn examples(
    table: &ObservationTable<'_>,
    calls: impl Iterator<Item = (u32, u32)>,
) -> Vec<Evidence> {
    let mut examples = Vec::new();
    for call in calls {
        add_example(&mut examples, table, call);
        if examples.len() == Suspect::MAX_EVIDENCE {
            break;
        }
    }
    examples
}

/// Adds the span of a call to `examples`, unless there are enough or the trace has one already.
fn add_example(
    examples: &mut Vec<Evidence>,
    table: &ObservationTable<'_>,
    (observation, call): (u32, u32),
) {
    let observation = &table.observations[observation as usize];
    let known = examples.iter().any(|example| example.trace_id == observation.trace_id);
    if !known && examples.len() < Suspect::MAX_EVIDENCE {
        let span_id = observation.calls[call as usize].span;
        examples.push(Evidence { trace_id: observation.trace_id, span_id });
    }
}

/// All changes of all operations.
pub(super) fn changes(
    table: &ObservationTable<'_>,
    in_window: &[bool],
    added: &AddedTime,
) -> Vec<Change> {
    let calls = table.calls(in_window);
    let mut found = missing::changes(table, in_window);
    found.extend(failing::changes(table, in_window));
    found.extend(repeated::changes(table, in_window, &calls));
    found.extend(more_often::changes(table, in_window, &calls, added));
    found
}

impl Counts {
    /// How significant the increase is: the logarithm of the ratio of the two rates, times their
    /// difference, shrunk where there is little data. Zero when there is no increase.
    pub fn weight(&self) -> f64 {
        let more = self.window as f64 / self.window_total.max(1) as f64
            - self.baseline as f64 / self.baseline_total.max(1) as f64;
        let ratio = self.log_ratio();
        if ratio <= 0.0 || more <= 0.0 {
            return 0.0;
        }
        CHANGE_WEIGHT * ratio.min(libm::log(MAX_RATIO)) * more * self.belief()
    }

    /// The rates in the baseline and in the window.
    pub fn rates(&self) -> (Rate, Rate) {
        let rate = |count: usize, of: usize| Rate { count: count as u64, of: of as u64 };
        (rate(self.baseline, self.baseline_total), rate(self.window, self.window_total))
    }

    /// How far the increase is to be believed: 0 to 1.
    pub fn belief(&self) -> f64 {
        let error = (1.0 / (self.window as f64 + 0.5) + 1.0 / (self.baseline as f64 + 0.5)).sqrt();
        let (before, after) = (self.baseline_total as f64, self.window_total as f64);
        let evidence = before * after / (before + after);
        belief(self.log_ratio() / error, HALF_BELIEF_ERRORS) * evidence
            / (evidence + HALF_BELIEF_CALLS)
    }

    fn log_ratio(&self) -> f64 {
        let rate =
            |count: usize, observation: usize| (count as f64 + 0.5) / (observation as f64 + 1.0);
        (rate(self.window, self.window_total) / rate(self.baseline, self.baseline_total)).ln()
    }

    /// How many more occurrences the window has than the rate of the baseline makes one expect;
    /// negative when there are fewer.
    pub fn excess(&self) -> f64 {
        self.window as f64
            - self.baseline as f64 / self.baseline_total.max(1) as f64 * self.window_total as f64
    }

    /// Counts one opportunity in a cohort, and whether the thing happened.
    pub fn add(&mut self, in_window: bool, happened: bool) {
        let (observation, count) = if in_window {
            (&mut self.window_total, &mut self.window)
        } else {
            (&mut self.baseline_total, &mut self.baseline)
        };
        *observation += 1;
        *count += usize::from(happened);
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn a_change_weighs_more_the_larger_it_is_and_the_more_data_there_is() {
        let weight = |baseline, window, observation| {
            Counts { baseline, baseline_total: observation, window, window_total: observation }
                .weight()
        };
        assert_eq!((weight(5, 5, 100), weight(5, 1, 100), weight(0, 0, 0)), (0.0, 0.0, 0.0));
        assert!(weight(0, 2, 4) < weight(0, 20, 40));
        assert!(weight(0, 2, 100) < weight(0, 50, 100));
        assert!(weight(40, 50, 100) < weight(0, 50, 100));
        // How large the baseline is does not decide how much a new behaviour weighs.
        let of = |traces: usize| {
            Counts { baseline: 0, baseline_total: traces, window: 50, window_total: 100 }.weight()
        };
        assert!(of(100_000) < 1.1 * of(1_000), "{} {}", of(100_000), of(1_000));
    }
}
