//! What decides whether a trace is wanted: 32 bytes for each row of a traces file. Which of them are worth
//! reading is known by blocks, in memory.

use std::fs::File;
use std::ops::Range;

use super::Segment;
use super::fixed_width::FixedWidthColumn;
use crate::error::StoreError;
use crate::hot::digest::{DIGEST_BYTES, TraceDigest};

/// What all digests of [`BLOCK_ROWS`] rows have in common: nothing in it is later, longer, or of other services.
#[derive(Clone, Copy)]
pub(crate) struct DigestBounds {
    pub(crate) earliest: i64,
    pub(crate) latest: i64,
    pub(crate) longest: i64,
    pub(crate) service_bits: u64,
    pub(crate) any_failed: bool,
}

/// Where a segment's digests are, and what its blocks of them say.
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

/// Rows of a block: 4 KiB of the file, 40 bytes of memory.
const BLOCK_ROWS: u32 = 128;
/// Rows that are read at once: what was found in them may show that the next are not wanted.
const MAX_ROWS: u32 = 4_096;

impl Segment {
    /// Opens what decides about each row of the traces file.
    pub(crate) fn digests(&self) -> Result<Digests<'_>, StoreError> {
        Ok(Digests { segment: self, file: self.digests.column.open()?, bytes: Vec::new() })
    }
}

impl Digests<'_> {
    /// The next rows from row `from` on, where a block begins, that lie in blocks that are `wanted`; at most
    /// [`MAX_ROWS`].
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

    /// The digests of these rows, each with its row.
    pub(crate) fn read(
        &mut self,
        rows: Range<u32>,
    ) -> Result<impl Iterator<Item = (u32, TraceDigest)>, StoreError> {
        self.segment.digests.column.read(&self.file, rows.clone(), &mut self.bytes)?;
        Ok(rows.zip(self.bytes.as_chunks().0.iter().map(TraceDigest::from_bytes)))
    }
}

impl DigestIndex {
    /// The index of the first `rows` of a column, which are read for it.
    pub(super) fn of(column: FixedWidthColumn, rows: u32) -> Result<Self, StoreError> {
        let mut bytes = Vec::new();
        column.read(&column.open()?, 0..rows, &mut bytes)?;
        let digests: &[[u8; DIGEST_BYTES]] = bytes.as_chunks().0;
        let blocks = digests.chunks(BLOCK_ROWS as usize).map(|rows| {
            rows.iter().map(TraceDigest::from_bytes).fold(DigestBounds::NOTHING, DigestBounds::with)
        });
        Ok(Self { blocks: blocks.collect(), column })
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

    fn with(self, digest: TraceDigest) -> Self {
        Self {
            earliest: self.earliest.min(digest.first_start),
            latest: self.latest.max(digest.first_start),
            longest: self.longest.max(digest.last_end - digest.first_start),
            service_bits: self.service_bits | digest.service_bits,
            any_failed: self.any_failed || digest.errors > 0,
        }
    }
}
