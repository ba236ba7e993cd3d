//! Calls by one caller to one target, as a group: how many, how long, and whether they fail.

use std::borrow::Cow;
use std::collections::HashMap;

use super::super::names::{CauseKind, Names};
use super::super::observation::{Call, Observation};
use super::super::role::peer;
use crate::ids::SpanId;
use crate::span::{Span, SpanKind};

/// What a call is for. Two calls with the same target repeat each other.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct CallTarget {
    /// The calling component.
    pub caller: u32,
    /// The name of the calling span.
    name: String,
    /// The called service, if known.
    pub callee: Option<u32>,
}

/// The calls to one target by one span of a trace.
#[derive(Clone, Debug)]
pub(super) struct CallGroup {
    pub target: CallTarget,
    /// Indexes into [`Observation::calls`], in order of start time.
    pub calls: Vec<usize>,
    /// Nanoseconds of the critical path in each call and below it, longest first.
    pub path_times: Vec<f64>,
    /// Nanoseconds between the calls.
    pub pauses: f64,
    /// Whether any of the calls failed.
    pub failed: bool,
}

impl CallGroup {
    /// How many calls, at least one.
    pub fn times(&self) -> u32 {
        self.calls.len() as u32
    }

    /// The mean of `path_times`, in nanoseconds.
    pub fn mean_path_time(&self) -> f64 {
        self.path_times.iter().sum::<f64>() / self.path_times.len() as f64
    }

    /// The nanoseconds of all calls except the `typical` longest, where each call counts for at
    /// most `most`.
    pub fn beyond(&self, typical: u32, most: f64) -> f64 {
        self.path_times.iter().skip(typical as usize).map(|nanos| nanos.min(most)).sum()
    }
}

/// The calls of a trace, with the spans that made them.
pub(super) struct TraceCalls<'a> {
    trace: &'a Observation,
    /// By call: its first span, which is the client span if the call has two.
    first: Vec<&'a Span>,
    /// By call: whether one of its spans failed.
    failed: Vec<bool>,
    /// By call: nanoseconds of the critical path at the call and below it.
    below: Vec<f64>,
    at: HashMap<SpanId, usize>,
}

impl<'a> TraceCalls<'a> {
    /// The calls of `trace`, which was read from `spans`.
    pub fn from_trace(trace: &'a Observation, spans: &'a [Span]) -> Self {
        let mut by_id: HashMap<SpanId, &Span> = HashMap::new();
        for span in spans {
            by_id.entry(span.span_id).or_insert(span);
        }
        let calls = trace.calls.iter().enumerate();
        let mut at: HashMap<SpanId, usize> = calls.map(|(at, call)| (call.span, at)).collect();
        let (mut first, mut failed) = (Vec::new(), Vec::new());
        for (number, call) in trace.calls.iter().enumerate() {
            let span = by_id[&call.span];
            let parent = span.parent_span_id.and_then(|parent| by_id.get(&parent).copied());
            let client = parent.filter(|parent| {
                parent.kind == SpanKind::Client && !at.contains_key(&parent.span_id)
            });
            first.push(client.unwrap_or(span));
            failed.push(span.is_error() || first[number].is_error());
            at.insert(first[number].span_id, number);
        }
        let mut below = vec![0.0; trace.calls.len()];
        for share in &trace.path_shares {
            if let Some(call) = at.get(&share.span) {
                below[*call] += share.nanos;
            }
        }
        for (number, call) in trace.calls.iter().enumerate().rev() {
            if let Some(parent) = call.parent {
                below[parent as usize] += below[number];
            }
        }
        Self { trace, first, failed, below, at }
    }

    /// The calls to other services, grouped by calling span and target.
    pub fn groups(&self, names: &Names) -> Vec<CallGroup> {
        let mut found: Vec<CallGroup> = Vec::new();
        let mut known: HashMap<(u32, &str, Option<u32>), usize> = HashMap::new();
        let callees = self.callees(names);
        for (number, call) in self.trace.calls.iter().enumerate() {
            let key = names.key(call.called_as as usize);
            let Some(parent) = call.parent else { continue };
            if !matches!(key.kind, CauseKind::Edge | CauseKind::Leaf) {
                continue;
            }
            let first = self.first[number];
            let callee = callees.get(&(parent, first.name.as_str(), peer(first))).copied();
            let callee = callee.filter(|_| key.kind == CauseKind::Leaf).or(key.callee);
            let place = *known.entry((parent, &first.name, callee)).or_insert(found.len());
            if place == found.len() {
                let caller = self.trace.calls[parent as usize].operation;
                let target = CallTarget { caller, name: first.name.clone(), callee };
                let (calls, path_times) = (Vec::new(), Vec::new());
                found.push(CallGroup { target, calls, path_times, pauses: 0.0, failed: false });
            }
            found[place].calls.push(number);
        }
        found.iter_mut().for_each(|group| self.sum_up(group));
        found
    }

    /// Nanoseconds of the critical path by component, except in `calls` and below them.
    pub fn elsewhere(&self, calls: &[usize]) -> HashMap<u32, f64> {
        let mut inside = vec![false; self.trace.calls.len()];
        calls.iter().for_each(|call| inside[*call] = true);
        // Parents come before their children.
        for (number, call) in self.trace.calls.iter().enumerate() {
            inside[number] |= call.parent.is_some_and(|parent| inside[parent as usize]);
        }
        let mut sums = HashMap::new();
        for share in &self.trace.path_shares {
            if self.at.get(&share.span).is_none_or(|call| !inside[*call]) {
                *sums.entry(share.component).or_insert(0.0) += share.nanos;
            }
        }
        sums
    }

    /// The services that answered, by caller, name and peer of the calling span. Calls that nobody
    /// answered are assumed to have the same callee.
    fn callees(&self, names: &Names) -> HashMap<(u32, &'a str, Option<Cow<'a, str>>), u32> {
        let answer = |(first, call): (&&'a Span, &Call)| {
            let key = names.key(call.called_as as usize);
            let callee = key.callee.filter(|_| key.kind == CauseKind::Edge)?;
            Some(((call.parent?, first.name.as_str(), peer(first)), callee))
        };
        self.first.iter().zip(&self.trace.calls).filter_map(answer).collect()
    }

    fn sum_up(&self, group: &mut CallGroup) {
        group.calls.sort_by_key(|call| (self.first[*call].start, self.first[*call].span_id));
        group.path_times = group.calls.iter().map(|call| self.below[*call]).collect();
        group.path_times.sort_unstable_by(|one, other| other.total_cmp(one));
        let mut until = self.first[group.calls[0]].end;
        for call in &group.calls {
            group.pauses += self.first[*call].start.since(until).as_nanos() as f64;
            until = until.max(self.first[*call].end);
            group.failed |= self.failed[*call];
        }
    }
}
