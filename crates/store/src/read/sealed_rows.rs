//! Finds the rows of traces in one segment.

use coral_engine::Budget;
use coral_trace::{Collector, TraceId};

use super::places::Row;
use crate::error::StoreError;
use crate::hot::part::TracePart;
use crate::segment::{HashedTrace, Segment};

/// The rows of traces in one segment, and the sum of these traces.
#[derive(Default)]
pub(super) struct SealedRows {
    pub(super) sum: Option<TracePart>,
    pub(super) rows: Vec<Row>,
}

impl SealedRows {
    /// The rows of those of `traces` that the segment has, as `collector` or any collector observed them.
    pub(super) fn find(
        segment: &Segment,
        traces: &[HashedTrace],
        collector: Option<Collector>,
        budget: &Budget,
    ) -> Result<Self, StoreError> {
        let mut all = Self::default();
        let may_be = |(number, trace): (u32, &HashedTrace)| {
            segment.may_contain(*trace).then_some((number, trace.id))
        };
        let (numbers, ids): (Vec<u32>, Vec<TraceId>) = (0..).zip(traces).filter_map(may_be).unzip();
        if ids.is_empty() {
            return Ok(all);
        }
        let mut found = segment.find(&ids)?;
        if let Some(collector) = collector {
            let mut digests = segment.digests()?;
            let mut counts = Vec::with_capacity(found.len());
            for (row, _) in &found {
                let digest = digests.read(*row..*row + 1)?.next();
                counts.push(digest.is_some_and(|(_, digest)| digest.collector == collector));
            }
            let mut counts = counts.into_iter();
            found.retain(|_| counts.next().unwrap_or_default());
        }
        let trace_rows: Vec<u32> = found.iter().map(|(row, _)| *row).collect();
        if trace_rows.is_empty() {
            return Ok(all);
        }
        for ((_, index), (_, detail)) in found.iter().zip(segment.details(&trace_rows, budget)?) {
            add(&mut all.sum, &detail.part);
            let trace = numbers[*index];
            all.rows.extend(detail.rows.into_iter().map(|row| Row { row, trace }));
        }
        all.rows.sort_unstable_by_key(|row| row.row);
        Ok(all)
    }
}

/// Adds `part` to a sum that may be empty.
pub(super) fn add(sum: &mut Option<TracePart>, part: &TracePart) {
    match sum {
        Some(sum) => sum.merge(part),
        None => *sum = Some(part.clone()),
    }
}
