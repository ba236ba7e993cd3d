//! Reading a segment: its traces by id, its spans by row.

use std::fs::File;
use std::io::{BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use bytes::Bytes;
use coral_trace::TraceId;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::reader::{ChunkReader, Length};

use super::filter::TraceFilter;
use super::traces::{CONTINUES, DETAIL, LIGHT, Lights, TRACE_ID, TraceRow};
use super::write::{EXTENT_KEY, FENCE_ROWS};
use super::{Segment, SegmentExtent, SegmentFiles};
use crate::error::StoreError;
use crate::row::damaged;

/// The footers of both files, read when they are needed.
#[derive(Default)]
pub(super) struct Footers {
    traces: Mutex<Option<ArrowReaderMetadata>>,
    spans: Mutex<Option<ArrowReaderMetadata>>,
    /// The same, with texts as dictionaries.
    coded_spans: Mutex<Option<ArrowReaderMetadata>>,
}

/// How texts of a spans file are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Texts {
    /// One by one.
    Plain,
    /// As codes and what they stand for: to look for one among many.
    Coded,
}

impl Segment {
    /// Opens the segment of these files: reads the footers and every trace id.
    ///
    /// # Errors
    /// [`StoreError`] when either is missing, damaged, or belongs to another segment.
    pub(super) fn open(files: SegmentFiles) -> Result<Self, StoreError> {
        let bytes = file_bytes(&files.spans)? + file_bytes(&files.traces)?;
        let footers = Footers::default();
        let traces = footers.of_traces(&files)?;
        let extent = read_extent(&traces)?;
        let mut segment = Self {
            split: RwLock::default(),
            extent,
            bytes,
            files,
            filter: TraceFilter::of(&[]),
            fences: Vec::new(),
            footers,
            links: Mutex::default(),
            retired: AtomicBool::new(false),
        };
        let ids = segment.trace_ids(0..segment.extent.traces as usize)?;
        segment.filter = TraceFilter::of(&ids);
        segment.fences = ids.iter().copied().step_by(FENCE_ROWS).collect();
        // A trace of two collectors has two rows, and each says half of it.
        for (row, pair) in (0..).zip(ids.windows(2)).filter(|(_, pair)| pair[0] == pair[1]) {
            let trace = TraceId::try_from(pair[0]).map_err(|error| damaged("trace_id", &error))?;
            segment.mark_split([(row, trace), (row + 1, trace)]);
        }
        let rows = segment.footers.of_spans(&segment.files)?.metadata().file_metadata().num_rows();
        if rows as u64 != segment.spans() {
            return Err(damaged(
                "receipt",
                &format!("{rows} rows for {} receipts", segment.spans()),
            ));
        }
        Ok(segment)
    }

