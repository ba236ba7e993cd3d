//! Two sets of traces, aligned operation by operation: how long each takes on both sides, where the
//! difference comes from, and which attribute values differ.
//!
//! Operations are aligned by service, name, kind and the path of operations above them. Where the
//! topmost operations of the two sides differ, paths have nothing in common, so operations are
//! aligned without their paths. No function here recurses.

mod attributes;
mod operations;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

pub use self::attributes::Difference;
use self::operations::Operations;
use crate::dependency::nearest_rank;
use crate::explain::Evidence;
use crate::span::{Span, SpanKind};

/// Two sets of traces beside each other.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Comparison {
    /// What is known of each set.
    pub sides: [Side; 2],
    /// Whether rows are aligned by paths: both sides have the same topmost operation.
    pub aligned: bool,
    /// The P50 of the first set's durations minus that of the second's, in nanoseconds.
    pub delta_nanos: i64,
    /// The operations, in depth-first order; if not aligned, those whose time differs most first.
    pub rows: Vec<Row>,
    /// How many operations are not in `rows`, those whose time differs least.
    pub rows_left_out: usize,
    /// The attribute values that differ most, at most [`Comparison::MAX_DIFFERENCES`].
    pub differences: Vec<Difference>,
}

/// A set of traces.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Side {
    /// The topmost operation of most traces, as service and name; `None` without traces.
    pub operation: Option<(String, String)>,
    /// P50 of the durations of the traces, from the first start to the last end.
    pub p50: Duration,
    /// P95 of these durations.
    pub p95: Duration,
}

/// An operation, on both sides.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// The number of operations above it; 0 if rows are not aligned by paths.
    pub depth: usize,
    /// The service.
    pub service: String,
    /// The name of the operation.
    pub name: String,
    /// The kind of its main span: of a call with both sides, the server span.
    pub kind: SpanKind,
    /// How long it takes on each side; `None` if the side does not have it.
    pub sides: [Option<Times>; 2],
    /// The P50 of the first side minus that of the second, in nanoseconds; `None` unless both sides
    /// have the operation.
    pub delta_nanos: Option<i64>,
    /// The part of the difference between the sides that the operation's own time accounts for: of
    /// P50s over all traces, where a trace without the operation counts as zero. `None` if there is
    /// no difference.
    pub share: Option<f64>,
}

/// How long an operation takes in a set of traces.
#[derive(Clone, PartialEq, Debug)]
pub struct Times {
    /// How many traces have the operation.
    pub traces: usize,
    /// How often such a trace has it, on average.
    pub calls: f64,
    /// P50 of its durations.
    pub p50: Duration,
    /// P95 of its durations.
    pub p95: Duration,
    /// P50 of its own times, without the operations below it.
    pub self_p50: Duration,
    /// How many of its spans failed.
    pub errors: usize,
    /// The span that took longest.
    pub example: Evidence,
}

impl Comparison {
    /// The largest number of rows.
    pub const MAX_ROWS: usize = 2_000;
    /// The largest number of attribute values.
    pub const MAX_DIFFERENCES: usize = 20;

    /// Compares two sets of whole traces. Times are those after adjustment of clocks, as in
    /// [`crate::clock`].
    pub fn of(one: &[Vec<Span>], other: &[Vec<Span>]) -> Self {
        let both = [one, other];
        let sides = both.map(side);
        let aligned = sides[0].operation == sides[1].operation;
        let delta_nanos = nanos(sides[0].p50) - nanos(sides[1].p50);
        let operations = Operations::of(both, aligned);
        let (rows, rows_left_out) = operations.rows(delta_nanos);
        let differences = attributes::differences(both);
        Self { sides, aligned, delta_nanos, rows, rows_left_out, differences }
    }
}

fn side(traces: &[Vec<Span>]) -> Side {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for span in traces.iter().filter_map(|trace| topmost(trace)) {
        *counts.entry((span.origin.service_name(), span.name.as_str())).or_default() += 1;
    }
    let most = counts.into_iter().rev().max_by_key(|(_, count)| *count);
    let mut durations: Vec<u64> = traces.iter().map(|trace| duration(trace)).collect();
    durations.sort_unstable();
    Side {
        operation: most.map(|((service, name), _)| (service.to_owned(), name.to_owned())),
        p50: percentile(&durations, 50),
        p95: percentile(&durations, 95),
    }
}

/// The earliest span without a parent; if there is none, the earliest span.
fn topmost(trace: &[Span]) -> Option<&Span> {
    trace.iter().min_by_key(|span| (span.parent_span_id.is_some(), span.start))
}

/// Nanoseconds from the first start to the last end.
fn duration(trace: &[Span]) -> u64 {
    let start = trace.iter().map(|span| span.start).min().unwrap_or_default();
    let end = trace.iter().map(|span| span.end).max().unwrap_or_default();
    u64::try_from(end.since(start).as_nanos()).unwrap_or(u64::MAX)
}

/// The percentile of sorted nanoseconds by nearest rank.
fn percentile(sorted: &[u64], percent: u64) -> Duration {
    let rank = nearest_rank(sorted.len() as u64, percent) as usize;
    Duration::from_nanos(rank.checked_sub(1).and_then(|at| sorted.get(at)).copied().unwrap_or(0))
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}
