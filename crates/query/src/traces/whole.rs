//! The traces of a list with all their spans, page by page, for other tools.

use coral_engine::{Budget, Columns, TracePosition};
use coral_trace::{Span, TraceId};

use super::{TracesQuestion, cursor, query_of};
use crate::ask::{QueryError, Sources};
use crate::reader::Reader;

/// A page of whole traces.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct WholeTraces {
    /// The spans, trace by trace, in the order of the list.
    pub spans: Vec<Span>,
    /// The number of traces.
    pub traces: u64,
    /// Spans that do not fit: those of a trace with more than [`WholeTraces::MAX_SPANS`].
    pub left_out: u64,
    /// The `after` of the question for the next page; `None` after the last page.
    pub next: Option<String>,
}

impl WholeTraces {
    /// The largest number of spans of a page with one trace.
    pub const MAX_SPANS: u32 = 100_000;
    /// The number of spans at which a page ends, unless it has only one trace.
    pub const USUAL_SPANS: u64 = 5_000;
}

impl TracesQuestion {
    /// The traces that this question lists, whole. Blocks the calling thread.
    ///
    /// # Errors
    /// [`QueryError`]; also for a question that asks for more than a list of traces, by `by` or
    /// `causes`.
    pub fn whole(&self, from: &Sources<'_>, budget: &Budget) -> Result<WholeTraces, QueryError> {
        for (field, is_set) in [("by", !self.by.is_empty()), ("causes", self.causes)] {
            if is_set {
                return Err(QueryError::invalid(field, "whole traces have no such part"));
            }
        }
        let reader = Reader::new(from, budget);
        let limit = match self.limit {
            0 => Self::MAX,
            limit if limit <= Self::MAX => limit,
            _ => return Err(QueryError::invalid("limit", "it is more than 1000")),
        };
        let mut found = reader.search(&query_of(self, limit + 1)?)?;
        let (all, mut spans) = (found.len(), 0);
        let fitting = found.iter().take(limit as usize).take_while(|trace| {
            spans += trace.spans;
            spans <= WholeTraces::USUAL_SPANS
        });
        let n_traces = fitting.count().max(1).min(all);
        found.truncate(n_traces);
        let ids: Vec<TraceId> = found.iter().map(|trace| trace.trace_id).collect();
        let collector = self.source.collector();
        // A trace may have grown since the search.
        let read = reader.spans(&ids, collector, Columns::ALL, WholeTraces::MAX_SPANS)?;
        let stored: u64 = found.iter().map(|trace| trace.spans).sum();
        let last = found.last().filter(|_| n_traces < all).map(TracePosition::of);
        Ok(WholeTraces {
            traces: n_traces as u64,
            left_out: stored.saturating_sub(read.len() as u64),
            next: last.map(|last| cursor::text(self.sort, &last)),
            spans: read,
        })
    }
}
