//! Sources and a budget, together: what the parts of an answer read from.

use coral_engine::{Budget, Columns, EngineError, TraceQuery, TraceSummary};
use coral_trace::{Collector, Span, TimeRange, TraceId, TraceIdPrefix};

use crate::ask::{QueryError, Sources};

/// How many existing services are offered when the question names a service that does not exist.
const MAX_SIMILAR: usize = 3;
/// The least similarity (Jaro-Winkler, 0 to 1) of a name that is offered instead.
pub(crate) const MIN_SIMILARITY: f64 = 0.7;

/// Reads for one question.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) from: &'a Sources<'a>,
    pub(crate) budget: &'a Budget,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(from: &'a Sources<'a>, budget: &'a Budget) -> Self {
        Self { from, budget }
    }

    pub(crate) fn search(&self, query: &TraceQuery) -> Result<Vec<TraceSummary>, EngineError> {
        self.from.traces.search(query, self.budget)
    }

    /// At most `limit` spans of `traces`, by trace, with `columns`.
    pub(crate) fn spans(
        &self,
        traces: &[TraceId],
        collector: Option<Collector>,
        columns: Columns,
        limit: u32,
    ) -> Result<Vec<Span>, EngineError> {
        let stored = self.from.traces.spans_of(traces, collector, columns, limit, self.budget)?;
        Ok(stored.into_iter().map(|stored| stored.span).collect())
    }

    /// The only trace whose id begins with `prefix`; `None` when there is none.
    pub(crate) fn resolve(&self, prefix: TraceIdPrefix) -> Result<Option<TraceId>, QueryError> {
        if let Some(id) = prefix.exact() {
            return Ok(Some(id));
        }
        let found = self.from.traces.traces_with_prefix(prefix, QueryError::MAX_CANDIDATES)?;
        match *found {
            [] => Ok(None),
            [only] => Ok(Some(only)),
            _ => Err(QueryError::Ambiguous { prefix: prefix.to_string(), traces: found }),
        }
    }

    /// Services with spans in `started` or near it, by name.
    pub(crate) fn known_services(&self, started: TimeRange) -> Result<Vec<String>, EngineError> {
        Ok(self.from.traces.services(started, self.budget)?.into_iter().collect())
    }

    /// Services seen in `started` that `service` may be a misspelling of; none when it is seen there itself.
    pub(crate) fn did_you_mean(
        &self,
        service: &str,
        started: TimeRange,
    ) -> Result<Vec<String>, EngineError> {
        match self.known_services(started)?.iter().any(|name| name == service) {
            true => Ok(Vec::new()),
            false => self.similar(service, started),
        }
    }

    /// Services seen in `started` whose names are like `service`, the most alike first.
    pub(crate) fn similar(
        &self,
        service: &str,
        started: TimeRange,
    ) -> Result<Vec<String>, EngineError> {
        let names = self.known_services(started)?.into_iter().filter(|name| name != service);
        let mut alike: Vec<(f64, String)> = names
            .map(|name| (strsim::jaro_winkler(&name, service), name))
            .filter(|(alike, _)| *alike >= MIN_SIMILARITY)
            .collect();
        alike.sort_by(|one, other| other.0.total_cmp(&one.0));
        Ok(alike.into_iter().take(MAX_SIMILAR).map(|(_, name)| name).collect())
    }
}
