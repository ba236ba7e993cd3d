//! Spans by when they ended.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use coral_engine::{Budget, Columns, StoredSpan};
use coral_trace::{Collector, SpanKind, TimeRange};

use super::rows;
use crate::bucket::first_bucket;
use crate::cluster::Cluster;
use crate::error::ClusterError;
use crate::row::read::SpanReader;
use crate::sql;

/// The spans that are wanted.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) services: &'a BTreeSet<String>,
    pub(crate) collector: Collector,
    /// Any kind if empty.
    pub(crate) kinds: &'a [SpanKind],
}

/// See [`TraceReader::spans_ended`](coral_engine::TraceReader::spans_ended).
pub(crate) fn spans_ended(
    cluster: &Cluster,
    wanted: Wanted<'_>,
    ended: TimeRange,
    budget: &Budget,
    visit: &mut dyn FnMut(&StoredSpan),
) -> Result<(), ClusterError> {
    budget.check()?;
    if wanted.services.is_empty() {
        return Ok(());
    }
    let mut reader = SpanReader::of(Columns::CORE | Columns::ATTRIBUTES);
    let kinds: Vec<String> = wanted.kinds.iter().map(|kind| (*kind as u8).to_string()).collect();
    let of_kind = if kinds.is_empty() {
        String::new()
    } else {
        format!(" AND kind IN ({})", kinds.join(", "))
    };
    for shard in cluster.shards() {
        // Both numbers are rounded down: the sum may be one below the microsecond of the end.
        let sql = format!(
            "SELECT {} FROM {} WHERE bucket >= toDateTime({}) AND ebpf = {} AND service IN ({}){of_kind} \
             AND start_us + duration_us >= {} AND start_us + duration_us <= {} \
             LIMIT 1 BY trace_id, span_id",
            reader.select(),
            shard.table("spans"),
            first_bucket(ended.start),
            sql::ebpf(wanted.collector),
            sql::texts(wanted.services),
            ended.start.as_micros() - 1,
            ended.end.as_micros(),
        );
        rows::visit(shard, &mut reader, &sql, budget, &mut |stored| {
            if ended.contains(stored.span.end) {
                visit(&stored);
            }
            Ok(ControlFlow::Continue(()))
        })?;
    }
    Ok(())
}
