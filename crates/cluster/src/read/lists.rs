//! Lists and sums: services, operations, the oldest span, how much is stored.

use std::collections::BTreeSet;

use coral_engine::{Budget, Extent, MAX_OPERATIONS, MAX_SERVICES, MetricExtent, Operation};
use coral_trace::{Collector, SpanKind, TimeRange, UnixNanos};

use super::lookup::of_collector;
use crate::bucket::first_bucket;
use crate::cluster::Cluster;
use crate::error::ClusterError;
use crate::sql;
use crate::write::retain::SPAN_TABLES;

/// See [`TraceReader::services`](coral_engine::TraceReader::services).
pub(crate) fn services(
    cluster: &Cluster,
    started: TimeRange,
    budget: &Budget,
) -> Result<BTreeSet<String>, ClusterError> {
    budget.check()?;
    let found = cluster.each_shard(|_, shard| {
        let sql = format!(
            "SELECT name FROM (SELECT arrayJoin(services) AS name, max(bucket) AS newest FROM {} \
             WHERE bucket >= toDateTime({}) AND last_end >= {} GROUP BY name) \
             ORDER BY newest DESC, name LIMIT {MAX_SERVICES}",
            shard.table("traces"),
            first_bucket(started.start),
            started.start.as_micros(),
        );
        shard.rows::<String>(&sql, budget)
    })?;
    Ok(found.into_iter().flatten().take(MAX_SERVICES).collect())
}

/// See [`TraceReader::operations`](coral_engine::TraceReader::operations).
pub(crate) fn operations(
    cluster: &Cluster,
    service: &str,
    started: TimeRange,
    budget: &Budget,
) -> Result<Vec<Operation>, ClusterError> {
    budget.check()?;
    let found = cluster.each_shard(|_, shard| {
        let sql = format!(
            "SELECT span_name, kind FROM {} WHERE bucket >= toDateTime({}) AND service = {} \
             GROUP BY span_name, kind ORDER BY max(bucket) DESC, span_name, kind LIMIT {MAX_OPERATIONS}",
            shard.table("spans"),
            first_bucket(started.start),
            sql::text(service),
        );
        shard.rows::<(String, u8)>(&sql, budget)
    })?;
    let mut names = BTreeSet::new();
    for operation in found.into_iter().flatten() {
        budget.count_rows(1)?;
        names.insert(operation);
    }
    let operation =
        |(name, kind): (String, u8)| Operation { name, kind: SpanKind::from(i32::from(kind)) };
    Ok(names.into_iter().take(MAX_OPERATIONS).map(operation).collect())
}

/// The earliest start of the spans in the oldest bucket that has some of `collector`, and of
/// `services` if they are given.
pub(crate) fn oldest_start(
    cluster: &Cluster,
    services: Option<&BTreeSet<String>>,
    collector: Collector,
    budget: &Budget,
) -> Result<Option<UnixNanos>, ClusterError> {
    budget.check()?;
    let by = of_collector(Some(collector));
    let (table, start, of) = match services {
        None => ("traces", "first_start", String::new()),
        Some(names) if names.is_empty() => return Ok(None),
        Some(names) => ("spans", "start_us", format!(" AND service IN ({})", sql::texts(names))),
    };
    let found = cluster.each_shard(|_, shard| {
        let table = shard.table(table);
        let sql = format!(
            "SELECT toUInt32(bucket) AS second, min({start}) FROM {table} WHERE bucket = \
             (SELECT min(bucket) FROM {table} WHERE 1{by}{of}){by}{of} GROUP BY second"
        );
        shard.rows::<(u32, i64)>(&sql, budget)
    })?;
    let oldest = found.into_iter().flatten().min();
    Ok(oldest.map(|(_, start)| UnixNanos::from_micros(start)))
}

/// Rows and parts of some tables, as ClickHouse counts them: rows that are stored twice count twice
/// until it merges them.
fn stored(
    cluster: &Cluster,
    tables: &[&str],
    counted: &str,
) -> Result<(u64, u64, u64), ClusterError> {
    let tables: Vec<String> = tables.iter().map(|&table| table.to_owned()).collect();
    let found = cluster.each_shard(|_, shard| {
        let sql = format!(
            "SELECT sumIf(rows, table = {counted}), countIf(table = {counted}), sum(bytes_on_disk) \
             FROM system.parts WHERE database = {} AND table IN ({}) AND active",
            sql::text(shard.database()),
            sql::texts(&tables),
            counted = sql::text(counted),
        );
        shard.rows::<(u64, u64, u64)>(&sql, &Budget::unlimited())
    })?;
    let add =
        |sum: (u64, u64, u64), one: (u64, u64, u64)| (sum.0 + one.0, sum.1 + one.1, sum.2 + one.2);
    Ok(found.into_iter().flatten().fold((0, 0, 0), add))
}

/// See [`TraceReader::extent`](coral_engine::TraceReader::extent).
pub(crate) fn extent(cluster: &Cluster) -> Result<Extent, ClusterError> {
    let (spans, segments, bytes) = stored(cluster, &SPAN_TABLES, "spans")?;
    // Without receipts, the first one is after the last one.
    Ok(Extent { spans, segments, bytes, first_receipt: 1, ..Extent::default() })
}

/// See [`MetricReader::metric_extent`](coral_engine::MetricReader::metric_extent).
pub(crate) fn metric_extent(cluster: &Cluster) -> Result<MetricExtent, ClusterError> {
    let (rows, _, bytes) = stored(cluster, &["deltas"], "deltas")?;
    Ok(MetricExtent { rows, bytes, first_receipt: 1, ..MetricExtent::default() })
}
