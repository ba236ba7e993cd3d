//! Storing what agents answered with.

use coral_trace::red::Delta;
use coral_trace::{Span, UnixNanos};

use crate::error::EngineError;
use crate::fleet::{Checkpoint, MetricCheckpoint};

/// Stores pages of agents' streams, each with its checkpoint. Every call blocks.
///
/// A span is known by its trace id and its span id, and is stored once: one that is stored already is left as it
/// is, whoever repeats it. So a page MAY be repeated, whole or cut otherwise, after any failure.
pub trait PageWriter: Send + Sync {
    /// Stores pages of several streams, each with its checkpoint, and answers for each by itself, in the order in
    /// which they were given. A page that fails MUST NOT keep others from being stored.
    ///
    /// When a page is answered with `Ok`, neither `kill -9` nor a power loss undoes it. After a crash before that,
    /// a checkpoint that is stored MUST NOT be ahead of its spans; spans may be ahead of their checkpoint, since
    /// storing them again changes nothing.
    ///
    /// `pages` MUST NOT contain two pages of one stream: the second one's place follows from the first's success.
    fn append_pages(&self, pages: Vec<Page>) -> Vec<Result<AppendedPage, EngineError>>;

    /// Stores a page of an agent's metrics and how far that agent's metrics are stored with it. Returns the
    /// checkpoint as it was stored, with `rows_stored` raised.
    ///
    /// # Errors
    /// [`EngineError`]: nothing of it can be read, and the same call may succeed later.
    fn append_metric_page(
        &self,
        deltas: Vec<Delta>,
        received: UnixNanos,
        checkpoint: &MetricCheckpoint,
    ) -> Result<MetricCheckpoint, EngineError>;
}

/// One page of an agent's stream of spans.
#[derive(Clone, PartialEq, Debug)]
pub struct Page {
    /// What is in it.
    pub content: PageContent,
    /// When the colony received it.
    pub received: UnixNanos,
    /// How far the stream is stored with this page: `next_receipt` and `spans_missed` as they are after it,
    /// `spans_stored` as it was before.
    pub checkpoint: Checkpoint,
}

/// What a page holds. An engine answers [`EngineError::Unsupported`] to a kind of content that it does not take;
/// every engine takes [`Spans`](Self::Spans).
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum PageContent {
    /// Decoded spans. May be empty: the page then moves its checkpoint alone.
    Spans(Vec<Span>),
}

/// What became of a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppendedPage {
    /// Spans that were written: the new ones where the engine knows which are new, else all.
    pub stored: u64,
    /// Spans that were stored before, or that stood twice in the page; `None` in an engine that does not know
    /// when it writes. See [`Capabilities::counts_duplicates`](crate::Capabilities::counts_duplicates).
    pub duplicate: Option<u64>,
    /// The checkpoint as it was stored: `spans_stored` is raised by `stored`.
    pub checkpoint: Checkpoint,
}
