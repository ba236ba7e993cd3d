//! Spans in order of receipt: what a colony polls.

use coral_trace::Collector;
use duckdb::{Connection, params};

use crate::error::StoreError;
use crate::row::{SpanReader, StoredSpan};
use crate::statement::{SPANS_AFTER, Statement};
use crate::store::{Store, first_receipt};

/// Some spans, and where they stand in the store's sequence.
#[derive(Clone, PartialEq, Debug)]
pub struct Page {
    /// In order of receipt.
    pub spans: Vec<StoredSpan>,
    /// What to ask after next; beyond spans of the other collector, which are not in `spans`.
    pub next_receipt: u64,
    /// The newest receipt that could be read. `next_receipt` equals it when the reader has caught up.
    pub last_receipt: u64,
    /// The oldest receipt still stored. When it is above the reader's place + 1, spans in between expired.
    pub first_receipt: u64,
}

impl Store {
    /// Returns spans of `collector` with a receipt above `after`, in order of receipt, at most `limit`.
    ///
    /// Order is of receipt and not of start: a long request starts early and arrives late, and a cursor
    /// on its start would step over it.
    ///
    /// # Errors
    /// [`StoreError::Statement`]; the reader's place is unchanged.
    ///
    /// Source: design decision 2.
    pub fn spans_after(
        &self,
        collector: Collector,
        after: u64,
        limit: u32,
    ) -> Result<Page, StoreError> {
        let last_receipt = self.0.receipts.last();
        self.0.catalogue.read(|segments| {
            let files = self.0.span_files(segments, |segment| segment.last_receipt > after);
            let ebpf = collector == Collector::Ebpf;
            let spans = self.0.readers.with(|connection| {
                let values = params![files, after, last_receipt, ebpf, limit];
                read_spans(connection, SPANS_AFTER, values)
            })?;
            let full = spans.len() >= limit as usize;
            let next_receipt = match spans.last() {
                Some(newest) if full => newest.receipt,
                _ => last_receipt.max(after),
            };
            let first_receipt = first_receipt(segments, &self.0.receipts);
            Ok(Page { spans, next_receipt, last_receipt, first_receipt })
        })
    }
}

/// Runs a statement that selects spans.
pub(crate) fn read_spans(
    connection: &Connection,
    statement: Statement,
    values: impl duckdb::Params,
) -> Result<Vec<StoredSpan>, StoreError> {
    let failed = || StoreError::statement(statement.name);
    let mut prepared = connection.prepare_cached(statement.sql).map_err(failed())?;
    let (mut reader, mut spans) = (SpanReader::default(), Vec::new());
    for batch in prepared.query_arrow(values).map_err(failed())? {
        reader.read(&batch, &mut spans)?;
    }
    Ok(spans)
}
