//! Deduplication: which spans are stored already.
//!
//! Identities of hot rows are kept in a hash set. Sealed traces are in a Bloom filter per segment;
//! the caller confirms a possible match with a query. Memory: 24 bytes and a load factor per hot
//! row, and 24 bits per sealed trace.

use coral_trace::Span;
use hashbrown::HashSet;

/// A span's identity: trace id, then span id.
pub(crate) type Key = [u8; 24];

/// Identities of the rows of the current generation and of the one that is being sealed, and of sealed rows whose
/// traces the current generation adds to.
#[derive(Default)]
pub(crate) struct Seen {
    current: HashSet<Key>,
    /// Rows that are being sealed.
    sealing: HashSet<Key>,
}

/// The identity of `span`.
pub(crate) fn key(span: &Span) -> Key {
    join(span.trace_id.as_u128(), span.span_id.as_u64())
}

/// The identity of the span with these ids.
pub(crate) fn join(trace_id: u128, span_id: u64) -> Key {
    let mut key = [0; 24];
    key[..16].copy_from_slice(&trace_id.to_be_bytes());
    key[16..].copy_from_slice(&span_id.to_be_bytes());
    key
}

impl Seen {
    /// Adds a row of the current commit. Returns `false` if a hot row or an earlier span of this
    /// commit has the same identity.
    pub(crate) fn insert(&mut self, key: Key) -> bool {
        !self.sealing.contains(&key) && self.current.insert(key)
    }

    /// Adds sealed rows of traces that get further spans, so that repeated spans are recognised.
    pub(crate) fn extend(&mut self, keys: &[Key]) {
        self.current.extend(keys);
    }

    /// Removes the rows of a commit that failed.
    pub(crate) fn forget(&mut self, keys: impl IntoIterator<Item = Key>) {
        for key in keys {
            self.current.remove(&key);
        }
    }

    /// Moves all rows to those that are being sealed.
    pub(crate) fn begin_sealing(&mut self) {
        if self.sealing.is_empty() {
            self.sealing = std::mem::take(&mut self.current);
        } else {
            // If an earlier seal failed, its rows are sealed again, together with newer ones.
            self.sealing.extend(self.current.drain());
        }
    }

    /// Removes the rows that were sealed: from now on the segment's Bloom filter has them. The
    /// filter is only asked about traces without hot rows, so identities of traces that are hot
    /// stay.
    pub(crate) fn end_sealing(&mut self, is_hot: impl Fn(u128) -> bool) {
        let sealed = std::mem::take(&mut self.sealing);
        self.current.extend(sealed.into_iter().filter(|key| is_hot(trace(key))));
    }
}

fn trace(key: &Key) -> u128 {
    let (trace, _) = key.split_at(16);
    u128::from_be_bytes(trace.try_into().expect("16 bytes"))
}
