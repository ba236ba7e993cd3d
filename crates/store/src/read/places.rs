//! Finds where spans of traces are stored and how many there are, before reading them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMicrosecondType, UInt64Type};
use coral_engine::{Budget, Columns, StoredSpan};
use coral_trace::{Collector, SpanId, TraceId};

use crate::error::StoreError;
use crate::hot::generation::{Generation, Picked, column_names};
use crate::hot::live::Live;
use crate::hot::part::TracePart;
use crate::parallel;
use crate::read::sealed_rows::{SealedRows, add};
use crate::row::SpanReader;
use crate::segment::{HashedTrace, Segment, charge};

/// Where the spans of some traces are stored.
pub(crate) struct Places {
    /// The sum of all the traces; `None` when none is stored.
    pub(crate) sum: Option<TracePart>,
    hot: Vec<(Picked, Vec<Row>)>,
    sealed: Vec<(Arc<Segment>, Vec<Row>)>,
}

/// The position of one span, and the index of its trace.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) row: u32,
    pub(super) trace: u32,
}

/// When the first spans of a trace by start are selected, at most this many of its sealed spans
/// are compared: those that were received first.
const MAX_COMPARED: usize = 1_000_000;
/// So many traces are looked for on one thread: starting another one would cost more.
const MAX_TRACES_OF_ONE: usize = if cfg!(test) { 2 } else { 256 };
/// The rows that one thread reads at a time. A page of a column has 2,048 rows.
const MAX_ROWS_OF_ONE: usize = if cfg!(test) { 8 } else { 8_192 };

impl Places {
    /// Finds the spans of `traces` that `collector`, or any collector, observed.
    pub(crate) fn of(
        live: &Live,
        traces: &[TraceId],
        collector: Option<Collector>,
        budget: &Budget,
    ) -> Result<Self, StoreError> {
        budget.check()?;
        let mut traces = traces.to_vec();
        traces.sort_unstable();
        traces.dedup();
        let mut places = Self { sum: None, hot: Vec::new(), sealed: Vec::new() };
        let state = live.read();
        let segments = state.segments.clone();
        for generation in state.generations() {
            places.add_hot(generation, &traces, collector);
        }
        drop(state);
        let traces: Vec<HashedTrace> = traces.into_iter().map(HashedTrace::from).collect();
        let find = |segment: &Arc<Segment>| {
            budget.check()?;
            SealedRows::find(segment, &traces, collector, budget)
                .map_err(StoreError::unreadable(segment.receipts()))
        };
        let of_segments = match traces.len() {
            ..=MAX_TRACES_OF_ONE => segments.iter().map(find).collect(),
            _ => parallel::map(&segments, find),
        };
        for (segment, found) in segments.iter().zip(of_segments) {
            let found = found?;
            found.sum.iter().for_each(|sum| places.count(sum));
            if !found.rows.is_empty() {
                places.sealed.push((segment.clone(), found.rows));
            }
        }
        Ok(places)
    }

    fn count(&mut self, part: &TracePart) {
        add(&mut self.sum, part);
    }

    fn add_hot(
        &mut self,
        generation: &Generation,
        traces: &[TraceId],
        collector: Option<Collector>,
    ) {
        let mut rows = Vec::new();
        for (trace, id) in (0..).zip(traces) {
            let parts = generation.traces.get(id).into_iter().flat_map(|hot| hot.parts(collector));
            for hot in parts {
                self.count(&hot.part);
                rows.extend(hot.rows.iter().map(|row| Row { row: *row, trace }));
            }
        }
        if !rows.is_empty() {
            let picked = generation.pick(&rows.iter().map(|row| row.row).collect::<Vec<_>>());
            self.hot.push((picked, rows));
        }
    }

    /// Keeps only the span with this id.
    pub(crate) fn keep_span(&mut self, span: SpanId, budget: &Budget) -> Result<(), StoreError> {
        for (picked, rows) in &mut self.hot {
            let ids = picked.span_ids(&numbers(rows));
            keep(rows, |at, _| ids[at] == span.as_u64());
        }
        for (segment, rows) in &mut self.sealed {
            let mut ids = Vec::with_capacity(rows.len());
            let batches = segment.spans_at(&numbers(rows), &["span_id"], budget);
            for batch in batches.map_err(StoreError::unreadable(segment.receipts()))? {
                ids.extend_from_slice(batch.column(0).as_primitive::<UInt64Type>().values());
            }
            keep(rows, |at, _| ids.get(at) == Some(&span.as_u64()));
        }
        Ok(())
    }

    /// Keeps the first `limit` spans, by trace and then by start. Spans with the same start as the
    /// last of these stay too, so the caller must cut the result to `limit`.
    pub(crate) fn keep_first(&mut self, limit: u64, budget: &Budget) -> Result<(), StoreError> {
        // Only the sum is wanted: no column is read.
        if limit == 0 {
            self.hot.clear();
            self.sealed.clear();
            return Ok(());
        }
        let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
        for row in self.hot.iter().map(|(_, rows)| rows).chain(self.sealed.iter().map(|(_, r)| r)) {
            row.iter().for_each(|row| *counts.entry(row.trace).or_default() += 1);
        }
        let mut whole = 0;
        let cut = counts.iter().find(|(_, count)| {
            let fits = whole + **count <= limit;
            whole += if fits { **count } else { 0 };
            !fits
        });
        let Some((&cut, _)) = cut else { return Ok(()) };
        let last = self.last_start(cut, limit - whole, budget)?;
        let stays = |row: Row, start: Option<i64>| {
            row.trace < cut || (row.trace == cut && start.is_some_and(|start| start <= last))
        };
        for (picked, rows) in &mut self.hot {
            let starts = picked.starts(&numbers(rows));
            keep(rows, |at, row| stays(row, starts.get(at).copied()));
        }
        for (segment, rows) in &mut self.sealed {
            rows.retain(|row| row.trace <= cut);
            let of_cut: Vec<Row> = rows.iter().copied().filter(|row| row.trace == cut).collect();
            let starts = starts(segment, &of_cut, budget)?;
            let mut starts = starts.into_iter();
            rows.retain(|row| stays(*row, if row.trace == cut { starts.next() } else { None }));
        }
        Ok(())
    }

