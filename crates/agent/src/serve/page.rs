//! Pages of stored spans in order of receipt, each small enough for one gRPC message.

use std::collections::HashSet;
use std::sync::Arc;

use coral_store::{PageColumns, PageLimit, Store, StoredSpan};
use coral_trace::{Collector, Span};
use coral_wire::agent_rpc::proto::{BeylaTraceSpan, SpanColumns, SpanEncoding, SpanPage};
use coral_wire::agent_rpc::span_message_len;
use coral_wire::otlp_out;
use tonic::Status;

use super::request::StreamPosition;
use super::{Spans, unavailable};

/// The largest size of the spans, or of the metrics, in one answer, in bytes. gRPC clients accept 4
/// MiB by default; the difference is for the rest of the message.
pub(crate) const ANSWER_BYTES: usize = 3_500_000;

/// The largest number of rows in one page: 4 MiB hold about 12,000 of Beyla's spans.
const READ_ROWS: u32 = 10_000;

/// The size in memory of the rows that are read for one page, in bytes. The row of a usual span of
/// Beyla is up to twice as large as the encoded span, so that usual pages are full.
const READ_BYTES: usize = 2 * ANSWER_BYTES;

/// The spans of `collector` after a position, as many as fit: by column if the caller reads the
/// store's columns.
pub(crate) fn answer(
    store: &Store,
    collector: Collector,
    position: &StreamPosition,
) -> Result<Spans, Status> {
    if position.columns == Some(Store::columns_layout())
        && let Some(spans) = by_column(store, collector, position)?
    {
        return Ok(spans);
    }
    let read = store.span_page(collector, position.after, limit(position));
    let mut page = read.map_err(unavailable)?;
    let fitting = fitting(page.spans.iter().map(|stored| &stored.span), position.encoding);
    if fitting < page.spans.len() {
        page.spans.truncate(fitting);
        // At least one span fits, because the receivers refuse a span that would not fit alone.
        page.next_receipt = page.spans.last().map_or(position.after, |last| last.receipt);
    }
    let mut spans = encode(page.spans, position.encoding);
    spans.page.store_id = store.id().to_owned();
    spans.page.next_receipt = page.next_receipt;
    spans.page.last_receipt = page.last_receipt;
    spans.page.first_receipt = page.first_receipt;
    spans.page.has_more = page.next_receipt < page.last_receipt;
    Ok(spans)
}

/// The page by column; `None` if its first span is too large for columns.
fn by_column(
    store: &Store,
    collector: Collector,
    position: &StreamPosition,
) -> Result<Option<Spans>, Status> {
    let limit = PageLimit { bytes: ANSWER_BYTES, ..limit(position) };
    let read = store.column_page(collector, position.after, limit);
    let Some(page) = read.map_err(unavailable)? else { return Ok(None) };
    let columns = page.columns.map(|PageColumns { layout, origins, rows }| SpanColumns {
        layout: layout.0,
        origins,
        rows,
    });
    let (traces, spans) = (page.traces as i32, page.spans as u32);
    let page = SpanPage {
        store_id: store.id().to_owned(),
        next_receipt: page.next_receipt,
        has_more: page.next_receipt < page.last_receipt,
        last_receipt: page.last_receipt,
        first_receipt: page.first_receipt,
        spans,
        columns,
        ..SpanPage::default()
    };
    Ok(Some(Spans { trace_spans: Vec::new(), traces, page }))
}

/// How much is read from the store for one page.
pub(super) fn limit(position: &StreamPosition) -> PageLimit {
    PageLimit { spans: position.max_spans.min(READ_ROWS) as usize, bytes: READ_BYTES }
}

/// How many of the first spans fit together into one answer; at least one.
fn fitting<'a>(spans: impl Iterator<Item = &'a Span>, encoding: SpanEncoding) -> usize {
    let mut size = AnswerSize::new(encoding);
    spans.take_while(|span| size.add(span) <= ANSWER_BYTES).count().max(1)
}

/// An upper bound for the size of an answer.
pub(crate) struct AnswerSize {
    encoding: SpanEncoding,
    bytes: usize,
    /// The origins that are counted already, by address. The counted spans keep the origins alive.
    origins: HashSet<usize>,
}

impl AnswerSize {
    pub(crate) fn new(encoding: SpanEncoding) -> Self {
        Self { encoding, bytes: 0, origins: HashSet::new() }
    }

    /// Adds a span, and returns the bytes of all spans so far.
    pub(crate) fn add(&mut self, span: &Span) -> usize {
        self.bytes += match self.encoding {
            SpanEncoding::Unspecified => span_message_len(span),
            SpanEncoding::Otlp => {
                let is_new = self.origins.insert(Arc::as_ptr(&span.origin).addr());
                let origin = if is_new { otlp_out::origin_len(&span.origin) } else { 0 };
                origin + otlp_out::span_len(span)
            }
        };
        self.bytes
    }
}

/// Encodes spans in `encoding`, and counts spans and traces. The caller fills in the receipts and
/// the store id of the page.
pub(crate) fn encode(stored: Vec<StoredSpan>, encoding: SpanEncoding) -> Spans {
    let spans: Vec<Span> = stored.into_iter().map(|stored| stored.span).collect();
    let mut traces: Vec<_> = spans.iter().map(|span| span.trace_id).collect();
    traces.sort_unstable();
    traces.dedup();
    let (trace_spans, otlp) = match encoding {
        SpanEncoding::Otlp => (Vec::new(), otlp_out::encode(&spans)),
        SpanEncoding::Unspecified => (spans.iter().map(BeylaTraceSpan::from).collect(), Vec::new()),
    };
    Spans {
        trace_spans,
        traces: traces.len() as i32,
        page: SpanPage { otlp, spans: spans.len() as u32, ..SpanPage::default() },
    }
}
