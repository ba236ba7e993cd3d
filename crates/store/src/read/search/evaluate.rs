//! Evaluates filters on the spans of candidates.

use coral_engine::{Budget, Filter, TraceSummary};
use coral_trace::{Collector, TraceId};
use hashbrown::HashSet;

use crate::error::StoreError;
use crate::hot::live::Live;
use crate::read::places::Places;

/// Data that the evaluation of a filter needs.
pub(super) struct Evaluation<'a> {
    pub(super) live: &'a Live,
    pub(super) filter: &'a Filter,
    pub(super) collector: Option<Collector>,
    pub(super) budget: &'a Budget,
}

/// The most spans that are read at a time, unless a single candidate has more.
const MAX_SPANS: u64 = 8_192;

impl Evaluation<'_> {
    /// Appends the `candidates` that match to `matching`, in order, until `matching` has `limit`.
    pub(super) fn add_matching(
        &self,
        candidates: Vec<TraceSummary>,
        limit: usize,
        matching: &mut Vec<TraceSummary>,
    ) -> Result<(), StoreError> {
        let mut rest = candidates.into_iter().peekable();
        while matching.len() < limit && rest.peek().is_some() {
            let (mut together, mut spans) = (Vec::new(), 0);
            while let Some(next) = rest.next_if(|next| {
                // Read few candidates at a time, because the first ones may suffice.
                together.is_empty()
                    || (spans + next.spans <= MAX_SPANS && together.len() < 2 * limit)
            }) {
                spans += next.spans;
                together.push(next);
            }
            let ids: Vec<TraceId> = together.iter().map(|trace| trace.trace_id).collect();
            let matches = self.live.reading(|| self.matches(&ids))?;
            matching.extend(together.into_iter().filter(|trace| matches.contains(&trace.trace_id)));
        }
        Ok(())
    }

    fn matches(&self, traces: &[TraceId]) -> Result<HashSet<TraceId>, StoreError> {
        let places = Places::of(self.live, traces, self.collector, self.budget)?;
        let mut stored = places.read(self.filter.columns(), self.budget)?;
        stored.sort_by_cached_key(|stored| stored.span.trace_id);
        let traces = stored.chunk_by(|one, other| one.span.trace_id == other.span.trace_id);
        let mut matches = HashSet::new();
        for trace in traces {
            self.budget.check()?;
            if self.filter.matches(trace.iter().map(|stored| &stored.span)) {
                matches.insert(trace[0].span.trace_id);
            }
        }
        Ok(matches)
    }
}
