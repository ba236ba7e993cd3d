//! Writes the traces file of a merged segment.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use coral_engine::Budget;
use coral_trace::{Collector, TraceId};

use super::rows::{MergedRows, Source};
use crate::error::StoreError;
use crate::hot::digest::TraceDigest;
use crate::segment::traces::{TraceRow, TraceRows};
use crate::segment::write::{TableWriter, traces_writer};
use crate::segment::{Segment, SegmentExtent};

/// The traces file, and how far it is written.
pub(super) struct TracesMerge {
    extent: SegmentExtent,
    writer: Option<TableWriter>,
    /// The number of sources whose rows are written.
    done: usize,
    /// The number of spans of all inputs before each input.
    before: Vec<u32>,
}

/// Rows of the merged file that one step writes.
const STEP_ROWS: usize = 1_024;

impl TracesMerge {
    pub(super) fn begin(file: &Path, extent: SegmentExtent) -> Result<Self, StoreError> {
        let writer = Some(traces_writer(file, &extent)?);
        Ok(Self { extent, writer, done: 0, before: Vec::new() })
    }

    /// Writes the next rows. Returns `false` when there are none.
    pub(super) fn step(
        &mut self,
        inputs: &[Arc<Segment>],
        rows: &MergedRows,
    ) -> Result<bool, StoreError> {
        if self.before.is_empty() {
            self.before = inputs
                .iter()
                .map(|input| (input.id() - self.extent.first_receipt) as u32)
                .collect();
        }
        let next: Vec<&[Source]> = rows.after(self.done).take(STEP_ROWS).collect();
        if next.is_empty() {
            return Ok(false);
        }
        let mut details = details(inputs, next.iter().flat_map(|same| same.iter()))?;
        let mut batch = TraceRows::with_capacity(next.len());
        for same in next {
            let mut parts = same.iter().filter_map(|source| {
                let (trace, mut row) = details[usize::from(source.input)].pop_front()?;
                let before = self.before[usize::from(source.input)];
                row.rows.iter_mut().for_each(|row| *row += before);
                Some((trace, row))
            });
            let Some((trace, mut row)) = parts.next() else { continue };
            for (_, part) in parts {
                row.part.merge(&part.part);
                row.rows.extend(part.rows);
                row.split_with.extend(part.split_with);
            }
            let inside = self.extent.first_receipt..=self.extent.last_receipt;
            row.split_with.retain(|other| !inside.contains(other));
            row.split_with.sort_unstable();
            row.split_with.dedup();
            let is_pair = rows.is_pair(self.done, same.len());
            batch.push(trace, &self.digest(&row, same[0].collector(), is_pair), &row);
            self.done += same.len();
        }
        self.writer.as_mut().map_or(Ok(()), |writer| writer.write(&batch.finish()))?;
        Ok(true)
    }

    fn digest(&self, row: &TraceRow, collector: Collector, is_pair: bool) -> TraceDigest {
        let names = row.part.services.iter().map(AsRef::as_ref);
        TraceDigest {
            collector,
            is_pair,
            service_bits: self.extent.services.bits(names),
            ..TraceDigest::of_part(&row.part)
        }
    }

    /// Completes the file and syncs it.
    pub(super) fn finish(&mut self) -> Result<(), StoreError> {
        self.writer.take().map_or(Ok(()), TableWriter::finish)
    }
}

/// The details of these rows by input, in order.
fn details<'a>(
    inputs: &[Arc<Segment>],
    sources: impl Iterator<Item = &'a Source>,
) -> Result<Vec<VecDeque<(TraceId, TraceRow)>>, StoreError> {
    let mut rows = vec![Vec::new(); inputs.len()];
    for source in sources {
        rows[usize::from(source.input)].push(source.row);
    }
    let budget = Budget::unlimited();
    let each = inputs.iter().zip(rows).map(|(input, rows)| {
        let read = input.details(&rows, &budget);
        Ok(read.map_err(StoreError::unreadable(input.receipts()))?.into())
    });
    each.collect()
}
