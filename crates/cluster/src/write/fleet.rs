//! Agents, and the checkpoints of their streams.

use std::collections::BTreeMap;

use clickhouse::Row;
use coral_engine::{Budget, Checkpoint, KnownAgent, MetricCheckpoint, Signal, SignalTotals};
use coral_trace::{Collector, UnixNanos};
use serde::{Deserialize, Serialize};

use crate::cluster::Cluster;
use crate::error::ClusterError;
use crate::shard::Shard;
use crate::sql;

/// A row of `checkpoints`.
#[derive(Row, Serialize, Deserialize)]
pub(crate) struct CheckpointRow {
    agent_id: String,
    ebpf: u8,
    at: u64,
    store_id: String,
    bucket: u32,
    next_receipt: u64,
    spans_stored: u64,
    spans_missed: u64,
}

/// A row of `metric_checkpoints`.
#[derive(Row, Serialize, Deserialize)]
pub(crate) struct MetricCheckpointRow {
    agent_id: String,
    at: u64,
    store_id: String,
    next_receipt: u64,
    rows_stored: u64,
    rows_missed: u64,
}

/// A row of `agents`.
#[derive(Row, Serialize, Deserialize)]
struct AgentRow {
    agent_id: String,
    at: u64,
    address: String,
    forgotten: u8,
}

/// How far the spans of a stream go that are stored on a shard.
#[derive(Row, Deserialize)]
struct Mark {
    agent_id: String,
    ebpf: u8,
    store_id: String,
    page_end: u64,
}

impl CheckpointRow {
    /// The row of a page with `spans` spans.
    pub(crate) fn of(spans: u64, checkpoint: &Checkpoint, bucket: u32, at: u64) -> Self {
        Self {
            agent_id: checkpoint.agent_id.clone(),
            ebpf: sql::ebpf(checkpoint.collector),
            at,
            store_id: checkpoint.store_id.clone(),
            bucket,
            next_receipt: checkpoint.next_receipt,
            spans_stored: checkpoint.spans_stored + spans,
            spans_missed: checkpoint.spans_missed,
        }
    }
}

/// The checkpoints of all streams. A stream is stored as far as it is on every shard.
pub(crate) fn checkpoints(cluster: &Cluster) -> Result<Vec<Checkpoint>, ClusterError> {
    let shards = cluster.each_shard(|_, shard| shard_checkpoints(shard))?;
    let mut newest: BTreeMap<(String, u8), CheckpointRow> = BTreeMap::new();
    let streams: Vec<(String, u8)> =
        shards.iter().flat_map(|shard| shard.keys().cloned()).collect();
    for stream in streams {
        let rows = || shards.iter().filter_map(|shard| shard.get(&stream));
        let Some(last) = rows().max_by_key(|row| row.at) else { continue };
        // A shard without this store's spans has none of the stream.
        let at = |shard: &BTreeMap<_, CheckpointRow>| {
            let row = shard.get(&stream).filter(|row| row.store_id == last.store_id);
            row.map_or(0, |row| row.next_receipt)
        };
        let row = CheckpointRow {
            agent_id: last.agent_id.clone(),
            store_id: last.store_id.clone(),
            next_receipt: shards.iter().map(at).min().unwrap_or_default(),
            ..*last
        };
        newest.insert(stream, row);
    }
    let checkpoint = |row: CheckpointRow| Checkpoint {
        collector: if row.ebpf == 1 { Collector::Ebpf } else { Collector::Sdk },
        agent_id: row.agent_id,
        store_id: row.store_id,
        next_receipt: row.next_receipt,
        spans_stored: row.spans_stored,
        spans_missed: row.spans_missed,
    };
    Ok(newest.into_values().map(checkpoint).collect())
}

/// The checkpoints of one shard: the hint, or the mark in its spans if the mark is further.
fn shard_checkpoints(shard: &Shard) -> Result<BTreeMap<(String, u8), CheckpointRow>, ClusterError> {
    let unlimited = Budget::unlimited();
    let hints = format!(
        "SELECT agent_id, ebpf, at, store_id, bucket, next_receipt, spans_stored, spans_missed \
         FROM {} FINAL",
        shard.table("checkpoints")
    );
    let hints: Vec<CheckpointRow> = shard.rows(&hints, &unlimited)?;
    let Some(first) = hints.iter().map(|hint| hint.bucket).min() else {
        return Ok(BTreeMap::new());
    };
    let marks = format!(
        "SELECT agent_id, ebpf, store_id, max(page_end) AS mark FROM {} \
         WHERE bucket >= toDateTime({first}) AND page_end > 0 GROUP BY agent_id, ebpf, store_id",
        shard.table("spans")
    );
    let marks: Vec<Mark> = shard.rows(&marks, &unlimited)?;
    let mut rows: BTreeMap<(String, u8), CheckpointRow> =
        hints.into_iter().map(|hint| ((hint.agent_id.clone(), hint.ebpf), hint)).collect();
    for mark in marks {
        if let Some(row) = rows.get_mut(&(mark.agent_id, mark.ebpf))
            && row.store_id == mark.store_id
        {
            row.next_receipt = row.next_receipt.max(mark.page_end);
        }
    }
    Ok(rows)
}

