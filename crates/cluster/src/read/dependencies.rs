//! The service map: calls are joined here, trace by trace, by the code that defines them.

use std::ops::ControlFlow;

use coral_engine::{Budget, Columns, StoredSpan, TraceQuery};
use coral_trace::dependency::{CallSpan, Dependencies};
use coral_trace::{Collector, TimeRange, TraceId};

use super::lookup::{Wanted, by_trace, of_collector, shard_spans_of};
use super::search::fits;
use super::{candidates, rows, summary};
use crate::bucket::first_bucket;
use crate::cluster::Cluster;
use crate::error::ClusterError;
use crate::row::read::SpanReader;
use crate::shard::Shard;

/// See [`TraceReader::dependencies`](coral_engine::TraceReader::dependencies).
pub(crate) fn dependencies(
    cluster: &Cluster,
    started: TimeRange,
    collector: Option<Collector>,
    budget: &Budget,
) -> Result<Dependencies, ClusterError> {
    let query = TraceQuery { started, collector, ..TraceQuery::newest(u32::MAX) };
    let mut map = Dependencies::default();
    // The spans of a trace are on one shard, so that no call is between shards.
    for shard in cluster.shards() {
        add_shard(shard, &query, &mut map, budget)?;
    }
    Ok(map)
}

fn add_shard(
    shard: &Shard,
    query: &TraceQuery,
    map: &mut Dependencies,
    budget: &Budget,
) -> Result<(), ClusterError> {
    let columns = Columns::CORE | Columns::ATTRIBUTES;
    let earlier = candidates::earlier(shard, query, budget)?;
    let mut reader = SpanReader::of(columns);
    let sql = format!(
        "SELECT {} FROM {} WHERE bucket >= toDateTime({}){} AND {} \
         ORDER BY trace_id, span_id, bucket LIMIT 1 BY trace_id, span_id",
        reader.select(),
        shard.table("spans"),
        first_bucket(query.started.start),
        of_collector(query.collector),
        candidates::condition(shard, query),
    );
    let mut trace: (Option<TraceId>, Vec<CallSpan>) = (None, Vec::new());
    rows::visit(shard, &mut reader, &sql, budget, &mut |StoredSpan { span, .. }| {
        if trace.0 != Some(span.trace_id) {
            map.add_trace(&trace.1);
            trace = (Some(span.trace_id), Vec::new());
        }
        if !earlier.contains(&span.trace_id) {
            trace.1.push(map.span(&span));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    map.add_trace(&trace.1);
    let earlier: Vec<TraceId> = earlier.into_iter().collect();
    let mut inside = summary::of(shard, &earlier, query.collector, budget)?;
    inside.retain(|_, trace| fits(trace, query));
    let inside: Vec<TraceId> = inside.into_keys().collect();
    let wanted = Wanted { collector: query.collector, span: None, columns };
    for spans in by_trace(shard_spans_of(shard, &inside, wanted, budget)?).into_values() {
        let spans: Vec<CallSpan> = spans.iter().map(|stored| map.span(&stored.span)).collect();
        map.add_trace(&spans);
    }
    Ok(())
}
