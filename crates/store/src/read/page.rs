//! Pages of spans in order of receipt, which colonies poll.

use std::collections::BTreeSet;

use arrow_array::cast::AsArray;
use arrow_array::types::{UInt8Type, UInt64Type};
use arrow_array::{BooleanArray, RecordBatch};
use arrow_buffer::BooleanBuffer;
use arrow_select::filter::filter_record_batch;
use coral_engine::{Budget, Columns, StoredSpan};
use coral_trace::{Collector, SpanKind};

use crate::error::StoreError;
use crate::hot::generation::{Rows, column_names};
use crate::hot::live::Live;
use crate::row::batch::{kind_number, row_bytes};
use crate::row::{SpanReader, column_named, damaged};
use crate::segment::Segment;

/// A page of spans, with its position in the store's sequence.
#[derive(Clone, PartialEq, Debug)]
pub struct Page {
    /// Spans in order of receipt.
    pub spans: Vec<StoredSpan>,
    /// The cursor for the next page. May be above the receipt of the last span in `spans`, because
    /// spans that are not wanted are skipped.
    pub next_receipt: u64,
    /// The newest readable receipt. Equals `next_receipt` when the reader has everything.
    pub last_receipt: u64,
    /// The oldest stored receipt. If this is above the reader's cursor + 1, the spans between have
    /// expired.
    pub first_receipt: u64,
}

/// How much a page holds at most. A page has at least one span if one is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageLimit {
    /// Number of spans.
    pub spans: usize,
    /// Size in memory of the rows that are read, in bytes. Rows are read in pieces that fit if they
    /// are as large as the rows before; the last piece may exceed the limit.
    pub bytes: usize,
}

impl PageLimit {
    /// At most `spans` spans, of any size.
    pub const fn of_spans(spans: usize) -> Self {
        Self { spans, bytes: usize::MAX }
    }
}

/// How many rows are read first from a segment, at most. The next pieces may be larger. Each piece
/// decodes the dictionaries of its row group again, so a page of usual rows should need few pieces.
const FIRST_ROWS: usize = 2_048;

/// Which spans a page has, and which of their columns are read.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// Only spans of this collector; of both if `None`.
    pub(crate) collector: Option<Collector>,
    /// Only spans of these services; of all services if `None`.
    pub(crate) services: Option<&'a BTreeSet<String>>,
    /// Only spans of these kinds; of all kinds if empty.
    pub(crate) kinds: &'a [SpanKind],
    /// The columns to read.
    pub(crate) columns: Columns,
}

/// Wanted rows in order of receipt, with their position in the store's sequence.
pub(crate) struct PageRows {
    /// The rows, with the schema of segments and the wanted columns.
    pub(crate) batches: Vec<PageBatch>,
    /// See [`Page`] for these three.
    pub(crate) next_receipt: u64,
    pub(crate) last_receipt: u64,
    pub(crate) first_receipt: u64,
}

/// Rows of one place.
pub(crate) struct PageBatch {
    pub(crate) rows: RecordBatch,
    /// The first and last receipt of the segment that has the rows; `None` if they are hot.
    segment: Option<(u64, u64)>,
}

impl PageBatch {
    /// The error of reading the rows, which names their segment if it is damaged.
    pub(crate) fn unreadable(&self) -> impl FnOnce(StoreError) -> StoreError + use<> {
        let segment = self.segment;
        move |error| match segment {
            Some(receipts) => StoreError::unreadable(receipts)(error),
            None => error,
        }
    }
}

/// The spans of the first wanted rows with receipts above `after`, up to `limit`. About as many rows
/// are decoded as the page has.
pub(crate) fn page(
    live: &Live,
    wanted: Wanted<'_>,
    after: u64,
    limit: PageLimit,
    budget: &Budget,
) -> Result<Page, StoreError> {
    let rows = page_rows(live, wanted, after, limit, budget)?;
    let PageRows { batches, next_receipt, last_receipt, first_receipt } = rows;
    let mut reader = SpanReader::of(wanted.columns);
    let mut spans = Vec::new();
    for batch in &batches {
        reader.read(&batch.rows, budget, &mut spans).map_err(batch.unreadable())?;
    }
    Ok(Page { spans, next_receipt, last_receipt, first_receipt })
}

