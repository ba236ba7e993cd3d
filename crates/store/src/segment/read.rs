//! Reads a segment: traces by id, spans by row.

use std::ops::Range;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, RwLock};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use coral_engine::Budget;
use coral_trace::{TraceId, UnixNanos};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;

use super::calls::CallsFile;
use super::file::{Rows, ranges, read};
use super::footer::Footers;
use super::group_footers::GroupFooters;
use super::index::{self, SegmentIndex};
use super::traces::{DETAIL, TraceRow};
use super::values;
use super::write::{EXTENT_KEY, FENCE_ROWS, TRACE_ROW};
use super::{Opened, Segment, SegmentExtent, SegmentFiles};
use crate::clock::Received;
use crate::error::StoreError;
use crate::row::damaged;

impl Segment {
    /// Opens the segment of these files by its index, or by the files themselves if the index is
    /// missing or does not fit.
    ///
    /// # Errors
    /// [`StoreError`] when a file is missing, damaged or belongs to another segment.
    pub(super) fn open(files: SegmentFiles, footers: &Arc<Footers>) -> Result<Opened, StoreError> {
        let sizes = index::sizes(&files)?;
        match SegmentIndex::read(&files, sizes) {
            Some(index) => Ok(Self::of(files, sizes, index, footers)),
            None => Self::open_without_index(files, footers),
        }
    }

    /// Opens the segment of these files by the files themselves, and writes the index and the footers
    /// of row groups.
    ///
    /// # Errors
    /// [`StoreError`] when a file is missing, damaged or belongs to another segment.
    pub(super) fn open_without_index(
        files: SegmentFiles,
        footers: &Arc<Footers>,
    ) -> Result<Opened, StoreError> {
        let sizes = index::sizes(&files)?;
        let index = SegmentIndex::of(&files, footers)?;
        let footer = footers.of(&files.spans)?;
        GroupFooters::write(&files.footers, sizes[0], footer.metadata());
        if let Err(error) = index.write(&files, sizes) {
            let file = files.index.display();
            tracing::warn!(%error, %file, "could not write the index of a segment; the next start makes it again");
        }
        Ok(Self::of(files, sizes, index, footers))
    }

    fn of(
        files: SegmentFiles,
        sizes: [u64; 2],
        index: SegmentIndex,
        footers: &Arc<Footers>,
    ) -> Opened {
        let index_bytes = std::fs::metadata(&files.index).map_or(0, |file| file.len());
        let values_bytes = values::size(&files.values, sizes[0]);
        let SegmentIndex { extent, fences, filter, digests, ids, split } = index;
        let last_received = UnixNanos::from_micros(extent.last_received);
        let segment = Self {
            file_bytes: sizes.iter().sum::<u64>() + index_bytes + values_bytes.unwrap_or_default(),
            calls: CallsFile::of(files.calls.clone(), sizes),
            group_footers: GroupFooters::open(files.footers.clone(), sizes[0]),
            values_bytes,
            split: RwLock::default(),
            extent,
            digests,
            ids,
            files,
            filter,
            fences,
            footers: footers.clone(),
            split_with: Mutex::default(),
            received: Received::before_opening(last_received),
            retired: AtomicBool::new(false),
        };
        Opened { segment: Arc::new(segment), split }
    }

    /// The rows of the traces file that belong to `traces`, each with the index of its trace in
    /// `traces`, which must be sorted.
    pub(crate) fn find(&self, traces: &[TraceId]) -> Result<Vec<(u32, usize)>, StoreError> {
        let mut found = Vec::new();
        let mut block: Option<(Range<usize>, Vec<u128>)> = None;
        for (index, trace) in traces.iter().enumerate() {
            let id = trace.as_u128();
            let range = self.rows_that_may_be(id);
            if block.as_ref().is_none_or(|(read, _)| *read != range) {
                block = Some((range.clone(), self.trace_ids(range.clone())?));
            }
            let Some((_, ids)) = &block else { continue };
            let first = ids.partition_point(|other| *other < id);
            let same = ids[first..].iter().take_while(|other| **other == id).count();
            found.extend((first..first + same).map(|at| ((range.start + at) as u32, index)));
        }
        Ok(found)
    }

    /// The rows between fences that may hold `id`. The two rows of a trace with two collectors can
    /// lie on different sides of a fence.
    fn rows_that_may_be(&self, id: u128) -> Range<usize> {
        let before = self.fences.partition_point(|fence| *fence < id).saturating_sub(1);
        let after = self.fences.partition_point(|fence| *fence <= id);
        before * FENCE_ROWS..(after * FENCE_ROWS).min(self.extent.traces as usize)
    }

