//! What a caller asks for more than once.

use std::collections::HashMap;

use super::super::names::{CauseKind, Names};
use super::super::observe::{Call, Observation};
use super::super::role::peer;
use crate::ids::SpanId;
use crate::span::{Span, SpanKind};

/// Somebody who asks, and what for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Question {
    /// The component that asks.
    pub caller: u32,
    /// What the asking span is called.
    name: String,
    /// The service that is asked, if anybody knows.
    pub callee: Option<u32>,
}

/// A question that was asked in one trace, by one span.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub question: Question,
    /// Indexes into [`Observation::calls`], in order of time.
    pub calls: Vec<usize>,
    /// The time of the critical path at each call and below it, nanoseconds, the longest first.
    pub stays: Vec<f64>,
    /// Nanoseconds between the calls.
    pub pauses: f64,
    /// Any of them failed.
    pub failed: bool,
}

impl Asked {
    /// How often, at least once.
    pub fn times(&self) -> u32 {
        self.calls.len() as u32
    }

    /// How long each took on average, nanoseconds.
    pub fn stay(&self) -> f64 {
        self.stays.iter().sum::<f64>() / self.stays.len() as f64
    }

    /// What would be saved if it was asked only `usual` times, each for at most `most` nanoseconds.
    pub fn beyond(&self, usual: u32, most: f64) -> f64 {
        self.stays.iter().skip(usual as usize).map(|stay| stay.min(most)).sum()
    }
}

/// The calls of a trace, with the spans that made them.
pub(super) struct Calls<'a> {
    trace: &'a Observation,
    /// By call, the span that began it: of a call with two spans, the client's.
    first: Vec<&'a Span>,
    /// By call, whether one of its spans failed.
    failed: Vec<bool>,
    /// By call, the time of the critical path at it and below it, nanoseconds.
    below: Vec<f64>,
    at: HashMap<SpanId, usize>,
}

impl<'a> Calls<'a> {
    /// Of `trace`, which was read from `spans`.
    pub fn of(trace: &'a Observation, spans: &'a [Span]) -> Self {
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
        for part in &trace.parts {
            if let Some(call) = at.get(&part.span) {
                below[*call] += part.nanos;
            }
        }
        for (number, call) in trace.calls.iter().enumerate().rev() {
            if let Some(parent) = call.parent {
                below[parent as usize] += below[number];
            }
        }
        Self { trace, first, failed, below, at }
    }

    /// What was asked of others, by whom.
    pub fn asked(&self, names: &Names) -> Vec<Asked> {
        let mut found: Vec<Asked> = Vec::new();
        let mut known: HashMap<(u32, &str, Option<u32>), usize> = HashMap::new();
        let answered = self.answered(names);
        for (number, call) in self.trace.calls.iter().enumerate() {
            let key = names.key(call.called_as as usize);
            let Some(parent) = call.parent else { continue };
            if !matches!(key.kind, CauseKind::Edge | CauseKind::Leaf) {
                continue;
            }
            let first = self.first[number];
            let callee = answered.get(&(parent, first.name.as_str(), peer(first))).copied();
            let callee = callee.filter(|_| key.kind == CauseKind::Leaf).or(key.callee);
            let place = *known.entry((parent, &first.name, callee)).or_insert(found.len());
            if place == found.len() {
                let caller = self.trace.calls[parent as usize].operation;
                let question = Question { caller, name: first.name.clone(), callee };
                let (calls, stays) = (Vec::new(), Vec::new());
                found.push(Asked { question, calls, stays, pauses: 0.0, failed: false });
            }
            found[place].calls.push(number);
        }
        found.iter_mut().for_each(|asked| self.sum_up(asked));
        found
    }

    /// Time of the critical path by component, without what lies below these calls.
    pub fn elsewhere(&self, calls: &[usize]) -> HashMap<u32, f64> {
        let mut inside = vec![false; self.trace.calls.len()];
        calls.iter().for_each(|call| inside[*call] = true);
        // Parents come before their children.
        for (number, call) in self.trace.calls.iter().enumerate() {
            inside[number] |= call.parent.is_some_and(|parent| inside[parent as usize]);
        }
        let mut sums = HashMap::new();
        for part in &self.trace.parts {
            if self.at.get(&part.span).is_none_or(|call| !inside[*call]) {
                *sums.entry(part.component).or_insert(0.0) += part.nanos;
            }
        }
        sums
    }

    /// Who answered, by caller and what the caller's span says: the same was asked where nobody did.
    fn answered(&self, names: &Names) -> HashMap<(u32, &'a str, Option<&'a str>), u32> {
        let answer = |(first, call): (&&'a Span, &Call)| {
            let key = names.key(call.called_as as usize);
            let callee = key.callee.filter(|_| key.kind == CauseKind::Edge)?;
            Some(((call.parent?, first.name.as_str(), peer(first)), callee))
        };
        self.first.iter().zip(&self.trace.calls).filter_map(answer).collect()
    }

    fn sum_up(&self, asked: &mut Asked) {
        asked.calls.sort_by_key(|call| (self.first[*call].start, self.first[*call].span_id));
        asked.stays = asked.calls.iter().map(|call| self.below[*call]).collect();
        asked.stays.sort_unstable_by(|one, other| other.total_cmp(one));
        let mut until = self.first[asked.calls[0]].end;
        for call in &asked.calls {
            asked.pauses += self.first[*call].start.since(until).as_nanos() as f64;
            until = until.max(self.first[*call].end);
            asked.failed |= self.failed[*call];
        }
    }
}
