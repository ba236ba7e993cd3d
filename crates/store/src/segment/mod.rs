//! Sealed segments: two immutable Parquet files each, an index, a filter of texts, and sums of calls.
//!
//! `N.spans.parquet` has the rows from receipt N on, in order of receipt. `N.traces.parquet` has a
//! row for each trace and collector in the segment, by trace id. A segment exists when both files
//! do: the spans file is renamed into place last, and removed first. Segments that were [merged](merge)
//! into a larger one are removed; its name is the first and the last receipt. `N.index` repeats what a segment
//! has in memory and `N.footers` its row groups' footers, `N.values` which texts its columns have, and
//! `N.calls` what its traces say about calls.

mod calls;
mod damaged;
mod detail;
mod digests;
mod file;
mod files;
mod filter;
mod fixed_width;
mod footer;
mod group_footers;
mod groups;
mod index;
mod load;
mod merge;
mod read;
mod services;
mod traces;
mod values;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use coral_engine::{Budget, Columns, StoredSpan};
use coral_trace::TraceId;
use parquet::arrow::ProjectionMask;
use serde::{Deserialize, Serialize};

use self::calls::CallsFile;
pub(crate) use self::damaged::{damaged_before, damaged_files, remove_damaged_before};
use self::digests::DigestIndex;
pub(crate) use self::digests::{DigestBounds, SealedTrace};
pub(crate) use self::file::charge;
pub(crate) use self::files::{SegmentFiles, SegmentName, damaged_name};
pub(crate) use self::filter::HashedTrace;
use self::filter::TraceFilter;
use self::fixed_width::FixedWidthColumn;
pub(crate) use self::footer::Footers;
use self::group_footers::GroupFooters;
pub(crate) use self::groups::RowGroup;
pub(crate) use self::index::SplitRow;
pub(crate) use self::load::load;
pub(crate) use self::merge::SegmentMerge;
pub(crate) use self::services::SegmentServices;
pub(crate) use self::values::{StoredText, TextFilter};
pub(crate) use self::write::{TRACE_ROW, write_spans};
use crate::clock::Received;
use crate::error::StoreError;
use crate::row::SpanReader;

/// A sealed segment. Its files are removed when it is retired and its last reader has dropped it.
pub(crate) struct Segment {
    pub(crate) extent: SegmentExtent,
    /// What its traces say about calls.
    pub(crate) calls: CallsFile,
    /// Size of all other files in bytes.
    file_bytes: u64,
    files: SegmentFiles,
    filter: TraceFilter,
    /// Every 4,096th trace id of the traces file, for a binary search.
    fences: Vec<u128>,
    digests: DigestIndex,
    ids: FixedWidthColumn,
    /// The size of the [filter of texts](values); `None` if there is none.
    values_bytes: Option<u64>,
    footers: Arc<Footers>,
    group_footers: GroupFooters,
    /// Rows of the traces file whose trace is split, with the trace id. See
    /// [`split_rows`](Self::split_rows).
    split: RwLock<Arc<BTreeMap<u32, TraceId>>>,
    /// Other segments that have spans of some of the traces in this segment.
    split_with: Mutex<BTreeSet<u64>>,
    /// When the newest row was received.
    pub(crate) received: Received,
    /// Whether the segment was removed from the store, so that dropping it removes its files.
    retired: AtomicBool,
}

/// The receipts and times that a segment covers; all bounds are inclusive. Times are microseconds
/// since the Unix epoch. Stored in the traces file's footer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct SegmentExtent {
    pub(crate) first_receipt: u64,
    pub(crate) last_receipt: u64,
    pub(crate) first_received: i64,
    pub(crate) last_received: i64,
    /// The earliest start of a trace part in this segment; `last_start` is the latest.
    pub(crate) first_start: i64,
    pub(crate) last_start: i64,
    /// Number of rows of the traces file.
    pub(crate) traces: u32,
    /// Whether the JSON of some span has an attribute that has a column of its own.
    pub(crate) has_misplaced: bool,
    /// Size in memory of the rows when they were hot, in bytes; 0 if an earlier version of Coral
    /// wrote the segment.
    #[serde(default)]
    pub(crate) hot_bytes: u64,
    #[serde(default)]
    pub(crate) services: SegmentServices,
    /// Whether digests say which traces have two rows; false if an earlier version of Coral wrote
    /// the segment.
    #[serde(default)]
    pub(crate) has_pairs: bool,
    /// Number of row groups of the spans file; 0 if each but the last has [`write::ROW_GROUP`] rows.
    #[serde(default)]
    pub(crate) row_groups: u32,
}

