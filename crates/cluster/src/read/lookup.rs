//! Reads by id.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use clickhouse::Row;
use coral_engine::{Budget, Columns, StoredSpan, StoredTrace};
use coral_trace::{Collector, SpanId, TraceId, TraceIdPrefix, UnixNanos};
use serde::Deserialize;

use super::rows;
use crate::cluster::Cluster;
use crate::error::ClusterError;
use crate::row::part::{IdRow, PlaceRow};
use crate::row::read::SpanReader;
use crate::row::span::trace_id;
use crate::shard::{Shard, shard_of};
use crate::sql;

/// The most traces that one statement names.
pub(crate) const MAX_NAMED: usize = 1_000;

/// The buckets of a trace.
#[derive(Row, Deserialize)]
struct BucketsRow {
    trace_id: [u8; 16],
    buckets: Vec<u32>,
}

/// The spans of some traces that are wanted.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) collector: Option<Collector>,
    /// Only the span with this id.
    pub(crate) span: Option<SpanId>,
    pub(crate) columns: Columns,
}

/// See [`TraceReader::trace`](coral_engine::TraceReader::trace).
pub(crate) fn trace(
    cluster: &Cluster,
    id: TraceId,
    collector: Option<Collector>,
    columns: Columns,
    limit: u32,
    budget: &Budget,
) -> Result<StoredTrace, ClusterError> {
    let wanted = Wanted { collector, span: None, columns };
    let mut spans = spans_of(cluster, &[id], wanted, budget)?;
    let micros = |time: UnixNanos| UnixNanos::from_micros(time.as_micros());
    let services: BTreeSet<&str> =
        spans.iter().map(|stored| stored.span.origin.service_name()).collect();
    let mut found = StoredTrace {
        span_count: spans.len() as u64,
        error_count: spans.iter().filter(|stored| stored.span.is_error()).count() as u64,
        start: spans.iter().map(|stored| micros(stored.span.start)).min().unwrap_or_default(),
        end: spans
            .iter()
            .map(|stored| micros(stored.span.end.max(stored.span.start)))
            .max()
            .unwrap_or_default(),
        services: services.into_iter().map(str::to_owned).collect(),
        spans: Vec::new(),
    };
    spans.truncate(limit as usize);
    found.spans = spans;
    Ok(found)
}

/// All wanted spans of `traces`, sorted by trace id, then start, then span id.
pub(crate) fn spans_of(
    cluster: &Cluster,
    traces: &[TraceId],
    wanted: Wanted,
    budget: &Budget,
) -> Result<Vec<StoredSpan>, ClusterError> {
    budget.check()?;
    let divided = divide(traces, cluster.shards().len());
    let read = cluster
        .each_shard(|index, shard| shard_spans_of(shard, &divided[index], wanted, budget))?;
    let mut spans: Vec<StoredSpan> = read.into_iter().flatten().collect();
    let order =
        |stored: &StoredSpan| (stored.span.trace_id, stored.span.start, stored.span.span_id);
    spans.sort_by_key(order);
    Ok(spans)
}

/// All wanted spans of `traces`, all on one shard, by trace.
pub(crate) fn shard_spans_of(
    shard: &Shard,
    traces: &[TraceId],
    wanted: Wanted,
    budget: &Budget,
) -> Result<Vec<StoredSpan>, ClusterError> {
    let mut spans = Vec::new();
    let mut reader = SpanReader::of(wanted.columns);
    for some in traces.chunks(MAX_NAMED) {
        // The buckets of a trace stay in one statement, which returns each of its spans once.
        let places = places(shard, some, budget)?;
        if places.is_empty() {
            continue;
        }
        let sql = format!(
            "SELECT {} FROM {} WHERE (bucket, trace_id) IN ({}){}{} \
             ORDER BY trace_id, span_id, bucket LIMIT 1 BY trace_id, span_id",
            reader.select(),
            shard.table("spans"),
            sql::places(&places),
            of_collector(wanted.collector),
            wanted.span.map_or(String::new(), |id| format!(" AND span_id = {}", id.as_u64())),
        );
        rows::visit(shard, &mut reader, &sql, budget, &mut |stored| {
            spans.push(stored);
            Ok(ControlFlow::Continue(()))
        })?;
    }
    Ok(spans)
}

/// The condition that a row is of `collector`, after others.
pub(crate) fn of_collector(collector: Option<Collector>) -> String {
    collector.map_or(String::new(), |by| format!(" AND ebpf = {}", sql::ebpf(by)))
}

