//! Summaries of traces, from all their buckets.

use std::collections::BTreeMap;

use clickhouse::Row;
use coral_engine::{Budget, TraceSummary};
use coral_trace::{Collector, TraceId, UnixNanos};
use serde::Deserialize;

use super::lookup::{MAX_NAMED, of_collector, places};
use crate::error::ClusterError;
use crate::row::part::{NO_ROOT, Named};
use crate::row::span::trace_id;
use crate::shard::Shard;
use crate::sql;

#[derive(Row, Deserialize)]
struct SummaryRow {
    trace_id: [u8; 16],
    start: i64,
    finish: i64,
    services: Vec<String>,
    named: Named,
    root: Named,
}

#[derive(Row, Deserialize)]
struct CountRow {
    trace_id: [u8; 16],
    spans: u64,
    errors: u64,
}

/// The summaries of those of `traces`, all on one shard, that have a span of `collector`.
pub(crate) fn of(
    shard: &Shard,
    traces: &[TraceId],
    collector: Option<Collector>,
    budget: &Budget,
) -> Result<BTreeMap<TraceId, TraceSummary>, ClusterError> {
    let mut summaries = BTreeMap::new();
    for some in traces.chunks(MAX_NAMED) {
        // The buckets of a trace stay in one statement, which counts each of its spans once.
        let places = places(shard, some, budget)?;
        if places.is_empty() {
            continue;
        }
        let (named, by) = (sql::places(&places), of_collector(collector));
        let counts = format!(
            "SELECT trace_id, uniqExact(span_id) AS spans, uniqExactIf(span_id, status = 2) AS errors \
             FROM {} WHERE (bucket, trace_id) IN ({named}){by} GROUP BY trace_id",
            shard.table("spans")
        );
        let mut counted = BTreeMap::new();
        for row in shard.rows::<CountRow>(&counts, budget)? {
            counted.insert(row.trace_id, (row.spans, row.errors));
        }
        let sums = format!(
            "SELECT trace_id, min(first_start) AS start, max(last_end) AS finish, \
             groupUniqArrayArray(services) AS all_services, min(head) AS named, min(root) AS first_root \
             FROM {} WHERE (bucket, trace_id) IN ({named}){by} GROUP BY trace_id",
            shard.table("traces")
        );
        for row in shard.rows::<SummaryRow>(&sums, budget)? {
            // A page whose write was cut off may have left a summary without spans.
            if let Some((spans, errors)) = counted.get(&row.trace_id) {
                let summary = summary(row, *spans, *errors)?;
                summaries.insert(summary.trace_id, summary);
            }
        }
    }
    Ok(summaries)
}

fn summary(mut row: SummaryRow, spans: u64, errors: u64) -> Result<TraceSummary, ClusterError> {
    row.services.sort_unstable();
    let has_root = (row.root.0, row.root.1, row.root.2) != NO_ROOT;
    let (_, _, _, service, root_name, status) = if has_root { row.root } else { row.named };
    Ok(TraceSummary {
        trace_id: trace_id(row.trace_id)?,
        start: UnixNanos::from_micros(row.start),
        duration_us: row.finish - row.start,
        spans,
        errors,
        services: row.services,
        root_service: has_root.then_some(service),
        root_name,
        status_code: u16::try_from(status).ok(),
    })
}
