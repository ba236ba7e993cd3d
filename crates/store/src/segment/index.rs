//! The index of a segment: what a segment has in memory, in a file beside its Parquet files. So a
//! store opens without reading trace ids, digests and footers, of which 100 million spans have
//! 800 MB.
//!
//! The index repeats what the Parquet files say. If it is missing or does not fit them, it is made
//! again, so it is neither synced nor repaired.

use std::io::Read as _;
use std::ops::Range;
use std::path::Path;

use arrow_array::cast::AsArray as _;
use coral_engine::Budget;
use coral_trace::TraceId;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use serde::{Deserialize, Serialize};

use super::digests::{DigestBounds, DigestIndex};
use super::file::{self, Rows};
use super::filter::TraceFilter;
use super::fixed_width::{FixedWidthColumn, Page};
use super::read::read_extent;
use super::traces::{DETAIL, DIGEST, SPLIT, TRACE_ID, TraceRow};
use super::write::FENCE_ROWS;
use super::{Footers, SegmentExtent, SegmentFiles};
use crate::disk;
use crate::error::StoreError;
use crate::hot::digest::DIGEST_BYTES;
use crate::row::damaged;

/// What a segment has in memory besides marks.
pub(super) struct SegmentIndex {
    pub(super) extent: SegmentExtent,
    /// See [`Segment::fences`](super::Segment::fences).
    pub(super) fences: Vec<u128>,
    pub(super) filter: TraceFilter,
    pub(super) digests: DigestIndex,
    pub(super) ids: FixedWidthColumn,
    /// The rows of traces that were split when the segment was written.
    pub(super) split: Vec<SplitRow>,
}

/// A row of a traces file whose trace was split when the segment was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SplitRow {
    pub(crate) row: u32,
    #[serde(with = "trace_bytes")]
    pub(crate) trace: TraceId,
    /// Older segments that have spans of the trace.
    pub(crate) split_with: Vec<u64>,
}

/// The file without the words of the filter, which follow as little-endian bytes.
#[derive(Serialize, Deserialize)]
struct Head {
    /// The sizes of the Parquet files in bytes: another size means other files.
    spans_bytes: u64,
    traces_bytes: u64,
    extent: SegmentExtent,
    fences: Vec<[u8; 16]>,
    digest_pages: Vec<Page>,
    id_pages: Vec<Page>,
    blocks: Vec<DigestBounds>,
    split: Vec<SplitRow>,
}

/// The first bytes of the file; the last of them is the version.
const MAGIC: [u8; 8] = *b"coralix\x02";

impl SegmentIndex {
    /// Reads the index of `files`; `None` if there is none, if it does not fit the files, or if it
    /// cannot be read.
    pub(super) fn read(files: &SegmentFiles, bytes: [u64; 2]) -> Option<Self> {
        let mut content = Vec::new();
        let read = disk::open(&files.index).and_then(|mut file| {
            disk::read_at(&file, &mut [0], 0)?;
            file.read_to_end(&mut content)
        });
        match read {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
            Err(error) => {
                let file = files.index.display();
                tracing::warn!(%error, %file, "could not read the index of a segment");
                return None;
            }
            Ok(_) => {}
        }
        let index = Self::decode(files, bytes, &content);
        if index.is_none() {
            tracing::info!(file = %files.index.display(), "the index of a segment does not fit it and is made again");
        }
        index
    }

    /// Makes the index of `files` from their content: reads the footers, and every trace id and digest.
    ///
    /// # Errors
    /// [`StoreError`] when a file is missing, damaged or belongs to another segment.
    pub(super) fn of(files: &SegmentFiles, footers: &Footers) -> Result<Self, StoreError> {
        let traces = footers.of(&files.traces)?;
        let extent = read_extent(&traces)?;
        if rows_of(&traces) != i64::from(extent.traces) {
            return Err(damaged("trace_id", &"a number of rows other than in the footer"));
        }
        let column =
            |column, width| FixedWidthColumn::of(files.traces.clone(), &traces, column, width);
        let digests = DigestIndex::of(column((DIGEST, "digest"), DIGEST_BYTES)?, extent.traces)?;
        let column = column((TRACE_ID, "trace_id"), size_of::<u128>())?;
        let rows = rows_of(&footers.of(&files.spans)?);
        let receipts = extent.last_receipt + 1 - extent.first_receipt;
        if rows as u64 != receipts {
            return Err(damaged("receipt", &format!("{rows} rows for {receipts} receipts")));
        }
        let ids = trace_ids(&column, 0..extent.traces)?;
        let mut split = split_rows(files, &traces, receipts)?;
        if !extent.has_pairs {
            split.extend(pairs(&ids)?);
        }
        Ok(Self {
            fences: ids.iter().copied().step_by(FENCE_ROWS).collect(),
            filter: TraceFilter::of(&ids),
            ids: column,
            extent,
            digests,
            split,
        })
    }