    /// The start, in microseconds, of the `count`th span of `trace` in order of start; of the last
    /// span if `trace` has fewer. `i64::MIN` if `count` is 0.
    fn last_start(&self, trace: u32, count: u64, budget: &Budget) -> Result<i64, StoreError> {
        let Some(nth) = (count as usize).checked_sub(1) else { return Ok(i64::MIN) };
        let mut all = Vec::new();
        for (segment, rows) in &self.sealed {
            let room = MAX_COMPARED.saturating_sub(all.len());
            let rows = rows.iter().copied().filter(|row| row.trace == trace).take(room);
            all.extend(starts(segment, &rows.collect::<Vec<_>>(), budget)?);
        }
        for (picked, rows) in &self.hot {
            let starts = picked.starts(&numbers(rows));
            let of_it = rows.iter().zip(starts).filter(|(row, _)| row.trace == trace);
            all.extend(of_it.map(|(_, start)| start));
        }
        Ok(match all.len().checked_sub(1) {
            Some(last) => *all.select_nth_unstable(nth.min(last)).1,
            None => i64::MIN,
        })
    }

    /// Reads the spans, unordered, with the given columns.
    pub(crate) fn read(
        &self,
        columns: Columns,
        budget: &Budget,
    ) -> Result<Vec<StoredSpan>, StoreError> {
        let hot = self.hot.iter().flat_map(|(picked, rows)| {
            rows.chunks(MAX_ROWS_OF_ONE).map(move |rows| (RowsOf::Hot(picked), rows))
        });
        let sealed = self.sealed.iter().flat_map(|(segment, rows)| {
            rows.chunks(MAX_ROWS_OF_ONE).map(move |rows| (RowsOf::Sealed(segment), rows))
        });
        let parts: Vec<(RowsOf<'_>, &[Row])> = hot.chain(sealed).collect();
        let names = column_names(columns);
        // A reader knows the origins that it has read, so that spans share them.
        let idle: Mutex<Vec<SpanReader>> = Mutex::new(Vec::new());
        let lock = || idle.lock().unwrap_or_else(PoisonError::into_inner);
        let read = |(of, rows): &(RowsOf<'_>, &[Row])| {
            let mut reader = lock().pop().unwrap_or_else(|| SpanReader::of(columns));
            let mut spans = Vec::with_capacity(rows.len());
            for batch in of.read(rows, columns, &names, budget)? {
                reader.read(&batch, budget, &mut spans)?;
            }
            lock().push(reader);
            Ok::<_, StoreError>(spans)
        };
        let rows: usize = parts.iter().map(|(_, rows)| rows.len()).sum();
        if rows <= MAX_ROWS_OF_ONE {
            let read = parts.iter().map(read).collect::<Result<Vec<_>, _>>()?;
            return Ok(read.into_iter().flatten().collect());
        }
        let mut spans = Vec::with_capacity(rows);
        for of_part in parallel::map(&parts, read) {
            spans.append(&mut of_part?);
        }
        Ok(spans)
    }
}

/// Where some rows are.
#[derive(Clone, Copy)]
enum RowsOf<'a> {
    Hot(&'a Picked),
    Sealed(&'a Arc<Segment>),
}

impl RowsOf<'_> {
    fn read(
        self,
        rows: &[Row],
        columns: Columns,
        names: &[&str],
        budget: &Budget,
    ) -> Result<Vec<RecordBatch>, StoreError> {
        match self {
            Self::Hot(picked) => {
                let batch = picked.rows(&numbers(rows), columns);
                charge(budget, &batch)?;
                Ok(vec![batch])
            }
            Self::Sealed(segment) => segment
                .spans_at(&numbers(rows), names, budget)
                .map_err(StoreError::unreadable(segment.receipts())),
        }
    }
}

fn numbers(rows: &[Row]) -> Vec<u32> {
    rows.iter().map(|row| row.row).collect()
}

/// Keeps the rows for which `wanted` returns true. The first argument of `wanted` is the index in
/// `rows`.
fn keep(rows: &mut Vec<Row>, wanted: impl Fn(usize, Row) -> bool) {
    let mut at = 0;
    rows.retain(|row| {
        at += 1;
        wanted(at - 1, *row)
    });
}

fn starts(segment: &Segment, rows: &[Row], budget: &Budget) -> Result<Vec<i64>, StoreError> {
    let mut starts = Vec::with_capacity(rows.len());
    if rows.is_empty() {
        return Ok(starts);
    }
    let batches = segment.spans_at(&numbers(rows), &["start_time"], budget);
    for batch in batches.map_err(StoreError::unreadable(segment.receipts()))? {
        let column = batch.column(0).as_primitive::<TimestampMicrosecondType>();
        starts.extend_from_slice(column.values());
    }
    Ok(starts)
}
