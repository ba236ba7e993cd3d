//! How long a trace would take if the cause were at its baseline. Spans that waited for the cause
//! would begin earlier, and a sibling outside of the critical path may move onto it.

use std::collections::{BTreeMap, HashMap};

use super::Entry;
use super::added_time::beyond_baseline;
use super::observation::{AlignedTrace, Observation};
use super::score::Scores;
use crate::critical_path::Extent;
use crate::ids::SpanId;
use crate::time::UnixNanos;
use crate::work;

/// The traces with one service at its baseline and everything else unchanged.
pub(super) struct Counterfactual<'a> {
    pub scores: &'a Scores,
    /// The service that is at its baseline.
    pub cause: u32,
    pub entry: Entry<'a>,
}

/// The time that one trace would save.
#[derive(Default)]
struct Savings {
    /// By span: nanoseconds of the node's own time that are saved.
    own: HashMap<SpanId, f64>,
    /// By span: the part of the node's time, with everything below it, that remains: 0 to 1.
    left: HashMap<SpanId, f64>,
}

impl Counterfactual<'_> {
    /// How long the trace in `spans` would take, in nanoseconds; never longer than it did.
    pub fn duration(&self, observation: &Observation, spans: &[crate::Span]) -> f64 {
        let savings = self.savings(observation);
        if savings.own.is_empty() && savings.left.is_empty() {
            return observation.duration;
        }
        let aligned = AlignedTrace::from_spans(spans);
        let entries = aligned.entries(self.entry);
        let lengths = lengths(&aligned, &entries, &savings);
        entries.iter().map(|entry| lengths[*entry]).sum::<f64>().min(observation.duration)
    }

    fn savings(&self, observation: &Observation) -> Savings {
        let mut savings = Savings::default();
        let beyond: HashMap<usize, f64> =
            beyond_baseline(observation, &self.scores.shifts).into_iter().collect();
        for share in &observation.path_shares {
            let component = share.component as usize;
            let blamed = self.scores.blame(self.cause, component);
            let baseline =
                self.scores.shifts[component].map_or(share.nanos, |shift| shift.baseline);
            let saved = blamed * (share.nanos - baseline);
            if saved > 0.0 && beyond.get(&component).is_some_and(|nanos| *nanos > 0.0) {
                *savings.own.entry(share.span).or_insert(0.0) += saved;
            }
        }
        let changes = self.scores.changes.iter().filter(|change| change.service == self.cause);
        for (component, calls) in
            changes.filter_map(|change| Some((change.component, change.calls?)))
        {
            for call in &observation.calls {
                let Some(caller) = call.parent.map(|at| &observation.calls[at as usize]) else {
                    continue;
                };
                if call.called_as == component && caller.operation == calls.operation {
                    let among = caller.children.iter().find(|(child, _)| *child == component);
                    let now = among.map_or(1.0, |(_, count)| f64::from(*count));
                    savings.left.insert(call.span, (calls.baseline / now).min(1.0));
                }
            }
        }
        savings
    }
}

/// How long each node below `entries` would take, in nanoseconds. Children are placed in order of
/// their start, each with its original distance from the last one that had ended before.
fn lengths(aligned: &AlignedTrace<'_>, entries: &[usize], savings: &Savings) -> Vec<f64> {
    let lost = aligned.lost_times(entries).on_path;
    let mut lengths = vec![0.0; aligned.tree.nodes.len()];
    let mut order: Vec<usize> = aligned.tree.preorder().map(|(node, _)| node).collect();
    order.reverse();
    for at in order {
        let node = &aligned.tree.nodes[at];
        let spans = [Some(node.span), node.client].into_iter().flatten();
        let ids = spans.map(|span| aligned.spans[span].span_id);
        let saved: f64 = ids.filter_map(|id| savings.own.get(&id)).sum();
        let own = lost[at].all();
        // The node's own time between its children is shortened in proportion.
        let kept = if own > 0.0 { (1.0 - saved / own).max(0.0) } else { 1.0 };
        let left = savings.left.get(&aligned.spans[node.span].span_id).copied().unwrap_or(1.0);
        lengths[at] = left * length(aligned, at, kept, &lengths);
    }
    lengths
}

fn length(aligned: &AlignedTrace<'_>, at: usize, kept: f64, lengths: &[f64]) -> f64 {
    let extents = &aligned.extents.nodes;
    let whole = &extents[at];
    let mut children = aligned.tree.nodes[at].children.clone();
    children.sort_by_key(|child| extents[*child].start);
    // The children so far, by end time: the new end, relative to the node's start, and the original
    // extent.
    let mut ended: BTreeMap<UnixNanos, (f64, &Extent)> = BTreeMap::new();
    for child in children {
        work::step();
        let extent = &extents[child];
        let overlapping = ended.range(extent.start..).next().map(|(_, before)| *before);
        let before = overlapping
            .filter(|(_, before)| before.is_before(extent.start))
            .or_else(|| ended.range(..=extent.start).next_back().map(|(_, before)| *before));
        let (from, then) = before.map_or((0.0, whole.start), |(then, before)| (then, before.end));
        let until = from + kept * nanos(extent.start, then) + lengths[child];
        let known = ended.entry(extent.end).or_insert((until, extent));
        known.0 = known.0.max(until);
    }
    let last = ended.last_key_value().map_or(whole.start, |(end, _)| *end);
    let latest = ended.values().map(|(until, _)| *until).fold(0.0, f64::max);
    (latest + kept * nanos(whole.end, last)).min(whole.duration().as_nanos() as f64)
}

fn nanos(from: UnixNanos, since: UnixNanos) -> f64 {
    from.since(since).as_nanos() as f64
}
