//! Selects the best traces of many.

use std::cmp::Reverse;
use std::sync::Arc;

use coral_engine::{Order, TracePosition, TraceSummary};
use coral_trace::{TraceId, UnixNanos};

use super::details::Details;
use super::judge::Judge;
use crate::hot::digest::TraceDigest;
use crate::hot::part::TracePart;
use crate::segment::{DigestBounds, SegmentExtent};

/// A trace that may be in the answer. Times are microseconds.
#[derive(Clone)]
pub(super) struct Candidate {
    pub(super) start: i64,
    pub(super) duration: i64,
    /// Whether a span failed.
    pub(super) failed: bool,
    pub(super) place: Place,
}

/// Where the parts of a candidate's trace are, which have its other data.
#[derive(Clone)]
pub(super) enum Place {
    /// In hot rows only.
    Hot(TraceId, Arc<TracePart>),
    /// In a row of a segment's traces file.
    Row(SegmentRow),
    /// In this row of a segment's traces file and in the next row.
    Pair(SegmentRow),
    /// In several rows of traces files, and perhaps in hot rows.
    Rows(TraceId, Option<Arc<TracePart>>, Vec<SegmentRow>),
}

/// The number of a segment, and a row of its traces file.
pub(super) type SegmentRow = (u64, u32);

/// Collects candidates and keeps the best.
pub(super) struct Best {
    order: Order,
    keep: usize,
    candidates: Vec<Candidate>,
    /// The key of the worst kept candidate, once candidates were dropped. Traces with a worse key
    /// are skipped.
    bar: Option<Key>,
    /// Traces with this key or a better key were found in an earlier round and are skipped.
    below: Option<Key>,
}

/// The sort key of a trace: larger is better.
pub(super) type Key = (i64, i64);

impl Candidate {
    /// The candidate whose parts sum up to `sum`.
    pub(super) fn of(sum: &TraceDigest, place: Place) -> Self {
        Self {
            start: sum.first_start,
            duration: sum.last_end - sum.first_start,
            failed: sum.errors > 0,
            place,
        }
    }
}

impl Best {
    pub(super) fn new(order: Order, keep: usize, below: Option<Key>) -> Self {
        Self { order, keep, candidates: Vec::new(), bar: None, below }
    }

    /// No candidates, of which the same are kept as here.
    pub(super) fn fork(&self) -> Self {
        Self { candidates: Vec::new(), ..*self }
    }

    /// Adds the candidates of a [fork](Self::fork).
    pub(super) fn absorb(&mut self, fork: Self) {
        // What the fork dropped is worse than its bar, which is not above that of all candidates.
        self.bar = self.bar.max(fork.bar);
        self.extend(fork.candidates);
    }

    /// Whether candidates are kept by their start alone, so that older segments are read only if newer
    /// ones have too few.
    pub(super) fn is_by_start(&self) -> bool {
        self.order == Order::Newest && self.keep < usize::MAX
    }

    /// The candidates so far.
    pub(super) fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// Keeps every candidate.
    pub(super) fn all() -> Self {
        Self::new(Order::Newest, usize::MAX, None)
    }

    /// The candidates so far, which are forgotten.
    pub(super) fn take(&mut self) -> Vec<Candidate> {
        std::mem::take(&mut self.candidates)
    }

    pub(super) fn extend(&mut self, candidates: impl IntoIterator<Item = Candidate>) {
        candidates.into_iter().for_each(|candidate| self.push(candidate));
    }

    /// Whether a trace that lasts from `first` to `last` (microseconds) can be among the best.
    pub(super) fn wants(&self, first: i64, last: i64) -> bool {
        let key = key(self.order, first, last - first);
        self.bar.is_none_or(|bar| key >= bar) && self.below.is_none_or(|below| key < below)
    }

    pub(super) fn push(&mut self, candidate: Candidate) {
        if !self.wants(candidate.start, candidate.start + candidate.duration) {
            return;
        }
        self.candidates.push(candidate);
        if self.candidates.len() >= self.keep.saturating_mul(2).saturating_add(64) {
            self.cut();
        }
    }

