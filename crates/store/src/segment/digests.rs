//! Trace digests on disk: 32 bytes for each row of a traces file. Bounds of each block of digests
//! are in memory, and decide which blocks to read.

use std::fs::File;
use std::ops::Range;

use coral_trace::Collector;
use serde::{Deserialize, Serialize};

use super::Segment;
use super::fixed_width::FixedWidthColumn;
use crate::error::StoreError;
use crate::hot::digest::{DIGEST_BYTES, TraceDigest};

/// Bounds of the digests of [`BLOCK_ROWS`] rows, and of the sums of pairs with one of these rows:
/// earliest and latest start, longest duration, services, and whether a span failed. Times are
/// microseconds.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct DigestBounds {
    pub(crate) earliest: i64,
    pub(crate) latest: i64,
    pub(crate) longest: i64,
    pub(crate) service_bits: u64,
    pub(crate) any_failed: bool,
}

/// The position of a segment's digests in its file, and the bounds of each block.
pub(super) struct DigestIndex {
    column: FixedWidthColumn,
    blocks: Vec<DigestBounds>,
}

/// Reads digests of one segment.
pub(crate) struct Digests<'a> {
    segment: &'a Segment,
    file: File,
    bytes: Vec<u8>,
}

/// Rows per block: 4 KiB of the file, 40 bytes of memory.
const BLOCK_ROWS: u32 = 128;
/// The most rows to read at a time, because the rows read may show that later rows need not be
/// read.
const MAX_ROWS: u32 = 4_096;

impl Segment {
    /// Opens the digests of the traces file.
    pub(crate) fn digests(&self) -> Result<Digests<'_>, StoreError> {
        Ok(Digests { segment: self, file: self.digests.column.open()?, bytes: Vec::new() })
    }
}

impl Digests<'_> {
    /// The next range of rows, at or after row `from`, whose blocks all satisfy `wanted`; at most
    /// [`MAX_ROWS`] rows. `from` must be the first row of a block.
    pub(crate) fn next_wanted(
        &self,
        from: u32,
        mut wanted: impl FnMut(&DigestBounds, Range<u32>) -> bool,
    ) -> Option<Range<u32>> {
        let end = self.segment.extent.traces;
        let blocks = self.segment.digests.blocks.iter().skip((from / BLOCK_ROWS) as usize);
        let mut run: Option<Range<u32>> = None;
        for (block, first) in blocks.zip((from..end).step_by(BLOCK_ROWS as usize)) {
            let rows = first..end.min(first + BLOCK_ROWS);
            match &mut run {
                None if wanted(block, rows.clone()) => run = Some(rows),
                Some(run) if run.len() < MAX_ROWS as usize && wanted(block, rows.clone()) => {
                    run.end = rows.end;
                }
                None => {}
                Some(_) => break,
            }
        }
        run
    }

    /// The digests of these rows, with their row numbers.
    pub(crate) fn read(
        &mut self,
        rows: Range<u32>,
    ) -> Result<impl Iterator<Item = (u32, TraceDigest)>, StoreError> {
        self.segment.digests.column.read(&self.file, rows.clone(), &mut self.bytes)?;
        Ok(rows.zip(self.bytes.as_chunks().0.iter().map(TraceDigest::from_bytes)))
    }

    /// The traces with a first row in `rows`, as far as `collector`, or any collector, observed
    /// them. A trace that both collectors observed is one trace with two rows.
    pub(crate) fn traces(
        &mut self,
        rows: Range<u32>,
        collector: Option<Collector>,
    ) -> Result<impl Iterator<Item = SealedTrace>, StoreError> {
        // The second row of the last trace may lie behind `rows`.
        let end = (rows.end + 1).min(self.segment.extent.traces);
        let mut digests = self.read(rows.start..end)?.peekable();
        Ok(std::iter::from_fn(move || {
            loop {
                let (row, mut digest) = digests.next_if(|(row, _)| *row < rows.end)?;
                if collector.is_some_and(|wanted| wanted != digest.collector) {
                    continue;
                }
                let has_two = digest.is_pair && collector.is_none();
                match has_two.then(|| digests.peek()).flatten() {
                    // The second row of a trace, which its first row added.
                    _ if has_two && digest.collector == Collector::Ebpf => continue,
                    Some((_, second)) => digest.add(second),
                    None => {}
                }
                return Some(SealedTrace { row, has_two, digest });
            }
        }))
    }
}

/// The digest of a whole trace in a segment.
pub(crate) struct SealedTrace {
    /// The row of the traces file; the first of two rows if `has_two` is true.
    pub(crate) row: u32,
    pub(crate) has_two: bool,
    pub(crate) digest: TraceDigest,
}

impl SealedTrace {
    /// The row or both rows of the trace.
    pub(crate) fn rows(&self) -> Range<u32> {
        self.row..self.row + 1 + u32::from(self.has_two)
    }
}

impl DigestIndex {
    /// Reads the first `rows` digests of a column and indexes them.
    pub(super) fn of(column: FixedWidthColumn, rows: u32) -> Result<Self, StoreError> {
        let mut bytes = Vec::new();
        column.read(&column.open()?, 0..rows, &mut bytes)?;
        let digests: &[[u8; DIGEST_BYTES]] = bytes.as_chunks().0;
        let mut blocks = vec![DigestBounds::NOTHING; (rows as usize).div_ceil(BLOCK_ROWS as usize)];
        let mut before = TraceDigest::NOTHING;
        for (row, digest) in digests.iter().map(TraceDigest::from_bytes).enumerate() {
            let block = row / BLOCK_ROWS as usize;
            blocks[block].add(&digest);
            if digest.is_pair && digest.collector == Collector::Ebpf {
                // The two rows of a trace can lie in two blocks.
                before.add(&digest);
                blocks[block].add(&before);
                blocks[row.saturating_sub(1) / BLOCK_ROWS as usize].add(&before);
            }
            before = digest;
        }
        Ok(Self { blocks, column })
    }

    /// The index of `column` with the bounds of all its blocks; `None` if they are not so many.
    pub(super) fn of_blocks(
        column: FixedWidthColumn,
        rows: u32,
        blocks: Vec<DigestBounds>,
    ) -> Option<Self> {
        (blocks.len() == rows.div_ceil(BLOCK_ROWS) as usize).then_some(Self { column, blocks })
    }

    pub(super) fn column(&self) -> &FixedWidthColumn {
        &self.column
    }

    pub(super) fn blocks(&self) -> &[DigestBounds] {
        &self.blocks
    }
}

impl DigestBounds {
    const NOTHING: Self = Self {
        earliest: i64::MAX,
        latest: i64::MIN,
        longest: i64::MIN,
        service_bits: 0,
        any_failed: false,
    };

    fn add(&mut self, digest: &TraceDigest) {
        self.earliest = self.earliest.min(digest.first_start);
        self.latest = self.latest.max(digest.first_start);
        self.longest = self.longest.max(digest.last_end - digest.first_start);
        self.service_bits |= digest.service_bits;
        self.any_failed |= digest.errors > 0;
    }
}