/// The first wanted rows with receipts above `after`, up to `limit`. Hot rows are not copied if all
/// are wanted.
pub(crate) fn page_rows(
    live: &Live,
    wanted: Wanted<'_>,
    after: u64,
    limit: PageLimit,
    budget: &Budget,
) -> Result<PageRows, StoreError> {
    budget.check()?;
    let state = live.read();
    let (last_receipt, first_receipt) = (state.last_receipt(), state.first_receipt());
    let segments = state.segments.clone();
    let hot: Vec<Rows> = state
        .generations()
        .filter(|generation| generation.rows() > 0 && generation.last_receipt() > after)
        .map(|generation| {
            let first = (after + 1).saturating_sub(generation.first_receipt);
            generation.from(first as u32)
        })
        .collect();
    drop(state);
    let mut page =
        Collected { batches: Vec::new(), segment: None, rows: 0, bytes: 0, limit, budget };
    for segment in segments.iter().filter(|segment| segment.extent.last_receipt > after) {
        if page.is_full() {
            break;
        }
        page.segment = Some(segment.receipts());
        page.add_segment(segment, wanted, after)
            .map_err(StoreError::unreadable(segment.receipts()))?;
    }
    page.segment = None;
    for batch in hot.iter().flat_map(Rows::batches) {
        if page.is_full() {
            break;
        }
        page.add_hot(&batch, wanted)?;
    }
    let next_receipt = match page.newest_receipt()? {
        Some(newest) if page.is_full() => newest,
        _ => last_receipt.max(after),
    };
    Ok(PageRows { batches: page.batches, next_receipt, last_receipt, first_receipt })
}

struct Collected<'a> {
    /// Batches with at least one row.
    batches: Vec<PageBatch>,
    /// The receipts of the segment that is being read; `None` for hot rows.
    segment: Option<(u64, u64)>,
    /// The number of rows of `batches`, and their size in memory.
    rows: usize,
    bytes: usize,
    limit: PageLimit,
    budget: &'a Budget,
}

impl Collected<'_> {
    fn is_full(&self) -> bool {
        self.rows >= self.limit.spans || self.bytes >= self.limit.bytes
    }

    /// How many rows of `row_bytes` bytes each still fit, at least 1.
    fn fitting(&self, row_bytes: usize) -> usize {
        (self.limit.bytes.saturating_sub(self.bytes) / row_bytes.max(1)).max(1)
    }

    fn newest_receipt(&self) -> Result<Option<u64>, StoreError> {
        let Some(batch) = self.batches.last() else { return Ok(None) };
        let receipts = column_named(&batch.rows, "receipt")?.as_primitive::<UInt64Type>();
        Ok(receipts.values().last().copied())
    }

    fn add(&mut self, batch: &RecordBatch) {
        let wanted = (self.limit.spans - self.rows).min(batch.num_rows());
        if wanted == 0 {
            return;
        }
        let batch = batch.slice(0, wanted);
        self.bytes += row_bytes(&batch);
        self.rows += wanted;
        self.batches.push(PageBatch { rows: batch, segment: self.segment });
    }

    /// Adds the wanted rows of `batch`. Copies them in pieces, because a batch may be much larger
    /// than a page.
    fn add_hot(&mut self, batch: &RecordBatch, wanted: Wanted<'_>) -> Result<(), StoreError> {
        let mean = row_bytes(batch) / batch.num_rows().max(1);
        let mut from = 0;
        while from < batch.num_rows() && !self.is_full() {
            let rows = self.fitting(mean).min(batch.num_rows() - from);
            self.budget.check()?;
            self.budget.count_rows(rows as u64)?;
            let piece = batch.slice(from, rows);
            let rows_wanted = BooleanArray::from(wanted.rows(&piece)?);
            let piece = filter_record_batch(&piece, &rows_wanted);
            self.add(&piece.expect("the filter is as long as the piece"));
            from += rows;
        }
        Ok(())
    }

    /// Adds the wanted rows of `segment`. Reads them in pieces that probably fit.
    fn add_segment(
        &mut self,
        segment: &Segment,
        wanted: Wanted<'_>,
        after: u64,
    ) -> Result<(), StoreError> {
        let first = (after + 1).saturating_sub(segment.id()) as usize;
        let left = self.limit.spans - self.rows;
        let rows = rows_of(segment, wanted, first, left, self.budget)?;
        let columns = column_names(wanted.columns);
        let mean = (segment.extent.hot_bytes / segment.spans()) as usize;
        let mut count = if mean > 0 { self.fitting(mean).min(FIRST_ROWS) } else { FIRST_ROWS };
        let mut rest = rows.as_slice();
        while !rest.is_empty() && !self.is_full() {
            let piece;
            (piece, rest) = rest.split_at(count.min(rest.len()));
            let before = self.bytes;
            for batch in segment.spans_at(piece, &columns, self.budget)? {
                self.add(&batch);
            }
            // Rows that come next may be much larger, so a piece grows slowly.
            count = self.fitting((self.bytes - before) / piece.len()).min(4 * piece.len());
        }
        Ok(())
    }
}

