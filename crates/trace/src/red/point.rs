//! What an exporter reports about one series at one moment.

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
    /// The key of the stream: one instrument of one exporter. The series of a stream are exported
    /// together.
    pub stream: Key,
    /// The key of the series within the stream.
    pub key: Key,
    /// Whether the counts are totals since `start`, or only those since the previous point.
    pub temporality: Temporality,
    /// When counting began. A point with another start time belongs to another count.
    pub start: UnixNanos,
    /// The time of the measurement.
    pub time: UnixNanos,
    /// How many requests were counted, and how long they took.
    pub histogram: Histogram,
    /// Some of the requests that were counted.
    pub exemplars: Vec<Exemplar>,
}

/// Requests of one series that were not counted before: one stored row.
#[derive(Clone, PartialEq, Debug)]
pub struct Delta {
    /// What was measured.
    pub series: Arc<Series>,
    /// The exclusive lower limit of the times at which the requests ended.
    pub since: UnixNanos,
    /// The inclusive upper limit of the times at which the requests ended.
    pub time: UnixNanos,
    /// How many requests there were, and how long they took.
    pub histogram: Histogram,
    /// Some of the requests.
    pub exemplars: Vec<Exemplar>,
}

/// OTLP's `AggregationTemporality`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Temporality {
    /// Each point counts only the requests of its own interval, from `start` to `time`.
    Delta,
    /// Each point counts all requests since `start`, which stays the same. Beyla sends such points.
    Cumulative,
}

/// One measured request, and the span that was active during the measurement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exemplar {
    /// The trace id. A request whose trace was not sampled may be an exemplar too.
    pub trace_id: TraceId,
    /// The span id. If Beyla observed the request at the server, this is the id of the `processing`
    /// child span.
    pub span_id: SpanId,
    /// How long the request took, in nanoseconds.
    pub nanos: u64,
    /// When the request was measured.
    pub time: UnixNanos,
}

/// A 128-bit hash that identifies a stream or a series. Every process of one build computes the
/// same hash. If a later build hashed differently, it would treat every series as new.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key(pub u128);

/// Computes a [`Key`] from everything that is hashed.
#[derive(Clone, Debug, Default)]
pub struct KeyHasher(SipHasher24);

impl KeyHasher {
    /// Adds `part` to the hash.
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
