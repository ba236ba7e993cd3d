//! What can be asked of a colony, and how a question is written as a URL.

mod anomalies;
mod plain;
mod red;
mod topology;
mod why;

pub use anomalies::AnomaliesFilter;
pub use plain::{Asked, Intent, PlainFilter, Window, understand};
pub use red::{RedFilter, RedProtocol, RedSide, RedSource};
pub use topology::TopologyFilter;
pub use why::WhyFilter;

use coral_trace::{Collector, TimeRange, TraceIdPrefix, UnixNanos};
use serde::{Deserialize, Serialize};

/// A question, checked.
#[derive(Clone, PartialEq, Debug)]
pub enum Question {
    /// One whole trace, by its id or the beginning of it.
    Trace {
        /// The id, or a prefix that only one trace has.
        id: TraceIdPrefix,
        /// Whose spans.
        source: Source,
    },
    /// A list of traces.
    Traces(TraceFilter),
    /// Requests, errors and durations of one service.
    Red(RedProtocol, RedFilter),
    /// Why something is slow.
    Why(WhyFilter),
    /// Who calls whom.
    Topology(TopologyFilter),
    /// What is otherwise than it was.
    Anomalies(AnomaliesFilter),
    /// Anything, in plain English.
    Plain(PlainFilter),
    /// How the colony is.
    Status,
}

/// Which traces to list. Times are microseconds since the Unix epoch, so that a question means the same
/// whenever it is answered.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TraceFilter {
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
    /// At most this many: 1 to [`TraceFilter::MOST`]; 0 means [`TraceFilter::USUAL`].
    pub limit: u32,
    /// Say why each is slow, where that can be told. This reads the traces and others like them.
    #[serde(skip_serializing_if = "is_false")]
    pub causes: bool,
}

/// Whose spans.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Everybody's.
    #[default]
    All,
    /// Those that Beyla or another eBPF instrumentation made.
    Ebpf,
    /// Those that SDKs made.
    Sdk,
}

/// Whether a trace failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpanStatus {
    /// A span of it has the status `error`.
    Error,
    /// No span of it has.
    Ok,
}

/// Which traces come first, and so which a limit leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// Latest start first.
    #[default]
    Newest,
    /// Longest first.
    Slowest,
}

impl Question {
    /// The path and query that ask this of a colony.
    pub fn path_and_query(&self) -> String {
        match self {
            Self::Trace { id, source } => {
                format!("/api/v1/traces/{}?source={}", prefix_text(id), source.as_str())
            }
            Self::Traces(filter) => url("/api/v1/traces", filter),
            Self::Red(protocol, filter) => {
                url(&format!("/api/v1/red/{}", protocol.as_str()), filter)
            }
            Self::Why(filter) => url("/api/v1/why", filter),
            Self::Topology(filter) => url("/api/v1/topology", filter),
            Self::Anomalies(filter) => url("/api/v1/anomalies", filter),
            Self::Plain(filter) => url("/api/v1/ask", filter),
            Self::Status => "/api/v1/status".to_owned(),
        }
    }
}

impl TraceFilter {
    /// More traces are never listed at once.
    pub const MOST: u32 = 1_000;
    /// How many are listed when nobody says.
    pub const USUAL: u32 = 20;

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

impl Source {
    /// As `--source` spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Ebpf => "ebpf",
            Self::Sdk => "sdk",
        }
    }

    /// The collector that made the spans; `None` for all.
    pub const fn collector(self) -> Option<Collector> {
        match self {
            Self::All => None,
            Self::Ebpf => Some(Collector::Ebpf),
            Self::Sdk => Some(Collector::Sdk),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_false(value: &bool) -> bool {
    !value
}

fn url(path: &str, filter: &impl Serialize) -> String {
    let query = serde_urlencoded::to_string(filter);
    format!("{path}?{}", query.expect("a filter is flat and has text and numbers only"))
}

/// The digits that a prefix was made of.
fn prefix_text(prefix: &TraceIdPrefix) -> String {
    let (first, last) = (format!("{:032x}", prefix.first()), format!("{:032x}", prefix.last()));
    let common = first.bytes().zip(last.bytes()).take_while(|(one, other)| one == other).count();
    first[..common].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_asked_for_by_the_digits_that_were_typed() {
        for digits in ["4", "4bf9", "00f", "4bf92f3577b34da6a3ce929d0e0e4736"] {
            let question = Question::Trace { id: digits.parse().unwrap(), source: Source::Ebpf };
            assert_eq!(question.path_and_query(), format!("/api/v1/traces/{digits}?source=ebpf"));
        }
    }

    #[test]
    fn a_filter_means_the_same_after_its_way_through_a_url() {
        let filter = TraceFilter {
            service: Some("a&b=c d/é".into()),
            min_duration_us: Some(500_000),
            status: Some(SpanStatus::Error),
            attributes: "k=v\nx=1=2".into(),
            sort: Sort::Slowest,
            limit: 5,
            ..TraceFilter::default()
        };
        let url = Question::Traces(filter.clone()).path_and_query();
        let query = url.split_once('?').unwrap().1;
        assert_eq!(serde_urlencoded::from_str::<TraceFilter>(query).unwrap(), filter);
        let pairs = filter.attribute_pairs().unwrap();
        assert_eq!(pairs, [("k".into(), "v".into()), ("x".into(), "1=2".into())]);
    }
}
