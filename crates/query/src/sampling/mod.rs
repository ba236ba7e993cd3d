//! Which share of traces agents record, and what counts of spans stand for. Where everything is
//! recorded, nothing is said and nothing is scaled.

pub(crate) mod answer;
mod service_shares;
mod shares;
mod weighed;

pub(crate) use self::service_shares::ServiceShares;
pub(crate) use self::shares::RecordedShares;
pub(crate) use self::weighed::Weighed;

/// The share of the spans that are recorded: above 0 and at most 1; `None` when spans are sampled,
/// and the share is not known.
pub(crate) type Share = Option<f64>;

/// Everything is recorded.
pub(crate) const WHOLE: Share = Some(1.0);

/// Shares that differ by at most this factor are equal.
const SAME_SHARE: f64 = 1.05;
