//! Why one trace is slow, beside others of the same operation: the component that took most of what is beyond
//! the usual, for a column of a table.

use std::collections::HashMap;
use std::time::Duration;

use super::names::{CauseKind, Names};
use super::observe::{Entry, Observation, Part};
use super::shift::quantile;
use crate::ids::SpanId;
use crate::span::{Span, SpanKind};

/// What traces of one operation usually are.
#[derive(Default)]
pub struct Usual {
    names: Names,
    /// Of the whole traces, nanoseconds, in order.
    durations: Vec<f64>,
    /// By component, what it takes of each trace that it takes anything of: nanoseconds, in order.
    parts: Vec<Vec<f64>>,
    /// How often a caller's operation calls a component at most.
    repeats: HashMap<(u32, u32), u32>,
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
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Loss {
    /// Nothing answered, or too late: the status says so, or there is none after a second.
    Timeout,
    /// It failed with this status, 0 if it said none.
    Failure(u16),
    /// It was asked this often, and failed.
    Retries(u32),
    /// It was asked this often.
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

/// With fewer traces nobody knows what is usual.
const FEWEST: usize = 10;
/// A trace that takes less than so much more than the usual one is a usual one.
const SLOWER: f64 = 0.25;
/// A component with less of what is beyond the usual is not its cause.
const MOST: f64 = 0.4;
/// Fewer repetitions are no storm.
const FEWEST_REPEATS: u32 = 3;
/// A call that failed without a status after so long has not been answered.
const PATIENCE: Duration = Duration::from_secs(1);
/// HTTP's 408 and 504, gRPC's `DEADLINE_EXCEEDED`.
const TIMEOUTS: [u16; 3] = [408, 504, 4];

impl Usual {
    /// Of traces of one operation, each the spans of a whole trace.
    pub fn of<'a>(traces: impl IntoIterator<Item = &'a [Span]>) -> Self {
        let mut usual = Self::default();
        for spans in traces {
            if let Some(observation) = Observation::of(spans, Entry::default(), &mut usual.names) {
                usual.add(&observation);
            }
        }
        usual.durations.sort_unstable_by(f64::total_cmp);
        usual.parts.iter_mut().for_each(|parts| parts.sort_unstable_by(f64::total_cmp));
        usual
    }

    /// Why the trace of these spans takes longer than the others; `None` when it does not, when too few others
    /// are known, or when no component stands out.
    pub fn root_cause(&mut self, spans: &[Span]) -> Option<RootCause> {
        let trace = Observation::of(spans, Entry::default(), &mut self.names)?;
        let beyond = trace.duration - quantile(&self.durations, 0.5);
        if self.durations.len() < FEWEST || beyond < SLOWER * (trace.duration - beyond) {
            return None;
        }
        let (component, excess) = sums(&trace.parts)
            .into_iter()
            .map(|(component, nanos)| (component, nanos - self.usually(component)))
            .max_by(|one, other| one.1.total_cmp(&other.1).then(other.0.cmp(&one.0)))?;
        if excess < MOST * beyond {
            return None;
        }
        Some(self.describe(&trace, spans, component))
    }

    fn add(&mut self, trace: &Observation) {
        self.durations.push(trace.duration);
        for (component, nanos) in sums(&trace.parts) {
            let parts = &mut self.parts;
            parts.resize_with(parts.len().max(component as usize + 1), Vec::new);
            parts[component as usize].push(nanos);
        }
        for call in &trace.calls {
            for (child, count) in &call.children {
                let most = self.repeats.entry((call.operation, *child)).or_default();
                *most = (*most).max(*count);
            }
        }
    }

    /// What a component takes of the trace in the middle: nothing, if most traces do without it.
    fn usually(&self, component: u32) -> f64 {
        let Some(parts) = self.parts.get(component as usize) else { return 0.0 };
        let without = self.durations.len() - parts.len().min(self.durations.len());
        let middle = self.durations.len() / 2;
        middle.checked_sub(without).and_then(|at| parts.get(at)).copied().unwrap_or(0.0)
    }

    fn describe(&self, trace: &Observation, spans: &[Span], component: u32) -> RootCause {
        let key = self.names.key(component as usize);
        let parts = || trace.parts.iter().filter(|part| part.component == component);
        let took = Duration::from_nanos(parts().map(|part| part.nanos).sum::<f64>() as u64);
        let worst = parts().max_by(|one, other| one.nanos.total_cmp(&other.nanos));
        let failure = worst.and_then(|part| failure(spans, part.span, took));
        let who = key.callee.filter(|_| key.kind != CauseKind::Queue).unwrap_or(key.service);
        let how = match (self.repeats(trace, component), failure) {
            (Some(times), Some(_)) => Loss::Retries(times - 1),
            (Some(times), None) => Loss::Repeated(times),
            (None, Some(failure)) => failure,
            (None, None) => match key.kind {
                CauseKind::Edge => Loss::Edge,
                CauseKind::Leaf => Loss::Leaf,
                CauseKind::Queue => Loss::Queue,
                _ => Loss::Own,
            },
        };
        RootCause {
            service: self.names.service(who).to_owned(),
            operation: self.names.operation(key.operation).to_owned(),
            how,
            took,
        }
    }

    /// How often one caller calls `component`, as itself or as the way to it, if that is far more often than ever.
    fn repeats(&self, trace: &Observation, component: u32) -> Option<u32> {
        let is_meant = |child: u32| {
            let call = trace.calls.iter().find(|call| call.called_as == child);
            child == component || call.is_some_and(|call| call.operation == component)
        };
        let callers = trace.calls.iter();
        let counts = callers.flat_map(|call| call.children.iter().map(move |child| (call, *child)));
        counts
            .filter(|(call, (child, count))| {
                let usual = self.repeats.get(&(call.operation, *child)).copied().unwrap_or(1);
                *count >= FEWEST_REPEATS.max(2 * usual) && is_meant(*child)
            })
            .map(|(_, (_, count))| count)
            .max()
    }
}

/// By component.
fn sums(parts: &[Part]) -> HashMap<u32, f64> {
    let mut sums = HashMap::new();
    for part in parts {
        *sums.entry(part.component).or_insert(0.0) += part.nanos;
    }
    sums
}

/// How the span failed, or the call that it answers.
fn failure(spans: &[Span], id: SpanId, took: Duration) -> Option<Loss> {
    let span = spans.iter().find(|span| span.span_id == id)?;
    let caller = spans.iter().find(|caller| {
        Some(caller.span_id) == span.parent_span_id && caller.kind == SpanKind::Client
    });
    let failed = [caller, Some(span)].into_iter().flatten().find(|span| span.is_error())?;
    Some(match failed.response_status() {
        Some(status) if TIMEOUTS.contains(&status) => Loss::Timeout,
        None | Some(0) if took >= PATIENCE => Loss::Timeout,
        status => Loss::Failure(status.unwrap_or(0)),
    })
}
