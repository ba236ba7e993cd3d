//! The root cause of a single trace: the component that took most of the time by which the trace
//! exceeds what is typical for its operation. A column of the trace list shows it.

mod failure;
mod repeat;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use self::failure::failure;
use self::repeat::{CallGroup, CallTarget, TraceCalls};
use super::names::{CauseKind, Names};
use super::observation::{Entry, Observation, PathShare};
use super::shift::quantile;
use crate::span::Span;

/// What is typical for the traces of one operation. Medians are used, so that up to half of the
/// traces may be atypical.
#[derive(Default)]
pub struct Typical {
    names: Names,
    /// The durations of the traces, in nanoseconds, sorted.
    durations: Vec<f64>,
    /// By component: its time in each trace in which it has any, in nanoseconds, sorted.
    shares: Vec<Vec<f64>>,
    /// How often each target is called in the traces that are not slow.
    targets: HashMap<CallTarget, TypicalCalls>,
    /// By component: in how many of these traces it makes or answers calls.
    callers: HashMap<u32, usize>,
}

/// How one target is typically called.
#[derive(Default)]
struct TypicalCalls {
    /// For each trace that calls the target, the largest number of calls by one span; sorted.
    times: Vec<f64>,
    /// For each trace that calls the target, the mean time of such a call on the critical path, in
    /// nanoseconds; sorted.
    path_times: Vec<f64>,
}

/// Why one trace is slow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RootCause {
    /// The service. A database or an external host has the name that its caller uses.
    pub service: String,
    /// The operation of the service, or the operation that its caller asked for.
    pub operation: String,
    /// How the time was lost.
    pub loss: Loss,
    /// The time of the critical path that was lost.
    pub path_time: Duration,
}

/// How a trace lost its time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Loss {
    /// The call timed out: a span says so, or a call ended after a second or more without any
    /// status.
    Timeout,
    /// The call failed; the status, code or type of the error, if the span has one.
    Failure(Option<String>),
    /// The call failed and was made again: how many calls beyond the typical number.
    Retries(u32),
    /// The call did not fail and was repeated: how many calls in all.
    Repeated(u32),
    /// The service's own work.
    Own,
    /// The time between the caller's span and the callee's.
    Edge,
    /// A callee that nobody observes took longer.
    Leaf,
    /// The request waited in a queue before the work began.
    Queue,
}

/// The smallest part of the median duration by which a slow trace exceeds the median.
const MIN_EXCESS: f64 = 0.25;
/// The smallest part of the excess that a cause accounts for.
const MIN_CAUSE_SHARE: f64 = 0.4;
/// The smallest number of calls beyond the typical number that make a repetition.
const MIN_EXTRA_REPEATS: u32 = 3;
/// The quantile of the number of calls that counts as typical.
const TYPICAL_REPEATS: f64 = 0.9;

impl Typical {
    /// The number of traces that are needed to know what is typical.
    pub const MIN_TRACES: usize = 10;