    /// Whether any trace of a block can be among the best.
    pub(super) fn wants_any(&self, block: &DigestBounds) -> bool {
        self.bar.is_none_or(|bar| key(self.order, block.latest, block.longest) >= bar)
            && self.may_be_below(block.earliest)
    }

    /// Whether any trace of a segment can be among the best, as far as the starts of its traces
    /// tell.
    pub(super) fn may_want(&self, extent: &SegmentExtent) -> bool {
        self.order != Order::Newest
            || (self.bar.is_none_or(|bar| key(self.order, extent.last_start, 0) >= bar)
                && self.may_be_below(extent.first_start))
    }

    /// Whether a trace that starts at `earliest` or later may rank below the traces of earlier
    /// rounds.
    fn may_be_below(&self, earliest: i64) -> bool {
        self.order != Order::Newest
            || self.below.is_none_or(|below| key(self.order, earliest, 0) < below)
    }

    /// Drops candidates that are not among the best.
    pub(super) fn cut(&mut self) {
        if self.candidates.len() <= self.keep {
            return;
        }
        let order = self.order;
        let key = |candidate: &Candidate| Reverse(key(order, candidate.start, candidate.duration));
        self.candidates.select_nth_unstable_by_key(self.keep - 1, key);
        let Reverse(bar) = key(&self.candidates[self.keep - 1]);
        // Candidates with the same key as the bar stay: they rank by trace id, which is not known
        // here.
        self.candidates.retain(|candidate| key(candidate).0 >= bar);
        self.bar = Some(bar);
    }

    /// The key of the worst kept candidate, if candidates were dropped.
    pub(super) fn bar(&mut self) -> Option<Key> {
        self.cut();
        self.bar
    }
}

/// A key above that of a trace at this position and all traces after it, and not above others.
pub(super) fn above(order: Order, at: &TracePosition) -> Key {
    let (first, second) = key(order, at.start.as_micros(), at.duration_us);
    (first, second.saturating_add(1))
}

fn key(order: Order, start: i64, duration: i64) -> Key {
    match order {
        Order::Newest => (start, 0),
        Order::Slowest => (duration, start),
    }
}

/// Summaries of the best candidates that have the wanted services and come after `after`, in order.
/// `rows` has the rows of all candidates.
pub(super) fn summaries(
    best: &Best,
    rows: &Details,
    judge: &Judge,
    after: Option<TracePosition>,
) -> Vec<TraceSummary> {
    let mut traces: Vec<TraceSummary> = rows
        .parts(&best.candidates)
        .iter()
        .filter(|(_, part)| judge.has_service(part))
        .map(|(trace, part)| summary(part, *trace))
        .collect();
    let order = best.order;
    traces.retain(|trace| after.is_none_or(|after| after.is_before(trace, order)));
    traces.sort_by_key(|trace| {
        (Reverse(key(order, trace.start.as_micros(), trace.duration_us)), trace.trace_id)
    });
    traces
}

impl Place {
    /// Calls `each` with the rows of traces files of the candidate.
    pub(super) fn each_row(&self, mut each: impl FnMut(SegmentRow)) {
        match self {
            Self::Hot(..) => {}
            Self::Row(row) => each(*row),
            Self::Pair((segment, row)) => {
                each((*segment, *row));
                each((*segment, row + 1));
            }
            Self::Rows(_, _, rows) => rows.iter().copied().for_each(each),
        }
    }
}

/// The summary of trace `trace_id`, whose parts sum up to `part`.
fn summary(part: &TracePart, trace_id: TraceId) -> TraceSummary {
    let named = part.root.as_ref().unwrap_or(&part.head);
    TraceSummary {
        trace_id,
        start: UnixNanos::from_micros(part.first_start),
        duration_us: part.last_end - part.first_start,
        spans: part.spans,
        errors: part.errors,
        services: part.services.iter().map(|service| service.to_string()).collect(),
        root_service: part.root.as_ref().map(|root| root.service.to_string()),
        root_name: named.name.to_string(),
        status_code: named.status,
    }
}
