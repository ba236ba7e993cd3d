//! Decodes and stores one page of spans.

use coral_engine::{Checkpoint, Engine, Page, PageContent};
use coral_trace::{Collector, Recogniser};
use coral_wire::otlp_in::{self, Encoding};

use super::error::PollError;
use super::minutes::SpanCounts;
use super::sampling::Sampling;
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
    /// The decoder, because the page is not valid OTLP.
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

/// Stores the spans of a page and `checkpoint`, the checkpoint after the page, in one commit.
/// Blocks.
///
/// # Errors
/// [`PollError::Undecodable`] when the page is not valid OTLP; [`PollError::CannotStore`]. In both
/// cases nothing is stored.
pub(super) fn store(
    engine: &dyn Engine,
    otlp: &[u8],
    sampling: Sampling,
    checkpoint: Checkpoint,
) -> Result<StoredPage, PollError> {
    let collector = match checkpoint.collector {
        Collector::Ebpf => Recogniser::everything_ebpf(),
        Collector::Sdk => Recogniser::everything_sdk(),
    };
    let decoded =
        otlp_in::decode(otlp, Encoding::Protobuf, &collector).map_err(PollError::Undecodable)?;
    let refused = (decoded.refused.spans > 0).then(|| RefusedSpans {
        by: RefusedBy::Decoder,
        spans: decoded.refused.spans,
        reason: decoded.refused.message(),
    });
    let mut spans = decoded.spans;
    let decoded_count = spans.len();
    spans.retain(|span| sampling.keeps(span.trace_id));
    let sampled_out = (decoded_count - spans.len()) as u64;
    let received = clock::now();
    let counts = SpanCounts::of(&spans, received);
    let page = Page { content: PageContent::Spans(spans), received, checkpoint };
    let appended = engine.append_pages(vec![page]).pop();
    let appended =
        appended.expect("an engine answers for each page").map_err(PollError::CannotStore)?;
    let (duplicate, links) = (appended.duplicate.unwrap_or(0), decoded.refused.links);
    let left_out = LeftOut { sampled_out, duplicate, links, refused };
    // A page of spans that are stored already was counted when they were stored.
    let counts = if appended.stored > 0 { counts } else { SpanCounts::default() };
    Ok(StoredPage { checkpoint: appended.checkpoint, left_out, counts })
}
