//! Why one trace is slow, beside others of the same operation: the component that took most of what is beyond
//! the usual, for a column of a table.

mod failure;
mod repeat;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use self::failure::failure;
use self::repeat::{Asked, Calls, Question};
use super::names::{CauseKind, Names};
use super::observe::{Entry, Observation, Part};
use super::shift::quantile;
use crate::span::Span;

/// What traces of one operation usually are. Up to half of those that say so may be anything but usual.
#[derive(Default)]
pub struct Usual {
    names: Names,
    /// Of the whole traces, nanoseconds, in order.
    durations: Vec<f64>,
    /// By component, what it takes of each trace that it takes anything of: nanoseconds, in order.
    parts: Vec<Vec<f64>>,
    /// What is asked in those traces that are not slow, by trace.
    questions: HashMap<Question, Habit>,
    /// By component, in how many of those traces it is at work.
    callers: HashMap<u32, usize>,
}

/// How one question is asked.
#[derive(Default)]
struct Habit {
    /// How often at most, of each trace where it is asked, in order.
    times: Vec<f64>,
    /// How long the answer takes, nanoseconds, in order.
    stays: Vec<f64>,
}

/// Why one trace is slow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RootCause {
    /// Who: of a database or an external host, what its caller calls it.
    pub service: String,
    /// What it was doing, or was asked.
    pub operation: String,
    /// How it lost the time.
    pub how: Loss,
    /// How much of the critical path it took.
    pub took: Duration,
}

/// How a trace lost its time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Loss {
    /// Nothing answered in time: it is said so, or nothing is known of the answer after a second.
    Timeout,
    /// It failed, with this status, code or kind of error if it said one.
    Failure(Option<String>),
    /// It was asked so many times more than usual, and failed.
    Retries(u32),
    /// It was asked this often, and did not fail.
    Repeated(u32),
    /// Its own work.
    Own,
    /// The way to it.
    Edge,
    /// It answered late.
    Leaf,
    /// It waited before its work began.
    Queue,
}

/// A trace that takes less than so much more than the usual one is a usual one.
const SLOWER: f64 = 0.25;
/// A component with less of what is beyond the usual is not its cause.
const MOST: f64 = 0.4;
/// Fewer repetitions beyond the usual are no storm.
const FEWEST_REPEATS: u32 = 3;
/// So many of the traces ask no more often than what is usual.
const OFTEN: f64 = 0.9;

impl Usual {
    /// With fewer traces nobody knows what is usual.
    pub const FEWEST: usize = 10;

