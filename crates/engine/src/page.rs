//! Stores pages of agents.

use coral_trace::red::Delta;
use coral_trace::{Collector, Span, UnixNanos};

use crate::column_page::{CheckedColumns, ColumnsError, PageColumns, PageSpan};
use crate::error::EngineError;
use crate::fleet::{Checkpoint, MetricCheckpoint};
use crate::timeline::AgentMinute;

/// Stores pages of agents' streams, each with its checkpoint. Every call blocks.
///
/// A span is identified by its trace id and span id. If two spans have the same ids, only the first
/// is stored. So after any failure the caller MAY send a page again, or its spans in pages of other
/// sizes. An engine that does not count duplicates
/// ([`Capabilities::counts_duplicates`](crate::Capabilities::counts_duplicates)) MAY keep either of two
/// different spans with the same ids, and its summaries of traces MAY have the numbers of both.
pub trait PageWriter: Send + Sync {
    /// Stores pages of several streams, each with its checkpoint. Returns a result for each, in
    /// order. A page that fails MUST NOT prevent others from being stored.
    ///
    /// After `Ok`, a page survives `kill -9` and power loss. After a crash without `Ok`, a stored
    /// checkpoint MUST NOT be ahead of its spans. Spans may be ahead of their checkpoint, because
    /// storing them again changes nothing.
    ///
    /// `pages` MUST NOT contain two pages of one stream, because the second one's checkpoint
    /// depends on the success of the first.
    fn append_pages(&self, pages: Vec<Page>) -> Vec<Result<AppendedPage, EngineError>>;

    /// Reads a page by column, whose bytes are not trusted, for
    /// [`PageContent::Columns`]. `collector` made all its spans. Calls `keeps` once for each valid
    /// span, in no particular order: spans for which `keeps` returns `false` are left out. Stores
    /// nothing, and waits for no commit.
    ///
    /// A row that is not a span which this engine can store and read again MUST be refused, and
    /// counted in [`CheckedColumns::refused`]. A span that differs from others only in being rare
    /// MUST NOT be refused. The default reads no columns.
    ///
    /// # Errors
    /// [`ColumnsError`]: no span can be read. The caller MAY fetch the page again as spans.
    fn check_columns(
        &self,
        columns: PageColumns,
        collector: Collector,
        keeps: &mut dyn FnMut(&PageSpan<'_>) -> bool,
    ) -> Result<CheckedColumns, ColumnsError> {
        let _ = (collector, keeps);
        Err(ColumnsError::Layout { found: columns.layout })
    }

    /// Stores a page of an agent's metrics with its checkpoint. Returns the checkpoint as stored,
    /// with `rows_stored` increased.
    ///
    /// # Errors
    /// [`EngineError`]: nothing of the page is readable, and the same call may be repeated.
    fn append_metric_page(
        &self,
        deltas: Vec<Delta>,
        received: UnixNanos,
        checkpoint: &MetricCheckpoint,
    ) -> Result<MetricCheckpoint, EngineError>;

    /// Adds records to the coverage timeline. Records of an agent and minute that has records
    /// already are added to these, as [`AgentMinute::absorb`] does. After `Ok`, the records survive
    /// `kill -9` and power loss.
    ///
    /// # Errors
    /// [`EngineError`]: nothing was added, and the same call may be repeated.
    fn append_agent_minutes(&self, minutes: Vec<AgentMinute>) -> Result<(), EngineError>;
}

/// One page of an agent's stream of spans.
#[derive(Clone, PartialEq, Debug)]
pub struct Page {
    /// The spans.
    pub content: PageContent,
    /// When the colony received it.
    pub received: UnixNanos,
    /// The checkpoint after this page: `next_receipt` and `spans_missed` after the page,
    /// `spans_stored` before it.
    pub checkpoint: Checkpoint,
}

/// The content of a page. An engine answers [`EngineError::Unsupported`] to a kind of content that
/// it lacks. Every engine accepts [`Spans`](Self::Spans).
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum PageContent {
    /// Decoded spans. An empty page only advances its checkpoint.
    Spans(Vec<Span>),
    /// Columns that [`check_columns`](PageWriter::check_columns) of the same engine has read.
    Columns(CheckedColumns),
}

/// The result of storing a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppendedPage {
    /// Spans written: the new ones if the engine can tell, else all.
    pub stored: u64,
    /// Spans that were stored already, or occurred twice in the page; `None` if the engine cannot
    /// tell. See [`Capabilities::counts_duplicates`](crate::Capabilities::counts_duplicates).
    pub duplicate: Option<u64>,
    /// The checkpoint as stored, with `spans_stored` increased by `stored`.
    pub checkpoint: Checkpoint,
}
