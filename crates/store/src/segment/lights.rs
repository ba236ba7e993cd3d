//! What decides whether a trace is wanted: 32 bytes for each row of a traces file. Which of them are worth
//! reading is known by blocks, in memory.

use std::fs::File;
use std::ops::Range;

use coral_trace::Collector;

use super::Segment;
use super::plain::PlainColumn;
use crate::error::StoreError;
use crate::part::Part;

/// What decides about one trace, as one collector saw it. Times are microseconds.
#[derive(Clone, Copy)]
pub(crate) struct Light {
    pub(crate) first_start: i64,
    pub(crate) last_end: i64,
    /// See [`crate::part::service_bit`].
    pub(crate) service_bits: u64,
    /// At most 2^31 - 1 are told apart.
    pub(crate) errors: u32,
    pub(crate) collector: Collector,
}

/// What all lights of [`BLOCK_ROWS`] rows have in common: nothing in it is later, longer, or of other services.
#[derive(Clone, Copy)]
pub(crate) struct LightBlock {
    pub(crate) earliest: i64,
    pub(crate) latest: i64,
    pub(crate) longest: i64,
    pub(crate) service_bits: u64,
    pub(crate) any_failed: bool,
}

/// Where a segment's lights are, and what its blocks of them say.
pub(super) struct LightIndex {
    column: PlainColumn,
    blocks: Vec<LightBlock>,
}

/// Reads lights of one segment.
pub(crate) struct Lights<'a> {
    segment: &'a Segment,
    file: File,
    bytes: Vec<u8>,
}

/// Bytes of a row.
pub(super) const LIGHT_BYTES: usize = 32;
const EBPF_BIT: u32 = 1 << 31;
/// Rows of a block: 4 KiB of the file, 40 bytes of memory.
const BLOCK_ROWS: u32 = 128;
/// Rows that are read at once: what was found in them may show that the next are not wanted.
const MOST_ROWS: u32 = 4_096;

impl Segment {
    /// Opens what decides about each row of the traces file.
    pub(crate) fn lights(&self) -> Result<Lights<'_>, StoreError> {
        Ok(Lights { segment: self, file: self.lights.column.open()?, bytes: Vec::new() })
    }
}

impl Lights<'_> {
    /// The next rows from row `from` on, where a block begins, that lie in blocks that are `wanted`; at most
    /// [`MOST_ROWS`].
    pub(crate) fn next_wanted(
        &self,
        from: u32,
        mut wanted: impl FnMut(&LightBlock, Range<u32>) -> bool,
    ) -> Option<Range<u32>> {
        let end = self.segment.extent.traces;
        let blocks = self.segment.lights.blocks.iter().skip((from / BLOCK_ROWS) as usize);
        let mut run: Option<Range<u32>> = None;
        for (block, first) in blocks.zip((from..end).step_by(BLOCK_ROWS as usize)) {
            let rows = first..end.min(first + BLOCK_ROWS);
            match &mut run {
                None if wanted(block, rows.clone()) => run = Some(rows),
                Some(run) if run.len() < MOST_ROWS as usize && wanted(block, rows.clone()) => {
                    run.end = rows.end;
                }
                None => {}
                Some(_) => break,
            }
        }
        run
    }

    /// The lights of these rows, each with its row.
    pub(crate) fn read(
        &mut self,
        rows: Range<u32>,
    ) -> Result<impl Iterator<Item = (u32, Light)>, StoreError> {
        self.segment.lights.column.read(&self.file, rows.clone(), &mut self.bytes)?;
        Ok(rows.zip(self.bytes.as_chunks().0.iter().map(Light::from_bytes)))
    }
}

impl LightIndex {
    /// The index of the first `rows` of a column, which are read for it.
    pub(super) fn of(column: PlainColumn, rows: u32) -> Result<Self, StoreError> {
        let mut bytes = Vec::new();
        column.read(&column.open()?, 0..rows, &mut bytes)?;
        let lights: &[[u8; LIGHT_BYTES]] = bytes.as_chunks().0;
        let blocks = lights.chunks(BLOCK_ROWS as usize).map(|rows| {
            rows.iter().map(Light::from_bytes).fold(LightBlock::NOTHING, LightBlock::with)
        });
        Ok(Self { blocks: blocks.collect(), column })
    }
}

impl LightBlock {
    const NOTHING: Self = Self {
        earliest: i64::MAX,
        latest: i64::MIN,
        longest: i64::MIN,
        service_bits: 0,
        any_failed: false,
    };

    fn with(self, light: Light) -> Self {
        Self {
            earliest: self.earliest.min(light.first_start),
            latest: self.latest.max(light.first_start),
            longest: self.longest.max(light.last_end - light.first_start),
            service_bits: self.service_bits | light.service_bits,
            any_failed: self.any_failed || light.errors > 0,
        }
    }
}

impl Light {
    /// No trace at all.
    pub(crate) const NOTHING: Self = Self {
        first_start: i64::MAX,
        last_end: i64::MIN,
        service_bits: 0,
        errors: 0,
        collector: Collector::Ebpf,
    };

    /// What decides about a part; its collector is not told.
    pub(crate) fn of_part(part: &Part) -> Self {
        Self {
            first_start: part.first_start,
            last_end: part.last_end,
            service_bits: part.service_bits(),
            errors: part.errors.try_into().unwrap_or(u32::MAX).min(EBPF_BIT - 1),
            collector: Collector::Ebpf,
        }
    }

    /// Adds another part of the same trace.
    pub(crate) fn add(&mut self, other: &Self) {
        self.first_start = self.first_start.min(other.first_start);
        self.last_end = self.last_end.max(other.last_end);
        self.service_bits |= other.service_bits;
        self.errors = self.errors.saturating_add(other.errors);
    }

    pub(super) fn to_bytes(self) -> [u8; LIGHT_BYTES] {
        let ebpf = if self.collector == Collector::Ebpf { EBPF_BIT } else { 0 };
        let mut bytes = [0; LIGHT_BYTES];
        bytes[..8].copy_from_slice(&self.first_start.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.last_end.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.service_bits.to_le_bytes());
        bytes[24..28].copy_from_slice(&(self.errors | ebpf).to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; LIGHT_BYTES]) -> Self {
        let word =
            |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        let flags = word(24) as u32;
        Self {
            first_start: word(0) as i64,
            last_end: word(8) as i64,
            service_bits: word(16),
            errors: flags & !EBPF_BIT,
            collector: if flags & EBPF_BIT != 0 { Collector::Ebpf } else { Collector::Sdk },
        }
    }
}