/// A segment that was opened or written.
pub(crate) struct Opened {
    pub(crate) segment: Arc<Segment>,
    /// The rows of traces that were split when the segment was written.
    pub(crate) split: Vec<SplitRow>,
}

impl Segment {
    /// The segment's number: the receipt of its first row.
    pub(crate) fn id(&self) -> u64 {
        self.extent.first_receipt
    }

    /// The receipts of its first and its last row.
    pub(crate) fn receipts(&self) -> (u64, u64) {
        (self.extent.first_receipt, self.extent.last_receipt)
    }

    /// Whether one of `ids` is the number of this segment, or of one that was merged into it.
    pub(crate) fn is_one_of(&self, ids: &BTreeSet<u64>) -> bool {
        ids.range(self.id()..=self.extent.last_receipt).next().is_some()
    }

    /// Whether the segment is `other`, or a segment into which `other` was merged.
    pub(crate) fn has_rows_of(&self, other: &Self) -> bool {
        self.id() <= other.id() && other.extent.last_receipt <= self.extent.last_receipt
    }

    /// Number of rows, each with one receipt.
    pub(crate) fn spans(&self) -> u64 {
        self.extent.last_receipt + 1 - self.extent.first_receipt
    }

    /// Size of the files in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.file_bytes + self.calls.bytes() + self.group_footers.bytes()
    }

    /// The spans file.
    pub(crate) fn spans_file(&self) -> &Path {
        &self.files.spans
    }

    /// Whether the segment may have spans of `trace`. The false-positive rate is 1 in 100,000.
    pub(crate) fn may_contain(&self, trace: HashedTrace) -> bool {
        self.filter.may_contain(trace)
    }

    /// Rows of the traces file whose trace is split: it has spans in another segment or in hot
    /// rows. May include traces that are not split.
    pub(crate) fn split_rows(&self) -> Arc<BTreeMap<u32, TraceId>> {
        self.split.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Marks `rows` of the traces file as belonging to split traces.
    pub(crate) fn mark_split(&self, rows: impl IntoIterator<Item = (u32, TraceId)>) {
        let mut split = self.split.write().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut split).extend(rows);
    }

    /// The other segments that have spans of some of the traces in this segment.
    pub(crate) fn split_with(&self) -> BTreeSet<u64> {
        self.lock_split_with().clone()
    }

    /// Records that segment `other` has spans of the same traces.
    pub(crate) fn note_split_with(&self, other: u64) {
        if !(self.id()..=self.extent.last_receipt).contains(&other) {
            self.lock_split_with().insert(other);
        }
    }

    fn lock_split_with(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.split_with.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks the segment as removed from the store: its files are removed when the last reader
    /// drops it.
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
    }

    /// Renames the files to `*.damaged`, because they cannot be read.
    pub(crate) fn quarantine(&self) {
        self.files.put_aside();
    }
}

impl Opened {
    /// Marks the traces that were split when the segment was written, and links the segment with those
    /// of `others` that have spans of these traces.
    pub(crate) fn mark_split<'a>(&self, others: impl Iterator<Item = &'a Arc<Segment>>) {
        let Self { segment, split } = self;
        segment.mark_split(split.iter().map(|split| (split.row, split.trace)));
        let older: BTreeSet<u64> =
            split.iter().flat_map(|split| &split.split_with).copied().collect();
        for other in others.filter(|other| other.is_one_of(&older)) {
            segment.note_split_with(other.id());
            other.note_split_with(segment.id());
        }
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        if *self.retired.get_mut() {
            self.footers.forget(&self.files.spans);
            self.footers.forget(&self.files.traces);
            self.files.remove();
        }
    }
}

/// The segment with number `id`, or into which it was merged. `segments` are in order of receipt.
pub(crate) fn numbered(segments: &[Arc<Segment>], id: u64) -> Option<&Arc<Segment>> {
    let after = segments.partition_point(|segment| segment.id() <= id);
    let segment = segments.get(after.checked_sub(1)?)?;
    (id <= segment.extent.last_receipt).then_some(segment)
}

/// Reads all spans of the spans file at `path`, which may have any name.
///
/// # Errors
/// [`StoreError`] when the file cannot be read completely.
pub(crate) fn read_all(path: &Path, footers: &Arc<Footers>) -> Result<Vec<StoredSpan>, StoreError> {
    footers.forget(path);
    let footer = footers.of(path)?;
    let (mut reader, mut spans) = (SpanReader::of(Columns::ALL), Vec::new());
    let budget = Budget::unlimited();
    for batch in file::read(path, footer, ProjectionMask::all(), file::Rows::All, &budget)? {
        reader.read(&batch, &budget, &mut spans)?;
    }
    Ok(spans)
}
