//! Reads metrics.

use std::ops::ControlFlow;

use coral_engine::{Budget, DeltaQuery, StoredDelta};
use coral_trace::red::Side;

use crate::bucket::first_bucket;
use crate::cluster::Cluster;
use crate::error::ClusterError;
use crate::row::delta::{DeltaRow, SELECT, protocol_number};
use crate::sql;

/// See [`MetricReader::deltas`](coral_engine::MetricReader::deltas). No rows are summed.
pub(crate) fn deltas(
    cluster: &Cluster,
    wanted: &DeltaQuery,
    budget: &Budget,
    visit: &mut dyn FnMut(&StoredDelta),
) -> Result<(), ClusterError> {
    let select = if wanted.exemplars {
        SELECT.to_owned()
    } else {
        SELECT.replace("exemplars", "'' AS none")
    };
    let side = wanted.side.map(|side| format!(" AND client = {}", u8::from(side == Side::Client)));
    let service = wanted.service.as_ref().map(|name| format!(" AND service = {}", sql::text(name)));
    let name = wanted.name.as_ref().map(|name| {
        let name = sql::text(name);
        format!(" AND (operation = {name} OR target = {name})")
    });
    for shard in cluster.shards() {
        let sql = format!(
            "SELECT {select} FROM {} WHERE protocol = {} AND bucket >= toDateTime({}) \
             AND time >= {} AND time < {}{}{}{} LIMIT 1 BY agent_id, store_id, identity",
            shard.table("deltas"),
            protocol_number(wanted.protocol),
            first_bucket(wanted.range.start),
            wanted.range.start.0,
            wanted.range.end.0,
            side.as_deref().unwrap_or_default(),
            service.as_deref().unwrap_or_default(),
            name.as_deref().unwrap_or_default(),
        );
        shard.visit::<DeltaRow>(&sql, budget, &mut |row| {
            budget.count_rows(1)?;
            let stored = row.stored()?;
            if wanted.wants(&stored.delta) {
                visit(&stored);
            }
            Ok(ControlFlow::Continue(()))
        })?;
    }
    Ok(())
}