    /// Of traces of one operation, each the spans of a whole trace.
    pub fn of<'a>(traces: impl IntoIterator<Item = &'a [Span]>) -> Self {
        let mut usual = Self::default();
        let mut read = Vec::new();
        for spans in traces {
            if let Some(trace) = Observation::of(spans, Entry::default(), &mut usual.names) {
                let asked = Calls::of(&trace, spans).asked(&usual.names);
                usual.add(&trace);
                read.push((trace, asked));
            }
        }
        usual.durations.sort_unstable_by(f64::total_cmp);
        usual.parts.iter_mut().for_each(|parts| parts.sort_unstable_by(f64::total_cmp));
        // A slow trace does not say how often is usual: perhaps that is why it is slow.
        let most = quantile(&usual.durations, 0.5) * (1.0 + SLOWER);
        let calm = read.iter().filter(|(trace, _)| trace.duration <= most);
        calm.for_each(|(trace, asked)| usual.add_questions(trace, asked));
        for habit in usual.questions.values_mut() {
            habit.times.sort_unstable_by(f64::total_cmp);
            habit.stays.sort_unstable_by(f64::total_cmp);
        }
        usual
    }

    /// Why the trace of these spans takes longer than the others; `None` when it does not, when too few others
    /// are known, or when no component stands out.
    pub fn root_cause(&mut self, spans: &[Span]) -> Option<RootCause> {
        let trace = Observation::of(spans, Entry::default(), &mut self.names)?;
        let beyond = trace.duration - quantile(&self.durations, 0.5);
        if self.durations.len() < Self::FEWEST || beyond < SLOWER * (trace.duration - beyond) {
            return None;
        }
        if let Some(cause) = self.repetition(&trace, spans, MOST * beyond) {
            return Some(cause);
        }
        let (component, excess) = self.worst(&sums(&trace.parts), &trace)?;
        (excess >= MOST * beyond).then(|| self.describe(&trace, spans, component))
    }

    fn add(&mut self, trace: &Observation) {
        self.durations.push(trace.duration);
        for (component, nanos) in sums(&trace.parts) {
            let parts = &mut self.parts;
            parts.resize_with(parts.len().max(component as usize + 1), Vec::new);
            parts[component as usize].push(nanos);
        }
    }

    fn add_questions(&mut self, trace: &Observation, asked: &[Asked]) {
        let callers: HashSet<u32> = trace.calls.iter().map(|call| call.operation).collect();
        callers.into_iter().for_each(|caller| *self.callers.entry(caller).or_default() += 1);
        let mut most: HashMap<&Question, &Asked> = HashMap::new();
        for asked in asked {
            let known = most.entry(&asked.question).or_insert(asked);
            *known = if asked.times() > known.times() { asked } else { known };
        }
        for (question, asked) in most {
            let habit = self.questions.entry(question.clone()).or_default();
            habit.times.push(f64::from(asked.times()));
            habit.stays.push(asked.stay());
        }
    }

    /// The component with most of `taken` beyond what it usually takes, and how much that is. Of equals the one
    /// that the trace comes to first.
    fn worst(&self, taken: &HashMap<u32, f64>, trace: &Observation) -> Option<(u32, f64)> {
        let components = trace.parts.iter().rev().map(|part| part.component);
        components
            .filter_map(|component| {
                Some((component, taken.get(&component)? - self.usually(component)))
            })
            .max_by(|one, other| one.1.total_cmp(&other.1))
    }

    /// What a component takes of the trace in the middle: nothing, if most traces do without it.
    fn usually(&self, component: u32) -> f64 {
        let parts = self.parts.get(component as usize);
        parts.map_or(0.0, |parts| place(parts, self.durations.len(), 0.5))
    }

    /// How often it is usually asked, at least once; and how long the answer then takes, if that is known.
    fn habit(&self, question: &Question) -> (u32, Option<f64>) {
        let Some(habit) = self.questions.get(question) else { return (1, None) };
        let traces = self.callers.get(&question.caller).copied().unwrap_or_default();
        let times = place(&habit.times, traces, OFTEN) as u32;
        (times.max(1), Some(quantile(&habit.stays, 0.5)))
    }

    /// The question that is asked far more often than usual, if that takes `least` nanoseconds, and more than
    /// anything else that takes longer than usual.
    fn repetition(&self, trace: &Observation, spans: &[Span], least: f64) -> Option<RootCause> {
        let calls = Calls::of(trace, spans);
        let own = sums(&trace.parts);
        let mut asked = calls.asked(&self.names);
        asked.retain(|asked| {
            let usual = self.habit(&asked.question).0;
            asked.times() >= (2 * usual).max(usual + FEWEST_REPEATS)
        });
        let beyond = |asked: &Asked| {
            let (usual, stay) = self.habit(&asked.question);
            // Who fails is asked again however long it takes; who does not is slow, if it takes longer.
            let most = stay.filter(|_| !asked.failed).unwrap_or(f64::INFINITY);
            let caller = asked.question.caller;
            let waited = own.get(&caller).map_or(0.0, |own| own - self.usually(caller));
            (asked.beyond(usual, most), asked.pauses.min(waited.max(0.0)))
        };
        let all = |asked: &Asked| beyond(asked).0 + beyond(asked).1;
        let asked = asked.iter().rev().max_by(|one, other| all(one).total_cmp(&all(other)))?;
        let (in_calls, between) = beyond(asked);
        let mut elsewhere = calls.elsewhere(&asked.calls);
        if let Some(own) = elsewhere.get_mut(&asked.question.caller) {
            *own -= between;
        }
        let others = self.worst(&elsewhere, trace).map_or(0.0, |(_, excess)| excess);
        let lost = in_calls + between;
        (lost >= least.max(others)).then(|| self.describe_repetition(trace, asked, lost))
    }

    fn describe_repetition(&self, trace: &Observation, asked: &Asked, lost: f64) -> RootCause {
        let call = &trace.calls[asked.calls[0]];
        let key = self.names.key(call.called_as as usize);
        let times = asked.times();
        RootCause {
            service: self.names.service(asked.question.callee.unwrap_or(key.service)).to_owned(),
            operation: self.names.operation(key.operation).to_owned(),
            how: match asked.failed {
                true => Loss::Retries(times - self.habit(&asked.question).0),
                false => Loss::Repeated(times),
            },
            took: Duration::from_nanos(lost as u64),
        }
    }

    fn describe(&self, trace: &Observation, spans: &[Span], component: u32) -> RootCause {
        let key = self.names.key(component as usize);
        let parts = || trace.parts.iter().filter(|part| part.component == component);
        let took = Duration::from_nanos(parts().map(|part| part.nanos).sum::<f64>() as u64);
        let worst = parts().max_by(|one, other| one.nanos.total_cmp(&other.nanos));
        let who = key.callee.filter(|_| key.kind != CauseKind::Queue).unwrap_or(key.service);
        let how = worst.and_then(|part| failure(spans, part.span)).unwrap_or(match key.kind {
            CauseKind::Edge => Loss::Edge,
            CauseKind::Leaf => Loss::Leaf,
            CauseKind::Queue => Loss::Queue,
            _ => Loss::Own,
        });
        RootCause {
            service: self.names.service(who).to_owned(),
            operation: self.names.operation(key.operation).to_owned(),
            how,
            took,
        }
    }
}

/// The value at quantile `q` of so many traces, of which only some have one: the others count as zero.
fn place(sorted: &[f64], traces: usize, q: f64) -> f64 {
    let without = traces.saturating_sub(sorted.len());
    let at = (q * traces as f64) as usize;
    at.checked_sub(without).and_then(|at| sorted.get(at)).copied().unwrap_or(0.0)
}

/// By component.
fn sums(parts: &[Part]) -> HashMap<u32, f64> {
    let mut sums = HashMap::new();
    for part in parts {
        *sums.entry(part.component).or_insert(0.0) += part.nanos;
    }
    sums
}
