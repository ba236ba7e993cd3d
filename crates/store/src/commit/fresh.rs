//! The spans of a commit that are not stored yet, and their rows.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;
use coral_engine::Checkpoint;
use coral_trace::{Origin, Span};

use crate::commit::append::DeliveredContent;
use crate::commit::appended::Appended;
use crate::commit::encoding::Record;
use crate::commit::fresh_rows::FreshSpanRows;
use crate::commit::seen;
use crate::commit::writer::{Attempt, Writer};
use crate::hot::generation::Arrival;
use crate::page_columns::append::FreshRows;
use crate::row::batch::{Delivery, SCHEMA, SpanBatch};

/// The spans of one sender that are not stored yet.
pub(super) struct Fresh<'a> {
    /// Rows of a column page.
    rows: Option<FreshRows<'a>>,
    /// Rows of exports.
    exports: Vec<FreshSpanRows<'a>>,
    spans: Vec<&'a Span>,
    pub(super) delivery: Delivery<'a>,
    pub(super) checkpoint: Option<&'a Checkpoint>,
}

impl<'a> Fresh<'a> {
    pub(super) fn new(delivery: Delivery<'a>, checkpoint: Option<&'a Checkpoint>) -> Self {
        Self { rows: None, exports: Vec::new(), spans: Vec::new(), delivery, checkpoint }
    }

    /// Adds those of `content` that are new to `attempt`. Returns the counts of each group.
    pub(super) fn add(
        &mut self,
        content: DeliveredContent<'a>,
        attempt: &mut Attempt<'_>,
    ) -> Vec<Appended> {
        let mut add_spans = |fresh: &mut Self, spans: &'a [Span]| {
            let is_new = |span: &&Span| attempt.insert(seen::key(span));
            fresh.spans.extend(spans.iter().filter(is_new));
        };
        match content {
            DeliveredContent::Groups(groups) => {
                let mut appended = Vec::with_capacity(groups.len());
                for group in groups {
                    let before = self.len();
                    add_spans(self, group);
                    let new = self.len() - before;
                    appended.push(Appended { new, duplicate: group.len() as u64 - new });
                }
                appended
            }
            DeliveredContent::Exports(exports) => {
                let mut appended = Vec::with_capacity(exports.len());
                for export in exports {
                    let fresh = export.fresh(|key| attempt.insert(key));
                    let new = fresh.len() as u64;
                    appended.push(Appended { new, duplicate: export.len() as u64 - new });
                    self.exports.push(fresh);
                }
                appended
            }
            DeliveredContent::Columns(checked) => {
                self.rows = Some(checked.fresh(|key| attempt.insert(key)));
                self.spans
                    .extend(checked.spans().iter().filter(|span| attempt.insert(seen::key(span))));
                let new = self.len();
                vec![Appended { new, duplicate: checked.len() as u64 - new }]
            }
        }
    }

    /// The number of spans.
    pub(super) fn len(&self) -> u64 {
        let exports: usize = self.exports.iter().map(FreshSpanRows::len).sum();
        (self.rows.as_ref().map_or(0, FreshRows::len) + exports + self.spans.len()) as u64
    }

    /// The checkpoint, in which the spans are counted.
    pub(super) fn checkpoint(&self) -> Option<Checkpoint> {
        let checkpoint = self.checkpoint?;
        let spans_stored = checkpoint.spans_stored + self.len();
        Some(Checkpoint { spans_stored, ..checkpoint.clone() })
    }
}

impl Writer {
    /// The rows of a commit, in the order of `fresh`, and what they change. The first is row
    /// `first_row` of the generation.
    pub(super) fn rows(
        &mut self,
        fresh: Vec<Fresh<'_>>,
        first_row: u32,
    ) -> (Option<RecordBatch>, Arrival) {
        let mut arrival = Arrival::default();
        let (mut batches, mut row) = (Vec::new(), 0);
        // Neighbouring spans of several senders become one batch.
        let mut unwritten: Vec<(&Span, Delivery<'_>)> = Vec::new();
        for Fresh { rows, exports, spans, delivery, .. } in fresh {
            for export in exports.into_iter().filter(|export| export.len() > 0) {
                batches.extend(self.span_rows(&mut unwritten, first_row, &mut row, &mut arrival));
                let count = export.len() as u32;
                let (receipt, first) = (self.next_receipt + u64::from(row), first_row + row);
                let origins = &mut self.origins;
                batches.push(export.into_rows(receipt, first, delivery, origins, &mut arrival));
                row += count;
            }
            if let Some(rows) = rows.filter(|rows| rows.len() > 0) {
                batches.extend(self.span_rows(&mut unwritten, first_row, &mut row, &mut arrival));
                let count = rows.len() as u32;
                let (receipt, first) = (self.next_receipt + u64::from(row), first_row + row);
                let origins = &mut self.origins;
                batches.push(rows.into_rows(receipt, first, delivery, origins, &mut arrival));
                row += count;
            }
            unwritten.extend(spans.into_iter().map(|span| (span, delivery)));
        }
        batches.extend(self.span_rows(&mut unwritten, first_row, &mut row, &mut arrival));
        let rows = match batches.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            more => Some(concat_batches(&SCHEMA, more).expect("all have the schema")),
        };
        (rows, arrival)
    }

    /// The rows of `unwritten`, which is emptied. The first is row `row` of the commit, and `row`
    /// becomes the number after the last.
    fn span_rows(
        &mut self,
        unwritten: &mut Vec<(&Span, Delivery<'_>)>,
        first_row: u32,
        row: &mut u32,
        arrival: &mut Arrival,
    ) -> Option<RecordBatch> {
        let is_empty = unwritten.is_empty();
        let mut batch = SpanBatch::with_capacity(unwritten.len());
        let mut last: Option<(&Arc<Origin>, u32)> = None;
        for (span, delivery) in unwritten.drain(..) {
            // Spans of one scope share their origin, so compare the pointer before the content.
            let origin_id = match last {
                Some((origin, number)) if Arc::ptr_eq(origin, &span.origin) => number,
                _ => self.origins.number(&span.origin),
            };
            last = Some((&span.origin, origin_id));
            batch.push(span, self.next_receipt + u64::from(*row), origin_id, delivery);
            arrival.add(span, first_row + *row);
            *row += 1;
        }
        arrival.has_misplaced |= batch.has_misplaced;
        (!is_empty).then(|| batch.finish())
    }

    /// The record of a commit after [`rows`](Self::rows).
    pub(super) fn record(&self, checkpoints: Vec<Checkpoint>) -> Record {
        let (first_origin, origins) = self.origins.unwritten();
        Record { first_origin, origins: origins.to_vec(), checkpoints, ..Record::default() }
    }
}