    /// The trace ids from `first` to `last`, inclusive, in order: at least the first `limit` of
    /// them, if there are so many.
    pub(crate) fn ids_between(
        &self,
        first: u128,
        last: u128,
        limit: usize,
    ) -> Result<Vec<u128>, StoreError> {
        let (begin, end) = (self.rows_that_may_be(first).start, self.rows_that_may_be(last).end);
        // A trace can have two rows, and the block of `first` can begin with smaller ids.
        let rows = begin..end.min(begin + FENCE_ROWS + 2 * limit);
        let mut ids = self.trace_ids(rows)?;
        ids.retain(|id| (first..=last).contains(id));
        Ok(ids)
    }

    /// Trace ids of these rows of the traces file.
    pub(crate) fn trace_ids(&self, rows: Range<usize>) -> Result<Vec<u128>, StoreError> {
        index::trace_ids(&self.ids, rows.start as u32..rows.end as u32)
    }

    /// Trace id and detail of the rows `rows` of the traces file. `rows` must be sorted.
    pub(crate) fn details(
        &self,
        rows: &[u32],
        budget: &Budget,
    ) -> Result<Vec<(TraceId, TraceRow)>, StoreError> {
        let (file, mut id) = (self.ids.open()?, Vec::new());
        let mut details = Vec::with_capacity(rows.len());
        let mut at = rows.iter();
        for batch in self.read_traces(&[DETAIL], Rows::Ranges(&ranges(rows)), budget)? {
            let found = TraceRow::of_column(batch.column(0), self.spans())?;
            for (detail, row) in found.into_iter().zip(&mut at) {
                self.ids.read(&file, *row..row + 1, &mut id)?;
                details.push((crate::row::trace_id(&id)?, detail));
            }
        }
        Ok(details)
    }

    /// The columns named `columns` of the rows `rows` of the spans file. `rows` must be sorted.
    pub(crate) fn spans_at(
        &self,
        rows: &[u32],
        columns: &[&str],
        budget: &Budget,
    ) -> Result<Vec<RecordBatch>, StoreError> {
        self.read_spans(&ranges(rows), columns, budget)
    }

    /// The columns named `columns` of ranges of rows of the spans file, in file order.
    pub(crate) fn read_spans(
        &self,
        rows: &[Range<usize>],
        columns: &[&str],
        budget: &Budget,
    ) -> Result<Vec<RecordBatch>, StoreError> {
        let mut batches = Vec::new();
        for group in self.row_groups()? {
            let first = rows.partition_point(|range| range.end <= group.first_row as usize);
            let inside = rows[first..].iter().take_while(|range| range.start < group.end());
            let inside: Vec<Range<usize>> = inside.map(|range| group.part_of(range)).collect();
            if !inside.is_empty() {
                batches.extend(group.read_stored(columns, &inside, budget)?);
            }
        }
        Ok(batches)
    }

    /// For each of the rows `spans` of the spans file, the row of its trace in the traces file.
    /// `spans` must be sorted.
    pub(crate) fn trace_rows(
        &self,
        spans: &[u32],
        budget: &Budget,
    ) -> Result<Vec<u32>, StoreError> {
        let mut rows = Vec::with_capacity(spans.len());
        for batch in self.spans_at(spans, &[TRACE_ROW], budget)? {
            rows.extend_from_slice(batch.column(0).as_primitive::<UInt32Type>().values());
        }
        match rows.iter().find(|row| **row >= self.extent.traces) {
            Some(row) => Err(damaged(TRACE_ROW, row)),
            None => Ok(rows),
        }
    }

    fn read_traces(
        &self,
        columns: &[usize],
        rows: Rows<'_>,
        budget: &Budget,
    ) -> Result<Vec<RecordBatch>, StoreError> {
        let footer = self.footers.of(&self.files.traces)?;
        let mask = ProjectionMask::leaves(footer.parquet_schema(), columns.iter().copied());
        read(&self.files.traces, footer, mask, rows, budget)
    }
}

pub(super) fn read_extent(footer: &ArrowReaderMetadata) -> Result<SegmentExtent, StoreError> {
    let pairs = footer.metadata().file_metadata().key_value_metadata();
    let extent = pairs
        .into_iter()
        .flatten()
        .find(|pair| pair.key == EXTENT_KEY)
        .and_then(|pair| pair.value.as_deref())
        .ok_or_else(|| damaged(EXTENT_KEY, &"nothing"))?;
    serde_json::from_str(extent).map_err(|error| damaged(EXTENT_KEY, &error))
}