    /// Computes what is typical for `traces` of one operation; each item is the spans of a whole
    /// trace.
    pub fn from_traces<'a>(traces: impl IntoIterator<Item = &'a [Span]>) -> Self {
        let mut typical = Self::default();
        let mut read = Vec::new();
        for spans in traces {
            if let Some(trace) =
                Observation::from_spans(spans, Entry::default(), &mut typical.names)
            {
                let groups = TraceCalls::from_trace(&trace, spans).groups(&typical.names);
                typical.add(&trace);
                read.push((trace, groups));
            }
        }
        typical.durations.sort_unstable_by(f64::total_cmp);
        typical.shares.iter_mut().for_each(|shares| shares.sort_unstable_by(f64::total_cmp));
        // The number of calls is that of traces that are not slow, because the calls may be why
        // others are.
        let most = quantile(&typical.durations, 0.5) * (1.0 + MIN_EXCESS);
        let calm = read.iter().filter(|(trace, _)| trace.duration <= most);
        calm.for_each(|(trace, groups)| typical.add_call_targets(trace, groups));
        for typical_calls in typical.targets.values_mut() {
            typical_calls.times.sort_unstable_by(f64::total_cmp);
            typical_calls.path_times.sort_unstable_by(f64::total_cmp);
        }
        typical
    }

    /// Why the trace with these spans takes longer than is typical; `None` when it does not, when
    /// fewer than [`Self::MIN_TRACES`] traces are known, or when no component explains enough of
    /// the excess.
    pub fn root_cause(&mut self, spans: &[Span]) -> Option<RootCause> {
        let trace = Observation::from_spans(spans, Entry::default(), &mut self.names)?;
        let beyond = trace.duration - quantile(&self.durations, 0.5);
        if self.durations.len() < Self::MIN_TRACES
            || beyond < MIN_EXCESS * (trace.duration - beyond)
        {
            return None;
        }
        if let Some(cause) = self.repetition(&trace, spans, MIN_CAUSE_SHARE * beyond) {
            return Some(cause);
        }
        let (component, excess) = self.worst(&sums(&trace.path_shares), &trace)?;
        (excess >= MIN_CAUSE_SHARE * beyond).then(|| self.describe(&trace, spans, component))
    }

    fn add(&mut self, trace: &Observation) {
        self.durations.push(trace.duration);
        for (component, nanos) in sums(&trace.path_shares) {
            let shares = &mut self.shares;
            shares.resize_with(shares.len().max(component as usize + 1), Vec::new);
            shares[component as usize].push(nanos);
        }
    }

    fn add_call_targets(&mut self, trace: &Observation, groups: &[CallGroup]) {
        let callers: HashSet<u32> = trace.calls.iter().map(|call| call.operation).collect();
        callers.into_iter().for_each(|caller| *self.callers.entry(caller).or_default() += 1);
        let mut most: HashMap<&CallTarget, &CallGroup> = HashMap::new();
        for group in groups {
            let known = most.entry(&group.target).or_insert(group);
            *known = if group.times() > known.times() { group } else { known };
        }
        for (target, group) in most {
            let typical_calls = self.targets.entry(target.clone()).or_default();
            typical_calls.times.push(f64::from(group.times()));
            typical_calls.path_times.push(group.mean_path_time());
        }
    }

    /// The component whose time in `path_times` exceeds its typical time most, and the excess in
    /// nanoseconds. Of equal ones, the first of the trace.
    fn worst(&self, path_times: &HashMap<u32, f64>, trace: &Observation) -> Option<(u32, f64)> {
        let components = trace.path_shares.iter().rev().map(|share| share.component);
        components
            .filter_map(|component| {
                Some((component, path_times.get(&component)? - self.typical_nanos(component)))
            })
            .max_by(|one, other| one.1.total_cmp(&other.1))
    }

    /// The median time of a component, in nanoseconds; zero if less than half of the traces have
    /// the component.
    fn typical_nanos(&self, component: u32) -> f64 {
        let shares = self.shares.get(component as usize);
        shares.map_or(0.0, |shares| quantile_of_all(shares, self.durations.len(), 0.5))
    }

    /// The typical number of calls to `target`, at least one; and the median time of such a call in
    /// nanoseconds, if `target` is known.
    fn typical_calls(&self, target: &CallTarget) -> (u32, Option<f64>) {
        let Some(typical_calls) = self.targets.get(target) else { return (1, None) };
        let traces = self.callers.get(&target.caller).copied().unwrap_or_default();
        let times = quantile_of_all(&typical_calls.times, traces, TYPICAL_REPEATS) as u32;
        (times.max(1), Some(quantile(&typical_calls.path_times, 0.5)))
    }

    /// The target that is called far more often than is typical, if the extra calls take at least
    /// `least` nanoseconds, and more than the excess of any other component.
    fn repetition(&self, trace: &Observation, spans: &[Span], least: f64) -> Option<RootCause> {
        let calls = TraceCalls::from_trace(trace, spans);
        let own = sums(&trace.path_shares);
        let mut groups = calls.groups(&self.names);
        groups.retain(|group| {
            let typical = self.typical_calls(&group.target).0;
            group.times() >= (2 * typical).max(typical + MIN_EXTRA_REPEATS)
        });
        let beyond = |group: &CallGroup| {
            let (typical, call_time) = self.typical_calls(&group.target);
            // A failing target is called again however long a call takes. If a call takes longer
            // than typical without failing, the target is slow, and the extra time does not count
            // as repetition.
            let most = call_time.filter(|_| !group.failed).unwrap_or(f64::INFINITY);
            let caller = group.target.caller;
            let waited = own.get(&caller).map_or(0.0, |own| own - self.typical_nanos(caller));
            (group.beyond(typical, most), group.pauses.min(waited.max(0.0)))
        };
        let all = |group: &CallGroup| beyond(group).0 + beyond(group).1;
        let group = groups.iter().rev().max_by(|one, other| all(one).total_cmp(&all(other)))?;
        let (in_calls, between) = beyond(group);
        let mut elsewhere = calls.elsewhere(&group.calls);
        if let Some(own) = elsewhere.get_mut(&group.target.caller) {
            *own -= between;
        }
        let others = self.worst(&elsewhere, trace).map_or(0.0, |(_, excess)| excess);
        let lost = in_calls + between;
        (lost >= least.max(others)).then(|| self.describe_repetition(trace, group, lost))
    }

    fn describe_repetition(&self, trace: &Observation, group: &CallGroup, lost: f64) -> RootCause {
        let call = &trace.calls[group.calls[0]];
        let key = self.names.key(call.called_as as usize);
        let times = group.times();
        RootCause {
            service: self.names.service(group.target.callee.unwrap_or(key.service)).to_owned(),
            operation: self.names.operation(key.operation).to_owned(),
            loss: match group.failed {
                true => Loss::Retries(times - self.typical_calls(&group.target).0),
                false => Loss::Repeated(times),
            },
            path_time: Duration::from_nanos(lost as u64),
        }
    }

    fn describe(&self, trace: &Observation, spans: &[Span], component: u32) -> RootCause {
        let key = self.names.key(component as usize);
        let shares = || trace.path_shares.iter().filter(|share| share.component == component);
        let path_time = Duration::from_nanos(shares().map(|share| share.nanos).sum::<f64>() as u64);
        let worst = shares().max_by(|one, other| one.nanos.total_cmp(&other.nanos));
        let service = key.callee.filter(|_| key.kind != CauseKind::Queue).unwrap_or(key.service);
        let loss = worst.and_then(|share| failure(spans, share.span)).unwrap_or(match key.kind {
            CauseKind::Edge => Loss::Edge,
            CauseKind::Leaf => Loss::Leaf,
            CauseKind::Queue => Loss::Queue,
            _ => Loss::Own,
        });
        RootCause {
            service: self.names.service(service).to_owned(),
            operation: self.names.operation(key.operation).to_owned(),
            loss,
            path_time,
        }
    }
}

/// The value at quantile `q` over `traces` traces, of which only some have a value; the others
/// count as zero.
fn quantile_of_all(sorted: &[f64], traces: usize, q: f64) -> f64 {
    let without = traces.saturating_sub(sorted.len());
    let at = (q * traces as f64) as usize;
    at.checked_sub(without).and_then(|at| sorted.get(at)).copied().unwrap_or(0.0)
}

/// Sums path shares by component.
fn sums(shares: &[PathShare]) -> HashMap<u32, f64> {
    let mut sums = HashMap::new();
    for share in shares {
        *sums.entry(share.component).or_insert(0.0) += share.nanos;
    }
    sums
}
