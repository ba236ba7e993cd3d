//! Redacted hops: the spans of a trace that a limited caller may not see.

use std::collections::{HashMap, HashSet};

use coral_engine::{RedactedParent, RedactedSpans};
use coral_trace::tree::Hop;
use coral_trace::{SpanId, SpanKind, UnixNanos};
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

/// The ids that redacted hops without shown children have in a tree begin here.
const FIRST_ID: u64 = 1 << 63;

/// `hops` as hops of a tree, in the same order. `shown` are the shown spans of the trace: their ids
/// and those of their parents.
///
/// A redacted hop has the id that shown spans name as their parent, or a free one.
pub fn placed(
    hops: &[RedactedHop],
    shown: impl IntoIterator<Item = (SpanId, Option<SpanId>)>,
) -> Vec<Hop> {
    if hops.is_empty() {
        return Vec::new();
    }
    let ids = ids(hops, &shown.into_iter().collect());
    let hop = |(hop, span_id): (&RedactedHop, &SpanId)| {
        let nanos = u64::try_from(hop.duration_us).unwrap_or(0).saturating_mul(1_000);
        Hop {
            span_id: *span_id,
            parent: hop.parent.as_deref().and_then(|parent| parent_id(parent, &ids)),
            start: hop.start,
            end: UnixNanos(hop.start.0.saturating_add(nanos)),
            kind: SpanKind::Internal,
            virtual_hop: false,
        }
    };
    hops.iter().zip(&ids).map(hop).collect()
}

fn ids(hops: &[RedactedHop], parents: &HashMap<SpanId, Option<SpanId>>) -> Vec<SpanId> {
    let named: HashSet<SpanId> =
        parents.iter().flat_map(|(id, parent)| [Some(*id), *parent]).flatten().collect();
    let mut free = (FIRST_ID..=u64::MAX)
        .filter_map(|id| SpanId::try_from(id).ok())
        .filter(|id| !named.contains(id));
    hops.iter()
        .filter_map(|hop| {
            let known = hop.children.iter().find_map(|child| parents.get(child).copied().flatten());
            known.or_else(|| free.next())
        })
        .collect()
}

/// The id of the parent that a hop names: that of `redacted-N`, or of a shown span.
fn parent_id(parent: &str, ids: &[SpanId]) -> Option<SpanId> {
    match parent.strip_prefix("redacted-") {
        Some(number) => ids.get(number.parse::<usize>().ok()?.checked_sub(1)?).copied(),
        None => parent.parse().ok(),
    }
}

/// The hops of an answer.
pub(crate) fn hops(redacted: &RedactedSpans) -> Vec<RedactedHop> {
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
