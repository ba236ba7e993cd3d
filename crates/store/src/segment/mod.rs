//! Sealed segments: two immutable Parquet files each, an index, a filter of texts, and sums of calls.
//!
//! `N.spans.parquet` has the rows from receipt N on, in order of receipt. `N.traces.parquet` has a
//! row for each trace and collector in the segment, by trace id. A segment exists when both files
//! do: the spans file is renamed into place last, and removed first. `N.index` repeats what a segment
//! has in memory, `N.values` which texts its columns have, and `N.calls` what its traces say about
//! calls.

mod calls;
mod damaged;
mod digests;
mod file;
mod filter;
mod fixed_width;
mod footer;
mod groups;
mod index;
mod read;
mod services;
mod traces;
mod values;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
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
pub(crate) use self::filter::HashedTrace;
use self::filter::TraceFilter;
use self::fixed_width::FixedWidthColumn;
pub(crate) use self::footer::Footers;
pub(crate) use self::groups::RowGroup;
pub(crate) use self::index::SplitRow;
pub(crate) use self::services::SegmentServices;
pub(crate) use self::values::{StoredText, TextFilter};
pub(crate) use self::write::{TRACE_ROW, write_spans};
use crate::clock::Received;
use crate::disk;
use crate::error::StoreError;
use crate::parallel;
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
}

/// Paths of a segment's files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SegmentFiles {
    pub(crate) spans: PathBuf,
    pub(crate) traces: PathBuf,
    /// See [`index`].
    pub(crate) index: PathBuf,
    /// See [`CallsFile`].
    pub(crate) calls: PathBuf,
    /// See [`values`].
    pub(crate) values: PathBuf,
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

    /// Number of rows, each with one receipt.
    pub(crate) fn spans(&self) -> u64 {
        self.extent.last_receipt + 1 - self.extent.first_receipt
    }

    /// Size of the files in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.file_bytes + self.calls.bytes()
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
        if other != self.id() {
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
        put_aside(&self.files);
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
        for other in others.filter(|other| older.contains(&other.id())) {
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

impl SegmentFiles {
    /// The files of segment `id` in `dir`.
    pub(crate) fn of(dir: &Path, id: u64) -> Self {
        Self {
            spans: dir.join(format!("{id:012}.spans.parquet")),
            traces: dir.join(format!("{id:012}.traces.parquet")),
            index: dir.join(format!("{id:012}.index")),
            calls: dir.join(format!("{id:012}.calls")),
            values: dir.join(format!("{id:012}.values")),
        }
    }

    /// Removes the spans file, then the other files. If the spans file cannot be removed, both
    /// files stay and are loaded again when the store is next opened. Other files that stay without
    /// it are removed then.
    fn remove(&self) {
        for file in [&self.spans, &self.traces, &self.index, &self.values, &self.calls] {
            if let Err(error) = disk::remove(file) {
                tracing::warn!(%error, file = %file.display(), "could not remove an expired segment");
                // A spans file without a traces file would count as a damaged segment.
                return;
            }
        }
    }
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

/// Renames the Parquet files so that [`load`] ignores them, for inspection or repair.
fn put_aside(files: &SegmentFiles) {
    for file in [&files.spans, &files.traces] {
        if let Err(error) = disk::rename(file, &damaged_name(file)) {
            tracing::warn!(%error, file = %file.display(), "could not set a damaged file aside");
        }
    }
    for file in [&files.index, &files.values, &files.calls] {
        if let Err(error) = disk::remove(file) {
            tracing::debug!(%error, file = %file.display(), "a file of a damaged segment stays until the next start");
        }
    }
}

/// The name of a damaged file.
pub(crate) fn damaged_name(file: &Path) -> PathBuf {
    file.with_extension("damaged")
}

/// Loads all segments in `dir`, oldest first. Partial files are removed. Unreadable segments are
/// set aside with a log entry, so that everything else stays readable.
///
/// # Errors
/// [`StoreError::Directory`] when `dir` or a file cannot be read, which does not mean damage.
pub(crate) fn load(dir: &Path, footers: &Arc<Footers>) -> Result<Vec<Opened>, StoreError> {
    let files: Vec<SegmentFiles> =
        sweep(dir)?.into_iter().map(|id| SegmentFiles::of(dir, id)).collect();
    let opened = parallel::map(&files, |files| Segment::open(files.clone(), footers));
    let mut segments = Vec::new();
    for (files, opened) in files.into_iter().zip(opened) {
        match opened {
            Ok(opened) => segments.push(opened),
            Err(error) if error.is_damage() => {
                let error = crate::error::chain(&error);
                let file = files.spans.display();
                tracing::error!(%file, error, "a damaged segment was set aside");
                put_aside(&files);
            }
            // The error does not indicate damage, so all files stay.
            Err(error) => return Err(error),
        }
    }
    Ok(segments)
}

/// The numbers of segments with a spans file, in order. Removes files that belong to no segment.
fn sweep(dir: &Path) -> Result<BTreeSet<u64>, StoreError> {
    let failed = || StoreError::directory(dir);
    let entries = std::fs::read_dir(dir).map_err(failed())?;
    let paths: Vec<PathBuf> =
        entries.map(|entry| Ok(entry?.path())).collect::<Result<_, _>>().map_err(failed())?;
    let ids: BTreeSet<u64> = paths.iter().filter_map(|path| spans_id(path)).collect();
    let belongs = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str());
        let stem = name.and_then(|name| name.split_once('.')).map(|(stem, _)| stem);
        stem.and_then(|stem| stem.parse().ok()).is_some_and(|id: u64| ids.contains(&id))
    };
    for path in &paths {
        let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
        if kind == "tmp"
            || (["parquet", "index", "values", "calls"].contains(&kind) && !belongs(path))
        {
            tracing::info!(file = %path.display(), "removing a partial file after a crash");
            if let Err(error) = disk::remove(path) {
                tracing::warn!(%error, file = %path.display(), "could not remove a partial file after a crash");
            }
        }
    }
    Ok(ids)
}

fn spans_id(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.strip_suffix(".spans.parquet")?.parse().ok()
}
