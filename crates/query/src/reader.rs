//! The sources and the budget of one question, and the reads that several questions share.

use coral_engine::{Budget, Columns, EngineError, StoredSpan, TraceQuery, TraceSummary};
use coral_trace::{Collector, Span, TimeRange, TraceId, TraceIdPrefix, UnixNanos};

use crate::ask::{QueryError, Sources};
use crate::recorded_minutes::RecordedMinutes;

/// The largest number of services that are suggested when the question names an unknown service.
const MAX_SIMILAR: usize = 3;
/// The smallest Jaro-Winkler similarity (0 to 1) between an unknown name and a name that is
/// suggested instead.
pub(crate) const MIN_SIMILARITY: f64 = 0.7;

/// Reads from the sources on behalf of one question.
pub(crate) struct Reader<'a> {
    pub(crate) from: &'a Sources<'a>,
    pub(crate) budget: &'a Budget,
    /// The minutes of the coverage timeline that were read.
    pub(crate) minutes: RecordedMinutes,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(from: &'a Sources<'a>, budget: &'a Budget) -> Self {
        Self { from, budget, minutes: RecordedMinutes::default() }
    }

    pub(crate) fn search(&self, query: &TraceQuery) -> Result<Vec<TraceSummary>, EngineError> {
        self.from.traces.search(query, self.budget)
    }

    pub(crate) fn search_each(
        &self,
        queries: &[TraceQuery],
    ) -> Result<Vec<Vec<TraceSummary>>, EngineError> {
        self.from.traces.search_each(queries, self.budget)
    }

    /// At most `limit` spans of `traces`, grouped by trace, with the given groups of columns.
    /// `None` as `collector` is any collector.
    pub(crate) fn spans(
        &self,
        traces: &[TraceId],
        collector: Option<Collector>,
        columns: Columns,
        limit: u32,
    ) -> Result<Vec<Span>, EngineError> {
        let stored = self.stored_spans(traces, collector, columns, limit)?;
        Ok(stored.into_iter().map(|stored| stored.span).collect())
    }

    /// [`spans`](Self::spans), with the agents that the spans are from.
    pub(crate) fn stored_spans(
        &self,
        traces: &[TraceId],
        collector: Option<Collector>,
        columns: Columns,
        limit: u32,
    ) -> Result<Vec<StoredSpan>, EngineError> {
        self.from.traces.spans_of(traces, collector, columns, limit, self.budget)
    }

    /// The trace whose id begins with `prefix`; `None` when there is none. When there are several,
    /// the error is [`QueryError::Ambiguous`].
    pub(crate) fn resolve(&self, prefix: TraceIdPrefix) -> Result<Option<TraceId>, QueryError> {
        if let Some(id) = prefix.exact() {
            return Ok(Some(id));
        }
        let limit = QueryError::MAX_CANDIDATES;
        let found = self.from.traces.traces_with_prefix(prefix, limit, self.budget)?;
        match *found {
            [] => Ok(None),
            [only] => Ok(Some(only)),
            _ => Err(QueryError::Ambiguous { prefix: prefix.to_string(), traces: found }),
        }
    }

    /// When the oldest stored spans started; `None` if that is not after `baseline`, the start of a
    /// baseline, or nothing is stored.
    pub(crate) fn stored_since(
        &self,
        baseline: UnixNanos,
    ) -> Result<Option<UnixNanos>, EngineError> {
        let mut oldest = None;
        for collector in [Collector::Ebpf, Collector::Sdk] {
            let start = self.from.traces.oldest_start(collector, self.budget)?;
            oldest = start.into_iter().chain(oldest).min();
        }
        Ok(oldest.filter(|oldest| *oldest > baseline))
    }

    /// The services that have spans in `started`, sorted by name. Services with spans only shortly
    /// before or after may be included.
    pub(crate) fn known_services(&self, started: TimeRange) -> Result<Vec<String>, EngineError> {
        Ok(self.from.traces.services(started, self.budget)?.into_iter().collect())
    }

    /// The services with spans in `started` whose names are similar to `service`; none when
    /// `service` itself has spans there.
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

    /// At most three services with spans in `started` whose names are similar to `service`, most
    /// similar first.
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
