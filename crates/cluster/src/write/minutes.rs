//! The coverage timeline, on the first shard.

use std::collections::BTreeMap;

use coral_engine::{AgentMinute, Budget, Minute};
use coral_trace::TimeRange;

use crate::cluster::Cluster;
use crate::error::ClusterError;
use crate::row::minute::{MinuteRow, second};

/// How often an insert is tried whose outcome is not known. A repeat has the same keys.
const TRIES: usize = 3;

/// See [`PageWriter::append_agent_minutes`](coral_engine::PageWriter::append_agent_minutes).
pub(crate) fn append(cluster: &Cluster, minutes: &[AgentMinute]) -> Result<(), ClusterError> {
    let _inserting = cluster.dropping.read().unwrap_or_else(|poisoned| poisoned.into_inner());
    let rows: Vec<MinuteRow> =
        minutes.iter().map(|minute| MinuteRow::of(minute, cluster.sequence.next())).collect();
    let mut stored = cluster.first_shard().insert("agent_minutes", &rows);
    for _ in 1..TRIES {
        if stored.is_ok() {
            break;
        }
        stored = cluster.first_shard().insert("agent_minutes", &rows);
    }
    stored
}

/// See [`TraceReader::agent_minutes`](coral_engine::TraceReader::agent_minutes).
pub(crate) fn read(
    cluster: &Cluster,
    range: TimeRange,
    budget: &Budget,
) -> Result<Vec<AgentMinute>, ClusterError> {
    let shard = cluster.first_shard();
    let (first, last) = (second(Minute::at(range.start)), second(Minute::at(range.end)));
    let sql = format!(
        "SELECT bucket, agent_id, at, record FROM {} \
         WHERE bucket >= toDateTime({first}) AND bucket <= toDateTime({last}) \
         ORDER BY bucket, agent_id, at LIMIT 1 BY bucket, agent_id, at",
        shard.table("agent_minutes")
    );
    let mut all: BTreeMap<(Minute, String), AgentMinute> = BTreeMap::new();
    for row in shard.rows::<MinuteRow>(&sql, budget)? {
        budget.count_rows(1)?;
        let record = row.minute()?;
        let empty = AgentMinute {
            agent_id: record.agent_id.clone(),
            minute: record.minute,
            ..AgentMinute::default()
        };
        all.entry((record.minute, record.agent_id.clone())).or_insert(empty).absorb(record);
    }
    Ok(all.into_values().filter(|record| record.minute.touches(range)).collect())
}
