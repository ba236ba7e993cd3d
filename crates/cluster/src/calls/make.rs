//! Sums up the calls of buckets that are over.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use coral_engine::Budget;
use coral_record::calls::each_sum;
use coral_trace::dependency::Dependencies;
use coral_trace::{Collector, TraceId, UnixNanos};

use super::spans::{self, parts};
use super::{BucketCalls, SumsRow, counted, stored, summaries};
use crate::bucket::{BUCKET_SECONDS, bucket_of};
use crate::cluster::Cluster;
use crate::error::ClusterError;
use crate::read::lookup::buckets_of_split;
use crate::shard::Shard;

/// When buckets were looked at.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    looked: Option<(Instant, u32)>,
    /// Whether more buckets are due than were summed up.
    is_behind: bool,
}

/// How long after its end a bucket is summed up: most of the pages that were on their way have come.
const DELAY: Duration = Duration::from_secs(120);
/// How often buckets are looked at whose pages came late.
const INTERVAL: Duration = Duration::from_secs(60);
/// How far back buckets are looked at.
const AGE: Duration = Duration::from_secs(2 * 86_400);
/// The most buckets of a shard that are summed up at a time.
const MAX_BUCKETS: usize = 2;
/// A bucket is summed up again when so many of its traces have become split since.
const MAX_NEWLY_SPLIT: usize = 200;

/// Sums up buckets that are due at `now`, by both clocks, this process's and the server's. A sum that
/// is made twice, as by two colonies, is the same.
pub(crate) fn keep_up(cluster: &Cluster, now: UnixNanos) -> Result<(), ClusterError> {
    let mut schedule = cluster.sums_due.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let ended = bucket_of(now.earlier(DELAY));
    let is_due = schedule.is_behind
        || schedule.looked.is_none_or(|(at, last)| at.elapsed() >= INTERVAL || last != ended);
    if !is_due {
        return Ok(());
    }
    let behind = cluster.each_shard(|_, shard| {
        let now = now.min(UnixNanos(shard.now()?.saturating_mul(1_000_000_000)));
        let mut due = due(shard, now)?;
        let is_behind = due.len() > MAX_BUCKETS;
        due.truncate(MAX_BUCKETS);
        for bucket in due {
            sum_up(shard, bucket, || cluster.sequence.next())?;
        }
        Ok(is_behind)
    })?;
    *schedule =
        Schedule { looked: Some((Instant::now(), ended)), is_behind: behind.contains(&true) };
    Ok(())
}

/// The buckets that are over, that no page is being written to, and whose sums are missing or of
/// fewer pages; the newest first.
fn due(shard: &Shard, now: UnixNanos) -> Result<Vec<u32>, ClusterError> {
    let (first, budget) = (bucket_of(now.earlier(AGE)), Budget::unlimited());
    let last = bucket_of(now.earlier(DELAY)).saturating_sub(BUCKET_SECONDS);
    let begun = summaries(shard, first, &budget)?;
    let ended = counted(shard, "pages", "sum(traces)", first, &budget)?;
    let summed = counted(shard, "call_sums", "argMax(traces, version)", first, &budget)?;
    let is_due = |(bucket, number): &(&u32, &u64)| {
        **bucket <= last && ended.get(bucket) == Some(number) && summed.get(bucket) != Some(number)
    };
    Ok(begun.iter().filter(is_due).map(|(bucket, _)| *bucket).rev().collect())
}

/// Sums up one bucket, and again those of which many traces have spans in it.
pub(crate) fn sum_up(
    shard: &Shard,
    bucket: u32,
    version: impl Fn() -> u64,
) -> Result<(), ClusterError> {
    let split = sum_up_one(shard, bucket, version())?;
    let mut others: BTreeMap<u32, Vec<TraceId>> = BTreeMap::new();
    for (id, buckets) in split {
        for other in buckets.into_iter().filter(|other| *other != bucket) {
            others.entry(other).or_default().push(id);
        }
    }
    others.retain(|_, traces| traces.len() > MAX_NEWLY_SPLIT);
    for (other, traces) in others {
        let mut map = Dependencies::default();
        for row in stored(shard, other, Some(other), &Budget::unlimited())? {
            if row.calls.is_empty() {
                continue;
            }
            let known: BTreeSet<TraceId> =
                BucketCalls::decode(&row.calls, &mut map)?.split.into_iter().collect();
            let new = traces.iter().filter(|id| !known.contains(id)).count();
            if new > MAX_NEWLY_SPLIT {
                sum_up_one(shard, other, version())?;
            }
        }
    }
    Ok(())
}

/// Returns the split traces of the bucket, each with its buckets. A bucket that a page is being written
/// to is left as it is.
fn sum_up_one(
    shard: &Shard,
    bucket: u32,
    version: u64,
) -> Result<BTreeMap<TraceId, BTreeSet<u32>>, ClusterError> {
    let budget = Budget::unlimited();
    // Both numbers are read before the spans: a page that comes now has more.
    let begun = summaries(shard, bucket, &budget)?.get(&bucket).copied().unwrap_or_default();
    let ended = counted(shard, "pages", "sum(traces)", bucket, &budget)?.get(&bucket).copied();
    if ended != Some(begun) {
        return Ok(BTreeMap::new());
    }
    let split = buckets_of_split(shard, &[bucket], &budget)?;
    let mut calls = BucketCalls { split: split.keys().copied().collect(), ..Default::default() };
    let (mut map, condition) = (Dependencies::default(), format!("bucket = toDateTime({bucket})"));
    spans::visit(shard, &mut map, &condition, &budget, &mut |map, id, spans| {
        if split.contains_key(&id) {
            return;
        }
        let parts = parts(&spans, bucket);
        let parts: Vec<(Collector, &[_])> =
            parts.iter().map(|(by, spans)| (*by, &spans[..])).collect();
        each_sum(&parts, |key, spans| {
            map.add_to_sums(spans, calls.sums.entry(key).or_default());
        });
    })?;
    let json = calls.encode(&map).unwrap_or_default();
    shard.insert("call_sums", &[SumsRow { bucket, version, traces: begun, calls: json }])?;
    Ok(split)
}
