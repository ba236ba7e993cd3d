//! Pages of spans by column, as one process sends them to another.
//!
//! The bytes of a column page have the form in which an engine stores spans, so that a page is copied
//! instead of decoded and encoded. The contract does not know this form: it has a number, the layout.
//! An engine that does not know a layout gets spans instead.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use coral_trace::red::Protocol;
use coral_trace::{Origin, SpanKind, TraceId, UnixNanos};

/// The number of a form of column pages: of the names, types and meaning of their columns. Two
/// processes with the same layout read each other's pages.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ColumnsLayout(pub u64);

/// A page of spans by column, as it was received. Nothing is checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PageColumns {
    /// The layout.
    pub layout: ColumnsLayout,
    /// Texts of resources and scopes, to which rows refer by index.
    pub origins: Vec<String>,
    /// The rows.
    pub rows: Vec<u8>,
}

/// One span of a column page: what a colony counts.
#[derive(Clone, Copy, Debug)]
pub struct PageSpan<'a> {
    /// The trace.
    pub trace_id: TraceId,
    /// When the span started.
    pub start: UnixNanos,
    /// The span's role in a call.
    pub kind: SpanKind,
    /// The protocol of the request or call that the span is, as
    /// [`protocol_of_span`](coral_trace::red::protocol_of_span).
    pub protocol: Option<Protocol>,
    /// The W3C `tracestate`.
    pub trace_state: &'a str,
    /// Resource, scope and collector, shared with other spans of the page.
    pub origin: &'a Arc<Origin>,
}

/// A column page that an engine has read and can store.
#[derive(Clone)]
pub struct CheckedColumns {
    /// The rows that will be stored, in the form of the engine that read them.
    pub rows: Arc<dyn Any + Send + Sync>,
    /// The number of spans in `rows`.
    pub spans: u64,
    /// The rows that can never be stored.
    pub refused: RefusedRows,
}

/// Rows that are not spans, or exceed a limit.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RefusedRows {
    /// The number of these rows.
    pub rows: u64,
    /// Why the first of them was refused. Has no text of the page.
    pub reason: String,
}

impl RefusedRows {
    /// Counts a row that is refused for `reason`.
    pub fn add(&mut self, reason: &str) {
        if self.rows == 0 {
            reason.clone_into(&mut self.reason);
        }
        self.rows += 1;
    }
}

/// Why no span of a column page can be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ColumnsError {
    /// The engine does not read this layout.
    #[error("columns in a layout that is not read here: {:016x}", found.0)]
    Layout {
        /// The layout of the page.
        found: ColumnsLayout,
    },
    /// The bytes are not a page of this layout.
    #[error("malformed columns: {0}")]
    Malformed(String),
}

/// Two checked pages are equal if they are the same page.
impl PartialEq for CheckedColumns {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.rows, &other.rows)
    }
}

impl fmt::Debug for CheckedColumns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { spans, refused, .. } = self;
        f.debug_struct("CheckedColumns")
            .field("spans", spans)
            .field("refused", refused)
            .finish_non_exhaustive()
    }
}
