//! Whole traces, within the limits of an answer.

use coral_engine::{Budget, Columns, EngineError, StoredSpan};
use coral_trace::{Span, TraceId};

use crate::ask::Sources;
use crate::size::{MAX_BYTES, span_bytes};

/// The largest number of spans in an answer; further spans are only counted.
const MAX_SPANS: usize = 100_000;
/// How many traces are read at once: a later trace is not read if the answer is full.
const TRACES_AT_ONCE: usize = 16;

/// Whole traces, in the order in which they were asked for.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FoundTraces {
    /// The traces with at least one span.
    pub traces: Vec<FoundTrace>,
    /// Traces that are stored, or may be, and are not in the answer, which is full.
    pub left_out: Vec<TraceId>,
}

/// The spans of one trace.
#[derive(Clone, PartialEq, Debug)]
pub struct FoundTrace {
    /// The id.
    pub trace_id: TraceId,
    /// The spans by start, then by span id.
    pub spans: Vec<Span>,
    /// How many further spans are stored. They are left out because of the size limit of an answer.
    pub spans_left_out: u64,
}

impl FoundTraces {
    /// The trace with that id; `None` if it is not stored.
    ///
    /// # Errors
    /// The error of the engine.
    pub fn one(
        trace_id: TraceId,
        from: &Sources<'_>,
        budget: &Budget,
    ) -> Result<Option<FoundTrace>, EngineError> {
        let stored = from.traces.trace(trace_id, None, Columns::ALL, MAX_SPANS as u32, budget)?;
        let mut room = Room::default();
        let mut spans = Vec::with_capacity(stored.spans.len());
        spans.extend(stored.spans.into_iter().map_while(|span| room.take(span)));
        let spans_left_out = stored.span_count.saturating_sub(spans.len() as u64);
        Ok((!spans.is_empty()).then_some(FoundTrace { trace_id, spans, spans_left_out }))
    }

    /// The traces with these ids. A trace that is not stored is left out.
    ///
    /// # Errors
    /// The error of the engine.
    pub fn read(ids: &[TraceId], from: &Sources<'_>, budget: &Budget) -> Result<Self, EngineError> {
        let (mut found, mut room) = (Self::default(), Room::default());
        for (at, some) in ids.chunks(TRACES_AT_ONCE).enumerate() {
            let limit = (MAX_SPANS - room.spans) as u32 + 1;
            let spans = from.traces.spans_of(some, None, Columns::ALL, limit, budget)?;
            if !found.add(some, spans, limit, &mut room) {
                let next = (at + 1) * TRACES_AT_ONCE;
                found.left_out.extend(&ids[next.min(ids.len())..]);
                break;
            }
        }
        Ok(found)
    }

    /// Adds `spans`, which are those of `ids`, at most `limit`. Returns whether the answer has room.
    fn add(
        &mut self,
        ids: &[TraceId],
        spans: Vec<StoredSpan>,
        limit: u32,
        room: &mut Room,
    ) -> bool {
        let mut is_whole = spans.len() < limit as usize;
        let mut by_trace = std::collections::HashMap::<TraceId, Vec<StoredSpan>>::new();
        for stored in spans {
            by_trace.entry(stored.span.trace_id).or_default().push(stored);
        }
        // With too many spans, those of the last trace may be cut, and other traces are missing.
        let cut = by_trace.keys().max().copied().filter(|_| !is_whole);
        for id in ids {
            let Some(stored) = by_trace.remove(id) else {
                if !is_whole && cut.is_none_or(|cut| *id > cut) {
                    self.left_out.push(*id);
                }
                continue;
            };
            let fits = cut != Some(*id) && room.fits(&stored);
            if fits || (self.traces.is_empty() && ids.len() == 1) {
                let count = stored.len();
                let spans: Vec<Span> =
                    stored.into_iter().map_while(|stored| room.take(stored)).collect();
                let spans_left_out = (count - spans.len()) as u64;
                self.traces.push(FoundTrace { trace_id: *id, spans, spans_left_out });
            } else {
                is_whole = false;
                self.left_out.push(*id);
            }
        }
        is_whole
    }
}

/// What an answer has room for.
#[derive(Default)]
struct Room {
    spans: usize,
    bytes: usize,
}

impl Room {
    fn fits(&self, spans: &[StoredSpan]) -> bool {
        self.spans + spans.len() <= MAX_SPANS
            && self.bytes.saturating_add(spans.iter().map(span_bytes).sum()) <= MAX_BYTES
    }

    /// The span, if there is room for it. The first span always has room.
    fn take(&mut self, stored: StoredSpan) -> Option<Span> {
        self.spans += 1;
        self.bytes = self.bytes.saturating_add(span_bytes(&stored));
        let fits = self.spans <= MAX_SPANS && self.bytes <= MAX_BYTES;
        (fits || self.spans == 1).then_some(stored.span)
    }
}
