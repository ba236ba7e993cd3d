//! Deduplication: which spans are stored already.
//!
//! Identities of hot rows are kept in a hash set. Sealed traces are in a Bloom filter per segment;
//! the caller confirms a possible match by reading the segment. Memory: somewhat more than 24
//! bytes per hot row, and 24 bits per sealed trace.

use coral_trace::Span;
use hashbrown::HashSet;

/// A span's identity: trace id, then span id.
pub(crate) type Key = [u8; 24];

/// Identities of the rows of the current generation and of the generation that is being sealed.
/// Also those of sealed rows whose traces have got rows in the current generation.
#[derive(Default)]
pub(crate) struct Seen {
    current: HashSet<Key>,
    /// Identities of rows that are being sealed.
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
    /// Adds the identity of a span of the current commit. Returns `false` if the identity is
    /// known: the span is a hot row, a sealed row that [`extend`](Self::extend) added, or an
    /// earlier span of this commit.
    pub(crate) fn insert(&mut self, key: Key) -> bool {
        !self.sealing.contains(&key) && self.current.insert(key)
    }

    /// Adds identities of sealed rows whose traces get further spans, so that repeated spans are
    /// recognised.
    pub(crate) fn extend(&mut self, keys: &[Key]) {
        self.current.extend(keys);
    }

    /// Removes the identities of the spans of a commit that failed.
    pub(crate) fn forget(&mut self, keys: impl IntoIterator<Item = Key>) {
        for key in keys {
            self.current.remove(&key);
        }
    }

    /// Moves the identities of the current generation to those that are being sealed.
    pub(crate) fn begin_sealing(&mut self) {
        if self.sealing.is_empty() {
            self.sealing = std::mem::take(&mut self.current);
        } else {
            // An earlier seal failed: its rows are still to be sealed, and now the newer rows too.
            self.sealing.extend(self.current.drain());
        }
    }

    /// Removes the identities of the rows that were sealed, because the Bloom filter of their
    /// segment has their traces now. Keeps those of traces that still have hot rows: for such
    /// traces the filter is not consulted.
    pub(crate) fn end_sealing(&mut self, is_hot: impl Fn(u128) -> bool) {
        let sealed = std::mem::take(&mut self.sealing);
        self.current.extend(sealed.into_iter().filter(|key| is_hot(trace(key))));
    }
}

fn trace(key: &Key) -> u128 {
    let (trace, _) = key.split_at(16);
    u128::from_be_bytes(trace.try_into().expect("16 bytes"))
}
