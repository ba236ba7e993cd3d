//! What an engine can do beyond the contract.

use crate::column_page::ColumnsLayout;
use crate::error::EngineError;
use crate::filter::FilterCapabilities;
use crate::query::TraceQuery;

/// What an engine can do beyond the contract. Callers check this before they offer a feature to a
/// user. An engine answers [`EngineError::Unsupported`] to a call that needs more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Capabilities {
    /// The filters that the engine can evaluate in a search.
    pub filter: FilterCapabilities,
    /// Whether [`AppendedPage::duplicate`](crate::AppendedPage::duplicate) is `Some`.
    pub counts_duplicates: bool,
    /// The layout of the columns that [`PageWriter::check_columns`](crate::PageWriter::check_columns)
    /// reads; `None` if the engine stores spans only.
    pub columns_layout: Option<ColumnsLayout>,
}

impl Capabilities {
    /// Checks that an engine with these capabilities can answer `query`.
    ///
    /// # Errors
    /// [`EngineError::Unsupported`], which names the first missing capability.
    pub fn check(&self, query: &TraceQuery) -> Result<(), EngineError> {
        query.filter.as_ref().map_or(Ok(()), |filter| self.filter.check(filter))
    }
}
