//! Merges neighbouring segments into one, so that what a store keeps in memory, opens and looks at
//! follows the spans and not the seals.
//!
//! The rows keep their order, which is that of receipt, and the row groups of the spans files are
//! copied as they are. The traces files are merged by trace id, and the parts of a trace summed up. The
//! files are written in a directory of their own, a piece at a time, and renamed when they are
//! complete: the spans file last. From then on the inputs are obsolete. They are removed when their
//! last reader is gone, or else when the store is opened.

mod extent;
mod rows;
mod spans;
mod traces;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::rows::MergedRows;
use self::spans::SpansCopy;
use self::traces::TracesMerge;
use super::load::remove_merge_dir;
use super::{Footers, Opened, Segment, SegmentFiles, SegmentName};
use crate::disk;
use crate::error::StoreError;
use crate::layout::{MERGE_DIR, create_dir};

/// A merge of neighbouring segments that is under way.
pub(crate) struct SegmentMerge {
    inputs: Vec<Arc<Segment>>,
    rows: MergedRows,
    name: SegmentName,
    /// The directory of the segments.
    dir: PathBuf,
    /// The files that are being written.
    files: SegmentFiles,
    footers: Arc<Footers>,
    state: State,
}

/// What is written next.
enum State {
    Traces(TracesMerge),
    Spans(SpansCopy),
    Index,
    Values(Opened),
    Complete(Arc<Segment>),
}

impl SegmentMerge {
    /// Begins to merge `inputs`, which are neighbours in order of receipt. `None` if their spans files
    /// have different columns, because different versions of Coral wrote them.
    ///
    /// # Errors
    /// [`StoreError::SegmentUnreadable`] when an input is damaged; another [`StoreError`] when the files
    /// cannot be written.
    pub(crate) fn begin(
        dir: &Path,
        inputs: Vec<Arc<Segment>>,
        footers: &Arc<Footers>,
    ) -> Result<Option<Self>, StoreError> {
        let Some(row_groups) = spans::row_groups_of_all(&inputs)? else { return Ok(None) };
        let (rows, services) = MergedRows::of(&inputs)?;
        let extent = extent::of(&inputs, rows.traces(), services, row_groups);
        let merge_dir = dir.join(MERGE_DIR);
        remove_merge_dir(dir);
        create_dir(&merge_dir).map_err(StoreError::directory(&merge_dir))?;
        let name = SegmentName::merged(extent.first_receipt, extent.last_receipt);
        let files = SegmentFiles::of(&merge_dir, name);
        let state = State::Traces(TracesMerge::begin(&files.traces, extent)?);
        let (dir, footers) = (dir.to_owned(), footers.clone());
        Ok(Some(Self { inputs, rows, name, dir, files, footers, state }))
    }

    /// The segments that are merged.
    pub(crate) fn inputs(&self) -> &[Arc<Segment>] {
        &self.inputs
    }

    /// Does some milliseconds of the work. Returns the merged segment when its Parquet files, its index
    /// and its filter of texts are complete.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub(crate) fn step(&mut self) -> Result<Option<Arc<Segment>>, StoreError> {
        let next = match &mut self.state {
            State::Traces(traces) => {
                if traces.step(&self.inputs, &self.rows)? {
                    return Ok(None);
                }
                traces.finish()?;
                State::Spans(SpansCopy::begin(&self.files.spans, &self.inputs)?)
            }
            State::Spans(spans) => {
                if spans.step(&self.inputs, &self.rows)? {
                    return Ok(None);
                }
                spans.finish()?;
                State::Index
            }
            State::Index => {
                self.forget_footers();
                let opened = Segment::open_without_index(self.files.clone(), &self.footers)?;
                State::Values(opened)
            }
            State::Values(opened) => {
                if let Some(segment) = Arc::get_mut(&mut opened.segment) {
                    segment.try_write_values()?;
                }
                State::Complete(opened.segment.clone())
            }
            State::Complete(segment) => return Ok(Some(segment.clone())),
        };
        self.state = next;
        Ok(None)
    }

    /// The row of the merged traces file for `row` of the traces file of an input.
    pub(crate) fn row(&self, input: usize, row: u32) -> u32 {
        self.rows.row(input, row)
    }

    /// The segments, besides the inputs, that have spans of some of the traces.
    pub(crate) fn links(&self) -> BTreeSet<u64> {
        self.inputs.iter().flat_map(|input| input.split_with()).collect()
    }

    /// The files that [`publish`](Self::publish) makes.
    pub(crate) fn published_files(&self) -> SegmentFiles {
        SegmentFiles::of(&self.dir, self.name)
    }

    /// Renames the complete files, and opens the segment. From then on the inputs are obsolete when the
    /// store is opened. After an error the files may be there.
    ///
    /// # Errors
    /// [`StoreError`] when the files cannot be renamed, synced or opened.
    pub(crate) fn publish(&self) -> Result<Arc<Segment>, StoreError> {
        self.forget_footers();
        let (from, to) = (&self.files, self.published_files());
        for (from, to) in from.derived().into_iter().zip(to.derived()) {
            if let Err(error) = disk::rename(from, to) {
                tracing::debug!(%error, file = %to.display(), "could not rename a file of a merged segment");
            }
        }
        for (from, to) in [(&from.traces, &to.traces), (&from.spans, &to.spans)] {
            self.footers.forget(to);
            disk::rename(from, to).map_err(StoreError::directory(to))?;
        }
        disk::sync_directory_of(&to.spans).map_err(StoreError::directory(&self.dir))?;
        Ok(Segment::open(to, &self.footers)?.segment)
    }

    fn forget_footers(&self) {
        self.footers.forget(&self.files.spans);
        self.footers.forget(&self.files.traces);
    }
}

impl Drop for SegmentMerge {
    fn drop(&mut self) {
        let files = &self.files;
        for file in [&files.spans, &files.traces].into_iter().chain(files.derived()) {
            // What stays is removed by the next merge, or when the store is opened.
            let _ = disk::remove(file);
        }
        self.forget_footers();
    }
}
