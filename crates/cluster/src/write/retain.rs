//! Removes old data, by whole partitions: a day of receipt.
//!
//! The age of data is measured with two clocks, this process's and the server's: the one that is
//! behind counts. So a clock that jumped ahead on one of two hosts removes nothing.

use std::time::{Duration, Instant};

use clickhouse::Row;
use coral_engine::{Budget, MetricMaintenance, MetricRetention, SpanMaintenance, SpanRetention};
use coral_trace::UnixNanos;
use coral_trace::red::Protocol;
use serde::Deserialize;

use crate::bucket::BUCKET_SECONDS;
use crate::calls::make;
use crate::cluster::Cluster;
use crate::error::ClusterError;
use crate::row::delta::protocol_number;
use crate::shard::Shard;
use crate::sql;

/// When partitions were looked at, and when the next look is due.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    looked: Option<Instant>,
    /// The end of the oldest data that was kept, in seconds since the Unix epoch.
    oldest: u64,
}

/// How often the size is looked at.
const INTERVAL: Duration = Duration::from_secs(60);
/// The length of a day in seconds.
const DAY: u64 = 86_400;
/// Tables that expire with spans, spans first: a span without its summary is not found, and a
/// summary without spans is left out of lists.
pub(crate) const SPAN_TABLES: [&str; 7] =
    ["spans", "traces", "call_sums", "pages", "places", "origins", "agent_minutes"];

/// A partition of one table on one shard.
#[derive(Row, Deserialize)]
struct Partition {
    /// As ClickHouse writes it: `20261125`, or `(0,20261125)`.
    partition: String,
    rows: u64,
    bytes: u64,
}

impl Schedule {
    fn is_due(&self, cutoff: u64) -> bool {
        self.looked.is_none_or(|looked| looked.elapsed() >= INTERVAL || cutoff >= self.oldest)
    }
}

/// See [`Retention::maintain`](coral_engine::Retention::maintain).
pub(crate) fn maintain(
    cluster: &Cluster,
    keep: SpanRetention,
    now: UnixNanos,
) -> Result<SpanMaintenance, ClusterError> {
    let done = expire(cluster, keep, now)?;
    make::keep_up(cluster, now)?;
    Ok(done)
}

fn expire(
    cluster: &Cluster,
    keep: SpanRetention,
    now: UnixNanos,
) -> Result<SpanMaintenance, ClusterError> {
    let mut schedule = cluster.spans_due.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let mut done = SpanMaintenance::default();
    if !schedule.is_due(cutoff(now, keep.age)) {
        return Ok(done);
    }
    let (mut oldest, mut bytes) = (u64::MAX, 0);
    for shard in cluster.shards() {
        let cutoff = cutoff(now.min(server_time(shard)?), keep.age);
        for table in SPAN_TABLES {
            for partition in partitions(shard, table)? {
                match partition.expire(cluster, shard, table, cutoff)? {
                    None if table == "spans" => done.expired += partition.rows,
                    None => {}
                    Some(end) => {
                        oldest = oldest.min(end);
                        bytes += partition.bytes;
                    }
                }
            }
        }
    }
    if bytes > keep.bytes {
        done.evicted = evict(cluster, &SPAN_TABLES, "spans", bytes - keep.bytes)?;
    }
    *schedule = Schedule { looked: Some(Instant::now()), oldest };
    Ok(done)
}

/// See [`Retention::maintain_metrics`](coral_engine::Retention::maintain_metrics).
pub(crate) fn maintain_metrics(
    cluster: &Cluster,
    keep: MetricRetention,
    now: UnixNanos,
) -> Result<MetricMaintenance, ClusterError> {
    let mut schedule = cluster.metrics_due.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let mut done = MetricMaintenance::default();
    if !schedule.is_due(cutoff(now, keep.shortest())) {
        return Ok(done);
    }
    let (mut oldest, mut bytes) = (u64::MAX, 0);
    for shard in cluster.shards() {
        let now = now.min(server_time(shard)?);
        for partition in partitions(shard, "deltas")? {
            let of = |protocol: &Protocol| partition.protocol() == Some(protocol_number(*protocol));
            let Some(protocol) = Protocol::ALL.into_iter().find(of) else { continue };
            match partition.expire(cluster, shard, "deltas", cutoff(now, keep.age(protocol)))? {
                None => done.expired += partition.rows,
                Some(end) => {
                    oldest = oldest.min(end);
                    bytes += partition.bytes;
                }
            }
        }
    }
    if bytes > keep.bytes {
        done.evicted = evict(cluster, &["deltas"], "deltas", bytes - keep.bytes)?;
    }
    *schedule = Schedule { looked: Some(Instant::now()), oldest };
    Ok(done)
}

/// The time before which data expires, in seconds since the Unix epoch.
fn cutoff(now: UnixNanos, age: Duration) -> u64 {
    now.earlier(age).0 / 1_000_000_000
}

/// A server that does not say the time removes nothing.
fn server_time(shard: &Shard) -> Result<UnixNanos, ClusterError> {
    Ok(UnixNanos(shard.now()?.saturating_mul(1_000_000_000)))
}

