//! Pages of spans in order of receipt, which colonies poll.

use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::{BooleanArray, RecordBatch};
use arrow_buffer::BooleanBuffer;
use arrow_select::filter::filter_record_batch;
use coral_engine::{Budget, Columns, StoredSpan};
use coral_trace::Collector;

use crate::error::StoreError;
use crate::hot::generation::{Rows, column_names};
use crate::hot::live::Live;
use crate::row::{SpanReader, damaged};
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

/// Which spans a page has, and which of their columns are read.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) collector: Collector,
    /// Only spans of this service; of all services if `None`.
    pub(crate) service: Option<&'a str>,
    /// The columns to read.
    pub(crate) columns: Columns,
}

/// At most `limit` wanted rows with receipts above `after`.
pub(crate) fn page(
    live: &Live,
    wanted: Wanted<'_>,
    after: u64,
    limit: usize,
    budget: &Budget,
) -> Result<Page, StoreError> {
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
    let reader = SpanReader::of(wanted.columns);
    let mut page = Collected { spans: Vec::new(), reader, limit, budget };
    for segment in segments.iter().filter(|segment| segment.extent.last_receipt > after) {
        if page.is_full() {
            break;
        }
        page.add_segment(segment, wanted, after).map_err(StoreError::unreadable(segment.id()))?;
    }
    for batch in hot.iter().flat_map(Rows::batches) {
        if page.is_full() {
            break;
        }
        budget.check()?;
        budget.count_rows(batch.num_rows() as u64)?;
        let rows = BooleanArray::from(wanted.rows(&batch)?);
        page.add(&filter_record_batch(&batch, &rows).expect("it is as long as the batch"))?;
    }
    let next_receipt = match page.spans.last() {
        Some(newest) if page.is_full() => newest.receipt,
        _ => last_receipt.max(after),
    };
    Ok(Page { spans: page.spans, next_receipt, last_receipt, first_receipt })
}

struct Collected<'a> {
    spans: Vec<StoredSpan>,
    reader: SpanReader,
    limit: usize,
    budget: &'a Budget,
}

impl Collected<'_> {
    fn is_full(&self) -> bool {
        self.spans.len() >= self.limit
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<(), StoreError> {
        let wanted = (self.limit - self.spans.len()).min(batch.num_rows());
        self.reader.read(&batch.slice(0, wanted), self.budget, &mut self.spans)
    }

    fn add_segment(
        &mut self,
        segment: &Segment,
        wanted: Wanted<'_>,
        after: u64,
    ) -> Result<(), StoreError> {
        let first = (after + 1).saturating_sub(segment.id()) as usize;
        let rows = rows_of(segment, wanted, first, self.limit - self.spans.len(), self.budget)?;
        for batch in segment.read_spans(&rows, &column_names(wanted.columns), self.budget)? {
            self.add(&batch)?;
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
) -> Result<Vec<Range<usize>>, StoreError> {
    let mut rows = Vec::new();
    let mut at = first;
    let rest = first..segment.spans() as usize;
    for batch in segment.read_spans(&[rest], wanted.tests(), budget)? {
        let left = limit - rows.len();
        rows.extend(wanted.rows(&batch)?.set_indices().take(left).map(|row| (at + row) as u32));
        if rows.len() >= limit {
            break;
        }
        at += batch.num_rows();
    }
    Ok(crate::segment::ranges(&rows))
}

impl Wanted<'_> {
    /// The columns that decide whether a row is wanted.
    fn tests(&self) -> &'static [&'static str] {
        if self.service.is_some() { &["ebpf", "service_name"] } else { &["ebpf"] }
    }

    fn rows(&self, batch: &RecordBatch) -> Result<BooleanBuffer, StoreError> {
        let column =
            |name| batch.column_by_name(name).ok_or_else(|| damaged(name, &"a missing column"));
        let ebpf = column("ebpf")?.as_boolean().values();
        let of_collector = if self.collector == Collector::Ebpf { ebpf.clone() } else { !ebpf };
        let Some(service) = self.service else { return Ok(of_collector) };
        let names = column("service_name")?.as_string::<i32>();
        Ok(&of_collector
            & &BooleanBuffer::collect_bool(batch.num_rows(), |row| names.value(row) == service))
    }
}
