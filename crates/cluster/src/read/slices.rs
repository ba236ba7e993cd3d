//! The newest traces first: slices of time from the last one backwards, until there are enough.

use coral_engine::{Budget, Order, TraceQuery};
use coral_trace::{TimeRange, UnixNanos};

use super::one_span;
use crate::bucket::{BUCKET_SECONDS, bucket_of, first_bucket};
use crate::error::ClusterError;
use crate::shard::Shard;
use crate::sql;

/// The slices of a query, newest first. Each is a query about a part of the time. A trace is in the
/// slice in which it started.
pub(crate) struct Slices<'a> {
    shard: &'a Shard,
    query: &'a TraceQuery,
    /// The end of the next slice; `None` after the last one.
    until: Option<UnixNanos>,
    /// The colony's time.
    now: UnixNanos,
    /// How many buckets the next slice is about, at most.
    buckets: u32,
    /// How many summaries the next slice has, at most.
    rows: u64,
}

/// The summaries of the first slice, for each wanted trace and in any case. A trace may have several.
const ROWS_PER_TRACE: u64 = 4;
const MIN_ROWS: u64 = 64;
/// The longest list that is read in slices.
const MAX_SLICED: u32 = 10_000;
/// How much larger each slice is than the one before.
const GROWTH: u32 = 4;

impl<'a> Slices<'a> {
    /// The slices of `query`. Only a short list of the newest traces has more than one, and only if
    /// summaries tell which traces match: other questions read all of the time anyhow.
    pub(crate) fn of(shard: &'a Shard, query: &'a TraceQuery, now: UnixNanos) -> Self {
        let is_sliced = query.order == Order::Newest
            && query.limit <= MAX_SLICED
            && !one_span::is_asked_for(query);
        let after = query.after.filter(|_| is_sliced);
        let until = after.map_or(query.started.end, |after| {
            query.started.end.min(UnixNanos::from_micros(after.start.as_micros() + 1))
        });
        let rows = if is_sliced { ROWS_PER_TRACE * u64::from(query.limit) + MIN_ROWS } else { 0 };
        Self { shard, query, until: Some(until), now, buckets: 1, rows }
    }

    /// The next slice that may have traces.
    pub(crate) fn next(&mut self, budget: &Budget) -> Result<Option<TraceQuery>, ClusterError> {
        while let Some(until) = self.until {
            let first = bucket_of(until.min(self.now));
            let first = first.saturating_sub((self.buckets - 1).saturating_mul(BUCKET_SECONDS));
            let since = UnixNanos(u64::from(first) * 1_000_000_000);
            if self.rows == 0 || since <= self.query.started.start {
                self.until = None;
                return Ok(Some(self.slice(self.query.started.start, until)));
            }
            let starts = self.starts(since, until, budget)?;
            let is_cut = starts.len() as u64 == self.rows;
            let begin = starts
                .last()
                .filter(|_| is_cut)
                .map_or(since, |start| UnixNanos::from_micros(*start));
            self.until = Some(begin);
            self.buckets = self.buckets.saturating_mul(GROWTH);
            self.rows = self.rows.saturating_mul(GROWTH.into());
            if !starts.is_empty() {
                return Ok(Some(self.slice(begin, until)));
            }
        }
        Ok(None)
    }

    fn slice(&self, start: UnixNanos, end: UnixNanos) -> TraceQuery {
        let end = end.min(self.query.started.end);
        TraceQuery { started: TimeRange { start, end }, ..self.query.clone() }
    }

    /// The latest starts of summaries in a time, in microseconds, latest first.
    fn starts(
        &self,
        since: UnixNanos,
        until: UnixNanos,
        budget: &Budget,
    ) -> Result<Vec<i64>, ClusterError> {
        let by = self.query.collector.map(|by| format!(" AND ebpf = {}", sql::ebpf(by)));
        let sql = format!(
            "SELECT first_start FROM {} WHERE bucket >= toDateTime({}) AND first_start >= {} \
             AND first_start < {}{} ORDER BY first_start DESC LIMIT {}",
            self.shard.table("traces"),
            first_bucket(since),
            since.as_micros(),
            until.as_micros(),
            by.unwrap_or_default(),
            self.rows,
        );
        self.shard.rows(&sql, budget)
    }
}
