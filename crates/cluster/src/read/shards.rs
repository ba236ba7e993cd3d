//! Which servers answer, and how much they store.

use std::time::Duration;

use coral_engine::{Budget, ShardStatus};
use coral_trace::chain;

use crate::cluster::Cluster;
use crate::error::ClusterError;
use crate::shard::Shard;
use crate::sql;

/// How long a server may take: a status must not wait for one that hangs.
const TIMEOUT: Duration = Duration::from_secs(2);

/// See [`Retention::shards`](coral_engine::Retention::shards).
pub(crate) fn statuses(cluster: &Cluster) -> Vec<ShardStatus> {
    let asked = cluster.each_shard(|_, shard| Ok::<_, ClusterError>(status(shard)));
    asked.unwrap_or_default()
}

fn status(shard: &Shard) -> ShardStatus {
    let failed = |error: ClusterError| ShardStatus {
        url: shard.url().to_owned(),
        failure: Some(chain(&error)),
        ..ShardStatus::default()
    };
    ask(shard).unwrap_or_else(failed)
}

fn ask(shard: &Shard) -> Result<ShardStatus, ClusterError> {
    let budget = Budget::unlimited().with_timeout(TIMEOUT);
    let sql = format!(
        "SELECT version(), sumIf(rows, table = 'spans'), sum(bytes_on_disk), countIf(table = 'spans') \
         FROM system.parts WHERE database = {} AND active",
        sql::text(shard.database())
    );
    let found = shard.rows::<(String, u64, u64, u64)>(&sql, &budget)?;
    let (version, spans, bytes, parts) = found.into_iter().next().unwrap_or_default();
    let free_bytes = match shard.dialect()?.has_disks() {
        true => shard.rows::<u64>("SELECT min(free_space) FROM system.disks", &budget)?.pop(),
        false => None,
    };
    let url = shard.url().to_owned();
    Ok(ShardStatus { url, version, spans, bytes, parts, free_bytes, failure: None })
}
