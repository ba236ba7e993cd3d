//! One page on its way into the store.

use coral_engine::{Checkpoint, Engine, Page, PageContent};
use coral_trace::{Collector, Recogniser};
use coral_wire::otlp_in::{self, Encoding};

use super::error::PollError;
use super::sampling::Sampling;
use coral_server::clock;

/// What of a page was not stored.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LeftOut {
    /// Spans of traces that sampling leaves out.
    pub sampled_out: u64,
    /// Spans that are stored already, or that stand twice in the page. 0 with an engine that does not count them:
    /// see [`AppendedPage::duplicate`](coral_engine::AppendedPage::duplicate).
    pub duplicate: u64,
    /// Links that were no links, of spans that are stored.
    pub links: u64,
    /// Spans that cannot be stored.
    pub refused: Option<RefusedSpans>,
}

/// Spans that cannot be stored, now or ever.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefusedSpans {
    /// By whom.
    pub by: RefusedBy,
    /// How many.
    pub spans: u64,
    /// Why, in one short line.
    pub reason: String,
}

/// Who refuses a span.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RefusedBy {
    /// The decoder, one by one: an id that is none, or more than a limit.
    Decoder,
    /// The decoder, for what it is: not even its page can be read.
    Format,
    /// The store.
    Store,
}

impl RefusedBy {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Decoder, Self::Format, Self::Store];

    /// As counters have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decoder => "invalid",
            Self::Format => "undecodable",
            Self::Store => "unstorable",
        }
    }
}

/// Stores the spans of a page and `checkpoint`, the place of the stream after it, in one commit. Returns the
/// checkpoint as it was stored. Blocks.
///
/// # Errors
/// [`PollError::Undecodable`] when nothing of the page can be read; [`PollError::CannotStore`]. Nothing is
/// stored then.
pub(super) fn store(
    engine: &dyn Engine,
    otlp: &[u8],
    sampling: Sampling,
    checkpoint: Checkpoint,
) -> Result<(Checkpoint, LeftOut), PollError> {
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
    let page = Page { content: PageContent::Spans(spans), received: clock::now(), checkpoint };
    let appended = engine.append_pages(vec![page]).pop();
    let appended =
        appended.expect("an engine answers for each page").map_err(PollError::CannotStore)?;
    let (duplicate, links) = (appended.duplicate.unwrap_or(0), decoded.refused.links);
    let left_out = LeftOut { sampled_out, duplicate, links, refused };
    Ok((appended.checkpoint, left_out))
}
