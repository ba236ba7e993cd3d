//! Stores pages of metrics. All metrics of an agent are on one shard.

use std::collections::HashMap;

use coral_engine::MetricCheckpoint;
use coral_trace::UnixNanos;
use coral_trace::red::Delta;

use crate::bucket::bucket_of;
use crate::cluster::Cluster;
use crate::error::ClusterError;
use crate::row::delta::DeltaWriter;
use crate::shard::shard_of_agent;
use crate::write::fleet::put_metric_checkpoint;

/// See [`PageWriter::append_metric_page`](coral_engine::PageWriter::append_metric_page).
pub(crate) fn append(
    cluster: &Cluster,
    deltas: &[Delta],
    received: UnixNanos,
    checkpoint: &MetricCheckpoint,
) -> Result<MetricCheckpoint, ClusterError> {
    let _inserting = cluster.dropping.read().unwrap_or_else(|poisoned| poisoned.into_inner());
    let mut writer = DeltaWriter {
        bucket: bucket_of(received),
        received,
        agent_id: &checkpoint.agent_id,
        store_id: &checkpoint.store_id,
        seen: HashMap::new(),
    };
    let rows: Vec<_> = deltas.iter().map(|delta| writer.row(delta)).collect();
    let shard = &cluster.shards()[shard_of_agent(&checkpoint.agent_id, cluster.shards().len())];
    shard.insert("deltas", &rows)?;
    let mut stored = checkpoint.clone();
    stored.rows_stored += rows.len() as u64;
    put_metric_checkpoint(shard, &stored, cluster.sequence.next())?;
    Ok(stored)
}
