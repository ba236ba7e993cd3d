//! Decodes and stores one page of spans.

use coral_engine::{
    Checkpoint, ColumnsLayout, Engine, Page, PageColumns, PageContent, RefusedRows,
};
use coral_trace::sanitize::line;
use coral_trace::{Collector, Recogniser, UnixNanos};
use coral_wire::agent_rpc::proto::{SpanColumns, SpanPage};
use coral_wire::otlp_in::{self, Encoding};

use super::error::PollError;
use super::sampling::Sampling;
use super::span_counts::{CountedSpan, SpanCounter, SpanCounts};
use coral_server::clock;

/// The spans and links of a page that were not stored.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LeftOut {
    /// Spans of traces that sampling drops.
    pub sampled_out: u64,
    /// Spans that are stored already, or that occur twice in the page. 0 if the engine does not
    /// count duplicates: see [`AppendedPage::duplicate`](coral_engine::AppendedPage::duplicate).
    pub duplicate: u64,
    /// Invalid links, which were dropped from valid spans.
    pub links: u64,
    /// Spans that can never be stored.
    pub refused: Option<RefusedSpans>,
}

/// A page that was stored.
pub(super) struct StoredPage {
    /// The checkpoint after the page, as stored.
    pub(super) checkpoint: Checkpoint,
    pub(super) left_out: LeftOut,
    /// The stored spans, by service and minute.
    pub(super) counts: SpanCounts,
}

/// Spans that can never be stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefusedSpans {
    /// What refused the spans.
    pub by: RefusedBy,
    /// The number of these spans.
    pub spans: u64,
    /// The reason, in one short line.
    pub reason: String,
}

/// What refuses a span.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RefusedBy {
    /// The decoder, for a single span: an invalid id, or a limit exceeded.
    Decoder,
    /// The decoder, because the page is neither valid OTLP nor valid columns.
    Format,
    /// The store.
    Store,
}

impl RefusedBy {
    /// All variants, in order.
    pub const ALL: [Self; 3] = [Self::Decoder, Self::Format, Self::Store];

    /// The name in counters.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decoder => "invalid",
            Self::Format => "undecodable",
            Self::Store => "unstorable",
        }
    }
}

/// The spans of a page, as an agent sent them. Nothing is checked.
pub(super) enum SentSpans {
    /// A `TracesData` message.
    Otlp(Vec<u8>),
    /// Columns.
    Columns(PageColumns),
}

/// The spans of a page that can be stored.
struct Decoded {
    content: PageContent,
    /// The spans, by service and minute.
    counts: SpanCounts,
    sampled_out: u64,
    links: u64,
    refused: Option<RefusedSpans>,
}

impl SentSpans {
    /// The spans of `page`, which are removed from it.
    pub(super) fn take(page: &mut SpanPage) -> Self {
        match page.columns.take() {
            Some(SpanColumns { layout, origins, rows }) => {
                Self::Columns(PageColumns { layout: ColumnsLayout(layout), origins, rows })
            }
            None => Self::Otlp(std::mem::take(&mut page.otlp)),
        }
    }

    /// No spans.
    pub(super) const fn none() -> Self {
        Self::Otlp(Vec::new())
    }
}

/// Stores the spans of a page and `checkpoint`, the checkpoint after the page, in one commit.
/// Blocks.
///
/// # Errors
/// [`PollError::Undecodable`] when the page is not valid OTLP; [`PollError::BadColumns`];
/// [`PollError::CannotStore`]. In all cases nothing is stored.
pub(super) fn store(
    engine: &dyn Engine,
    sent: SentSpans,
    sampling: Sampling,
    checkpoint: Checkpoint,
) -> Result<StoredPage, PollError> {
    let received = clock::now();
    let collector = checkpoint.collector;
    let decoded = match sent {
        SentSpans::Otlp(otlp) => decode(&otlp, collector, sampling, received)?,
        SentSpans::Columns(columns) => check(engine, columns, collector, sampling, received)?,
    };
    let Decoded { content, counts, sampled_out, links, refused } = decoded;
    let page = Page { content, received, checkpoint };
    let appended = engine.append_pages(vec![page]).pop();
    let appended =
        appended.expect("an engine answers for each page").map_err(PollError::CannotStore)?;
    let duplicate = appended.duplicate.unwrap_or(0);
    let left_out = LeftOut { sampled_out, duplicate, links, refused };
    // A page of spans that are stored already was counted when they were stored.
    let counts = if appended.stored > 0 { counts } else { SpanCounts::default() };
    Ok(StoredPage { checkpoint: appended.checkpoint, left_out, counts })
}

fn decode(
    otlp: &[u8],
    collector: Collector,
    sampling: Sampling,
    received: UnixNanos,
) -> Result<Decoded, PollError> {
    let recogniser = match collector {
        Collector::Ebpf => Recogniser::everything_ebpf(),
        Collector::Sdk => Recogniser::everything_sdk(),
    };
    let decoded =
        otlp_in::decode(otlp, Encoding::Protobuf, &recogniser).map_err(PollError::Undecodable)?;
    let refused = (decoded.refused.spans > 0).then(|| RefusedSpans {
        by: RefusedBy::Decoder,
        spans: decoded.refused.spans,
        reason: decoded.refused.message(),
    });
    let mut spans = decoded.spans;
    let decoded_count = spans.len();
    spans.retain(|span| sampling.keeps(span.trace_id));
    let sampled_out = (decoded_count - spans.len()) as u64;
    let counts = SpanCounts::of(spans.iter().map(CountedSpan::of_span), received);
    let content = PageContent::Spans(spans);
    Ok(Decoded { content, counts, sampled_out, links: decoded.refused.links, refused })
}

fn check(
    engine: &dyn Engine,
    columns: PageColumns,
    collector: Collector,
    sampling: Sampling,
    received: UnixNanos,
) -> Result<Decoded, PollError> {
    let mut sampled_out = 0;
    let mut counter = SpanCounter::at(received);
    let checked = engine.check_columns(columns, collector, &mut |span| {
        let is_kept = sampling.keeps(span.trace_id);
        match is_kept {
            true => counter.add(&CountedSpan::of_columns(span)),
            false => sampled_out += 1,
        }
        is_kept
    });
    let checked = checked.map_err(PollError::BadColumns)?;
    let RefusedRows { rows, reason } = checked.refused.clone();
    let by = RefusedBy::Decoder;
    let refused = (rows > 0).then(|| RefusedSpans { by, spans: rows, reason: line(&reason) });
    let (content, counts) = (PageContent::Columns(checked), counter.counts());
    Ok(Decoded { content, counts, sampled_out, links: 0, refused })
}
