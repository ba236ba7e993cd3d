//! Stores pages of spans, each with its checkpoint.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use coral_engine::{AppendedPage, Checkpoint, EngineError, Page, PageContent};
use coral_trace::Span;

use crate::bucket::bucket_of;
use crate::calls::PageRow;
use crate::cluster::Cluster;
use crate::error::ClusterError;
use crate::origins;
use crate::row::part::{Parts, PlaceRow, TraceRow};
use crate::row::span::{SpanRow, SpanWriter, StoredOrigin};
use crate::shard::shard_of;
use crate::write::fleet::CheckpointRow;

/// The most spans of one insert. All of them are one block at the server, which is stored whole.
const MAX_SPANS: usize = 200_000;
/// The length of a day in seconds.
const DAY: u32 = 86_400;

/// The rows of some pages on one shard, in the order of the pages.
#[derive(Default)]
struct ShardRows {
    /// The origins of the spans, by bucket.
    origins: BTreeMap<u32, BTreeSet<StoredOrigin>>,
    places: Vec<PlaceRow>,
    traces: Vec<TraceRow>,
    spans: Vec<SpanRow>,
}

/// A page whose rows are not made yet.
struct Waiting {
    at: usize,
    bucket: u32,
    spans: Vec<Span>,
    checkpoint: Checkpoint,
}

/// See [`PageWriter::append_pages`](coral_engine::PageWriter::append_pages).
pub(crate) fn append(
    cluster: &Cluster,
    pages: Vec<Page>,
) -> Vec<Result<AppendedPage, EngineError>> {
    let mut answers: Vec<Option<Result<AppendedPage, EngineError>>> = Vec::new();
    let mut waiting = Vec::new();
    for (at, Page { content, received, checkpoint }) in pages.into_iter().enumerate() {
        answers.push(None);
        match content {
            PageContent::Spans(spans) => {
                waiting.push(Waiting { at, bucket: bucket_of(received), spans, checkpoint });
            }
            _ => answers[at] = Some(Err(EngineError::Unsupported { feature: "columns in a page" })),
        }
    }
    for batch in batches(waiting) {
        let stored = store(cluster, &batch);
        for page in batch {
            let at = page.at;
            answers[at] = Some(match &stored {
                Ok(()) => Ok(appended(page)),
                Err(error) => Err(EngineError::unavailable(error.to_string())),
            });
        }
    }
    let missing = || Err(EngineError::unavailable("the page was not stored"));
    answers.into_iter().map(|answer| answer.unwrap_or_else(missing)).collect()
}

fn appended(page: Waiting) -> AppendedPage {
    let stored = page.spans.len() as u64;
    let mut checkpoint = page.checkpoint;
    checkpoint.spans_stored += stored;
    AppendedPage { stored, duplicate: None, checkpoint }
}

/// Divides pages into those that are inserted together: they lie in one partition, because a block
/// is stored whole only then, and fit in one block.
fn batches(waiting: Vec<Waiting>) -> Vec<Vec<Waiting>> {
    let mut batches: Vec<Vec<Waiting>> = Vec::new();
    for page in waiting {
        let fits = batches.last().is_some_and(|batch: &Vec<Waiting>| {
            let spans: usize = batch.iter().map(|other| other.spans.len()).sum();
            let day = batch.first().map(|first| first.bucket / DAY);
            day == Some(page.bucket / DAY) && spans + page.spans.len() <= MAX_SPANS
        });
        match batches.last_mut() {
            Some(batch) if fits => batch.push(page),
            _ => batches.push(vec![page]),
        }
    }
    batches
}

/// Writes the pages to all shards. A shard gets its rows in the order origins, places, traces, spans,
/// pages, checkpoints: each step is about rows of the steps before.
fn store(cluster: &Cluster, batch: &[Waiting]) -> Result<(), ClusterError> {
    let _inserting = cluster.dropping.read().unwrap_or_else(|poisoned| poisoned.into_inner());
    #[cfg_attr(not(test), expect(unused_mut))]
    let mut rows = rows(batch, cluster.shards().len());
    #[cfg(test)]
    if cluster.marks_every_row {
        mark_every_row(&mut rows);
    }
    let at = cluster.sequence.next();
    let of = |page: &Waiting| {
        CheckpointRow::of(page.spans.len() as u64, &page.checkpoint, page.bucket, at)
    };
    let checkpoints: Vec<CheckpointRow> = batch.iter().map(of).collect();
    cluster.each_shard(|index, shard| {
        origins::store(shard, &rows[index].origins)?;
        shard.insert("places", &rows[index].places)?;
        shard.insert("traces", &rows[index].traces)?;
        shard.insert("spans", &rows[index].spans)?;
        shard.insert("pages", &rows[index].pages(at))?;
        shard.insert("checkpoints", &checkpoints)
    })?;
    Ok(())
}

impl ShardRows {
    /// How many rows of `traces` are in each bucket.
    fn pages(&self, at: u64) -> Vec<PageRow> {
        let mut traces: BTreeMap<u32, u64> = BTreeMap::new();
        self.traces.iter().for_each(|row| *traces.entry(row.bucket).or_default() += 1);
        traces.into_iter().map(|(bucket, traces)| PageRow { bucket, at, traces }).collect()
    }
}

fn rows(batch: &[Waiting], shards: usize) -> Vec<ShardRows> {
    let mut rows: Vec<ShardRows> = (0..shards).map(|_| ShardRows::default()).collect();
    for page in batch {
        let mut parts: Vec<Parts> = (0..shards).map(|_| Parts::default()).collect();
        let mut writer = SpanWriter {
            bucket: page.bucket,
            agent_id: &page.checkpoint.agent_id,
            store_id: &page.checkpoint.store_id,
            origins: HashMap::new(),
        };
        let begins: Vec<usize> = rows.iter().map(|rows| rows.spans.len()).collect();
        let mut of_shard: Vec<BTreeSet<u64>> = vec![BTreeSet::new(); shards];
        for span in &page.spans {
            let shard = shard_of(span.trace_id, shards);
            parts[shard].add(span);
            let row = writer.row(span);
            of_shard[shard].insert(row.origin_id);
            rows[shard].spans.push(row);
        }
        for (shard, (rows, parts)) in rows.iter_mut().zip(parts).enumerate() {
            if let Some(last) = rows.spans[begins[shard]..].last_mut() {
                last.page_end = page.checkpoint.next_receipt;
            }
            let origins = writer.origins.values().filter(|(id, _)| of_shard[shard].contains(id));
            rows.origins.entry(page.bucket).or_default().extend(origins.cloned());
            let (places, traces) = parts.rows(page.bucket);
            rows.places.extend(places);
            rows.traces.extend(traces);
        }
    }
    rows
}

/// Puts the mark of a page into all its rows. There must be one page.
#[cfg(test)]
fn mark_every_row(rows: &mut [ShardRows]) {
    for rows in rows {
        let mark = rows.spans.last().map_or(0, |last| last.page_end);
        rows.spans.iter_mut().for_each(|row| row.page_end = mark);
    }
}
