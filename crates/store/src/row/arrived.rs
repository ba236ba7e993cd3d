//! The spans of one export as rows, made where the export was decoded.

use std::sync::Arc;

use arrow_array::RecordBatch;
use coral_engine::{Budget, Columns};
use coral_trace::{Origin, Span, UnixNanos};

use crate::row::SpanReader;
use crate::row::batch::{Delivery, SpanBatch};

/// The spans of one export, which [`Store::append_rows`](crate::Store::append_rows) stores: as
/// rows, they take a fifth of the memory of spans.
pub struct SpanRows {
    /// Rows of [`SCHEMA`](crate::row::batch::SCHEMA). Their receipts, their time of receipt and their
    /// agent are set when they are stored. `origin_id` is a place in `origins`.
    pub(crate) rows: RecordBatch,
    pub(crate) origins: Vec<OriginRows>,
    /// See [`SpanBatch::has_misplaced`].
    pub(crate) has_misplaced: bool,
}

/// An origin, and how many rows have it.
#[derive(Clone, Debug)]
pub struct OriginRows {
    /// The origin. Another one of the same export may be equal.
    pub origin: Arc<Origin>,
    /// The number of rows.
    pub rows: u64,
}

/// Makes [`SpanRows`].
pub struct SpanRowsBuilder {
    batch: SpanBatch,
    origins: Vec<OriginRows>,
}

/// How many of the latest origins are compared with the origin of the next span. Exporters that
/// repeat origins in turn have few of them.
const RECENT_ORIGINS: usize = 4;

impl SpanRows {
    /// A builder with room for `spans` usual spans.
    pub fn builder(spans: usize) -> SpanRowsBuilder {
        SpanRowsBuilder { batch: SpanBatch::with_capacity(spans), origins: Vec::new() }
    }

    /// The rows of `spans`.
    pub fn of(spans: &[Span]) -> Self {
        let mut rows = Self::builder(spans.len());
        spans.iter().for_each(|span| rows.push(span));
        rows.finish()
    }

    /// The number of spans.
    pub fn len(&self) -> usize {
        self.rows.num_rows()
    }

    /// Whether there are no spans.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The origins of the spans, each with the number of its spans.
    pub fn origins(&self) -> &[OriginRows] {
        &self.origins
    }

    /// The spans. The attributes of a span are in the order of their columns.
    pub fn to_spans(&self) -> Vec<Span> {
        let mut spans = Vec::with_capacity(self.len());
        let columns = Columns::ATTRIBUTES | Columns::DETAILS;
        let read = SpanReader::of(columns).read(&self.rows, &Budget::unlimited(), &mut spans);
        read.expect("rows that were made of spans are valid");
        let origins = self.origin_ids().iter().map(|at| &self.origins[*at as usize].origin);
        let spans = spans.into_iter().zip(origins);
        spans.map(|(read, origin)| Span { origin: origin.clone(), ..read.span }).collect()
    }
}

impl SpanRowsBuilder {
    /// Adds `span`.
    pub fn push(&mut self, span: &Span) {
        let recent = self.origins.iter().enumerate().rev().take(RECENT_ORIGINS);
        let known = recent.map(|(at, known)| (at, &known.origin));
        let mut same = known.filter(|(_, origin)| Arc::ptr_eq(origin, &span.origin));
        let at = same.next().map_or(self.origins.len(), |(at, _)| at);
        match self.origins.get_mut(at) {
            Some(known) => known.rows += 1,
            None => self.origins.push(OriginRows { origin: span.origin.clone(), rows: 1 }),
        }
        let delivery = Delivery { agent_id: "", received: UnixNanos::default() };
        self.batch.push(span, 0, at as u32, delivery);
    }

    /// The rows.
    pub fn finish(self) -> SpanRows {
        let Self { batch, origins } = self;
        let has_misplaced = batch.has_misplaced;
        SpanRows { rows: batch.finish(), origins, has_misplaced }
    }
}
