//! Refused data points, with reasons.

use coral_trace::red::InvalidHistogram;

use super::MAX_POINT_BYTES;
use crate::refusal::{RefusalReason, bounded};

/// How many different reasons are kept. Points with any further reason are only counted.
const MAX_REASONS: usize = 3;

/// Refused data points, with reasons.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RefusedPoints {
    /// The number of refused points.
    pub points: u64,
    reasons: Vec<Reason>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Reason {
    why: PointRefusalReason,
    count: u64,
    /// The name of the metric of the first point with this reason, safe to print.
    metric: String,
}

/// Why a data point was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum PointRefusalReason {
    #[error("{0}")]
    Histogram(InvalidHistogram),
    #[error("count is {count}, but its buckets hold {in_buckets}")]
    Count { count: u64, in_buckets: u64 },
    #[error("{field} is {value}, expected a number that is not negative")]
    Number { field: &'static str, value: String },
    #[error("unit `{0}` is no unit of time, expected `s` or `ms`")]
    Unit(String),
    #[error("its aggregation temporality is not said")]
    Temporality,
    #[error("its time is missing, or before its start")]
    Time,
    #[error("{bytes} bytes long, at most {MAX_POINT_BYTES} are taken")]
    TooLarge { bytes: usize },
    #[error("malformed protobuf: {0}")]
    Malformed(String),
    #[error("{0}")]
    Origin(RefusalReason),
}

impl RefusedPoints {
    /// Text for OTLP's `partial_success.error_message`, below 2 KiB and free of control characters:
    /// "2 data points refused: unit `By` … (first: metric `http.server.request.duration`)". Empty
    /// if no point was refused.
    pub fn message(&self) -> String {
        if self.points == 0 {
            return String::new();
        }
        let others = self.points - self.reasons.iter().map(|reason| reason.count).sum::<u64>();
        let mut texts: Vec<String> =
            self.reasons.iter().map(|reason| reason.text(self.points)).collect();
        if others > 0 {
            texts.push(format!("{others} for other reasons"));
        }
        let plural = if self.points == 1 { "" } else { "s" };
        format!("{} data point{plural} refused: {}", self.points, texts.join("; "))
    }

    /// Counts a refused point of `metric`.
    pub(crate) fn add(&mut self, why: PointRefusalReason, metric: &str) {
        self.points += 1;
        if let Some(known) = self.reasons.iter_mut().find(|known| known.why == why) {
            known.count += 1;
        } else if self.reasons.len() < MAX_REASONS {
            self.reasons.push(Reason { why, count: 1, metric: bounded(metric) });
        }
    }
}

impl Reason {
    fn text(&self, total: u64) -> String {
        let count = if self.count == total { String::new() } else { format!("{} ", self.count) };
        format!("{count}{} (first: metric `{}`)", self.why, self.metric)
    }
}
