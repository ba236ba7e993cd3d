//! The origins of spans: a resource and a scope, whose text many spans share. A span has an id, and
//! `origins` the text.
//!
//! The text is stored before the spans, once for each bucket with spans of it, so that it expires no
//! earlier than they do.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::Mutex;

use clickhouse::Row;
use coral_engine::Budget;
use serde::{Deserialize, Serialize};

use crate::error::ClusterError;
use crate::row::span::StoredOrigin;
use crate::shard::Shard;

/// The largest number of origins of which a process remembers that they are stored.
const MAX_KNOWN: usize = 20_000;
/// The most text of origins that a process keeps for each shard, in bytes. A resource may have a megabyte.
const MAX_TEXT_BYTES: usize = 16 << 20;
/// The most origins that one statement names.
const MAX_NAMED: usize = 10_000;

/// What this process knows of the origins on one shard.
#[derive(Default)]
pub(crate) struct Origins {
    /// The last bucket for which this process has stored each origin.
    stored: Mutex<HashMap<u64, u32>>,
    texts: Mutex<Texts>,
}

/// Texts of origins, at most [`MAX_TEXT_BYTES`].
#[derive(Default)]
struct Texts {
    by_id: HashMap<u64, String>,
    bytes: usize,
}

impl Texts {
    fn keep(&mut self, id: u64, text: &str) {
        if text.len() > MAX_TEXT_BYTES / 4 {
            return;
        }
        if self.bytes + text.len() > MAX_TEXT_BYTES {
            *self = Self::default();
        }
        if self.by_id.insert(id, text.to_owned()).is_none() {
            self.bytes += text.len();
        }
    }
}

/// A row of `origins`.
#[derive(Row, Serialize, Deserialize)]
struct OriginRow {
    bucket: u32,
    origin_id: u64,
    origin: String,
}

#[derive(Row, Deserialize)]
struct TextRow {
    origin_id: u64,
    origin: String,
}

impl Origins {
    /// Forgets which origins are stored.
    pub(crate) fn forget(&self) {
        lock(&self.stored).clear();
    }
}

/// Stores the `origins` of spans of each bucket on `shard`, unless this process has stored them.
pub(crate) fn store(
    shard: &Shard,
    origins: &BTreeMap<u32, BTreeSet<StoredOrigin>>,
) -> Result<(), ClusterError> {
    let mut rows = Vec::new();
    {
        let known = lock(&shard.origins.stored);
        for (bucket, of_bucket) in origins {
            let is_new = |(id, _): &&StoredOrigin| known.get(id) != Some(bucket);
            rows.extend(of_bucket.iter().filter(is_new).map(|(id, text)| OriginRow {
                bucket: *bucket,
                origin_id: *id,
                origin: text.clone(),
            }));
        }
    }
    shard.insert("origins", &rows)?;
    let mut known = lock(&shard.origins.stored);
    if known.len() + rows.len() > MAX_KNOWN {
        known.clear();
    }
    known.extend(rows.into_iter().map(|row| (row.origin_id, row.bucket)));
    Ok(())
}

/// The texts of all origins of spans from the bucket `first` on, by their ids.
pub(crate) fn since(
    shard: &Shard,
    first: u32,
    budget: &Budget,
) -> Result<HashMap<u64, String>, ClusterError> {
    let sql = format!(
        "SELECT origin_id, origin FROM {} WHERE bucket >= toDateTime({first}) LIMIT 1 BY origin_id",
        shard.table("origins")
    );
    let mut texts = HashMap::new();
    shard.visit::<TextRow>(&sql, budget, &mut |TextRow { origin_id, origin }| {
        budget.count_bytes(origin.len() as u64)?;
        texts.insert(origin_id, origin);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(texts)
}

/// The texts of the origins with these ids.
pub(crate) fn texts(
    shard: &Shard,
    ids: &BTreeSet<u64>,
    budget: &Budget,
) -> Result<HashMap<u64, String>, ClusterError> {
    let mut found = HashMap::with_capacity(ids.len());
    {
        let known = lock(&shard.origins.texts);
        found.extend(ids.iter().filter_map(|id| Some((*id, known.by_id.get(id)?.clone()))));
    }
    let missing: Vec<String> =
        ids.iter().filter(|id| !found.contains_key(id)).map(u64::to_string).collect();
    for some in missing.chunks(MAX_NAMED) {
        let sql = format!(
            "SELECT origin_id, origin FROM {} WHERE origin_id IN ({}) LIMIT 1 BY origin_id",
            shard.table("origins"),
            some.join(", ")
        );
        let rows: Vec<TextRow> = shard.rows(&sql, budget)?;
        let mut known = lock(&shard.origins.texts);
        for TextRow { origin_id, origin } in rows {
            budget.count_bytes(origin.len() as u64)?;
            known.keep(origin_id, &origin);
            found.insert(origin_id, origin);
        }
    }
    Ok(found)
}

fn lock<T>(known: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    known.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_size_and_number_take_a_bounded_number_of_bytes() {
        let mut texts = Texts::default();
        let megabyte = "x".repeat(1 << 20);
        for id in 0..100 {
            texts.keep(id, &megabyte);
            texts.keep(id, &megabyte);
            let kept: usize = texts.by_id.values().map(String::len).sum();
            assert!(texts.bytes == kept && kept <= MAX_TEXT_BYTES, "{id}");
        }
        texts.keep(100, &"x".repeat(MAX_TEXT_BYTES));
        assert!(!texts.by_id.contains_key(&100) && texts.by_id.contains_key(&99));
    }
}
