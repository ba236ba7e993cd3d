//! Which traces to list.

use coral_trace::{TimeRange, UnixNanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::source::Source;

/// Which traces to list. Times are microseconds since the Unix epoch, so that a question means the same
/// whenever it is answered.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TracesQuestion {
    /// With a span of this service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Started at or after this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_unix_us: Option<i64>,
    /// Started before this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until_unix_us: Option<i64>,
    /// At least this long as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_duration_us: Option<i64>,
    /// With or without a failed span.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<SpanStatus>,
    /// With a span of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// With all of these attributes on one span: `key=value`, one a line.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub attributes: String,
    /// Whose spans count.
    pub source: Source,
    /// Which come first.
    pub sort: Sort,
    /// At most this many: 1 to [`TracesQuestion::MAX`]; 0 means [`TracesQuestion::DEFAULT_LIMIT`].
    pub limit: u32,
    /// Say why each is slow, where that can be told. This reads the traces and others like them.
    #[serde(skip_serializing_if = "is_false")]
    pub causes: bool,
}

/// Whether a trace failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SpanStatus {
    /// A span of it has the status `error`.
    Error,
    /// No span of it has.
    Ok,
}

/// Which traces come first, and so which a limit leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// Latest start first.
    #[default]
    Newest,
    /// Longest first.
    Slowest,
}

impl TracesQuestion {
    /// More traces are never listed at once.
    pub const MAX: u32 = 1_000;
    /// How many are listed when nobody says.
    pub const DEFAULT_LIMIT: u32 = 20;

    /// When the traces started.
    pub fn started(&self) -> TimeRange {
        TimeRange {
            start: self.since_unix_us.map_or(UnixNanos(0), UnixNanos::from_micros),
            end: self.until_unix_us.map_or(UnixNanos::MAX, UnixNanos::from_micros),
        }
    }

    /// The pairs of `attributes`; the line that is none when there is one.
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
    fn a_question_means_the_same_after_its_way_through_a_url() {
        let question = TracesQuestion {
            service: Some("a&b=c d/é".into()),
            min_duration_us: Some(500_000),
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