    /// The rows of the traces file that belong to `traces`, which are in order: with the index in `traces`.
    pub(crate) fn find(&self, traces: &[TraceId]) -> Result<Vec<(u32, usize)>, StoreError> {
        let mut found = Vec::new();
        let mut block: Option<(std::ops::Range<usize>, Vec<u128>)> = None;
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

    /// Between which fences `id` lies. A trace has at most two rows, which may lie at both sides of a fence.
    fn rows_that_may_be(&self, id: u128) -> std::ops::Range<usize> {
        let before = self.fences.partition_point(|fence| *fence < id).saturating_sub(1);
        let after = self.fences.partition_point(|fence| *fence <= id);
        before * FENCE_ROWS..(after * FENCE_ROWS).min(self.extent.traces as usize)
    }

    /// At least the first `limit` of its trace ids from `first` to `last`, both inside.
    pub(crate) fn ids_between(
        &self,
        first: u128,
        last: u128,
        limit: usize,
    ) -> Result<Vec<u128>, StoreError> {
        let (begin, end) = (self.rows_that_may_be(first).start, self.rows_that_may_be(last).end);
        // Two rows may be of one trace, and a block of rows may lie before `first`.
        let rows = begin..end.min(begin + FENCE_ROWS + 2 * limit);
        let mut ids = self.trace_ids(rows)?;
        ids.retain(|id| (first..=last).contains(id));
        Ok(ids)
    }

    /// Trace ids of these rows of the traces file.
    pub(crate) fn trace_ids(&self, rows: std::ops::Range<usize>) -> Result<Vec<u128>, StoreError> {
        let mut ids = Vec::with_capacity(rows.len());
        for batch in self.read_traces(&[TRACE_ID], Some(&[rows]))? {
            let column = batch.column(0).as_fixed_size_binary();
            ids.extend(column.iter().flatten().map(|id| {
                u128::from_be_bytes(id.try_into().expect("the column is as wide as a trace id"))
            }));
        }
        Ok(ids)
    }

    /// What decides about every row of the traces file.
    pub(crate) fn lights(&self) -> Result<Lights, StoreError> {
        Ok(Lights(self.read_traces(&[LIGHT], None)?))
    }

    /// The rows of the traces file that say of themselves that older segments have spans of their trace.
    pub(crate) fn continued(&self) -> Result<Vec<u32>, StoreError> {
        let mut rows = Vec::new();
        let mut at = 0;
        for batch in self.read_traces(&[CONTINUES], None)? {
            let column = batch.column(0).as_boolean();
            rows.extend((at..).zip(column.values()).filter(|(_, set)| *set).map(|(row, _)| row));
            at += batch.num_rows() as u32;
        }
        Ok(rows)
    }

    /// Trace id and detail of these rows of the traces file, which are in order.
    pub(crate) fn details(&self, rows: &[u32]) -> Result<Vec<(TraceId, TraceRow)>, StoreError> {
        let mut details = Vec::with_capacity(rows.len());
        for batch in self.read_traces(&[TRACE_ID, DETAIL], Some(&ranges(rows)))? {
            let ids = batch.column(0).as_fixed_size_binary();
            let texts = batch.column(1).as_string::<i32>();
            for (id, text) in ids.iter().flatten().zip(texts.iter().flatten()) {
                details.push((crate::row::trace_id(id)?, TraceRow::parse(text)?));
            }
        }
        Ok(details)
    }

    /// These rows of the spans file, which are in order: every column of `ROW_SCHEMA`, or those named.
    pub(crate) fn spans_at(
        &self,
        rows: &[u32],
        columns: Option<&[&str]>,
    ) -> Result<Vec<RecordBatch>, StoreError> {
        self.read_spans(Some(&ranges(rows)), columns, Texts::Plain)
    }

    /// Ranges of rows of the spans file, or all: every column, or those named, in the order of the file.
    pub(crate) fn read_spans(
        &self,
        rows: Option<&[std::ops::Range<usize>]>,
        columns: Option<&[&str]>,
        texts: Texts,
    ) -> Result<Vec<RecordBatch>, StoreError> {
        let footer = match texts {
            Texts::Plain => self.footers.of_spans(&self.files)?,
            Texts::Coded => self.footers.of_coded_spans(&self.files)?,
        };
        let schema = footer.parquet_schema();
        let mask = columns.map_or_else(ProjectionMask::all, |columns| {
            ProjectionMask::columns(schema, columns.iter().copied())
        });
        read(&self.files.spans, footer.clone(), mask, rows)
    }

    fn read_traces(
        &self,
        columns: &[usize],
        rows: Option<&[std::ops::Range<usize>]>,
    ) -> Result<Vec<RecordBatch>, StoreError> {
        let footer = self.footers.of_traces(&self.files)?;
        let mask = ProjectionMask::leaves(footer.parquet_schema(), columns.iter().copied());
        read(&self.files.traces, footer, mask, rows)
    }
}

/// A file that is read at places: two system calls fewer for each page than the library's own way.
struct SegmentFile {
    file: Arc<File>,
    len: u64,
}

/// The rest of a file from a place on.
struct Rest {
    file: Arc<File>,
    at: u64,
}

impl SegmentFile {
    fn open(path: &Path) -> Result<Self, StoreError> {
        let open = || {
            let file = File::open(path)?;
            let len = file.metadata()?.len();
            std::io::Result::Ok(Self { file: Arc::new(file), len })
        };
        open().map_err(StoreError::directory(path))
    }
}

impl Length for SegmentFile {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for SegmentFile {
    type T = BufReader<Rest>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        // Only headers are read this way.
        Ok(BufReader::with_capacity(512, Rest { file: self.file.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, start)?;
        Ok(bytes.into())
    }
}

impl Read for Rest {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// Consecutive rows as ranges.
pub(crate) fn ranges(rows: &[u32]) -> Vec<std::ops::Range<usize>> {
    let mut ranges: Vec<std::ops::Range<usize>> = Vec::new();
    for row in rows.iter().map(|row| *row as usize) {
        match ranges.last_mut() {
            Some(last) if last.end == row => last.end = row + 1,
            Some(last) if last.end > row => {}
            _ => ranges.push(row..row + 1),
        }
    }
    ranges
}

fn read(
    path: &Path,
    footer: ArrowReaderMetadata,
    mask: ProjectionMask,
    rows: Option<&[std::ops::Range<usize>]>,
) -> Result<Vec<RecordBatch>, StoreError> {
    let file = SegmentFile::open(path)?;
    let group_rows: Vec<usize> =
        footer.metadata().row_groups().iter().map(|group| group.num_rows() as usize).collect();
    let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, footer)
        .with_projection(mask)
        .with_batch_size(32_768);
    if let Some(rows) = rows {
        let (groups, selection) = choose(&group_rows, rows);
        builder = builder.with_row_groups(groups).with_row_selection(selection);
    }
    let reader = builder.build().map_err(StoreError::segment(path))?;
    reader.collect::<Result<_, _>>().map_err(|error| StoreError::segment(path)(error.into()))
}

/// The row groups that hold any of `rows`, and which of their rows those are.
fn choose(group_rows: &[usize], rows: &[std::ops::Range<usize>]) -> (Vec<usize>, RowSelection) {
    let (mut groups, mut chosen) = (Vec::new(), Vec::new());
    let (mut begin, mut offset) = (0, 0);
    for (group, count) in group_rows.iter().enumerate() {
        let end = begin + count;
        let first = rows.partition_point(|range| range.end <= begin);
        let inside = rows[first..].iter().take_while(|range| range.start < end);
        let before = chosen.len();
        chosen.extend(inside.map(|range| {
            range.start.max(begin) - begin + offset..range.end.min(end) - begin + offset
        }));
        if chosen.len() > before {
            groups.push(group);
            offset += count;
        }
        begin = end;
    }
    (groups, RowSelection::from_consecutive_ranges(chosen.into_iter(), offset))
}

impl Footers {
    fn of_traces(&self, files: &SegmentFiles) -> Result<ArrowReaderMetadata, StoreError> {
        cached(&self.traces, || load(&files.traces))
    }

