//! Traces by their summaries: those that may match a query, in the query's order.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use clickhouse::Row;
use coral_engine::{Budget, Order, TraceQuery};
use coral_trace::{TimeRange, TraceId, UnixNanos};
use serde::Deserialize;

use super::one_span;
use crate::bucket::first_bucket;
use crate::error::ClusterError;
use crate::row::part::IdRow;
use crate::row::span::trace_id;
use crate::shard::Shard;
use crate::sql;

/// A trace that may match: its sums from the buckets of the query. Times are microseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Candidate {
    pub(crate) trace: TraceId,
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) failed: bool,
}

#[derive(Row, Deserialize)]
struct CandidateRow {
    trace_id: [u8; 16],
    start: i64,
    finish: i64,
    failed: u8,
}

/// The next `limit` candidates of `query` on `shard` after `after`, in the query's order.
pub(crate) fn next(
    shard: &Shard,
    query: &TraceQuery,
    after: Option<Candidate>,
    limit: usize,
    now: UnixNanos,
    budget: &Budget,
) -> Result<Vec<Candidate>, ClusterError> {
    // All rows of a trace that started in the query's time are of that time or later. A trace that
    // began earlier is left out once it is summed up.
    let mut rows = rows(shard, query);
    let since = query.started.start.as_micros();
    rows.push(format!("first_start >= {since}"));
    if is_narrow(query, now) && !one_span::is_asked_for(query) {
        rows.push(format!(
            "trace_id IN (SELECT trace_id FROM {} WHERE {} AND first_start < {})",
            shard.table("traces"),
            rows.join(" AND "),
            query.started.end.as_micros()
        ));
    }
    let order = match query.order {
        Order::Newest => "start DESC, trace_id",
        Order::Slowest => "finish - start DESC, start DESC, trace_id",
    };
    let sql = format!("{} ORDER BY {order} LIMIT {limit}", statement(shard, query, rows, after));
    shard.rows::<CandidateRow>(&sql, budget)?.into_iter().map(CandidateRow::candidate).collect()
}

/// The newest `each` candidates on `shard` of each of `queries`, which differ in their times alone, in no
/// particular order. Their times do not overlap.
pub(crate) fn newest_of_each(
    shard: &Shard,
    queries: &[TraceQuery],
    each: u32,
    budget: &Budget,
) -> Result<Vec<Candidate>, ClusterError> {
    let mut times: Vec<TimeRange> = queries.iter().map(|query| query.started).collect();
    times.sort_by_key(|time| time.start);
    let (Some(first), Some(last)) = (times.first(), times.last()) else { return Ok(Vec::new()) };
    let whole = TimeRange { start: first.start, end: last.end };
    let query = TraceQuery { started: whole, ..queries[0].clone() };
    let mut rows = rows(shard, &query);
    rows.push(format!("first_start >= {}", whole.start.as_micros()));
    let bounds = times.iter().flat_map(|time| [time.start.as_micros(), time.end.as_micros()]);
    let bounds: Vec<String> = bounds.map(|bound| bound.to_string()).collect();
    let sql = format!(
        "{} ORDER BY start DESC, trace_id LIMIT {each} BY arrayCount(bound -> bound <= start, [{}])",
        statement(shard, &query, rows, None),
        bounds.join(", "),
    );
    shard.rows::<CandidateRow>(&sql, budget)?.into_iter().map(CandidateRow::candidate).collect()
}

/// Whether the query's time is less than half of the time since it began. Then its traces are chosen
/// before rows are summed up, most of which are later.
fn is_narrow(query: &TraceQuery, now: UnixNanos) -> bool {
    let TimeRange { start, end } = query.started;
    now.0.saturating_sub(start.0) / 2 > end.0.saturating_sub(start.0)
}