/// The partitions of a table on one shard, oldest first.
fn partitions(shard: &Shard, table: &str) -> Result<Vec<Partition>, ClusterError> {
    let sql = format!(
        "SELECT partition, sum(rows), sum(bytes_on_disk) FROM system.parts \
         WHERE database = {} AND table = {} AND active GROUP BY partition",
        sql::text(shard.database()),
        sql::text(table)
    );
    let mut partitions: Vec<Partition> = shard.rows(&sql, &Budget::unlimited())?;
    partitions.sort_by_key(Partition::day);
    Ok(partitions)
}

/// Drops the oldest days on all shards until `bytes` less are stored. The newest day stays. Returns
/// the number of rows of `counted` that were dropped.
fn evict(
    cluster: &Cluster,
    tables: &[&str],
    counted: &str,
    bytes: u64,
) -> Result<u64, ClusterError> {
    let mut found = Vec::new();
    for shard in cluster.shards() {
        for table in tables {
            let partitions = partitions(shard, table)?.into_iter();
            found.extend(partitions.map(|partition| (shard, *table, partition)));
        }
    }
    let newest = found.iter().map(|(_, _, partition)| partition.day()).max();
    let mut days: Vec<u64> = found.iter().map(|(_, _, partition)| partition.day()).collect();
    days.sort_unstable();
    days.dedup();
    let (mut freed, mut rows) = (0, 0);
    for day in days.into_iter().filter(|day| Some(*day) != newest) {
        if freed >= bytes {
            break;
        }
        for (shard, table, partition) in found.iter().filter(|(.., found)| found.day() == day) {
            partition.drop(shard, table)?;
            freed += partition.bytes;
            rows += if *table == counted { partition.rows } else { 0 };
        }
    }
    Ok(rows)
}

impl Partition {
    /// The numbers in the partition's name.
    fn numbers(&self) -> Vec<u64> {
        let numbers = self.partition.split(|c: char| !c.is_ascii_digit());
        numbers.filter_map(|number| number.parse().ok()).collect()
    }

    /// The day as a number, such as 20261125.
    fn day(&self) -> u64 {
        self.numbers().last().copied().unwrap_or_default()
    }

    /// The protocol of a partition of metrics.
    fn protocol(&self) -> Option<u8> {
        let numbers = self.numbers();
        numbers.first().filter(|_| numbers.len() == 2).and_then(|first| u8::try_from(*first).ok())
    }

    /// Drops the partition if all its rows are older than `cutoff`. Otherwise returns when its
    /// newest row may expire, in seconds since the Unix epoch.
    fn expire(
        &self,
        cluster: &Cluster,
        shard: &Shard,
        table: &str,
        cutoff: u64,
    ) -> Result<Option<u64>, ClusterError> {
        let ends = day_end(self.day());
        if ends <= cutoff {
            self.drop(shard, table)?;
            return Ok(None);
        }
        if ends.saturating_sub(DAY) >= cutoff {
            return Ok(Some(self.newest(shard, table)?));
        }
        // A day that is not over may still get rows.
        let _alone = cluster.dropping.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        let newest = self.newest(shard, table)?;
        if newest > cutoff {
            return Ok(Some(newest));
        }
        self.drop(shard, table)?;
        Ok(None)
    }

    /// The end of the newest bucket, in seconds since the Unix epoch.
    fn newest(&self, shard: &Shard, table: &str) -> Result<u64, ClusterError> {
        let protocol = self.protocol().map_or(String::new(), |of| format!(" AND protocol = {of}"));
        let sql = format!(
            "SELECT toUInt64(max(bucket)) FROM {} WHERE toYYYYMMDD(bucket) = {}{protocol}",
            shard.table(table),
            self.day()
        );
        let found: Vec<u64> = shard.rows(&sql, &Budget::unlimited())?;
        let length = if table == "agent_minutes" { 60 } else { u64::from(BUCKET_SECONDS) };
        Ok(found.first().map_or(u64::MAX, |newest| newest + length))
    }

    fn drop(&self, shard: &Shard, table: &str) -> Result<(), ClusterError> {
        let Self { partition, .. } = self;
        if table == "origins" {
            shard.origins.forget();
        }
        shard.execute(&format!("ALTER TABLE {} DROP PARTITION {partition}", shard.table(table)))
    }
}

/// The end of a day such as 20261125, in seconds since the Unix epoch.
fn day_end(day: u64) -> u64 {
    // Days since the epoch of the proleptic Gregorian calendar, with March as the first month.
    let (year, month, of_month) = (day / 10_000, day / 100 % 100, day % 100);
    let (year, month) =
        if month <= 2 { (year.saturating_sub(1), month + 9) } else { (year, month - 3) };
    let of_year = (153 * month + 2) / 5 + of_month.saturating_sub(1);
    let days = 365 * year + year / 4 - year / 100 + year / 400 + of_year;
    days.saturating_sub(719_468).saturating_add(1).saturating_mul(DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_read_from_its_name_and_its_day_has_an_end() {
        let of = |name: &str| Partition { partition: name.to_owned(), rows: 0, bytes: 0 };
        assert_eq!((of("20261125").day(), of("20261125").protocol()), (20_261_125, None));
        assert_eq!(
            (of("(2,20261125)").day(), of("(2,20261125)").protocol()),
            (20_261_125, Some(2))
        );
        assert_eq!(day_end(19_700_101), DAY);
        assert_eq!(day_end(20_261_125), 1_795_564_800 + DAY);
        assert_eq!(day_end(20_240_229) + DAY, day_end(20_240_301));
        assert_eq!(day_end(0), DAY, "no day is over at once");
    }
}
