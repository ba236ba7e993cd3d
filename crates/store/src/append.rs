//! Storing spans: one commit, each span once.

use std::collections::HashSet;
use std::sync::Arc;

use coral_trace::{Origin, Span, TraceId, UnixNanos};
use duckdb::arrow::record_batch::RecordBatch;
use duckdb::{Connection, params};

use crate::batch::{Delivery, SpanBatch};
use crate::checkpoint::{self, Checkpoint};
use crate::error::StoreError;
use crate::parts::Parts;
use crate::row::{numbers, uuids};
use crate::seen::{self, Key};
use crate::statement::KNOWN_SPANS;
use crate::store::{Inner, Store, Writer, sql_list};

/// What became of one group of spans.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Appended {
    /// Spans that were not stored before.
    pub new: u64,
    /// Spans that were, or that stood twice in what was appended; left as they were.
    pub duplicate: u64,
}

impl Store {
    /// Stores `groups` in one commit, received at `received`, and says of each what became of it. A
    /// span is known by (trace id, span id); one that is stored already is left as it is.
    ///
    /// When this returns `Ok`, a `kill -9` cannot undo it. RFD 036's `StoreTrace`.
    ///
    /// # Errors
    /// [`StoreError::Statement`]: nothing was stored, and the same call may succeed later.
    pub fn append(
        &self,
        groups: &[Vec<Span>],
        received: UnixNanos,
    ) -> Result<Vec<Appended>, StoreError> {
        self.0.commit(groups, Delivery { agent_id: "", received }, None)
    }

    /// Stores one page of an agent's spans and how far that agent's stream is stored now, in one
    /// commit: after a crash both are there or neither. RFD 036's `InsertBeylaTraces`.
    ///
    /// `checkpoint.spans_stored` is raised here by what was new.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn append_page(
        &self,
        spans: Vec<Span>,
        received: UnixNanos,
        checkpoint: &mut Checkpoint,
    ) -> Result<Appended, StoreError> {
        let by = Delivery { agent_id: &checkpoint.agent_id, received };
        let stored = self.0.commit(&[spans], by, Some(checkpoint))?;
        let appended = stored.into_iter().next().unwrap_or_default();
        checkpoint.spans_stored += appended.new;
        Ok(appended)
    }
}

impl Inner {
    fn commit(
        &self,
        groups: &[Vec<Span>],
        by: Delivery<'_>,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<Vec<Appended>, StoreError> {
        let mut writer = self.writer();
        let sealed = self.sealed_duplicates(groups)?;
        let mut fresh = Fresh::default();
        let appended = groups.iter().map(|group| fresh.pick(group, &mut writer, &sealed)).collect();
        let outcome = writer.write(&fresh.spans, by, checkpoint);
        if outcome.is_err() {
            writer.seen.forget(fresh.keys);
            writer.origins.forget();
        }
        self.receipts.publish(writer.next_receipt - 1);
        outcome.map(|()| appended)
    }

    /// Which of the spans are in sealed segments. Costs a look at each segment's filter, and a query
    /// only for traces that a filter does not rule out.
    fn sealed_duplicates(&self, groups: &[Vec<Span>]) -> Result<HashSet<Key>, StoreError> {
        let segments = self.catalogue.current();
        let traces: HashSet<TraceId> = groups.iter().flatten().map(|span| span.trace_id).collect();
        let maybe: Vec<TraceId> = traces
            .into_iter()
            .filter(|trace| segments.iter().any(|segment| segment.filter.may_contain(*trace)))
            .collect();
        if maybe.is_empty() {
            return Ok(HashSet::new());
        }
        let files = self.span_files(&segments, |segment| {
            maybe.iter().any(|trace| segment.filter.may_contain(*trace))
        });
        self.readers.with(|connection| known_spans(connection, &files, &maybe))
    }
}

fn known_spans(
    connection: &Connection,
    files: &str,
    traces: &[TraceId],
) -> Result<HashSet<Key>, StoreError> {
    let failed = || StoreError::statement(KNOWN_SPANS.name);
    let mut statement = connection.prepare_cached(KNOWN_SPANS.sql).map_err(failed())?;
    let mut known = HashSet::new();
    for batch in statement.query_arrow(params![files, sql_list(traces)]).map_err(failed())? {
        for (trace, span) in uuids(&batch, 0)?.iter().flatten().zip(numbers(&batch, 1)?.values()) {
            let trace: [u8; 16] = trace.try_into().expect("a UUID has 16 bytes");
            known.insert(seen::join(u128::from_be_bytes(trace), *span));
        }
    }
    Ok(known)
}

