//! OTLP in: an `ExportMetricsServiceRequest`, in protobuf or JSON, as points of RED metrics.
//!
//! Taken are the duration histograms of HTTP, gRPC and SQL that eBPF made, under every name that Beyla gave
//! them. Everything else is counted and not stored. What is wrong with one point costs that point, and is
//! counted with its reason. Source: `opentelemetry/proto/metrics/v1/metrics.proto`; spec/beyla.md §3.

mod fast_path;
mod intake;
mod json;
mod known;
mod metric;
mod point;
mod protobuf;
mod refusal;
#[cfg(test)]
mod tests;

pub use known::KnownSeries;
pub use refusal::RefusedPoints;

use intake::Intake;
use point::{Buckets, RawExemplar, RawPoint};
use refusal::PointRefusalReason;

use coral_trace::Recogniser;
use coral_trace::red::Point;

use crate::otlp::{DecodeError, Encoding};

/// The longest data point that is taken, in bytes of protobuf: 64 KiB.
pub const MAX_POINT_BYTES: usize = 64 << 10;

/// The most exemplars of one point that are kept.
pub const MAX_EXEMPLARS: usize = 32;

/// What one request held. `points`, `refused` and `ignored` are all of its data points.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct DecodedMetrics {
    /// The points that were taken, in the order in which they came.
    pub points: Vec<Point>,
    /// Points that should have been good ones.
    pub refused: RefusedPoints,
    /// What is not ours.
    pub ignored: IgnoredMetrics,
}

/// What was recognised as nothing that Coral stores.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct IgnoredMetrics {
    /// Data points of other metrics, and of other protocols under the same name.
    pub unknown: u64,
    /// Data points that an SDK made: they would be counted beside those that eBPF made of the same requests.
    pub sdk: u64,
    /// Resources without any metric: what Beyla sends while nothing happens.
    pub idle: u64,
}

/// Reads the `body` of one export: an uncompressed `ExportMetricsServiceRequest`. `known` makes it cheaper,
/// and changes nothing else.
///
/// # Errors
/// [`DecodeError`] if the body as a whole cannot be read; nothing of it is then taken. A point that cannot
/// be read is counted in [`DecodedMetrics::refused`].
pub fn decode(
    body: &[u8],
    encoding: Encoding,
    recogniser: &Recogniser,
    known: &KnownSeries,
) -> Result<DecodedMetrics, DecodeError> {
    match encoding {
        Encoding::Protobuf => protobuf::decode(body, recogniser, known),
        Encoding::Json => json::decode(body, recogniser),
    }
}
