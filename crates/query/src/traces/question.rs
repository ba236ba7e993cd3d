//! The parameters of a list of traces.

use coral_trace::{TimeRange, UnixNanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::source::Source;

/// Which traces to list. Times are microseconds since the Unix epoch, so that the same URL means
/// the same whenever it is used.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TracesQuestion {
    /// Only traces that match this search, such as `service:payments status:error duration>500ms
    /// http.response.status_code>=500 host.name=pay-* name~charge -service:health`. One span meets
    /// all of its conditions, and `service`, `name` and `attributes` too.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub q: String,
    /// Also count the spans that meet `q`, `service`, `name` and `attributes`, by this key: a key of
    /// `q` that is a field of a span, or an attribute such as `host.name`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// Only traces with a span of this service; null for all services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Only traces that started at or after this time: microseconds since the Unix epoch. Null: no
    /// lower limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_unix_us: Option<i64>,
    /// Only traces that started before this time: microseconds since the Unix epoch. Null: no upper
    /// limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until_unix_us: Option<i64>,
    /// Only traces that took at least this long from first start to last end, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_duration_us: Option<i64>,
    /// Only traces that took at most this long, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_duration_us: Option<i64>,
    /// Only traces with a failed span (`error`), or only traces without one (`ok`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<SpanStatus>,
    /// Only traces with a span of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only traces with a span that has all of these attributes: `key=value`, one per line.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub attributes: String,
    /// Which spans count: `all`, `ebpf` or `sdk`.
    pub source: Source,
    /// The order of the list.
    pub sort: Sort,
    /// The largest number of traces, and of groups with `by`, to return: 1 to 1,000; 0 means 20.
    pub limit: u32,
    /// The page after the one whose `next` this is, in a list with the same conditions and order.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub after: String,
    /// Whether to determine the root cause of each slow trace. This reads the listed traces and
    /// others of the same operations, which takes longer.
    #[serde(skip_serializing_if = "is_false")]
    pub causes: bool,
}

/// Whether a trace failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SpanStatus {
    /// At least one span has the status `error`.
    Error,
    /// No span has the status `error`.
    Ok,
}

/// The order of a list, which also decides which traces a limit keeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// The latest start time first.
    #[default]
    Newest,
    /// The longest duration first.
    Slowest,
}

impl TracesQuestion {
    /// The largest number of traces in a list.
    pub const MAX: u32 = 1_000;
    /// The number of traces in a list when the question names no limit.
    pub const DEFAULT_LIMIT: u32 = 20;

    /// The time range in which the traces started.
    pub fn started(&self) -> TimeRange {
        TimeRange {
            start: self.since_unix_us.map_or(UnixNanos(0), UnixNanos::from_micros),
            end: self.until_unix_us.map_or(UnixNanos::MAX, UnixNanos::from_micros),
        }
    }

    /// The pairs in `attributes`. The error is the first line that is not of the form `key=value`.
    pub fn attribute_pairs(&self) -> Result<Vec<(String, String)>, &str> {
        let lines = self.attributes.lines().filter(|line| !line.is_empty());
        lines
            .map(|line| match line.split_once('=') {
                Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
                _ => Err(line),
            })
            .collect()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{path_and_query, question_from_url};

    #[test]
    fn a_question_survives_the_round_trip_through_a_url() {
        let question = TracesQuestion {
            q: "name~\"a&b\" -service:health".into(),
            service: Some("a&b=c d/é".into()),
            min_duration_us: Some(500_000),
            max_duration_us: Some(2_000_000),
            after: "newest.1.7".into(),
            status: Some(SpanStatus::Error),
            attributes: "k=v\nx=1=2".into(),
            sort: Sort::Slowest,
            limit: 5,
            ..TracesQuestion::default()
        };
        let url = path_and_query(&question);
        let query = url.split_once('?').unwrap().1;
        assert_eq!(question_from_url::<TracesQuestion>(&[], query).unwrap(), question);
        let pairs = question.attribute_pairs().unwrap();
        assert_eq!(pairs, [("k".into(), "v".into()), ("x".into(), "1=2".into())]);
    }
}
