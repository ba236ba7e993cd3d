//! Which rows of the traces files of the inputs become which row of the merged traces file.

use std::sync::Arc;

use coral_trace::Collector;

use crate::error::StoreError;
use crate::segment::services::BITS;
use crate::segment::{Segment, SegmentServices};

/// The rows of all inputs in the order of the merged file.
pub(super) struct MergedRows {
    sources: Vec<Source>,
    /// For each input and each row of its traces file, the row of the merged file.
    merged: Vec<Vec<u32>>,
    traces: u32,
}

/// A row of the traces file of an input.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Source {
    trace: u128,
    is_ebpf: bool,
    pub(super) input: u8,
    pub(super) row: u32,
}

/// The most inputs of a merge.
pub(crate) const MAX_INPUTS: usize = 64;

impl MergedRows {
    /// The rows of `inputs`, and the services of their traces. Reads every trace id and digest.
    ///
    /// # Errors
    /// [`StoreError::SegmentUnreadable`] when an input is damaged.
    pub(super) fn of(inputs: &[Arc<Segment>]) -> Result<(Self, SegmentServices), StoreError> {
        debug_assert!(inputs.len() <= MAX_INPUTS);
        let (mut sources, mut bits) = (Vec::new(), Vec::new());
        for (number, input) in (0_u8..).zip(inputs) {
            let counts = add(number, input, &mut sources);
            bits.push(counts.map_err(StoreError::unreadable(input.receipts()))?);
        }
        sources.sort_unstable();
        let mut merged: Vec<Vec<u32>> =
            inputs.iter().map(|input| vec![0; input.extent.traces as usize]).collect();
        let mut traces = 0;
        for same in sources.chunk_by(Source::is_of_one_row) {
            for source in same {
                merged[usize::from(source.input)][source.row as usize] = traces;
            }
            traces += 1;
        }
        let services =
            SegmentServices::merged(inputs.iter().map(|of| &of.extent.services).zip(&bits));
        Ok((Self { sources, merged, traces }, services))
    }

    /// The number of rows of the merged traces file.
    pub(super) fn traces(&self) -> u32 {
        self.traces
    }

    /// The row of the merged traces file for `row` of `input`.
    pub(super) fn row(&self, input: usize, row: u32) -> u32 {
        self.merged[input].get(row as usize).copied().unwrap_or_default()
    }

    /// For each row of the merged file from that of source `from` on, its sources.
    pub(super) fn after(&self, from: usize) -> impl Iterator<Item = &[Source]> {
        self.sources[from..].chunk_by(Source::is_of_one_row)
    }

    /// Whether the trace of the `count` sources from `from` on has another row in the merged file.
    pub(super) fn is_pair(&self, from: usize, count: usize) -> bool {
        let trace = self.sources[from].trace;
        let before = from.checked_sub(1).map(|at| self.sources[at].trace);
        let after = self.sources.get(from + count).map(|source| source.trace);
        before == Some(trace) || after == Some(trace)
    }
}

/// Adds the rows of the traces file of `input`. Returns how many of its traces have each of the bits of
/// services.
fn add(number: u8, input: &Segment, sources: &mut Vec<Source>) -> Result<[u32; BITS], StoreError> {
    let rows = input.extent.traces;
    let ids = input.trace_ids(0..rows as usize)?;
    let (mut digests, mut counts) = (input.digests()?, [0; BITS]);
    for ((row, digest), trace) in digests.read(0..rows)?.zip(ids) {
        let is_ebpf = digest.collector == Collector::Ebpf;
        sources.push(Source { trace, is_ebpf, input: number, row });
        let mut bits = digest.service_bits;
        while bits != 0 {
            counts[bits.trailing_zeros() as usize] += 1;
            bits &= bits - 1;
        }
    }
    Ok(counts)
}

impl Source {
    pub(super) fn collector(&self) -> Collector {
        if self.is_ebpf { Collector::Ebpf } else { Collector::Sdk }
    }

    fn is_of_one_row(&self, other: &Self) -> bool {
        (self.trace, self.is_ebpf) == (other.trace, other.is_ebpf)
    }
}
