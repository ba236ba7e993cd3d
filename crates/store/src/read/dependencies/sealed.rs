//! The traces of one segment.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use coral_engine::Budget;
use coral_trace::dependency::CallSpan;
use coral_trace::{SpanKind, TraceId};

use super::carried::SplitSpans;
use super::columns::{COLUMNS, KIND, PEER_COLUMNS, Reader, START, column};
use super::{MarkedSegment, Pass, Window};
use crate::error::StoreError;
use crate::row::batch::kind_number;
use crate::row::damaged;
use crate::segment::{Segment, TRACE_ROW};

/// How a row of the traces file is treated.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// The trace is in this segment only, so the trace is added to the map at once. The value is the
    /// first row of the trace.
    Whole(u32),
    /// The trace is split, so its spans are held in memory. The values are the trace id, and the
    /// start of the trace's part in this segment, in microseconds.
    SplitSpans(TraceId, i64),
    Skipped,
}

/// Adds the spans of split traces of the segment `of` to `carried`, which holds them in memory. If
/// `whole` is true, also adds the traces that are only in this segment to the map.
pub(super) fn read(
    of: &MarkedSegment,
    window: Window,
    pass: Pass,
    whole: bool,
    reader: &mut Reader,
    carried: &mut SplitSpans,
    budget: &Budget,
) -> Result<(), StoreError> {
    let MarkedSegment { segment, split } = of;
    if !whole && split.is_empty() {
        return Ok(());
    }
    let fates = fates(segment, window, pass, whole, split, budget)?;
    let mut rows = Rows::none_of(&fates);
    for group in segment.row_groups()? {
        let said = group.with_values(&PEER_COLUMNS)?;
        let has_messages = group.may_reach(KIND, kind_number(SpanKind::Producer))?;
        let start = if has_messages { &[START][..] } else { &[] };
        for batch in group.read(&[&COLUMNS[..], &said, start].concat(), budget)? {
            let traces = column(&batch, TRACE_ROW)?.as_primitive::<UInt32Type>().values();
            for (trace, span) in traces.iter().zip(reader.read(&batch)?) {
                match fates.get(*trace as usize).ok_or_else(|| damaged(TRACE_ROW, trace))? {
                    Fate::Whole(first) => rows.push(*first, *span),
                    Fate::SplitSpans(trace, start) => carried.add(trace.as_u128(), *start, *span),
                    Fate::Skipped => {}
                }
            }
        }
    }
    rows.by_trace(budget, |trace| reader.map.add_trace(trace))
}

fn fates(
    segment: &Segment,
    window: Window,
    pass: Pass,
    whole: bool,
    split: &BTreeMap<u32, TraceId>,
    budget: &Budget,
) -> Result<Vec<Fate>, StoreError> {
    let mut fates = vec![Fate::Skipped; segment.extent.traces as usize];
    let mut digests = segment.digests()?;
    let mut next = 0;
    while let Some(rows) = digests.next_wanted(next, |_, _| true) {
        next = rows.end;
        budget.check()?;
        for trace in digests.traces(rows, window.collector)? {
            let start = trace.digest.first_start;
            let fate = match split.get(&trace.row) {
                Some(id) if pass.has(id.as_u128()) => Fate::SplitSpans(*id, start),
                None if whole && window.holds(start) => Fate::Whole(trace.row),
                _ => Fate::Skipped,
            };
            for row in trace.rows() {
                *fates.get_mut(row as usize).ok_or_else(|| damaged(TRACE_ROW, &row))? = fate;
            }
        }
    }
    Ok(fates)
}

/// Spans of traces that are only in this segment, to be grouped by trace.
struct Rows {
    spans: Vec<(u32, CallSpan)>,
    /// Number of spans of each trace.
    counts: Vec<u32>,
}

impl Rows {
    fn none_of(fates: &[Fate]) -> Self {
        Self { spans: Vec::new(), counts: vec![0; fates.len()] }
    }

    fn push(&mut self, trace: u32, span: CallSpan) {
        self.counts[trace as usize] += 1;
        self.spans.push((trace, span));
    }

    /// Calls `add` with the spans of each trace. Groups them by counting sort.
    fn by_trace(self, budget: &Budget, mut add: impl FnMut(&[CallSpan])) -> Result<(), StoreError> {
        let Some((_, some)) = self.spans.first() else { return Ok(()) };
        let mut sorted = vec![*some; self.spans.len()];
        let mut ends = Vec::with_capacity(self.counts.len());
        let mut begin = 0;
        for count in &self.counts {
            ends.push(begin);
            begin += *count as usize;
        }
        for (trace, span) in &self.spans {
            let place = &mut ends[*trace as usize];
            sorted[*place] = *span;
            *place += 1;
        }
        let mut pace = budget.pace();
        for (end, count) in ends.into_iter().zip(self.counts).filter(|(_, count)| *count > 0) {
            pace.step()?;
            add(&sorted[end - count as usize..end]);
        }
        Ok(())
    }
}