/// The spans of one commit that were not stored before.
#[derive(Default)]
struct Fresh<'a> {
    spans: Vec<&'a Span>,
    keys: Vec<Key>,
}

impl<'a> Fresh<'a> {
    fn pick(&mut self, group: &'a [Span], writer: &mut Writer, sealed: &HashSet<Key>) -> Appended {
        let before = self.spans.len();
        for span in group {
            let key = seen::key(span);
            if !sealed.contains(&key) && writer.seen.insert(key) {
                self.spans.push(span);
                self.keys.push(key);
            }
        }
        let new = (self.spans.len() - before) as u64;
        Appended { new, duplicate: group.len() as u64 - new }
    }
}

impl Writer {
    /// One transaction: spans, origins, parts and checkpoint. Rolled back as a whole.
    fn write(
        &mut self,
        spans: &[&Span],
        by: Delivery<'_>,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<(), StoreError> {
        if spans.is_empty() && checkpoint.is_none() {
            return Ok(());
        }
        let rows = self.rows(spans, by);
        self.connection.execute_batch("BEGIN").map_err(StoreError::statement("begin"))?;
        let written = self.write_rows(rows, spans.len(), checkpoint);
        let ended = written.and_then(|()| {
            self.connection.execute_batch("COMMIT").map_err(StoreError::statement("commit"))
        });
        if let Err(error) = ended {
            // After a failed commit there may be nothing to roll back.
            let _ = self.connection.execute_batch("ROLLBACK");
            return Err(error);
        }
        self.origins.written();
        self.next_receipt += spans.len() as u64;
        if !spans.is_empty() {
            self.hot_since.get_or_insert(by.received);
        }
        Ok(())
    }

    fn rows(&mut self, spans: &[&Span], by: Delivery<'_>) -> Option<(RecordBatch, RecordBatch)> {
        let mut batch = SpanBatch::with_capacity(spans.len());
        let mut parts = Parts::default();
        let mut last: Option<(&Arc<Origin>, u32)> = None;
        for (receipt, span) in (self.next_receipt..).zip(spans) {
            // Siblings share their origin: compare the pointer before the content.
            let origin_id = match last {
                Some((origin, number)) if Arc::ptr_eq(origin, &span.origin) => number,
                _ => self.origins.number(&span.origin),
            };
            last = Some((&span.origin, origin_id));
            batch.push(span, receipt, origin_id, by);
            parts.add(span);
        }
        let last_receipt = self.next_receipt + spans.len() as u64 - 1;
        (!spans.is_empty()).then(|| (batch.finish(), parts.finish(last_receipt)))
    }

    fn write_rows(
        &self,
        rows: Option<(RecordBatch, RecordBatch)>,
        spans: usize,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<(), StoreError> {
        if let Some((spans, parts)) = rows {
            self.append_batch("hot_spans", spans)?;
            self.append_batch("hot_parts", parts)?;
            self.append_origins()?;
        }
        match checkpoint {
            Some(checkpoint) => {
                let spans_stored = checkpoint.spans_stored + spans as u64;
                let checkpoint = Checkpoint { spans_stored, ..checkpoint.clone() };
                checkpoint::write(&self.connection, &checkpoint)
            }
            None => Ok(()),
        }
    }

    fn append_batch(&self, table: &'static str, batch: RecordBatch) -> Result<(), StoreError> {
        let mut appender = self.connection.appender(table).map_err(StoreError::statement(table))?;
        appender.append_record_batch(batch).map_err(StoreError::statement(table))?;
        appender.flush().map_err(StoreError::statement(table))
    }

    fn append_origins(&self) -> Result<(), StoreError> {
        let failed = || StoreError::statement("hot_origins");
        let mut appender = self.connection.appender("hot_origins").map_err(failed())?;
        for (number, origin) in self.origins.unwritten() {
            appender.append_row(params![number, origin]).map_err(failed())?;
        }
        appender.flush().map_err(failed())
    }
}
