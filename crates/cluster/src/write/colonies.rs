//! The colonies that share a cluster. Their table is on the first shard, whose clock counts.

use clickhouse::Row;
use coral_engine::{Budget, COLONY_TIMEOUT, KnownColony};
use serde::{Deserialize, Serialize};

use crate::cluster::Cluster;
use crate::error::ClusterError;

/// A row of `colonies`, without `seen`, which the server writes.
#[derive(Row, Serialize)]
struct BeatRow {
    colony_id: String,
    at: u64,
    address: String,
    has_left: u8,
}

/// A colony at work.
#[derive(Row, Deserialize)]
struct ColonyRow {
    colony_id: String,
    address: String,
}

/// See [`Fleet::colonies`](coral_engine::Fleet::colonies).
pub(crate) fn colonies(cluster: &Cluster) -> Result<Vec<KnownColony>, ClusterError> {
    let shard = cluster.first_shard();
    let sql = format!(
        "SELECT colony_id, address FROM {} FINAL \
         WHERE has_left = 0 AND seen + {} > toUInt64(now()) ORDER BY colony_id",
        shard.table("colonies"),
        COLONY_TIMEOUT.as_secs(),
    );
    let rows: Vec<ColonyRow> = shard.rows(&sql, &Budget::unlimited())?;
    let colony = |row: ColonyRow| KnownColony {
        colony_id: row.colony_id,
        address: Some(row.address).filter(|address| !address.is_empty()),
    };
    Ok(rows.into_iter().map(colony).collect())
}

/// See [`Fleet::beat`](coral_engine::Fleet::beat).
pub(crate) fn beat(cluster: &Cluster, colony: &KnownColony) -> Result<(), ClusterError> {
    put(cluster, &colony.colony_id, colony.address.as_deref().unwrap_or_default(), false)
}

/// See [`Fleet::leave`](coral_engine::Fleet::leave).
pub(crate) fn leave(cluster: &Cluster, colony_id: &str) -> Result<(), ClusterError> {
    put(cluster, colony_id, "", true)
}

fn put(
    cluster: &Cluster,
    colony_id: &str,
    address: &str,
    has_left: bool,
) -> Result<(), ClusterError> {
    let row = BeatRow {
        colony_id: colony_id.to_owned(),
        at: cluster.sequence.next(),
        address: address.to_owned(),
        has_left: u8::from(has_left),
    };
    cluster.first_shard().insert("colonies", &[row])
}