    fn of_spans(&self, files: &SegmentFiles) -> Result<ArrowReaderMetadata, StoreError> {
        cached(&self.spans, || load(&files.spans))
    }

    fn of_coded_spans(&self, files: &SegmentFiles) -> Result<ArrowReaderMetadata, StoreError> {
        cached(&self.coded_spans, || {
            let plain = self.of_spans(files)?;
            let coded = coded(plain.schema());
            let options = options().with_schema(Arc::new(coded));
            ArrowReaderMetadata::try_new(plain.metadata().clone(), options)
                .map_err(StoreError::segment(&files.spans))
        })
    }
}

fn cached(
    slot: &Mutex<Option<ArrowReaderMetadata>>,
    load: impl FnOnce() -> Result<ArrowReaderMetadata, StoreError>,
) -> Result<ArrowReaderMetadata, StoreError> {
    if let Some(footer) = slot.lock().unwrap_or_else(PoisonError::into_inner).clone() {
        return Ok(footer);
    }
    let footer = load()?;
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(footer.clone());
    Ok(footer)
}

fn options() -> ArrowReaderOptions {
    ArrowReaderOptions::new().with_offset_index_policy(PageIndexPolicy::Required)
}

fn load(path: &Path) -> Result<ArrowReaderMetadata, StoreError> {
    ArrowReaderMetadata::load(&SegmentFile::open(path)?, options())
        .map_err(StoreError::segment(path))
}

/// The schema with its texts as dictionaries.
fn coded(schema: &Schema) -> Schema {
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        // JSON is rarely twice the same.
        DataType::Utf8 if !["attributes", "extra"].contains(&field.name().as_str()) => {
            let coded = DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8));
            Arc::new(Field::new(field.name(), coded, field.is_nullable()))
        }
        _ => field.clone(),
    });
    Schema::new(fields.collect::<Vec<_>>())
}

fn read_extent(footer: &ArrowReaderMetadata) -> Result<SegmentExtent, StoreError> {
    let pairs = footer.metadata().file_metadata().key_value_metadata();
    let extent = pairs
        .into_iter()
        .flatten()
        .find(|pair| pair.key == EXTENT_KEY)
        .and_then(|pair| pair.value.as_deref())
        .ok_or_else(|| damaged(EXTENT_KEY, &"nothing"))?;
    serde_json::from_str(extent).map_err(|error| damaged(EXTENT_KEY, &error))
}

fn file_bytes(path: &Path) -> Result<u64, StoreError> {
    Ok(std::fs::metadata(path).map_err(StoreError::directory(path))?.len())
}
