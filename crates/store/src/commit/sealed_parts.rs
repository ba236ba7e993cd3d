//! Finds the sealed parts of the traces that a commit adds to, and marks these traces as split.
//!
//! The marks are made before the commit is written. If the commit fails, a trace may stay marked
//! although it is not split. A search then merges a single part, which takes a little time and
//! changes no answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use coral_engine::Budget;
use coral_trace::TraceId;

use crate::commit::seen::{self, Key};
use crate::error::StoreError;
use crate::hot::generation::Generation;
use crate::segment::{HashedTrace, Segment};

/// The sealed parts of some traces.
#[derive(Default)]
pub(crate) struct SealedParts {
    /// Identities of the spans in segments.
    pub(crate) keys: Vec<Key>,
    /// For each trace, the segments that have spans of the trace, including segments that are
    /// being written.
    pub(crate) segments: BTreeMap<TraceId, BTreeSet<u64>>,
    /// For each trace, the segments in which it was looked for and found, newest first.
    visited: BTreeMap<TraceId, Vec<u64>>,
    /// For each trace, the number of its spans whose identities are in `keys`.
    known: BTreeMap<TraceId, u64>,
}

impl SealedParts {
    fn visits_of(&self, trace: TraceId) -> usize {
        self.visited.get(&trace).map_or(0, Vec::len)
    }
}

/// A commit looks for a trace in at most this many segments, the newest that have it. Without this
/// limit, a trace that never ends would be read from every segment once per generation, while all
/// commits wait.
const MAX_VISITED: usize = 16;
/// Of a trace with more sealed spans than this, the identities of the newest are known, in whole
/// segments. An identity has 24 bytes.
const MAX_KEYS: u64 = 262_144;

/// Finds and marks the sealed parts of those `traces` that are new to `hot`. Each trace
/// is looked up once per generation.
pub(crate) fn of_new_traces(
    segments: &[Arc<Segment>],
    sealing: &[Arc<Generation>],
    hot: &Generation,
    traces: impl Iterator<Item = TraceId>,
) -> Result<SealedParts, StoreError> {
    find_and_mark(segments, sealing, &traces_not_in(hot, traces))
}

/// Those of `traces` that `hot` does not have, sorted, each once.
pub(crate) fn traces_not_in(
    hot: &Generation,
    traces: impl Iterator<Item = TraceId>,
) -> Vec<TraceId> {
    let mut traces: Vec<TraceId> = traces.collect();
    traces.dedup();
    traces.retain(|trace| !hot.traces.contains_key(trace));
    traces.sort_unstable();
    traces.dedup();
    traces
}

/// Finds the parts of `traces` in `segments` and `sealing`, and marks these traces as split in
/// each of `segments` that has one.
pub(crate) fn find_and_mark(
    segments: &[Arc<Segment>],
    sealing: &[Arc<Generation>],
    traces: &[TraceId],
) -> Result<SealedParts, StoreError> {
    let mut parts = SealedParts::default();
    let mut searched: Vec<HashedTrace> = traces.iter().copied().map(HashedTrace::from).collect();
    for segment in segments.iter().rev() {
        let maybe = searched.iter().filter(|trace| segment.may_contain(**trace));
        let maybe: Vec<TraceId> = maybe.map(|trace| trace.id).collect();
        if !maybe.is_empty() {
            in_segment(segment, &maybe, &mut parts)
                .map_err(StoreError::unreadable(segment.receipts()))?;
            searched.retain(|trace| parts.visits_of(trace.id) < MAX_VISITED);
        }
    }
    // Identities of rows that are being sealed are in [`Seen`] already.
    for generation in sealing {
        for trace in traces.iter().filter(|trace| generation.traces.contains_key(*trace)) {
            parts.segments.entry(*trace).or_default().insert(generation.first_receipt);
        }
    }
    link(segments, &parts);
    Ok(parts)
}

/// Adds the spans that `segment` has of `traces` to `parts`, and marks these traces as split in
/// `segment`.
fn in_segment(
    segment: &Segment,
    traces: &[TraceId],
    parts: &mut SealedParts,
) -> Result<(), StoreError> {
    let found = segment.find(traces)?;
    let trace_rows: Vec<u32> = found.iter().map(|(row, _)| *row).collect();
    let mut rows = Vec::new();
    let budget = Budget::unlimited();
    let details = segment.details(&trace_rows, &budget)?;
    let ids = details.iter().map(|(trace, _)| *trace);
    segment.mark_split(trace_rows.iter().copied().zip(ids));
    for (trace, detail) in details {
        let visited = parts.visited.entry(trace).or_default();
        if visited.last() != Some(&segment.id()) {
            visited.push(segment.id());
        }
        // What the newest segment knew when it was written is complete.
        let older = parts.segments.entry(trace).or_default();
        older.insert(segment.id());
        older.extend(detail.split_with);
        let known = parts.known.entry(trace).or_default();
        if *known < MAX_KEYS {
            *known += detail.part.spans;
            rows.extend(detail.rows);
        }
    }
    rows.sort_unstable();
    for batch in segment.spans_at(&rows, &["trace_id", "span_id"], &budget)? {
        let traces = batch.column(0).as_fixed_size_binary();
        let spans = batch.column(1).as_primitive::<UInt64Type>();
        for (trace, span) in traces.iter().flatten().zip(spans.values()) {
            parts.keys.push(seen::join(crate::row::trace_id(trace)?.as_u128(), *span));
        }
    }
    Ok(())
}

/// Records in each segment which other segments have spans of the same traces.
fn link(segments: &[Arc<Segment>], parts: &SealedParts) {
    for older in parts.visited.values().filter(|older| older.len() > 1) {
        for segment in segments.iter().filter(|segment| older.contains(&segment.id())) {
            older.iter().for_each(|other| segment.note_split_with(*other));
        }
    }
}
