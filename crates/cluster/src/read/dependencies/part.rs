//! The map of one shard: sums of buckets, and the spans of all traces that are in no sum.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use coral_engine::Budget;
use coral_record::calls::{SumsKey, each_sum, minute_of};
use coral_trace::dependency::{CallSpan, Dependencies};
use coral_trace::{Collector, TraceId};

use super::Window;
use crate::calls::spans::{TraceSpan, once, parts, visit};
use crate::calls::{BucketCalls, stored, summaries};
use crate::error::ClusterError;
use crate::read::lookup::{MAX_NAMED, buckets_of_split, places};
use crate::shard::Shard;
use crate::sql;

/// A map under construction, and what it is made of.
pub(super) struct Part<'a> {
    shard: &'a Shard,
    window: Window,
    budget: &'a Budget,
    map: Dependencies,
    /// Buckets with sums.
    summed: BTreeMap<u32, BucketCalls>,
    /// Buckets whose traces are joined from spans.
    joined: Vec<u32>,
    /// Traces with spans in several buckets, of which one is at least in the map, with their spans.
    split: HashMap<TraceId, Vec<TraceSpan>>,
}

impl<'a> Part<'a> {
    /// Reads sums, and takes traces out of them that have become split since.
    pub(super) fn of(
        shard: &'a Shard,
        window: Window,
        budget: &'a Budget,
    ) -> Result<Self, ClusterError> {
        let mut useless = BTreeSet::new();
        loop {
            let mut part = Self::read(shard, window, budget, &useless)?;
            let coarse = part.take_out();
            if coarse.is_empty() {
                return Ok(part);
            }
            useless.extend(coarse);
        }
    }

    fn read(
        shard: &'a Shard,
        window: Window,
        budget: &'a Budget,
        useless: &BTreeSet<u32>,
    ) -> Result<Self, ClusterError> {
        let rows = stored(shard, window.first, None, budget)?;
        // The number of summaries is read after the sums: a page that came between them has more.
        let summaries = summaries(shard, window.first, budget)?;
        let mut part = Self {
            shard,
            window,
            budget,
            map: Dependencies::default(),
            summed: BTreeMap::new(),
            joined: Vec::new(),
            split: HashMap::new(),
        };
        let mut ids = BTreeSet::new();
        for row in rows {
            budget.check()?;
            let is_whole = summaries.get(&row.bucket) == Some(&row.traces);
            if is_whole && !row.calls.is_empty() && !useless.contains(&row.bucket) {
                let calls = BucketCalls::decode(&row.calls, &mut part.map)?;
                let sums = calls.sums.values();
                let read = sums.map(|sums| sums.edges.len() + sums.services.len()).sum::<usize>();
                budget.count_rows(read as u64)?;
                ids.extend(calls.split.iter().copied());
                part.summed.insert(row.bucket, calls);
            }
        }
        let is_joined = |bucket: &&u32| !part.summed.contains_key(*bucket);
        part.joined = summaries.keys().filter(is_joined).copied().collect();
        ids.extend(buckets_of_split(shard, &part.joined, budget)?.into_keys());
        part.read_split(&ids.into_iter().collect::<Vec<_>>())?;
        Ok(part)
    }

    /// Reads the spans of split traces, in all their buckets.
    fn read_split(&mut self, ids: &[TraceId]) -> Result<(), ClusterError> {
        let split = &mut self.split;
        for some in ids.chunks(MAX_NAMED) {
            let places = places(self.shard, some, self.budget)?;
            if places.is_empty() {
                continue;
            }
            let condition = format!("(bucket, trace_id) IN ({})", sql::places(&places));
            visit(self.shard, &mut self.map, &condition, self.budget, &mut |_, id, spans| {
                split.insert(id, spans);
            })?;
        }
        Ok(())
    }

    /// Takes traces out of the sums of a bucket that have become split since the bucket was summed up.
    /// Returns buckets whose sums are too coarse for that.
    fn take_out(&mut self) -> BTreeSet<u32> {
        let mut coarse = BTreeSet::new();
        for (bucket, calls) in &mut self.summed {
            let known: BTreeSet<TraceId> = calls.split.iter().copied().collect();
            for (_, spans) in self.split.iter().filter(|(id, _)| !known.contains(id)) {
                let parts = parts(spans, *bucket);
                let parts: Vec<(Collector, &[CallSpan])> =
                    parts.iter().map(|(by, spans)| (*by, &spans[..])).collect();
                if parts.is_empty() {
                    continue;
                }
                let mut taken = true;
                each_sum(&parts, |key, spans| {
                    let sums = calls.sums.get_mut(&key);
                    taken &= sums.is_some_and(|sums| self.map.take_from_sums(spans, sums));
                });
                if !taken {
                    coarse.insert(*bucket);
                    break;
                }
            }
        }
        coarse
    }

    /// The map.
    pub(super) fn map(mut self) -> Result<Dependencies, ClusterError> {
        self.add_sums()?;
        let joined: Vec<String> =
            self.joined.iter().map(|bucket| format!("toDateTime({bucket})")).collect();
        if !joined.is_empty() {
            self.join(&format!("bucket IN ({})", joined.join(", ")), &|_| true)?;
        }
        for spans in std::mem::take(&mut self.split).into_values() {
            add(&mut self.map, self.window, &spans, &|_| true);
        }
        Ok(self.map)
    }

    /// Adds the sums of whole minutes. Of minutes that the window cuts, joins the traces.
    fn add_sums(&mut self) -> Result<(), ClusterError> {
        for (bucket, calls) in std::mem::take(&mut self.summed) {
            self.budget.check()?;
            let mut cut = BTreeSet::new();
            let counted =
                calls.sums.iter().filter(|(key, _)| key.spans.counts_for(self.window.collector));
            for (key, sums) in counted {
                let (first, end) = key.bounds();
                if self.window.since <= first && end <= self.window.until {
                    self.map.add_sums(sums);
                } else if first < self.window.until && self.window.since < end {
                    cut.insert(key.minute);
                }
            }
            for minute in &cut {
                let (first, end) = SumsKey::bounds_of(*minute);
                let condition = format!(
                    "bucket = toDateTime({bucket}) AND trace_id IN (SELECT trace_id FROM {} \
                     WHERE bucket = toDateTime({bucket}) AND first_start >= {first} AND first_start < {end})",
                    self.shard.table("traces")
                );
                self.join(&condition, &|start| minute_of(start) == *minute)?;
            }
        }
        Ok(())
    }

    /// Adds the traces whose rows meet `condition`, but for split ones, if `wants` their start.
    fn join(&mut self, condition: &str, wants: &dyn Fn(i64) -> bool) -> Result<(), ClusterError> {
        let (window, split) = (self.window, &self.split);
        visit(self.shard, &mut self.map, condition, self.budget, &mut |map, id, spans| {
            if !split.contains_key(&id) {
                add(map, window, &spans, wants);
            }
        })
    }
}

/// Adds a trace by its spans if it is in the window, and `wants` its start in microseconds.
fn add(map: &mut Dependencies, window: Window, spans: &[TraceSpan], wants: &dyn Fn(i64) -> bool) {
    let spans: Vec<CallSpan> = once(spans, |span| window.counts(span.collector))
        .into_iter()
        .map(|span| span.span)
        .collect();
    let start = spans.iter().filter_map(|span| span.start_us).min();
    if start.is_some_and(|start| window.holds(start) && wants(start)) {
        map.add_trace(&spans);
    }
}