/// Calls `visit` with all candidates of `query` on `shard`, in no particular order.
pub(crate) fn each(
    shard: &Shard,
    query: &TraceQuery,
    budget: &Budget,
    visit: &mut dyn FnMut(Candidate),
) -> Result<(), ClusterError> {
    let sql = statement(shard, query, rows(shard, query), None);
    shard.visit::<CandidateRow>(&sql, budget, &mut |row| {
        budget.count_rows(1)?;
        visit(row.candidate()?);
        Ok(ControlFlow::Continue(()))
    })
}

/// Candidates of `query` that also have earlier buckets, so that their sums are of a part only.
pub(crate) fn earlier(
    shard: &Shard,
    query: &TraceQuery,
    budget: &Budget,
) -> Result<BTreeSet<TraceId>, ClusterError> {
    let first = first_bucket(query.started.start);
    if first == 0 {
        return Ok(BTreeSet::new());
    }
    let sql = format!(
        "SELECT DISTINCT trace_id FROM {} WHERE bucket < toDateTime({first}) \
         AND trace_id IN (SELECT trace_id FROM {} WHERE {})",
        shard.table("places"),
        shard.table("traces"),
        rows(shard, query).join(" AND ")
    );
    shard.rows::<IdRow>(&sql, budget)?.into_iter().map(IdRow::id).collect()
}

impl CandidateRow {
    fn candidate(self) -> Result<Candidate, ClusterError> {
        let Self { trace_id: id, start, finish: end, failed } = self;
        Ok(Candidate { trace: trace_id(id)?, start, end, failed: failed == 1 })
    }
}

/// The statement that selects candidates by the rows of `traces` that meet `rows`, without an order.
fn statement(
    shard: &Shard,
    query: &TraceQuery,
    rows: Vec<String>,
    after: Option<Candidate>,
) -> String {
    format!(
        "SELECT trace_id, min(first_start) AS start, max(last_end) AS finish, max(error) AS failed \
         FROM {} WHERE {} GROUP BY trace_id HAVING {}",
        shard.table("traces"),
        rows.join(" AND "),
        sums(query, after).join(" AND "),
    )
}

/// Conditions on the rows of `traces`.
fn rows(shard: &Shard, query: &TraceQuery) -> Vec<String> {
    let bucket = format!("bucket >= toDateTime({})", first_bucket(query.started.start));
    let mut all = vec![bucket.clone()];
    all.extend(query.collector.map(|by| format!("ebpf = {}", sql::ebpf(by))));
    if let Some(spans) = one_span::traces(shard, query, &bucket) {
        all.push(format!("trace_id IN ({spans})"));
    }
    all
}

/// Conditions on the sums of a trace.
fn sums(query: &TraceQuery, after: Option<Candidate>) -> Vec<String> {
    let (since, until) = (query.started.start.as_micros(), query.started.end.as_micros());
    let mut all = vec![format!("start >= {since}"), format!("start < {until}")];
    if !query.services.is_empty() && !one_span::is_asked_for(query) {
        let services = sql::texts(&query.services);
        all.push(format!("max(hasAny(services, [{services}])) = 1"));
    }
    all.extend(query.min_duration_us.map(|min| format!("finish - start >= {min}")));
    all.extend(query.max_duration_us.map(|max| format!("finish - start <= {max}")));
    all.extend(query.failed.map(|failed| format!("failed = {}", u8::from(failed))));
    let of_query = query
        .after
        .map(|at| position(query.order, at.start.as_micros(), at.duration_us, at.trace_id));
    let of_page = after.map(|at| position(query.order, at.start, at.end - at.start, at.trace));
    all.extend(of_query.into_iter().chain(of_page));
    all
}

/// The condition that a trace comes after a position.
fn position(order: Order, start: i64, duration: i64, trace: TraceId) -> String {
    let id = sql::trace(trace);
    let newest = format!("(start < {start} OR (start = {start} AND trace_id > {id}))");
    match order {
        Order::Newest => newest,
        Order::Slowest => {
            format!("(finish - start < {duration} OR (finish - start = {duration} AND {newest}))")
        }
    }
}
