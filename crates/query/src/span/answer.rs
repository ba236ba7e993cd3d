//! The answer for one whole span.

use coral_trace::UnixNanos;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::trace::answer::TraceSpan;
use crate::traces::answer::TraceFailure;

/// One whole span, and what is known of its operation.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct SpanDetails {
    /// Everything that is stored of the span; null when it is not stored.
    pub span: Option<TraceSpan>,
    /// The time in microseconds that no child covers, as in a waterfall without `adjust_clocks`. Null
    /// when the trace has more than 20,000 spans, for a span that has no row in a waterfall, and when
    /// the span is not stored.
    pub self_us: Option<i64>,
    /// How long spans of the same service, name and kind took in the hour before this span; null
    /// when there were none.
    pub usual: Option<UsualDuration>,
    /// The failure of this span; null when it did not fail.
    pub failure: Option<TraceFailure>,
}

/// How long an operation usually takes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct UsualDuration {
    /// How many spans were compared: those of at most 200 traces, the newest ones.
    pub spans: u64,
    /// The median of their durations, in microseconds.
    pub p50_us: i64,
    /// The 95th percentile of their durations, in microseconds.
    pub p95_us: i64,
    /// The time from which on traces were looked for. JSON: microseconds since the Unix epoch.
    #[serde(rename = "since_unix_us", with = "crate::json::micros")]
    #[schemars(with = "i64")]
    pub since: UnixNanos,
}
