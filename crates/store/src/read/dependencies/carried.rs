//! Spans that are held in memory: those of split traces, and hot rows.

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use coral_engine::Budget;
use coral_trace::Collector;
use coral_trace::dependency::{CallSpan, Translation};

use super::{Pass, Window};
use crate::calls::columns::{Reader, START, column};
use crate::error::StoreError;
use crate::row::batch::{EBPF, TRACE_ID};

/// Spans with the ids of their traces.
#[derive(Default)]
pub(super) struct SplitSpans {
    spans: Vec<SplitSpan>,
}

struct SplitSpan {
    trace: u128,
    /// An upper bound of the trace's start, in microseconds since the Unix epoch.
    started: i64,
    span: CallSpan,
}

impl SplitSpans {
    /// Adds a span of `trace`. The trace started at `started` or earlier.
    pub(super) fn add(&mut self, trace: u128, started: i64, span: CallSpan) {
        self.spans.push(SplitSpan { trace, started, span });
    }

    /// Adds the spans of another map, whose ids are translated.
    pub(super) fn absorb(&mut self, other: Self, ids: &Translation) {
        let spans = other.spans.into_iter();
        self.spans.extend(spans.map(|of| SplitSpan { span: ids.span(&of.span), ..of }));
    }

    /// Adds hot rows.
    pub(super) fn add_hot(
        &mut self,
        batch: &RecordBatch,
        window: Window,
        pass: Pass,
        reader: &mut Reader,
    ) -> Result<(), StoreError> {
        let spans = reader.read(batch)?;
        let traces = batch.column(TRACE_ID).as_fixed_size_binary();
        let ebpf = batch.column(EBPF).as_boolean();
        let starts = column(batch, START)?;
        let starts = starts.as_primitive::<TimestampMicrosecondType>().values();
        for (row, span) in spans.iter().enumerate() {
            let trace = crate::row::trace_id(traces.value(row))?.as_u128();
            let collector = if ebpf.value(row) { Collector::Ebpf } else { Collector::Sdk };
            if pass.has(trace) && window.counts(collector) {
                self.add(trace, starts[row], *span);
            }
        }
        Ok(())
    }

    /// Joins the spans by trace, and adds the traces that started in the window.
    pub(super) fn add_to(
        mut self,
        window: Window,
        reader: &mut Reader,
        budget: &Budget,
    ) -> Result<(), StoreError> {
        self.spans.sort_unstable_by_key(|carried| (carried.trace, carried.span.span_id));
        let (mut trace, mut pace) = (Vec::new(), budget.pace());
        for spans in self.spans.chunk_by(|one, other| one.trace == other.trace) {
            pace.step()?;
            let started = spans.iter().map(|carried| carried.started).min();
            if started.is_some_and(|started| window.holds(started)) {
                trace.clear();
                trace.extend(spans.iter().map(|carried| carried.span));
                reader.map.add_trace(&trace);
            }
        }
        Ok(())
    }
}
