//! Searches for traces.
//!
//! Candidates are found by their summaries in the buckets of the query, a chunk at a time and in the
//! query's order; the newest from the last slice of time backwards. Then each is summed up over all its buckets, and tested: a trace that began before
//! the query's time has earlier buckets. Conditions on attributes, and filters, are tested on the
//! spans of the candidates, by the code that defines them.

use std::collections::BTreeMap;

use coral_engine::{Budget, Columns, StoredSpan, TracePosition, TraceQuery, TraceSummary};
use coral_trace::{Span, TraceId, UnixNanos};

use super::candidates;
use super::lookup::{Wanted, by_trace, shard_spans_of};
use super::slices::Slices;
use super::summary;
use crate::cluster::Cluster;
use crate::error::ClusterError;
use crate::shard::Shard;

/// The most candidates of the first chunk when their spans are not read, and when they are. Each
/// further chunk has twice as many: few traces match, and every chunk costs a look at all summaries.
const FIRST_CHUNK: usize = 1_000;
const FIRST_TESTED: usize = 256;
/// The most candidates of a chunk.
const MAX_CHUNK: usize = 8_192;

/// See [`TraceReader::search`](coral_engine::TraceReader::search).
pub(crate) fn search(
    cluster: &Cluster,
    query: &TraceQuery,
    budget: &Budget,
) -> Result<Vec<TraceSummary>, ClusterError> {
    budget.check()?;
    if query.limit == 0 {
        return Ok(Vec::new());
    }
    let now = UnixNanos(cluster.sequence.next());
    let found = cluster.each_shard(|_, shard| {
        let (mut slices, mut found) = (Slices::of(shard, query, now), Vec::new());
        while let Some(slice) = slices.next(budget)? {
            let limit = query.limit as usize - found.len();
            found.extend(shard_search(shard, &slice, limit, now, budget)?);
            if found.len() >= query.limit as usize {
                break;
            }
        }
        Ok(found)
    })?;
    let mut all: Vec<TraceSummary> = found.into_iter().flatten().collect();
    sort(&mut all, query);
    all.truncate(query.limit as usize);
    Ok(all)
}

/// Sorts traces in the query's order.
pub(crate) fn sort(traces: &mut [TraceSummary], query: &TraceQuery) {
    traces.sort_by(|one, other| {
        let is_before = TracePosition::of(one).is_before(other, query.order);
        let is_after = TracePosition::of(other).is_before(one, query.order);
        is_after.cmp(&is_before)
    });
}

/// The first traces of `query` that are on `shard`, at least `limit` if there are so many.
fn shard_search(
    shard: &Shard,
    query: &TraceQuery,
    limit: usize,
    now: UnixNanos,
    budget: &Budget,
) -> Result<Vec<TraceSummary>, ClusterError> {
    let is_tested = query.filter.is_some() || !query.attributes.is_empty();
    let mut most = if is_tested { FIRST_TESTED } else { FIRST_CHUNK };
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let wanted = limit - found.len();
        // Of few that are wanted, some may have begun earlier.
        let size = if is_tested { most } else { wanted.saturating_add(8).min(most) };
        let chunk = candidates::next(shard, query, after, size, now, budget)?;
        budget.count_rows(chunk.len() as u64)?;
        most = (2 * most).min(MAX_CHUNK);
        let mut ids: Vec<TraceId> = chunk.iter().map(|candidate| candidate.trace).collect();
        if is_tested {
            ids = matching(shard, query, &ids, budget)?;
        }
        let summaries = summary::of(shard, &ids, query.collector, budget)?;
        found.extend(summaries.into_values().filter(|trace| fits(trace, query)));
        after = chunk.last().copied();
        if found.len() >= limit || chunk.len() < size {
            return Ok(found);
        }
    }
}

/// Whether the numbers of a trace meet the query.
pub(crate) fn fits(trace: &TraceSummary, query: &TraceQuery) -> bool {
    let start = trace.start.as_micros();
    start >= query.started.start.as_micros()
        && start < query.started.end.as_micros()
        && query.min_duration_us.is_none_or(|min| trace.duration_us >= min)
        && query.max_duration_us.is_none_or(|max| trace.duration_us <= max)
        && query.failed.is_none_or(|failed| (trace.errors > 0) == failed)
        && query.after.is_none_or(|after| after.is_before(trace, query.order))
}

/// Those of `ids`, all on `shard`, whose spans meet the conditions on spans.
fn matching(
    shard: &Shard,
    query: &TraceQuery,
    ids: &[TraceId],
    budget: &Budget,
) -> Result<Vec<TraceId>, ClusterError> {
    let mut columns = query.filter.as_ref().map_or(Columns::CORE, |filter| filter.columns());
    if !query.attributes.is_empty() {
        columns |= Columns::ATTRIBUTES | Columns::ORIGIN;
    }
    let wanted = Wanted { collector: query.collector, span: None, columns };
    let traces: BTreeMap<TraceId, Vec<StoredSpan>> =
        by_trace(shard_spans_of(shard, ids, wanted, budget)?);
    let mut found = Vec::new();
    for (id, stored) in traces {
        budget.check()?;
        let spans = stored.iter().map(|stored| &stored.span);
        let filter = query.filter.as_ref();
        if spans.clone().any(|span| meets(span, query))
            && filter.is_none_or(|filter| filter.matches(spans.clone()))
        {
            found.push(id);
        }
    }
    Ok(found)
}

/// Whether one span meets the conditions on services, name and attributes.
fn meets(span: &Span, query: &TraceQuery) -> bool {
    let service = span.origin.service_name();
    let has = |(key, value): &(String, String)| {
        let found = span.attributes.get(key);
        let found = found.or_else(|| span.origin.resource.attributes.get(key));
        found.is_some_and(|found| found.to_string() == *value)
    };
    (query.services.is_empty() || query.services.iter().any(|wanted| wanted == service))
        && query.name.as_ref().is_none_or(|name| *name == span.name)
        && query.attributes.iter().all(has)
}
