//! What operations do otherwise than they did: fail, stop early, or repeat themselves.

mod failing;
mod missing;
mod more_often;
mod repeated;

use super::added::Added;
use super::names::CauseKind;
use super::shift::believed;
use super::table::Table;
use super::{Evidence, Suspect};

/// Something that an operation does otherwise.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Change {
    /// The component that does it.
    pub component: u32,
    /// Whom it says something about; a change may say something about several.
    pub service: u32,
    /// What it does.
    pub kind: CauseKind,
    /// How much it says, comparable to a service's latency score.
    pub weight: f64,
    /// How often it happened, of how often it could have.
    pub counts: Counts,
    /// Time that it added to the window's traces and that no component took beyond its own baseline, nanoseconds.
    pub added: f64,
    /// Of one that is about what an operation calls.
    pub calls: Option<Calls>,
    /// Where it is seen in the window: at most [`Suspect::MOST_EVIDENCE`].
    pub examples: Vec<Evidence>,
}

/// How often an operation calls something at its baseline.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Calls {
    /// The caller's operation, as a component.
    pub operation: u32,
    /// Calls of the change's component by one of the operation.
    pub usual: f64,
}

/// How often something happened in each cohort, of how often it could have.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Counts {
    pub usual: usize,
    pub usual_of: usize,
    pub now: usize,
    pub now_of: usize,
}

/// Weight of a change beside a shift of the same size: what fails is worse than what is slow.
const WEIGHT: f64 = 2.0;
/// Standard errors at which a change counts half.
const DOUBT: f64 = 1.0;
/// Calls in the smaller cohort at which a change counts half.
const FEW: f64 = 3.0;

/// How much it says that something happens to so many of so many now, and happened to so many of so many before:
/// the weight of a change. Zero when it does not happen more often.
pub fn weight((usual, usual_of): (u64, u64), (now, now_of): (u64, u64)) -> f64 {
    let [usual, usual_of, now, now_of] = [usual, usual_of, now, now_of].map(|count| count as usize);
    Counts { usual, usual_of, now, now_of }.weight()
}

/// Calls, by observation and index, each of another trace; as many as are shown.
fn examples(table: &Table<'_>, calls: impl Iterator<Item = (u32, u32)>) -> Vec<Evidence> {
    let mut examples = Vec::new();
    for call in calls {
        show(&mut examples, table, call);
        if examples.len() == Suspect::MOST_EVIDENCE {
            break;
        }
    }
    examples
}

/// Adds a call of an observation to `examples` while there is room, one of each trace.
fn show(examples: &mut Vec<Evidence>, table: &Table<'_>, (of, call): (u32, u32)) {
    let observation = &table.observations[of as usize];
    let known = examples.iter().any(|example| example.trace_id == observation.trace_id);
    if !known && examples.len() < Suspect::MOST_EVIDENCE {
        let span_id = observation.calls[call as usize].span;
        examples.push(Evidence { trace_id: observation.trace_id, span_id });
    }
}

/// All changes of all operations.
pub(super) fn changes(table: &Table<'_>, in_window: &[bool], added: &Added) -> Vec<Change> {
    let calls = table.calls(in_window);
    let mut found = missing::changes(table, in_window);
    found.extend(failing::changes(table, in_window));
    found.extend(repeated::changes(table, in_window, &calls));
    found.extend(more_often::changes(table, in_window, &calls, added));
    found
}

impl Counts {
    /// How much it says that something happens more often: the logarithm of the ratio of the two rates
    /// times their difference, shrunk by how little is known. Zero when it does not.
    pub fn weight(&self) -> f64 {
        let more = self.now as f64 / self.now_of.max(1) as f64
            - self.usual as f64 / self.usual_of.max(1) as f64;
        let ratio = self.log_ratio();
        if ratio <= 0.0 || more <= 0.0 {
            return 0.0;
        }
        WEIGHT * ratio * more * self.believed()
    }

    /// How much to believe of it: 0 to 1.
    pub fn believed(&self) -> f64 {
        let error = (1.0 / (self.now as f64 + 0.5) + 1.0 / (self.usual as f64 + 0.5)).sqrt();
        let (before, after) = (self.usual_of as f64, self.now_of as f64);
        let evidence = before * after / (before + after);
        believed(self.log_ratio() / error, DOUBT) * evidence / (evidence + FEW)
    }

    fn log_ratio(&self) -> f64 {
        let rate = |count: usize, of: usize| (count as f64 + 0.5) / (of as f64 + 1.0);
        (rate(self.now, self.now_of) / rate(self.usual, self.usual_of)).ln()
    }

    /// How often it happened now and would not have at the baseline.
    pub fn excess(&self) -> f64 {
        self.now as f64 - self.usual as f64 / self.usual_of.max(1) as f64 * self.now_of as f64
    }

    /// Counts one of either cohort.
    pub fn add(&mut self, in_window: bool, happened: bool) {
        let (of, count) = if in_window {
            (&mut self.now_of, &mut self.now)
        } else {
            (&mut self.usual_of, &mut self.usual)
        };
        *of += 1;
        *count += usize::from(happened);
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn a_change_says_more_the_larger_and_the_better_known_it_is() {
        let weight = |usual, now, of| Counts { usual, usual_of: of, now, now_of: of }.weight();
        assert_eq!((weight(5, 5, 100), weight(5, 1, 100), weight(0, 0, 0)), (0.0, 0.0, 0.0));
        assert!(weight(0, 2, 4) < weight(0, 20, 40));
        assert!(weight(0, 2, 100) < weight(0, 50, 100));
        assert!(weight(40, 50, 100) < weight(0, 50, 100));
    }
}
