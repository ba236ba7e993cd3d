//! The operations of two sets of traces, as one tree.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::{Comparison, Row, Times, nanos, percentile};
use crate::clock;
use crate::critical_path::Extents;
use crate::explain::Evidence;
use crate::span::{Span, SpanKind};
use crate::time::UnixNanos;
use crate::tree::{Hop, Tree};
use crate::work;

/// The operations of both sets: a tree of those that are called below the same path.
pub(super) struct Operations<'a> {
    nodes: Vec<Operation<'a>>,
    /// How many traces each set has.
    traces: [usize; 2],
    aligned: bool,
}

struct Operation<'a> {
    key: Key<'a>,
    /// The operation above; `None` for a topmost one.
    parent: Option<usize>,
    sides: [Samples; 2],
    /// The sum of the starts of its spans, in nanoseconds after the start of the trace, and how many
    /// spans these are.
    starts: (u128, u64),
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Key<'a> {
    service: &'a str,
    name: &'a str,
    kind: u8,
}

/// The spans of an operation in one set of traces.
#[derive(Default)]
struct Samples {
    durations: Vec<u64>,
    own: Vec<u64>,
    /// By trace that has the operation: the sum of its own times.
    own_of_traces: Vec<u64>,
    /// The number of the last trace with the operation, counted from 1.
    last_trace: usize,
    errors: usize,
    /// The longest span, and its duration.
    longest: Option<(u64, Evidence)>,
}

/// The kinds of spans by number, so that they are sorted.
const KINDS: [SpanKind; 6] = [
    SpanKind::Unspecified,
    SpanKind::Internal,
    SpanKind::Server,
    SpanKind::Client,
    SpanKind::Producer,
    SpanKind::Consumer,
];

