//! Searches of several times at once, as a sample that is spread over a time needs them.

use std::collections::BTreeMap;

use coral_engine::{Budget, Order, TraceQuery, TraceSummary};
use coral_trace::{TimeRange, TraceId};

use super::search::{fits, search, sort};
use super::{candidates, summary};
use crate::cluster::Cluster;
use crate::error::ClusterError;
use crate::shard::Shard;

/// The longest list of one search. Longer lists are searched for one after the other.
const MAX_LIMIT: u32 = 2_000;
/// How many more candidates are read of each time than are wanted: some may have begun earlier.
const SPARE: u32 = 8;

/// See [`TraceReader::search_each`](coral_engine::TraceReader::search_each).
pub(crate) fn search_each(
    cluster: &Cluster,
    queries: &[TraceQuery],
    budget: &Budget,
) -> Result<Vec<Vec<TraceSummary>>, ClusterError> {
    budget.check()?;
    if !differ_in_time_alone(queries) {
        return queries.iter().map(|query| search(cluster, query, budget)).collect();
    }
    let of_shards = cluster.each_shard(|_, shard| shard_search(shard, queries, budget))?;
    let mut found: Vec<Option<Vec<TraceSummary>>> = vec![Some(Vec::new()); queries.len()];
    for of_shard in of_shards {
        for (found, traces) in found.iter_mut().zip(of_shard) {
            *found = found.take().zip(traces).map(|(mut found, traces)| {
                found.extend(traces);
                found
            });
        }
    }
    let whole = |(found, query): (Option<Vec<TraceSummary>>, &TraceQuery)| match found {
        Some(mut traces) => {
            sort(&mut traces, query);
            traces.truncate(query.limit as usize);
            Ok(traces)
        }
        None => search(cluster, query, budget),
    };
    found.into_iter().zip(queries).map(whole).collect()
}

/// Whether one statement finds the candidates of all queries: lists of the newest traces of times that
/// do not overlap, with the same conditions, which summaries or one statement tell.
fn differ_in_time_alone(queries: &[TraceQuery]) -> bool {
    let [first, others @ ..] = queries else { return false };
    let mut times: Vec<TimeRange> = queries.iter().map(|query| query.started).collect();
    times.sort_by_key(|time| time.start);
    let is_plain = first.order == Order::Newest
        && first.after.is_none()
        && first.filter.is_none()
        && first.attributes.is_empty();
    let is_same = |other: &TraceQuery| {
        let TraceQuery { started, limit, .. } = *first;
        *first == TraceQuery { started, limit, ..other.clone() }
    };
    is_plain
        && !others.is_empty()
        && others.iter().all(is_same)
        && queries.iter().all(|query| (1..=MAX_LIMIT).contains(&query.limit))
        && times.windows(2).all(|pair| pair[0].end <= pair[1].start)
}

/// The traces of each query on `shard`, at least as many as its limit if there are so many; `None` if
/// too many of a query's candidates began earlier.
fn shard_search(
    shard: &Shard,
    queries: &[TraceQuery],
    budget: &Budget,
) -> Result<Vec<Option<Vec<TraceSummary>>>, ClusterError> {
    let each = queries.iter().map(|query| query.limit).max().unwrap_or_default() + SPARE;
    let found = candidates::newest_of_each(shard, queries, each, budget)?;
    budget.count_rows(found.len() as u64)?;
    let mut counts = vec![0; queries.len()];
    for candidate in &found {
        let is_of = |query: &TraceQuery| {
            (query.started.start.as_micros()..query.started.end.as_micros())
                .contains(&candidate.start)
        };
        if let Some(at) = queries.iter().position(is_of) {
            counts[at] += 1;
        }
    }
    let ids: Vec<TraceId> = found.iter().map(|candidate| candidate.trace).collect();
    let summaries: BTreeMap<TraceId, TraceSummary> =
        summary::of(shard, &ids, queries[0].collector, budget)?;
    let of_query = |(query, count): (&TraceQuery, u32)| {
        let traces: Vec<TraceSummary> =
            summaries.values().filter(|trace| fits(trace, query)).cloned().collect();
        let is_enough = count < each || traces.len() >= query.limit as usize;
        is_enough.then_some(traces)
    };
    Ok(queries.iter().zip(counts).map(of_query).collect())
}
