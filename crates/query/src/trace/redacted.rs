//! Redacted hops: the spans of a trace that a limited caller may not see.

use coral_engine::{RedactedParent, RedactedSpans};
use coral_trace::{SpanId, UnixNanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A span of a service that the caller may not see: its times, and its place in the tree of the
/// trace. Its id means nothing outside of this answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RedactedHop {
    /// The name of the hop in this answer: `redacted-1`, `redacted-2` and so on, by start time.
    pub id: String,
    /// The parent: the id of another redacted hop, or the span id of one of `spans`; null when the
    /// parent is not stored, or there is none.
    pub parent: Option<String>,
    /// When the span started: microseconds since the Unix epoch.
    #[serde(rename = "start_time_unix_us", with = "crate::json::micros")]
    #[schemars(with = "i64")]
    pub start: UnixNanos,
    /// How long the span took, in microseconds.
    pub duration_us: i64,
    /// The ids of those of `spans` that have this parent.
    #[serde(with = "span_ids")]
    #[schemars(with = "Vec<String>")]
    pub children: Vec<SpanId>,
}

/// The hops of an answer.
pub(super) fn hops(redacted: &RedactedSpans) -> Vec<RedactedHop> {
    let hop = |(at, span): (usize, &coral_engine::RedactedSpan)| RedactedHop {
        id: id(at),
        parent: span.parent.map(|parent| match parent {
            RedactedParent::Shown(span) => span.to_string(),
            RedactedParent::Redacted(at) => id(at),
        }),
        start: span.start,
        duration_us: span.duration_us,
        children: span.children.clone(),
    };
    redacted.spans.iter().enumerate().map(hop).collect()
}

fn id(at: usize) -> String {
    format!("redacted-{}", at + 1)
}

/// Span ids as texts.
mod span_ids {
    use coral_trace::SpanId;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(ids: &[SpanId], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(ids.iter().map(ToString::to_string))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<SpanId>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        texts.iter().map(|text| text.parse().map_err(serde::de::Error::custom)).collect()
    }
}
