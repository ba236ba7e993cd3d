//! The traces of one segment: from the sums of the segment, or from its spans.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use coral_engine::Budget;
use coral_trace::{Collector, TraceId};

use super::part::Part;
use super::{MarkedSegment, Pass, Window};
use crate::calls::{self, Scan, SegmentCalls, SpansByTrace, SumsKey, TracePart, minute_of};
use crate::error::StoreError;
use crate::row::damaged;
use crate::segment::{SealedTrace, Segment, TRACE_ROW};

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

/// Rows of a traces file whose trace is split.
type SplitRows = BTreeMap<u32, TraceId>;

/// Reads one segment in one pass.
pub(super) struct Read<'a> {
    pub(super) segment: &'a Segment,
    pub(super) window: Window,
    pub(super) pass: Pass,
    pub(super) budget: &'a Budget,
}

impl Read<'_> {
    /// Adds the spans of split traces of the segment `of` to what `part` holds in memory. If `whole`
    /// is true, also adds the traces that are only in this segment to the map of `part`.
    ///
    /// Returns the rows whose traces were treated as split: those of `of`, and those that the sums
    /// leave out because the traces became split since the view was made.
    pub(super) fn add_to(
        &self,
        part: &mut Part,
        of: &MarkedSegment,
        whole: bool,
    ) -> Result<Arc<SplitRows>, StoreError> {
        let mut split = of.split.clone();
        if !whole && split.is_empty() {
            return Ok(split);
        }
        let wanted = |key: SumsKey| {
            whole && self.has(key) && (self.window.has_all_of(key) || self.window.has_most_of(key))
        };
        let map = &mut part.reader.map;
        let found = calls::of_segment(self.segment, &split, map, self.budget, &wanted)?;
        let Some(mut calls) = found else {
            let is_whole = |start| whole && self.window.holds(start);
            self.scan(part, &split, &split, is_whole)?;
            return Ok(split);
        };
        if whole {
            let known = calls.split.iter().map(|(row, (trace, _))| (*row, *trace));
            Arc::make_mut(&mut split).extend(known);
        }
        let newly = calls::newly_split(&calls, &split);
        let newly = calls::spans_of(self.segment, &newly, &mut part.reader, self.budget)?;
        let mut coarse = BTreeSet::new();
        if whole {
            coarse = calls::take_out(&mut calls, &newly, &mut part.reader.map);
            coarse.extend(self.take_outside(part, &mut calls, &split)?);
        }
        self.carry(part, &calls, &newly, &split);
        let unread = match calls.spans {
            Some(_) => BTreeMap::new(),
            None => calls.split.iter().map(|(row, (trace, _))| (*row, *trace)).collect(),
        };
        let cut = calls.others.iter().filter(|key| whole && self.has(**key));
        let cut = cut.filter(|key| self.window.has_some_of(**key)).map(|key| key.minute);
        let minutes: BTreeSet<i64> = coarse.into_iter().chain(cut).collect();
        if !minutes.is_empty() || !unread.is_empty() {
            let is_whole = |start| self.window.holds(start) && minutes.contains(&minute_of(start));
            self.scan(part, &split, &unread, is_whole)?;
        }
        for sums in calls.sums.values() {
            self.budget.check()?;
            part.reader.map.add_sums(sums);
        }
        Ok(split)
    }

    /// Whether the map has the traces of a sum, if they started in the window.
    fn has(&self, key: SumsKey) -> bool {
        key.spans.counts_for(self.window.collector)
    }

    /// Holds in memory the spans of split traces that the file has, and those of `newly`.
    fn carry(&self, part: &mut Part, calls: &SegmentCalls, newly: &[TracePart], split: &SplitRows) {
        for of in calls.spans.iter().flatten() {
            // A trace that became split after the view was made is in no later pass.
            let row = calls.split.get(&of.row).filter(|_| split.contains_key(&of.row));
            let Some((trace, collector)) = row else { continue };
            if self.window.counts(*collector) && self.pass.has(trace.as_u128()) {
                let start = of.span.start_us.unwrap_or(i64::MAX);
                part.carried.add(trace.as_u128(), start, of.span);
            }
        }
        for of in newly.iter().filter(|of| self.window.counts(of.collector)) {
            if self.pass.has(of.trace.as_u128()) {
                for span in &of.spans {
                    let start = span.start_us.unwrap_or(i64::MAX);
                    part.carried.add(of.trace.as_u128(), start, *span);
                }
            }
        }
    }

    /// Takes the traces that started outside the window out of the sums of minutes that the window
    /// cuts. Removes sums that are too coarse for that, and returns their minutes.
    fn take_outside(
        &self,
        part: &mut Part,
        calls: &mut SegmentCalls,
        split: &SplitRows,
    ) -> Result<BTreeSet<i64>, StoreError> {
        let cut = calls.sums.keys().filter(|key| !self.window.has_all_of(**key));
        let minutes: BTreeSet<i64> = cut.map(|key| key.minute).collect();
        let mut traces: Vec<SealedTrace> = Vec::new();
        if !minutes.is_empty() {
            let is_outside = |trace: &SealedTrace| {
                let start = trace.digest.first_start;
                minutes.contains(&minute_of(start))
                    && !self.window.holds(start)
                    && !trace.rows().any(|row| split.contains_key(&row))
            };
            let (mut digests, mut next) = (self.segment.digests()?, 0);
            while let Some(rows) = digests.next_wanted(next, |_, _| true) {
                next = rows.end;
                self.budget.check()?;
                traces.extend(digests.traces(rows, None)?.filter(is_outside));
            }
        }
        let ends = traces.iter().map(|trace| (trace.digest.first_start, trace.digest.last_end));
        let Some(within) = ends.reduce(|one, next| (one.0.min(next.0), one.1.max(next.1))) else {
            return Ok(BTreeSet::new());
        };
        let mut is_wanted = vec![false; self.segment.extent.traces as usize];
        for row in traces.iter().flat_map(SealedTrace::rows) {
            *is_wanted.get_mut(row as usize).ok_or_else(|| damaged(TRACE_ROW, &row))? = true;
        }
        let mut spans = SpansByTrace::none_of(is_wanted.len());
        let wanted = |row: u32| is_wanted.get(row as usize).copied().unwrap_or(true);
        let scan = Scan { within, wanted: Some(&wanted), with_starts: true };
        calls::scan(self.segment, scan, &mut part.reader, self.budget, |trace, span| {
            if wanted(trace) { spans.push(trace, *span) } else { Ok(()) }
        })?;
        let spans = spans.grouped();
        let parts = traces.iter().map(|trace| {
            let first = spans.of(trace.row as usize);
            match trace.has_two {
                true => {
                    let second = spans.of(trace.row as usize + 1);
                    vec![(Collector::Sdk, first), (Collector::Ebpf, second)]
                }
                false => vec![(trace.digest.collector, first)],
            }
        });
        Ok(calls::take_traces_out(calls, parts, &mut part.reader.map))
    }

    /// Reads spans: those of the traces of the rows `unread` are held in memory; traces of no row of
    /// `split` whose start `is_whole` accepts are added to the map.
    fn scan(
        &self,
        part: &mut Part,
        split: &SplitRows,
        unread: &SplitRows,
        is_whole: impl Fn(i64) -> bool,
    ) -> Result<(), StoreError> {
        let Some((fates, within)) = self.fates(split, unread, is_whole)? else { return Ok(()) };
        let mut whole = SpansByTrace::none_of(fates.len());
        let Part { reader, carried, .. } = part;
        let wanted = |row: u32| fates.get(row as usize).is_none_or(|fate| *fate != Fate::Skipped);
        let scan = Scan { within, wanted: Some(&wanted), with_starts: false };
        calls::scan(self.segment, scan, reader, self.budget, |trace, span| {
            match fates.get(trace as usize).ok_or_else(|| damaged(TRACE_ROW, &trace))? {
                Fate::Whole(first) => whole.push(*first, *span)?,
                Fate::SplitSpans(trace, start) => carried.add(trace.as_u128(), *start, *span),
                Fate::Skipped => {}
            }
            Ok(())
        })?;
        let mut pace = self.budget.pace();
        for spans in whole.grouped().rows().filter(|spans| !spans.is_empty()) {
            pace.step()?;
            reader.map.add_trace(spans);
        }
        Ok(())
    }

    /// The fate of each row of the traces file, and the time from the first start to the last end of
    /// the traces that are not skipped; `None` if all are.
    #[expect(clippy::type_complexity, reason = "the caller takes it apart at once")]
    fn fates(
        &self,
        split: &SplitRows,
        unread: &SplitRows,
        is_whole: impl Fn(i64) -> bool,
    ) -> Result<Option<(Vec<Fate>, (i64, i64))>, StoreError> {
        let mut fates = vec![Fate::Skipped; self.segment.extent.traces as usize];
        let (mut first, mut last) = (i64::MAX, i64::MIN);
        let mut digests = self.segment.digests()?;
        let mut next = 0;
        while let Some(rows) = digests.next_wanted(next, |_, _| true) {
            next = rows.end;
            self.budget.check()?;
            for trace in digests.traces(rows, self.window.collector)? {
                let start = trace.digest.first_start;
                let fate = match unread.get(&trace.row) {
                    Some(id) if self.pass.has(id.as_u128()) => Fate::SplitSpans(*id, start),
                    None if !split.contains_key(&trace.row) && is_whole(start) => {
                        Fate::Whole(trace.row)
                    }
                    _ => continue,
                };
                (first, last) = (first.min(start), last.max(trace.digest.last_end));
                for row in trace.rows() {
                    *fates.get_mut(row as usize).ok_or_else(|| damaged(TRACE_ROW, &row))? = fate;
                }
            }
        }
        Ok((first <= last).then_some((fates, (first, last))))
    }
}

impl Window {
    /// Whether the minute of a sum is in the window.
    fn has_all_of(&self, key: SumsKey) -> bool {
        let (first, end) = key.bounds();
        self.since <= first && end <= self.until
    }

    /// Whether most of the minute of a sum is in the window, so that it costs less to take what is
    /// outside out of the sum than to add what is inside. With a collector, the digests of a trace
    /// that both collectors observed do not tell the other half of the trace.
    fn has_most_of(&self, key: SumsKey) -> bool {
        let (first, end) = key.bounds();
        let inside = self.until.min(end).saturating_sub(self.since.max(first));
        self.collector.is_none() && inside > end.saturating_sub(first) / 2
    }

    /// Whether a part of the minute of a sum is in the window.
    fn has_some_of(&self, key: SumsKey) -> bool {
        let (first, end) = key.bounds();
        first < self.until && end > self.since
    }
}
