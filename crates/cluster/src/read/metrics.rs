//! Reads metrics.

use std::ops::ControlFlow;

use clickhouse::Row;
use coral_engine::{Budget, DeltaQuery, Grain, StoredDelta};
use coral_trace::red::Side;
use serde::Deserialize;

use crate::bucket::first_bucket;
use crate::cluster::Cluster;
use crate::error::ClusterError;
use crate::row::delta::{DeltaRow, SELECT, protocol_number};
use crate::shard::Shard;
use crate::sql;

/// The sum of some rows. Its columns are those of both fields, one after the other.
#[derive(Row, Deserialize)]
struct SumRow {
    row: DeltaRow,
    /// The number of requests, with the precision of a float.
    requests: f64,
}

/// The most requests of a sum. The counts of a histogram have the limit 2^63.
const MAX_REQUESTS: f64 = 4e18;

/// The columns of which the rows of one sum have the same.
const SAME: &str =
    "client, service, operation, target, status, error, attributes, bounds, has_sum, agent_id";

/// See [`MetricReader::deltas`](coral_engine::MetricReader::deltas). Rows are summed where neither
/// rows nor exemplars are wanted.
pub(crate) fn deltas(
    cluster: &Cluster,
    wanted: &DeltaQuery,
    budget: &Budget,
    visit: &mut dyn FnMut(&StoredDelta),
) -> Result<(), ClusterError> {
    for shard in cluster.shards() {
        let is_summed = !wanted.exemplars && wanted.grain != Grain::Row;
        if is_summed && let Some(sums) = sums(shard, wanted, budget)? {
            sums.iter().for_each(&mut *visit);
            continue;
        }
        let exemplars = if wanted.exemplars { "exemplars" } else { "'' AS none" };
        let sql = rows(shard, wanted, &SELECT.replace("exemplars", exemplars));
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

/// The statement that selects `columns` of the wanted rows, each once.
fn rows(shard: &Shard, wanted: &DeltaQuery, columns: &str) -> String {
    let side = wanted.side.map(|side| format!(" AND client = {}", u8::from(side == Side::Client)));
    let service = wanted.service.as_ref().map(|name| format!(" AND service = {}", sql::text(name)));
    let name = wanted.name.as_ref().map(|name| {
        let name = sql::text(name);
        format!(" AND (operation = {name} OR target = {name})")
    });
    format!(
        "SELECT {columns} FROM {} WHERE protocol = {} AND bucket >= toDateTime({}) \
         AND time >= {} AND time < {}{}{}{} LIMIT 1 BY agent_id, store_id, identity",
        shard.table("deltas"),
        protocol_number(wanted.protocol),
        first_bucket(wanted.range.start),
        wanted.range.start.0,
        wanted.range.end.0,
        side.unwrap_or_default(),
        service.unwrap_or_default(),
        name.unwrap_or_default(),
    )
}

/// The sums of the wanted rows, as their grain allows. `None` if a sum is too large for its form.
fn sums(
    shard: &Shard,
    wanted: &DeltaQuery,
    budget: &Budget,
) -> Result<Option<Vec<StoredDelta>>, ClusterError> {
    let step = match wanted.grain {
        Grain::Row | Grain::Range => "0".to_owned(),
        Grain::Step { start, step } => {
            format!("intDiv(greatest(time, {0}) - {0}, {1})", start.0, step.max(1))
        }
    };
    let columns = format!(
        "{SAME}, bucket, received, since, time, counts, sum, store_id, identity, {step} AS step"
    );
    let sql = format!(
        "SELECT max(bucket), max(received), toUInt8({protocol}), client, service, operation, target, \
         status, error, attributes, min(since), max(time), bounds, sumForEach(counts), sum(sum), \
         has_sum, '', agent_id, '', toFixedString('', 16), sum(toFloat64(arraySum(counts))) \
         FROM ({rows}) GROUP BY {SAME}, step",
        protocol = protocol_number(wanted.protocol),
        rows = rows(shard, wanted, &columns),
    );
    let (mut sums, mut fits) = (Vec::new(), true);
    shard.visit::<SumRow>(&sql, budget, &mut |SumRow { row, requests }| {
        budget.count_rows(1)?;
        fits &= requests < MAX_REQUESTS;
        if !fits {
            return Ok(ControlFlow::Break(()));
        }
        sums.push(row.stored()?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(fits.then_some(sums))
}
