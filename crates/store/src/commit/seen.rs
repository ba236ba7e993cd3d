//! Which spans are already stored.
//!
//! Hot rows are known exactly, by their ids; sealed ones by a Bloom filter of each segment's trace ids,
//! whose "maybe" the caller checks with a query. Memory: 24 bytes and a load factor for each hot row,
//! and 10 bits for each sealed trace.

use coral_trace::Span;
use hashbrown::HashSet;

/// A span's identity: trace id, then span id.
pub(crate) type Key = [u8; 24];

/// The identities of hot rows, in the two generations that a running seal divides them into.
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
    /// Remembers a row of the commit at hand; `false` when a hot row or an earlier span of this commit
    /// has its identity.
    pub(crate) fn insert(&mut self, key: Key) -> bool {
        !self.sealing.contains(&key) && self.current.insert(key)
    }

    /// Remembers sealed rows of traces that go on: whoever repeats one is told.
    pub(crate) fn extend(&mut self, keys: &[Key]) {
        self.current.extend(keys);
    }

    /// Forgets rows of a commit that failed.
    pub(crate) fn forget(&mut self, keys: impl IntoIterator<Item = Key>) {
        for key in keys {
            self.current.remove(&key);
        }
    }

    /// Every row so far is about to be sealed.
    pub(crate) fn begin_sealing(&mut self) {
        if self.sealing.is_empty() {
            self.sealing = std::mem::take(&mut self.current);
        } else {
            // A seal failed before: its rows are sealed again, with those that came since.
            self.sealing.extend(self.current.drain());
        }
    }

    /// The rows that were about to be sealed are: the segment's filter knows them now. It is asked about a trace
    /// that hot rows have not heard of; those of traces that they have are known here for as long as these are.
    pub(crate) fn end_sealing(&mut self, is_hot: impl Fn(u128) -> bool) {
        let sealed = std::mem::take(&mut self.sealing);
        self.current.extend(sealed.into_iter().filter(|key| is_hot(trace(key))));
    }
}

fn trace(key: &Key) -> u128 {
    let (trace, _) = key.split_at(16);
    u128::from_be_bytes(trace.try_into().expect("16 bytes"))
}
