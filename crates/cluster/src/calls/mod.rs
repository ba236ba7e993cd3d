//! Sums of the calls of traces, so that a service map reads few spans.
//!
//! Each bucket that is over gets a row of `call_sums`: by minute of the trace's start, what the traces
//! say about calls that have all their spans in this bucket. Traces with spans in other buckets too are
//! *split*: the row names them, and a map reads their spans.
//!
//! **A sum never hides a span.** A page writes summaries of its traces before its spans, and a row of
//! `pages` with their number after its spans. A bucket is summed up only while both numbers agree, and
//! its sums count only while it has as many summaries as then. Summaries are never merged, so that every
//! page changes their number. Spans of a trace that later come in another bucket make the trace split:
//! the row of that bucket names it, or, while that bucket has no row, the map looks for it. Its spans
//! are taken out of the sums, and read.

pub(crate) mod make;
mod record;
pub(crate) mod spans;

use std::collections::BTreeMap;

use clickhouse::Row;
use coral_engine::Budget;
use serde::{Deserialize, Serialize};

pub(crate) use self::record::BucketCalls;
use crate::error::ClusterError;
use crate::shard::Shard;

/// A row of `pages`: how many rows a page has in `traces`, in one bucket.
#[derive(Row, Serialize, Deserialize)]
pub(crate) struct PageRow {
    pub(crate) bucket: u32,
    pub(crate) at: u64,
    pub(crate) traces: u64,
}

/// A row of `call_sums`.
#[derive(Row, Serialize, Deserialize)]
pub(crate) struct SumsRow {
    pub(crate) bucket: u32,
    pub(crate) version: u64,
    /// How many rows `traces` had of the bucket.
    pub(crate) traces: u64,
    /// The JSON of [`BucketCalls`]; empty if it would be too large.
    pub(crate) calls: String,
}

/// The number of rows of `traces` in each bucket from `first` on.
pub(crate) fn summaries(
    shard: &Shard,
    first: u32,
    budget: &Budget,
) -> Result<BTreeMap<u32, u64>, ClusterError> {
    counted(shard, "traces", "count()", first, budget)
}

/// A number of the rows of `table` in each bucket from `first` on.
fn counted(
    shard: &Shard,
    table: &str,
    number: &str,
    first: u32,
    budget: &Budget,
) -> Result<BTreeMap<u32, u64>, ClusterError> {
    let sql = format!(
        "SELECT toUInt32(bucket) AS second, {number} FROM {} WHERE bucket >= toDateTime({first}) \
         GROUP BY second",
        shard.table(table)
    );
    Ok(shard.rows::<(u32, u64)>(&sql, budget)?.into_iter().collect())
}

/// The newest sums of each bucket from `first` on, or of one bucket.
pub(crate) fn stored(
    shard: &Shard,
    first: u32,
    only: Option<u32>,
    budget: &Budget,
) -> Result<Vec<SumsRow>, ClusterError> {
    let only = only.map_or(String::new(), |bucket| format!(" AND bucket = toDateTime({bucket})"));
    let sql = format!(
        "SELECT bucket, version, traces, calls FROM {} WHERE bucket >= toDateTime({first}){only} \
         ORDER BY bucket, version DESC LIMIT 1 BY bucket",
        shard.table("call_sums")
    );
    shard.rows(&sql, budget)
}