/// The buckets of `traces`, all on one shard, sorted by trace.
pub(crate) fn places(
    shard: &Shard,
    traces: &[TraceId],
    budget: &Budget,
) -> Result<Vec<(u32, TraceId)>, ClusterError> {
    let mut places = Vec::new();
    for some in traces.chunks(MAX_NAMED) {
        let sql = format!(
            "SELECT DISTINCT bucket, trace_id FROM {} WHERE trace_id IN ({})",
            shard.table("places"),
            sql::traces(some)
        );
        for place in shard.rows::<PlaceRow>(&sql, budget)? {
            places.push((place.bucket, trace_id(place.trace_id)?));
        }
    }
    places.sort_unstable_by_key(|(bucket, id)| (*id, *bucket));
    Ok(places)
}

/// The traces in `buckets` that are in other buckets too, each with all its buckets.
pub(crate) fn buckets_of_split(
    shard: &Shard,
    buckets: &[u32],
    budget: &Budget,
) -> Result<BTreeMap<TraceId, BTreeSet<u32>>, ClusterError> {
    let mut split: BTreeMap<TraceId, BTreeSet<u32>> = BTreeMap::new();
    if buckets.is_empty() {
        return Ok(split);
    }
    let named: Vec<String> = buckets.iter().map(|bucket| format!("toDateTime({bucket})")).collect();
    let sql = format!(
        "SELECT trace_id, groupUniqArray(toUInt32(bucket)) AS buckets FROM {} WHERE trace_id IN \
         (SELECT trace_id FROM {} WHERE bucket IN ({})) GROUP BY trace_id HAVING length(buckets) > 1",
        shard.table("places"),
        shard.table("traces"),
        named.join(", "),
    );
    for row in shard.rows::<BucketsRow>(&sql, budget)? {
        split.insert(trace_id(row.trace_id)?, row.buckets.into_iter().collect());
    }
    Ok(split)
}

/// Divides traces among their shards, each once.
pub(crate) fn divide(traces: &[TraceId], shards: usize) -> Vec<Vec<TraceId>> {
    let mut divided: Vec<Vec<TraceId>> = vec![Vec::new(); shards];
    for id in traces.iter().collect::<BTreeSet<_>>() {
        divided[shard_of(*id, shards)].push(*id);
    }
    divided
}

/// See [`TraceReader::contains`](coral_engine::TraceReader::contains).
pub(crate) fn contains(
    cluster: &Cluster,
    id: TraceId,
    budget: &Budget,
) -> Result<bool, ClusterError> {
    let shard = &cluster.shards()[shard_of(id, cluster.shards().len())];
    Ok(!stored(shard, &[id], budget)?.is_empty())
}

/// Those of `traces`, all on one shard, that have a span. A page whose write was cut off may have
/// left buckets of traces without spans.
fn stored(
    shard: &Shard,
    traces: &[TraceId],
    budget: &Budget,
) -> Result<BTreeSet<TraceId>, ClusterError> {
    let mut stored = BTreeSet::new();
    for some in places(shard, traces, budget)?.chunks(MAX_NAMED) {
        let sql = format!(
            "SELECT DISTINCT trace_id FROM {} WHERE (bucket, trace_id) IN ({})",
            shard.table("spans"),
            sql::places(some)
        );
        for row in shard.rows::<IdRow>(&sql, budget)? {
            stored.insert(row.id()?);
        }
    }
    Ok(stored)
}

/// See [`TraceReader::traces_with_prefix`](coral_engine::TraceReader::traces_with_prefix).
pub(crate) fn traces_with_prefix(
    cluster: &Cluster,
    prefix: TraceIdPrefix,
    limit: u32,
    budget: &Budget,
) -> Result<Vec<TraceId>, ClusterError> {
    let found = cluster.each_shard(|_, shard| {
        let mut all = BTreeSet::new();
        let mut first = Some(prefix.first());
        while let Some(from) = first {
            let sql = format!(
                "SELECT DISTINCT trace_id FROM {} WHERE trace_id >= unhex('{from:032x}') \
                 AND trace_id <= unhex('{:032x}') ORDER BY trace_id LIMIT {MAX_NAMED}",
                shard.table("places"),
                prefix.last()
            );
            let ids = shard.rows::<IdRow>(&sql, budget)?.into_iter().map(IdRow::id);
            let ids: Vec<TraceId> = ids.collect::<Result<_, _>>()?;
            let last = ids.last().filter(|_| ids.len() == MAX_NAMED);
            first = last.and_then(|id| id.as_u128().checked_add(1));
            all.extend(stored(shard, &ids, budget)?);
            if all.len() >= limit as usize {
                break;
            }
        }
        Ok(all)
    })?;
    let all: BTreeSet<TraceId> = found.into_iter().flatten().collect();
    Ok(all.into_iter().take(limit as usize).collect())
}

/// Spans by their traces.
pub(crate) fn by_trace(spans: Vec<StoredSpan>) -> BTreeMap<TraceId, Vec<StoredSpan>> {
    let mut traces: BTreeMap<TraceId, Vec<StoredSpan>> = BTreeMap::new();
    for stored in spans {
        traces.entry(stored.span.trace_id).or_default().push(stored);
    }
    traces
}
