//! A Bloom filter of the traces of a segment.

use std::sync::LazyLock;

use coral_trace::TraceId;
use fastbloom::BloomFilter;

/// Tells whether a trace id may be in a segment; the false-positive rate is 1 in 100,000.
pub(super) struct TraceFilter(BloomFilter);

/// A trace id with its hash, which is the same for the filters of all segments.
#[derive(Clone, Copy)]
pub(crate) struct HashedTrace {
    pub(crate) id: TraceId,
    hash: u64,
}

const BITS_PER_TRACE: usize = 24;
const HASHES: u32 = 12;
const SEED: u128 = 0x436f_7261_6c20_7472_6163_6520_6964_7321;

/// A filter without traces, for its hash function.
static EMPTY: LazyLock<BloomFilter> = LazyLock::new(|| filter(vec![0]));

impl From<TraceId> for HashedTrace {
    fn from(id: TraceId) -> Self {
        Self { id, hash: EMPTY.source_hash(&id.bytes()) }
    }
}

impl TraceFilter {
    /// A filter of `ids`.
    pub(super) fn of(ids: &[u128]) -> Self {
        let words = (ids.len() * BITS_PER_TRACE).div_ceil(64).max(1);
        let mut filter = filter(vec![0; words]);
        for id in ids {
            filter.insert(&id.to_be_bytes());
        }
        Self(filter)
    }

    /// The filter with these words; `None` if it lacks one of `ids`, which it should have.
    pub(super) fn of_words(words: Vec<u64>, ids: &[u128]) -> Option<Self> {
        if words.is_empty() {
            return None;
        }
        let filter = filter(words);
        // Another version of the library may hash in another way.
        ids.iter().all(|id| filter.contains(&id.to_be_bytes())).then_some(Self(filter))
    }

    pub(super) fn words(&self) -> &[u64] {
        self.0.as_slice()
    }

    pub(super) fn may_contain(&self, trace: HashedTrace) -> bool {
        self.0.contains_hash(trace.hash)
    }
}

fn filter(words: Vec<u64>) -> BloomFilter {
    BloomFilter::from_vec(words).seed(&SEED).hashes(HASHES)
}
