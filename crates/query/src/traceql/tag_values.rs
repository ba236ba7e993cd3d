//! The values of an attribute.

use coral_engine::{Budget, EngineError};
use coral_trace::UnixNanos;
use coral_traceql::Static;

use crate::ask::{QueryError, Sources};

/// The values of an attribute among the spans that meet a query.
#[derive(Clone, PartialEq, Debug)]
pub struct TagValuesQuestion {
    /// The attribute as TraceQL writes it: `span.http.method`, `.foo`, `name`, `resource.service.name`,
    /// `event:name`.
    pub tag: String,
    /// A query whose spans count. What is incomplete or invalid in the query is left out, as in Tempo.
    pub q: Option<String>,
    /// The start of the time range.
    pub since: UnixNanos,
    /// The end of the time range, not inside.
    pub until: UnixNanos,
    /// The largest number of values.
    pub limit: u32,
}

impl TagValuesQuestion {
    /// The values, sorted. Blocks the calling thread.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] of `tag`; [`QueryError::OverBudget`] and the errors of the engine.
    pub fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Vec<Static>, QueryError> {
        let _ = (from, budget);
        Err(EngineError::Unsupported { feature: "TraceQL" }.into())
    }
}
