//! Counts of traces, from summaries.

use std::collections::BTreeSet;

use coral_engine::{Budget, Grid, Histogram, TraceQuery};
use coral_trace::{TraceId, UnixNanos};

use super::search::{fits, search};
use super::{candidates, summary};
use crate::cluster::Cluster;
use crate::error::ClusterError;

/// See [`TraceReader::histogram`](coral_engine::TraceReader::histogram).
pub(crate) fn histogram(
    cluster: &Cluster,
    query: &TraceQuery,
    grid: &Grid,
    budget: &Budget,
) -> Result<Histogram, ClusterError> {
    let all = TraceQuery { after: None, limit: u32::MAX, ..query.clone() };
    let mut counted = Histogram::new(grid.clone());
    if all.filter.is_some() || !all.attributes.is_empty() {
        for trace in search(cluster, &all, budget)? {
            counted.add(trace.start, trace.duration_us, trace.errors > 0);
        }
        return Ok(counted);
    }
    for shard in cluster.shards() {
        let earlier: BTreeSet<TraceId> = candidates::earlier(shard, &all, budget)?;
        candidates::each(shard, &all, budget, &mut |candidate| {
            if !earlier.contains(&candidate.trace) {
                let start = UnixNanos::from_micros(candidate.start);
                counted.add(start, candidate.end - candidate.start, candidate.failed);
            }
        })?;
        let earlier: Vec<TraceId> = earlier.into_iter().collect();
        for trace in summary::of(shard, &earlier, all.collector, budget)?.into_values() {
            if fits(&trace, &all) {
                counted.add(trace.start, trace.duration_us, trace.errors > 0);
            }
        }
    }
    Ok(counted)
}
