//! What an engine can do.

use crate::error::EngineError;
use crate::filter::FilterCapabilities;
use crate::query::TraceQuery;

/// What an engine can do beyond what every engine does. A caller asks before it offers something to a user; an
/// engine that is asked for what it cannot do answers [`EngineError::Unsupported`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Capabilities {
    /// Which filters a search may have.
    pub filter: FilterCapabilities,
    /// [`AppendedPage::duplicate`](crate::AppendedPage::duplicate) is told.
    pub counts_duplicates: bool,
}

impl Capabilities {
    /// Whether an engine with these capabilities can do `query`.
    ///
    /// # Errors
    /// [`EngineError::Unsupported`] names the first thing that it cannot do.
    pub fn check(&self, query: &TraceQuery) -> Result<(), EngineError> {
        query.filter.as_ref().map_or(Ok(()), |filter| self.filter.check(filter))
    }
}
