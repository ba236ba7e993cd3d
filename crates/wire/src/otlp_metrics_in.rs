//! Decodes an `ExportMetricsServiceRequest`, in protobuf or JSON, to points of RED metrics.
//!
//! Accepts the duration histograms of HTTP, gRPC and SQL made by eBPF, under every name that Beyla
//! has used. Other metrics are counted and not stored. An invalid point is refused alone, and
//! counted with its reason. Source: `opentelemetry/proto/metrics/v1/metrics.proto`; docs/beyla.md.

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

/// The longest accepted data point, in bytes of protobuf: 64 KiB.
pub const MAX_POINT_BYTES: usize = 64 << 10;

/// The most exemplars kept of one point.
pub const MAX_EXEMPLARS: usize = 32;

/// The data points of one request. Each is in one of `points`, `refused` and `ignored`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct DecodedMetrics {
    /// The accepted points, in order.
    pub points: Vec<Point>,
    /// Invalid points of RED metrics.
    pub refused: RefusedPoints,
    /// Metrics that Coral does not store.
    pub ignored: IgnoredMetrics,
}

/// Counts of metrics that Coral does not store.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct IgnoredMetrics {
    /// Data points of other metrics, of other protocols under the same name (such as Redis under
    /// that of SQL), and points without a recorded value.
    pub unknown: u64,
    /// Data points made by an SDK. They are left out because eBPF counts the same requests.
    pub sdk: u64,
    /// Resources without metrics, which Beyla sends while there are no requests.
    pub idle: u64,
}

/// Decodes the `body` of one export: an uncompressed `ExportMetricsServiceRequest`. `known` is a
/// cache that makes decoding of protobuf cheaper, and does not change the result.
///
/// # Errors
/// [`DecodeError`] if the body as a whole cannot be read: no point is accepted. A point that cannot
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