/// The checkpoint of each agent's metrics.
pub(crate) fn metric_checkpoints(cluster: &Cluster) -> Result<Vec<MetricCheckpoint>, ClusterError> {
    let rows = cluster.each_shard(|_, shard| {
        let sql = format!(
            "SELECT agent_id, at, store_id, next_receipt, rows_stored, rows_missed FROM {} FINAL",
            shard.table("metric_checkpoints")
        );
        shard.rows::<MetricCheckpointRow>(&sql, &Budget::unlimited())
    })?;
    let checkpoint = |row: MetricCheckpointRow| MetricCheckpoint {
        agent_id: row.agent_id,
        store_id: row.store_id,
        next_receipt: row.next_receipt,
        rows_stored: row.rows_stored,
        rows_missed: row.rows_missed,
    };
    let mut all: Vec<MetricCheckpoint> = rows.into_iter().flatten().map(checkpoint).collect();
    all.sort_by(|one, other| one.agent_id.cmp(&other.agent_id));
    Ok(all)
}

/// Stores the checkpoint of an agent's metrics on the shard with these metrics.
pub(crate) fn put_metric_checkpoint(
    shard: &Shard,
    checkpoint: &MetricCheckpoint,
    at: u64,
) -> Result<(), ClusterError> {
    let row = MetricCheckpointRow {
        agent_id: checkpoint.agent_id.clone(),
        at,
        store_id: checkpoint.store_id.clone(),
        next_receipt: checkpoint.next_receipt,
        rows_stored: checkpoint.rows_stored,
        rows_missed: checkpoint.rows_missed,
    };
    shard.insert("metric_checkpoints", &[row])
}

/// All registered agents, sorted by id.
pub(crate) fn agents(cluster: &Cluster) -> Result<Vec<KnownAgent>, ClusterError> {
    let shard = cluster.first_shard();
    let sql = format!(
        "SELECT agent_id, at, address, forgotten FROM {} FINAL WHERE forgotten = 0 ORDER BY agent_id",
        shard.table("agents")
    );
    let rows: Vec<AgentRow> = shard.rows(&sql, &Budget::unlimited())?;
    let agent = |row: AgentRow| KnownAgent { agent_id: row.agent_id, address: row.address };
    Ok(rows.into_iter().map(agent).collect())
}

/// Stores the address of an agent, or that it is forgotten if there is none.
pub(crate) fn put_agent(
    cluster: &Cluster,
    agent_id: &str,
    address: Option<&str>,
) -> Result<(), ClusterError> {
    let row = AgentRow {
        agent_id: agent_id.to_owned(),
        at: cluster.sequence.next(),
        address: address.unwrap_or_default().to_owned(),
        forgotten: u8::from(address.is_none()),
    };
    cluster.first_shard().insert("agents", &[row])
}

/// See [`Fleet::signal_totals`](coral_engine::Fleet::signal_totals).
pub(crate) fn signal_totals(cluster: &Cluster) -> Result<Vec<SignalTotals>, ClusterError> {
    let first = |table: &str, column: &str| -> Result<Option<u64>, ClusterError> {
        let firsts = cluster.each_shard(|_, shard| {
            let sql =
                format!("SELECT toUInt64(min({column})), count() FROM {}", shard.table(table));
            shard.rows::<(u64, u64)>(&sql, &Budget::unlimited())
        })?;
        Ok(firsts.into_iter().flatten().filter(|(_, rows)| *rows > 0).map(|(first, _)| first).min())
    };
    let since = first("spans", "bucket")?.map(|second| UnixNanos(second * 1_000_000_000));
    let spans = checkpoints(cluster)?.into_iter().map(|checkpoint| SignalTotals {
        agent_id: checkpoint.agent_id,
        signal: Signal::Spans(checkpoint.collector),
        stored: checkpoint.spans_stored,
        missed: checkpoint.spans_missed,
        since,
    });
    let since = first("deltas", "time")?.map(UnixNanos);
    let metrics = metric_checkpoints(cluster)?.into_iter().map(|checkpoint| SignalTotals {
        agent_id: checkpoint.agent_id,
        signal: Signal::Metrics,
        stored: checkpoint.rows_stored,
        missed: checkpoint.rows_missed,
        since,
    });
    let mut totals: Vec<SignalTotals> = spans.chain(metrics).collect();
    totals.sort_by(|one, other| (&one.agent_id, one.signal).cmp(&(&other.agent_id, other.signal)));
    Ok(totals)
}