    fn decode(files: &SegmentFiles, bytes: [u64; 2], content: &[u8]) -> Option<Self> {
        let (magic, rest) = content.split_first_chunk::<8>()?;
        let (checksum, rest) = rest.split_first_chunk::<4>()?;
        if *magic != MAGIC || crc32fast::hash(rest).to_le_bytes() != *checksum {
            return None;
        }
        let (head, words): (Head, _) = postcard::take_from_bytes(rest).ok()?;
        if [head.spans_bytes, head.traces_bytes] != bytes {
            return None;
        }
        let words = words.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word)).collect();
        let fences: Vec<u128> = head.fences.iter().map(|id| u128::from_be_bytes(*id)).collect();
        let rows = head.extent.traces;
        let column =
            |pages, width| FixedWidthColumn::of_pages(files.traces.clone(), width, rows, pages);
        Some(Self {
            filter: TraceFilter::of_words(words, &fences)?,
            digests: DigestIndex::of_blocks(
                column(head.digest_pages, DIGEST_BYTES)?,
                rows,
                head.blocks,
            )?,
            ids: column(head.id_pages, size_of::<u128>())?,
            extent: head.extent,
            split: head.split,
            fences,
        })
    }

    /// Writes the index of `files`, whose Parquet files have these sizes.
    pub(super) fn write(&self, files: &SegmentFiles, bytes: [u64; 2]) -> std::io::Result<()> {
        let content = self.encode(bytes);
        let aside = files.index.with_extension("tmp");
        let written = disk::create(&aside)
            .and_then(|mut file| disk::write_all(&mut file, &content))
            .and_then(|()| disk::rename(&aside, &files.index));
        if written.is_err() {
            let _ = disk::remove(&aside);
        }
        written
    }

    fn encode(&self, [spans_bytes, traces_bytes]: [u64; 2]) -> Vec<u8> {
        let head = Head {
            spans_bytes,
            traces_bytes,
            extent: self.extent.clone(),
            fences: self.fences.iter().map(|id| id.to_be_bytes()).collect(),
            digest_pages: self.digests.column().pages().to_vec(),
            id_pages: self.ids.pages().to_vec(),
            blocks: self.digests.blocks().to_vec(),
            split: self.split.clone(),
        };
        let words = self.filter.words();
        let mut content = Vec::with_capacity(12 + 8 * words.len() + 64 * head.blocks.len());
        content.extend(MAGIC);
        content.extend([0; 4]);
        content = postcard::to_extend(&head, content).expect("an index is plain data");
        content.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        let checksum = crc32fast::hash(&content[12..]);
        content[8..12].copy_from_slice(&checksum.to_le_bytes());
        content
    }
}

/// The rows of traces that were split when the segment, which has `spans` spans, was written.
fn split_rows(
    files: &SegmentFiles,
    footer: &ArrowReaderMetadata,
    spans: u64,
) -> Result<Vec<SplitRow>, StoreError> {
    let budget = Budget::unlimited();
    let read = |column: usize, rows: Rows<'_>| {
        let mask = ProjectionMask::leaves(footer.parquet_schema(), [column]);
        file::read(&files.traces, footer.clone(), mask, rows, &budget)
    };
    let (mut rows, mut at) = (Vec::new(), 0);
    for batch in read(SPLIT, Rows::All)? {
        let column = batch.column(0).as_boolean();
        rows.extend((at..).zip(column.values()).filter(|(_, set)| *set).map(|(row, _)| row));
        at += batch.num_rows() as u32;
    }
    let chosen = file::ranges(&rows);
    let (ids, details) =
        (read(TRACE_ID, Rows::Ranges(&chosen))?, read(DETAIL, Rows::Ranges(&chosen))?);
    let ids = ids.iter().flat_map(|batch| batch.column(0).as_fixed_size_binary().iter().flatten());
    let mut split_with = Vec::with_capacity(rows.len());
    for batch in &details {
        let details = TraceRow::of_column(batch.column(0), spans)?;
        split_with.extend(details.into_iter().map(|detail| detail.split_with));
    }
    let each = rows.into_iter().zip(ids.zip(split_with));
    let split = each.map(|(row, (id, split_with))| {
        Ok(SplitRow { row, trace: crate::row::trace_id(id)?, split_with })
    });
    split.collect()
}

/// The rows of traces with two collectors. Without a note in their digests, they count as split.
fn pairs(ids: &[u128]) -> Result<Vec<SplitRow>, StoreError> {
    let mut rows = Vec::new();
    for (row, pair) in (0..).zip(ids.windows(2)).filter(|(_, pair)| pair[0] == pair[1]) {
        let trace = TraceId::try_from(pair[0]).map_err(|error| damaged("trace_id", &error))?;
        rows.extend([row, row + 1].map(|row| SplitRow { row, trace, split_with: Vec::new() }));
    }
    Ok(rows)
}

/// The values of `rows` of a column of trace ids.
pub(super) fn trace_ids(
    column: &FixedWidthColumn,
    rows: Range<u32>,
) -> Result<Vec<u128>, StoreError> {
    let mut bytes = Vec::new();
    column.read(&column.open()?, rows, &mut bytes)?;
    Ok(bytes.as_chunks().0.iter().map(|id| u128::from_be_bytes(*id)).collect())
}

fn rows_of(footer: &ArrowReaderMetadata) -> i64 {
    footer.metadata().file_metadata().num_rows()
}

/// The sizes of the spans file and the traces file, in bytes.
pub(super) fn sizes(files: &SegmentFiles) -> Result<[u64; 2], StoreError> {
    let size = |path: &Path| {
        std::fs::metadata(path).map(|file| file.len()).map_err(StoreError::directory(path))
    };
    Ok([size(&files.spans)?, size(&files.traces)?])
}

/// Trace ids as 16 bytes.
mod trace_bytes {
    use coral_trace::TraceId;
    use serde::{Deserialize, Deserializer, Serialize as _, Serializer};

    pub(super) fn serialize<S: Serializer>(id: &TraceId, to: S) -> Result<S::Ok, S::Error> {
        id.bytes().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<TraceId, D::Error> {
        let bytes = <[u8; 16]>::deserialize(from)?;
        TraceId::try_from(u128::from_be_bytes(bytes)).map_err(serde::de::Error::custom)
    }
}
