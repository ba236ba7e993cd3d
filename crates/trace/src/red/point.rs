//! What an exporter says of one series at one moment.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use siphasher::sip128::{Hasher128, SipHasher24};

use super::histogram::Histogram;
use super::series::Series;
use crate::ids::{SpanId, TraceId};
use crate::time::UnixNanos;

/// One data point of a duration histogram.
#[derive(Clone, PartialEq, Debug)]
pub struct Point {
    /// What was measured.
    pub series: Arc<Series>,
    /// One instrument of one exporter, whose series are all reported together.
    pub stream: Key,
    /// This series of it.
    pub key: Key,
    /// Whether counts are since `start`, or since the point before.
    pub temporality: Temporality,
    /// When counting began. Another one is another count.
    pub start: UnixNanos,
    /// When the counts were true.
    pub time: UnixNanos,
    /// What was counted.
    pub histogram: Histogram,
    /// Some of the requests that were counted.
    pub exemplars: Vec<Exemplar>,
}

/// Requests of one series that were not counted before: what is stored, one row each.
#[derive(Clone, PartialEq, Debug)]
pub struct Delta {
    /// What was measured.
    pub series: Arc<Series>,
    /// They ended after this moment …
    pub since: UnixNanos,
    /// … and at this one at the latest.
    pub time: UnixNanos,
    /// How many, and how long they took.
    pub histogram: Histogram,
    /// Some of them.
    pub exemplars: Vec<Exemplar>,
}

/// OTLP's `AggregationTemporality`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Temporality {
    /// Counts are of the time between `start` and `time` alone.
    Delta,
    /// Counts grow from `start` on. Beyla's.
    Cumulative,
}

/// One measured request, and the span that was active in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exemplar {
    /// Its trace. An unsampled one is named too.
    pub trace_id: TraceId,
    /// Its span; for Beyla's servers the `processing` child (spec/beyla.md §2.2).
    pub span_id: SpanId,
    /// How long it took, in nanoseconds.
    pub nanos: u64,
    /// When.
    pub time: UnixNanos,
}

/// 128 bits that stand for a stream or series, the same in every process of one build. Were another build's
/// different, what it hears first would be first points.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key(pub u128);

/// Makes a [`Key`] of whatever is hashed into it.
#[derive(Clone, Debug, Default)]
pub struct KeyHasher(SipHasher24);

impl KeyHasher {
    /// With `part` too.
    pub fn with(mut self, part: impl Hash) -> Self {
        part.hash(&mut self.0);
        self
    }

    /// The key of all parts so far.
    pub fn key(&self) -> Key {
        Key(self.0.finish128().as_u128())
    }
}

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    fn finish(&self) -> u64 {
        self.0.finish()
    }
}