impl<'a> Operations<'a> {
    /// The operations of both sets, by path if they are `aligned`.
    pub(super) fn of(both: [&'a [Vec<Span>]; 2], aligned: bool) -> Self {
        let traces = both.map(<[_]>::len);
        let mut operations = Self { nodes: Vec::new(), traces, aligned };
        let mut known: HashMap<(Option<usize>, Key<'a>), usize> = HashMap::new();
        for (side, traces) in both.into_iter().enumerate() {
            for (number, trace) in (1..).zip(traces) {
                operations.add(side, number, trace, &mut known);
            }
        }
        operations
    }

    fn add(
        &mut self,
        side: usize,
        number: usize,
        spans: &'a [Span],
        known: &mut HashMap<(Option<usize>, Key<'a>), usize>,
    ) {
        let mut hops: Vec<Hop> = spans.iter().map(Hop::from).collect();
        let tree = Tree::build(&hops);
        let deltas = clock::deltas(&tree, &hops, |one, other| {
            clock::is_one_clock(&spans[one], &spans[other])
        });
        for (hop, delta) in hops.iter_mut().zip(&deltas) {
            hop.start = UnixNanos(hop.start.0.saturating_add_signed(*delta));
            hop.end = UnixNanos(hop.end.0.saturating_add_signed(*delta));
        }
        let extents = Extents::new(&tree, &hops);
        let own = extents.self_times(&tree);
        let began = hops.iter().map(|hop| hop.start).min().unwrap_or_default();
        // The operations of the nodes from the root to the current one.
        let mut path: Vec<usize> = Vec::new();
        for (at, depth) in tree.preorder() {
            work::step();
            let node = &tree.nodes[at];
            let span = &spans[node.span];
            let kind = KINDS.iter().position(|kind| *kind == span.kind).unwrap_or_default() as u8;
            let key = Key { service: span.origin.service_name(), name: &span.name, kind };
            path.truncate(depth);
            let parent = path.last().copied().filter(|_| self.aligned);
            let operation = *known.entry((parent, key)).or_insert_with(|| {
                let sides = Default::default();
                self.nodes.push(Operation { key, parent, sides, starts: (0, 0) });
                self.nodes.len() - 1
            });
            path.push(operation);
            let operation = &mut self.nodes[operation];
            let first = node.first();
            operation.starts.0 += hops[first].start.since(began).as_nanos();
            operation.starts.1 += 1;
            let failed = span.is_error() || spans[first].is_error();
            let took = hops[first].end.since(hops[first].start).as_nanos() as u64;
            let example = Evidence { trace_id: span.trace_id, span_id: span.span_id };
            operation.sides[side].add(number, [took, own[at].as_nanos() as u64], failed, example);
        }
    }

    /// The rows of the comparison, and how many are left out. `delta` is the difference between the
    /// sides in nanoseconds.
    pub(super) fn rows(mut self, delta: i64) -> (Vec<Row>, usize) {
        for samples in self.nodes.iter_mut().flat_map(|operation| &mut operation.sides) {
            samples.durations.sort_unstable();
            samples.own.sort_unstable();
            samples.own_of_traces.sort_unstable();
        }
        let differences: Vec<i64> =
            self.nodes.iter().map(|operation| operation.own_difference(self.traces)).collect();
        let mut order = self.preorder();
        // An operation weighs what the heaviest one below it weighs, so that paths stay whole.
        let mut weights: Vec<u64> = differences.iter().map(|own| own.unsigned_abs()).collect();
        for (at, _) in order.iter().rev() {
            if let Some(parent) = self.nodes[*at].parent {
                weights[parent] = weights[parent].max(weights[*at]);
            }
        }
        let left_out = order.len().saturating_sub(Comparison::MAX_ROWS);
        if left_out > 0 || !self.aligned {
            let mut places: Vec<usize> = (0..order.len()).collect();
            places.sort_by_key(|place| Reverse(weights[order[*place].0]));
            places.truncate(Comparison::MAX_ROWS);
            if self.aligned {
                places.sort_unstable();
            }
            order = places.into_iter().map(|place| order[place]).collect();
        }
        let rows = order.into_iter().map(|(at, depth)| {
            self.nodes[at].row(depth, (delta != 0).then(|| differences[at] as f64 / delta as f64))
        });
        (rows.collect(), left_out)
    }

    /// The operations with their depths, depth first; those below one other by their mean start.
    fn preorder(&self) -> Vec<(usize, usize)> {
        let mut children = vec![Vec::new(); self.nodes.len()];
        let mut roots = Vec::new();
        for (at, operation) in self.nodes.iter().enumerate() {
            match operation.parent {
                Some(parent) => children[parent].push(at),
                None => roots.push(at),
            }
        }
        let start = |at: &usize| {
            let operation = &self.nodes[*at];
            (operation.starts.0 / u128::from(operation.starts.1.max(1)), operation.key)
        };
        roots.sort_by_key(start);
        let mut order = Vec::with_capacity(self.nodes.len());
        let mut waiting: Vec<(usize, usize)> = roots.into_iter().rev().map(|at| (at, 0)).collect();
        while let Some((at, depth)) = waiting.pop() {
            order.push((at, depth));
            children[at].sort_by_key(start);
            waiting.extend(children[at].iter().rev().map(|child| (*child, depth + 1)));
        }
        order
    }
}

impl Operation<'_> {
    /// The P50 of the own times in all traces of the first side minus that of the second, in
    /// nanoseconds.
    fn own_difference(&self, traces: [usize; 2]) -> i64 {
        let [one, other] = [0, 1].map(|side| self.sides[side].own_of_all(traces[side]));
        one - other
    }

    fn row(&self, depth: usize, share: Option<f64>) -> Row {
        let sides = [0, 1].map(|side| self.sides[side].times());
        let delta_nanos = match &sides {
            [Some(one), Some(other)] => Some(nanos(one.p50) - nanos(other.p50)),
            _ => None,
        };
        Row {
            depth,
            service: self.key.service.to_owned(),
            name: self.key.name.to_owned(),
            kind: KINDS[self.key.kind as usize],
            sides,
            delta_nanos,
            share,
        }
    }
}

impl Samples {
    fn add(&mut self, trace: usize, [took, own]: [u64; 2], failed: bool, example: Evidence) {
        self.durations.push(took);
        self.own.push(own);
        match self.own_of_traces.last_mut().filter(|_| self.last_trace == trace) {
            Some(sum) => *sum = sum.saturating_add(own),
            None => self.own_of_traces.push(own),
        }
        self.last_trace = trace;
        self.errors += usize::from(failed);
        if self.longest.is_none_or(|(longest, _)| longest < took) {
            self.longest = Some((took, example));
        }
    }

    /// The median over `traces` traces of the sum of own times, in nanoseconds. A trace without the
    /// operation counts as zero.
    fn own_of_all(&self, traces: usize) -> i64 {
        let without = traces.saturating_sub(self.own_of_traces.len());
        let at = (traces.div_ceil(2)).checked_sub(1 + without);
        let own = at.and_then(|at| self.own_of_traces.get(at)).copied().unwrap_or(0);
        i64::try_from(own).unwrap_or(i64::MAX)
    }

    fn times(&self) -> Option<Times> {
        let (_, example) = self.longest?;
        let traces = self.own_of_traces.len();
        Some(Times {
            traces,
            calls: self.durations.len() as f64 / traces as f64,
            p50: percentile(&self.durations, 50),
            p95: percentile(&self.durations, 95),
            self_p50: percentile(&self.own, 50),
            errors: self.errors,
            example,
        })
    }
}