/// The first `limit` rows that are `wanted`, from row `first` of a segment on.
fn rows_of(
    segment: &Segment,
    wanted: Wanted<'_>,
    first: usize,
    limit: usize,
    budget: &Budget,
) -> Result<Vec<u32>, StoreError> {
    if wanted.is_everything() {
        let end = first.saturating_add(limit).min(segment.spans() as usize);
        return Ok((first as u32..end as u32).collect());
    }
    let mut rows = Vec::new();
    let mut at = first;
    let all_after = first..segment.spans() as usize;
    for batch in segment.read_spans(&[all_after], wanted.tests(), budget)? {
        let left = limit - rows.len();
        rows.extend(wanted.rows(&batch)?.set_indices().take(left).map(|row| (at + row) as u32));
        if rows.len() >= limit {
            break;
        }
        at += batch.num_rows();
    }
    Ok(rows)
}

impl Wanted<'_> {
    /// Whether every row is wanted, so that no column decides.
    fn is_everything(&self) -> bool {
        self.collector.is_none() && self.services.is_none() && self.kinds.is_empty()
    }

    /// The columns that decide whether a row is wanted.
    fn tests(&self) -> &'static [&'static str] {
        match (self.services, self.kinds) {
            (None, []) => &["ebpf"],
            (None, _) => &["ebpf", "span_kind"],
            (Some(_), []) => &["ebpf", "service_name"],
            (Some(_), _) => &["ebpf", "service_name", "span_kind"],
        }
    }

    fn rows(&self, batch: &RecordBatch) -> Result<BooleanBuffer, StoreError> {
        let column =
            |name| batch.column_by_name(name).ok_or_else(|| damaged(name, &"a missing column"));
        let ebpf = column("ebpf")?.as_boolean().values();
        let mut rows = match self.collector {
            Some(Collector::Ebpf) => ebpf.clone(),
            Some(Collector::Sdk) => !ebpf,
            None => BooleanBuffer::new_set(batch.num_rows()),
        };
        if let Some(services) = self.services {
            let names = column("service_name")?.as_string::<i32>();
            let is_of = |row| services.contains(names.value(row));
            rows = &rows & &BooleanBuffer::collect_bool(batch.num_rows(), is_of);
        }
        if !self.kinds.is_empty() {
            let kinds = column("span_kind")?.as_primitive::<UInt8Type>();
            let wanted: Vec<u8> = self.kinds.iter().map(|kind| kind_number(*kind)).collect();
            let is_of = |row| wanted.contains(&kinds.value(row));
            rows = &rows & &BooleanBuffer::collect_bool(batch.num_rows(), is_of);
        }
        Ok(rows)
    }
}
