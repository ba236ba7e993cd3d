//! Reads the spans of a segment by columns, and groups them by trace.

use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use coral_engine::Budget;
use coral_trace::SpanKind;
use coral_trace::dependency::CallSpan;

use super::columns::{COLUMNS, KIND, PEER_COLUMNS, Reader, START, column};
use crate::error::StoreError;
use crate::row::batch::kind_number;
use crate::row::damaged;
use crate::segment::{RowGroup, Segment, TRACE_ROW};

/// Which spans are read.
#[derive(Clone, Copy)]
pub(crate) struct Scan<'a> {
    /// Row groups without spans that started between these times, both inclusive, are left out.
    /// Microseconds.
    pub(crate) within: (i64, i64),
    /// By row of the traces file: whether spans of the trace are wanted; `None` if all are.
    pub(crate) wanted: Option<&'a dyn Fn(u32) -> bool>,
    /// Whether every span has a start; otherwise only spans of row groups with messages have.
    pub(crate) with_starts: bool,
}

/// If at most one of so many rows of a row group is wanted, only pages with wanted rows are read.
const MIN_SPARSE: usize = 2;

/// Calls `each` with the spans of `segment`, and the row of the traces file of each. May also call
/// `each` with spans that are not wanted.
pub(crate) fn scan(
    segment: &Segment,
    scan: Scan<'_>,
    reader: &mut Reader,
    budget: &Budget,
    mut each: impl FnMut(u32, &CallSpan) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    for group in segment.row_groups()? {
        let bounds = group.bounds(START)?;
        if bounds.is_some_and(|(first, last)| last < scan.within.0 || first > scan.within.1) {
            continue;
        }
        let sparse = scan.wanted.map(|wanted| rows_of(&group, wanted, budget)).transpose()?;
        let columns = || columns(&group, scan.with_starts);
        let batches = match sparse {
            Some(Wanted::Nothing) => continue,
            Some(Wanted::Few(rows)) => segment.spans_at(&rows, &columns()?, budget)?,
            Some(Wanted::Many) | None => group.read(&columns()?, budget)?,
        };
        for batch in batches {
            let traces = column(&batch, TRACE_ROW)?.as_primitive::<UInt32Type>().values();
            for (trace, span) in traces.iter().zip(reader.read(&batch)?) {
                each(*trace, span)?;
            }
        }
    }
    Ok(())
}

/// How many rows of a row group are wanted.
enum Wanted {
    Nothing,
    /// These rows of the spans file.
    Few(Vec<u32>),
    Many,
}

fn rows_of(
    group: &RowGroup<'_>,
    wanted: &dyn Fn(u32) -> bool,
    budget: &Budget,
) -> Result<Wanted, StoreError> {
    let (mut rows, mut next) = (Vec::new(), group.first_row);
    for batch in group.read(&[TRACE_ROW], budget)? {
        let traces = column(&batch, TRACE_ROW)?.as_primitive::<UInt32Type>().values();
        rows.extend((next..).zip(traces).filter(|(_, trace)| wanted(**trace)).map(|(row, _)| row));
        next += batch.num_rows() as u32;
    }
    Ok(match rows.len() {
        0 => Wanted::Nothing,
        few if few * MIN_SPARSE <= (next - group.first_row) as usize => Wanted::Few(rows),
        _ => Wanted::Many,
    })
}

fn columns(group: &RowGroup<'_>, with_starts: bool) -> Result<Vec<&'static str>, StoreError> {
    let said = group.with_values(&PEER_COLUMNS)?;
    let has_messages = group.may_reach(KIND, kind_number(SpanKind::Producer))?;
    let start = if with_starts || has_messages { &[START][..] } else { &[] };
    Ok([&COLUMNS[..], &said, start].concat())
}

/// Spans, to be grouped by trace.
pub(crate) struct SpansByTrace {
    spans: Vec<(u32, CallSpan)>,
    /// Number of spans of each row of the traces file.
    counts: Vec<u32>,
}

/// Spans, grouped by trace.
pub(crate) struct Grouped {
    spans: Vec<CallSpan>,
    /// By row of the traces file: the end of its spans.
    ends: Vec<usize>,
}

impl SpansByTrace {
    /// No spans of a segment with `rows` rows in its traces file.
    pub(crate) fn none_of(rows: usize) -> Self {
        Self { spans: Vec::new(), counts: vec![0; rows] }
    }

    /// Adds a span of row `trace` of the traces file.
    pub(crate) fn push(&mut self, trace: u32, span: CallSpan) -> Result<(), StoreError> {
        let count = self.counts.get_mut(trace as usize);
        *count.ok_or_else(|| damaged(TRACE_ROW, &trace))? += 1;
        self.spans.push((trace, span));
        Ok(())
    }

    /// Groups the spans by counting sort.
    pub(crate) fn grouped(self) -> Grouped {
        let Some((_, some)) = self.spans.first() else {
            return Grouped { spans: Vec::new(), ends: vec![0; self.counts.len()] };
        };
        let mut spans = vec![*some; self.spans.len()];
        let mut ends = Vec::with_capacity(self.counts.len());
        let mut begin = 0;
        for count in &self.counts {
            ends.push(begin);
            begin += *count as usize;
        }
        for (trace, span) in &self.spans {
            let place = &mut ends[*trace as usize];
            spans[*place] = *span;
            *place += 1;
        }
        Grouped { spans, ends }
    }
}

impl Grouped {
    /// The spans of each row of the traces file, in order; many rows may have none.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &[CallSpan]> {
        (0..self.ends.len()).map(|row| self.of(row))
    }

    /// The spans of a row of the traces file.
    pub(crate) fn of(&self, row: usize) -> &[CallSpan] {
        let begin = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.spans[begin..self.ends[row]]
    }
}
