//! Computes the sums of a segment from its spans.

use std::collections::BTreeMap;

use coral_engine::Budget;
use coral_trace::dependency::CallSpan;
use coral_trace::{Collector, TraceId};

use super::columns::Reader;
use super::{Scan, SegmentCalls, SpansByTrace, SplitSpan, each_sum, scan, stored};
use crate::error::StoreError;
use crate::row::damaged;
use crate::segment::{Segment, TRACE_ROW};

/// The content of the file of `segment`, without the traces of the rows `split`.
pub(super) fn make(
    segment: &Segment,
    split: &BTreeMap<u32, TraceId>,
    budget: &Budget,
) -> Result<Vec<u8>, StoreError> {
    let mut reader = Reader::default();
    let mut spans = SpansByTrace::none_of(segment.extent.traces as usize);
    let all = Scan { within: (i64::MIN, i64::MAX), wanted: None, with_starts: true };
    scan(segment, all, &mut reader, budget, |trace, span| spans.push(trace, *span))?;
    let spans = spans.grouped();
    let mut calls = SegmentCalls {
        sums: BTreeMap::new(),
        others: Vec::new(),
        split: BTreeMap::new(),
        spans: Some(Vec::new()),
    };
    let mut digests = segment.digests()?;
    let (mut pace, mut next) = (budget.pace(), 0);
    while let Some(rows) = digests.next_wanted(next, |_, _| true) {
        next = rows.end;
        for trace in digests.traces(rows.clone(), None)? {
            pace.step()?;
            let (row, first) = (trace.row, spans.of(trace.row as usize));
            let collector = trace.digest.collector;
            if trace.has_two {
                if row + 1 >= segment.extent.traces {
                    return Err(damaged(TRACE_ROW, &row));
                }
                let second = spans.of(row as usize + 1);
                let parts = [(Collector::Sdk, first), (Collector::Ebpf, second)];
                calls.add(&mut reader, row, &parts, split);
            } else {
                calls.add(&mut reader, row, &[(collector, first)], split);
            }
        }
    }
    Ok(stored::encode(&calls, &reader.map, segment.spans()))
}

impl SegmentCalls {
    fn add(
        &mut self,
        reader: &mut Reader,
        row: u32,
        parts: &[(Collector, &[CallSpan])],
        split: &BTreeMap<u32, TraceId>,
    ) {
        let rows = (row..).zip(parts);
        let Some(trace) = rows.clone().find_map(|(row, _)| split.get(&row)) else {
            each_sum(parts, |key, spans| {
                reader.map.add_to_sums(spans, self.sums.entry(key).or_default());
            });
            return;
        };
        for (row, (collector, spans)) in rows {
            self.split.insert(row, (*trace, *collector));
            let mine = self.spans.as_mut();
            let spans = spans.iter().map(|span| SplitSpan { row, span: *span });
            mine.into_iter().for_each(|mine| mine.extend(spans.clone()));
        }
    }
}
