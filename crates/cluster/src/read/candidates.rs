//! Traces by their summaries: those that may match a query, in the query's order.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use clickhouse::Row;
use coral_engine::{Budget, Order, TraceQuery};
use coral_trace::TraceId;
use serde::Deserialize;

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
    budget: &Budget,
) -> Result<Vec<Candidate>, ClusterError> {
    let order = match query.order {
        Order::Newest => "start DESC, trace_id",
        Order::Slowest => "finish - start DESC, start DESC, trace_id",
    };
    let sql = format!("{} ORDER BY {order} LIMIT {limit}", statement(shard, query, after));
    shard.rows::<CandidateRow>(&sql, budget)?.into_iter().map(CandidateRow::candidate).collect()
}

/// Calls `visit` with all candidates of `query` on `shard`, in no particular order.
pub(crate) fn each(
    shard: &Shard,
    query: &TraceQuery,
    budget: &Budget,
    visit: &mut dyn FnMut(Candidate),
) -> Result<(), ClusterError> {
    shard.visit::<CandidateRow>(&statement(shard, query, None), budget, &mut |row| {
        budget.count_rows(1)?;
        visit(row.candidate()?);
        Ok(ControlFlow::Continue(()))
    })
}

/// The condition that a trace is a candidate of `query`.
pub(crate) fn condition(shard: &Shard, query: &TraceQuery) -> String {
    format!("trace_id IN (SELECT trace_id FROM ({}))", statement(shard, query, None))
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

/// The statement that selects candidates, without an order.
fn statement(shard: &Shard, query: &TraceQuery, after: Option<Candidate>) -> String {
    format!(
        "SELECT trace_id, min(first_start) AS start, max(last_end) AS finish, max(error) AS failed \
         FROM {} WHERE {} GROUP BY trace_id HAVING {}",
        shard.table("traces"),
        rows(shard, query).join(" AND "),
        sums(query, after).join(" AND "),
    )
}

/// Conditions on the rows of `traces`.
fn rows(shard: &Shard, query: &TraceQuery) -> Vec<String> {
    let bucket = format!("bucket >= toDateTime({})", first_bucket(query.started.start));
    let mut all = vec![bucket.clone()];
    all.extend(query.collector.map(|by| format!("ebpf = {}", sql::ebpf(by))));
    if let Some(one_span) = one_span(query) {
        let by =
            query.collector.map_or(String::new(), |by| format!(" AND ebpf = {}", sql::ebpf(by)));
        all.push(format!(
            "trace_id IN (SELECT trace_id FROM {} WHERE {bucket}{by} AND {one_span})",
            shard.table("spans")
        ));
    }
    all
}

/// A condition on one row of `spans`: it is met by every span that meets the query's conditions on
/// one span, and perhaps by others. `None` if the summaries tell all.
fn one_span(query: &TraceQuery) -> Option<String> {
    if query.name.is_none() && query.attributes.is_empty() {
        return None;
    }
    let mut all = Vec::new();
    if !query.services.is_empty() {
        all.push(format!("service IN ({})", sql::texts(&query.services)));
    }
    all.extend(query.name.as_ref().map(|name| format!("span_name = {}", sql::text(name))));
    for (key, value) in &query.attributes {
        let pattern = sql::text(&attribute_pattern(key, value));
        all.push(format!("(match(attributes, {pattern}) OR match(origin, {pattern}))"));
    }
    Some(all.join(" AND "))
}

/// A regular expression that is in the JSON of attributes which have `key` with a value that is
/// shown as `value`: the value as text, or a value that is not text.
fn attribute_pattern(key: &str, value: &str) -> String {
    let json = |text: &str| serde_json::to_string(text).expect("a text has a JSON form");
    format!("{}:({}|[^\"])", regex::escape(&json(key)), regex::escape(&json(value)))
}

/// Conditions on the sums of a trace.
fn sums(query: &TraceQuery, after: Option<Candidate>) -> Vec<String> {
    let (since, until) = (query.started.start.as_micros(), query.started.end.as_micros());
    let mut all = vec![format!("start >= {since}"), format!("start < {until}")];
    if !query.services.is_empty() && one_span(query).is_none() {
        let services = sql::texts(&query.services);
        all.push(format!("hasAny(groupUniqArrayArray(services), [{services}])"));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_of_an_attribute_is_in_the_json_of_every_value_that_is_shown_so() {
        let is_in = |json: &str, key: &str, value: &str| {
            regex::Regex::new(&attribute_pattern(key, value)).unwrap().is_match(json)
        };
        assert!(is_in(r#"{"a":1,"user.tier":"gold"}"#, "user.tier", "gold"));
        assert!(is_in(r#"{"user.tier":5}"#, "user.tier", "5"));
        assert!(is_in(r#"{"user.tier":5,"user.tier":"gold"}"#, "user.tier", "5"));
        assert!(is_in(r#"{"k\"":"a\\b"}"#, "k\"", "a\\b"));
        assert!(!is_in(r#"{"user.tier":"silver"}"#, "user.tier", "gold"));
        assert!(!is_in(r#"{"userxtier":"gold"}"#, "user.tier", "gold"));
    }
}
