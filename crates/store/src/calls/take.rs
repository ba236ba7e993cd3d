//! Traces that became split after the sums of their segment were written.

use std::collections::{BTreeMap, BTreeSet};

use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use coral_engine::Budget;
use coral_trace::dependency::{CallSpan, Dependencies};
use coral_trace::{Collector, TraceId};

use super::columns::{COLUMNS, PEER_COLUMNS, Reader, START, column};
use super::{SegmentCalls, each_sum};
use crate::error::StoreError;
use crate::row::damaged;
use crate::segment::{Segment, TRACE_ROW};

/// The spans of one trace and one collector.
pub(crate) struct TracePart {
    /// The row of the traces file.
    pub(crate) row: u32,
    pub(crate) trace: TraceId,
    pub(crate) collector: Collector,
    /// The spans, each with its start.
    pub(crate) spans: Vec<CallSpan>,
}

/// The spans of these rows of the traces file of `segment`, in the order of the rows.
pub(crate) fn spans_of(
    segment: &Segment,
    rows: &[(u32, TraceId)],
    reader: &mut Reader,
    budget: &Budget,
) -> Result<Vec<TracePart>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let trace_rows: Vec<u32> = rows.iter().map(|(row, _)| *row).collect();
    let details = segment.details(&trace_rows, budget)?;
    let mut spans: Vec<u32> = details.into_iter().flat_map(|(_, detail)| detail.rows).collect();
    spans.sort_unstable();
    let (mut parts, mut digests) = (BTreeMap::new(), segment.digests()?);
    for (row, trace) in rows {
        for (row, digest) in digests.read(*row..row + 1)? {
            let (trace, collector) = (*trace, digest.collector);
            parts.insert(row, TracePart { row, trace, collector, spans: Vec::new() });
        }
    }
    let columns = [&COLUMNS[..], &PEER_COLUMNS, &[START]].concat();
    for batch in segment.spans_at(&spans, &columns, budget)? {
        let traces = column(&batch, TRACE_ROW)?.as_primitive::<UInt32Type>().values();
        for (trace, span) in traces.iter().zip(reader.read(&batch)?) {
            let part = parts.get_mut(trace).ok_or_else(|| damaged(TRACE_ROW, trace))?;
            part.spans.push(*span);
        }
    }
    Ok(parts.into_values().collect())
}

/// Takes the traces of `parts` out of the sums. Removes sums that are too coarse for that, and
/// returns the minutes of these sums.
pub(crate) fn take_out(
    calls: &mut SegmentCalls,
    parts: &[TracePart],
    map: &mut Dependencies,
) -> BTreeSet<i64> {
    let traces = parts.chunk_by(|one, next| one.trace == next.trace).map(|parts| {
        parts.iter().map(|part| (part.collector, part.spans.as_slice())).collect::<Vec<_>>()
    });
    take_traces_out(calls, traces, map)
}

/// [`take_out`] of traces that are given by their spans, as each collector observed them.
pub(crate) fn take_traces_out<'a>(
    calls: &mut SegmentCalls,
    traces: impl Iterator<Item = Vec<(Collector, &'a [CallSpan])>>,
    map: &mut Dependencies,
) -> BTreeSet<i64> {
    let mut coarse = BTreeSet::new();
    for parts in traces {
        each_sum(&parts, |key, spans| {
            let is_taken =
                calls.sums.get_mut(&key).is_none_or(|sums| map.take_from_sums(spans, sums));
            if !is_taken {
                coarse.insert(key.minute);
            }
        });
    }
    calls.sums.retain(|key, _| !coarse.contains(&key.minute));
    coarse
}
